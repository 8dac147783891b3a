//! I2: a kicked or otherwise terminal client never comes back by itself (ZIM-041, Z-AMB-10).

use session::rules::RenewalAfterExpiry;

use session::time::Time;
use session::words::{Event, State};

use super::each::{Each, changes_hearing};
use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{Entry, What};

const KICKED: &str = "kicked";
const EXPIRED: &str = "expired";
const WINDOW_ENDED: &str = "window-ended";
const OTHER: &str = "other";

/// Which sessions were ended from elsewhere, and how.
#[derive(Debug, Default)]
pub(super) struct KickedStaysOut {
    ended: Each<Event>,
    /// The devices whose last session was ended so.
    away: Map<String, Event>,
    /// Logins that were called and have not begun: an end that is told now is older than they.
    called: Each<u32>,
    /// The sessions that the app wants.
    wanted: Each<()>,
}

impl Rule for KickedStaysOut {
    fn id(&self) -> &'static str {
        "I2"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[KICKED, EXPIRED, WINDOW_ENDED, OTHER]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::CONNECT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if matches!(call.api.as_str(), "login" | "switch-room") => {
                let place = about.place();
                found.kept.extend(self.ended.remove(place).map(aspect_of));
                self.away.remove(&entry.actor);
                self.called.insert(place, call.id);
                self.wanted.insert(place, ());
            }
            What::Result(answer) => {
                let room = {
                    let mut called = self.called.of(&entry.actor);
                    let own = called.find(|(_, id)| **id == answer.id);
                    own.map(|(room, _)| room.clone())
                };
                if let Some(room) = room {
                    self.called.remove(&(entry.actor.clone(), room));
                }
            }
            // Where a renewal revives, it is a login of the app (Z-AMB-36).
            What::Call(call)
                if call.api == "renew-token"
                    && about.rules.token.renewal_after_expiry == RenewalAfterExpiry::Revives =>
            {
                self.away.remove(&entry.actor);
                for (room, how) in self.ended.forget(&entry.actor) {
                    let place = (entry.actor.clone(), room);
                    match how {
                        Event::KickedOut | Event::TokenExpired | Event::ReconnectFailed => {
                            self.wanted.insert(&place, ());
                        }
                        how => self.ended.insert(&place, how),
                    }
                }
            }
            What::Call(call) if changes_hearing(call) => {
                self.away.remove(&entry.actor);
                self.ended.forget(&entry.actor);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.away.remove(&entry.actor);
                self.called.forget(&entry.actor);
                self.ended.forget(&entry.actor);
                self.wanted.forget(&entry.actor);
            }
            What::Event(event) => {
                let place = about.place();
                match (event.event, event.state) {
                    (Some(Event::LoggedOut), _) => {
                        self.away.remove(&entry.actor);
                        self.ended.remove(place);
                        self.wanted.remove(place);
                    }
                    // Such a login is retried; it is over when its window is (EXP-021).
                    (Some(Event::LoginFailed), _) if about.rules.login.retried_for_window => {}
                    (Some(_), Some(State::LoggedOut)) if self.called.get(place).is_some() => {}
                    (Some(word), Some(State::LoggedOut)) => {
                        self.wanted.remove(place);
                        if !self.wanted.has_any(&entry.actor) {
                            self.away.insert(entry.actor.clone(), word);
                        }
                        self.ended.insert(place, word);
                    }
                    (_, Some(state)) => {
                        if state == State::LoggingIn {
                            self.called.remove(place);
                        }
                        self.away.remove(&entry.actor);
                        let how = self.ended.remove(place);
                        come_back(how, index, entry, || format!("state {state}"), found);
                    }
                    (None, None) if self.ended.get(place).is_some() => {
                        found.inconclusive.push(format!(
                            "after its end {} said something the profile has no neutral word for: {}",
                            entry.actor,
                            event.callback.as_deref().unwrap_or("?")
                        ));
                    }
                    (_, None) => {}
                }
            }
            What::Connect { .. } | What::Sent { .. } if !self.wanted.has_any(&entry.actor) => {
                let how = self.away.remove(&entry.actor);
                if how.is_some() {
                    self.ended.forget(&entry.actor);
                }
                come_back(how, index, entry, || text::say(entry), found);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        let stayed_out = self.ended.all().map(|(_, _, how)| aspect_of(*how));
        found.kept.extend(stayed_out);
    }
}

/// One finding for each return; what follows it is the same return.
fn come_back(
    how: Option<Event>,
    index: usize,
    entry: &Entry,
    seen: impl FnOnce() -> String,
    found: &mut Found,
) {
    let Some(how) = how else { return };
    found.violations.push(Violation {
        aspect: aspect_of(how),
        entry: index,
        actor: entry.actor.clone(),
        expected: format!("after {how}, silence until the app logs in again"),
        seen: seen(),
    });
}

fn aspect_of(how: Event) -> &'static str {
    match how {
        Event::KickedOut => KICKED,
        Event::TokenExpired => EXPIRED,
        Event::ReconnectFailed => WINDOW_ENDED,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use session::rules::RenewalAfterExpiry;
    use session::words::{ErrorWord, Reason};

    use crate::rules::hand_written::{
        Lines, inconclusive, kept, violated, violated_in_rooms, violated_under,
    };

    fn kicked() -> Lines {
        Lines::default().login(0, "phone", 1).event_because(
            1_000,
            "phone",
            super::Event::KickedOut,
            Reason::NewerLogin,
        )
    }

    #[test]
    fn silence_satisfies_it() {
        assert_eq!(violated("I2", kicked().end(3_600_000)), None);
    }

    #[test]
    fn a_login_of_the_app_satisfies_it() {
        assert_eq!(
            violated("I2", kicked().login(2_000, "phone", 2).end(9_000)),
            None
        );
    }

    #[test]
    fn an_end_that_is_told_late_is_older_than_a_login_called_before() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "login")
            .event(1_000, "phone", super::Event::KickedOut)
            .event(1_000, "phone", super::Event::LoggingIn)
            .connect(1_000, "phone", 2);
        assert_eq!(violated("I2", lines.end(9_000)), None);
    }

    #[test]
    fn a_connect_violates_it_at_that_very_entry() {
        let lines = kicked().connect(1_500, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(violated("I2", lines.end(9_000)), Some(at));
    }

    #[test]
    fn another_device_is_not_meant() {
        assert_eq!(
            violated("I2", kicked().connect(1_500, "tablet", 1).end(9_000)),
            None
        );
    }

    fn kicked_from_one_of_two_rooms() -> Lines {
        Lines::default()
            .join(0, "phone", 1, "one")
            .join(10, "phone", 2, "two")
            .event(1_000, "phone", super::Event::KickedOut)
            .of_room("one")
    }

    #[test]
    fn the_session_in_another_room_goes_on() {
        let lines = kicked_from_one_of_two_rooms()
            .connect(2_000, "phone", 2)
            .event(3_000, "phone", super::Event::Reconnecting)
            .of_room("two");
        assert_eq!(violated_in_rooms("I2", lines.end(9_000)), None);
    }

    #[test]
    fn but_that_in_this_room_does_not() {
        let back = kicked_from_one_of_two_rooms()
            .event(3_000, "phone", super::Event::Reconnected)
            .of_room("one");
        assert!(violated_in_rooms("I2", back.end(9_000)).is_some());
        let none_left = kicked_from_one_of_two_rooms()
            .event(1_500, "phone", super::Event::KickedOut)
            .of_room("two")
            .connect(2_000, "phone", 2);
        assert!(violated_in_rooms("I2", none_left.end(9_000)).is_some());
    }

    #[test]
    fn a_callback_without_a_word_decides_nothing() {
        let lines = kicked().native(1_500, "phone", "onSomethingNew");
        assert_eq!(violated("I2", lines.clone().end(9_000)), None);
        assert!(inconclusive("I2", lines.end(9_000)));
        assert!(!inconclusive("I2", kicked().end(9_000)));
    }

    #[test]
    fn a_renewal_revives_where_the_vendor_says_so() {
        let lines = kicked()
            .call(2_000, "phone", 2, "renew-token")
            .event(2_000, "phone", super::Event::LoggingIn)
            .connect(2_000, "phone", 2)
            .end(9_000);
        assert!(violated("I2", lines.clone()).is_some());
        let revived = violated_under("I2", lines, |profile| {
            profile.rules.token.renewal_after_expiry = RenewalAfterExpiry::Revives;
        });
        assert_eq!(revived, None);
    }

    #[test]
    fn a_refused_login_is_no_end() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .refused(1_000, "phone", ErrorWord::AlreadyLoggedIn, "alice")
            .connect(2_000, "phone", 2);
        assert_eq!(violated("I2", lines.end(9_000)), None);
    }

    #[test]
    fn an_app_that_begins_to_listen_knows_nothing_of_before() {
        let lines = kicked()
            .call(1_500, "phone", 5, "add-listener")
            .with("listener", "main")
            .event(3_000, "phone", super::Event::Reconnecting);
        assert_eq!(violated("I2", lines.end(9_000)), None);
    }

    #[test]
    fn what_an_extra_listener_hears_is_no_return() {
        let lines = kicked()
            .event(1_000, "phone", super::Event::Reconnecting)
            .heard_by("second");
        assert_eq!(violated("I2", lines.end(9_000)), None);
    }

    #[test]
    fn it_is_kept_only_where_it_could_have_been_broken() {
        let never_ended = Lines::default().login(0, "phone", 1);
        assert_eq!(kept("I2", never_ended.end(9_000)), [""; 0]);
        assert_eq!(kept("I2", kicked().end(9_000)), ["kicked"]);
        let back_by_the_app = kicked().login(2_000, "phone", 2);
        assert_eq!(kept("I2", back_by_the_app.end(9_000)), ["kicked"]);
        let back_by_itself = kicked().connect(1_500, "phone", 2);
        assert_eq!(kept("I2", back_by_itself.end(9_000)), [""; 0]);
    }
}
