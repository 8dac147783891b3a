//! I5: every call gets exactly one result within its bound (EXP-001, ZIM-008, TIM-011, T-AMB-46).

use std::collections::{BTreeMap, BTreeSet};

use session::time::Time;

use super::each::Frozen;
use super::{About, Found, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

const LOGIN: &str = "login";
const LOGOUT: &str = "logout";
const OTHER: &str = "other";

/// The calls that have no result yet.
#[derive(Debug, Default)]
pub(super) struct EveryCallOneResult {
    open: BTreeMap<u32, Open>,
    /// When each is due; those of a process that stands still are not.
    due: BTreeSet<(Time, u32)>,
    frozen: Frozen,
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

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        self.overdue(index, entry.at, found);
        let stood_still = self.frozen.follow(entry);
        match &entry.what {
            What::Call(call) => {
                let bound = about.profile.bound_of(call.api.parse().ok());
                let open = Open {
                    actor: entry.actor.clone(),
                    api: call.api.clone(),
                    due: entry.at + bound,
                };
                if !self.frozen.holds(&entry.actor) {
                    self.due.insert((open.due, call.id));
                }
                self.open.insert(call.id, open);
            }
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
            } => self.each_of(&entry.actor, |_, _, _| false),
            What::App { is: AppAct::Frozen } => self.each_of(&entry.actor, |_, _, _| true),
            What::App {
                is: AppAct::Resumed,
            } => self.each_of(&entry.actor, |id, open, due| {
                open.due = open.due + stood_still.unwrap_or_default();
                due.insert((open.due, id));
                true
            }),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, open) in &self.open {
            found.inconclusive.push(format!(
                "call #{id} {} of {} had no result when the record ended",
                open.api, open.actor
            ));
        }
    }
}

impl EveryCallOneResult {
    /// Makes the calls of a device no longer due, and keeps those that `keeps` says.
    fn each_of(
        &mut self,
        device: &str,
        keeps: impl Fn(u32, &mut Open, &mut BTreeSet<(Time, u32)>) -> bool,
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

    fn overdue(&mut self, index: usize, now: Time, found: &mut Found) {
        while let Some((due, id)) = self.due.first().copied()
            && due < now
        {
            self.due.remove(&(due, id));
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
    use crate::rules::hand_written::{Lines, inconclusive, kept, violated};

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
