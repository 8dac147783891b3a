//! The model of one device's way to the server.
//!
//! TCP below it never repeats anything (its repetition counts sweeps of the fabric, not time), so
//! everything a network does to a connection is decided here, packet by packet, first in first
//! out per flow and direction.

use std::collections::BTreeMap;

use conformance::scenario::{Direction, NetworkChange, NetworkWord};
use session::random::Stream;
use session::time::{Millis, Time};

/// One-way latency unless a scenario says otherwise: a connect and a login are four one-way
/// trips, together the 120 ms that a login takes in the documentation's examples.
pub const DEFAULT_LATENCY: Millis = Millis(30);

/// What one lost packet costs: the shortest time after which Linux repeats it.
pub const REPETITION: Millis = Millis(200);

/// How often one packet can be lost, so that a loss of 100 percent still ends; Linux gives up
/// after as many.
pub const MOST_REPETITIONS: u64 = 15;

/// What the model needs to know of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Syn,
    /// With the server's initial sequence number.
    SynAck(u32),
    /// Nothing but an acknowledgement.
    Ack,
    /// Bytes, or the end of them.
    Data,
    Rst,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives(Time),
    Held,
    Lost,
}

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Client,
    Server,
}

/// The way of one device, both directions, and its flows by the device's port.
pub(crate) struct Path {
    to_server: OneWay,
    to_client: OneWay,
    pub(crate) flows: BTreeMap<u16, Flow>,
    /// The device was told that there is no network.
    pub(crate) told_down: bool,
    /// The round in which the device connected last.
    pub(crate) connected: u64,
}

struct OneWay {
    condition: Condition,
    latency: Millis,
    jitter: Millis,
    loss: u64,
    draws: Stream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Works,
    Holds,
    Swallows,
}

/// What the network remembers of one TCP connection.
pub(crate) struct Flow {
    pub(crate) server_port: u16,
    /// The server's initial sequence number, once it has answered.
    pub(crate) server_isn: Option<u32>,
    /// The server has seen the end of the handshake.
    pub(crate) established: bool,
    pub(crate) client: FlowEnd,
    pub(crate) server: FlowEnd,
}

/// One end of a flow, and the direction that leads to it.
#[derive(Default)]
pub(crate) struct FlowEnd {
    /// The application has let go of its socket; what is left is the kernel's.
    pub(crate) let_go: bool,
    pub(crate) way: FlowWay,
    /// The round in which something happened here last that makes packets leave.
    pub(crate) noted: u64,
    /// What the application has sent and the kernel has not, its end included.
    inside: u64,
    ends: bool,
    not_before: Time,
}

/// Does anything get through to this end?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum FlowWay {
    #[default]
    Open,
    /// Something was lost for good: TCP accepts nothing after the gap but a reset.
    Torn,
    /// The path is gone, or the flow was reset.
    Dead,
}

impl Path {
    pub(crate) fn new(seed: u64, device: &str) -> Path {
        let way = |direction: Direction| OneWay {
            condition: Condition::Works,
            latency: DEFAULT_LATENCY,
            jitter: Millis::ZERO,
            loss: 0,
            draws: Stream::new(seed, &format!("link:{device}:{direction}")),
        };
        Path {
            to_server: way(Direction::ToServer),
            to_client: way(Direction::ToClient),
            flows: BTreeMap::new(),
            told_down: false,
            connected: 0,
        }
    }

    /// Decides about a packet that leaves now.
    pub(crate) fn fate(&mut self, now: Time, port: u16, direction: Direction, kind: Kind) -> Fate {
        let (way, end) = match direction {
            Direction::ToServer => (&mut self.to_server, End::Server),
            Direction::ToClient => (&mut self.to_client, End::Client),
        };
        let Some(flow) = self.flows.get_mut(&port) else {
            return Fate::Lost;
        };
        let flow = flow.end_mut(end);
        match (flow.way, kind) {
            (FlowWay::Open, _) | (FlowWay::Torn, Kind::Rst) => {}
            _ => return Fate::Lost,
        }
        match (way.condition, kind) {
            (Condition::Swallows, _) => Fate::Lost,
            // A connect that began without a network would arrive after it was given up, and
            // leave a half-open socket at the server.
            (Condition::Holds, Kind::Syn | Kind::SynAck(_)) => Fate::Lost,
            (Condition::Holds, _) => Fate::Held,
            (Condition::Works, _) => {
                let due = (now + way.delay(kind)).max(flow.not_before);
                flow.not_before = due;
                Fate::Arrives(due)
            }
        }
    }

    /// Sets what lasts: condition and quality. Instants are not its business.
    pub(crate) fn change(&mut self, change: &NetworkChange) {
        let ways = [
            (Direction::ToServer, &mut self.to_server),
            (Direction::ToClient, &mut self.to_client),
        ];
        for (direction, way) in ways {
            if change.direction.is_some_and(|only| only != direction) {
                continue;
            }
            way.condition = match change.is {
                Some(NetworkWord::Up) => Condition::Works,
                Some(NetworkWord::Down | NetworkWord::Unreachable) => Condition::Holds,
                Some(NetworkWord::BlackHole) => Condition::Swallows,
                Some(NetworkWord::Reset | NetworkWord::Switched) | None => way.condition,
            };
            way.latency = change.latency.unwrap_or(way.latency);
            way.jitter = change.jitter.unwrap_or(way.jitter);
            way.loss = change.loss.unwrap_or(way.loss);
        }
    }

    /// The shortest time in which a packet gets through.
    pub(crate) fn latency(&self, direction: Direction) -> Millis {
        match direction {
            Direction::ToServer => self.to_server.latency,
            Direction::ToClient => self.to_client.latency,
        }
    }

    /// Does it carry packets in this direction?
    pub(crate) fn works(&self, direction: Direction) -> bool {
        let way = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        way.condition == Condition::Works
    }

    /// What the device is told of a change: only of being down, and of the end of it.
    pub(crate) fn news(&mut self, is: Option<NetworkWord>) -> Option<bool> {
        let told_down = match is {
            Some(NetworkWord::Down) => true,
            Some(NetworkWord::Up) => false,
            _ => return None,
        };
        let before = std::mem::replace(&mut self.told_down, told_down);
        (before != told_down).then_some(!told_down)
    }

    /// Sets everything right.
    pub(crate) fn lift(&mut self) {
        self.change(&NetworkChange {
            is: Some(NetworkWord::Up),
            direction: None,
            latency: Some(DEFAULT_LATENCY),
            jitter: Some(Millis::ZERO),
            loss: Some(0),
        });
    }
}

impl OneWay {
    fn delay(&mut self, kind: Kind) -> Millis {
        let mut delay = self.latency.0;
        // A lost acknowledgement is made good by the next one. Leaving it out keeps the draws
        // apart from the kernel's habits.
        if kind == Kind::Ack {
            return Millis(delay);
        }
        if self.jitter > Millis::ZERO {
            delay = delay.saturating_add(self.draws.up_to(self.jitter.0));
        }
        if self.loss > 0 {
            let lost = (0..MOST_REPETITIONS)
                .take_while(|_| self.draws.up_to(99) < self.loss)
                .count() as u64;
            delay = delay.saturating_add(lost * REPETITION.0);
        }
        Millis(delay)
    }
}

impl Flow {
    pub(crate) fn new(server_port: u16) -> Flow {
        Flow {
            server_port,
            server_isn: None,
            established: false,
            client: FlowEnd::default(),
            server: FlowEnd::default(),
        }
    }

    pub(crate) fn end_mut(&mut self, end: End) -> &mut FlowEnd {
        match end {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        }
    }

    /// The server has answered, and waits for the end of the handshake.
    pub(crate) fn is_half_open(&self) -> bool {
        self.server_isn.is_some() && !self.established
    }

    /// The server knows nothing of it.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.server_isn.is_none() && !self.established
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.client.way == FlowWay::Dead
    }

    /// Neither direction leads anywhere any more.
    pub(crate) fn die(&mut self) {
        self.client.way = FlowWay::Dead;
        self.server.way = FlowWay::Dead;
    }

    /// Can the two ends still say goodbye to each other?
    pub(crate) fn is_whole(&self) -> bool {
        self.client.way == FlowWay::Open && self.server.way == FlowWay::Open
    }
}

impl FlowEnd {
    /// The application wrote so many bytes.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.inside += bytes as u64;
    }

    /// The application writes no more.
    pub(crate) fn ended(&mut self) {
        if !std::mem::replace(&mut self.ends, true) {
            self.inside += 1;
        }
    }

    /// The kernel sent so many bytes, and perhaps the end.
    pub(crate) fn left(&mut self, bytes: usize, end: bool) {
        let left = bytes as u64 + u64::from(end);
        self.inside = self.inside.saturating_sub(left);
    }

    /// Can an acknowledgement make nothing leave from here?
    pub(crate) fn is_quiet(&self) -> bool {
        self.inside == 0 && !self.let_go
    }
}

impl End {
    pub(crate) const BOTH: [End; 2] = [End::Client, End::Server];

    pub(crate) fn other(self) -> End {
        match self {
            End::Client => End::Server,
            End::Server => End::Client,
        }
    }

    /// Where a packet in this direction arrives.
    pub(crate) fn reached(direction: Direction) -> End {
        match direction {
            Direction::ToServer => End::Server,
            Direction::ToClient => End::Client,
        }
    }
}
