//! One login, from its call to its end.
//!
//! - this file: what a session is, its timers, and what the server tells it
//! - `links`: the links it lives on, one after the other
//! - `requests`: what goes over an accepted link
//! - `tickets`: how long its ticket lasts
//! - `ends`: how it ends

mod ends;
mod links;
mod requests;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use super::timers::{Timer, Timers};
use super::{Setup, Shared, done, failed};
use crate::message::{FromClient, FromServer};
use crate::peer::{CallId, Callback, Happening, LinkId, Output};
use crate::rules::ReturningLoserTold;
use crate::time::Time;
use crate::wire::{Decoder, encode};
use crate::words::{ErrorWord, Event, Reason, State};

/// The way out: what a session says, and what it is made from.
pub(super) struct Speaker<'a> {
    pub(super) now: Time,
    pub(super) setup: &'a Setup,
    pub(super) shared: &'a mut Shared,
    pub(super) outputs: &'a mut Vec<Output>,
}

/// One login.
#[derive(Debug)]
pub(super) struct Session {
    user: String,
    ticket: String,
    room: Option<String>,
    state: State,
    /// The login call, until it is answered.
    login: Option<CallId>,
    /// The logout call, while it is under way.
    leaving: Option<CallId>,
    /// The server's name for the session, once it is accepted.
    name: Option<String>,
    link: Link,
    decoder: Decoder,
    /// Attempts in a row that failed.
    failures: u32,
    /// Requests that have no answer yet.
    requests: BTreeMap<u32, Request>,
    /// A renewal made without a link, and its ticket: the next resumption carries it, and until
    /// that is accepted the old ticket stays in force (Z-AMB-39).
    renewal: Option<(CallId, String)>,
    /// Was the app warned about this ticket?
    warned: bool,
    /// When the ticket runs out, as the server told it.
    ticket_ends: Option<Time>,
    members: BTreeSet<String>,
    timers: Timers,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    None,
    Opening(LinkId),
    /// Up; the server has not accepted the session on it yet.
    Asking(LinkId, u32),
    Accepted(LinkId),
}

#[derive(Debug, Clone)]
enum Request {
    Message(CallId),
    Renew(CallId, String),
    Logout,
}

impl Session {
    /// Starts a login.
    pub(super) fn begin(
        call: CallId,
        user: String,
        ticket: String,
        room: Option<String>,
        say: &mut Speaker<'_>,
    ) -> Session {
        let mut session = Session {
            user,
            ticket,
            room,
            state: State::LoggingIn,
            login: Some(call),
            leaving: None,
            name: None,
            link: Link::None,
            decoder: Decoder::default(),
            failures: 0,
            requests: BTreeMap::new(),
            renewal: None,
            warned: false,
            ticket_ends: None,
            members: BTreeSet::new(),
            timers: Timers::default(),
            over: false,
        };
        session.tell(Happening::new(Event::LoggingIn), say); // EXP-027
        if say.setup.rules.login.retried_for_window {
            session.open_window(say); // EXP-021
        } else {
            let until = say.now + say.setup.rules.login.timeout; // T-AMB-46
            session.timers.set(Timer::Login, until);
        }
        session.attempt(say);
        session
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn wakes_at(&self) -> Option<Time> {
        self.timers.next()
    }

    /// The link the session lives on, or tries to.
    pub(super) fn link(&self) -> Option<LinkId> {
        match self.link {
            Link::None => None,
            Link::Opening(link) | Link::Asking(link, _) | Link::Accepted(link) => Some(link),
        }
    }

    pub(super) fn wake(&mut self, say: &mut Speaker<'_>) {
        while !self.over
            && let Some(timer) = self.timers.take_due(say.now)
        {
            self.timer(timer, say);
        }
    }

    fn timer(&mut self, timer: Timer, say: &mut Speaker<'_>) {
        match timer {
            Timer::Window if self.state == State::LoggingIn => {
                self.login_failed(ErrorWord::WindowEnded, say); // Z-AMB-03
            }
            // EXP-023: terminal; no attempt follows.
            Timer::Window => self.end(
                Event::ReconnectFailed,
                Some(Reason::WindowEnded),
                Some(ErrorWord::WindowEnded),
                say,
            ),
            Timer::Login => self.login_failed(ErrorWord::TimedOut, say),
            Timer::Warning => self.warn(say),
            // ZIM-052, Z-AMB-37: the local timer counts, with or without a link.
            Timer::Expiry if self.renewing() => {
                // Whichever the server took first wins: its answer is waited for (Z-AMB-38).
                let until = say.now + say.setup.rules.link.answer_timeout;
                self.timers.set(Timer::Expiry, until);
            }
            Timer::Expiry => self.expired(say),
            Timer::Leave => self.left(say),
            Timer::Request(id) => {
                if let Some(Request::Message(call) | Request::Renew(call, _)) =
                    self.requests.remove(&id)
                {
                    say.outputs.push(failed(call, ErrorWord::TimedOut));
                }
            }
            Timer::Connect | Timer::Answer | Timer::Pong => self.link_lost_here(say),
            Timer::Retry => self.attempt(say),
            Timer::Beat => self.beat(say),
        }
    }

    // ---- what the server says ----------------------------------------------------------------

    pub(super) fn received(&mut self, bytes: &[u8], say: &mut Speaker<'_>) {
        let (messages, fault) = self.decoder.push::<FromServer>(bytes);
        let link = self.link();
        for message in messages {
            // A message may have ended the session, or its link.
            if self.over || self.link() != link {
                return;
            }
            self.message(message, say);
        }
        if let (Err(fault), Some(link)) = (fault, link)
            && !self.over
            && self.link() == Some(link)
        {
            say.outputs.push(Output::Breach {
                link,
                what: fault.to_string(),
            });
            self.link_lost_here(say);
        }
    }

    fn message(&mut self, message: FromServer, say: &mut Speaker<'_>) {
        match message {
            FromServer::Ok {
                id,
                session,
                ticket_left,
                members,
                ..
            } => match self.link {
                Link::Asking(link, asked) if asked == id => {
                    self.accepted(link, session, ticket_left, members, say);
                }
                _ => self.request_done(id, ticket_left, say),
            },
            FromServer::No { id, error } => match self.link {
                Link::Asking(_, asked) if asked == id => self.refused(error, say),
                _ => self.request_failed(id, error, say),
            },
            FromServer::Pong => self.timers.clear(Timer::Pong),
            FromServer::Kicked {
                session, reason, ..
            } if self.is_called(&session) => {
                // EXP-059, ZIM-042, TIM-023
                self.end_or_leave(Event::KickedOut, reason, None, say);
            }
            FromServer::Expired { session } if self.is_called(&session) => self.expired(say),
            // Another session's end is not ours (I4).
            FromServer::Kicked { .. } | FromServer::Expired { .. } => {}
            FromServer::PeerJoined { room, user } => self.peer_joined(room, user, say),
            FromServer::PeerLeft { room, user } => self.peer_left(room, user, say),
            FromServer::StreamAdded { .. }
            | FromServer::StreamRemoved { .. }
            | FromServer::ExtraInfo { .. } => {}
            FromServer::Deliver {
                from, room, text, ..
            } => {
                if self.state == State::Online && !self.is_leaving() {
                    let message = Happening {
                        room,
                        user: Some(from),
                        text: Some(text),
                        ..Happening::new(Event::Message)
                    };
                    say.tell(message);
                }
            }
        }
    }

    fn is_called(&self, session: &str) -> bool {
        self.name.as_deref() == Some(session)
    }

    fn accepted(
        &mut self,
        link: LinkId,
        session: Option<String>,
        ticket_left: Option<u64>,
        members: Vec<String>,
        say: &mut Speaker<'_>,
    ) {
        let Some(name) = session else {
            say.outputs.push(Output::Breach {
                link,
                what: "the answer to login or resume names no session".into(),
            });
            self.link_lost_here(say);
            return;
        };
        self.link = Link::Accepted(link);
        self.name = Some(name);
        self.failures = 0;
        for timer in [Timer::Answer, Timer::Window, Timer::Login, Timer::Retry] {
            self.timers.clear(timer);
        }
        let interval = say.setup.rules.heartbeat.interval;
        self.timers.set(Timer::Beat, say.now + interval);
        let first = self.state == State::LoggingIn;
        self.state = State::Online;
        let event = if first {
            Event::LoggedIn // EXP-028
        } else {
            Event::Reconnected // ZIM-034
        };
        self.tell(Happening::new(event), say);
        if let Some(call) = self.login.take() {
            say.outputs.push(done(call));
        }
        if let Some((call, ticket)) = self.renewal.take() {
            self.ticket = ticket;
            self.warned = false;
            say.outputs.push(done(call));
        }
        self.ticket_lasts(ticket_left, say);
        if let Some(room) = self.room.clone() {
            self.members_are(room, members, say);
        }
    }

    fn refused(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        if self.state == State::LoggingIn {
            self.login_failed(error, say); // EXP-029
            return;
        }
        if let Some((call, _)) = self.renewal.take() {
            // The old ticket may still do.
            say.outputs.push(failed(call, error));
            self.link_lost_here(say);
            return;
        }
        match error {
            // A newer login is elsewhere: never fight it (Z-AMB-10, Z-AMB-40, T-AMB-09).
            ErrorWord::Displaced => {
                let (event, error) = match say.setup.rules.devices.returning_loser_told {
                    ReturningLoserTold::KickedOut => (Event::KickedOut, None),
                    ReturningLoserTold::ReconnectFailed => (Event::ReconnectFailed, Some(error)),
                };
                self.end(event, Some(Reason::NewerLogin), error, say);
            }
            ErrorWord::TokenExpired => self.expired(say), // T-AMB-13
            error => self.end(
                Event::ReconnectFailed,
                Some(Reason::Refused),
                Some(error),
                say,
            ),
        }
    }

    // ---- members -----------------------------------------------------------------------------

    /// The room's members as the server knows them; what changed since is told.
    fn members_are(&mut self, room: String, members: Vec<String>, say: &mut Speaker<'_>) {
        let members: BTreeSet<String> = members.into_iter().collect();
        for gone in self.members.difference(&members) {
            say.tell(about_peer(Event::PeerLeft, &room, gone));
        }
        for new in members.difference(&self.members) {
            say.tell(about_peer(Event::PeerJoined, &room, new));
        }
        self.members = members;
    }

    fn peer_joined(&mut self, room: String, user: String, say: &mut Speaker<'_>) {
        // Room notices stay inside their room (EXP-033).
        if self.room.as_ref() == Some(&room) && self.members.insert(user.clone()) {
            say.tell(about_peer(Event::PeerJoined, &room, &user));
        }
    }

    fn peer_left(&mut self, room: String, user: String, say: &mut Speaker<'_>) {
        if self.room.as_ref() == Some(&room) && self.members.remove(&user) {
            say.tell(about_peer(Event::PeerLeft, &room, &user));
        }
    }

    /// Tells the app about this session: every such event carries its user and room.
    fn tell(&self, happening: Happening, say: &mut Speaker<'_>) {
        say.tell(Happening {
            user: Some(self.user.clone()),
            room: self.room.clone(),
            ..happening
        });
    }
}

impl Speaker<'_> {
    fn tell(&mut self, happening: Happening) {
        self.outputs.push(Output::Callback {
            listener: None,
            callback: Callback::Neutral(happening),
        });
    }

    fn send(&mut self, link: LinkId, message: &FromClient) {
        let bytes = encode(message);
        self.outputs.push(Output::Send { link, bytes });
    }

    fn request(&mut self) -> u32 {
        self.shared.requests += 1;
        self.shared.requests
    }
}

fn about_peer(event: Event, room: &str, user: &str) -> Happening {
    Happening {
        room: Some(room.to_owned()),
        user: Some(user.to_owned()),
        ..Happening::new(event)
    }
}
