//! I24: what is meant for one room, device or app changes nothing for another (EXP-014, EXP-016,
//! EXP-033, EXP-037…040, EXP-066).

use session::time::Time;
use session::words::{EndCause, Event};

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::{AppAct, SessionWord};
use crate::transcript::{Entry, EventSeen, SessionSeen, What};

/// News of members.
const MEMBERS: &str = "members";
/// News of streams.
const STREAMS: &str = "streams";
/// Extra information of a stream.
const EXTRA_INFO: &str = "stream-extra-info";
/// A message.
const MESSAGE: &str = "message";
/// A barrage message.
const BARRAGE: &str = "barrage";
/// A custom command.
const COMMAND: &str = "command";
/// An administrator's act ends a session that was not meant.
const ADMINISTRATOR: &str = "administrator";
/// A login of the same user under another app ID takes the place.
const OTHER_APP: &str = "other-app";
/// A login of another user does.
const OTHER_USER: &str = "other-user";

/// Where each device has been, and what administrators and logins have done.
#[derive(Debug, Default)]
pub(super) struct RoomsApart {
    /// By device, the rooms its process asked to enter.
    rooms: Map<String, Set<String>>,
    /// What administrators did.
    acts: Set<String>,
    /// The sessions that were opened at this instant and shortly before.
    logins: Vec<(Time, SessionSeen)>,
    /// Who lost a place at this instant.
    displaced: Vec<(usize, Time, SessionSeen)>,
}

impl Rule for RoomsApart {
    fn id(&self) -> &'static str {
        "I24"
    }

    fn party(&self) -> Party {
        Party::Server
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[
            MEMBERS,
            STREAMS,
            EXTRA_INFO,
            MESSAGE,
            BARRAGE,
            COMMAND,
            ADMINISTRATOR,
            OTHER_APP,
            OTHER_USER,
        ]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::EVENT | Kinds::SESSION | Kinds::APP | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.displaced.first().map(|(_, at, _)| *at)
    }

    /// A place is lost to a login of the same user under the same app ID only.
    fn overdue(&mut self, _: usize, _: Time, about: &About<'_>, found: &mut Found) {
        let tolerance = about.profile.bounds.tolerance;
        for (entry, lost, seen) in std::mem::take(&mut self.displaced) {
            let others = || {
                let logins = self.logins.iter();
                let lately = logins.filter(|(at, _)| *at + tolerance >= lost);
                let others = lately.map(|(_, login)| login);
                others.filter(|login| login.session != seen.session && login.user == seen.user)
            };
            if others().any(|login| login.app == seen.app) {
                continue;
            }
            let by_same_user = others().next().is_some();
            found.violations.push(Violation {
                aspect: match by_same_user {
                    true => OTHER_APP,
                    false => OTHER_USER,
                },
                entry,
                actor: seen.device,
                expected: format!("session {} of {} goes on", seen.session, seen.user),
                seen: "it was displaced without a login of this user".into(),
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if matches!(call.api.as_str(), "login" | "switch-room") => {
                if let Some(room) = call.args.get("room") {
                    let rooms = self.rooms.or_default(&entry.actor);
                    rooms.insert(room.clone());
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => drop(self.rooms.remove(&entry.actor)),
            What::Event(event) if about.rules.login.into_room => {
                self.event(index, &entry.actor, event, found);
            }
            What::Server { act } => drop(self.acts.insert(act.clone())),
            What::Session(seen) => {
                let tolerance = about.profile.bounds.tolerance;
                self.logins.retain(|(at, _)| *at + tolerance >= entry.at);
                self.session(index, entry.at, seen, found);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (_, _, seen) in self.displaced.iter() {
            found.inconclusive.push(format!(
                "the record ended at the very instant at which {} lost its place",
                seen.device
            ));
        }
    }
}

impl RoomsApart {
    /// A device hears of the rooms it asked to enter, and of no other.
    fn event(&self, index: usize, device: &str, event: &EventSeen, found: &mut Found) {
        let (Some(word), Some(room)) = (event.event, &event.room) else {
            return;
        };
        let aspect = match word {
            Event::PeerJoined | Event::PeerLeft => MEMBERS,
            Event::StreamAdded | Event::StreamRemoved => STREAMS,
            Event::StreamExtraInfo => EXTRA_INFO,
            Event::Message => MESSAGE,
            Event::Barrage => BARRAGE,
            Event::Command => COMMAND,
            _ => return,
        };
        let rooms = self.rooms.get(device);
        if !rooms.is_some_and(|rooms| rooms.contains(room)) {
            found.violations.push(Violation {
                aspect,
                entry: index,
                actor: device.to_owned(),
                expected: format!("nothing of {room}, which it never asked to enter"),
                seen: format!("event {word}"),
            });
        }
    }

    fn session(&mut self, index: usize, at: Time, seen: &SessionSeen, found: &mut Found) {
        let meant = match (seen.is, seen.cause) {
            (SessionWord::Opened | SessionWord::Resumed, _) => {
                self.logins.push((at, seen.clone()));
                return;
            }
            (SessionWord::Ended, Some(EndCause::Server)) => self.kicked(seen),
            (SessionWord::Ended, Some(EndCause::Banned)) => {
                seen.app.is_none() && self.acts.contains(&format!("ban {}", seen.user))
            }
            (SessionWord::Ended, Some(EndCause::NewerLogin)) => {
                self.displaced.push((index, at, seen.clone()));
                return;
            }
            _ => return,
        };
        if !meant {
            found.violations.push(Violation {
                aspect: ADMINISTRATOR,
                entry: index,
                actor: seen.device.clone(),
                expected: format!("nobody ended session {}", seen.session),
                seen: "it ended as by an administrator".into(),
            });
        }
    }

    /// Did an administrator mean this session, as far as the words of the act say?
    fn kicked(&self, seen: &SessionSeen) -> bool {
        // The members of a fleet are called after it, and may be meant together.
        let device = &seen.device;
        let fleet = device.rsplit_once('-').map_or("", |(fleet, _)| fleet);
        let room = seen.room.as_deref().unwrap_or_default();
        let user = format!("kick {}", seen.user);
        let in_room = format!("{user} in {room}");
        [user, in_room].iter().any(|kick| {
            seen.app.is_none()
                && (self.acts.contains(kick)
                    || self.acts.contains(&format!("{kick} on {device}"))
                    || self.acts.contains(&format!("{kick} on {fleet}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_in_rooms};

    fn heard(room: &str) -> Lines {
        Lines::default()
            .join(0, "phone", 1, "one")
            .event(10, "phone", Event::Message)
            .of_room(room)
    }

    #[test]
    fn a_room_of_its_own_satisfies_it() {
        assert_eq!(violated_in_rooms("I24", heard("one").end(99)), None);
    }

    #[test]
    fn another_room_violates_it() {
        let lines = heard("two");
        let at = lines.len() - 1;
        assert_eq!(violated_in_rooms("I24", lines.end(99)), Some(at));
    }

    #[test]
    fn where_there_are_no_rooms_nothing_is_said() {
        assert_eq!(violated("I24", heard("two").end(99)), None);
    }

    fn kicked(act: &str) -> Lines {
        Lines::default()
            .opened(0, "s1", "alice", "fleet-2")
            .in_room("one")
            .server(10, act)
            .ended(10, "s1", EndCause::Server)
    }

    #[test]
    fn a_kick_ends_what_it_means() {
        for act in [
            "kick alice",
            "kick alice in one",
            "kick alice on fleet-2",
            "kick alice in one on fleet",
        ] {
            assert_eq!(violated("I24", kicked(act).end(99)), None, "{act}");
        }
        for act in [
            "kick bob",
            "kick alice in two",
            "kick alice on fleet-1",
            "ban alice",
        ] {
            assert_eq!(violated("I24", kicked(act).end(99)), Some(2), "{act}");
        }
    }

    #[test]
    fn the_users_of_another_app_are_others() {
        let first = Lines::default().opened(0, "s1", "alice", "phone");
        let newer = |lines: Lines| lines.ended(10, "s1", EndCause::NewerLogin);
        let own = newer(first.clone()).opened(10, "s2", "alice", "tablet");
        assert_eq!(violated("I24", own.end(99)), None);
        let app = newer(first.clone())
            .opened(10, "s2", "alice", "tablet")
            .under_app(7);
        assert_eq!(violated("I24", app.end(99)), Some(1));
        let user = newer(first).opened(10, "s2", "bob", "tablet");
        assert_eq!(violated("I24", user.end(99)), Some(1));
    }

    #[test]
    fn a_server_may_make_room_a_little_later() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(10, "s2", "alice", "tablet")
            .ended(500, "s1", EndCause::NewerLogin);
        assert_eq!(violated("I24", lines.end(9_000)), None);
    }

    #[test]
    fn a_record_that_stops_at_a_displacement_decides_nothing() {
        let lines = Lines::default().opened(0, "s1", "alice", "phone").ended(
            10,
            "s1",
            EndCause::NewerLogin,
        );
        assert_eq!(violated("I24", lines.clone().end(10)), None);
        assert!(inconclusive("I24", lines.end(10)));
    }
}
