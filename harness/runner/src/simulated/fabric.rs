//! The wires: takes packets out of the hosts' kernels, has the network model decide about each,
//! and hands them over when they are due.

mod faults;
mod hosts;
mod packet;

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;

use conformance::scenario::Direction;
use session::peer::Gateway;
use session::time::Time;
use turmoil_net::{EnterGuard, HostId, KernelConfig, Net, Packet, Transport};

use self::hosts::{Hosts, SERVER};
use self::packet::{About, Order};
pub(super) use self::packet::{Cause, FlowId};
use super::clock::Clock;
use crate::network::{End, Fate, Flow, Kind, Path};

/// The port of the server's first gateway, the others have the next ones; a restarted server
/// takes the ports after all of these, because connections of the old process that are still
/// closing keep theirs.
pub const SERVER_PORT: u16 = 9_000;

/// So many ports belong to each process of the server; nobody ever listens on the last.
const PORTS: u16 = 8;

/// Afterwards the first ports are taken again; the highest belong to those who connect.
const GENERATIONS: u32 = 5_000;

/// All wires of one run. The fabric proper is a thread-local, present as long as this lives.
///
/// Taking packets out of the kernels means asking every socket of every host. So it is put off
/// for as long as nothing can arrive that is still inside: a packet that is collected late is
/// launched as of the moment that caused it. What one end of a flow causes in one round is
/// never mixed up with what it causes in a later one. Few devices are asked at once: that is
/// cheaper than an instant more.
pub(super) struct Fabric {
    guard: EnterGuard,
    clock: Rc<Clock>,
    devices: usize,
    /// The hosts of devices, and then that of the server.
    ids: Vec<HostId>,
    hosts: RefCell<Hosts>,
    server: Cell<Generation>,
    wires: RefCell<Wires>,
    /// What happened since the last sweep that makes packets leave, and when.
    causes: RefCell<Vec<(Time, Cause)>>,
    /// What is inside must be taken out by then.
    collects_at: Cell<Option<Time>>,
    /// Counts the moments when packets would be collected if it were never put off.
    round: Cell<u64>,
    /// The first round since the last sweep.
    first_round: Cell<u64>,
    /// Empty; kept for their room.
    swept: Cell<Vec<Packet>>,
    ranked: Cell<Vec<(usize, Parcel)>>,
}

/// The server's present or last process.
#[derive(Clone, Copy)]
struct Generation {
    number: u16,
    gateways: u8,
}

struct Wires {
    paths: Vec<Path>,
    /// Packets on their way, by arrival and then in the order in which they were sent.
    flying: VecDeque<Flight>,
    /// Packets that wait for their device's network, in the order in which they were sent.
    held: Vec<BTreeMap<u64, Parcel>>,
    sent: u64,
}

struct Flight {
    due: Time,
    number: u64,
    parcel: Parcel,
}

#[derive(Clone)]
struct Parcel {
    about: About,
    packet: Packet,
}

impl Fabric {
    pub(super) fn new(devices: &[String], gateways: u8, seed: u64, clock: Rc<Clock>) -> Rc<Fabric> {
        let mut net = Net::with_config(
            KernelConfig::default()
                // Repetition counts sweeps, not time: the network model does it instead.
                .retx_threshold(u32::MAX)
                // With a small buffer a reader that takes less than half of it at once never
                // reopens a window that has closed.
                .recv_buf_cap(16 << 20)
                .default_backlog(usize::MAX),
        );
        let hosts = Hosts::new(devices.len());
        let addresses = hosts.addresses().chain([SERVER]);
        let ids = addresses.map(|address| net.add_host(address)).collect();
        Rc::new(Fabric {
            devices: devices.len(),
            ids,
            hosts: RefCell::new(hosts),
            guard: net.enter(),
            clock,
            server: Cell::new(Generation {
                number: 0,
                gateways,
            }),
            wires: RefCell::new(Wires {
                paths: devices.iter().map(|name| Path::new(seed, name)).collect(),
                flying: VecDeque::new(),
                held: vec![BTreeMap::new(); devices.len()],
                sent: 0,
            }),
            causes: RefCell::default(),
            collects_at: Cell::default(),
            round: Cell::new(1),
            first_round: Cell::new(1),
            swept: Cell::default(),
            ranked: Cell::default(),
        })
    }

    /// Makes the actor's host the one whose sockets are meant from now on.
    pub(super) fn pin(&self, actor: usize) {
        let host = match actor < self.devices {
            true => self.hosts.borrow().of(actor),
            false => self.ids.len() - 1,
        };
        self.guard.set_current(self.ids[host]);
    }

    /// The gateways there are.
    pub(super) fn gateways(&self) -> impl Iterator<Item = Gateway> {
        (1..=self.server.get().gateways).map(Gateway)
    }

    /// Where the server's process listens for this gateway; for one that there is not, a place
    /// where nobody does.
    pub(super) fn server_address(&self, gateway: Gateway) -> SocketAddr {
        let Generation { number, gateways } = self.server.get();
        let place = match gateway {
            Gateway(n) if (1..=gateways).contains(&n) => u16::from(n - 1),
            _ => PORTS - 1,
        };
        SocketAddr::new(SERVER.into(), SERVER_PORT + number * PORTS + place)
    }

    /// The server's next process, after so many before it, listens somewhere else.
    pub(super) fn move_server(&self, before: u32) {
        self.server.set(Generation {
            number: (before % GENERATIONS) as u16,
            ..self.server.get()
        });
    }

    pub(super) fn flow_from(&self, from: SocketAddr) -> Option<FlowId> {
        let port = from.port();
        let device = self.hosts.borrow().owner(from.ip(), port)?;
        Some(FlowId { device, port })
    }

    pub(super) fn is_dead(&self, flow: FlowId) -> bool {
        self.wires().flow(flow).is_none_or(|flow| flow.is_dead())
    }

    /// Remembers why the next packets leave.
    pub(super) fn note(&self, cause: Cause) {
        let round = self.round.get();
        let noted = self.wires().mark(cause, round);
        if (self.first_round.get()..round).contains(&noted) {
            self.collect();
            self.wires().mark(cause, self.round.get());
        }
        let now = self.clock.now();
        self.causes.borrow_mut().push((now, cause));
        if let Cause::Connect(device) = cause {
            self.hosts.borrow_mut().connects(device);
        }
        if !self.hosts.borrow().many() {
            return self.collect_by(now);
        }
        let (device, direction) = cause.way();
        let latency = self.wires().paths[device].latency(direction);
        self.collect_by(now + latency);
    }

    /// The connect that was noted last came to nothing at once.
    pub(super) fn connects_not(&self, device: usize) {
        self.hosts.borrow_mut().connects_not(device);
    }

    /// Something may leave that nobody noted.
    pub(super) fn collect_now(&self) {
        self.collect_by(self.clock.now());
    }

    fn collect_by(&self, at: Time) {
        let before = self.collects_at.get();
        self.collects_at
            .set(Some(before.map_or(at, |before| before.min(at))));
    }

    /// The application at this end wrote so many bytes.
    pub(super) fn wrote(&self, id: FlowId, end: End, bytes: usize) {
        if let Some(flow) = self.wires().flow(id) {
            flow.end_mut(end).wrote(bytes);
        }
    }

    /// The application at this end writes no more.
    pub(super) fn ended(&self, id: FlowId, end: End) {
        if let Some(flow) = self.wires().flow(id) {
            flow.end_mut(end).ended();
        }
    }

    /// When packets must be collected, unless something makes it necessary earlier.
    pub(super) fn collects_at(&self) -> Option<Time> {
        self.collects_at.get()
    }

    /// Collects packets if one of them could arrive now.
    pub(super) fn collect_if_due(&self) {
        match self.collects_at.get() {
            Some(at) if at <= self.clock.now() => self.collect(),
            _ => self.round.set(self.round.get() + 1),
        }
    }

    /// Collects packets if some are inside since an earlier round.
    pub(super) fn collect_rounds_before(&self) {
        if self.first_round.get() < self.round.get() {
            self.collect();
        }
    }

    /// Takes what the kernels want to send, in the order in which it was caused.
    pub(super) fn collect(&self) {
        self.round.set(self.round.get() + 1);
        self.first_round.set(self.round.get());
        if self.collects_at.take().is_none() {
            return;
        }
        let mut packets = self.swept.take();
        self.guard.egress_all(&mut packets);
        let mut causes = self.causes.take();
        let mut ranked = self.ranked.take();
        // The kernels were swept one after the other, and each socket after socket.
        let order = Order::of(&causes);
        let mut hosts = self.hosts.borrow_mut();
        ranked.extend(packets.drain(..).filter_map(|packet| {
            let about = About::packet(&packet, &mut hosts)?;
            Some((order.rank(&about), Parcel { about, packet }))
        }));
        drop(hosts);
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut wires = self.wires();
        for (rank, parcel) in ranked.drain(..) {
            let since = causes.get(rank).map_or(self.clock.now(), |(at, _)| *at);
            let number = wires.number();
            wires.left(&parcel);
            self.launch(&mut wires, since, number, parcel);
        }
        causes.clear();
        self.causes.replace(causes);
        self.swept.set(packets);
        self.ranked.set(ranked);
    }

    /// When the next packet arrives.
    pub(super) fn next_arrival(&self) -> Option<Time> {
        self.wires().flying.front().map(|first| first.due)
    }

    /// Hands over the first packet that has arrived.
    pub(super) fn deliver_next(&self) -> bool {
        let mut wires = self.wires();
        let due = |first: &Flight| first.due <= self.clock.now();
        if !wires.flying.front().is_some_and(due) {
            return false;
        }
        let Some(Flight { parcel, .. }) = wires.flying.pop_front() else {
            return false;
        };
        let Parcel { about, packet } = parcel;
        if about.direction == Direction::ToServer
            && let Some(flow) = wires.flow(about.flow)
        {
            match about.kind {
                Kind::Rst if flow.is_half_open() => {
                    self.bury_half_open(about.flow, flow);
                    return true;
                }
                Kind::Ack | Kind::Data => flow.established = true,
                _ => {}
            }
        }
        let end = End::reached(about.direction);
        let (silent, refused) = match wires.flow(about.flow) {
            Some(flow) => {
                let at = flow.end_mut(end);
                let silent = match about.kind {
                    // Makes nothing leave but what had no room on the way.
                    Kind::Ack => at.is_quiet(),
                    Kind::Rst => at.noted < self.first_round.get(),
                    _ => false,
                };
                (silent, about.kind == Kind::Rst && flow.is_unanswered())
            }
            None => (false, false),
        };
        if refused {
            wires.paths[about.flow.device]
                .flows
                .remove(&about.flow.port);
        }
        drop(wires);
        if !silent {
            self.note(Cause::Reply(about.flow, end));
        }
        self.guard.deliver(packet);
        true
    }

    /// Was the device told that there is no network?
    pub(super) fn told_down(&self, device: usize) -> bool {
        self.wires().paths[device].told_down
    }

    fn wires(&self) -> RefMut<'_, Wires> {
        self.wires.borrow_mut()
    }

    fn launch(&self, wires: &mut Wires, at: Time, number: u64, parcel: Parcel) {
        let About {
            flow,
            direction,
            kind,
        } = parcel.about;
        let path = &mut wires.paths[flow.device];
        match kind {
            Kind::Syn => {
                let Transport::Tcp(segment) = &parcel.packet.payload else {
                    return;
                };
                path.flows.insert(flow.port, Flow::new(segment.dst_port));
            }
            Kind::SynAck(isn) => {
                if let Some(flow) = path.flows.get_mut(&flow.port) {
                    flow.server_isn = Some(isn);
                }
            }
            _ => {}
        }
        match path.fate(at, flow.port, direction, kind) {
            Fate::Arrives(due) => wires.fly(Flight {
                due,
                number,
                parcel,
            }),
            Fate::Held => drop(wires.held[flow.device].insert(number, parcel)),
            Fate::Lost => {
                if let Some(known) = path.flows.get_mut(&flow.port) {
                    self.lose(flow, known, direction, kind);
                }
            }
        }
    }
}

impl Wires {
    fn flow(&mut self, id: FlowId) -> Option<&mut Flow> {
        self.paths.get_mut(id.device)?.flows.get_mut(&id.port)
    }

    /// Remembers what a kernel has sent.
    fn left(&mut self, parcel: &Parcel) {
        let about = parcel.about;
        if let Transport::Tcp(segment) = &parcel.packet.payload
            && about.kind == Kind::Data
            && let Some(flow) = self.flow(about.flow)
        {
            let from = flow.end_mut(End::reached(about.direction).other());
            from.left(segment.payload.len(), segment.flags.fin);
        }
    }

    /// Remembers in which round something happened at this end last; returns the one before.
    fn mark(&mut self, cause: Cause, round: u64) -> u64 {
        let noted = match cause {
            Cause::Connect(device) => &mut self.paths[device].connected,
            Cause::Sent(id, end) | Cause::Reply(id, end) => match self.flow(id) {
                Some(flow) => &mut flow.end_mut(end).noted,
                None => return 0,
            },
        };
        std::mem::replace(noted, round)
    }

    /// Most arrive after all others; that is why this is no tree.
    fn fly(&mut self, flight: Flight) {
        let key = (flight.due, flight.number);
        let place = match self.flying.back() {
            Some(last) if (last.due, last.number) > key => self
                .flying
                .partition_point(|other| (other.due, other.number) < key),
            _ => self.flying.len(),
        };
        self.flying.insert(place, flight);
    }

    fn number(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }
}
