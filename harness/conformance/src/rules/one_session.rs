//! I6: two logins never leave two sessions in one client; with several rooms, in one room
//! (TIM-031, TIM-032, TIM-065).

use session::time::Time;

use super::few::{Map, Set};
use super::follow::Links;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::SessionWord;
use crate::transcript::{Entry, Message, SERVER, SessionSeen, What};

/// The server has two sessions of a user from one device.
const AT_SERVER: &str = "at-server";
/// A client goes on with a session beside a newer one of the same user.
const SAME_USER: &str = "same-user";
/// The same, of another user.
const OTHER_USER: &str = "other-user";

/// The sessions of each device.
#[derive(Debug, Default)]
pub(super) struct OneSession {
    /// The devices that chose several rooms.
    several: Set<String>,
    open: Map<Own, Map<String, Option<String>>>,
    /// Sessions beside which an older one was open, by when that must be over.
    due: Set<(Time, Own, String)>,
}

/// An app ID, a user and a device.
type Own = (Option<u32>, String, String);

impl Rule for OneSession {
    fn id(&self) -> &'static str {
        "I6"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn party_in(&self, aspect: &str) -> Party {
        match aspect {
            AT_SERVER => Party::Server,
            _ => Party::Client,
        }
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[AT_SERVER, SAME_USER, OTHER_USER]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::SESSION | Kinds::SENT | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.due.first().map(|(due, ..)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, _: &About<'_>, found: &mut Found) {
        while let Some((due, ..)) = self.due.first()
            && *due < now
            && let Some((_, own, session)) = self.due.pop_first()
        {
            let several = self.several.contains(&own.2);
            let open = self.open.get(&own);
            if let Some(other) = open.and_then(|open| beside(open, &session, several)) {
                found.violations.push(Violation {
                    aspect: AT_SERVER,
                    entry: index,
                    actor: own.2.clone(),
                    expected: format!("one session of {} from this device", own.1),
                    seen: format!("{other} beside {session}"),
                });
            }
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            what if what.stops_server() => {
                self.open.clear();
                self.due.clear();
            }
            What::Call(call) if call.args.get("mode").is_some_and(|mode| mode == "several") => {
                self.several.insert(entry.actor.clone());
            }
            What::Session(seen) => self.session(entry.at, seen, about),
            What::Sent { link, messages, .. } if entry.actor != SERVER => {
                let sent = Sent {
                    index,
                    device: &entry.actor,
                    link: *link,
                    messages,
                };
                self.sent(&sent, about.links(), found);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (_, (_, _, device), session) in self.due.iter() {
            let said = format!("an older session of {device} may still give way to {session}");
            found.inconclusive.push(said);
        }
    }
}

impl OneSession {
    fn session(&mut self, at: Time, seen: &SessionSeen, about: &About<'_>) {
        let own = (seen.app, seen.user.clone(), seen.device.clone());
        let open = self.open.or_default(&own);
        match seen.is {
            SessionWord::Opened | SessionWord::Resumed => {
                open.insert(seen.session.clone(), seen.room.clone());
                let several = self.several.contains(&seen.device);
                if beside(open, &seen.session, several).is_some() {
                    let due = at + about.profile.bounds.tolerance;
                    self.due.insert((due, own, seen.session.clone()));
                }
            }
            SessionWord::Ended => {
                open.remove(&seen.session);
                if open.is_empty() {
                    self.open.remove(&own);
                }
            }
            SessionWord::Registered | SessionWord::Counted => {}
        }
    }

    /// Nothing but a farewell goes over a link once a newer one is accepted in its place.
    fn sent(&self, sent: &Sent<'_>, links: &Links, found: &mut Found) {
        let &Sent {
            index,
            device,
            link,
            messages,
        } = sent;
        let Some(asked) = links.asked(device, link) else {
            return;
        };
        let several = self.several.contains(device);
        let newest = match several {
            true => links.accepted(&asked.place(device)),
            false => links.newest_accepted(device),
        };
        let Some(newer) = newest.filter(|newest| *newest > link) else {
            return;
        };
        let is_farewell = |message: &Message| message.text().contains("\"logout\"");
        if messages.is_empty() || messages.iter().all(is_farewell) {
            return;
        }
        let same = links.asked(device, newer).map(|other| &other.user) == Some(&asked.user);
        found.violations.push(Violation {
            aspect: match same {
                true => SAME_USER,
                false => OTHER_USER,
            },
            entry: index,
            actor: device.to_owned(),
            expected: format!("the session on link {link} gave way to that on link {newer}"),
            seen: "it goes on".into(),
        });
    }
}

/// What a device sends over a link.
struct Sent<'a> {
    index: usize,
    device: &'a str,
    link: u32,
    messages: &'a [Message],
}

/// Another session of the device; with several rooms, in the same room.
fn beside<'a>(
    open: &'a Map<String, Option<String>>,
    session: &str,
    several: bool,
) -> Option<&'a String> {
    let room = open.get(session)?;
    let mut others = open.iter().filter(|(name, _)| *name != session);
    others
        .find(|(_, other)| !several || *other == room)
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use session::words::EndCause;

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    fn two_at_server() -> Lines {
        Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(5_000, "s2", "alice", "phone")
    }

    #[test]
    fn an_old_session_gives_way() {
        let gone = two_at_server().ended(5_500, "s1", EndCause::NewerLogin);
        assert_eq!(violated("I6", gone.end(9_000)), None);
        let lines = two_at_server().connect(6_001, "phone", 1);
        let at = lines.len() - 1;
        assert_eq!(violated("I6", lines.end(9_000)), Some(at));
    }

    #[test]
    fn inside_the_bound_nothing_is_decided() {
        assert_eq!(violated("I6", two_at_server().end(5_500)), None);
        assert!(inconclusive("I6", two_at_server().end(5_500)));
    }

    #[test]
    fn the_ghost_of_another_user_is_none_of_its_own() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(5_000, "s2", "bob", "phone");
        assert_eq!(violated("I6", lines.end(9_000)), None);
    }

    #[test]
    fn several_rooms_are_several_sessions() {
        let two = |lines: Lines, other: &str| {
            let one = lines.opened(0, "s1", "alice", "phone").in_room("one");
            one.opened(10, "s2", "alice", "phone")
                .in_room(other)
                .end(9_000)
        };
        let chosen = Lines::default()
            .call(0, "phone", 1, "set-room-mode")
            .with("mode", "several");
        assert_eq!(violated("I6", two(chosen.clone(), "two")), None);
        assert!(violated("I6", two(chosen, "one")).is_some());
        assert!(violated("I6", two(Lines::default(), "two")).is_some());
    }

    #[test]
    fn a_server_that_stops_forgets_its_sessions() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .server(10, "stop")
            .opened(5_000, "s2", "alice", "phone");
        assert_eq!(violated("I6", lines.end(9_000)), None);
    }

    fn two_links() -> Lines {
        Lines::default()
            .asks(0, "phone", 1, "alice")
            .login(10, "phone", 1)
            .asks(5_000, "phone", 2, "bob")
            .login(5_010, "phone", 2)
    }

    #[test]
    fn a_client_that_goes_on_with_the_old_one_violates_it() {
        let beats = two_links().says(6_000, "phone", 1, r#"{"type":"ping"}"#);
        let at = beats.len() - 1;
        assert_eq!(violated("I6", beats.end(9_000)), Some(at));
        let own = two_links().says(6_000, "phone", 2, r#"{"type":"ping"}"#);
        assert_eq!(violated("I6", own.end(9_000)), None);
    }

    #[test]
    fn a_farewell_is_allowed() {
        let bye = two_links().says(6_000, "phone", 1, r#"{"type":"logout","id":3}"#);
        assert_eq!(violated("I6", bye.end(9_000)), None);
    }

    #[test]
    fn what_cannot_be_read_proves_nothing() {
        let opaque = two_links().says(6_000, "phone", 1, "");
        assert_eq!(violated("I6", opaque.end(9_000)), None);
    }
}
