//! I7: after a logout is complete there is no callback, no attempt and no traffic (TIM-059,
//! EXP-043).

use session::time::Time;
use session::words::{Event, State};

use super::each::Each;
use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, What};

/// A message arrives.
const MESSAGE: &str = "message";
/// The session goes on: another event, an attempt, traffic.
const SESSION: &str = "session";

/// The sessions whose logout is complete.
#[derive(Debug, Default)]
pub(super) struct LogoutIsFinal {
    /// The logouts under way.
    called: Map<u32, Leaving>,
    /// The devices that have logged out from everything.
    from_all: Set<String>,
    /// The rooms that devices have logged out from.
    from_room: Each<()>,
    /// The devices whose last session ended with a logout from its room.
    silent: Set<String>,
    /// The sessions that the app wants.
    wanted: Each<()>,
}

#[derive(Debug)]
struct Leaving {
    device: String,
    /// The room it is from, if it names one.
    room: Option<String>,
    /// Did the app log in again before it was complete?
    again: bool,
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

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::CONNECT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) if call.api == "logout" => {
                let room = call.args.get("room").filter(|_| into_room);
                let leaving = Leaving {
                    device: device.clone(),
                    room: room.cloned(),
                    again: false,
                };
                self.called.insert(call.id, leaving);
            }
            What::Call(call) if matches!(call.api.as_str(), "login" | "switch-room") => {
                let place = about.place();
                let from_room = self.from_room.remove(place).is_some();
                if self.from_all.remove(device) || from_room {
                    found.kept.insert(SESSION);
                }
                self.wanted.insert(place, ());
                self.silent.remove(device);
                let called = self.called.values_mut();
                for leaving in called.filter(|leaving| leaving.device == *device) {
                    leaving.again = true;
                }
            }
            What::Result(answer) if answer.api == "logout" => {
                let leaving = self.called.remove(&answer.id);
                let again = leaving.as_ref().is_some_and(|leaving| leaving.again);
                match leaving.and_then(|leaving| leaving.room) {
                    _ if !answer.ok || again => {}
                    None => {
                        self.wanted.forget(device);
                        self.from_room.forget(device);
                        self.from_all.insert(device.clone());
                    }
                    Some(room) => {
                        let place = (device.clone(), room);
                        self.wanted.remove(&place);
                        if !self.wanted.has_any(device) {
                            self.silent.insert(device.clone());
                        }
                        self.from_room.insert(&place, ());
                    }
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.from_all.remove(device);
                self.silent.remove(device);
                self.from_room.forget(device);
                self.wanted.forget(device);
                self.called.retain(|_, leaving| leaving.device != *device);
            }
            What::Event(event) => {
                let place = about.place();
                // It may be about another room, if it does not say which.
                let is_sure = event.room.is_some() || !self.wanted.has_any(device);
                let from_room = is_sure && self.from_room.remove(place).is_some();
                if self.from_all.remove(device) || from_room {
                    self.after(index, entry, found);
                }
                if event.state == Some(State::LoggedOut) {
                    self.wanted.remove(place);
                }
            }
            What::Connect { .. } | What::Sent { .. } => {
                let from_rooms = self.silent.remove(device) && !self.wanted.has_any(device);
                if self.from_all.remove(device) || from_rooms {
                    self.after(index, entry, found);
                }
            }
            _ => {}
        }
    }

    /// That no message came says something only where one was sent, which is for a step.
    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        if !self.from_all.is_empty() || self.from_room.all().next().is_some() {
            found.kept.insert(SESSION);
        }
        for (id, leaving) in self.called.iter() {
            found.inconclusive.push(format!(
                "logout #{id} of {} was not complete when the record ended",
                leaving.device
            ));
        }
    }
}

impl LogoutIsFinal {
    fn after(&self, index: usize, entry: &Entry, found: &mut Found) {
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
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, kept, violated, violated_in_rooms};
    use crate::scenario::AppAct::Crashed;

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

    #[test]
    fn a_logout_that_is_not_complete_decides_nothing() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "logout");
        let heard = lines.clone().event(1_010, "phone", Event::Message);
        assert_eq!(violated("I7", heard.clone().end(9_000)), None);
        assert!(inconclusive("I7", heard.end(9_000)));
        let died = lines.app(1_020, "phone", Crashed);
        assert!(!inconclusive("I7", died.end(9_000)));
    }

    #[test]
    fn a_login_called_before_the_logout_was_complete_is_a_login_all_the_same() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .event(1_000, "phone", Event::KickedOut)
            .call(1_000, "phone", 2, "logout")
            .call(1_000, "phone", 3, "login")
            .result(1_000, "phone", 2)
            .event(1_000, "phone", Event::LoggingIn)
            .connect(1_000, "phone", 2);
        assert_eq!(violated("I7", lines.end(9_000)), None);
    }

    #[test]
    fn the_session_in_another_room_goes_on() {
        let left = Lines::default()
            .join(0, "phone", 1, "one")
            .join(10, "phone", 2, "two")
            .call(1_000, "phone", 3, "logout")
            .of_room("one")
            .event(1_060, "phone", Event::LoggedOut)
            .of_room("one")
            .result(1_060, "phone", 3);
        let other = left
            .clone()
            .connect(2_000, "phone", 9)
            .event(2_000, "phone", Event::Message)
            .of_room("two");
        assert_eq!(violated_in_rooms("I7", other.end(9_000)), None);
        let same = left.event(2_000, "phone", Event::Message).of_room("one");
        assert!(violated_in_rooms("I7", same.end(9_000)).is_some());
    }

    #[test]
    fn silence_keeps_the_session_ended_and_says_nothing_about_messages() {
        assert_eq!(kept("I7", logged_out().end(9_000)), ["session"]);
        let again = logged_out().login(2_000, "phone", 3);
        assert_eq!(kept("I7", again.end(9_000)), ["session"]);
        let never = Lines::default().login(0, "phone", 1);
        assert_eq!(kept("I7", never.end(9_000)), [""; 0]);
    }
}
