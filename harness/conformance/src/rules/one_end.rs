//! I11: a session ends with exactly one cause (EXP-030, ZIM-035, T-AMB-39).

use session::rules::Telling;
use session::time::Time;
use session::words::{Event, State};

use super::each::{Each, changes_hearing};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, EventSeen, What};

/// A failed login ends again.
const LOGIN: &str = "login";
/// A session that was being restored ends again.
const RECONNECTION: &str = "reconnection";
const OTHER: &str = "other";

/// How each session has ended.
#[derive(Debug, Default)]
pub(super) struct OneEnd {
    state: Each<State>,
    ended: Each<Ended>,
}

#[derive(Debug)]
struct Ended {
    with: Event,
    was: State,
    /// Has the app asked for a logout since?
    asked: bool,
    /// Did the one event follow that may?
    followed: bool,
}

impl Rule for OneEnd {
    fn id(&self) -> &'static str {
        "I11"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[LOGIN, RECONNECTION, OTHER]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) => match call.api.as_str() {
                "login" | "switch-room" => {
                    self.ended.remove(about.place());
                }
                "logout" | "destroy" => {
                    for (_, ended) in self.ended.of_mut(device) {
                        ended.asked = true;
                    }
                }
                _ if changes_hearing(call) => {
                    self.ended.forget(device);
                    self.state.forget(device);
                }
                _ => {}
            },
            What::App {
                is: AppAct::Crashed,
            } => {
                self.ended.forget(device);
                self.state.forget(device);
            }
            What::Event(event) => self.event(index, entry, event, about, found),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

impl OneEnd {
    fn event(
        &mut self,
        index: usize,
        entry: &Entry,
        event: &EventSeen,
        about: &About<'_>,
        found: &mut Found,
    ) {
        let place = about.place();
        let Some(word) = event.event else {
            if self.ended.get(place).is_some() {
                found.inconclusive.push(format!(
                    "after its end {} said something the profile has no neutral word for: {}",
                    entry.actor,
                    event.callback.as_deref().unwrap_or("?")
                ));
            }
            return;
        };
        match event.state {
            Some(State::LoggedOut) => {}
            Some(state) => {
                self.ended.remove(place);
                self.state.insert(place, state);
                return;
            }
            None => return,
        }
        let was = self.state.remove(place).unwrap_or(State::LoggedOut);
        match self.ended.get_mut(place) {
            None => {
                let ended = Ended {
                    with: word,
                    was,
                    asked: false,
                    followed: false,
                };
                self.ended.insert(place, ended);
            }
            Some(ended) => {
                let (with, was) = (ended.with, ended.was);
                if ended.may_be_followed_by(event, about) {
                    return;
                }
                found.violations.push(Violation {
                    aspect: match (with, was) {
                        (Event::LoginFailed, _) => LOGIN,
                        (_, State::Reconnecting) => RECONNECTION,
                        _ => OTHER,
                    },
                    entry: index,
                    actor: entry.actor.clone(),
                    expected: format!("no further end after {with}"),
                    seen: text::say(entry),
                });
            }
        }
    }
}

impl Ended {
    fn may_be_followed_by(&mut self, event: &EventSeen, about: &About<'_>) -> bool {
        let rules = about.rules;
        match (self.with, event.event) {
            // The answer to a logout that had nothing to end (Z-AMB-41).
            (_, Some(Event::LoggedOut)) if std::mem::take(&mut self.asked) => true,
            // Z-AMB-09
            (first, Some(Event::LoggedOut)) => {
                first != Event::LoggedOut
                    && event.reason.is_none()
                    && rules.logout.after_an_end == Telling::Told
                    && !std::mem::replace(&mut self.followed, true)
            }
            // T-AMB-05
            (Event::LoginFailed, Some(Event::TokenExpired)) => {
                let may = rules.login.expired_ticket == Telling::Told;
                // And is an end that another may follow.
                self.with = Event::TokenExpired;
                may
            }
            // It is tried again for the window, and fails at its end (EXP-021).
            (Event::LoginFailed, Some(Event::LoginFailed)) => {
                rules.login.retried_for_window && !std::mem::replace(&mut self.followed, true)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use session::rules::Telling;
    use session::words::{ErrorWord, Event, Reason};

    use crate::rules::hand_written::{
        Lines, inconclusive, violated, violated_in_rooms, violated_under,
    };
    use crate::scenario::AppAct::Crashed;

    fn kicked() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .event(1_000, "phone", Event::KickedOut)
    }

    #[test]
    fn one_end_for_each_login_satisfies_it() {
        let lines = kicked()
            .login(2_000, "phone", 2)
            .event(3_000, "phone", Event::TokenExpired);
        assert_eq!(violated("I11", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I11", lines.end(9_000)));
    }

    #[test]
    fn a_second_end_violates_it() {
        let lines = kicked().event(1_000, "phone", Event::KickedOut);
        let at = lines.len() - 1;
        assert_eq!(violated("I11", lines.end(9_000)), Some(at));
        let plain = kicked().event(1_000, "phone", Event::LoggedOut);
        assert_eq!(violated("I11", plain.end(9_000)), Some(at));
    }

    #[test]
    fn a_callback_without_a_word_after_the_end_decides_nothing() {
        let lines = kicked().native(1_000, "phone", "onSomethingNew");
        assert_eq!(violated("I11", lines.clone().end(9_000)), None);
        assert!(inconclusive("I11", lines.end(9_000)));
    }

    #[test]
    fn a_plain_end_may_follow_once_where_the_vendor_tells_it() {
        let told = |lines: Lines| {
            violated_under("I11", lines.end(9_000), |profile| {
                profile.rules.logout.after_an_end = Telling::Told;
            })
        };
        let once = kicked().event(1_000, "phone", Event::LoggedOut);
        assert_eq!(told(once.clone()), None);
        assert!(told(once.event(1_000, "phone", Event::LoggedOut)).is_some());
        let by_logout = kicked().event_because(1_000, "phone", Event::LoggedOut, Reason::Logout);
        assert!(told(by_logout).is_some());
    }

    #[test]
    fn an_expired_ticket_may_be_told_after_the_failed_login() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .event(9, "phone", Event::LoginFailed)
            .event(9, "phone", Event::TokenExpired);
        assert!(violated("I11", lines.clone().end(9_000)).is_some());
        let told = violated_under("I11", lines.end(9_000), |profile| {
            profile.rules.login.expired_ticket = Telling::Told;
        });
        assert_eq!(told, None);
    }

    #[test]
    fn a_login_that_is_retried_may_fail_before_it_fails_for_good() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .event(9, "phone", Event::LoginFailed)
            .event(99, "phone", Event::LoginFailed);
        assert!(violated("I11", lines.clone().end(9_000)).is_some());
        let retried = violated_under("I11", lines.end(9_000), |profile| {
            profile.rules.login.retried_for_window = true;
        });
        assert_eq!(retried, None);
    }

    #[test]
    fn a_logout_after_the_end_may_be_answered_with_an_event() {
        let lines =
            kicked()
                .call(2_000, "phone", 3, "logout")
                .event(2_000, "phone", Event::LoggedOut);
        assert_eq!(violated("I11", lines.end(9_000)), None);
    }

    #[test]
    fn a_refused_login_is_no_end() {
        let lines = kicked()
            .login(2_000, "phone", 2)
            .refused(3_000, "phone", ErrorWord::AlreadyLoggedIn, "alice")
            .event(4_000, "phone", Event::KickedOut);
        assert_eq!(violated("I11", lines.end(9_000)), None);
    }

    #[test]
    fn what_was_not_heard_is_not_held_against_anybody() {
        let deaf = kicked()
            .call(1_500, "phone", 5, "remove-listener")
            .with("listener", "main")
            .call(1_600, "phone", 6, "add-listener")
            .with("listener", "main")
            .event(2_000, "phone", Event::KickedOut);
        assert_eq!(violated("I11", deaf.end(9_000)), None);
        let crashed = kicked()
            .app(1_500, "phone", Crashed)
            .event(2_000, "phone", Event::KickedOut);
        assert_eq!(violated("I11", crashed.end(9_000)), None);
    }

    #[test]
    fn each_room_has_an_end_of_its_own() {
        let lines = Lines::default()
            .join(0, "phone", 1, "one")
            .join(10, "phone", 2, "two")
            .event(1_000, "phone", Event::KickedOut)
            .of_room("one")
            .event(1_000, "phone", Event::KickedOut)
            .of_room("two");
        assert_eq!(violated_in_rooms("I11", lines.clone().end(9_000)), None);
        let twice = lines.event(1_000, "phone", Event::KickedOut).of_room("one");
        assert!(violated_in_rooms("I11", twice.end(9_000)).is_some());
    }
}
