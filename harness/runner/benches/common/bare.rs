//! The physical limit: the same peers on a heap of events, without sockets and without async.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use session::peer::{Call, CallId, Closed, Gateway, Input, LinkId, LoginCall, Output, Peer};
use session::time::{Now, Time};

use super::Workload;
use super::toys::{Habits, ToyClient, ToyServer};
use runner::simulated::DEFAULT_LATENCY;

/// Runs the workload.
pub fn run(workload: &Workload) {
    let habits = workload.habits();
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    for client in 0..workload.clients {
        peers.push(Box::new(ToyClient::on(client, habits)));
    }
    peers.push(Box::new(ToyServer::new(habits)));
    let mut bare = Bare {
        now: Time::START,
        wakes: vec![None; peers.len()],
        server: workload.clients,
        peers,
        events: BinaryHeap::new(),
        bodies: BTreeMap::new(),
        sent: 0,
        links: BTreeMap::new(),
        clients_of: BTreeMap::new(),
        accepted: 0,
        down: false,
        held: Vec::new(),
        habits,
        stopped: false,
        outputs: Vec::new(),
        handled: 0,
    };
    for client in 0..workload.clients {
        let at = Time(workload.stagger.0 * client as u64);
        bare.at(at, client, Event::Login);
    }
    if let Some((from, to)) = workload.outage {
        bare.at(Time::START + from, 0, Event::Network(false));
        bare.at(Time::START + to, 0, Event::Network(true));
    }
    if let Some((from, to)) = workload.stop {
        bare.at(Time::START + from, bare.server, Event::Server(false));
        bare.at(Time::START + to, bare.server, Event::Server(true));
    }
    bare.run(Time::START + workload.length);
    assert!(bare.handled > 0);
}

struct Bare {
    now: Time,
    peers: Vec<Box<dyn Peer>>,
    server: usize,
    wakes: Vec<Option<Time>>,
    /// When, in which order, for whom.
    events: BinaryHeap<Reverse<(Time, u64, usize)>>,
    bodies: BTreeMap<u64, Event>,
    sent: u64,
    /// The server's number of a client's link, once it is accepted.
    links: BTreeMap<(usize, LinkId), Option<LinkId>>,
    clients_of: BTreeMap<LinkId, (usize, LinkId)>,
    accepted: u32,
    /// The first device has no network.
    down: bool,
    held: Vec<(usize, Event)>,
    habits: Habits,
    stopped: bool,
    outputs: Vec<Output>,
    handled: u64,
}

enum Event {
    Login,
    Network(bool),
    Server(bool),
    Wake,
    Syn(usize, LinkId),
    SynAck(LinkId),
    Refused(LinkId),
    Ack(usize, LinkId),
    ToServer(usize, LinkId, Vec<u8>),
    ToClient(LinkId, Vec<u8>),
    FinToServer(usize, LinkId),
    FinToClient(LinkId),
}

fn opened(link: LinkId) -> Input {
    let gateway = Gateway::FIRST;
    Input::LinkOpened { link, gateway }
}

impl Bare {
    fn at(&mut self, at: Time, who: usize, event: Event) {
        self.sent += 1;
        self.bodies.insert(self.sent, event);
        self.events.push(Reverse((at, self.sent, who)));
    }

    fn run(&mut self, end: Time) {
        while let Some(Reverse((at, number, who))) = self.events.pop() {
            if at >= end {
                return;
            }
            self.now = at;
            if let Some(event) = self.bodies.remove(&number) {
                self.happens(who, event);
            }
        }
    }

    fn happens(&mut self, who: usize, event: Event) {
        match event {
            Event::Login => {
                let call = Call::Login(LoginCall::new("user", ""));
                let id = CallId(1);
                self.give(
                    who,
                    Input::Call {
                        id,
                        call,
                        inside: None,
                    },
                );
            }
            Event::Network(up) => {
                self.down = !up;
                for (who, event) in std::mem::take(&mut self.held) {
                    self.travel(0, who, event);
                }
            }
            Event::Server(up) => {
                self.stopped = !up;
                self.wakes[who] = None;
                self.peers[who] = Box::new(ToyServer::new(self.habits));
                for (_, (client, link)) in std::mem::take(&mut self.clients_of) {
                    self.travel(client, client, Event::FinToClient(link));
                }
            }
            Event::Wake => {
                if self.wakes[who].is_some_and(|at| at <= self.now) {
                    self.wakes[who] = None;
                    self.give(who, Input::Wake);
                }
            }
            Event::Syn(client, link) if self.stopped => {
                self.travel(client, client, Event::Refused(link));
            }
            Event::Refused(link) => {
                if self.links.remove(&(who, link)).is_some() {
                    self.give(who, Input::LinkRefused { link });
                }
            }
            Event::Syn(client, link) => self.travel(client, client, Event::SynAck(link)),
            Event::SynAck(link) => {
                if self.links.contains_key(&(who, link)) {
                    self.travel(who, self.server, Event::Ack(who, link));
                    self.give(who, opened(link));
                }
            }
            Event::Ack(client, link) => {
                self.accepted += 1;
                let accepted = LinkId(self.accepted);
                self.links.insert((client, link), Some(accepted));
                self.clients_of.insert(accepted, (client, link));
                self.give(who, opened(accepted));
            }
            Event::ToServer(client, link, bytes) => {
                if let Some(Some(link)) = self.links.get(&(client, link)).copied()
                    && self.clients_of.contains_key(&link)
                {
                    self.give(who, Input::LinkReceived { link, bytes });
                }
            }
            Event::ToClient(link, bytes) => {
                if self.links.contains_key(&(who, link)) {
                    self.give(who, Input::LinkReceived { link, bytes });
                }
            }
            Event::FinToServer(client, link) => {
                if let Some(Some(link)) = self.links.remove(&(client, link))
                    && self.clients_of.remove(&link).is_some()
                {
                    let how = Closed::Finished;
                    self.give(who, Input::LinkClosed { link, how });
                }
            }
            Event::FinToClient(link) => {
                if self.links.remove(&(who, link)).is_some() {
                    let how = Closed::Finished;
                    self.give(who, Input::LinkClosed { link, how });
                }
            }
        }
    }

    /// Sends over the network of `client`.
    fn travel(&mut self, client: usize, to: usize, event: Event) {
        if !self.down || client != 0 {
            self.at(self.now + DEFAULT_LATENCY, to, event);
        } else if !matches!(event, Event::Syn(..) | Event::SynAck(_)) {
            self.held.push((to, event));
        }
    }

    fn give(&mut self, who: usize, input: Input) {
        self.handled += 1;
        let mut outputs = std::mem::take(&mut self.outputs);
        self.peers[who].handle(Now::at(self.now), input, &mut outputs);
        for output in outputs.drain(..) {
            self.perform(who, output);
        }
        self.outputs = outputs;
    }

    fn perform(&mut self, who: usize, output: Output) {
        let server = self.server;
        match output {
            Output::WakeAt(at) => {
                self.wakes[who] = at;
                if let Some(at) = at {
                    self.at(at, who, Event::Wake);
                }
            }
            Output::Connect { link, .. } => {
                self.links.insert((who, link), None);
                self.travel(who, server, Event::Syn(who, link));
            }
            Output::Send { link, bytes } if who == server => {
                if let Some((client, link)) = self.clients_of.get(&link).copied() {
                    self.travel(client, client, Event::ToClient(link, bytes));
                }
            }
            Output::Send { link, bytes } => {
                self.travel(who, server, Event::ToServer(who, link, bytes));
            }
            Output::Close { link } if who == server => {
                if let Some((client, link)) = self.clients_of.remove(&link) {
                    self.travel(client, client, Event::FinToClient(link));
                }
            }
            Output::Close { link } => {
                if let Some(Some(_)) = self.links.get(&(who, link)) {
                    self.travel(who, server, Event::FinToServer(who, link));
                } else {
                    self.links.remove(&(who, link));
                }
            }
            _ => {}
        }
    }
}
