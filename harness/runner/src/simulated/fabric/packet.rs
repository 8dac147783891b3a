//! What a packet is, and in which order packets leave.

use conformance::scenario::Direction;
use session::time::Time;
use turmoil_net::{Packet, TcpFlags, Transport};

use super::hosts::{Hosts, SERVER};
use crate::network::{End, Kind};

/// One connection: whose it is, and the device's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulated) struct FlowId {
    pub(in crate::simulated) device: usize,
    pub(in crate::simulated) port: u16,
}

/// Why a packet leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulated) enum Cause {
    /// The device connects.
    Connect(usize),
    /// The application at this end writes or closes.
    Sent(FlowId, End),
    /// The kernel at this end answers a packet.
    Reply(FlowId, End),
}

impl Cause {
    /// Whose network the packets it makes leave through, and which way they go.
    pub(super) fn way(self) -> (usize, Direction) {
        match self {
            Cause::Connect(device) => (device, Direction::ToServer),
            Cause::Sent(flow, End::Client) | Cause::Reply(flow, End::Client) => {
                (flow.device, Direction::ToServer)
            }
            Cause::Sent(flow, End::Server) | Cause::Reply(flow, End::Server) => {
                (flow.device, Direction::ToClient)
            }
        }
    }
}

/// What a packet is.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) flow: FlowId,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
}

impl About {
    /// Of packets that just left their kernel, in their order.
    pub(super) fn packet(packet: &Packet, hosts: &mut Hosts) -> Option<About> {
        let Transport::Tcp(segment) = &packet.payload else {
            return None;
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
        let (direction, at, port) = match packet.src == SERVER {
            true => (Direction::ToClient, packet.dst, segment.dst_port),
            false => (Direction::ToServer, packet.src, segment.src_port),
        };
        if kind == Kind::Syn {
            hosts.connected(at, port);
        }
        let device = hosts.owner(at, port)?;
        Some(About {
            flow: FlowId { device, port },
            direction,
            kind,
        })
    }
}

/// So many causes are found as quickly without sorting them.
const FEW: usize = 8;

/// The place of each cause among all that were noted since the last sweep.
pub(super) struct Order<'a> {
    causes: &'a [(Time, Cause)],
    /// Sorted; empty where there are few.
    places: Vec<(Cause, usize)>,
}

impl Order<'_> {
    pub(super) fn of(causes: &[(Time, Cause)]) -> Order<'_> {
        let mut places = Vec::new();
        if causes.len() > FEW {
            places.extend(causes.iter().map(|(_, cause)| *cause).zip(0..));
            places.sort_unstable();
        }
        Order { causes, places }
    }

    fn place(&self, cause: Cause) -> Option<usize> {
        if self.places.is_empty() {
            return self.causes.iter().position(|(_, c)| *c == cause);
        }
        let first = self.places.partition_point(|(c, _)| *c < cause);
        let (found, place) = self.places.get(first)?;
        (*found == cause).then_some(*place)
    }

    /// The place of the cause of a packet; beyond all of them where it has none.
    pub(super) fn rank(&self, about: &About) -> usize {
        let from = End::reached(about.direction).other();
        let sent = || self.place(Cause::Sent(about.flow, from));
        let reply = || self.place(Cause::Reply(about.flow, from));
        let place = match about.kind {
            Kind::Syn => self.place(Cause::Connect(about.flow.device)),
            Kind::Data | Kind::Rst => sent().or_else(reply),
            Kind::SynAck(_) | Kind::Ack => reply().or_else(sent),
        };
        place.unwrap_or(usize::MAX)
    }
}
