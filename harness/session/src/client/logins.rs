//! Logging in, again, elsewhere and out.

use super::calls::Whose;
use super::session::Session;
use super::{Client, done, failed};
use crate::deviation::Deviation;
use crate::peer::{CallId, Happening, LoginCall, Output};
use crate::rules::{
    AgainOtherUser, AgainSameUser, AtDestroy, OfflineLogin, OtherUserAfterWindow,
    RenewalAfterExpiry, Telling, Wait, WhileLoggingIn, WithoutSession,
};
use crate::ticket;
use crate::time::Now;
use crate::words::{ErrorWord, Event, State};

/// What becomes of a login while there is a session already.
enum Meanwhile {
    /// The session gives way.
    Proceed,
    /// The call succeeds, and changes nothing.
    Repeat,
    Refuse(ErrorWord),
}

impl Client {
    pub(super) fn login(
        &mut self,
        now: Now,
        id: CallId,
        mut login: LoginCall,
        outputs: &mut Vec<Output>,
    ) {
        login.room = login.room.filter(|_| self.setup.rules.login.into_room);
        if let Err(error) = self.accepts(now, &login) {
            return outputs.push(failed(id, error));
        }
        let meanwhile = self.in_the_way(&login);
        let why = match meanwhile.map(|at| self.meanwhile(at, &login.user)) {
            Some(Meanwhile::Repeat) => return outputs.push(done(id)),
            Some(Meanwhile::Refuse(error)) => {
                self.tell_refusal(now, &login, error, outputs);
                Some(error)
            }
            Some(Meanwhile::Proceed) | None => {
                self.too_soon(now).or(self.not_logged_out(&login.user))
            }
        };
        if let Some(error) = why {
            return outputs.push(failed(id, error));
        }
        if let Some(at) = meanwhile {
            // A logout under way is complete with that, and the app is told so (EXP-043).
            let gives_way = match self.sessions[at].is_leaving() {
                true => Session::left,
                false => Session::give_way,
            };
            if !self.setup.rules.deviates(Deviation::OldAccountNotLoggedOut) {
                self.with_session(at, now, outputs, gives_way);
            }
            self.sessions.remove(at);
        }
        self.begin(now, id, login, outputs);
    }

    /// A login is refused because of a session (Z-AMB-07).
    fn tell_refusal(
        &mut self,
        now: Now,
        login: &LoginCall,
        error: ErrorWord,
        outputs: &mut Vec<Output>,
    ) {
        let rules = &self.setup.rules.login;
        let again = error == ErrorWord::AlreadyLoggedIn;
        let on_console = again && rules.again_reported == Telling::Told; // EXP-045
        let to_app = rules.refusal == Telling::Told;
        let events = [(on_console, Event::Misuse), (to_app, Event::LoginFailed)];
        for (_, event) in events.into_iter().filter(|(told, _)| *told) {
            let refused = Happening {
                room: login.room.clone(),
                user: Some(login.user.clone()),
                error: Some(error),
                ..Happening::new(event)
            };
            self.speaker(now, outputs).tell(refused);
        }
    }

    fn begin(&mut self, now: Now, id: CallId, login: LoginCall, outputs: &mut Vec<Output>) {
        self.last_login = Some(now.at);
        self.shared.lost = None;
        // Another login, or a logout, leaves nothing to revive.
        self.shared.expired = None;
        self.shared.local.login_called(&login.user);
        let several_rooms = self.several_rooms;
        let mut say = self.speaker(now, outputs);
        let session = Session::begin(id, login, several_rooms, &mut say);
        self.sessions.push(session);
    }

    /// Z-AMB-36: where a renewal revives, it is a login of the user whose ticket ran out.
    pub(super) fn revive(
        &mut self,
        now: Now,
        id: CallId,
        ticket: String,
        outputs: &mut Vec<Output>,
    ) {
        let rule = self.setup.rules.token.renewal_after_expiry;
        match self.shared.expired.take() {
            Some((user, room)) if rule == RenewalAfterExpiry::Revives => {
                let login = LoginCall {
                    room,
                    ..LoginCall::new(&user, &ticket)
                };
                self.login(now, id, login, outputs);
            }
            _ => outputs.push(failed(id, ErrorWord::NotLoggedIn)),
        }
    }

    /// What is checked here, before anything leaves the device.
    fn accepts(&self, now: Now, login: &LoginCall) -> Result<(), ErrorWord> {
        if self.shared.links > 0 && self.setup.rules.deviates(Deviation::RefusesTheSecondLogin) {
            return Err(ErrorWord::AlreadyLoggedIn);
        }
        if login.name.is_none() && self.setup.rules.deviates(Deviation::ConfigRequired) {
            return Err(ErrorWord::UserNameEmpty);
        }
        let identifiers = &self.setup.rules.identifiers;
        // EXP-052…055, TIM-013, TIM-014
        let user = identifiers.refuse_user(&login.user);
        let room = login.room.as_ref();
        let room = room.and_then(|room| identifiers.refuse_room(room));
        let name = login.name.as_ref();
        let name = name.and_then(|name| identifiers.refuse_name(name));
        if let Some(error) = user.or(room).or(name) {
            return Err(error);
        }
        if !login.offline {
            return Ok(());
        }
        if self.setup.rules.login.offline == OfflineLogin::None {
            return Err(ErrorWord::Unsupported);
        }
        if self.shared.local.last_online() != Some(&login.user) {
            return Err(ErrorWord::OfflineUserDiffers); // SOURCES zim 3.5
        }
        let end = self.setup.rules.token.end_counts;
        match ticket::claimed_over(&login.ticket, end) {
            Some(over) if over <= now.wall => Err(ErrorWord::TokenExpired),
            _ => Ok(()),
        }
    }

    /// The session that this login meets: with several rooms that in the same room.
    fn in_the_way(&self, login: &LoginCall) -> Option<usize> {
        let meets = |session: &Session| {
            !self.several_rooms
                || session.room() == login.room.as_deref()
                || session.user() != login.user
        };
        self.sessions.iter().position(meets)
    }

    fn meanwhile(&self, at: usize, user: &str) -> Meanwhile {
        let session = &self.sessions[at];
        let rules = &self.setup.rules.login;
        let same_user = session.user() == user;
        match session.state() {
            // A logout is under way: the login waits for nothing and finishes it.
            _ if session.is_leaving() => Meanwhile::Proceed,
            _ if self.several_rooms && !same_user => Meanwhile::Refuse(ErrorWord::UserDiffers),
            State::LoggingIn if !session.is_logged_in() => match rules.while_logging_in {
                // T-AMB-16, Z-AMB-26: the first call is unaffected.
                WhileLoggingIn::Refused => Meanwhile::Refuse(ErrorWord::LoginInProgress),
                WhileLoggingIn::Supersede => Meanwhile::Proceed,
            },
            _ if same_user => match rules.again_same_user {
                // EXP-044, Z-AMB-26: the session is untouched.
                AgainSameUser::Refused => Meanwhile::Refuse(ErrorWord::AlreadyLoggedIn),
                // T-AMB-17: no new session, no kick.
                AgainSameUser::Repeat => Meanwhile::Repeat,
            },
            _ => match rules.again_other_user {
                AgainOtherUser::Refused => Meanwhile::Refuse(ErrorWord::AlreadyLoggedIn),
                // TIM-063…065: the old account is logged out by the client itself.
                AgainOtherUser::Switch => Meanwhile::Proceed,
                AgainOtherUser::Repeat => Meanwhile::Repeat, // T-AMB-18
            },
        }
    }

    fn too_soon(&self, now: Now) -> Option<ErrorWord> {
        let Wait::For(gap) = self.setup.rules.login.least_gap else {
            return None;
        };
        let is_soon = self.last_login.is_some_and(|at| now.at.since(at) < gap);
        is_soon.then_some(ErrorWord::LoginTooSoon)
    }

    /// Z-AMB-31
    fn not_logged_out(&self, user: &str) -> Option<ErrorWord> {
        let rule = self.setup.rules.login.other_user_after_window;
        let other = self.shared.lost.as_ref().is_some_and(|lost| lost != user);
        (other && rule == OtherUserAfterWindow::Refused).then_some(ErrorWord::LogOutFirst)
    }

    pub(super) fn logout(
        &mut self,
        now: Now,
        id: CallId,
        room: Option<&str>,
        outputs: &mut Vec<Output>,
    ) {
        self.shared.lost = None;
        self.shared.expired = None;
        let rules = &self.setup.rules.logout;
        let (rule, error) = match self.whose(room) {
            Whose::Of(at) => {
                let leaving = match room {
                    Some(_) => at..at + 1,
                    None => 0..self.sessions.len(),
                };
                if self.sessions[leaving.clone()]
                    .iter()
                    .any(Session::is_leaving)
                {
                    return outputs.push(failed(id, ErrorWord::LogoutInProgress));
                }
                self.speaker(now, outputs).leaves(id, leaving.len());
                for at in leaving {
                    self.with_session(at, now, outputs, |session, say| session.log_out(id, say));
                }
                return;
            }
            Whose::NotMember => (rules.unknown_room, ErrorWord::NotMember),
            Whose::Nobody => (rules.without_session, ErrorWord::NotLoggedIn),
        };
        outputs.push(match rule {
            WithoutSession::Ok => done(id),
            WithoutSession::NotLoggedIn => failed(id, error),
        });
    }

    /// The old room is left, and the new one entered, each with its events.
    pub(super) fn switch_room(
        &mut self,
        now: Now,
        id: CallId,
        from: Option<&str>,
        to: String,
        ticket: String,
        outputs: &mut Vec<Output>,
    ) {
        let at = match self.whose(from) {
            Whose::Of(at) if self.sessions[at].state() != State::LoggingIn => at,
            Whose::NotMember => return outputs.push(failed(id, ErrorWord::NotMember)), // Z-AMB-21
            Whose::Of(_) | Whose::Nobody => {
                return outputs.push(failed(id, ErrorWord::NotLoggedIn));
            }
        };
        let login = LoginCall {
            room: Some(to),
            ..LoginCall::new(self.sessions[at].user(), &ticket)
        };
        if let Err(error) = self.accepts(now, &login) {
            return outputs.push(failed(id, error));
        }
        self.with_session(at, now, outputs, Session::leave_for_another);
        self.sessions.remove(at);
        self.begin(now, id, login, outputs);
    }

    /// EXP-051, T-AMB-26: nothing is told to the app any more.
    pub(super) fn destroy(&mut self, now: Now, id: CallId, outputs: &mut Vec<Output>) {
        match self.setup.rules.logout.at_destroy {
            _ if self.setup.rules.deviates(Deviation::LivesAfterDestroy) => {}
            AtDestroy::LogsOut => self.with_each(now, outputs, Session::give_way),
            AtDestroy::DropsTheLink => self.with_each(now, outputs, Session::drop_link),
        }
        if !self.setup.rules.deviates(Deviation::LivesAfterDestroy) {
            self.sessions.clear();
        }
        self.shared.expired = None;
        self.shared.local.forget_calls();
        self.last_login = None;
        self.created = false;
        outputs.push(done(id));
        if self.setup.rules.deviates(Deviation::SpeaksAfterDestroy) {
            self.speaker(now, outputs)
                .tell(Happening::new(Event::LoggedOut));
        }
    }
}
