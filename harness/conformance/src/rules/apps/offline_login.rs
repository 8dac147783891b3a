//! A9: an app logs in offline only for the user who was logged in before, and brings the ticket
//! for going online (ZIM-001, ZIM-013, ZIM-014).

use session::time::Time;
use session::words::ErrorWord;

use super::{breach, say, user_of};
use crate::requirement::Party;
use crate::rules::few::{Map, Set};
use crate::rules::{About, Found, Kinds, Rule};
use crate::transcript::{Entry, What, brings_no_ticket};

/// The first login of a user on a device.
const FIRST: &str = "first";
/// The user logged out before.
const AFTER_LOGOUT: &str = "after-logout";
const NO_TICKET: &str = "no-ticket";

/// Who logged in on each device, and who logged out again.
#[derive(Debug, Default)]
pub(super) struct OfflineLogin {
    calls: Map<u32, Called>,
    known: Set<(String, String)>,
    online: Map<String, String>,
    logged_out: Set<(String, String)>,
}

#[derive(Debug)]
struct Called {
    user: String,
    offline: bool,
}

impl Rule for OfflineLogin {
    fn id(&self) -> &'static str {
        "A9"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[FIRST, AFTER_LOGOUT, NO_TICKET]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        let at = (index, entry);
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let user = user_of(call).to_owned();
                let offline = call.args.contains_key("offline");
                let key = (device.clone(), user.clone());
                if offline && self.logged_out.contains(&key) {
                    let expected = "an online login after a logout".to_owned();
                    breach(found, AFTER_LOGOUT, at, expected, say(call));
                }
                if offline && brings_no_ticket(call) {
                    let expected = "the ticket for going online later".to_owned();
                    breach(found, NO_TICKET, at, expected, say(call));
                }
                self.calls.insert(call.id, Called { user, offline });
            }
            What::Call(call) if call.api == "logout" => {
                if let Some(user) = self.online.remove(device) {
                    self.logged_out.insert((device.clone(), user));
                }
            }
            What::Result(answer) if answer.api == "login" => {
                let Some(called) = self.calls.remove(&answer.id) else {
                    return;
                };
                let key = (device.clone(), called.user.clone());
                if answer.ok {
                    self.logged_out.remove(&key);
                    self.known.insert(key);
                    self.online.insert(device.clone(), called.user);
                } else if called.offline
                    && answer.error == Some(ErrorWord::OfflineUserDiffers)
                    && !self.known.contains(&key)
                {
                    // The device itself says that this user was not online on it before.
                    let expected = "an online login first".to_owned();
                    let seen = format!("call #{} login, offline, of {}", answer.id, called.user);
                    breach(found, FIRST, at, expected, seen);
                }
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

    fn offline(lines: Lines, at: u64, id: u32) -> Lines {
        lines
            .call(at, "phone", id, "login")
            .with("user", "alice")
            .with("ticket", "ticket#1 (alice, ends +1d)")
            .with("offline", "true")
    }

    #[test]
    fn after_an_online_login_it_is_fine() {
        let lines = Lines::default().login_of(0, "phone", 1, "alice");
        let lines = offline(lines, 50, 2).result(50, "phone", 2);
        assert_eq!(violated("A9", lines.end(99)), None);
    }

    #[test]
    fn as_the_first_login_it_is_not() {
        let lines = offline(Lines::default(), 0, 1);
        let lines = lines.fails(0, "phone", 1, ErrorWord::OfflineUserDiffers);
        assert_eq!(
            aspects_violated_under("A9", lines.end(9), |_| {}),
            [(FIRST, 1)]
        );
    }

    #[test]
    fn nor_after_a_logout() {
        let lines = Lines::default()
            .login_of(0, "phone", 1, "alice")
            .call(5, "phone", 2, "logout");
        let at = lines.len();
        let lines = offline(lines, 50, 3).end(99);
        assert_eq!(
            aspects_violated_under("A9", lines, |_| {}),
            [(AFTER_LOGOUT, at)]
        );
    }

    #[test]
    fn nor_without_a_ticket() {
        let lines = offline(Lines::default(), 0, 1).with("ticket", "ticket#1 (alice, empty)");
        assert_eq!(
            aspects_violated_under("A9", lines.end(9), |_| {}),
            [(NO_TICKET, 0)]
        );
    }
}
