//! A8: what an app says at a login can be used by everybody (EXP-056, EXP-057).

use session::rules::EmptyName;
use session::time::Time;
use session::words::Platform;

use super::{breach, say, user_of};
use crate::requirement::Party;
use crate::rules::few::{Map, Set};
use crate::rules::{About, Found, Kinds, Rule};
use crate::transcript::{Entry, What};

/// A room ID with `%`, and Web clients in that room.
const PERCENT: &str = "percent";
/// A user without an ID, or without a name where one is needed.
const INCOMPLETE: &str = "incomplete";

/// The rooms with `%` in their ID that were logged in to, and those with Web clients.
#[derive(Debug, Default)]
pub(super) struct LoginArguments {
    named: Map<String, usize>,
    web: Set<String>,
}

impl Rule for LoginArguments {
    fn id(&self) -> &'static str {
        "A8"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[PERCENT, INCOMPLETE]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::SESSION
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let name = call.args.get("name");
                let nameless = about.rules.identifiers.empty_name == EmptyName::Refused
                    && name.is_some_and(String::is_empty);
                if user_of(call).is_empty() || nameless {
                    let expected = "a user with an ID and a name".to_owned();
                    breach(found, INCOMPLETE, (index, entry), expected, say(call));
                }
            }
            What::Session(seen) => {
                let Some(room) = seen.room.as_ref().filter(|room| room.contains('%')) else {
                    return;
                };
                if seen.platform == Platform::Web {
                    self.web.insert(room.clone());
                }
                self.named.or_insert(room, || index);
                if self.web.contains(room) && self.named.get(room) != Some(&usize::MAX) {
                    let expected = "no % in the ID of a room that Web clients enter".to_owned();
                    let seen = format!("{} in {room}", seen.device);
                    breach(found, PERCENT, (index, entry), expected, seen);
                    self.named.insert(room.clone(), usize::MAX);
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
    use crate::scenario::SessionWord;
    use crate::transcript::{SERVER, SessionSeen};

    fn enters(lines: Lines, at: u64, platform: Platform, room: &str) -> Lines {
        let seen = SessionSeen {
            app: None,
            is: SessionWord::Opened,
            session: format!("s{at}"),
            user: "alice".into(),
            device: "phone".into(),
            platform,
            room: Some(room.into()),
            cause: None,
        };
        lines.line(at, SERVER, What::Session(seen))
    }

    #[test]
    fn a_percent_sign_and_a_web_client_violate_it_together() {
        let lines = enters(Lines::default(), 0, Platform::Android, "100%");
        assert_eq!(violated("A8", lines.clone().end(9)), None);
        let with_web = enters(lines, 5, Platform::Web, "100%");
        assert_eq!(violated("A8", with_web.end(9)), Some(1));
        let elsewhere = enters(Lines::default(), 5, Platform::Web, "100");
        assert_eq!(violated("A8", elsewhere.end(9)), None);
    }

    #[test]
    fn a_user_needs_an_id_and_for_some_a_name() {
        let login = |user: &str, name: &str| {
            Lines::default()
                .call(0, "phone", 1, "login")
                .with("user", user)
                .with("name", name)
                .end(9)
        };
        assert_eq!(violated("A8", login("", "Alice")), Some(0));
        assert_eq!(violated("A8", login("alice", "")), None);
        let found = aspects_violated_under("A8", login("alice", ""), |rules| {
            rules.identifiers.empty_name = EmptyName::Refused;
        });
        assert_eq!(found, [(INCOMPLETE, 0)]);
    }
}
