//! Who is online.

use std::collections::{BTreeMap, VecDeque};

use crate::message::{Hello, Stream};
use crate::peer::{LinkId, SessionAbout};
use crate::time::Time;
use crate::words::{EndCause, Platform};

/// How many displaced sessions are remembered, to refuse them when they return.
const MOST_REMEMBERED: usize = 10_000;

/// One session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// Its place in the order of logins, never reused, not even after a restart.
    pub(super) order: u64,
    pub(super) app: u32,
    pub(super) user: String,
    pub(super) device: String,
    pub(super) platform: Platform,
    pub(super) room: Option<String>,
    /// Did its client choose to be in several rooms?
    pub(super) several_rooms: bool,
    /// Not told of members, nor they of this one.
    pub(super) unnoticed: bool,
    /// Its streams with their extra information.
    pub(super) streams: BTreeMap<String, String>,
    /// The link it lives on; none while the device is away.
    pub(super) link: Option<LinkId>,
    /// When the device was last heard.
    pub(super) heard: Time,
    /// The first moment at which its ticket is no longer good; none where it needs no ticket.
    pub(super) ticket_over: Option<Time>,
}

/// All sessions, in the order of their logins.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    live: BTreeMap<u64, Session>,
    last_order: u64,
    displaced: VecDeque<u64>,
}

/// The name a session has on the wire.
pub(super) fn name_of(order: u64) -> String {
    format!("s{order}")
}

/// The order in a session's name, if it is one of ours.
pub(super) fn order_of(name: &str) -> Option<u64> {
    name.strip_prefix('s')?.parse().ok()
}

impl Session {
    pub(super) fn app(&self) -> u32 {
        self.app
    }

    /// Is it a session of the user who says hello, in the same room?
    pub(super) fn is_of(&self, hello: &Hello) -> bool {
        self.app == hello.app && self.user == hello.user && self.room == hello.room
    }

    /// Has its ticket run out?
    pub(super) fn has_run_out(&self, now: Time) -> bool {
        self.ticket_over.is_some_and(|over| now >= over)
    }

    pub(super) fn about(&self) -> SessionAbout {
        SessionAbout {
            session: name_of(self.order),
            user: self.user.clone(),
            device: self.device.clone(),
            platform: self.platform,
            room: self.room.clone(),
        }
    }
}

impl Sessions {
    /// The order of a login that arrives now. It grows with time, so a server that restarted and
    /// remembers nothing still puts later logins after earlier ones.
    pub(super) fn next_order(&mut self, now: Time) -> u64 {
        self.last_order = now.0.max(self.last_order + 1);
        self.last_order
    }

    pub(super) fn last_order(&self) -> u64 {
        self.last_order
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Session> {
        self.live.values()
    }

    pub(super) fn get(&self, order: u64) -> Option<&Session> {
        self.live.get(&order)
    }

    pub(super) fn get_mut(&mut self, order: u64) -> Option<&mut Session> {
        self.live.get_mut(&order)
    }

    pub(super) fn insert(&mut self, session: Session) {
        self.last_order = self.last_order.max(session.order);
        self.live.insert(session.order, session);
    }

    pub(super) fn remove(&mut self, order: u64, cause: EndCause) -> Option<Session> {
        let session = self.live.remove(&order)?;
        if cause == EndCause::NewerLogin {
            self.displaced.push_back(order);
            if self.displaced.len() > MOST_REMEMBERED {
                self.displaced.pop_front();
            }
        }
        Some(session)
    }

    pub(super) fn was_displaced(&self, order: u64) -> bool {
        self.displaced.contains(&order)
    }

    /// The sessions of a user, in the order of their logins.
    pub(super) fn of<'a>(&'a self, app: u32, user: &'a str) -> impl Iterator<Item = &'a Session> {
        self.all()
            .filter(move |session| session.app == app && session.user == user)
    }

    /// The sessions from a device.
    pub(super) fn of_device<'a>(
        &'a self,
        app: u32,
        device: &'a str,
    ) -> impl Iterator<Item = &'a Session> {
        self.all()
            .filter(move |session| session.app == app && session.device == device)
    }

    /// What a session finds in its room: the other users, each once, sorted, and their streams.
    /// Users are shown to, and of, those who want it (Z-AMB-06).
    pub(super) fn beside(&self, order: u64) -> (Vec<String>, Vec<Stream>) {
        let Some((own, room)) = self
            .get(order)
            .and_then(|own| Some((own, own.room.as_deref()?)))
        else {
            return (Vec::new(), Vec::new());
        };
        let others = || {
            self.in_room(own.app, room)
                .filter(|session| session.user != own.user)
        };
        let seen = others().filter(|session| !own.unnoticed && !session.unnoticed);
        let mut users: Vec<String> = seen.map(|session| session.user.clone()).collect();
        users.sort();
        users.dedup();
        let mut streams: Vec<Stream> = others()
            .flat_map(|session| {
                session.streams.keys().map(|stream| Stream {
                    stream: stream.clone(),
                    user: session.user.clone(),
                })
            })
            .collect();
        streams.sort();
        (users, streams)
    }

    /// The links of everybody in a room, or in any, besides `user`, and whether they go unnoticed.
    pub(super) fn links_in(&self, app: u32, room: Option<&str>, user: &str) -> Vec<(LinkId, bool)> {
        self.all()
            .filter(|session| session.app == app && session.user != user)
            .filter(|session| room.is_none() || session.room.as_deref() == room)
            .filter_map(|session| Some((session.link?, session.unnoticed)))
            .collect()
    }

    /// Is the user in the room, with any session?
    pub(super) fn is_in(&self, app: u32, room: &str, user: &str) -> bool {
        self.in_room(app, room).any(|session| session.user == user)
    }

    /// The same, with a session that others are told of.
    pub(super) fn is_seen_in(&self, app: u32, room: &str, user: &str) -> bool {
        self.in_room(app, room)
            .any(|session| session.user == user && !session.unnoticed)
    }

    fn in_room<'a>(&'a self, app: u32, room: &'a str) -> impl Iterator<Item = &'a Session> {
        self.all()
            .filter(move |session| session.app == app && session.room.as_deref() == Some(room))
    }
}
