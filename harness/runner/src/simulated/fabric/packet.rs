//! What a packet is, and in which order packets leave.

use std::net::{IpAddr, Ipv4Addr};

use conformance::scenario::Direction;
use session::time::Time;
use turmoil_net::{Packet, TcpFlags, Transport};

use crate::simulated::network::{End, Kind};

pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);

const FIRST_DEVICE: u32 = u32::from_be_bytes([10, 0, 0, 1]);

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
pub(super) struct About {
    pub(super) flow: FlowId,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
}

impl About {
    pub(super) fn packet(packet: &Packet) -> Option<About> {
        let Transport::Tcp(segment) = &packet.payload else {
            return None;
        };
        let (direction, device, port) = match device_at(packet.src) {
            Some(device) => (Direction::ToServer, device, segment.src_port),
            None => (
                Direction::ToClient,
                device_at(packet.dst)?,
                segment.dst_port,
            ),
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
    pub(super) fn rank(&self, packet: &Packet) -> usize {
        let Some(about) = About::packet(packet) else {
            return usize::MAX;
        };
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

pub(super) fn device_address(device: usize) -> Ipv4Addr {
    Ipv4Addr::from(FIRST_DEVICE + device as u32)
}

pub(super) fn device_at(address: IpAddr) -> Option<usize> {
    match address {
        IpAddr::V4(address) if address != SERVER => {
            Some(u32::from(address).checked_sub(FIRST_DEVICE)? as usize)
        }
        _ => None,
    }
}
