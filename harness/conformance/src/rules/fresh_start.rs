//! I25: after a crash a client starts logged out, and its login is not refused for the session
//! that it left behind once that must be gone (EXP-024).

use session::time::Time;
use session::words::{ErrorWord, State};

use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallAnswered, CallMade, Entry, What};

/// A new process is not logged out.
const START: &str = "start";
/// A login is refused as if there were a session.
const REFUSED: &str = "refused";
/// The same, after a logout.
const REFUSED_AFTER_LOGOUT: &str = "refused-after-logout";

/// The processes that were started after a crash, until they have a session.
#[derive(Debug, Default)]
pub(super) struct FreshStart {
    crashed: Map<String, Time>,
    fresh: Map<String, Fresh>,
}

#[derive(Debug)]
struct Fresh {
    crashed: Time,
    logged_out: bool,
    /// The only login there has been.
    login: Option<u32>,
}

impl Rule for FreshStart {
    fn id(&self) -> &'static str {
        "I25"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[START, REFUSED, REFUSED_AFTER_LOGOUT]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::CONNECT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::App {
                is: AppAct::Crashed,
            } => {
                self.fresh.remove(&entry.actor);
                self.crashed.insert(entry.actor.clone(), entry.at);
            }
            What::App {
                is: AppAct::Started,
            } => {
                if let Some(crashed) = self.crashed.remove(&entry.actor) {
                    let fresh = Fresh {
                        crashed,
                        logged_out: false,
                        login: None,
                    };
                    self.fresh.insert(entry.actor.clone(), fresh);
                }
            }
            What::Call(call) => self.call(&entry.actor, call),
            What::Result(answer) => self.result(index, entry, answer, about, found),
            What::Event(_) | What::Connect { .. } | What::Sent { .. } => {
                let fresh = self.fresh.get(&entry.actor);
                if fresh.is_some_and(|fresh| fresh.login.is_none()) {
                    self.fresh.remove(&entry.actor);
                    let seen = text::say(entry);
                    found.violations.push(at_start(index, entry, seen));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (device, _) in self.fresh.iter().filter(|(_, fresh)| fresh.login.is_some()) {
            found.inconclusive.push(format!(
                "the first login of {device} after its crash was not answered when the record ended"
            ));
        }
    }
}

impl FreshStart {
    fn call(&mut self, device: &str, call: &CallMade) {
        let Some(fresh) = self.fresh.get_mut(device) else {
            return;
        };
        match call.api.as_str() {
            "logout" => fresh.logged_out = true,
            "login" if fresh.login.is_none() => fresh.login = Some(call.id),
            // Two logins at once, or one that does not say so.
            "login" | "switch-room" | "renew-token" => drop(self.fresh.remove(device)),
            _ => {}
        }
    }

    fn result(
        &mut self,
        index: usize,
        entry: &Entry,
        answer: &CallAnswered,
        about: &About<'_>,
        found: &mut Found,
    ) {
        let Some(fresh) = self.fresh.get_mut(&entry.actor) else {
            return;
        };
        match fresh.login {
            None if answer.api == "get-login-status" && answer.ok => {
                let state = answer.value.clone().unwrap_or_default();
                if state != State::LoggedOut.word() {
                    found.violations.push(at_start(index, entry, state));
                }
            }
            Some(login) if login == answer.id => {
                if answer.error != Some(ErrorWord::AlreadyLoggedIn) {
                    self.fresh.remove(&entry.actor);
                    return;
                }
                fresh.login = None;
                let limit = about.rules.heartbeat.server_limit;
                let gone = fresh.crashed + limit + about.profile.bounds.tolerance;
                if entry.at > gone {
                    found.violations.push(Violation {
                        aspect: match fresh.logged_out {
                            true => REFUSED_AFTER_LOGOUT,
                            false => REFUSED,
                        },
                        entry: index,
                        actor: entry.actor.clone(),
                        expected: format!("a session left behind is gone after {limit}"),
                        seen: "a login is refused because of it".into(),
                    });
                }
            }
            _ => {}
        }
    }
}

fn at_start(index: usize, entry: &Entry, seen: String) -> Violation {
    Violation {
        aspect: START,
        entry: index,
        actor: entry.actor.clone(),
        expected: "a new process is logged out until its app logs in".into(),
        seen,
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::AppAct::{Crashed, Started};

    fn started() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .app(1_000, "phone", Crashed)
            .app(2_000, "phone", Started)
            .call(2_000, "phone", 2, "initialise")
            .result(2_000, "phone", 2)
    }

    #[test]
    fn a_login_after_it_satisfies_it() {
        let lines = started()
            .login(3_000, "phone", 3)
            .connect(4_000, "phone", 1);
        assert_eq!(violated("I25", lines.end(9_000)), None);
    }

    #[test]
    fn a_client_that_goes_on_by_itself_violates_it() {
        let connect = started().connect(2_100, "phone", 1);
        let at = connect.len() - 1;
        assert_eq!(violated("I25", connect.end(9_000)), Some(at));
        let event = started().event(2_100, "phone", Event::Reconnecting);
        assert!(violated("I25", event.end(9_000)).is_some());
    }

    #[test]
    fn its_state_is_logged_out() {
        let status = |state| {
            started()
                .call(2_100, "phone", 3, "get-login-status")
                .result(2_100, "phone", 3)
                .answering(state)
                .end(9_000)
        };
        assert_eq!(violated("I25", status("logged-out")), None);
        assert!(violated("I25", status("online")).is_some());
    }

    fn refused(at: u64) -> Lines {
        started()
            .call(at, "phone", 3, "login")
            .fails(at, "phone", 3, ErrorWord::AlreadyLoggedIn)
    }

    #[test]
    fn a_refusal_counts_when_the_old_session_must_be_gone() {
        // The hand-written profile has a limit of 100 s and a tolerance of one second.
        assert_eq!(violated("I25", refused(102_000).end(999_000)), None);
        let late = refused(102_001);
        let at = late.len() - 1;
        assert_eq!(violated("I25", late.end(999_000)), Some(at));
    }

    #[test]
    fn a_session_of_its_own_may_be_in_the_way() {
        let lines = started()
            .login(3_000, "phone", 3)
            .call(200_000, "phone", 4, "login")
            .fails(200_000, "phone", 4, ErrorWord::AlreadyLoggedIn);
        assert_eq!(violated("I25", lines.end(999_000)), None);
        let both = started()
            .call(200_000, "phone", 3, "login")
            .call(200_000, "phone", 4, "login")
            .fails(200_000, "phone", 4, ErrorWord::AlreadyLoggedIn);
        assert_eq!(violated("I25", both.end(999_000)), None);
    }

    #[test]
    fn a_process_that_never_died_does_not_start_afresh() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .app(2_000, "phone", Started)
            .connect(3_000, "phone", 1);
        assert_eq!(violated("I25", lines.end(9_000)), None);
    }

    #[test]
    fn a_first_login_without_an_answer_decides_nothing() {
        let lines = started().call(3_000, "phone", 3, "login");
        assert_eq!(violated("I25", lines.clone().end(9_000)), None);
        assert!(inconclusive("I25", lines.end(9_000)));
        assert!(!inconclusive(
            "I25",
            started().login(3_000, "phone", 3).end(9_000)
        ));
    }
}
