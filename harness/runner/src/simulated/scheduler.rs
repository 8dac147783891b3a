//! Owns virtual time: does everything there is to do at one instant, then jumps to the next.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use conformance::director::{Actor, Command, Fact};
use conformance::scenario::{ClientIndex, NetworkChange};
use conformance::transcript::SERVER;
use session::peer::{Input, LinkId, Order, Output};
use session::time::Time;
use session::words::Lifecycle;

use super::clock::{ActorAlarm, Clock};
use super::fabric::Fabric;
use super::process::{Process, Sink};
use super::socket::Sockets;
use super::{LONGEST_RUN, MOST_EXCHANGES};
use crate::error::HarnessError;
use crate::machines::Machines;
use crate::peers::Peers;
use crate::pump::{Alarm, Inbox, Pump};
use crate::ready::Ready;
use crate::run::guarded;
use crate::script::Script;
use crate::store::Kept;

/// How errors call whoever gives the commands.
const THE_SCRIPT: &str = "the script";

pub(super) struct Scheduler<'s, S> {
    clock: Rc<Clock>,
    fabric: Rc<Fabric>,
    script: Rc<RefCell<S>>,
    /// Something was reported since the script was asked last.
    reported: Rc<Cell<bool>>,
    /// The script is hearing a report.
    hearing: Rc<Cell<bool>>,
    peers: &'s mut dyn Peers,
    hosts: Vec<Host<'s>>,
    ready: Arc<Ready<usize>>,
    finished: bool,
    /// Empty; kept for its room.
    due: Vec<usize>,
}

/// One actor's machine: a process, or the place for one.
struct Host<'s> {
    actor: Actor,
    name: String,
    waker: Waker,
    process: Option<Process<'s>>,
    /// The process stands still; what happens meanwhile waits.
    frozen: bool,
    /// How many processes there have been.
    started: u32,
    next_accepted: LinkId,
    kept: Rc<RefCell<Kept>>,
}

impl<'s, S: Script + 's> Scheduler<'s, S> {
    pub(super) fn new(
        devices: &[String],
        seed: u64,
        script: Rc<RefCell<S>>,
        peers: &'s mut dyn Peers,
    ) -> Scheduler<'s, S> {
        let clock = Clock::new(devices.len() + 1);
        let ready = Ready::new();
        let clients = devices.iter().enumerate().map(|(index, name)| {
            let actor = Actor::Client(ClientIndex(index));
            (actor, name.clone())
        });
        let server = (Actor::Server, SERVER.to_owned());
        let actors = clients.chain([server]).enumerate();
        let hosts = actors.map(|(index, (actor, name))| Host {
            actor,
            name,
            waker: ready.waker(index),
            process: None,
            frozen: false,
            started: 0,
            next_accepted: LinkId(1),
            kept: match actor {
                Actor::Client(device) => Rc::new(RefCell::new(Kept::new(peers.saved(device)))),
                Actor::Server => Rc::default(),
            },
        });
        Scheduler {
            hosts: hosts.collect(),
            fabric: Fabric::new(devices, peers.gateways(), seed, Rc::clone(&clock)),
            clock,
            script,
            reported: Rc::default(),
            hearing: Rc::default(),
            peers,
            ready,
            finished: false,
            due: Vec::new(),
        }
    }

    /// Runs the script to its end.
    pub(super) fn run(mut self) -> Result<(), HarnessError> {
        for index in 0..self.hosts.len() {
            self.boot(index)?;
        }
        loop {
            self.instant()?;
            if self.finished {
                return Ok(());
            }
            match self.next_instant() {
                Some(next) if next <= LONGEST_RUN => self.clock.jump(next),
                _ => {
                    self.script.borrow_mut().time_is_up(LONGEST_RUN);
                    return Ok(());
                }
            }
        }
    }

    fn next_instant(&self) -> Option<Time> {
        // A script that was asked and did nothing is not asked again at the same instant.
        let script = self.script.borrow().wakes_at();
        let script = script.filter(|at| *at > self.clock.now());
        let times = [
            script,
            self.fabric.next_arrival(),
            self.fabric.collects_at(),
            self.clock.next_wake(),
        ];
        times.into_iter().flatten().min()
    }

    /// Acts come first, then packets, then wakes; and again, for as long as the script answers
    /// what happened with further acts.
    fn instant(&mut self) -> Result<(), HarnessError> {
        let now = self.clock.now();
        let asleep = self.script.borrow().wakes_at().is_some_and(|at| at > now);
        let mut commands = self.script.borrow_mut().instant_begins(now);
        for _ in 0..MOST_EXCHANGES {
            let idle = commands.is_empty();
            self.act(commands)?;
            self.settle()?;
            // Silence before the time it asked for is nothing to a script.
            let silent = !self.reported.take();
            if self.finished || asleep && idle && silent {
                return Ok(());
            }
            commands = self.script.borrow_mut().instant_over(now);
            if commands.is_empty() {
                return Ok(());
            }
        }
        Err(self.livelock(THE_SCRIPT))
    }

    /// Does what the script wants, one act after the other.
    fn act(&mut self, commands: Vec<Command>) -> Result<(), HarnessError> {
        for command in commands {
            self.obey(command)?;
            if self.finished {
                break;
            }
            self.poll_ready()?;
        }
        Ok(())
    }

    /// Delivers and wakes until nothing more happens at this instant.
    fn settle(&mut self) -> Result<(), HarnessError> {
        while !self.finished {
            self.poll_ready()?;
            self.fabric.collect_if_due();
            let mut happened = false;
            while self.fabric.deliver_next() {
                self.poll_ready()?;
                happened = true;
            }
            if happened {
                continue;
            }
            let mut due = std::mem::take(&mut self.due);
            self.clock.due(&mut due);
            for index in due.drain(..) {
                if self.clock.ring(index) {
                    self.ready.add(index);
                    self.poll_ready()?;
                    happened = true;
                }
            }
            self.due = due;
            if !happened {
                break;
            }
        }
        Ok(())
    }

    fn poll_ready(&mut self) -> Result<(), HarnessError> {
        while let Some(index) = self.ready.pop() {
            self.poll(index)?;
        }
        Ok(())
    }

    fn poll(&mut self, index: usize) -> Result<(), HarnessError> {
        let host = &mut self.hosts[index];
        let Some(process) = host.process.as_mut().filter(|_| !host.frozen) else {
            return Ok(());
        };
        let now = self.clock.now();
        match guarded(&host.name, || process.poll(now, &host.waker)) {
            Ok(exchanges) if exchanges <= MOST_EXCHANGES => {
                host.kept.borrow().check(&host.name)?;
                self.peers.trouble().map_or(Ok(()), Err)
            }
            Ok(_) => Err(self.livelock(&self.hosts[index].name)),
            Err(HarnessError::Panicked { message, .. }) if self.hearing.get() => {
                let actor = THE_SCRIPT.to_owned();
                Err(HarnessError::Panicked { actor, message })
            }
            Err(error) => Err(error),
        }
    }

    fn livelock(&self, actor: &str) -> HarnessError {
        HarnessError::Livelock {
            actor: actor.to_owned(),
            at: self.clock.now(),
        }
    }

    /// The place of an actor's machine.
    fn place(&self, actor: Actor) -> usize {
        match actor {
            Actor::Client(client) => client.0,
            Actor::Server => self.hosts.len() - 1,
        }
    }

    fn boot(&mut self, index: usize) -> Result<(), HarnessError> {
        let host = &mut self.hosts[index];
        if host.process.is_some() {
            return Ok(());
        }
        let fabric = Rc::clone(&self.fabric);
        fabric.pin(index);
        let store = host.kept.borrow().store();
        let alarm = ActorAlarm::new(Rc::clone(&self.clock), index);
        self.peers.starts_at(alarm.now());
        let (peer, network) = match host.actor {
            Actor::Client(client) => (
                self.peers.client(client, host.started, store),
                Sockets::client(Rc::clone(&fabric), index),
            ),
            Actor::Server => {
                fabric.move_server(host.started);
                (
                    self.peers.server(host.started, store),
                    Sockets::server(Rc::clone(&fabric))?,
                )
            }
        };
        let inbox = Inbox::new();
        if matches!(host.actor, Actor::Client(_)) && fabric.told_down(index) {
            inbox.put(Input::Reachable(false));
        }
        let (script, clock) = (Rc::clone(&self.script), Rc::clone(&self.clock));
        let (reported, hearing) = (Rc::clone(&self.reported), Rc::clone(&self.hearing));
        let (actor, kept) = (host.actor, Rc::clone(&host.kept));
        let sink: Sink<'s> = Box::new(move |fact| {
            if let Fact::Output(Output::Store { key, value }) = fact {
                kept.borrow_mut().keep(key, value.as_deref());
            }
            reported.set(true);
            hearing.set(true);
            script.borrow_mut().report(clock.now(), actor, fact);
            hearing.set(false);
        });
        let first = host.next_accepted;
        let pump = Pump::new(peer, network, alarm, inbox.clone(), first, sink);
        host.process = Some(Process::new(fabric, index, inbox, pump));
        host.started += 1;
        self.ready.add(index);
        self.peers.trouble().map_or(Ok(()), Err)
    }
}

impl<'s, S: Script + 's> Machines for Scheduler<'s, S> {
    fn devices(&self) -> usize {
        self.hosts.len() - 1
    }

    fn give(&mut self, actor: Actor, input: Input) {
        if let Some(process) = &self.hosts[self.place(actor)].process {
            process.put(input);
        }
    }

    fn start(&mut self, actor: Actor) -> Result<(), HarnessError> {
        self.boot(self.place(actor))
    }

    fn stop(&mut self, actor: Actor) {
        let index = self.place(actor);
        let host = &mut self.hosts[index];
        if let Some(process) = host.process.take() {
            host.next_accepted = process.next_accepted();
            host.frozen = false;
            self.clock.forget(index);
        }
    }

    fn freeze(&mut self, device: ClientIndex) -> Result<(), HarnessError> {
        let host = &self.hosts[device.0];
        if host.process.is_some() && !host.frozen {
            let frozen = Input::Lifecycle(Lifecycle::Frozen);
            self.give(Actor::Client(device), frozen);
            self.poll_ready()?;
            self.hosts[device.0].frozen = true;
            self.clock.freeze(device.0);
        }
        Ok(())
    }

    fn resume(&mut self, device: ClientIndex) {
        let host = &mut self.hosts[device.0];
        if std::mem::take(&mut host.frozen)
            && let Some(process) = &host.process
        {
            process.put_first(Input::Lifecycle(Lifecycle::Resumed));
            self.clock.thaw(device.0);
            self.ready.add(device.0);
        }
    }

    fn change(
        &mut self,
        device: ClientIndex,
        change: &NetworkChange,
    ) -> Result<Option<bool>, HarnessError> {
        Ok(self.fabric.change(device.0, change))
    }

    fn mend(&mut self, device: ClientIndex) -> Option<bool> {
        self.fabric.lift(device.0)
    }

    fn set_clock(&mut self, device: ClientIndex, skew: i64) {
        self.clock.skew(device.0, skew);
    }

    fn ordered(&mut self, order: &Order) {
        self.peers.ordered(order);
    }

    fn finish(&mut self) {
        self.finished = true;
    }
}
