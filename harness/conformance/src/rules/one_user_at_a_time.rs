//! I9: once a login of a user has started, every event, request and query carries that user, and
//! nothing of an earlier one (TIM-037, TIM-065).

use session::time::Time;
use session::words::{Event, State};

use super::each::{Each, changes_hearing};
use super::few::Map;
use super::wire::{self, Kind};
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, EventSeen, What};

/// An event of a user who was logged out.
const EVENT: &str = "event";
/// An event of a user whose place another one took.
const EVENT_AFTER_SWITCH: &str = "event-after-switch";
const REQUEST: &str = "request";
/// The answer to a query, while logging in.
const QUERY: &str = "query";
/// The same, once logged in.
const QUERY_LOGGED_IN: &str = "query-logged-in";

/// Whose session each is.
#[derive(Debug, Default)]
pub(super) struct OneUserAtATime {
    of: Each<Who>,
    /// The questions for the user since the last login started, and who asked.
    questions: Map<u32, String>,
}

#[derive(Debug)]
struct Who {
    user: String,
    /// Did the session take the place of one that had not ended?
    is_switch: bool,
    logged_in: bool,
    ended: bool,
}

impl Rule for OneUserAtATime {
    fn id(&self) -> &'static str {
        "I9"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[EVENT, EVENT_AFTER_SWITCH, REQUEST, QUERY, QUERY_LOGGED_IN]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        let breach = match &entry.what {
            What::Event(event) => self.event(event, about),
            What::Call(call) => {
                match call.api.as_str() {
                    "get-login-user" => drop(self.questions.insert(call.id, device.clone())),
                    _ if changes_hearing(call) => drop(self.of.forget(device)),
                    _ => {}
                }
                None
            }
            What::Result(answer) if answer.api == "get-login-user" => self
                .questions
                .remove(&answer.id)
                .and(answer.value.as_deref())
                .filter(|user| *user != "none")
                .and_then(|user| self.answered(device, user)),
            What::Sent { .. } => self.sent(entry, about),
            What::App {
                is: AppAct::Crashed,
            } => {
                self.of.forget(device);
                self.questions.retain(|_, asker| asker != device);
                None
            }
            _ => None,
        };
        if let Some((aspect, user)) = breach {
            found.violations.push(Violation {
                aspect,
                entry: index,
                actor: device.clone(),
                expected: format!("nothing of another user once the login of {user} has started"),
                seen: text::say(entry),
            });
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, device) in self.questions.iter() {
            found.inconclusive.push(format!(
                "call #{id} of {device} for the user had no result when the record ended"
            ));
        }
    }
}

impl OneUserAtATime {
    fn event(&mut self, event: &EventSeen, about: &About<'_>) -> Option<(&'static str, String)> {
        let place = about.place();
        // Only what tells of the session names its own user; a refused login is another's.
        let state = event.state?;
        match event.event {
            Some(Event::LoggingIn) => {
                self.begins(place, event, about);
                return None;
            }
            Some(Event::LoggedIn) => {
                if let Some(who) = self.of.get_mut(place) {
                    who.logged_in = true;
                }
            }
            _ => {}
        }
        let named = event.user.as_ref();
        let breach = self
            .of_session(place, about)
            .filter(|who| named.is_some_and(|user| *user != who.user))
            .map(|who| match who.is_switch {
                true => (EVENT_AFTER_SWITCH, who.user.clone()),
                false => (EVENT, who.user.clone()),
            });
        if breach.is_none()
            && state == State::LoggedOut
            && let Some(who) = self.of.get_mut(place)
        {
            who.ended = true;
        }
        breach
    }

    fn begins(&mut self, place: &Place, event: &EventSeen, about: &About<'_>) {
        let Some(user) = event.user.clone() else {
            self.of.remove(place);
            return;
        };
        let device = &place.0;
        // With one room only, the session in whatever room gives way.
        let before = match about.is_in_several(device) {
            true => self.of.remove(place).into_iter().collect(),
            false => self
                .of
                .forget(device)
                .into_iter()
                .map(|(_, who)| who)
                .collect::<Vec<_>>(),
        };
        let is_switch = before.iter().any(|who| !who.ended && who.user != user);
        self.questions.retain(|_, asker| asker != device);
        let who = Who {
            user,
            is_switch,
            logged_in: false,
            ended: false,
        };
        self.of.insert(place, who);
    }

    /// Whose this session is; with one room only, whose the device's only session is.
    fn of_session(&self, place: &Place, about: &About<'_>) -> Option<&Who> {
        match about.is_in_several(&place.0) {
            true => self.of.get(place),
            false => self.of.of(&place.0).map(|(_, who)| who).next(),
        }
    }

    fn answered(&self, device: &str, user: &str) -> Option<(&'static str, String)> {
        // A session in another room may still be on its way out.
        let mut all = self.of.of(device).map(|(_, who)| who);
        let who = all.next()?;
        if who.user == user || all.next().is_some() {
            return None;
        }
        let aspect = match who.logged_in {
            true => QUERY_LOGGED_IN,
            false => QUERY,
        };
        Some((aspect, who.user.clone()))
    }

    fn sent(&self, entry: &Entry, about: &About<'_>) -> Option<(&'static str, String)> {
        wire::with_tickets(about.says())
            .filter(|(asked, _)| asked.kind != Kind::Renew)
            .find_map(|(asked, _)| {
                let room = asked.room.as_ref().filter(|_| about.rules.login.into_room);
                let place = (entry.actor.clone(), room.cloned().unwrap_or_default());
                let who = self.of_session(&place, about)?;
                let other = asked.user.as_ref().is_some_and(|user| *user != who.user);
                other.then(|| (REQUEST, who.user.clone()))
            })
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_in_rooms};
    use crate::scenario::AppAct::Crashed;

    /// Alice is logged in, and then bob logs in in her place.
    fn switched() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .event_of(0, "phone", Event::LoggingIn, "alice")
            .event_of(9, "phone", Event::LoggedIn, "alice")
            .result(9, "phone", 1)
            .call(1_000, "phone", 2, "login")
            .event_of(1_000, "phone", Event::LoggingIn, "bob")
    }

    fn asks(lines: Lines, user: &str) -> Lines {
        lines
            .call(3_000, "phone", 7, "get-login-user")
            .answers(3_000, "phone", 7, user)
    }

    #[test]
    fn events_requests_and_answers_of_the_new_user_satisfy_it() {
        let lines = switched()
            .asks_for(1_010, "phone", "login", "bob", "t2")
            .event_of(1_050, "phone", Event::LoggedIn, "bob")
            .result(1_050, "phone", 2);
        let lines = asks(lines, "bob");
        assert_eq!(violated("I9", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I9", lines.end(9_000)));
    }

    #[test]
    fn an_event_of_the_old_user_violates_it() {
        let lines = switched().event_of(1_020, "phone", Event::KickedOut, "alice");
        let at = lines.len() - 1;
        assert_eq!(violated("I9", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_request_of_the_old_user_violates_it() {
        let lines = switched().asks_for(1_010, "phone", "resume", "alice", "t1");
        let at = lines.len() - 1;
        assert_eq!(violated("I9", lines.end(9_000)), Some(at));
    }

    #[test]
    fn the_old_user_as_an_answer_violates_it() {
        let lines = asks(switched(), "alice");
        let at = lines.len() - 1;
        assert_eq!(violated("I9", lines.end(9_000)), Some(at));
        assert_eq!(violated("I9", asks(switched(), "none").end(9_000)), None);
    }

    #[test]
    fn a_question_without_an_answer_decides_nothing() {
        let lines = switched().call(3_000, "phone", 7, "get-login-user");
        assert!(inconclusive("I9", lines.end(9_000)));
    }

    #[test]
    fn until_the_login_starts_the_old_user_may_be_heard_of() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .event_of(0, "phone", Event::LoggingIn, "alice")
            .call(10, "phone", 2, "login")
            .event_of(20, "phone", Event::LoggedIn, "alice");
        assert_eq!(violated("I9", lines.end(9_000)), None);
    }

    #[test]
    fn a_refused_login_is_told_of_with_its_own_user() {
        let refused = Lines::default()
            .call(0, "phone", 1, "login")
            .event_of(0, "phone", Event::LoggingIn, "alice")
            .event_of(9, "phone", Event::LoggedIn, "alice")
            .refused(10, "phone", ErrorWord::AlreadyLoggedIn, "bob")
            .event_of(20, "phone", Event::Reconnecting, "alice");
        assert_eq!(violated("I9", refused.end(9_000)), None);
    }

    #[test]
    fn a_new_process_and_an_app_that_did_not_listen_know_nothing() {
        let crashed = switched().app(1_500, "phone", Crashed).event_of(
            2_000,
            "phone",
            Event::LoggedOut,
            "alice",
        );
        assert_eq!(violated("I9", crashed.end(9_000)), None);
        let deaf = switched()
            .call(1_500, "phone", 5, "remove-listener")
            .with("listener", "main")
            .call(1_600, "phone", 6, "add-listener")
            .with("listener", "main")
            .event_of(2_000, "phone", Event::KickedOut, "carol");
        assert_eq!(violated("I9", deaf.end(9_000)), None);
    }

    #[test]
    fn the_session_in_another_room_may_be_on_its_way_out() {
        let lines = |several: bool| {
            let mode = if several { "several" } else { "single" };
            Lines::default()
                .call(0, "phone", 1, "set-room-mode")
                .with("mode", mode)
                .event_of(0, "phone", Event::LoggingIn, "alice")
                .of_room("one")
                .event_of(10, "phone", Event::LoggingIn, "bob")
                .of_room("two")
                .event_of(20, "phone", Event::LoggedOut, "alice")
                .of_room("one")
                .end(9_000)
        };
        assert_eq!(violated_in_rooms("I9", lines(true)), None);
        assert!(violated_in_rooms("I9", lines(false)).is_some());
    }
}
