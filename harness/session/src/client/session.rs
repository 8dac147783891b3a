//! One login, from its call to its end.
//!
//! - this file: what a session is, its timers, and what the server tells it
//! - `links`: the links it lives on, one after the other
//! - `requests`: what goes over an accepted link
//! - `tickets`: how long its ticket lasts
//! - `members`: what it knows of the others in its room
//! - `ends`: how it ends

mod ends;
mod links;
mod members;
mod requests;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use super::speaker::Speaker;
use super::timers::{Timer, Timers};
use super::{done, failed};
use crate::deviation::Deviation;
use crate::message::{FromServer, Stream};
use crate::peer::{CallId, Gateway, Happening, LinkId, LoginCall, MessageKind, Output};
use crate::rules::{MessagesMeanwhile, ReturningLoserTold, Wait};
use crate::time::{Millis, Time};
use crate::wire::Decoder;
use crate::words::{ErrorWord, Event, Reason, State};

/// One login.
#[derive(Debug)]
pub(super) struct Session {
    user: String,
    ticket: String,
    room: Option<String>,
    /// What the user is to be called, until the server knows it.
    new_name: Option<String>,
    unnoticed: bool,
    /// Did its client choose several rooms?
    several_rooms: bool,
    /// Did it succeed from what is stored, and is not online yet?
    offline: bool,
    /// The gateway of the next attempt.
    gateway: Gateway,
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
    /// Do calls have to wait although the login succeeded?
    not_ready: bool,
    /// Requests that have no answer yet.
    requests: BTreeMap<u32, Request>,
    /// A renewal made without a link, and its ticket: the next resumption carries it, and until
    /// that is accepted the old ticket stays in force (Z-AMB-39).
    renewal: Option<(CallId, String)>,
    /// The renewal that the last login or resumption carried.
    carried: Option<CallId>,
    /// The request that renewed the ticket last.
    renewed_by: u32,
    /// When the server was last heard.
    heard: Time,
    /// Was the app warned about this ticket?
    warned: bool,
    /// When the ticket is no longer good, as the server told it.
    ticket_ends: Option<Time>,
    members: BTreeSet<String>,
    /// The streams of others in the room.
    streams: BTreeSet<Stream>,
    /// Streams of its own, with their extra information.
    published: BTreeMap<String, String>,
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
    /// Whose success is all there is to say.
    Plain(CallId),
    /// A message to a user, to be kept when it is accepted.
    Letter(CallId, String, String),
    Name(CallId),
    Renew(CallId, String),
    Logout,
    /// Made by the client itself.
    Own,
}

impl Request {
    /// The call that waits for it, if one does.
    fn call(&self) -> Option<CallId> {
        match self {
            Request::Plain(call)
            | Request::Letter(call, ..)
            | Request::Name(call)
            | Request::Renew(call, _) => Some(*call),
            Request::Logout | Request::Own => None,
        }
    }
}

impl Session {
    /// Starts a login.
    pub(super) fn begin(
        call: CallId,
        login: LoginCall,
        several_rooms: bool,
        say: &mut Speaker<'_>,
    ) -> Session {
        let mut session = Session {
            user: login.user,
            ticket: login.ticket,
            room: login.room,
            new_name: login
                .name
                .filter(|name| !name.is_empty() || say.deviates(Deviation::EmptyNameErases)), // ZIM-006
            unnoticed: !login.notify,
            several_rooms,
            offline: login.offline,
            gateway: login.gateway,
            state: State::LoggingIn,
            login: Some(call),
            leaving: None,
            name: None,
            link: Link::None,
            decoder: Decoder::default(),
            failures: 0,
            not_ready: false,
            requests: BTreeMap::new(),
            renewal: None,
            carried: None,
            renewed_by: 0,
            heard: say.now,
            warned: false,
            ticket_ends: None,
            members: BTreeSet::new(),
            streams: BTreeSet::new(),
            published: BTreeMap::new(),
            timers: Timers::default(),
            over: false,
        };
        if !say.deviates(Deviation::StartUntold) {
            session.tell(Happening::new(Event::LoggingIn), say); // EXP-027, ZIM-058
        }
        if session.offline {
            session.succeed_offline(say);
        } else if say.setup.rules.login.retried_for_window {
            session.open_window(say); // EXP-021
        } else {
            let until = say.now + say.setup.rules.login.timeout; // T-AMB-46
            session.timers.set(Timer::Login, until);
        }
        if !session.offline || !say.deviates(Deviation::OfflineLoginStaysOffline) {
            session.attempt(say);
        }
        session
    }

    /// ZIM-012, ZIM-016: the call succeeds now; the link comes when there is one (ZIM-015).
    fn succeed_offline(&mut self, say: &mut Speaker<'_>) {
        if let Some(call) = self.login.take() {
            say.outputs.push(done(call));
        }
        // Z-AMB-37: without a server the ticket says itself how long it lasts.
        let end = say.setup.rules.token.end_counts;
        if let Some(over) = crate::ticket::claimed_over(&self.ticket, end) {
            self.ticket_lasts(Some(over.saturating_sub(say.wall)), say);
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn room(&self) -> Option<&str> {
        self.room.as_deref()
    }

    pub(super) fn publishes(&self, stream: &str) -> bool {
        self.published.contains_key(stream)
    }

    /// Has the login succeeded, online or offline?
    pub(super) fn is_logged_in(&self) -> bool {
        self.offline || self.name.is_some()
    }

    /// Does the server know of it?
    pub(super) fn is_accepted(&self) -> bool {
        self.name.is_some()
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
            Timer::Window => {
                say.shared.lost = Some(self.user.clone());
                let error = match say.deviates(Deviation::WindowEndToldAsRefusal) {
                    true => Some(ErrorWord::ConnectionLost),
                    false => Some(ErrorWord::WindowEnded),
                };
                self.end(
                    Event::ReconnectFailed,
                    Some(Reason::WindowEnded),
                    error,
                    say,
                );
            }
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
                let request = self.requests.remove(&id);
                if let Some(call) = request.and_then(|request| request.call()) {
                    say.outputs.push(failed(call, ErrorWord::TimedOut));
                }
            }
            Timer::Ready => {
                self.not_ready = false;
                self.tell(Happening::new(Event::Ready), say);
            }
            Timer::Connect | Timer::Answer | Timer::Pong => self.link_lost_here(say),
            Timer::Retry => self.attempt(say),
            Timer::Beat => self.beat(say),
        }
    }

    // ---- what the server says ----------------------------------------------------------------

    pub(super) fn received(&mut self, bytes: &[u8], say: &mut Speaker<'_>) {
        self.heard = say.now;
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
                streams,
                name,
            } => match self.link {
                Link::Asking(link, asked) if asked == id => {
                    self.accepted(link, session, ticket_left, say);
                    if !self.over && self.link == Link::Accepted(link) {
                        self.room_is(members, streams, say);
                    }
                }
                _ => self.request_done(id, ticket_left, name, say),
            },
            FromServer::No { id, error } => match self.link {
                Link::Asking(_, asked) if asked == id => self.refused(error, say),
                _ => self.request_failed(id, error, say),
            },
            FromServer::Pong => self.timers.clear(Timer::Pong),
            FromServer::Kicked {
                session,
                reason,
                by,
            } if self.is_called(&session) => {
                // EXP-059, ZIM-042, TIM-023
                let reason = match say.deviates(Deviation::KickToldAsServers) {
                    true => Reason::Server,
                    false => reason,
                };
                let kicked = Happening {
                    reason: Some(reason),
                    by,
                    ..Happening::new(Event::KickedOut)
                };
                self.end_or_leave(kicked, say);
            }
            FromServer::Expired { session } if self.is_called(&session) => self.expired(say),
            // Another session's end is not ours (I4).
            FromServer::Kicked { .. } | FromServer::Expired { .. } => {}
            FromServer::PeerJoined { room, user } => self.peer_joined(&room, user, say),
            FromServer::PeerLeft { room, user } => self.peer_left(&room, &user, say),
            FromServer::StreamAdded { room, stream } => self.stream_added(&room, stream, say),
            FromServer::StreamRemoved { room, stream } => self.stream_removed(&room, &stream, say),
            FromServer::ExtraInfo { room, stream, text } => {
                self.extra_info(&room, stream, text, say);
            }
            FromServer::Deliver {
                kind,
                from,
                room,
                text,
            } => self.delivered(kind, from, room, text, say),
        }
    }

    fn delivered(
        &mut self,
        kind: MessageKind,
        from: String,
        room: Option<String>,
        text: String,
        say: &mut Speaker<'_>,
    ) {
        // T-AMB-23
        let meanwhile = say.setup.rules.logout.messages_meanwhile;
        let too_late = self.is_leaving() && meanwhile == MessagesMeanwhile::Dropped;
        if self.state != State::Online || too_late {
            return;
        }
        if room.is_none() {
            self.keep(&from, &text, say);
        }
        let event = match kind {
            MessageKind::Message => Event::Message,
            MessageKind::Barrage => Event::Barrage,
            MessageKind::Command => Event::Command,
        };
        say.tell(Happening {
            room,
            user: Some(from),
            text: Some(text),
            ..Happening::new(event)
        });
    }

    /// Keeps a message of a conversation, where the vendor does.
    fn keep(&self, with: &str, text: &str, say: &mut Speaker<'_>) {
        if say.setup.rules.local.conversations != crate::rules::Conversations::Never {
            let stored = say.shared.local.keep(&self.user, with, text);
            say.outputs.push(stored);
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
        let is_new = self.name.as_ref() != Some(&name);
        self.name = Some(name);
        if !say.deviates(Deviation::FailuresNotForgotten) {
            self.failures = 0;
        }
        self.offline = false;
        self.new_name = None;
        for timer in [Timer::Answer, Timer::Login, Timer::Retry] {
            self.timers.clear(timer);
        }
        if !say.deviates(Deviation::WindowOutlivesSuccess) {
            self.timers.clear(Timer::Window);
        }
        let interval = say.setup.rules.heartbeat.interval;
        self.timers.set(Timer::Beat, say.now + interval);
        let first = self.state == State::LoggingIn;
        self.state = State::Online;
        let stored = say.shared.local.came_online(&self.user);
        say.outputs.extend(stored);
        let event = if first || say.deviates(Deviation::ReconnectedToldAsLogin) {
            Event::LoggedIn // EXP-028
        } else {
            Event::Reconnected // ZIM-034
        };
        let untold = match first {
            true => Deviation::SuccessUntold,
            false => Deviation::ReconnectedUntold,
        };
        if !say.deviates(untold) {
            self.tell(Happening::new(event), say);
        }
        self.not_ready |= first;
        match say.setup.rules.login.ready_after {
            Wait::None => self.not_ready = false,
            Wait::For(_) if !self.not_ready => {}
            Wait::For(pause) => self.timers.set(Timer::Ready, say.now + pause),
        }
        if let Some(call) = self.login.take() {
            if !say.deviates(Deviation::LoginNeverAnswered) {
                say.outputs.push(done(call));
            }
            if say.deviates(Deviation::LoginAnsweredTwice) {
                say.outputs.push(done(call));
            }
        }
        let carried = self.carried.take();
        let later = match self.renewal.take() {
            Some((call, ticket)) if carried == Some(call) => {
                self.ticket = ticket;
                self.warned = false;
                say.outputs.push(done(call));
                None
            }
            later => later,
        };
        self.ticket_lasts(ticket_left, say);
        if let Some((call, ticket)) = later {
            self.renew(call, ticket, say);
        }
        if is_new && !first {
            self.publish_again(link, say);
        }
    }

    fn refused(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        if self.state == State::LoggingIn {
            self.login_failed(error, say); // EXP-029
            return;
        }
        if let Some((call, _)) = self
            .renewal
            .take_if(|(call, _)| self.carried == Some(*call))
        {
            // The old ticket may still do.
            say.outputs.push(failed(call, error));
            self.link_lost_here(say);
            return;
        }
        match error {
            // A newer login is elsewhere: never fight it (Z-AMB-10, Z-AMB-40, T-AMB-09).
            ErrorWord::Displaced => self.turned_away(Reason::NewerLogin, error, say),
            ErrorWord::Banned => self.turned_away(Reason::Banned, error, say),
            ErrorWord::TokenRevoked => self.turned_away(Reason::Server, error, say),
            ErrorWord::TokenExpired => self.expired(say), // T-AMB-13
            error => self.end(
                Event::ReconnectFailed,
                Some(Reason::Refused),
                Some(error),
                say,
            ),
        }
    }

    /// While it was away the session was ended by somebody.
    fn turned_away(&mut self, reason: Reason, error: ErrorWord, say: &mut Speaker<'_>) {
        let (event, error) = match say.setup.rules.devices.returning_loser_told {
            ReturningLoserTold::KickedOut => (Event::KickedOut, None),
            ReturningLoserTold::ReconnectFailed => (Event::ReconnectFailed, Some(error)),
        };
        self.end(event, Some(reason), error, say);
    }

    /// The process stood still, and the window with it.
    pub(super) fn lengthen_window(&mut self, by: Millis) {
        self.timers.lengthen(Timer::Window, by);
    }

    /// Tells the app about this session: every such event carries its user and room.
    fn tell(&self, happening: Happening, say: &mut Speaker<'_>) {
        let former = say.shared.local.last_online();
        let user = match former.filter(|_| say.deviates(Deviation::NamesTheFormerUser)) {
            Some(former) => former.to_owned(),
            None => self.user.clone(),
        };
        say.tell(Happening {
            user: Some(user),
            room: self.room.clone(),
            ..happening
        });
    }
}
