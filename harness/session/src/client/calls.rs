//! The app's calls, and what is true without a session.

use super::session::Session;
use super::{Client, done, failed, result};
use crate::deviation::Deviation;
use crate::peer::{Answer, Call, CallId, Outcome, Output, Recipient};
use crate::rules::Conversations;
use crate::time::Now;
use crate::words::{ErrorWord, State};

/// Which session a call is for.
pub(super) enum Whose {
    Of(usize),
    NotMember,
    Nobody,
}

impl Client {
    pub(super) fn call(&mut self, now: Now, id: CallId, call: Call, outputs: &mut Vec<Output>) {
        let before_creation = matches!(
            call,
            Call::Initialise
                | Call::SetRoomMode { .. }
                | Call::AddListener { .. }
                | Call::RemoveListener { .. }
                // Nobody knows whether it would need a client.
                | Call::Other(_)
        );
        let broken = self.setup.rules.deviates(Deviation::WorksBeforeCreation);
        if !self.created && !before_creation && !broken {
            // EXP-012, TIM-001: nothing works before the client is created.
            outputs.push(failed(id, ErrorWord::NotInitialised));
            return;
        }
        match call {
            Call::Initialise => {
                self.created = true;
                outputs.push(done(id));
            }
            Call::Destroy => self.destroy(now, id, outputs),
            Call::Login(login) => self.login(now, id, login, outputs),
            Call::SwitchRoom { from, to, ticket } => {
                self.switch_room(now, id, from.as_deref(), to, ticket, outputs);
            }
            Call::Logout { room } => self.logout(now, id, room.as_deref(), outputs),
            Call::SetRoomMode { .. }
                if self.created && !self.setup.rules.deviates(Deviation::ModeChosenLate) =>
            {
                outputs.push(failed(id, ErrorWord::RoomModeFixed)); // EXP-048
            }
            Call::SetRoomMode { several } => {
                self.several_rooms = several;
                outputs.push(done(id));
            }
            Call::AddListener { name } => {
                self.shared.listeners.add(name);
                outputs.push(done(id));
            }
            Call::RemoveListener { name } => {
                self.shared.listeners.remove(&name);
                outputs.push(done(id));
            }
            Call::GetLoginUser => {
                // TIM-037, TIM-038, T-AMB-47: empty until the login has succeeded.
                let online = self.sessions.iter().find(|s| s.state() != State::LoggingIn);
                let left = self
                    .shared
                    .local
                    .last_called()
                    .filter(|_| self.setup.rules.deviates(Deviation::LoginUserLeft));
                let user = online
                    .filter(|_| !self.setup.rules.deviates(Deviation::LoginUserMissing))
                    .map(Session::user)
                    .or(left)
                    .map(str::to_owned);
                outputs.push(result(id, Outcome::Ok(Answer::User(user))));
            }
            Call::GetLoginStatus => {
                // TIM-039
                let state = self.sessions.first().map(Session::state);
                let broken = state.and_then(Deviation::of_status);
                let state = match broken.filter(|(how, _)| self.setup.rules.deviates(*how)) {
                    Some((_, wrong)) => Some(wrong),
                    None => state,
                };
                let without = match self
                    .setup
                    .rules
                    .deviates(Deviation::StatusOnlineWithoutASession)
                {
                    true => State::Online,
                    false => State::LoggedOut,
                };
                let answer = Answer::State(state.unwrap_or(without));
                outputs.push(result(id, Outcome::Ok(answer)));
            }
            Call::GetConversations => {
                let answer = self.readable().map(|user| match user {
                    Some(user) => self.shared.local.conversations(user),
                    None => Vec::new(),
                });
                outputs.push(listed(id, answer));
            }
            Call::GetHistory { with } => {
                let answer = self.readable().map(|user| match user {
                    Some(user) => self.shared.local.history(user, &with),
                    None => Vec::new(),
                });
                outputs.push(listed(id, answer));
            }
            Call::Other(_) => outputs.push(failed(id, ErrorWord::Unsupported)),
            call => self.in_session(now, id, call, outputs),
        }
    }

    /// Calls that need a session (EXP-002, ZIM-036, ZIM-043, ZIM-054, TIM-003).
    fn in_session(&mut self, now: Now, id: CallId, call: Call, outputs: &mut Vec<Output>) {
        let room = match &call {
            Call::RenewToken { room, .. } | Call::Publish { room, .. } => room.as_deref(),
            Call::SendMessage {
                to: Recipient::Room { room, .. },
                ..
            } => room.as_deref(),
            Call::SetStreamExtraInfo { stream, .. } => self.publisher(stream),
            _ => None,
        };
        let at = match self.whose(room) {
            Whose::Of(at) => at,
            Whose::NotMember => return outputs.push(failed(id, ErrorWord::NotMember)),
            Whose::Nobody => {
                return match call {
                    Call::RenewToken { ticket, .. } => self.revive(now, id, ticket, outputs),
                    _ if self.setup.rules.deviates(Deviation::WorksWithoutASession) => {
                        outputs.push(done(id));
                    }
                    _ if self
                        .setup
                        .rules
                        .deviates(Deviation::OtherCodeWithoutASession) =>
                    {
                        outputs.push(failed(id, ErrorWord::ConnectionLost));
                    }
                    _ => outputs.push(failed(id, ErrorWord::NotLoggedIn)),
                };
            }
        };
        self.with_session(at, now, outputs, |session, say| match call {
            Call::RenewToken { ticket, .. } => session.renew(id, ticket, say),
            call => session.ask(id, call, say),
        });
    }

    /// The session in this room; without one the only session there is, or the first.
    pub(super) fn whose(&self, room: Option<&str>) -> Whose {
        let is_in = |session: &Session| room.is_none() || session.room() == room;
        match self.sessions.iter().position(is_in) {
            Some(at) => Whose::Of(at),
            None if self.sessions.is_empty() => Whose::Nobody,
            // Where a login is into no room, its server knows who is a member.
            None if !self.setup.rules.login.into_room => Whose::Of(0),
            None => Whose::NotMember,
        }
    }

    fn publisher(&self, stream: &str) -> Option<&str> {
        self.sessions
            .iter()
            .find(|session| session.publishes(stream))
            .and_then(Session::room)
    }

    /// Whose conversations may be read now, if any may: never those of another user than the
    /// last one who called login (TIM-004…007, T-AMB-27, T-AMB-28).
    fn readable(&self) -> Result<Option<&str>, ErrorWord> {
        let rules = &self.setup.rules;
        let user = match rules.deviates(Deviation::ConversationsOfTheFormerUser) {
            true => self.shared.local.last_online(),
            false => self.shared.local.last_called(),
        };
        let logged_in = self.sessions.iter().any(Session::is_logged_in);
        match self.setup.rules.local.conversations {
            Conversations::Never => Err(ErrorWord::Unsupported),
            Conversations::Always => Ok(user),
            Conversations::AfterLoginCall if user.is_some() => Ok(user),
            Conversations::WhileLoggedIn if logged_in => Ok(user),
            Conversations::AfterLoginCall | Conversations::WhileLoggedIn => {
                Err(ErrorWord::NotLoggedIn)
            }
        }
    }
}

fn listed(id: CallId, answer: Result<Vec<String>, ErrorWord>) -> Output {
    match answer {
        Ok(list) => result(id, Outcome::Ok(Answer::List(list))),
        Err(error) => failed(id, error),
    }
}
