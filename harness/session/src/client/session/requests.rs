//! Requests that go over an accepted link.

use super::super::timers::Timer;
use super::super::{done, failed};
use super::{Link, Request, Session, Speaker};
use crate::message::FromClient;
use crate::peer::{CallId, MessageKind, Recipient};
use crate::time::Millis;
use crate::words::{ErrorWord, State};

impl Session {
    pub(in crate::client) fn send_message(
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
            Recipient::Room { room, user } => (user, room.or_else(|| self.room.clone())),
        };
        let id = say.request();
        let message = FromClient::Message {
            id,
            kind: MessageKind::Message,
            user,
            room,
            text,
        };
        self.request(id, Request::Message(call), say);
        say.send(link, &message);
    }

    pub(super) fn request(&mut self, id: u32, request: Request, say: &Speaker<'_>) {
        self.requests.insert(id, request);
        let until = say.now + say.setup.rules.link.answer_timeout;
        self.timers.set(Timer::Request(id), until);
    }

    pub(super) fn request_done(
        &mut self,
        id: u32,
        ticket_left: Option<u64>,
        say: &mut Speaker<'_>,
    ) {
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

    pub(super) fn request_failed(&mut self, id: u32, error: ErrorWord, say: &mut Speaker<'_>) {
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
    pub(super) fn renewing(&self) -> bool {
        let mut requests = self.requests.values();
        requests.any(|request| matches!(request, Request::Renew(..)))
    }

    pub(super) fn fail_requests(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        self.timers.clear_requests();
        for (_, request) in std::mem::take(&mut self.requests) {
            if let Request::Message(call) | Request::Renew(call, _) = request {
                say.outputs.push(failed(call, error));
            }
        }
    }
}
