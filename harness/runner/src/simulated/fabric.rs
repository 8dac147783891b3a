//! The wires: takes packets out of the hosts' kernels, has the network model decide about each,
//! and hands them over when they are due.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use conformance::scenario::{Direction, NetworkChange, NetworkWord};
use session::time::Time;
use turmoil_net::{
    EnterGuard, HostId, KernelConfig, Net, Packet, TcpFlags, TcpSegment, Transport,
};

use super::clock::Clock;
use super::network::{End, Fate, Flow, FlowWay, Kind, Path};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const FIRST_DEVICE: u32 = u32::from_be_bytes([10, 0, 0, 1]);

/// The server's port; a restarted server takes the next one, because connections of the old
/// process that are still closing keep theirs.
pub const SERVER_PORT: u16 = 9_000;

/// One connection: whose it is, and the device's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowId {
    pub(super) device: usize,
    pub(super) port: u16,
}

/// Why a packet leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The device connects.
    Connect(usize),
    /// The application at this end writes or closes.
    Sent(FlowId, End),
    /// The kernel at this end answers a packet.
    Reply(FlowId, End),
}

/// All wires of one run. The fabric proper is a thread-local, present as long as this lives.
pub(super) struct Fabric {
    guard: EnterGuard,
    clock: Rc<Clock>,
    hosts: Vec<HostId>,
    server_port: Cell<u16>,
    wires: RefCell<Wires>,
    causes: RefCell<Vec<Cause>>,
}

struct Wires {
    paths: Vec<Path>,
    /// Packets on their way, by arrival and then in the order in which they were sent.
    flying: BTreeMap<(Time, u64), Packet>,
    /// Packets that wait for their device's network, in the order in which they were sent.
    held: Vec<VecDeque<Packet>>,
    sent: u64,
}

impl Fabric {
    /// One host per device, and one for the server after them.
    pub(super) fn new(devices: &[String], seed: u64, clock: Rc<Clock>) -> Rc<Fabric> {
        let mut net = Net::with_config(
            KernelConfig::default()
                // Repetition counts sweeps, not time: the network model does it instead.
                .retx_threshold(u32::MAX)
                // With a small buffer a reader that takes less than half of it at once never
                // reopens a window that has closed.
                .recv_buf_cap(16 << 20)
                .default_backlog(usize::MAX),
        );
        let addresses = (0..devices.len()).map(device_address).chain([SERVER]);
        let hosts = addresses.map(|address| net.add_host(address)).collect();
        Rc::new(Fabric {
            hosts,
            guard: net.enter(),
            clock,
            server_port: Cell::new(SERVER_PORT),
            wires: RefCell::new(Wires {
                paths: devices.iter().map(|name| Path::new(seed, name)).collect(),
                flying: BTreeMap::new(),
                held: vec![BTreeMap::new(); devices.len()],
                sent: 0,
            }),
            causes: RefCell::default(),
        })
    }

    /// Makes the actor's host the one whose sockets are meant from now on.
    pub(super) fn pin(&self, actor: usize) {
        self.guard.set_current(self.hosts[actor]);
    }

    pub(super) fn server_address(&self) -> SocketAddr {
        SocketAddr::new(SERVER.into(), self.server_port.get())
    }

    /// The server's next process listens somewhere else.
    pub(super) fn move_server(&self) {
        self.server_port.set(self.server_port.get().wrapping_add(1));
    }

    pub(super) fn flow_from(&self, from: SocketAddr) -> Option<FlowId> {
        let device = device_at(from.ip())?;
        let port = from.port();
        Some(FlowId { device, port })
    }

    pub(super) fn is_dead(&self, flow: FlowId) -> bool {
        self.wires().flow(flow).is_none_or(|flow| flow.is_dead())
    }

    /// Remembers why the next packets leave.
    pub(super) fn note(&self, cause: Cause) {
        self.causes.borrow_mut().push(cause);
    }

    /// The application at this end is about to drop its socket.
    pub(super) fn let_go(&self, id: FlowId, end: End) {
        let mut wires = self.wires();
        let Some(flow) = wires.flow(id) else {
            return;
        };
        flow.end_mut(end).let_go = true;
        if !flow.is_whole() {
            self.bury_ends(id, flow);
        }
    }

    /// Takes what the kernels want to send, in the order in which it was caused.
    pub(super) fn collect(&self) {
        let mut packets = Vec::new();
        self.guard.egress_all(&mut packets);
        let causes = &mut *self.causes.borrow_mut();
        if packets.len() > 1 {
            // The kernels were swept one after the other, and each socket after socket.
            let order = Order::of(causes);
            packets.sort_by_cached_key(|packet| order.rank(packet));
        }
        causes.clear();
        let mut wires = self.wires();
        for packet in packets {
            let number = wires.number();
            self.launch(&mut wires, number, packet);
        }
    }

    /// When the next packet arrives.
    pub(super) fn next_arrival(&self) -> Option<Time> {
        self.wires().flying.keys().next().map(|(due, _)| *due)
    }

    /// Hands over the first packet that has arrived.
    pub(super) fn deliver_next(&self) -> bool {
        let mut wires = self.wires();
        let Some(entry) = wires.flying.first_entry() else {
            return false;
        };
        if entry.key().0 > self.clock.now() {
            return false;
        }
        let packet = entry.remove();
        let Some(about) = About::packet(&packet) else {
            return true;
        };
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
        self.note(Cause::Reply(about.flow, End::reached(about.direction)));
        self.guard.deliver(packet);
        true
    }

    /// Changes a device's network; returns what the device is told of it.
    pub(super) fn change(&self, device: usize, change: &NetworkChange) -> Option<bool> {
        self.collect();
        let mut wires = self.wires();
        match change.is {
            Some(NetworkWord::Reset) => self.reset(&mut wires, device),
            Some(NetworkWord::Switched) => self.switch(&mut wires, device),
            _ => {}
        }
        wires.paths[device].change(change);
        self.reconsider(&mut wires, device);
        wires.paths[device].news(change.is)
    }

    /// Sets a device's network right; returns what the device is told of it.
    pub(super) fn lift(&self, device: usize) -> Option<bool> {
        self.collect();
        let mut wires = self.wires();
        wires.paths[device].lift();
        self.reconsider(&mut wires, device);
        wires.paths[device].news(Some(NetworkWord::Up))
    }

    /// Was the device told that there is no network?
    pub(super) fn told_down(&self, device: usize) -> bool {
        self.wires().paths[device].told_down
    }

    fn wires(&self) -> RefMut<'_, Wires> {
        self.wires.borrow_mut()
    }

    fn launch(&self, wires: &mut Wires, number: u64, packet: Packet) {
        let Some(About {
            flow,
            direction,
            kind,
        }) = About::packet(&packet)
        else {
            return;
        };
        let path = &mut wires.paths[flow.device];
        match kind {
            Kind::Syn => {
                let Transport::Tcp(segment) = &packet.payload else {
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
        match path.fate(self.clock.now(), flow.port, direction, kind) {
            Fate::Arrives(due) => drop(wires.flying.insert((due, number), packet)),
            Fate::Held => drop(wires.held[flow.device].insert(number, packet)),
            Fate::Lost => {
                if let Some(known) = path.flows.get_mut(&flow.port) {
                    self.lose(flow, known, direction, kind);
                }
            }
        }
    }

    fn lose(&self, id: FlowId, flow: &mut Flow, direction: Direction, kind: Kind) {
        let torn = match kind {
            Kind::Syn => false,
            Kind::SynAck(_) => return self.bury_half_open(id, flow),
            // The next acknowledgement makes it good, if there is a next one.
            Kind::Ack => flow.client.let_go || flow.server.let_go,
            Kind::Data | Kind::Rst => true,
        };
        let end = flow.end_mut(End::reached(direction));
        if torn && end.way == FlowWay::Open {
            end.way = FlowWay::Torn;
        }
        if !flow.is_whole() {
            self.bury_ends(id, flow);
        }
    }

    /// Has the network decide anew about packets that its last change touches.
    fn reconsider(&self, wires: &mut Wires, device: usize) {
        let path = &wires.paths[device];
        let stopped: Vec<_> = wires
            .flying
            .iter()
            .filter(|(_, packet)| {
                About::packet(packet)
                    .is_some_and(|a| a.flow.device == device && !path.works(a.direction))
            })
            .map(|(key, _)| *key)
            .collect();
        for key in stopped {
            if let Some(packet) = wires.flying.remove(&key) {
                wires.held[device].insert(key.1, packet);
            }
        }
        for (number, packet) in std::mem::take(&mut wires.held[device]) {
            self.launch(wires, number, packet);
        }
    }

    /// Every flow breaks, and both ends know at once.
    fn reset(&self, wires: &mut Wires, device: usize) {
        self.each_flow_dies(wires, device, |id, flow| {
            if flow.is_half_open() {
                self.bury_half_open(id, flow);
            } else if flow.established {
                self.inject_reset(id, flow, End::Server);
            }
            self.inject_reset(id, flow, End::Client);
        });
    }

    /// Every flow is dead, and nobody knows.
    fn switch(&self, wires: &mut Wires, device: usize) {
        self.each_flow_dies(wires, device, |id, flow| {
            if flow.is_half_open() {
                self.bury_half_open(id, flow);
            }
            self.bury_ends(id, flow);
        });
    }

    fn each_flow_dies(
        &self,
        wires: &mut Wires,
        device: usize,
        mut dying: impl FnMut(FlowId, &mut Flow),
    ) {
        wires.held[device].clear();
        wires
            .flying
            .retain(|_, packet| About::packet(packet).is_none_or(|a| a.flow.device != device));
        for (&port, flow) in &mut wires.paths[device].flows {
            if !flow.is_dead() {
                dying(FlowId { device, port }, flow);
                flow.die();
            }
        }
    }

    /// Sockets that only the kernel still knows wait for ever for an answer over a torn flow,
    /// and every sweep looks at them.
    fn bury_ends(&self, id: FlowId, flow: &mut Flow) {
        for end in End::BOTH {
            if flow.end_mut(end).let_go {
                self.inject_reset(id, flow, end);
            }
        }
    }

    /// A server's socket in the middle of a handshake that will never end cannot be removed: a
    /// reset leaves it in the table for good. So its handshake is ended first; then the listener
    /// finds it, and drops it because its flow is dead.
    fn bury_half_open(&self, id: FlowId, flow: &mut Flow) {
        let Some(isn) = flow.server_isn else {
            return;
        };
        flow.established = true;
        let ack = TcpFlags {
            ack: true,
            ..TcpFlags::default()
        };
        self.inject(id, flow, End::Server, ack, isn.wrapping_add(1));
        self.inject_reset(id, flow, End::Server);
        flow.die();
    }

    fn inject_reset(&self, id: FlowId, flow: &Flow, end: End) {
        let rst = TcpFlags {
            rst: true,
            ..TcpFlags::default()
        };
        self.inject(id, flow, end, rst, 0);
    }

    /// Hands a packet to one end as if the other had sent it.
    fn inject(&self, id: FlowId, flow: &Flow, end: End, flags: TcpFlags, ack: u32) {
        let client = (IpAddr::from(device_address(id.device)), id.port);
        let server = (IpAddr::from(SERVER), flow.server_port);
        let ((src, src_port), (dst, dst_port)) = match end {
            End::Client => (server, client),
            End::Server => (client, server),
        };
        self.guard.deliver(Packet {
            src,
            dst,
            ttl: 64,
            payload: Transport::Tcp(TcpSegment {
                src_port,
                dst_port,
                seq: 0,
                ack,
                flags,
                window: u16::MAX,
                payload: bytes::Bytes::new(),
            }),
        });
    }
}

impl Wires {
    fn flow(&mut self, id: FlowId) -> Option<&mut Flow> {
        self.paths.get_mut(id.device)?.flows.get_mut(&id.port)
    }

    fn number(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }
}

/// What a packet is.
struct About {
    flow: FlowId,
    direction: Direction,
    kind: Kind,
}

impl About {
    fn packet(packet: &Packet) -> Option<About> {
        let Transport::Tcp(segment) = &packet.payload else {
            return None;
        };
        let (direction, device, port) = match device_at(packet.src) {
            Some(device) => (Direction::ToServer, device, segment.src_port),
            None => (Direction::ToClient, device_at(packet.dst)?, segment.dst_port),
        };
        let kind = match segment.flags {
            TcpFlags { rst: true, .. } => Kind::Rst,
            TcpFlags {
                syn: true,
                ack: true,
                ..
            } => Kind::SynAck(segment.seq),
            TcpFlags { syn: true, .. } => Kind::Syn,
            TcpFlags { fin: true, .. } => Kind::Data,
            _ if segment.payload.is_empty() => Kind::Ack,
            _ => Kind::Data,
        };
        Some(About {
            flow: FlowId { device, port },
            direction,
            kind,
        })
    }
}

/// The place of each cause among all that were noted since the last sweep.
struct Order(Vec<(Cause, usize)>);

impl Order {
    fn of(causes: &[Cause]) -> Order {
        let mut places: Vec<_> = causes.iter().copied().zip(0..).collect();
        places.sort_unstable();
        Order(places)
    }

    fn place(&self, cause: Cause) -> Option<usize> {
        let first = self.0.partition_point(|(c, _)| *c < cause);
        let (found, place) = self.0.get(first)?;
        (*found == cause).then_some(*place)
    }

    fn rank(&self, packet: &Packet) -> usize {
        let Some(about) = About::packet(packet) else {
            return usize::MAX;
        };
        let from = match about.direction {
            Direction::ToServer => End::Client,
            Direction::ToClient => End::Server,
        };
        let sent = self.place(Cause::Sent(about.flow, from));
        let reply = self.place(Cause::Reply(about.flow, from));
        let place = match about.kind {
            Kind::Syn => self.place(Cause::Connect(about.flow.device)),
            Kind::Data | Kind::Rst => sent.or(reply),
            Kind::SynAck(_) | Kind::Ack => reply.or(sent),
        };
        place.unwrap_or(usize::MAX)
    }
}

fn device_address(device: usize) -> Ipv4Addr {
    Ipv4Addr::from(FIRST_DEVICE + device as u32)
}

fn device_at(address: IpAddr) -> Option<usize> {
    match address {
        IpAddr::V4(address) if address != SERVER => {
            Some(u32::from(address).checked_sub(FIRST_DEVICE)? as usize)
        }
        _ => None,
    }
}
