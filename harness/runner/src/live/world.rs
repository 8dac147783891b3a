//! Does what the script wants, polls whoever was woken, and waits for what comes next.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conformance::case::Case;
use conformance::director::{Actor, Fact};
use conformance::scenario::{ClientIndex, NetworkChange};
use conformance::transcript::SERVER;
use session::peer::{Input, LinkId, Order, Output};
use session::time::Time;
use session::words::Lifecycle;
use tokio::time::Sleep;

use super::clock::{Clock, SleepAlarm};
use super::sockets::{Gates, Sockets};
use super::wires::Wires;
use super::{Live, any_port};
use crate::error::HarnessError;
use crate::machines::Machines;
use crate::peers::Peers;
use crate::pump::{Alarm, Inbox, Pump};
use crate::ready::Ready;
use crate::run::guarded;
use crate::script::Script;
use crate::simulated::LONGEST_RUN;
use crate::store::Kept;

type Sink<'s> = Box<dyn FnMut(Fact<'_>) + 's>;

/// Everything of one run.
pub(super) struct World<'s, S> {
    clock: Rc<Clock>,
    wires: Rc<Wires>,
    script: Rc<RefCell<S>>,
    peers: &'s mut dyn Peers,
    hosts: Vec<Host<'s>>,
    /// Where the server listens; empty where it is not ours.
    gateways: Vec<SocketAddr>,
    ready: Arc<Ready<usize>>,
    sleep: Option<(Time, Pin<Box<Sleep>>)>,
    finished: bool,
}

/// One actor's machine: a process, or the place for one.
struct Host<'s> {
    actor: Actor,
    name: String,
    waker: Waker,
    process: Option<Process<'s>>,
    frozen: bool,
    started: u32,
    next_accepted: LinkId,
    skew: Rc<Cell<i64>>,
    kept: Rc<RefCell<Kept>>,
}

struct Process<'s> {
    inbox: Inbox,
    pump: Pump<Sockets, SleepAlarm, Sink<'s>>,
}

impl<'s, S: Script + 's> World<'s, S> {
    pub(super) fn new(
        devices: &[String],
        case: &Case<'_>,
        script: S,
        peers: &'s mut dyn Peers,
        live: &Live,
    ) -> Result<World<'s, S>, HarnessError> {
        let ready = Ready::new();
        let clients = devices.iter().enumerate().map(|(index, name)| {
            let actor = Actor::Client(ClientIndex(index));
            (actor, name.clone())
        });
        let is_ours = live.server.is_empty();
        let server = is_ours.then(|| (Actor::Server, SERVER.to_owned()));
        let hosts = clients.chain(server).enumerate();
        let hosts = hosts.map(|(index, (actor, name))| Host {
            actor,
            name,
            waker: ready.waker(index),
            process: None,
            frozen: false,
            started: 0,
            next_accepted: LinkId(1),
            skew: Rc::default(),
            kept: match actor {
                Actor::Client(device) => Rc::new(RefCell::new(Kept::new(peers.saved(device)))),
                Actor::Server => Rc::default(),
            },
        });
        let hosts = hosts.collect();
        // The ports are chosen by the system, and then kept for every process of the server.
        let first = match is_ours {
            true => {
                let any = vec![any_port(); usize::from(peers.gateways())];
                Some(Gates::listen(&any, usize::MAX)?)
            }
            false => None,
        };
        let gateways = match &first {
            Some(gates) => gates.addresses()?,
            None => Vec::new(),
        };
        let reached = match is_ours {
            true => gateways.clone(),
            false => live.server.clone(),
        };
        let clock = Clock::new(live.pace, case.epoch);
        let mut world = World {
            wires: Wires::new(devices, reached, case.seed, Rc::clone(&clock)),
            clock,
            script: Rc::new(RefCell::new(script)),
            peers,
            hosts,
            gateways,
            ready,
            sleep: None,
            finished: false,
        };
        let mut first = first;
        for index in 0..world.hosts.len() {
            world.boot(index, &mut first)?;
        }
        Ok(world)
    }

    /// The script, once the run is over.
    pub(super) fn into_script(self) -> S {
        drop(self.hosts);
        // Every process, and with it every other owner, is gone.
        Rc::into_inner(self.script)
            .expect("only processes share the script")
            .into_inner()
    }

    /// Ready when the run is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HarnessError>> {
        self.ready.owned_by(cx.waker());
        self.wires.owned_by(cx.waker());
        match self.turn(cx) {
            Ok(()) if self.finished => Poll::Ready(Ok(())),
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Everything that can be done at this instant, each thing once.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), HarnessError> {
        let now = self.clock.turn();
        if now > LONGEST_RUN {
            self.script.borrow_mut().time_is_up(LONGEST_RUN);
            self.finished = true;
            return Ok(());
        }
        let mut commands = self.script.borrow_mut().instant_begins(now);
        loop {
            for command in commands {
                self.obey(command)?;
                if self.finished {
                    return Ok(());
                }
                self.poll_ready()?;
            }
            self.wires.poll(cx);
            self.poll_ready()?;
            commands = self.script.borrow_mut().instant_over(now);
            if commands.is_empty() {
                break;
            }
        }
        self.wires.poll(cx);
        self.wait(now, cx);
        Ok(())
    }

    fn wait(&mut self, now: Time, cx: &mut Context<'_>) {
        // A script that was asked and did nothing is not asked again at the same instant.
        let next = self.script.borrow().wakes_at();
        let next = next.map(|at| at.max(Time(now.0 + 1)));
        if self.sleep.as_ref().map(|(at, _)| *at) != next {
            self.sleep = next.map(|at| (at, self.clock.until(at)));
        }
        if let Some((_, sleep)) = &mut self.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            self.sleep = None;
            cx.waker().wake_by_ref();
        }
    }

    fn poll_ready(&mut self) -> Result<(), HarnessError> {
        while let Some(index) = self.ready.pop() {
            let host = &mut self.hosts[index];
            let Some(process) = host.process.as_mut().filter(|_| !host.frozen) else {
                continue;
            };
            let mut cx = Context::from_waker(&host.waker);
            guarded(&host.name, || process.pump.poll(&mut cx))?;
            host.kept.borrow().check(&host.name)?;
            self.peers.trouble().map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// The place of an actor's machine; a server that is not ours has none.
    fn place(&self, actor: Actor) -> Option<usize> {
        match actor {
            Actor::Client(client) => Some(client.0),
            Actor::Server => self.hosts.iter().rposition(|host| host.actor == actor),
        }
    }

    /// Starts a process unless one is running; the server's first one has its `gates` already.
    fn boot(&mut self, index: usize, gates: &mut Option<Gates>) -> Result<(), HarnessError> {
        let host = &mut self.hosts[index];
        if host.process.is_some() {
            return Ok(());
        }
        let store = host.kept.borrow().store();
        let alarm = SleepAlarm::new(Rc::clone(&self.clock), Rc::clone(&host.skew));
        self.peers.starts_at(alarm.now());
        let (peer, sockets) = match host.actor {
            Actor::Client(client) => (
                self.peers.client(client, host.started, store),
                Sockets::Client(Rc::clone(&self.wires), client.0),
            ),
            Actor::Server => {
                let gates = match gates.take() {
                    Some(gates) => gates,
                    None => Gates::listen(&self.gateways, usize::MAX)?,
                };
                (
                    self.peers.server(host.started, store),
                    Sockets::Server(gates),
                )
            }
        };
        let inbox = Inbox::new();
        if let Actor::Client(client) = host.actor
            && self.wires.told_down(client.0)
        {
            inbox.put(Input::Reachable(false));
        }
        host.process = Some(Process {
            pump: Pump::new(
                peer,
                sockets,
                alarm,
                inbox.clone(),
                host.next_accepted,
                sink(host, &self.script, &self.clock),
            ),
            inbox,
        });
        host.started += 1;
        self.ready.add(index);
        self.peers.trouble().map_or(Ok(()), Err)
    }
}

impl<'s, S: Script + 's> Machines for World<'s, S> {
    fn devices(&self) -> usize {
        let is_device = |host: &&Host<'_>| host.actor != Actor::Server;
        self.hosts.iter().filter(is_device).count()
    }

    fn give(&mut self, actor: Actor, input: Input) {
        let host = self.place(actor).map(|index| &self.hosts[index]);
        if let Some(process) = host.and_then(|host| host.process.as_ref()) {
            process.inbox.put(input);
        }
    }

    fn start(&mut self, actor: Actor) -> Result<(), HarnessError> {
        match self.place(actor) {
            Some(index) => self.boot(index, &mut None),
            None => Ok(()),
        }
    }

    fn stop(&mut self, actor: Actor) {
        let Some(index) = self.place(actor) else {
            return;
        };
        let host = &mut self.hosts[index];
        if let Some(process) = host.process.take() {
            host.next_accepted = process.pump.next_accepted();
            host.frozen = false;
        }
    }

    fn freeze(&mut self, device: ClientIndex) -> Result<(), HarnessError> {
        let host = &self.hosts[device.0];
        if host.process.is_some() && !host.frozen {
            let frozen = Input::Lifecycle(Lifecycle::Frozen);
            self.give(Actor::Client(device), frozen);
            self.poll_ready()?;
            self.hosts[device.0].frozen = true;
        }
        Ok(())
    }

    fn resume(&mut self, device: ClientIndex) {
        let host = &mut self.hosts[device.0];
        if std::mem::take(&mut host.frozen)
            && let Some(process) = &host.process
        {
            let resumed = Input::Lifecycle(Lifecycle::Resumed);
            process.inbox.put_first(resumed);
            self.ready.add(device.0);
        }
    }

    fn change(
        &mut self,
        device: ClientIndex,
        change: &NetworkChange,
    ) -> Result<Option<bool>, HarnessError> {
        Ok(self.wires.change(device.0, change))
    }

    fn mend(&mut self, device: ClientIndex) -> Option<bool> {
        self.wires.lift(device.0)
    }

    fn set_clock(&mut self, device: ClientIndex, skew: i64) {
        self.hosts[device.0].skew.set(skew);
    }

    fn ordered(&mut self, order: &Order) {
        self.peers.ordered(order);
    }

    fn finish(&mut self) {
        self.finished = true;
    }
}

/// What a process causes is kept and reported.
fn sink<'s, S: Script + 's>(
    host: &Host<'s>,
    script: &Rc<RefCell<S>>,
    clock: &Rc<Clock>,
) -> Sink<'s> {
    let (actor, kept) = (host.actor, Rc::clone(&host.kept));
    let (script, clock) = (Rc::clone(script), Rc::clone(clock));
    Box::new(move |fact| {
        if let Fact::Output(Output::Store { key, value }) = fact {
            kept.borrow_mut().keep(key, value.as_deref());
        }
        script.borrow_mut().report(clock.now(), actor, fact);
    })
}
