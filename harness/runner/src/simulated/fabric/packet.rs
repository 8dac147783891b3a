//! What a packet is, and in which order packets leave.

use std::net::{IpAddr, Ipv4Addr};

use conformance::scenario::Direction;
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

/// The place of each cause among all that were noted since the last sweep.
pub(super) struct Order(Vec<(Cause, usize)>);

impl Order {
    pub(super) fn of(causes: &[Cause]) -> Order {
        let mut places: Vec<_> = causes.iter().copied().zip(0..).collect();
        places.sort_unstable();
        Order(places)
    }

    fn place(&self, cause: Cause) -> Option<usize> {
        let first = self.0.partition_point(|(c, _)| *c < cause);
        let (found, place) = self.0.get(first)?;
        (*found == cause).then_some(*place)
    }

    pub(super) fn rank(&self, packet: &Packet) -> usize {
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
