//! I8: after a destroy is complete there is no callback and no activity, and calls fail with the
//! documented error (EXP-012, TIM-001).

use session::time::Time;
use session::words::ErrorWord;

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallAnswered, Entry, What};

const CALLBACK: &str = "callback";
const ACTIVITY: &str = "activity";
/// A login is accepted although there is no client.
const LOGIN: &str = "login";
/// Another call is, or it fails with another error.
const CALL: &str = "call";

/// The devices whose client was destroyed.
#[derive(Debug, Default)]
pub(super) struct DestroyedIsSilent {
    destroyed: Set<String>,
    /// The destroys under way, and whose. One that a creation follows before its result says
    /// nothing about what comes after the result.
    under_way: Map<u32, String>,
    /// The calls made meanwhile that have no result yet, and who made them.
    calls: Map<u32, String>,
}

impl Rule for DestroyedIsSilent {
    fn id(&self) -> &'static str {
        "I8"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[CALLBACK, ACTIVITY, LOGIN, CALL]
    }

    fn hears_every_listener(&self) -> bool {
        true
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::CONNECT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        let mut broken = |aspect, expected: &str, seen| {
            found.violations.push(Violation {
                aspect,
                entry: index,
                actor: device.clone(),
                expected: expected.to_owned(),
                seen,
            });
        };
        match &entry.what {
            What::Result(answer) => {
                let is_destroy = self.under_way.remove(&answer.id).is_some();
                if is_destroy && answer.ok {
                    self.destroyed.insert(device.clone());
                } else if self.calls.remove(&answer.id).is_some()
                    && let Some(aspect) = breach(answer, about)
                {
                    broken(aspect, "not-initialised", text::say(entry));
                }
            }
            What::Call(call) if call.api == "destroy" && !self.destroyed.contains(device) => {
                self.under_way.insert(call.id, device.clone());
            }
            What::Call(call) if call.api == "initialise" => {
                self.under_way.retain(|_, whose| whose != device);
                self.destroyed.remove(device);
            }
            What::Call(call) if self.destroyed.contains(device) => match call.api.as_str() {
                // What an app prepares before there is a client; what a query of the device then
                // answers is documented nowhere.
                "set-room-mode" | "add-listener" | "remove-listener" => {}
                api if api.starts_with("get-") => {}
                _ => drop(self.calls.insert(call.id, device.clone())),
            },
            What::App {
                is: AppAct::Crashed,
            } => {
                self.destroyed.remove(device);
                self.calls.retain(|_, caller| caller != device);
            }
            // One finding for each destroyed client; what follows is more of the same.
            What::Event(_) if self.destroyed.remove(device) => {
                broken(
                    CALLBACK,
                    "silence after the client was destroyed",
                    text::say(entry),
                );
            }
            What::Connect { .. } | What::Sent { .. } if self.destroyed.remove(device) => {
                broken(
                    ACTIVITY,
                    "silence after the client was destroyed",
                    text::say(entry),
                );
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, device) in self.calls.iter() {
            found.inconclusive.push(format!(
                "call #{id} of {device}, whose client is destroyed, had no result when the record ended"
            ));
        }
    }
}

/// What is wrong with the answer to a call without a client, if something is.
fn breach(answer: &CallAnswered, about: &About<'_>) -> Option<&'static str> {
    if answer.ok {
        return Some(match answer.api.as_str() {
            "login" => LOGIN,
            _ => CALL,
        });
    }
    let documented = about
        .profile
        .code_of(ErrorWord::NotInitialised, answer.api.parse().ok());
    let is_it = match (answer.error, answer.code) {
        // Some vendors have no number for it: then any failure will do.
        _ if documented.is_none() => true,
        (Some(ErrorWord::NotInitialised | ErrorWord::Unsupported), _) => true,
        (_, code) => code == documented,
    };
    (!is_it).then_some(CALL)
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::AppAct::Crashed;

    fn destroyed() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "destroy")
            .result(1_000, "phone", 2)
    }

    #[test]
    fn silence_and_refused_calls_satisfy_it() {
        let lines = destroyed().call(2_000, "phone", 3, "logout").fails(
            2_000,
            "phone",
            3,
            ErrorWord::NotInitialised,
        );
        assert_eq!(violated("I8", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I8", lines.end(9_000)));
    }

    #[test]
    fn a_callback_violates_it_whoever_hears_it() {
        let lines = destroyed().event(1_100, "phone", Event::Message);
        let at = lines.len() - 1;
        assert_eq!(violated("I8", lines.clone().end(9_000)), Some(at));
        assert_eq!(
            violated("I8", lines.heard_by("second").end(9_000)),
            Some(at)
        );
    }

    #[test]
    fn an_attempt_violates_it() {
        let lines = destroyed().connect(1_100, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(violated("I8", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_call_that_succeeds_or_fails_otherwise_violates_it() {
        let called = destroyed().call(2_000, "phone", 3, "login");
        let at = called.len();
        let ok = called.clone().result(2_000, "phone", 3);
        assert_eq!(violated("I8", ok.end(9_000)), Some(at));
        let other = called.fails(2_000, "phone", 3, ErrorWord::NotLoggedIn);
        assert_eq!(violated("I8", other.end(9_000)), Some(at));
    }

    #[test]
    fn a_call_without_a_result_decides_nothing() {
        let lines = destroyed().call(2_000, "phone", 3, "login");
        assert_eq!(violated("I8", lines.clone().end(9_000)), None);
        assert!(inconclusive("I8", lines.end(9_000)));
    }

    #[test]
    fn what_prepares_the_next_client_may_succeed() {
        let lines = destroyed()
            .call(2_000, "phone", 3, "add-listener")
            .result(2_000, "phone", 3)
            .call(2_000, "phone", 4, "get-login-user")
            .result(2_000, "phone", 4);
        assert_eq!(violated("I8", lines.end(9_000)), None);
    }

    #[test]
    fn the_next_client_and_the_next_process_begin_anew() {
        let next = destroyed()
            .call(2_000, "phone", 3, "initialise")
            .result(2_000, "phone", 3)
            .login(3_000, "phone", 4);
        assert_eq!(violated("I8", next.end(9_000)), None);
        let crashed = destroyed()
            .call(1_500, "phone", 3, "login")
            .app(1_500, "phone", Crashed);
        let next = crashed.login(3_000, "phone", 4);
        assert_eq!(violated("I8", next.clone().end(9_000)), None);
        assert!(!inconclusive("I8", next.end(9_000)));
    }

    #[test]
    fn a_destroy_that_fails_destroys_nothing() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "destroy")
            .fails(1_000, "phone", 2, ErrorWord::NotInitialised)
            .event(1_100, "phone", Event::Message);
        assert_eq!(violated("I8", lines.end(9_000)), None);
    }
}
