//! Interprets a scenario: what is seen goes in, what is to be done comes out.

use session::peer::{Call, CallId, LinkId, Order, Output};
use session::time::Time;

use crate::scenario::{AppAct, ClientIndex, NetworkChange};
use crate::transcript::{LinkEnd, Transcript};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A device of the scenario.
    Client(ClientIndex),
    /// The server.
    Server,
}

/// What the runner is to do now, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Give this call to the device's peer.
    Call {
        /// The device.
        client: ClientIndex,
        /// The call's number.
        id: CallId,
        /// The call.
        call: Call,
    },
    /// Give this order to the server's peer.
    Order(Order),
    /// Change the device's network.
    Network {
        /// The device.
        client: ClientIndex,
        /// The change.
        change: NetworkChange,
    },
    /// Kill or start the device's process.
    App {
        /// The device.
        client: ClientIndex,
        /// Which.
        is: AppAct,
    },
    /// Stop the server's process: links break, connects are refused.
    StopServer,
    /// Start the server's process anew.
    StartServer,
    /// Set the device's clock.
    Clock {
        /// The device.
        client: ClientIndex,
        /// Milliseconds ahead of the truth.
        skew: i64,
    },
    /// Set every network right and start the server if it is stopped.
    LiftFaults,
    /// The run is over.
    Finish,
}

/// Something a runner has to report.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// The peer caused this.
    Output(&'a Output),
    /// A link came up at this peer.
    LinkUp(LinkId),
    /// A link of this peer is gone, or never came up.
    LinkDown(LinkId, LinkEnd),
}

/// One run in progress.
#[derive(Debug)]
pub struct Director {}

impl Director {
    /// What is to be done now. Call it again after everything those commands caused at this
    /// instant has been reported, until it returns nothing.
    pub fn commands(&mut self, _now: Time) -> Vec<Command> {
        unreachable!("skeleton")
    }

    /// When to call [`Director::commands`] again if nothing happens before.
    pub fn wakes_at(&self) -> Option<Time> {
        unreachable!("skeleton")
    }

    /// Reports what happened.
    pub fn report(&mut self, _now: Time, _actor: Actor, _fact: Fact<'_>) {
        unreachable!("skeleton")
    }

    /// The record, once [`Command::Finish`] was given.
    pub fn into_transcript(self) -> Transcript {
        unreachable!("skeleton")
    }
}
