//! I10: only legal transitions are seen; the table is `session::state` (ZIM-024…026, TIM-041).

use session::rules::Telling;
use session::state;
use session::time::Time;
use session::words::{Event, State};

use super::each::changes_hearing;
use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::{Place, States};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

const END_WITHOUT_START: &str = "end-without-start";
const OTHER: &str = "other";

/// The state of every session so far.
#[derive(Debug, Default)]
pub(super) struct LegalTransitions {
    states: Option<States>,
    /// The last event of each session that changed its state.
    last: Map<Place, Option<Event>>,
    /// The devices whose app began to hear in the middle, and the sessions it has heard of since.
    unheard: Map<String, Set<String>>,
}

impl LegalTransitions {
    /// Is it known what state the session was in?
    fn is_known(&self, (device, room): &Place) -> bool {
        let since = self.unheard.get(device);
        since.is_none_or(|heard| heard.contains(room))
    }

    /// An expired ticket may be told once more after the failed login (T-AMB-05).
    fn says_why(&self, place: &Place, event: Event, about: &About<'_>) -> bool {
        event == Event::TokenExpired
            && about.rules.login.expired_ticket == Telling::Told
            && self.last.get(place) == Some(&Some(Event::LoginFailed))
    }

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

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        let fresh = || States::new(into_room);
        match &entry.what {
            What::Call(call) if changes_hearing(call) => {
                self.unheard.insert(entry.actor.clone(), Set::default());
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.unheard.remove(&entry.actor);
                self.last.retain(|(device, _), _| *device != entry.actor);
            }
            _ => {}
        }
        if let What::Event(event) = &entry.what {
            let place = about.place();
            let states = self.states.get_or_insert_with(fresh);
            let state = states.of(&place.0, Some(&place.1));
            match event.event {
                // A first login that is retried may tell of a failure in between (EXP-021).
                Some(Event::LoggedIn) if self.retried(place, about) => {}
                Some(word) if self.says_why(place, word, about) => {}
                Some(_) if !self.is_known(place) => {}
                // A login that was refused because of a session says nothing of that session.
                Some(Event::LoginFailed) if event.state.is_none() => {}
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
                if let Some(heard) = self.unheard.get_mut(&place.0) {
                    heard.insert(place.1.clone());
                }
                match self.last.get_mut(place) {
                    Some(last) => *last = event.event,
                    None => drop(self.last.insert(place.clone(), event.event)),
                }
            }
        }
        self.states.get_or_insert_with(fresh).follow(entry);
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

#[cfg(test)]
mod tests {
    use session::rules::Telling;
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{
        Lines, inconclusive, kept, violated, violated_in_rooms, violated_under,
    };

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
    fn an_app_that_begins_to_listen_knows_no_state_until_it_hears_of_one() {
        let begins = Lines::default()
            .call(0, "phone", 1, "login")
            .result(50, "phone", 1)
            .call(1_000, "phone", 2, "add-listener")
            .with("listener", "main")
            .event(2_000, "phone", Event::Message)
            .event(3_000, "phone", Event::Reconnected);
        assert_eq!(violated("I10", begins.clone().end(9_000)), None);
        let again = begins.event(4_000, "phone", Event::Reconnected);
        assert!(violated("I10", again.end(9_000)).is_some());
    }

    #[test]
    fn a_refused_login_leaves_the_session_as_it_is() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .refused(1_000, "phone", ErrorWord::AlreadyLoggedIn, "alice")
            .event(2_000, "phone", Event::Reconnecting);
        assert_eq!(violated("I10", lines.end(9_000)), None);
    }

    #[test]
    fn an_expired_ticket_may_be_told_after_the_failed_login() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .event(9, "phone", Event::LoginFailed)
            .event(9, "phone", Event::TokenExpired)
            .end(9_000);
        assert!(violated("I10", lines.clone()).is_some());
        let told = violated_under("I10", lines, |profile| {
            profile.rules.login.expired_ticket = Telling::Told;
        });
        assert_eq!(told, None);
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
