//! A5: an app calls in the order create, log in, use, log out, destroy (EXP-002, EXP-012, EXP-048,
//! TIM-001, TIM-008, TIM-017, TIM-061).

use session::time::Time;
use session::words::{ErrorWord, Event};

use super::{breach, say};
use crate::case::Place;
use crate::requirement::Party;
use crate::rules::few::Map;
use crate::rules::{About, Found, Kinds, Rule};
use crate::scenario::AppAct;
use crate::transcript::{CallAnswered, CallMade, Entry, What};

/// A login before the client was created, or after it was destroyed.
const UNCREATED: &str = "uncreated";
/// The number of rooms chosen after the client was created.
const MODE: &str = "mode";
/// A stream before a login has succeeded.
const STREAM: &str = "stream";
/// Something else before a login was called at all.
const FIRST_USE: &str = "first-use";
/// Something else before the login that was called has succeeded.
const NOT_YET: &str = "not-yet";
/// The client destroyed before a logout.
const DESTROYED: &str = "destroyed";

/// How far each app has come.
#[derive(Debug, Default)]
pub(super) struct Order {
    apps: Map<String, App>,
}

#[derive(Debug, Default)]
struct App {
    running: Map<u32, String>,
    /// The rooms it is logged in to; one without a name where a login is into no room.
    rooms: Vec<String>,
    stands: Stands,
}

/// Where an app that is logged in nowhere stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stands {
    #[default]
    BeforeLogin,
    /// A login was called and has not succeeded, or the app logged out.
    NotLoggedIn,
    /// The session was ended from elsewhere; the next call may cross the news of it.
    Ended,
}

impl Rule for Order {
    fn id(&self) -> &'static str {
        "A5"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[UNCREATED, MODE, STREAM, FIRST_USE, NOT_YET, DESTROYED]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) => {
                self.called((index, entry), call, about.place(), found);
            }
            What::Result(answer) => self.answered((index, entry), answer, found),
            What::Event(event) => {
                let ended = match event.event {
                    Some(Event::KickedOut | Event::TokenExpired | Event::ReconnectFailed) => {
                        Stands::Ended
                    }
                    Some(Event::LoggedOut) => Stands::NotLoggedIn,
                    _ => return,
                };
                let (device, room) = about.place();
                let app = self.apps.or_default(device);
                app.rooms.retain(|known| known != room);
                app.stands = ended;
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.apps.remove(&entry.actor);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

impl Order {
    fn called(
        &mut self,
        at: (usize, &Entry),
        call: &CallMade,
        (device, room): &Place,
        found: &mut Found,
    ) {
        let app = self.apps.or_default(device);
        match call.api.as_str() {
            "login" | "switch-room" => {
                app.running.insert(call.id, room.clone());
                if app.rooms.is_empty() && call.api == "login" {
                    app.stands = Stands::NotLoggedIn;
                }
            }
            "logout" => match call.args.get("room") {
                Some(room) => app.rooms.retain(|known| known != room),
                None => app.rooms.clear(),
            },
            "destroy" if !app.rooms.is_empty() => {
                let expected = "a logout before the client is destroyed".to_owned();
                breach(found, DESTROYED, at, expected, say(call));
                app.rooms.clear();
            }
            api if app.rooms.is_empty() && app.stands != Stands::Ended => {
                let aspect = match (api, app.stands) {
                    ("start-publishing" | "start-playing", _) => STREAM,
                    (api, _) if !needs_login(api) => return,
                    (_, Stands::BeforeLogin) => FIRST_USE,
                    _ => NOT_YET,
                };
                let expected = "a login that has succeeded before this call".to_owned();
                breach(found, aspect, at, expected, say(call));
            }
            _ => {}
        }
    }

    fn answered(&mut self, at: (usize, &Entry), answer: &CallAnswered, found: &mut Found) {
        let app = self.apps.or_default(&at.1.actor);
        let room = app.running.remove(&answer.id);
        let seen = || format!("call #{} {} fails", answer.id, answer.api);
        match (answer.api.as_str(), answer.error) {
            ("login", Some(ErrorWord::NotInitialised)) => {
                let expected = "the client is created before a login".to_owned();
                breach(found, UNCREATED, at, expected, seen());
            }
            ("set-room-mode", Some(ErrorWord::RoomModeFixed)) => {
                let expected = "the number of rooms chosen before the client is created".to_owned();
                breach(found, MODE, at, expected, seen());
            }
            ("login" | "switch-room", None) if answer.ok => app.rooms.extend(room),
            ("destroy", None) if answer.ok => *app = App::default(),
            _ => {}
        }
    }
}

/// The calls that need a login and have no other part in it.
fn needs_login(api: &str) -> bool {
    matches!(
        api,
        "send-message"
            | "send-barrage"
            | "send-command"
            | "set-stream-extra-info"
            | "get-user-name"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, aspects_violated_under, violated, violated_in_rooms};

    fn broken(lines: Lines) -> Vec<(&'static str, usize)> {
        aspects_violated_under("A5", lines.end(99), |_| {})
    }

    #[test]
    fn in_order_all_is_well() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(5, "phone", 2, "send-message")
            .call(6, "phone", 3, "logout")
            .call(7, "phone", 4, "destroy");
        assert_eq!(violated("A5", lines.end(99)), None);
    }

    #[test]
    fn a_message_before_any_login_is_the_first_use() {
        let lines = Lines::default().call(0, "phone", 1, "send-message");
        assert_eq!(broken(lines), [(FIRST_USE, 0)]);
    }

    #[test]
    fn one_while_logging_in_or_after_a_failure_comes_too_early() {
        let lines =
            Lines::default()
                .call(0, "phone", 1, "login")
                .call(1, "phone", 2, "send-message");
        assert_eq!(broken(lines), [(NOT_YET, 1)]);
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .fails(1, "phone", 1, ErrorWord::TokenInvalid)
            .call(2, "phone", 2, "send-message");
        assert_eq!(broken(lines), [(NOT_YET, 2)]);
    }

    #[test]
    fn one_that_crosses_a_kick_does_not() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .event(5, "phone", Event::KickedOut)
            .call(6, "phone", 2, "send-message");
        assert_eq!(broken(lines), []);
    }

    #[test]
    fn a_stream_before_a_login_is_told_apart() {
        let lines = Lines::default().call(0, "phone", 1, "start-publishing");
        assert_eq!(broken(lines), [(STREAM, 0)]);
    }

    #[test]
    fn a_room_that_was_switched_to_is_one_that_was_logged_in_to() {
        let lines = Lines::default()
            .join(0, "phone", 1, "one")
            .call(5, "phone", 2, "switch-room")
            .of_room("two")
            .event(5, "phone", Event::LoggedOut)
            .of_room("one")
            .result(9, "phone", 2)
            .call(10, "phone", 3, "start-publishing");
        assert_eq!(violated_in_rooms("A5", lines.end(99)), None);
    }

    #[test]
    fn questions_and_what_is_kept_need_no_login() {
        let lines = Lines::default()
            .call(0, "phone", 1, "get-conversations")
            .call(0, "phone", 2, "get-login-status");
        assert_eq!(broken(lines), []);
    }

    #[test]
    fn what_was_not_created_is_seen_by_the_answer() {
        let lines = Lines::default().call(0, "phone", 1, "login").fails(
            0,
            "phone",
            1,
            ErrorWord::NotInitialised,
        );
        assert_eq!(broken(lines), [(UNCREATED, 1)]);
        let lines = Lines::default().call(0, "phone", 1, "set-room-mode").fails(
            0,
            "phone",
            1,
            ErrorWord::RoomModeFixed,
        );
        assert_eq!(broken(lines), [(MODE, 1)]);
    }

    #[test]
    fn destroying_comes_after_the_logout() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(5, "phone", 2, "destroy");
        let at = lines.len() - 1;
        assert_eq!(broken(lines), [(DESTROYED, at)]);
        let lines = Lines::default().call(5, "phone", 1, "destroy");
        assert_eq!(broken(lines), []);
    }
}
