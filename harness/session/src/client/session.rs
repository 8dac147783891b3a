//! One login, from its call to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::timers::{Timer, Timers};
use super::{Setup, Shared, done, failed, happening};
use crate::message::{FromClient, FromServer, Hello};
use crate::peer::{CallId, Callback, Happening, LinkId, Output, Recipient};
use crate::rules::{Noticed, OnExpiry, ReturningLoserTold, WarningLead, Window};
use crate::time::{Millis, Time};
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

    // ---- links -------------------------------------------------------------------------------

    fn attempt(&mut self, say: &mut Speaker<'_>) {
        say.shared.links += 1;
        let link = LinkId(say.shared.links);
        self.link = Link::Opening(link);
        self.decoder = Decoder::default();
        self.timers.set(
            Timer::Connect,
            say.now + say.setup.rules.link.connect_timeout,
        );
        say.outputs.push(Output::Connect { link });
    }

    pub(super) fn link_opened(&mut self, say: &mut Speaker<'_>) {
        let Link::Opening(link) = self.link else {
            return;
        };
        let id = say.request();
        let hello = Hello {
            id,
            user: self.user.clone(),
            ticket: match &self.renewal {
                Some((_, ticket)) => ticket.clone(),
                None => self.ticket.clone(),
            },
            device: say.setup.device.clone(),
            platform: say.setup.platform,
            room: self.room.clone(),
        };
        let message = match &self.name {
            None => FromClient::Login(hello),
            Some(session) => FromClient::Resume {
                session: session.clone(),
                hello,
            },
        };
        self.link = Link::Asking(link, id);
        self.timers.clear(Timer::Connect);
        self.timers
            .set(Timer::Answer, say.now + say.setup.rules.link.answer_timeout);
        say.send(link, &message);
    }

    /// The link broke by itself.
    pub(super) fn link_lost(&mut self, say: &mut Speaker<'_>) {
        self.link = Link::None;
        self.without_link(say);
    }

    /// The client gives the link up.
    fn link_lost_here(&mut self, say: &mut Speaker<'_>) {
        self.close(say);
        self.without_link(say);
    }

    fn close(&mut self, say: &mut Speaker<'_>) {
        if let Some(link) = self.link() {
            say.outputs.push(Output::Close { link });
        }
        self.link = Link::None;
    }

    fn without_link(&mut self, say: &mut Speaker<'_>) {
        for timer in [Timer::Connect, Timer::Answer, Timer::Pong, Timer::Beat] {
            self.timers.clear(timer);
        }
        if self.is_leaving() {
            self.left(say); // T-AMB-24: locally the logout holds in any case.
            return;
        }
        self.fail_requests(ErrorWord::ConnectionLost, say);
        if self.state == State::Online {
            // EXP-034, ZIM-030, TIM-026
            self.state = State::Reconnecting;
            self.tell(
                happening(
                    Event::Reconnecting,
                    Some(Reason::LinkLost),
                    Some(ErrorWord::ConnectionLost),
                ),
                say,
            );
            self.open_window(say);
        }
        let pause = self.pause(say);
        self.timers.set(Timer::Retry, say.now + pause);
        self.failures += 1;
    }

    /// The window starts now: with the login call, or with the reconnecting event (Z-AMB-02).
    fn open_window(&mut self, say: &mut Speaker<'_>) {
        if let Window::Bounded(window) = say.setup.rules.reconnect.window {
            self.timers.set(Timer::Window, say.now + window);
        }
    }

    /// The pause before the next attempt: doubling, bounded, and partly random so that clients
    /// that lost the same server do not return in step.
    fn pause(&self, say: &mut Speaker<'_>) -> Millis {
        let rules = &say.setup.rules.reconnect;
        let doubled = rules
            .first_delay
            .0
            .saturating_mul(1 << self.failures.min(20));
        let pause = doubled.min(rules.longest_delay.0);
        let random = pause * rules.jitter_percent / 100;
        Millis(pause - say.shared.random.up_to(random))
    }

    pub(super) fn reachable(&mut self, up: bool, say: &mut Speaker<'_>) {
        match (up, self.link) {
            (false, Link::Accepted(_)) => self.link_lost_here(say),
            // A network that has come back is used at once, whatever the pause.
            (true, Link::None | Link::Opening(_)) => {
                self.close(say);
                self.failures = 0;
                self.timers.clear(Timer::Retry);
                self.attempt(say);
            }
            _ => {}
        }
    }

    fn beat(&mut self, say: &mut Speaker<'_>) {
        let Link::Accepted(link) = self.link else {
            return;
        };
        let rules = &say.setup.rules.heartbeat;
        self.timers.set(Timer::Beat, say.now + rules.interval);
        self.timers.set(Timer::Pong, say.now + rules.answer_within);
        say.send(link, &FromClient::Ping);
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
            FromServer::Kicked { session, reason } if self.is_called(&session) => {
                // EXP-059, ZIM-042, TIM-023
                self.end_or_leave(Event::KickedOut, reason, None, say);
            }
            FromServer::Expired { session } if self.is_called(&session) => self.expired(say),
            // Another session's end is not ours (I4).
            FromServer::Kicked { .. } | FromServer::Expired { .. } => {}
            FromServer::PeerJoined { room, user } => self.peer_joined(room, user, say),
            FromServer::PeerLeft { room, user } => self.peer_left(room, user, say),
            FromServer::Deliver { from, room, text } => {
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

    // ---- tickets -----------------------------------------------------------------------------

    /// The server's clock decides; this device's own is never asked (Z-AMB-52).
    fn ticket_lasts(&mut self, left: Option<u64>, say: &mut Speaker<'_>) {
        self.timers.clear(Timer::Warning);
        self.timers.clear(Timer::Expiry);
        let Some(left) = left else {
            self.ticket_ends = None;
            return;
        };
        let ends = say.now + Millis(left);
        self.ticket_ends = Some(ends);
        let rules = &say.setup.rules.token;
        if let WarningLead::Before(lead) = rules.warning_lead
            && !self.warned
        {
            // ZIM-048; with less than the lead left, at once (Z-AMB-27).
            self.timers.set(Timer::Warning, (ends - lead).max(say.now));
        }
        if rules.on_expiry == OnExpiry::Disconnect && rules.noticed == Noticed::Timer {
            // The end is inclusive: one millisecond later it is over.
            self.timers.set(Timer::Expiry, ends + Millis(1));
        }
        if self.timers.next().is_some_and(|at| at <= say.now) {
            self.wake(say);
        }
    }

    fn warn(&mut self, say: &mut Speaker<'_>) {
        self.warned = true;
        let left = self.ticket_ends.map(|ends| ends.since(say.now));
        let warning = Happening {
            room: self.room.clone(),
            seconds_left: left.map(|left| left.0 / 1_000),
            ..Happening::new(Event::TokenWillExpire)
        };
        say.tell(warning);
    }

    fn expired(&mut self, say: &mut Speaker<'_>) {
        let error = Some(ErrorWord::TokenExpired);
        let (event, error) = match say.setup.rules.token.on_expiry {
            OnExpiry::Disconnect => (Event::TokenExpired, error), // ZIM-053, TIM-021
            OnExpiry::Kick => (Event::KickedOut, None),           // Z-AMB-11
            OnExpiry::Stay => (Event::ReconnectFailed, error),
        };
        self.end_or_leave(event, Reason::TokenExpired, error, say);
    }

    pub(super) fn renew(&mut self, call: CallId, ticket: String, say: &mut Speaker<'_>) {
        match self.link {
            _ if self.state == State::LoggingIn || self.is_leaving() => {
                say.outputs.push(failed(call, ErrorWord::NotLoggedIn));
            }
            Link::Accepted(link) => {
                let id = say.request();
                let message = FromClient::Renew {
                    id,
                    ticket: ticket.clone(),
                };
                self.request(id, Request::Renew(call, ticket), say);
                say.send(link, &message);
            }
            // The next resumption carries it, and its answer is the result.
            _ => {
                if let Some((earlier, _)) = self.renewal.replace((call, ticket)) {
                    say.outputs.push(failed(earlier, ErrorWord::ConnectionLost));
                }
            }
        }
    }

    // ---- requests ----------------------------------------------------------------------------

    pub(super) fn send_message(
        &mut self,
        call: CallId,
        to: Recipient,
        text: String,
        say: &mut Speaker<'_>,
    ) {
        let link = match (self.state, self.link) {
            (State::LoggingIn, _) => {
                say.outputs.push(failed(call, ErrorWord::NotLoggedIn)); // TIM-008, ZIM-021
                return;
            }
            (_, Link::Accepted(link)) if !self.is_leaving() => link,
            _ => {
                say.outputs.push(failed(call, ErrorWord::ConnectionLost));
                return;
            }
        };
        let (user, room) = match to {
            Recipient::User(user) => (Some(user), None),
            Recipient::Room(room) => (None, Some(room)),
        };
        let id = say.request();
        let message = FromClient::Message {
            id,
            user,
            room,
            text,
        };
        self.request(id, Request::Message(call), say);
        say.send(link, &message);
    }

    fn request(&mut self, id: u32, request: Request, say: &Speaker<'_>) {
        self.requests.insert(id, request);
        let until = say.now + say.setup.rules.link.answer_timeout;
        self.timers.set(Timer::Request(id), until);
    }

    fn request_done(&mut self, id: u32, ticket_left: Option<u64>, say: &mut Speaker<'_>) {
        self.timers.clear(Timer::Request(id));
        match self.requests.remove(&id) {
            Some(Request::Message(call)) => say.outputs.push(done(call)),
            Some(Request::Renew(call, ticket)) => {
                self.ticket = ticket;
                self.warned = false;
                say.outputs.push(done(call));
                self.ticket_lasts(ticket_left, say); // ZIM-051
            }
            Some(Request::Logout) => self.left(say),
            None => {}
        }
    }

    fn request_failed(&mut self, id: u32, error: ErrorWord, say: &mut Speaker<'_>) {
        self.timers.clear(Timer::Request(id));
        match self.requests.remove(&id) {
            Some(Request::Message(call)) => say.outputs.push(failed(call, error)),
            Some(Request::Renew(call, _)) => {
                say.outputs.push(failed(call, error));
                // Z-AMB-39: the old ticket stays in force, as long as it lasts.
                if let Some(ends) = self.ticket_ends
                    && self.timers.is_set(Timer::Expiry)
                {
                    self.timers
                        .set(Timer::Expiry, (ends + Millis(1)).max(say.now));
                }
            }
            Some(Request::Logout) => self.left(say),
            None => {}
        }
    }

    /// Is a renewal on its way to the server?
    fn renewing(&self) -> bool {
        let mut requests = self.requests.values();
        requests.any(|request| matches!(request, Request::Renew(..)))
    }

    fn fail_requests(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        self.timers.clear_requests();
        for (_, request) in std::mem::take(&mut self.requests) {
            if let Request::Message(call) | Request::Renew(call, _) = request {
                say.outputs.push(failed(call, error));
            }
        }
    }

    // ---- ends --------------------------------------------------------------------------------

    pub(super) fn log_out(&mut self, call: CallId, say: &mut Speaker<'_>) {
        if self.is_leaving() {
            say.outputs.push(failed(call, ErrorWord::NotLoggedIn));
            return;
        }
        if let Some(login) = self.login.take() {
            // T-AMB-22: the login ends first, then the logout succeeds.
            say.outputs.push(failed(login, ErrorWord::LoginCancelled));
        }
        self.leaving = Some(call);
        match self.link {
            Link::Accepted(link) => {
                let id = say.request();
                let until = say.now + say.setup.rules.link.answer_timeout;
                self.timers.set(Timer::Leave, until);
                self.requests.insert(id, Request::Logout);
                say.send(link, &FromClient::Logout { id });
            }
            // Z-AMB-08: retries are cancelled, the app hears of it at once.
            _ => {
                self.say_goodbye(say);
                self.left(say);
            }
        }
    }

    /// A logout nobody waits for; it also ends a session the server is just about to accept.
    fn say_goodbye(&mut self, say: &mut Speaker<'_>) {
        if let Link::Accepted(link) | Link::Asking(link, _) = self.link {
            let id = say.request();
            say.send(link, &FromClient::Logout { id });
        }
    }

    /// Ends without a word to the app: another login, or the end of the client, takes its place.
    pub(super) fn give_way(&mut self, say: &mut Speaker<'_>) {
        if let Some(call) = self.login.take() {
            say.outputs.push(failed(call, ErrorWord::LoginCancelled));
        }
        if let Some(call) = self.leaving.take() {
            say.outputs.push(done(call));
        } else {
            // TIM-065, EXP-051: the server need not wait for its heartbeat limit.
            self.say_goodbye(say);
        }
        self.finish(say);
    }

    fn login_failed(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        self.close(say);
        self.tell(happening(Event::LoginFailed, None, Some(error)), say);
        if let Some(call) = self.login.take() {
            say.outputs.push(failed(call, error));
        }
        self.finish(say);
    }

    /// The session is over from elsewhere, unless the app's own logout was first (I11).
    fn end_or_leave(
        &mut self,
        event: Event,
        reason: Reason,
        error: Option<ErrorWord>,
        say: &mut Speaker<'_>,
    ) {
        if self.is_leaving() {
            self.left(say);
        } else {
            self.end(event, Some(reason), error, say);
        }
    }

    fn end(
        &mut self,
        event: Event,
        reason: Option<Reason>,
        error: Option<ErrorWord>,
        say: &mut Speaker<'_>,
    ) {
        self.tell(happening(event, reason, error), say);
        if let Some((call, _)) = self.renewal.take() {
            say.outputs
                .push(failed(call, error.unwrap_or(ErrorWord::NotLoggedIn)));
        }
        self.finish(say);
    }

    fn left(&mut self, say: &mut Speaker<'_>) {
        self.tell(happening(Event::LoggedOut, Some(Reason::Logout), None), say);
        if let Some(call) = self.leaving.take() {
            say.outputs.push(done(call)); // TIM-062
        }
        self.finish(say);
    }

    fn finish(&mut self, say: &mut Speaker<'_>) {
        self.close(say);
        self.fail_requests(ErrorWord::ConnectionLost, say);
        if let Some((call, _)) = self.renewal.take() {
            say.outputs.push(failed(call, ErrorWord::ConnectionLost));
        }
        self.state = State::LoggedOut;
        self.timers = Timers::default();
        self.over = true;
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
        self.outputs
            .push(Output::Callback(Callback::Neutral(happening)));
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
