//! What goes wrong on the wires, and what is left to clear away after it.

use std::collections::VecDeque;
use std::net::IpAddr;

use bytes::Bytes;
use conformance::scenario::{Direction, NetworkChange, NetworkWord};
use turmoil_net::{Packet, TcpFlags, TcpSegment, Transport};

use super::hosts::SERVER;
use super::packet::FlowId;
use super::{Fabric, Flight, Wires};
use crate::network::{End, Flow, FlowWay, Kind};

impl Fabric {
    /// Changes a device's network; returns what the device is told of it.
    pub(in crate::simulated) fn change(
        &self,
        device: usize,
        change: &NetworkChange,
    ) -> Option<bool> {
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
    pub(in crate::simulated) fn lift(&self, device: usize) -> Option<bool> {
        self.collect();
        let mut wires = self.wires();
        wires.paths[device].lift();
        self.reconsider(&mut wires, device);
        wires.paths[device].news(Some(NetworkWord::Up))
    }

    /// The application at this end is about to drop its socket.
    pub(in crate::simulated) fn let_go(&self, id: FlowId, end: End) {
        let whole = match self.wires().flow(id) {
            Some(flow) => {
                let this = flow.end_mut(end);
                this.let_go = true;
                this.ended();
                flow.is_whole()
            }
            None => return,
        };
        if !whole {
            // What left before leaves before.
            self.collect_rounds_before();
            if let Some(flow) = self.wires().flow(id) {
                self.bury_ends(id, flow);
            }
        }
    }

    pub(super) fn lose(&self, id: FlowId, flow: &mut Flow, direction: Direction, kind: Kind) {
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
        let stopped = |flight: &Flight| {
            let about = flight.parcel.about;
            about.flow.device == device && !path.works(about.direction)
        };
        let flying = std::mem::take(&mut wires.flying);
        let (stopped, flying): (VecDeque<_>, _) = flying.into_iter().partition(stopped);
        wires.flying = flying;
        let stopped = stopped.into_iter().map(|f| (f.number, f.parcel));
        wires.held[device].extend(stopped);
        for (number, parcel) in std::mem::take(&mut wires.held[device]) {
            self.launch(wires, self.clock.now(), number, parcel);
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
            .retain(|flight| flight.parcel.about.flow.device != device);
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
    pub(super) fn bury_half_open(&self, id: FlowId, flow: &mut Flow) {
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
        let client = (self.hosts.borrow().address(id.device), id.port);
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
                payload: Bytes::new(),
            }),
        });
    }
}
