//! What a profile promises at each point where vendors decide differently.

use session::rules::{
    AgainOtherUser, AgainSameUser, OnExpiry, Returning, ReturningLoserTold, Rules, WhileLoggingIn,
    Window,
};
use session::words::{ErrorWord, Event, Reason};

use super::Profile;
use crate::scenario::Decision;

/// What is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// The app is told this.
    Told(Event, Option<Reason>, Option<ErrorWord>),
    /// The call succeeds.
    Succeeds,
    /// The call fails with this.
    Fails(ErrorWord),
    /// Nothing happens to the session.
    Nothing,
    /// Nobody documents the knob with this path.
    Undocumented(&'static str),
}

/// The knob a decision hangs on.
pub(super) const fn knob(decision: Decision) -> &'static str {
    match decision {
        Decision::SecondLogin => "rules.login.again-same-user",
        Decision::SecondLoginOtherUser => "rules.login.again-other-user",
        Decision::LoginWhileLoggingIn => "rules.login.while-logging-in",
        Decision::ReturningDevice => "rules.devices.returning",
        Decision::WindowEnd => "rules.reconnect.window",
        Decision::TokenExpiry => "rules.token.on-expiry",
        Decision::LoginWithExpiredToken => "errors.token-expired",
        Decision::CallAfterKick => "errors.not-logged-in",
    }
}

impl Profile {
    /// What is promised for `decision` under `rules` (the profile's own, or with console
    /// settings applied).
    pub fn promise(&self, decision: Decision, rules: &Rules) -> Promise {
        let knob = knob(decision);
        if self.undocumented.contains(knob) {
            return Promise::Undocumented(knob);
        }
        match decision {
            Decision::SecondLogin => match rules.login.again_same_user {
                AgainSameUser::Refused => Promise::Fails(ErrorWord::AlreadyLoggedIn),
                AgainSameUser::Repeat => Promise::Succeeds,
            },
            Decision::SecondLoginOtherUser => match rules.login.again_other_user {
                AgainOtherUser::Refused => Promise::Fails(ErrorWord::AlreadyLoggedIn),
                AgainOtherUser::Switch | AgainOtherUser::Repeat => Promise::Succeeds,
            },
            Decision::LoginWhileLoggingIn => match rules.login.while_logging_in {
                WhileLoggingIn::Refused => Promise::Fails(ErrorWord::LoginInProgress),
                WhileLoggingIn::Supersede => Promise::Succeeds,
            },
            Decision::ReturningDevice => returning(rules),
            Decision::WindowEnd => match rules.reconnect.window {
                Window::Bounded(_) => Promise::Told(
                    Event::ReconnectFailed,
                    Some(Reason::WindowEnded),
                    Some(ErrorWord::WindowEnded),
                ),
                Window::Unlimited => Promise::Nothing,
            },
            Decision::TokenExpiry => match rules.token.on_expiry {
                OnExpiry::Stay => Promise::Nothing,
                OnExpiry::Kick => Promise::Told(Event::KickedOut, Some(Reason::TokenExpired), None),
                OnExpiry::Disconnect => Promise::Told(
                    Event::TokenExpired,
                    Some(Reason::TokenExpired),
                    Some(ErrorWord::TokenExpired),
                ),
            },
            Decision::LoginWithExpiredToken => Promise::Fails(ErrorWord::TokenExpired),
            Decision::CallAfterKick => Promise::Fails(ErrorWord::NotLoggedIn),
        }
    }
}

fn returning(rules: &Rules) -> Promise {
    match (rules.devices.returning, rules.devices.returning_loser_told) {
        (Returning::Wins, _) => Promise::Told(Event::Reconnected, None, None),
        (Returning::Loses, ReturningLoserTold::KickedOut) => {
            Promise::Told(Event::KickedOut, Some(Reason::NewerLogin), None)
        }
        (Returning::Loses, ReturningLoserTold::ReconnectFailed) => Promise::Told(
            Event::ReconnectFailed,
            Some(Reason::NewerLogin),
            Some(ErrorWord::Displaced),
        ),
    }
}
