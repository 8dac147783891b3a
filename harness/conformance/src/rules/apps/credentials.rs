//! A11: where the app proves itself by its signature, it leaves the ticket empty (ZIM-005).

use session::rules::Authentication;
use session::time::Time;
use session::words::Platform;

use super::breach;
use crate::requirement::Party;
use crate::rules::few::Set;
use crate::rules::{About, Found, Kinds, Rule, WHOLE};
use crate::scenario::SessionWord;
use crate::transcript::{Entry, What, brings_no_ticket};

/// The devices whose last login brought a ticket.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    with_ticket: Set<String>,
}

impl Rule for Credentials {
    fn id(&self) -> &'static str {
        "A11"
    }

    fn party(&self) -> Party {
        Party::App
    }

    /// What a device is, only the server says; Web knows tickets only (ZIM-003).
    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::SESSION
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        if about.rules.login.authentication != Authentication::AppSign {
            return;
        }
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                match brings_no_ticket(call) {
                    true => self.with_ticket.remove(&entry.actor),
                    false => self.with_ticket.insert(entry.actor.clone()),
                };
            }
            What::Session(seen)
                if seen.is == SessionWord::Opened
                    && seen.platform != Platform::Web
                    && self.with_ticket.remove(&seen.device) =>
            {
                let expected = format!("a login of {} without a ticket", seen.device);
                let seen = "it brought one".to_owned();
                breach(found, WHOLE, (index, entry), expected, seen);
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
    use crate::transcript::{SERVER, SessionSeen, Transcript};

    fn login(ticket: &str, platform: Platform) -> Transcript {
        let opened = SessionSeen {
            app: None,
            is: SessionWord::Opened,
            session: "s1".into(),
            user: "alice".into(),
            device: "phone".into(),
            platform,
            room: None,
            cause: None,
        };
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", ticket)
            .line(5, SERVER, What::Session(opened))
            .end(9)
    }

    #[test]
    fn a_ticket_beside_a_signature_violates_it() {
        let signed = |ticket, platform| {
            aspects_violated_under("A11", login(ticket, platform), |rules| {
                rules.login.authentication = Authentication::AppSign;
            })
        };
        let some = "ticket#1 (alice, ends +1d)";
        assert_eq!(signed(some, Platform::Android), [(WHOLE, 1)]);
        assert_eq!(signed(some, Platform::Web), []);
        assert_eq!(signed("ticket#1 (alice, empty)", Platform::Android), []);
        assert_eq!(violated("A11", login(some, Platform::Android)), None);
    }
}
