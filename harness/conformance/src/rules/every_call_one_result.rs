//! I5: every call gets exactly one result within its bound (EXP-001, ZIM-008, TIM-011, T-AMB-46).

use session::rules::Window;
use session::time::{Millis, Time};
use session::words::State;

use super::each::changes_hearing;
use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

const LOGIN: &str = "login";
const LOGOUT: &str = "logout";
const OTHER: &str = "other";

/// The calls that have no result yet.
#[derive(Debug, Default)]
pub(super) struct EveryCallOneResult {
    open: Map<u32, Open>,
    /// When each is due; those of a process that stands still are not.
    due: Set<(Time, u32)>,
    /// The devices with a session that is online, as far as their apps were told, and since when.
    online: Map<String, Time>,
}

#[derive(Debug)]
struct Open {
    actor: String,
    api: String,
    due: Time,
}

impl Rule for EveryCallOneResult {
    fn id(&self) -> &'static str {
        "I5"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[LOGIN, LOGOUT, OTHER]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, about: &About<'_>, found: &mut Found) {
        while let Some((due, id)) = self.due.first().copied()
            && due < now
        {
            self.due.remove(&(due, id));
            if let Some(later) = self.waits_for_a_link(id, due, about) {
                self.due.insert((later, id));
                continue;
            }
            if let Some(open) = self.open.remove(&id) {
                found.violations.push(Violation {
                    aspect: aspect_of(&open.api),
                    entry: index,
                    actor: open.actor,
                    expected: format!("a result of call #{id} {} in time", open.api),
                    seen: "none".into(),
                });
            }
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) => {
                if changes_hearing(call) {
                    self.online.remove(&entry.actor);
                }
                let due = bound(&call.api, about).map(|bound| entry.at + bound);
                let open = Open {
                    actor: entry.actor.clone(),
                    api: call.api.clone(),
                    due: due.unwrap_or(NEVER),
                };
                if due.is_some() && !about.frozen().holds(&entry.actor) {
                    self.due.insert((open.due, call.id));
                }
                self.open.insert(call.id, open);
            }
            What::Event(event) => match event.state {
                Some(State::Online) => {
                    self.online.or_insert(&entry.actor, || entry.at);
                }
                Some(_) => drop(self.online.remove(&entry.actor)),
                None => {}
            },
            What::Result(answer) => match self.open.remove(&answer.id) {
                Some(open) => {
                    self.due.remove(&(open.due, answer.id));
                    found.kept.insert(aspect_of(&answer.api));
                }
                None => found.violations.push(Violation {
                    aspect: aspect_of(&answer.api),
                    entry: index,
                    actor: entry.actor.clone(),
                    expected: "one result for each call".into(),
                    seen: format!("one more for call #{} {}", answer.id, answer.api),
                }),
            },
            // A process that dies takes its calls with it.
            What::App {
                is: AppAct::Crashed,
            } => {
                self.online.remove(&entry.actor);
                self.each_of(&entry.actor, |_, _, _| false);
            }
            What::App { is: AppAct::Frozen } => self.each_of(&entry.actor, |_, _, _| true),
            What::App {
                is: AppAct::Resumed,
            } => self.each_of(&entry.actor, |id, open, due| {
                open.due = open.due + about.stood_still().unwrap_or_default();
                due.insert((open.due, id));
                true
            }),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, open) in self.open.iter() {
            found.inconclusive.push(format!(
                "call #{id} {} of {} had no result when the record ended",
                open.api, open.actor
            ));
        }
    }
}

impl EveryCallOneResult {
    /// A renewal may wait for the link that is to carry it (Z-AMB-39); that is no silence until
    /// the app has been told for as long that there is one.
    fn waits_for_a_link(&mut self, id: u32, due: Time, about: &About<'_>) -> Option<Time> {
        let open = self.open.get_mut(&id)?;
        let bound = about.profile.bounds.call;
        let online = self.online.get(&open.actor);
        let patient = open.api == "renew-token"
            && bound > Millis::ZERO
            && online.is_none_or(|since| due < *since + bound);
        patient.then(|| {
            open.due = due + bound;
            open.due
        })
    }

    /// Makes the calls of a device no longer due, and keeps those that `keeps` says.
    fn each_of(
        &mut self,
        device: &str,
        keeps: impl Fn(u32, &mut Open, &mut Set<(Time, u32)>) -> bool,
    ) {
        let due = &mut self.due;
        self.open.retain(|id, open| {
            if open.actor != device {
                return true;
            }
            due.remove(&(open.due, *id));
            keeps(*id, open, due)
        });
    }
}

/// Later than any run.
const NEVER: Time = Time(u64::MAX / 2);

/// How long a call may take; a login that is retried takes the whole window, which a console may
/// have set.
fn bound(api: &str, about: &About<'_>) -> Option<Millis> {
    let is_login = matches!(api, "login" | "switch-room");
    let api = if is_login { "login" } else { api };
    let bound = about.profile.bound_of(api.parse().ok());
    if !is_login || !about.rules.login.retried_for_window {
        return Some(bound);
    }
    match about.rules.reconnect.window {
        Window::Bounded(window) => {
            Some(bound.max(Millis(window.0 + about.profile.bounds.tolerance.0)))
        }
        Window::Unlimited => None,
    }
}

fn aspect_of(api: &str) -> &'static str {
    match api {
        "login" => LOGIN,
        "logout" => LOGOUT,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use session::rules::Window;
    use session::time::Millis;
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, kept, violated, violated_under};

    #[test]
    fn one_result_satisfies_it() {
        let lines = Lines::default().login(0, "phone", 1);
        assert_eq!(violated("I5", lines.clone().end(9_000)), None);
        assert_eq!(kept("I5", lines.clone().end(9_000)), ["login"]);
        assert!(!inconclusive("I5", lines.end(9_000)));
    }

    #[test]
    fn a_second_result_violates_it() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .result(500, "phone", 1);
        let at = lines.len() - 1;
        assert_eq!(violated("I5", lines.end(9_000)), Some(at));
    }

    #[test]
    fn silence_beyond_the_bound_violates_it() {
        let lines = Lines::default().call(0, "phone", 1, "logout");
        assert!(violated("I5", lines.end(3_600_000)).is_some());
    }

    #[test]
    fn a_record_that_stops_early_decides_nothing() {
        let lines = Lines::default().call(0, "phone", 1, "logout");
        assert_eq!(violated("I5", lines.clone().end(10)), None);
        assert_eq!(kept("I5", lines.clone().end(10)), [""; 0]);
        assert!(inconclusive("I5", lines.end(10)));
    }

    #[test]
    fn a_renewal_waits_for_the_link() {
        let away = Lines::default()
            .login(0, "phone", 1)
            .event(1_000, "phone", Event::Reconnecting)
            .call(2_000, "phone", 2, "renew-token");
        assert_eq!(violated("I5", away.clone().end(3_600_000)), None);
        assert!(inconclusive("I5", away.clone().end(3_600_000)));
        let back = away.event(900_000, "phone", Event::Reconnected);
        assert!(violated("I5", back.clone().end(3_600_000)).is_some());
        let answered = back.result(900_000, "phone", 2);
        assert_eq!(violated("I5", answered.end(3_600_000)), None);
        let online = Lines::default()
            .login(0, "phone", 1)
            .call(2_000, "phone", 2, "renew-token");
        assert!(violated("I5", online.end(100_000)).is_some());
    }

    #[test]
    fn a_login_that_is_retried_takes_the_window_of_the_console() {
        for api in ["login", "switch-room"] {
            let lines = Lines::default()
                .call(0, "phone", 1, api)
                .result(3_600_000, "phone", 1)
                .end(4_000_000);
            let within = |window: Window| {
                violated_under("I5", lines.clone(), |profile| {
                    profile.rules.login.retried_for_window = true;
                    profile.rules.reconnect.window = window;
                })
            };
            assert_eq!(within(Window::Bounded(Millis::seconds(3_600))), None);
            assert_eq!(within(Window::Unlimited), None);
            assert!(within(Window::Bounded(Millis::seconds(1_200))).is_some());
        }
    }

    #[test]
    fn a_process_that_stands_still_is_excused_for_so_long() {
        use crate::scenario::AppAct::{Frozen, Resumed};
        let frozen = Lines::default()
            .call(0, "phone", 1, "logout")
            .app(1_000, "phone", Frozen);
        assert_eq!(violated("I5", frozen.clone().end(3_600_000)), None);
        let resumed = frozen.app(601_000, "phone", Resumed);
        let answered = resumed.clone().result(629_000, "phone", 1);
        assert_eq!(violated("I5", answered.end(3_600_000)), None);
        assert!(violated("I5", resumed.end(3_600_000)).is_some());
    }
}
