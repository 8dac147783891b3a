//! A6: an app does not log in who is logged in, let alone often (TIM-030, TIM-040).

use std::collections::VecDeque;

use session::time::{Millis, Time};
use session::words::{ErrorWord, State};

use super::{breach, say, user_of};
use crate::case::Place;
use crate::requirement::Party;
use crate::rules::few::Map;
use crate::rules::{About, Found, Kinds, Rule};
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

/// The user is logged in.
const AGAIN: &str = "again";
/// Often while logged in or logging in.
const OFTEN: &str = "often";

/// More logins than this within [`A_WHILE`] are a storm (T-AMB-10).
const MOST: usize = 5;
const A_WHILE: Millis = Millis::seconds(15);

/// Who is logged in, and when a login was called that was not needed.
#[derive(Debug, Default)]
pub(super) struct NeedlessLogin {
    running: Map<u32, (Place, String)>,
    online: Map<Place, String>,
    needless: Map<String, VecDeque<Time>>,
}

impl Rule for NeedlessLogin {
    fn id(&self) -> &'static str {
        "A6"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[AGAIN, OFTEN]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let place = about.place();
                let user = user_of(call).to_owned();
                let is_online = self.online.get(place) == Some(&user);
                let is_running = self.running.values().any(|(running, _)| running == place);
                if is_online {
                    let expected = "no login of a user who is logged in".to_owned();
                    breach(found, AGAIN, (index, entry), expected, say(call));
                }
                if is_online || is_running {
                    let recent = self.needless.or_default(&entry.actor);
                    recent.retain(|at| *at + A_WHILE > entry.at);
                    recent.push_back(entry.at);
                    // The login that was needed is one of them.
                    if recent.len() + 1 > MOST {
                        let expected = format!("at most {MOST} logins within {A_WHILE}");
                        breach(found, OFTEN, (index, entry), expected, say(call));
                        recent.clear();
                    }
                }
                self.running.insert(call.id, (place.clone(), user));
            }
            What::Result(answer) if answer.api == "login" => {
                if let Some((place, user)) = self.running.remove(&answer.id)
                    && answer.ok
                {
                    self.online.insert(place, user);
                }
            }
            // An app that does not listen hears of an end in this way.
            What::Result(answer) if answer.error == Some(ErrorWord::NotLoggedIn) => {
                self.online.retain(|(device, _), _| *device != entry.actor);
            }
            What::Call(call) if matches!(call.api.as_str(), "logout" | "destroy") => {
                self.online.retain(|(device, _), _| *device != entry.actor);
            }
            What::Event(event) if event.state == Some(State::LoggedOut) => {
                self.online.remove(about.place());
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.online.retain(|(device, _), _| *device != entry.actor);
                self.running
                    .retain(|_, ((device, _), _)| *device != entry.actor);
                self.needless.remove(&entry.actor);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, aspects_violated_under, violated};

    #[test]
    fn a_second_login_of_the_same_user_violates_it() {
        let lines = Lines::default().login_of(0, "phone", 1, "alice");
        let at = lines.len();
        let lines = lines.login_of(60_000, "phone", 2, "alice").end(90_000);
        assert_eq!(aspects_violated_under("A6", lines, |_| {}), [(AGAIN, at)]);
    }

    #[test]
    fn another_user_a_logout_or_an_end_between_them_do_not() {
        let first = || Lines::default().login_of(0, "phone", 1, "alice");
        let switch = first().login_of(9, "phone", 2, "bob");
        assert_eq!(violated("A6", switch.end(99)), None);
        let logout = first()
            .call(5, "phone", 2, "logout")
            .login_of(9, "phone", 3, "alice");
        assert_eq!(violated("A6", logout.end(99)), None);
        let kick = first()
            .event(5, "phone", session::words::Event::KickedOut)
            .login_of(9, "phone", 2, "alice");
        assert_eq!(violated("A6", kick.end(99)), None);
        let deaf = first()
            .call(5, "phone", 2, "send-message")
            .fails(5, "phone", 2, ErrorWord::NotLoggedIn)
            .login_of(9, "phone", 3, "alice");
        assert_eq!(violated("A6", deaf.end(99)), None);
    }

    #[test]
    fn the_sixth_login_within_15_seconds_is_a_storm() {
        let storm = |pause: u64| {
            let first = Lines::default().call(0, "phone", 1, "login");
            (2..=6).fold(first, |lines, id| {
                lines.call(u64::from(id - 1) * pause, "phone", id, "login")
            })
        };
        let found = aspects_violated_under("A6", storm(2_000).end(99_000), |_| {});
        assert_eq!(found, [(OFTEN, 5)]);
        let found = aspects_violated_under("A6", storm(4_000).end(99_000), |_| {});
        assert_eq!(found, []);
    }
}
