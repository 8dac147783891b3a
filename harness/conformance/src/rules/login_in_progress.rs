//! A1: an app does not log in while a login is running (TIM-028).

use session::time::Time;

use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation, WHOLE};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

/// The login under way on each device, into each room.
#[derive(Debug, Default)]
pub(super) struct LoginInProgress {
    running: Map<Place, u32>,
}

impl Rule for LoginInProgress {
    fn id(&self) -> &'static str {
        "A1"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let place = about.place();
                match self.running.get(place) {
                    Some(first) => found.violations.push(Violation {
                        aspect: WHOLE,
                        entry: index,
                        actor: entry.actor.clone(),
                        expected: format!("no login while call #{first} is running"),
                        seen: format!("call #{} login", call.id),
                    }),
                    None => {
                        self.running.insert(place.clone(), call.id);
                    }
                }
            }
            What::Result(answer) if answer.api == "login" => {
                self.running.retain(|_, running| *running != answer.id);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.running.retain(|(device, _), _| *device != entry.actor);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for ((device, _), id) in self.running.iter() {
            found.inconclusive.push(format!(
                "login #{id} of {device} was still running when the record ended"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_in_rooms};

    #[test]
    fn one_after_the_other_satisfies_it() {
        let lines = Lines::default().login(0, "phone", 1).login(9, "phone", 2);
        assert_eq!(violated("A1", lines.end(99)), None);
    }

    #[test]
    fn two_at_once_violate_it() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .call(5, "phone", 2, "login");
        assert_eq!(violated("A1", lines.end(99)), Some(1));
    }

    #[test]
    fn a_login_that_still_runs_decides_nothing() {
        let lines = Lines::default().call(0, "phone", 1, "login");
        assert!(inconclusive("A1", lines.end(99)));
        let over = Lines::default().login(0, "phone", 1);
        assert!(!inconclusive("A1", over.end(99)));
    }

    #[test]
    fn two_devices_do_not() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .call(5, "tablet", 2, "login");
        assert_eq!(violated("A1", lines.end(99)), None);
    }

    #[test]
    fn two_rooms_do_not() {
        let two = |other: &str| {
            Lines::default()
                .call(0, "phone", 1, "login")
                .of_room("one")
                .call(5, "phone", 2, "login")
                .of_room(other)
                .end(9_000)
        };
        assert_eq!(violated_in_rooms("A1", two("two")), None);
        assert!(violated_in_rooms("A1", two("one")).is_some());
    }
}
