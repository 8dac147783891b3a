//! One actor on turmoil's simulation.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use conformance::director::{Actor, Fact};
use conformance::transcript::LinkEnd;
use session::peer::{Input, LinkId, Output, Peer, Store};
use session::time::Time;
use session::words::Lifecycle;

use super::socket::{SleepAlarm, Sockets, now};
use crate::error::HarnessError;
use crate::peers::Peers;
use crate::pump::{Inbox, Pump};
use crate::run::guarded;
use crate::store::Kept;

/// What was reported since the last tick, in the order in which hosts ran.
pub(super) type Reports = Rc<RefCell<Vec<Report>>>;

/// A fact that outlives its moment.
pub(super) struct Report {
    pub(super) at: Time,
    pub(super) actor: Actor,
    pub(super) news: News,
}

pub(super) enum News {
    Output(Output),
    LinkUp(LinkId),
    LinkDown(LinkId, LinkEnd),
}

impl News {
    fn of(fact: Fact<'_>) -> News {
        match fact {
            Fact::Output(output) => News::Output(output.clone()),
            Fact::LinkUp(link) => News::LinkUp(link),
            Fact::LinkDown(link, end) => News::LinkDown(link, end),
        }
    }

    pub(super) fn as_fact(&self) -> Fact<'_> {
        match self {
            News::Output(output) => Fact::Output(output),
            News::LinkUp(link) => Fact::LinkUp(*link),
            News::LinkDown(link, end) => Fact::LinkDown(*link, *end),
        }
    }
}

/// What outlives an actor's processes, and how the driver reaches into the one that runs.
pub(super) struct Machine {
    actor: Actor,
    name: String,
    gateways: u8,
    reports: Reports,
    pub(super) skew: Cell<i64>,
    /// Connects lead nowhere.
    pub(super) no_network: Cell<bool>,
    /// The device was told so.
    pub(super) told_down: Cell<bool>,
    pub(super) failed: Cell<Option<HarnessError>>,
    started: Cell<u32>,
    next_accepted: Cell<LinkId>,
    pub(super) frozen: Cell<Frozen>,
    kept: RefCell<Kept>,
    inbox: RefCell<Inbox>,
    /// What the server's process is to become at its next poll.
    turn: RefCell<Option<Turn>>,
    stopped: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Does a process stand still?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Frozen {
    #[default]
    No,
    /// Once it has heard of it.
    Soon,
    Yes,
}

enum Turn {
    Stop,
    Restart(Box<dyn Peer>),
}

impl Machine {
    pub(super) fn new(
        actor: Actor,
        name: &str,
        peers: &dyn Peers,
        reports: Reports,
    ) -> Rc<Machine> {
        let saved = match actor {
            Actor::Client(device) => peers.saved(device),
            Actor::Server => Store::new(),
        };
        Rc::new(Machine {
            actor,
            name: name.to_owned(),
            gateways: peers.gateways(),
            reports,
            skew: Cell::new(0),
            no_network: Cell::new(false),
            told_down: Cell::new(false),
            failed: Cell::new(None),
            started: Cell::new(0),
            next_accepted: Cell::new(LinkId(1)),
            frozen: Cell::default(),
            kept: RefCell::new(Kept::new(saved)),
            inbox: RefCell::default(),
            turn: RefCell::new(None),
            stopped: Cell::new(false),
            waker: RefCell::new(None),
        })
    }

    /// The peer of the next process.
    pub(super) fn next_peer(&self, peers: &mut dyn Peers) -> Box<dyn Peer> {
        let before = self.started.replace(self.started.get() + 1);
        *self.inbox.borrow_mut() = Inbox::new();
        self.frozen.set(Frozen::No);
        let store = self.kept.borrow().store();
        match self.actor {
            Actor::Client(client) => peers.client(client, before, store),
            Actor::Server => peers.server(before, store),
        }
    }

    pub(super) fn put(&self, input: Input) {
        self.inbox.borrow().put(input);
    }

    pub(super) fn freeze(&self) {
        if self.frozen.get() == Frozen::No {
            self.put(Input::Lifecycle(Lifecycle::Frozen));
            self.frozen.set(Frozen::Soon);
        }
    }

    pub(super) fn resume(&self) {
        let resumed = Input::Lifecycle(Lifecycle::Resumed);
        match self.frozen.replace(Frozen::No) {
            Frozen::No => {}
            Frozen::Soon => self.put(resumed),
            Frozen::Yes => {
                self.inbox.borrow().put_first(resumed);
                if let Some(waker) = self.waker.take() {
                    waker.wake();
                }
            }
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    pub(super) fn stop(&self) {
        self.stopped.set(true);
        self.turns(Turn::Stop);
    }

    pub(super) fn restart(&self, peer: Box<dyn Peer>) {
        self.stopped.set(false);
        self.turns(Turn::Restart(peer));
    }

    fn turns(&self, turn: Turn) {
        *self.turn.borrow_mut() = Some(turn);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

type Sink = Box<dyn FnMut(Fact<'_>)>;

/// The software of a host.
pub(super) struct Host {
    machine: Rc<Machine>,
    state: State,
}

enum State {
    /// To be built at the next poll, when the simulation knows whose it is.
    New(Box<dyn Peer>),
    Runs(Box<Pump<Sockets, SleepAlarm, Sink>>),
    Stopped,
}

impl Host {
    pub(super) fn new(machine: Rc<Machine>, peer: Box<dyn Peer>) -> Host {
        Host {
            machine,
            state: State::New(peer),
        }
    }

    fn build(&self, peer: Box<dyn Peer>) -> io::Result<State> {
        let machine = &self.machine;
        let sockets = match machine.actor {
            Actor::Client(_) => Sockets::Client(Rc::clone(machine)),
            Actor::Server => Sockets::listen(machine.gateways)?,
        };
        let reporter = Rc::clone(machine);
        let sink: Sink = Box::new(move |fact| {
            if let Fact::Output(Output::Store { key, value }) = fact {
                reporter.kept.borrow_mut().keep(key, value.as_deref());
            }
            reporter.reports.borrow_mut().push(Report {
                at: now(),
                actor: reporter.actor,
                news: News::of(fact),
            });
        });
        let alarm = SleepAlarm::new(Rc::clone(machine));
        let inbox = machine.inbox.borrow().clone();
        let first = machine.next_accepted.get();
        let pump = Pump::new(peer, sockets, alarm, inbox, first, sink);
        Ok(State::Runs(Box::new(pump)))
    }

    fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), HarnessError> {
        if let Some(turn) = self.machine.turn.take() {
            // The old process closes its links before a new one listens.
            self.state = State::Stopped;
            if let Turn::Restart(peer) = turn {
                self.state = State::New(peer);
            }
        }
        if let State::New(_) = self.state
            && let State::New(peer) = std::mem::replace(&mut self.state, State::Stopped)
        {
            self.state = self.build(peer)?;
        }
        if let State::Runs(pump) = &mut self.state
            && self.machine.frozen.get() != Frozen::Yes
        {
            guarded(&self.machine.name, || pump.poll(cx))?;
            self.machine.kept.borrow().check(&self.machine.name)?;
            self.machine.next_accepted.set(pump.next_accepted());
            if self.machine.frozen.get() == Frozen::Soon {
                self.machine.frozen.set(Frozen::Yes);
            }
        }
        Ok(())
    }
}

impl Future for Host {
    type Output = turmoil::Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<turmoil::Result> {
        *self.machine.waker.borrow_mut() = Some(cx.waker().clone());
        if let Err(error) = self.go_on(cx) {
            self.machine.failed.set(Some(error));
        }
        Poll::Pending
    }
}
