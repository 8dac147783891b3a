//! I2: a kicked or otherwise terminal client never comes back by itself (ZIM-041, Z-AMB-10).

use std::collections::BTreeMap;

use session::time::Time;
use session::words::{Event, State};

use super::{About, Found, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, What};

const KICKED: &str = "kicked";
const EXPIRED: &str = "expired";
const WINDOW_ENDED: &str = "window-ended";
const OTHER: &str = "other";

/// Which devices were ended from elsewhere, and how.
#[derive(Debug, Default)]
pub(super) struct KickedStaysOut {
    ended: BTreeMap<String, Event>,
}

impl Rule for KickedStaysOut {
    fn id(&self) -> &'static str {
        "I2"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[KICKED, EXPIRED, WINDOW_ENDED, OTHER]
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                self.ended.remove(&entry.actor);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.ended.remove(&entry.actor);
            }
            What::Event(event) => match (event.event, event.state) {
                (Some(Event::LoggedOut), _) => {
                    self.ended.remove(&entry.actor);
                }
                // Such a login is retried; it is over when its window is (EXP-021).
                (Some(Event::LoginFailed), _) if about.rules.login.retried_for_window => {}
                (Some(word), Some(State::LoggedOut)) => {
                    self.ended.insert(entry.actor.clone(), word);
                }
                (_, Some(state)) => self.come_back(index, entry, &format!("state {state}"), found),
                (_, None) => {}
            },
            What::Connect { .. } | What::Sent { .. } => {
                self.come_back(index, entry, &text::say(entry), found);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

impl KickedStaysOut {
    fn come_back(&mut self, index: usize, entry: &Entry, seen: &str, found: &mut Found) {
        // One finding for each return; what follows it is the same return.
        if let Some(how) = self.ended.remove(&entry.actor) {
            found.violations.push(Violation {
                aspect: match how {
                    Event::KickedOut => KICKED,
                    Event::TokenExpired => EXPIRED,
                    Event::ReconnectFailed => WINDOW_ENDED,
                    _ => OTHER,
                },
                entry: index,
                actor: entry.actor.clone(),
                expected: format!("after {how}, silence until the app logs in again"),
                seen: seen.to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use session::words::Reason;

    use crate::rules::hand_written::{Lines, violated};

    fn kicked() -> Lines {
        Lines::default().login(0, "phone", 1).event_because(
            1_000,
            "phone",
            super::Event::KickedOut,
            Reason::NewerLogin,
        )
    }

    #[test]
    fn silence_satisfies_it() {
        assert_eq!(violated("I2", kicked().end(3_600_000)), None);
    }

    #[test]
    fn a_login_of_the_app_satisfies_it() {
        assert_eq!(
            violated("I2", kicked().login(2_000, "phone", 2).end(9_000)),
            None
        );
    }

    #[test]
    fn a_connect_violates_it_at_that_very_entry() {
        let lines = kicked().connect(1_500, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(violated("I2", lines.end(9_000)), Some(at));
    }

    #[test]
    fn another_device_is_not_meant() {
        assert_eq!(
            violated("I2", kicked().connect(1_500, "tablet", 1).end(9_000)),
            None
        );
    }
}
