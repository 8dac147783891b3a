//! How a session ends.

use super::super::timers::{Timer, Timers};
use super::super::{done, failed, happening};
use super::{Link, Request, Session, Speaker};
use crate::deviation::{Deviation, EndBroken};
use crate::message::FromClient;
use crate::peer::{CallId, Happening};
use crate::rules::{OfflineAfterLogout, Telling};
use crate::words::{ErrorWord, Event, Reason, State};

impl Session {
    pub(in crate::client) fn log_out(&mut self, call: CallId, say: &mut Speaker<'_>) {
        if self.is_leaving() {
            say.outputs.push(failed(call, ErrorWord::LogoutInProgress));
            return;
        }
        if let Some(login) = self.login.take() {
            // T-AMB-22: the login ends first, then the logout succeeds.
            say.outputs.push(failed(login, ErrorWord::LoginCancelled));
        }
        self.leaving = Some(call);
        match self.link {
            Link::Accepted(_) if say.deviates(Deviation::LogoutUnsaid) => self.left(say),
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
    pub(super) fn say_goodbye(&mut self, say: &mut Speaker<'_>) {
        if let Link::Accepted(link) | Link::Asking(link, _) = self.link {
            let id = say.request();
            say.send(link, &FromClient::Logout { id });
        }
    }

    /// Ends without a word to the app: another login, or the end of the client, takes its place.
    pub(in crate::client) fn give_way(&mut self, say: &mut Speaker<'_>) {
        if !self.cancel_calls(say) {
            // TIM-065, EXP-051: the server need not wait for its heartbeat limit.
            self.say_goodbye(say);
        }
        self.finish(say);
    }

    /// Ends without a word to anybody.
    pub(in crate::client) fn drop_link(&mut self, say: &mut Speaker<'_>) {
        self.cancel_calls(say);
        self.finish(say);
    }

    fn cancel_calls(&mut self, say: &mut Speaker<'_>) -> bool {
        if let Some(call) = self.login.take() {
            say.outputs.push(failed(call, ErrorWord::LoginCancelled));
        }
        let leaving = self.leaving.take();
        if let Some(call) = leaving {
            say.has_left(call);
        }
        leaving.is_some()
    }

    pub(super) fn login_failed(&mut self, error: ErrorWord, say: &mut Speaker<'_>) {
        self.close(say);
        if !say.deviates(Deviation::FailureUntold) {
            self.tell(happening(Event::LoginFailed, None, Some(error)), say);
        }
        let rules = &say.setup.rules;
        if error == ErrorWord::TokenExpired && rules.login.expired_ticket == Telling::Told {
            let reason = Some(Reason::TokenExpired);
            self.tell(happening(Event::TokenExpired, reason, Some(error)), say); // T-AMB-05
        }
        self.tell_the_end(say);
        if let Some(call) = self.login.take() {
            match say.deviates(Deviation::FailureAnsweredOk) {
                true => say.outputs.push(done(call)),
                false if say.deviates(Deviation::FailureNeverAnswered) => {}
                false => say.outputs.push(failed(call, error)),
            }
        }
        self.finish(say);
        if say.deviates(Deviation::KnocksAfterARefusal) {
            self.attempt(say);
        }
    }

    /// The session is over from elsewhere, unless the app's own logout was first (I11).
    pub(super) fn end_or_leave(&mut self, happening: Happening, say: &mut Speaker<'_>) {
        if self.is_leaving() {
            self.left(say);
        } else {
            self.end_with(happening, say);
        }
    }

    pub(super) fn end(
        &mut self,
        event: Event,
        reason: Option<Reason>,
        error: Option<ErrorWord>,
        say: &mut Speaker<'_>,
    ) {
        self.end_with(happening(event, reason, error), say);
    }

    /// Z-AMB-09: an end may be followed by a plain one.
    fn tell_the_end(&mut self, say: &mut Speaker<'_>) {
        if say.setup.rules.logout.after_an_end == Telling::Told {
            self.tell(Happening::new(Event::LoggedOut), say);
        }
    }

    fn end_with(&mut self, happening: Happening, say: &mut Speaker<'_>) {
        let error = happening.error;
        let broken = EndBroken::of(&happening);
        if happening.reason == Some(Reason::TokenExpired) {
            say.shared.expired = Some((self.user.clone(), self.room.clone()));
        }
        if say.deviates(broken.twice) {
            self.tell(happening.clone(), say);
        }
        if say.deviates(broken.as_logout) {
            self.tell(Happening::new(Event::LoggedOut), say);
        } else if !say.deviates(broken.untold) {
            self.tell(happening, say);
        }
        self.tell_the_end(say);
        if let Some((call, _)) = self.renewal.take() {
            say.outputs
                .push(failed(call, error.unwrap_or(ErrorWord::NotLoggedIn)));
        }
        self.finish(say);
        if say.deviates(broken.knocks) {
            self.attempt(say);
        }
    }

    /// The logout is complete.
    pub(in crate::client) fn left(&mut self, say: &mut Speaker<'_>) {
        let silent = self.state == State::Reconnecting
            && say.setup.rules.logout.while_reconnecting == Telling::Silent; // Z-AMB-34
        let event = match say.deviates(Deviation::LogoutToldAsKick) {
            true => Event::KickedOut,
            false => Event::LoggedOut,
        };
        if !silent && !say.deviates(Deviation::LogoutUntold) {
            self.tell(happening(event, Some(Reason::Logout), None), say);
        }
        if say.setup.rules.login.offline_after_logout == OfflineAfterLogout::Refused {
            let forgotten = say.shared.local.forget_last_online(); // Z-AMB-30
            say.outputs.extend(forgotten);
        }
        if let Some(call) = self.leaving.take() {
            say.has_left(call);
        }
        self.finish(say);
        if say.deviates(Deviation::SpeaksAfterALogout) {
            let text = Some("late".to_owned());
            let late = Happening::new(Event::Message);
            self.tell(Happening { text, ..late }, say);
        }
        if say.deviates(Deviation::KnocksAfterALogout) {
            self.attempt(say);
        }
    }

    /// The app goes on to another room in the same call.
    pub(in crate::client) fn leave_for_another(&mut self, say: &mut Speaker<'_>) {
        self.tell(happening(Event::LoggedOut, Some(Reason::Logout), None), say);
        self.give_way(say);
    }

    pub(super) fn finish(&mut self, say: &mut Speaker<'_>) {
        self.close(say);
        self.fail_requests(ErrorWord::ConnectionLost, say);
        if let Some((call, _)) = self.renewal.take() {
            say.outputs.push(failed(call, ErrorWord::ConnectionLost));
        }
        self.state = State::LoggedOut;
        self.timers = Timers::default();
        self.over = true;
    }
}
