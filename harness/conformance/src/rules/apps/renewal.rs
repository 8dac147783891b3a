//! A10: an app answers the warning about its ticket with a renewal, and with a new ticket
//! (ZIM-050).

use session::time::Time;
use session::words::{ErrorWord, Event};

use super::{breach, say};
use crate::requirement::Party;
use crate::rules::few::{Map, Set};
use crate::rules::{About, Found, Kinds, Rule, WHOLE};
use crate::transcript::{Entry, What};

/// The apps that were warned and have not renewed.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    warned: Set<String>,
    renewals: Map<u32, ()>,
}

impl Rule for Renewal {
    fn id(&self) -> &'static str {
        "A10"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let mut causes = about.causes().iter();
        let mut because_warned = || causes.any(|told| told.event == Event::TokenWillExpire);
        let device = &entry.actor;
        match &entry.what {
            What::Event(event) => match event.event {
                Some(Event::TokenWillExpire) => drop(self.warned.insert(device.clone())),
                Some(Event::TokenExpired) if self.warned.remove(device) => {
                    found
                        .inconclusive
                        .push(format!("{device}: was the ticket meant to run out?"));
                }
                _ => {}
            },
            What::Call(call) if call.api == "renew-token" => {
                self.warned.remove(device);
                self.renewals.insert(call.id, ());
            }
            What::Call(call) if matches!(call.api.as_str(), "login" | "logout" | "destroy") => {
                let was_warned = self.warned.remove(device);
                if was_warned && because_warned() {
                    let expected = "a renewal because of the warning".to_owned();
                    breach(found, WHOLE, (index, entry), expected, say(call));
                }
            }
            What::Result(answer) if self.renewals.remove(&answer.id).is_some() => {
                let old = matches!(
                    answer.error,
                    Some(ErrorWord::TokenExpired | ErrorWord::TokenTooShort)
                );
                if old {
                    let expected = "a renewal with a new ticket".to_owned();
                    let seen = format!("call #{} {} fails", answer.id, answer.api);
                    breach(found, WHOLE, (index, entry), expected, seen);
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
    use crate::rules::hand_written::{Lines, inconclusive, violated};

    fn warned() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .event(50, "phone", Event::TokenWillExpire)
    }

    #[test]
    fn a_renewal_satisfies_it() {
        let lines = warned()
            .call(50, "phone", 2, "renew-token")
            .inside("token-will-expire")
            .result(59, "phone", 2);
        assert_eq!(violated("A10", lines.end(99)), None);
    }

    #[test]
    fn a_login_instead_violates_it() {
        let lines = warned();
        let at = lines.len();
        let lines = lines
            .call(50, "phone", 2, "login")
            .inside("token-will-expire");
        assert_eq!(violated("A10", lines.end(99)), Some(at));
    }

    #[test]
    fn so_does_a_renewal_with_an_old_ticket() {
        let lines = warned().call(50, "phone", 2, "renew-token").fails(
            59,
            "phone",
            2,
            ErrorWord::TokenExpired,
        );
        let at = lines.len() - 1;
        assert_eq!(violated("A10", lines.end(99)), Some(at));
    }

    #[test]
    fn without_any_answer_it_is_open() {
        let lines = warned().event(90, "phone", Event::TokenExpired);
        assert!(inconclusive("A10", lines.end(99)));
    }
}
