//! The reference server.
//!
//! - [`Server`]: links and messages
//! - `sessions`: who is online, and who has to go

mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use self::sessions::{Session, Sessions};
use crate::message::{FromClient, FromServer, Hello};
use crate::peer::{Input, LinkId, MessageKind, Order, Output, Peer, SessionAbout, SessionEvent};
use crate::rules::{Noticed, OnExpiry, OnLinkClose, Returning, Rules};
use crate::ticket::{self, APP_ID, Fault};
use crate::time::{Millis, Now, Time};
use crate::wire::{Decoder, encode};
use crate::words::{EndCause, ErrorWord, Reason};

/// How long an accepted link may take before it logs in. A peer that never does would otherwise
/// hold it for ever.
const FIRST_MESSAGE_WITHIN: Millis = Millis::seconds(30);

/// The most links at once; a further one is closed.
const MOST_LINKS: usize = 100_000;

/// The reference server.
#[derive(Debug)]
pub struct Server {
    rules: Rules,
    links: BTreeMap<LinkId, Link>,
    sessions: Sessions,
    accounts: BTreeSet<String>,
    /// Not later than the first thing that falls due. Signs of life only move things away from
    /// it, so it is computed anew when it is reached and not with every message.
    deadline: Option<Time>,
    /// The wake that was last asked for.
    asked_for: Option<Time>,
}

#[derive(Debug)]
struct Link {
    decoder: Decoder,
    opened: Time,
    /// The session that lives on it, by its order.
    session: Option<u64>,
}

impl Server {
    /// A fresh process: no sessions, no accounts.
    pub fn new(rules: Rules) -> Server {
        Server {
            rules,
            links: BTreeMap::new(),
            sessions: Sessions::default(),
            accounts: BTreeSet::new(),
            deadline: None,
            asked_for: None,
        }
    }
}

impl Peer for Server {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        let mut turn = Turn {
            now,
            server: self,
            outputs,
        };
        match input {
            Input::LinkOpened { link, .. } => turn.link_opened(link),
            Input::LinkReceived { link, bytes } => turn.received(link, &bytes),
            Input::LinkClosed { link, .. } | Input::LinkRefused { link } => turn.link_closed(link),
            Input::Order(Order::Kick { user, .. }) => turn.kick(&user),
            Input::Order(Order::Set(console)) => console.apply(&mut turn.server.rules),
            Input::Wake => {
                turn.server.asked_for = None;
                turn.wake();
                self.deadline = self.first_deadline();
            }
            Input::Order(_) | Input::Call { .. } | Input::Reachable(_) | Input::Lifecycle(_) => {}
        }
        if self.deadline != self.asked_for {
            self.asked_for = self.deadline;
            outputs.push(Output::WakeAt(self.deadline));
        }
    }
}

impl Server {
    fn first_deadline(&self) -> Option<Time> {
        let sessions = self.sessions.all().map(|session| self.due(session));
        let mute = self
            .links
            .values()
            .filter(|link| link.session.is_none())
            .map(|link| link.opened + FIRST_MESSAGE_WITHIN);
        sessions.chain(mute).min()
    }

    /// When a session ends if nothing is heard of it.
    fn due(&self, session: &Session) -> Time {
        let silent = session.heard + self.rules.heartbeat.server_limit;
        if self.expires_by_timer() {
            silent.min(session.ticket_ends + Millis(1))
        } else {
            silent
        }
    }

    fn wake_by(&mut self, at: Time) {
        self.deadline = Some(self.deadline.map_or(at, |earlier| earlier.min(at)));
    }

    fn expires_by_timer(&self) -> bool {
        self.rules.token.noticed == Noticed::Timer && self.expiry_ends_sessions()
    }

    fn expiry_ends_sessions(&self) -> bool {
        self.rules.token.on_expiry != OnExpiry::Stay
    }
}

/// One input being handled.
struct Turn<'a> {
    now: Now,
    server: &'a mut Server,
    outputs: &'a mut Vec<Output>,
}

impl Turn<'_> {
    // ---- links -------------------------------------------------------------------------------

    fn link_opened(&mut self, link: LinkId) {
        if self.server.links.len() >= MOST_LINKS {
            self.outputs.push(Output::Close { link });
            return;
        }
        let fresh = Link {
            decoder: Decoder::default(),
            opened: self.now.at,
            session: None,
        };
        self.server.links.insert(link, fresh);
        self.server.wake_by(self.now.at + FIRST_MESSAGE_WITHIN);
    }

    fn link_closed(&mut self, link: LinkId) {
        let Some(gone) = self.server.links.remove(&link) else {
            return;
        };
        if let Err(fault) = gone.decoder.finish() {
            self.breach(link, fault.to_string());
        }
        // The end of an old link never touches a session that has moved on (I4).
        let Some(order) = gone.session else { return };
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        if session.link == Some(link) {
            session.link = None;
            if self.server.rules.heartbeat.on_link_close == OnLinkClose::End {
                self.end(order, EndCause::LinkClosed);
            }
        }
    }

    fn close(&mut self, link: LinkId) {
        if self.server.links.remove(&link).is_some() {
            self.outputs.push(Output::Close { link });
        }
    }

    fn breach(&mut self, link: LinkId, what: String) {
        self.outputs.push(Output::Breach { link, what });
    }

    /// The link is of no more use; a session on it is treated as if the link had broken.
    fn give_up(&mut self, link: LinkId, what: String) {
        self.breach(link, what);
        if let Some(state) = self.server.links.get_mut(&link) {
            state.decoder = Decoder::default();
        }
        self.link_closed(link);
        self.outputs.push(Output::Close { link });
    }

    fn received(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(state) = self.server.links.get_mut(&link) else {
            return;
        };
        let (messages, fault) = state.decoder.push::<FromClient>(bytes);
        for message in messages {
            if !self.server.links.contains_key(&link) {
                return;
            }
            self.message(link, message);
        }
        if let Err(fault) = fault
            && self.server.links.contains_key(&link)
        {
            self.give_up(link, fault.to_string());
        }
    }

    fn send(&mut self, link: LinkId, message: &FromServer) {
        let bytes = encode(message);
        self.outputs.push(Output::Send { link, bytes });
    }

    // ---- messages ----------------------------------------------------------------------------

    fn message(&mut self, link: LinkId, message: FromClient) {
        let order = self.server.links.get(&link).and_then(|link| link.session);
        let live = order.filter(|order| self.server.sessions.get(*order).is_some());
        let (live, message) = match (live, message) {
            (None, FromClient::Login(hello)) => return self.login(link, hello),
            (None, FromClient::Resume { session, hello }) => {
                return self.resume(link, &session, hello);
            }
            // A logout that follows a refused login, or crosses a kick, has nothing to end.
            (None, FromClient::Logout { id }) => {
                let error = ErrorWord::NotLoggedIn;
                return self.send(link, &FromServer::No { id, error });
            }
            (None, _) => return self.give_up(link, "a request came before a login".into()),
            (Some(_), FromClient::Login(_) | FromClient::Resume { .. }) => {
                return self.give_up(link, "a second login came over one link".into());
            }
            (Some(live), message) => (live, message),
        };
        if let Some(session) = self.server.sessions.get_mut(live) {
            session.heard = self.now.at;
        }
        if self.found_expired(live) && !matches!(message, FromClient::Renew { .. }) {
            self.expire(live);
            return;
        }
        match message {
            FromClient::Ping => self.send(link, &FromServer::Pong),
            FromClient::Logout { id } => {
                self.acknowledge(link, id);
                self.end(live, EndCause::Logout); // EXP-043, TIM-067
                self.close(link);
            }
            FromClient::Renew { id, ticket } => self.renew(link, live, id, &ticket),
            FromClient::Message {
                id,
                user,
                room,
                text,
                ..
            } => self.deliver(link, live, id, user, room, text),
            _ => {}
        }
    }

    fn acknowledge(&mut self, link: LinkId, id: u32) {
        let ok = FromServer::Ok {
            id,
            session: None,
            ticket_left: None,
            members: Vec::new(),
            streams: Vec::new(),
            name: None,
        };
        self.send(link, &ok);
    }

    /// Does the service notice with this message that the ticket has run out (T-AMB-04)?
    fn found_expired(&self, order: u64) -> bool {
        self.server.rules.token.noticed == Noticed::Heartbeat
            && self.server.expiry_ends_sessions()
            && self
                .server
                .sessions
                .get(order)
                .is_some_and(|session| self.now.at > session.ticket_ends)
    }

    fn login(&mut self, link: LinkId, hello: Hello) {
        let id = hello.id;
        match self.check(&hello) {
            Err(error) => self.refuse(link, id, error),
            Ok(ticket_ends) => {
                let order = self.server.sessions.next_order(self.now.at);
                self.open(link, hello, order, ticket_ends);
            }
        }
    }

    fn resume(&mut self, link: LinkId, name: &str, hello: Hello) {
        let id = hello.id;
        let order = sessions::order_of(name);
        let kept = order
            .and_then(|order| Some((order, self.server.sessions.get(order)?)))
            .filter(|(_, session)| session.user == hello.user && session.device == hello.device)
            .map(|(order, session)| (order, session.link));
        let checked = self.check(&hello);
        if let Some((order, old_link)) = kept {
            let ends = match checked {
                Ok(ends) => ends,
                // An established session may outlive its ticket where the service says so.
                Err(ErrorWord::TokenExpired) if !self.server.expiry_ends_sessions() => self.now.at,
                Err(error) => {
                    if error == ErrorWord::TokenExpired {
                        self.end(order, EndCause::TokenExpired);
                    }
                    return self.refuse(link, id, error);
                }
            };
            if let Some(old_link) = old_link {
                self.close(old_link);
            }
            return self.rebind(link, id, order, ends);
        }
        let ticket_ends = match checked {
            Ok(ends) => ends,
            Err(error) => return self.refuse(link, id, error),
        };
        // A name that is not ours stands behind every session there is.
        let newest = self.server.sessions.last_order().max(self.now.at.0);
        let order = order.filter(|order| *order <= newest);
        let newer = order.is_some_and(|order| self.server.sessions.was_displaced(order))
            || self
                .rivals(&hello)
                .into_iter()
                .any(|(rival, device)| Some(rival) > order && device != hello.device);
        match (newer, self.server.rules.devices.returning) {
            // Z-AMB-10, Z-AMB-40, T-AMB-09: the newer login is untouched.
            (true, Returning::Loses) => {
                self.refuse(link, id, ErrorWord::Displaced);
            }
            (true, Returning::Wins) => {
                let order = self.server.sessions.next_order(self.now.at);
                self.open(link, hello, order, ticket_ends);
            }
            // Forgotten, by silence or a restart, but nobody took its place: it keeps its order.
            (false, _) => {
                let order = order.unwrap_or_else(|| self.server.sessions.next_order(self.now.at));
                self.open(link, hello, order, ticket_ends);
            }
        }
    }

    /// Says no to a login or resume; the link has served its purpose.
    fn refuse(&mut self, link: LinkId, id: u32, error: ErrorWord) {
        self.send(link, &FromServer::No { id, error });
        self.close(link);
    }

    /// When the ticket ends, if it admits this user.
    fn check(&self, hello: &Hello) -> Result<Time, ErrorWord> {
        let identifiers = &self.server.rules.identifiers;
        // TIM-013, TIM-014; EXP-052, EXP-055
        let user = identifiers.refuse_user(&hello.user);
        let room = hello
            .room
            .as_ref()
            .and_then(|room| identifiers.refuse_room(room));
        if let Some(error) = user.or(room) {
            return Err(error);
        }
        self.verify(&hello.ticket, &hello.user)
    }

    /// EXP-010, ZIM-009, TIM-015: the ticket must be whole, of this app, of this user, unexpired.
    fn verify(&self, text: &str, user: &str) -> Result<Time, ErrorWord> {
        let claims = ticket::verify(self.now.wall, text).map_err(|fault| match fault {
            Fault::Empty => ErrorWord::TokenMissing,
            Fault::Expired => ErrorWord::TokenExpired,
            Fault::Malformed | Fault::WrongKey => ErrorWord::TokenInvalid,
            Fault::WrongUser => ErrorWord::TokenWrongUser,
            Fault::WrongApp => ErrorWord::TokenWrongApp,
        })?;
        if claims.app != APP_ID {
            return Err(ErrorWord::TokenWrongApp);
        }
        if claims.user != user {
            return Err(ErrorWord::TokenWrongUser);
        }
        Ok(self.now.at + Millis(claims.ends.saturating_sub(self.now.wall)))
    }

    /// The sessions of the same user that cannot stay beside this one, with their devices.
    fn rivals(&self, hello: &Hello) -> Vec<(u64, String)> {
        let devices = &self.server.rules.devices;
        self.server
            .sessions
            .all()
            .filter(|other| other.user == hello.user)
            .filter(|other| {
                other.device == hello.device
                    || other.platform == hello.platform
                    || !devices.admits_both(other.platform, hello.platform)
            })
            .map(|other| (other.order, other.device.clone()))
            .collect()
    }

    /// Opens a session; whoever cannot stay beside it goes first (T-AMB-19).
    fn open(&mut self, link: LinkId, hello: Hello, order: u64, ticket_ends: Time) {
        for (rival, device) in self.rivals(&hello) {
            // EXP-059…061, ZIM-040, TIM-053: the newer login stays. The device's own ghost is
            // replaced without a kick: nobody listens there.
            let told = (device != hello.device).then_some(Reason::NewerLogin);
            self.end_and_tell(rival, EndCause::NewerLogin, told);
        }
        if self.server.accounts.insert(hello.user.clone()) {
            // TIM-010
            self.outputs
                .push(Output::Session(SessionEvent::AccountCreated {
                    user: hello.user.clone(),
                }));
        }
        let session = Session {
            order,
            user: hello.user,
            device: hello.device,
            platform: hello.platform,
            room: hello.room,
            link: None,
            heard: self.now.at,
            ticket_ends,
        };
        let event = SessionEvent::Opened(session.about());
        self.outputs.push(Output::Session(event));
        if let Some(room) = session.room.clone()
            && !self.server.sessions.is_in(&room, &session.user)
        {
            let user = session.user.clone();
            let joined = FromServer::PeerJoined {
                room: room.clone(),
                user: user.clone(),
            };
            self.tell_room(&room, &user, &joined);
        }
        self.server.sessions.insert(session);
        self.attach(link, hello.id, order);
    }

    fn rebind(&mut self, link: LinkId, id: u32, order: u64, ticket_ends: Time) {
        if let Some(session) = self.server.sessions.get_mut(order) {
            session.heard = self.now.at;
            session.ticket_ends = ticket_ends;
            let event = SessionEvent::Resumed(session.about());
            self.outputs.push(Output::Session(event));
            self.attach(link, id, order);
        }
    }

    fn attach(&mut self, link: LinkId, id: u32, order: u64) {
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        session.link = Some(link);
        let user = session.user.clone();
        let room = session.room.clone();
        let left = session.ticket_ends.since(self.now.at);
        if let Some(state) = self.server.links.get_mut(&link) {
            state.session = Some(order);
        }
        let members = room
            .map(|room| self.server.sessions.others_in(&room, &user))
            .unwrap_or_default();
        self.watch(order);
        let ok = FromServer::Ok {
            id,
            session: Some(sessions::name_of(order)),
            ticket_left: Some(left.0),
            members,
            streams: Vec::new(),
            name: None,
        };
        self.send(link, &ok);
    }

    /// Makes sure the session's end is not slept through.
    fn watch(&mut self, order: u64) {
        if let Some(due) = self.server.sessions.get(order).map(|s| self.server.due(s)) {
            self.server.wake_by(due);
        }
    }

    fn renew(&mut self, link: LinkId, order: u64, id: u32, text: &str) {
        let Some(user) = self.server.sessions.get(order).map(|s| s.user.clone()) else {
            return;
        };
        match self.verify(text, &user) {
            // Z-AMB-39: the old ticket stays in force.
            Err(error) => self.send(link, &FromServer::No { id, error }),
            Ok(ends) => {
                if let Some(session) = self.server.sessions.get_mut(order) {
                    session.ticket_ends = ends;
                }
                self.watch(order);
                let ok = FromServer::Ok {
                    id,
                    session: None,
                    ticket_left: Some(ends.since(self.now.at).0),
                    members: Vec::new(),
                    streams: Vec::new(),
                    name: None,
                };
                self.send(link, &ok);
            }
        }
    }

    fn deliver(
        &mut self,
        link: LinkId,
        order: u64,
        id: u32,
        user: Option<String>,
        room: Option<String>,
        text: String,
    ) {
        let Some(from) = self.server.sessions.get(order).map(Session::about) else {
            return;
        };
        if user.is_some() == room.is_some() {
            let what = "a message is for one user or one room";
            return self.give_up(link, what.into());
        }
        if room.is_some() && room != from.room {
            let error = ErrorWord::NotMember;
            return self.send(link, &FromServer::No { id, error });
        }
        self.acknowledge(link, id);
        let to: Vec<LinkId> = self
            .server
            .sessions
            .all()
            .filter(|session| session.order != order)
            .filter(|session| match (&user, &room) {
                (Some(user), _) => session.user == *user,
                (None, Some(room)) => session.room.as_ref() == Some(room), // EXP-038, EXP-065
                (None, None) => false,
            })
            .filter_map(|session| session.link)
            .collect();
        let message = FromServer::Deliver {
            kind: MessageKind::Message,
            from: from.user,
            room,
            text,
        };
        for link in to {
            self.send(link, &message);
        }
    }

    // ---- ends --------------------------------------------------------------------------------

    fn kick(&mut self, user: &str) {
        for order in self.server.sessions.of(user) {
            self.end_and_tell(order, EndCause::Server, Some(Reason::Server));
        }
    }

    fn expire(&mut self, order: u64) {
        let told = match self.server.rules.token.on_expiry {
            OnExpiry::Stay => return,
            OnExpiry::Kick => Some(Reason::TokenExpired),
            OnExpiry::Disconnect => None,
        };
        if told.is_none()
            && let Some(link) = self.server.sessions.get(order).and_then(|s| s.link)
        {
            let session = sessions::name_of(order);
            self.send(link, &FromServer::Expired { session });
        }
        self.end_and_tell(order, EndCause::TokenExpired, told);
    }

    /// Ends a session, tells its device where it can, and closes its link.
    fn end_and_tell(&mut self, order: u64, cause: EndCause, told: Option<Reason>) {
        let link = self.server.sessions.get(order).and_then(|s| s.link);
        if let (Some(link), Some(reason)) = (link, told) {
            // The kick names its session, so it can never hit another (I4).
            let session = sessions::name_of(order);
            self.send(
                link,
                &FromServer::Kicked {
                    session,
                    reason,
                    by: None,
                },
            );
        }
        self.end(order, cause);
        if let Some(link) = link {
            self.close(link);
        }
    }

    fn end(&mut self, order: u64, cause: EndCause) {
        let Some(session) = self.server.sessions.remove(order, cause) else {
            return;
        };
        let about: SessionAbout = session.about();
        if let Some(room) = session.room.clone()
            && !self.server.sessions.is_in(&room, &session.user)
        {
            let user = session.user.clone();
            self.tell_room(
                &room,
                &user,
                &FromServer::PeerLeft {
                    room: room.clone(),
                    user: user.clone(),
                },
            );
        }
        let event = SessionEvent::Ended { about, cause };
        self.outputs.push(Output::Session(event));
    }

    /// EXP-032, EXP-033: everybody else in this room, and nobody elsewhere.
    fn tell_room(&mut self, room: &str, about: &str, message: &FromServer) {
        for link in self.server.sessions.links_in(room, about) {
            self.send(link, message);
        }
    }

    fn wake(&mut self) {
        let now = self.now.at;
        let limit = self.server.rules.heartbeat.server_limit;
        let by_timer = self.server.expires_by_timer();
        let due: Vec<(u64, bool)> = self
            .server
            .sessions
            .all()
            .filter_map(|session| {
                let expired = by_timer && now > session.ticket_ends;
                let silent = now >= session.heard + limit;
                (expired || silent).then_some((session.order, expired))
            })
            .collect();
        for (order, expired) in due {
            if expired {
                self.expire(order);
            } else {
                self.end_and_tell(order, EndCause::Silent, None); // EXP-025
            }
        }
        let mute: Vec<LinkId> = self
            .server
            .links
            .iter()
            .filter(|(_, link)| link.session.is_none() && link.opened + FIRST_MESSAGE_WITHIN <= now)
            .map(|(link, _)| *link)
            .collect();
        for link in mute {
            self.give_up(link, "no login came over this link".into());
        }
    }
}
