//! A3: after an expired ticket an app logs in with one that is good (TIM-019, TIM-022).

use session::time::Time;
use session::words::{ErrorWord, Event, Reason};

use super::{breach, user_of};
use crate::requirement::Party;
use crate::rules::few::Map;
use crate::rules::{About, Found, Kinds, Rule};
use crate::transcript::{Entry, What};

/// The ticket had run out at a login.
const AT_LOGIN: &str = "at-login";
/// It ran out while logged in.
const ONLINE: &str = "online";

/// Whose ticket has run out, and how that was noticed.
#[derive(Debug, Default)]
pub(super) struct ExpiredTicket {
    calls: Map<u32, String>,
    online: Map<String, String>,
    expired: Map<(String, String), &'static str>,
}

impl Rule for ExpiredTicket {
    fn id(&self) -> &'static str {
        "A3"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[AT_LOGIN, ONLINE]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                self.calls.insert(call.id, user_of(call).to_owned());
            }
            What::Result(answer) if answer.api == "login" => {
                let Some(user) = self.calls.remove(&answer.id) else {
                    return;
                };
                let key = (device.clone(), user);
                if answer.ok {
                    self.expired.remove(&key);
                    self.online.insert(device.clone(), key.1);
                } else if answer.error == Some(ErrorWord::TokenExpired)
                    && let Some(aspect) = self.expired.insert(key, AT_LOGIN)
                {
                    let expected = "a login with a ticket that has not run out".to_owned();
                    let seen = format!("call #{} fails with token-expired again", answer.id);
                    breach(found, aspect, (index, entry), expected, seen);
                }
            }
            What::Event(event) => {
                let ended = match (event.event, event.reason) {
                    (Some(Event::TokenExpired), _) => true,
                    (Some(Event::KickedOut), reason) => reason == Some(Reason::TokenExpired),
                    _ => false,
                };
                if ended && let Some(user) = self.online.remove(device) {
                    self.expired.insert((device.clone(), user), ONLINE);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (device, user) in self.expired.keys() {
            let open = format!("{device}: no login of {user} with a new ticket by then");
            found.inconclusive.push(open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, aspects_violated_under, inconclusive, violated};

    fn refused() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("user", "alice")
            .fails(9, "phone", 1, ErrorWord::TokenExpired)
    }

    #[test]
    fn a_new_ticket_satisfies_it() {
        let lines = refused().login_of(20, "phone", 2, "alice").end(99);
        assert_eq!(violated("A3", lines), None);
    }

    #[test]
    fn the_same_ticket_violates_it_where_it_fails_again() {
        let lines = refused()
            .call(20, "phone", 2, "login")
            .with("user", "alice")
            .fails(29, "phone", 2, ErrorWord::TokenExpired);
        let at = lines.len() - 1;
        assert_eq!(
            aspects_violated_under("A3", lines.end(99), |_| {}),
            [(AT_LOGIN, at)]
        );
    }

    #[test]
    fn one_that_ran_out_online_is_told_apart() {
        let lines = Lines::default()
            .login_of(0, "phone", 1, "alice")
            .event(50, "phone", Event::TokenExpired)
            .call(60, "phone", 2, "login")
            .with("user", "alice")
            .fails(69, "phone", 2, ErrorWord::TokenExpired);
        let at = lines.len() - 1;
        assert_eq!(
            aspects_violated_under("A3", lines.end(99), |_| {}),
            [(ONLINE, at)]
        );
    }

    #[test]
    fn another_users_ticket_is_another_ticket() {
        let lines = refused()
            .call(20, "phone", 2, "login")
            .with("user", "bob")
            .fails(29, "phone", 2, ErrorWord::TokenExpired);
        assert_eq!(violated("A3", lines.end(99)), None);
    }

    #[test]
    fn without_a_further_login_it_is_open() {
        assert!(inconclusive("A3", refused().end(99)));
    }
}
