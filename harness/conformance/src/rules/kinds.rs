//! Kinds of entries, as far as rules tell them apart.

use std::ops::BitOr;

use crate::transcript::{Entry, SERVER, What};

/// A set of kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// A call of an app.
    pub const CALL: Kinds = Kinds(1);
    /// Its answer.
    pub const RESULT: Kinds = Kinds(1 << 1);
    /// What an app is told.
    pub const EVENT: Kinds = Kinds(1 << 2);
    /// What the server did to a session.
    pub const SESSION: Kinds = Kinds(1 << 3);
    /// A device opens a link.
    pub const CONNECT: Kinds = Kinds(1 << 4);
    /// That link is up.
    pub const LINK_UP: Kinds = Kinds(1 << 5);
    /// That link is gone, or given up.
    pub const LINK_DOWN: Kinds = Kinds(1 << 6);
    /// What a device sends. Most entries are heartbeats.
    pub const SENT: Kinds = Kinds(1 << 7);
    /// A link is up, or gone, at the server's end.
    pub const SERVER_LINK: Kinds = Kinds(1 << 8);
    /// What the server sends.
    pub const SERVER_SENT: Kinds = Kinds(1 << 9);
    /// A network changes.
    pub const NETWORK: Kinds = Kinds(1 << 10);
    /// Something is done to an app's process.
    pub const APP: Kinds = Kinds(1 << 11);
    /// Something is done to the server.
    pub const SERVER: Kinds = Kinds(1 << 12);
    /// Somebody broke the wire protocol.
    pub const BREACH: Kinds = Kinds(1 << 13);
    /// The script stops, or the run is over.
    pub const END: Kinds = Kinds(1 << 14);
    /// Everything, and what is none of these.
    pub const ALL: Kinds = Kinds(u16::MAX);

    /// How many kinds there are.
    pub(super) const COUNT: usize = u16::BITS as usize;
    const OTHER: Kinds = Kinds(1 << 15);

    /// The one kind of an entry.
    pub(super) fn of(entry: &Entry) -> Kinds {
        let is_server = || entry.actor == SERVER;
        match &entry.what {
            What::Call(_) => Kinds::CALL,
            What::Result(_) => Kinds::RESULT,
            What::Event(_) => Kinds::EVENT,
            What::Session(_) => Kinds::SESSION,
            What::Connect { .. } => Kinds::CONNECT,
            What::LinkUp { .. } | What::LinkDown { .. } | What::Close { .. } if is_server() => {
                Kinds::SERVER_LINK
            }
            What::LinkUp { .. } => Kinds::LINK_UP,
            What::LinkDown { .. } | What::Close { .. } => Kinds::LINK_DOWN,
            What::Sent { .. } if is_server() => Kinds::SERVER_SENT,
            What::Sent { .. } => Kinds::SENT,
            What::Network { .. } => Kinds::NETWORK,
            What::App { .. } => Kinds::APP,
            What::Server { .. } => Kinds::SERVER,
            What::Breach { .. } => Kinds::BREACH,
            What::Stopped { .. } | What::End(_) => Kinds::END,
            What::Step { .. }
            | What::Asks(_)
            | What::NeverCalled(_)
            | What::AccountCreated { .. }
            | What::Counted { .. }
            | What::AsksTicket { .. }
            | What::TicketGiven { .. }
            | What::Clock { .. } => Kinds::OTHER,
        }
    }

    /// The place of a single kind among all.
    pub(super) fn number(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    /// The places of all of them.
    pub(super) fn numbers(self) -> impl Iterator<Item = usize> {
        (0..Kinds::COUNT).filter(move |number| self.0 & (1 << number) != 0)
    }
}

impl BitOr for Kinds {
    type Output = Kinds;

    fn bitor(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}
