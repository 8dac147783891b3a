//! What goes over a session's link.

use super::Turn;
use super::sessions::Session;
use crate::deviation::Deviation;
use crate::message::{FromClient, FromServer, Stream};
use crate::peer::{LinkId, MessageKind};
use crate::rules::Noticed;
use crate::words::{EndCause, ErrorWord};

/// The most streams of one session.
const MOST_STREAMS: usize = 64;

impl Turn<'_> {
    pub(super) fn message(&mut self, link: LinkId, message: FromClient) {
        let order = self.server.links.get(&link).and_then(|link| link.session);
        let live = order.filter(|order| self.server.sessions.get(*order).is_some());
        let (live, message) = match (live, message) {
            (None, FromClient::Login(hello)) => return self.login(link, hello),
            (None, FromClient::Resume { session, hello }) => {
                return self.resume(link, &session, hello);
            }
            // A logout that follows a refused login, or crosses a kick, has nothing to end.
            (None, FromClient::Logout { id }) => {
                return self.deny(link, id, ErrorWord::NotLoggedIn);
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
        self.request(link, live, message);
    }

    fn request(&mut self, link: LinkId, order: u64, message: FromClient) {
        match message {
            FromClient::Ping => self.send(link, &FromServer::Pong),
            FromClient::Logout { id } => {
                self.acknowledge(link, id);
                if self.deviates(Deviation::LogoutUnheard) {
                    return;
                }
                self.end(order, EndCause::Logout); // EXP-043, TIM-067
                self.close(link);
            }
            FromClient::Renew { id, ticket } => self.renew(link, order, id, &ticket),
            FromClient::Message {
                id,
                kind,
                user,
                room,
                text,
            } => {
                let message = Letter {
                    kind,
                    user,
                    room,
                    text,
                };
                self.deliver(link, order, id, message);
            }
            FromClient::Publish { id, stream, on } => self.publish(link, order, id, &stream, on),
            FromClient::Play { id, stream, on } => self.play(link, order, id, &stream, on),
            FromClient::ExtraInfo { id, stream, text } => {
                self.extra_info(link, order, id, &stream, text);
            }
            FromClient::Name { id, user } => self.name(link, order, id, &user),
            FromClient::Login(_) | FromClient::Resume { .. } => {}
        }
    }

    fn acknowledge(&mut self, link: LinkId, id: u32) {
        self.send(link, &FromServer::ok(id));
    }

    fn deny(&mut self, link: LinkId, id: u32, error: ErrorWord) {
        self.send(link, &FromServer::No { id, error });
    }

    /// Does the service notice with this message that the ticket has run out (T-AMB-04)?
    fn found_expired(&self, order: u64) -> bool {
        self.server.rules.token.noticed == Noticed::Heartbeat
            && self.server.expiry_ends_sessions()
            && self
                .server
                .sessions
                .get(order)
                .is_some_and(|session| session.has_run_out(self.now.at))
    }

    fn renew(&mut self, link: LinkId, order: u64, id: u32, text: &str) {
        let Some(session) = self.server.sessions.get(order) else {
            return;
        };
        let short = self.server.rules.token.short_at_renewal;
        let checked = self
            .verify(text, session.app, &session.user, session.room.as_deref())
            .and_then(|over| self.short(over, short).map(|()| over));
        match checked {
            // Z-AMB-39: the old ticket stays in force.
            Err(error) => self.deny(link, id, error),
            Ok(over) => {
                let forgets = self.deviates(Deviation::RenewalForgottenByTheServer);
                if let Some(session) = self.server.sessions.get_mut(order).filter(|_| !forgets) {
                    session.ticket_over = Some(over);
                }
                self.watch(order);
                let mut ok = FromServer::ok(id);
                if let FromServer::Ok { ticket_left, .. } = &mut ok {
                    *ticket_left = Some(over.since(self.now.at).0);
                }
                self.send(link, &ok);
            }
        }
    }

    fn deliver(&mut self, link: LinkId, order: u64, id: u32, letter: Letter) {
        let Some(from) = self.server.sessions.get(order) else {
            return;
        };
        if letter.user.is_none() && letter.room.is_none() {
            let what = "a message is for a user or a room";
            return self.give_up(link, what.into());
        }
        if letter.room.is_some() && letter.room != from.room {
            return self.deny(link, id, ErrorWord::NotMember);
        }
        let leaks = self.deviates(Deviation::leaking(letter.kind));
        let apps_meet = self.deviates(Deviation::AppsMeet);
        let mut to: Vec<LinkId> = self
            .server
            .sessions
            .all()
            .filter(|session| session.order != order && (session.app == from.app || apps_meet)) // EXP-014
            .filter(|session| letter.user.as_ref().is_none_or(|u| session.user == *u))
            .filter(|session| letter.room.is_none() || session.room == letter.room || leaks) // EXP-038, EXP-065
            .filter_map(|session| session.link)
            .collect();
        let message = FromServer::Deliver {
            kind: letter.kind,
            from: from.user.clone(),
            room: letter.room,
            text: letter.text,
        };
        if self.deviates(Deviation::MessageTwice) {
            to.extend(to.clone());
        }
        if self.deviates(Deviation::MessageLost) {
            to.truncate(1);
        }
        self.acknowledge(link, id);
        for link in to {
            self.send(link, &message);
        }
    }

    fn publish(&mut self, link: LinkId, order: u64, id: u32, stream: &str, on: bool) {
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        if session.room.is_none() || self.server.rules.deviates(Deviation::PublishingRefused) {
            return self.deny(link, id, ErrorWord::NotMember);
        }
        // A session may outlive its ticket; what it is for does not (SOURCES express 2.6).
        if on && session.has_run_out(self.now.at) {
            return self.deny(link, id, ErrorWord::TokenExpired);
        }
        if on && session.streams.len() >= MOST_STREAMS {
            return self.deny(link, id, ErrorWord::TooFrequent);
        }
        let changed = match on {
            true => session
                .streams
                .insert(stream.to_owned(), String::new())
                .is_none(),
            false => session.streams.remove(stream).is_some(),
        };
        let session = session.clone();
        self.acknowledge(link, id);
        if changed {
            self.tell_stream(&session, stream, on);
        }
    }

    /// EXP-015, EXP-016: of whatever room, but of the same app; nobody is told.
    fn play(&mut self, link: LinkId, order: u64, id: u32, stream: &str, on: bool) {
        let Some(app) = self.server.sessions.get(order).map(|session| session.app) else {
            return;
        };
        let near = self.deviates(Deviation::PlayingNeedsTheRoom);
        let room = self
            .server
            .sessions
            .get(order)
            .and_then(|own| own.room.clone());
        let known = self.server.sessions.all().any(|session| {
            let has = session.app == app && session.streams.contains_key(stream);
            has && (!near || session.room == room)
        });
        match known || !on {
            true => self.acknowledge(link, id),
            false => self.deny(link, id, ErrorWord::NoSuchStream),
        }
    }

    fn extra_info(&mut self, link: LinkId, order: u64, id: u32, stream: &str, text: String) {
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        let Some(info) = session.streams.get_mut(stream) else {
            return self.deny(link, id, ErrorWord::NoSuchStream);
        };
        info.clone_from(&text);
        let (app, user) = (session.app, session.user.clone());
        let room = session.room.clone().unwrap_or_default();
        let leaks = self.deviates(Deviation::ExtraInfoLeaks);
        self.acknowledge(link, id);
        let links = self
            .server
            .sessions
            .links_in(app, (!leaks).then_some(&room), &user); // EXP-037
        let notice = FromServer::ExtraInfo {
            room,
            stream: Stream {
                stream: stream.to_owned(),
                user,
            },
            text,
        };
        for (link, _) in links {
            self.send(link, &notice);
        }
    }

    fn name(&mut self, link: LinkId, order: u64, id: u32, user: &str) {
        let app = self.server.sessions.get(order).map(Session::app);
        let account = app.and_then(|app| self.server.accounts.get(app, user));
        let known = account.and_then(|account| account.name.clone());
        let mut ok = FromServer::ok(id);
        if let FromServer::Ok { name, .. } = &mut ok {
            *name = known;
        }
        self.send(link, &ok);
    }
}

/// A message on its way.
struct Letter {
    kind: MessageKind,
    user: Option<String>,
    room: Option<String>,
    text: String,
}
