//! I7: after a logout is complete there is no callback, no attempt and no traffic (TIM-059,
//! EXP-043).

use std::collections::BTreeSet;

use session::time::Time;
use session::words::Event;

use super::{About, Found, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, What};

/// A message arrives.
const MESSAGE: &str = "message";
/// The session goes on: another event, an attempt, traffic.
const SESSION: &str = "session";

/// The devices whose logout is complete.
#[derive(Debug, Default)]
pub(super) struct LogoutIsFinal {
    logged_out: BTreeSet<String>,
}

impl Rule for LogoutIsFinal {
    fn id(&self) -> &'static str {
        "I7"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[MESSAGE, SESSION]
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Result(answer) if answer.api == "logout" && answer.ok => {
                self.logged_out.insert(entry.actor.clone());
            }
            What::Call(call) if call.api == "login" => {
                self.logged_out.remove(&entry.actor);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.logged_out.remove(&entry.actor);
            }
            What::Event(_) | What::Connect { .. } | What::Sent { .. }
                if self.logged_out.remove(&entry.actor) =>
            {
                found.violations.push(Violation {
                    aspect: match &entry.what {
                        What::Event(event) if event.event == Some(Event::Message) => MESSAGE,
                        _ => SESSION,
                    },
                    entry: index,
                    actor: entry.actor.clone(),
                    expected: "nothing after the logout was complete".into(),
                    seen: text::say(entry),
                });
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, violated};

    fn logged_out() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "logout")
            .event(1_060, "phone", Event::LoggedOut)
            .result(1_060, "phone", 2)
    }

    #[test]
    fn silence_satisfies_it() {
        assert_eq!(violated("I7", logged_out().end(9_000)), None);
    }

    #[test]
    fn a_message_violates_it() {
        let lines = logged_out().event(1_100, "phone", Event::Message);
        let at = lines.len() - 1;
        assert_eq!(violated("I7", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_reconnect_violates_it() {
        assert!(violated("I7", logged_out().connect(2_000, "phone", 2).end(9_000)).is_some());
    }

    #[test]
    fn the_next_login_begins_anew() {
        assert_eq!(
            violated("I7", logged_out().login(2_000, "phone", 3).end(9_000)),
            None
        );
    }
}
