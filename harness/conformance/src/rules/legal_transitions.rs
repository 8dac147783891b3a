//! I10: only legal transitions are seen; the table is `session::state` (ZIM-024…026, TIM-041).

use std::collections::BTreeMap;

use session::state;
use session::time::Time;
use session::words::{Event, State};

use super::{About, Found, Rule, Violation};
use crate::case::{Place, Places, States};
use crate::requirement::Party;
use crate::transcript::{Entry, What};

const END_WITHOUT_START: &str = "end-without-start";
const OTHER: &str = "other";

/// The state of every session so far.
#[derive(Debug, Default)]
pub(super) struct LegalTransitions {
    states: Option<States>,
    places: Places,
    /// The last event of each session that changed its state.
    last: BTreeMap<Place, Option<Event>>,
}

impl LegalTransitions {
    fn retried(&self, place: &Place, about: &About<'_>) -> bool {
        about.rules.login.retried_for_window
            && self.last.get(place) == Some(&Some(Event::LoginFailed))
    }
}

impl Rule for LegalTransitions {
    fn id(&self) -> &'static str {
        "I10"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[END_WITHOUT_START, OTHER]
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        let fresh = || States::new(into_room);
        if let What::Call(_) = &entry.what {
            self.places.of(entry, into_room);
        }
        if let What::Event(event) = &entry.what {
            let place = self.places.of(entry, into_room);
            let states = self.states.get_or_insert_with(fresh);
            let state = states.of(&place.0, Some(&place.1));
            match event.event {
                // A first login that is retried may tell of a failure in between (EXP-021).
                Some(Event::LoggedIn) if self.retried(&place, about) => {}
                Some(word) if !state::is_legal(state, word) => found.violations.push(Violation {
                    aspect: match (state, word) {
                        (State::LoggedOut, Event::LoggedIn | Event::LoginFailed) => {
                            END_WITHOUT_START
                        }
                        _ => OTHER,
                    },
                    entry: index,
                    actor: entry.actor.clone(),
                    expected: format!("an event that may be seen in state {state}"),
                    seen: format!("event {word}"),
                }),
                Some(Event::LoggedIn | Event::LoginFailed) => {
                    found.kept.insert(END_WITHOUT_START);
                }
                Some(_) => {}
                None => found.inconclusive.push(format!(
                    "{} said something the profile has no neutral word for: {}",
                    entry.actor,
                    event.callback.as_deref().unwrap_or("?")
                )),
            }
            if event.state.is_some() {
                self.last.insert(place, event.event);
            }
        }
        self.states.get_or_insert_with(fresh).follow(entry);
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, kept, violated, violated_in_rooms};

    #[test]
    fn a_login_and_an_outage_satisfy_it() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .event(5_000, "phone", Event::Reconnecting)
            .event(6_000, "phone", Event::Reconnected);
        assert_eq!(violated("I10", lines.clone().end(9_000)), None);
        assert_eq!(kept("I10", lines.end(9_000)), ["end-without-start"]);
    }

    #[test]
    fn reconnected_out_of_nowhere_violates_it() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .event(5_000, "phone", Event::Reconnected);
        let at = lines.len() - 1;
        assert_eq!(violated("I10", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_callback_without_a_word_decides_nothing() {
        let lines = Lines::default().native(0, "phone", "onSomethingNew");
        assert_eq!(violated("I10", lines.clone().end(9_000)), None);
        assert!(inconclusive("I10", lines.end(9_000)));
    }

    #[test]
    fn each_room_has_a_state_of_its_own() {
        let lines = Lines::default()
            .join(0, "phone", 1, "one")
            .join(10, "phone", 2, "two")
            .event(5_000, "phone", Event::Reconnecting)
            .of_room("one")
            .event(5_000, "phone", Event::KickedOut)
            .of_room("two")
            .event(6_000, "phone", Event::Reconnected)
            .of_room("one");
        assert_eq!(violated_in_rooms("I10", lines.clone().end(9_000)), None);
        let wrong = lines
            .event(7_000, "phone", Event::Reconnecting)
            .of_room("two");
        assert!(violated_in_rooms("I10", wrong.end(9_000)).is_some());
    }
}
