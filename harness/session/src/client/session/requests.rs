//! Requests that go over an accepted link.

use super::super::timers::Timer;
use super::super::{done, failed, result};
use super::{Link, Request, Session, Speaker};
use crate::deviation::Deviation;
use crate::message::FromClient;
use crate::peer::{Answer, Call, CallId, LinkId, Outcome, Recipient};
use crate::words::{ErrorWord, State};

impl Session {
    /// Passes a call on to the server.
    pub(in crate::client) fn ask(&mut self, call: CallId, what: Call, say: &mut Speaker<'_>) {
        let link = match (self.state, self.link) {
            (State::LoggingIn, _) => Err(ErrorWord::NotLoggedIn), // TIM-008, ZIM-021
            _ if self.not_ready || say.deviates(Deviation::RefusesAfterALogin) => {
                Err(ErrorWord::NotReady)
            }
            (_, Link::Accepted(link)) if !self.is_leaving() => Ok(link),
            _ => Err(ErrorWord::ConnectionLost),
        };
        let link = match link {
            Ok(_) if !say.may_request() => Err(ErrorWord::TooFrequent),
            link => link,
        };
        match link {
            Ok(link) => self.ask_over(link, call, what, say),
            Err(error) => say.outputs.push(failed(call, error)),
        }
    }

    fn ask_over(&mut self, link: LinkId, call: CallId, what: Call, say: &mut Speaker<'_>) {
        let id = say.request();
        let (message, request) = match what {
            Call::SendMessage { kind, to, text } => {
                let (user, room) = match to {
                    Recipient::User(user) => (Some(user), None),
                    Recipient::Room { room, user } => (user, room.or_else(|| self.room.clone())),
                };
                let request = match &user {
                    Some(user) if room.is_none() => {
                        Request::Letter(call, user.clone(), text.clone())
                    }
                    _ => Request::Plain(call),
                };
                let message = FromClient::Message {
                    id,
                    kind,
                    user,
                    room,
                    text,
                };
                (message, request)
            }
            Call::Publish { stream, on, .. } => {
                match on {
                    true => drop(self.published.insert(stream.clone(), String::new())),
                    false => drop(self.published.remove(&stream)),
                }
                let message = FromClient::Publish { id, stream, on };
                (message, Request::Plain(call))
            }
            Call::Play { stream, on } => {
                let message = FromClient::Play { id, stream, on };
                (message, Request::Plain(call))
            }
            Call::SetStreamExtraInfo { stream, text } => {
                if let Some(info) = self.published.get_mut(&stream) {
                    info.clone_from(&text);
                }
                let message = FromClient::ExtraInfo { id, stream, text };
                (message, Request::Plain(call))
            }
            Call::GetUserName { user } => (FromClient::Name { id, user }, Request::Name(call)),
            _ => return say.outputs.push(failed(call, ErrorWord::Unsupported)),
        };
        self.request(id, request, say);
        say.send(link, &message);
    }

    /// The server opened a session anew: it knows nothing of this one's streams.
    pub(super) fn publish_again(&mut self, link: LinkId, say: &mut Speaker<'_>) {
        for (stream, text) in self.published.clone() {
            let id = say.request();
            let on = true;
            self.request(id, Request::Own, say);
            let publish = FromClient::Publish {
                id,
                stream: stream.clone(),
                on,
            };
            say.send(link, &publish);
            if !text.is_empty() {
                let id = say.request();
                self.request(id, Request::Own, say);
                say.send(link, &FromClient::ExtraInfo { id, stream, text });
            }
        }
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
        name: Option<String>,
        say: &mut Speaker<'_>,
    ) {
        self.timers.clear(Timer::Request(id));
        match self.requests.remove(&id) {
            Some(Request::Plain(call)) => say.outputs.push(done(call)),
            Some(Request::Letter(call, to, text)) => {
                self.keep(&to, &text, say);
                say.outputs.push(done(call));
            }
            Some(Request::Name(call)) => {
                let answer = Outcome::Ok(Answer::User(name));
                say.outputs.push(result(call, answer));
            }
            // The server took a later one after it, though its answer came first (I18).
            Some(Request::Renew(call, _)) if id < self.renewed_by => say.outputs.push(done(call)),
            Some(Request::Renew(call, ticket)) => {
                self.renewed_by = id;
                if !say.deviates(Deviation::OldTicketShown) {
                    self.ticket = ticket;
                }
                self.warned = say.deviates(Deviation::WarnedOnceOnly);
                if !say.deviates(Deviation::RenewalNeverAnswered) {
                    say.outputs.push(done(call));
                }
                if !say.deviates(Deviation::RenewalWithoutEffect) {
                    self.ticket_lasts(ticket_left, say); // ZIM-051
                }
            }
            Some(Request::Logout) => self.left(say),
            Some(Request::Own) | None => {}
        }
    }

    pub(super) fn request_failed(&mut self, id: u32, error: ErrorWord, say: &mut Speaker<'_>) {
        self.timers.clear(Timer::Request(id));
        match self.requests.remove(&id) {
            Some(Request::Plain(call) | Request::Letter(call, ..) | Request::Name(call)) => {
                say.outputs.push(failed(call, error));
            }
            Some(Request::Renew(call, _)) => {
                say.outputs.push(failed(call, error));
                // Z-AMB-39: the old ticket stays in force, as long as it lasts.
                if let Some(ends) = self.ticket_ends
                    && self.timers.is_set(Timer::Expiry)
                {
                    self.timers.set(Timer::Expiry, ends.max(say.now));
                }
            }
            Some(Request::Logout) => self.left(say),
            Some(Request::Own) | None => {}
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
            let dies = say.deviates(Deviation::RequestsDieWithTheLink);
            if let Some(call) = request.call().filter(|_| !dies) {
                say.outputs.push(failed(call, error));
            }
        }
    }
}
