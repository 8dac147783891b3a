//! What a session knows of its ticket.

use super::super::timers::Timer;
use super::super::{failed, happening};
use super::{Link, Request, Session, Speaker};
use crate::deviation::Deviation;
use crate::message::FromClient;
use crate::peer::{CallId, Happening};
use crate::rules::{Noticed, OnExpiry, WarningLead};
use crate::time::Millis;
use crate::words::{ErrorWord, Event, Reason};

impl Session {
    /// The server's clock decides; this device's own is never asked (Z-AMB-52).
    pub(super) fn ticket_lasts(&mut self, left: Option<u64>, say: &mut Speaker<'_>) {
        self.timers.clear(Timer::Warning);
        self.timers.clear(Timer::Expiry);
        let left = left.or(say
            .deviates(Deviation::WarnedWithoutTickets)
            .then_some(60_000));
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
            self.timers.set(Timer::Expiry, ends);
        }
        if self.timers.next().is_some_and(|at| at <= say.now) {
            self.wake(say);
        }
    }

    pub(super) fn warn(&mut self, say: &mut Speaker<'_>) {
        self.warned = true;
        let left = self.ticket_ends.map(|ends| ends.since(say.now));
        let warning = Happening {
            room: self.room.clone(),
            seconds_left: left.map(|left| left.0 / 1_000),
            ..Happening::new(Event::TokenWillExpire)
        };
        if say.deviates(Deviation::WarnedTwice) {
            say.tell(warning.clone());
        }
        say.tell(warning);
    }

    pub(super) fn expired(&mut self, say: &mut Speaker<'_>) {
        if say.deviates(Deviation::EndOfTicketIgnored) {
            return;
        }
        let error = Some(ErrorWord::TokenExpired);
        let (event, error) = match say.setup.rules.token.on_expiry {
            OnExpiry::Disconnect => (Event::TokenExpired, error), // ZIM-053, TIM-021
            OnExpiry::Kick => (Event::KickedOut, None),           // Z-AMB-11
            OnExpiry::Stay => (Event::ReconnectFailed, error),
        };
        self.end_or_leave(happening(event, Some(Reason::TokenExpired), error), say);
    }

    pub(in crate::client) fn renew(&mut self, call: CallId, ticket: String, say: &mut Speaker<'_>) {
        match self.link {
            _ if !self.is_logged_in() || self.is_leaving() => {
                say.outputs.push(failed(call, ErrorWord::NotLoggedIn));
            }
            Link::Accepted(_) if !say.may_request() => {
                say.outputs.push(failed(call, ErrorWord::TooFrequent));
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
}
