//! I3: nobody takes a place without a login of the app, unless it had the newer login anyway
//! (EXP-060, ZIM-047; Z-AMB-10, Z-AMB-40, T-AMB-09).

use std::collections::VecDeque;

use session::rules::Returning;
use session::time::Time;
use session::words::{EndCause, State};

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::{AppAct, SessionWord};
use crate::transcript::{Entry, SERVER, SessionSeen, What};

/// The server lets an older session back in.
const RETURNED: &str = "returned";
/// The client opens a new session by itself.
const BY_ITSELF: &str = "by-itself";

/// So many names of sessions are remembered of each device; older ones return no more.
const MOST_NAMES: usize = 8;

/// Which login of a user is newer.
#[derive(Debug, Default)]
pub(super) struct NoPingPong {
    /// What the app of each device has asked for.
    apps: Map<String, Wanted>,
    /// By app ID, user, device and room: the sessions there were, the newest last.
    sessions: Map<Key, VecDeque<Known>>,
    /// Those who lost their place at this instant.
    displaced: Vec<(Time, Key, Option<usize>)>,
}

type Key = (Option<u32>, String, String, String);

#[derive(Debug, Default)]
struct Wanted {
    /// A login is wanted that has not succeeded.
    logging_in: bool,
    /// Its calls, without those that succeed before they are online.
    calls: Set<u32>,
    /// Was one of these called?
    offline: bool,
    /// Attempts of wanted logins that may still reach the server, each once.
    attempts: u32,
}

#[derive(Debug)]
struct Known {
    name: String,
    /// The entry with which its login reached the server; `None` when that is not known.
    login: Option<usize>,
}

impl Rule for NoPingPong {
    fn id(&self) -> &'static str {
        "I3"
    }

    fn party(&self) -> Party {
        Party::Server
    }

    fn party_in(&self, aspect: &str) -> Party {
        match aspect {
            BY_ITSELF => Party::Client,
            _ => Party::Server,
        }
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[RETURNED, BY_ITSELF]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.devices.returning")
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::SESSION | Kinds::LINK_UP | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        if entry.actor != SERVER {
            self.app(entry, about);
        }
        if let What::Session(seen) = &entry.what {
            match seen.is {
                SessionWord::Ended if seen.cause == Some(EndCause::NewerLogin) => {
                    self.loses(entry.at, seen);
                }
                SessionWord::Opened => self.opened(index, entry.at, seen, about, found),
                _ => {}
            }
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        if !self.displaced.is_empty() {
            let said = "the record ended at the very instant at which somebody lost a place";
            found.inconclusive.push(said.to_owned());
        }
    }
}

impl NoPingPong {
    /// Follows what an app wants.
    fn app(&mut self, entry: &Entry, about: &About<'_>) {
        match &entry.what {
            What::Call(call)
                if matches!(call.api.as_str(), "login" | "switch-room" | "renew-token") =>
            {
                let wanted = self.apps.or_default(&entry.actor);
                // A renewal may be a login, too (Z-AMB-36).
                if call.args.contains_key("offline") {
                    wanted.offline = true;
                } else if call.api != "renew-token" {
                    wanted.calls.insert(call.id);
                }
                wanted.logging_in = true;
            }
            What::Result(answer) => {
                if let Some(wanted) = self.apps.get_mut(&entry.actor)
                    && wanted.calls.remove(&answer.id)
                    && answer.ok
                    && wanted.calls.is_empty()
                    && !wanted.offline
                {
                    wanted.logging_in = false;
                }
            }
            What::Event(event) if event.state == Some(State::LoggingIn) => {
                let wanted = self.apps.or_default(&entry.actor);
                wanted.logging_in = true;
            }
            What::Event(event) if event.state == Some(State::Online) => {
                // In several rooms another login may be under way.
                let mut known = about.told().of_device(&entry.actor);
                let done = known.all(|(_, known)| known.state != State::LoggingIn);
                if let Some(wanted) = self.apps.get_mut(&entry.actor) {
                    wanted.logging_in &= !done;
                    wanted.offline &= !done;
                }
            }
            What::LinkUp { .. } => {
                if let Some(wanted) = self.apps.get_mut(&entry.actor)
                    && wanted.logging_in
                {
                    wanted.attempts += 1;
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                if let Some(wanted) = self.apps.get_mut(&entry.actor) {
                    // What it sent may still arrive.
                    *wanted = Wanted {
                        attempts: wanted.attempts,
                        ..Wanted::default()
                    };
                }
            }
            _ => {}
        }
    }

    fn loses(&mut self, at: Time, seen: &SessionSeen) {
        let key = key(seen);
        let known = self.sessions.get(&key).into_iter().flatten();
        let mut known = known.filter(|known| known.name == seen.session);
        let login = known.next().and_then(|known| known.login);
        self.displaced.retain(|(then, ..)| *then == at);
        self.displaced.push((at, key, login));
    }

    fn opened(
        &mut self,
        index: usize,
        at: Time,
        seen: &SessionSeen,
        about: &About<'_>,
        found: &mut Found,
    ) {
        let own = key(seen);
        let wanted = self.apps.or_default(&seen.device);
        let sessions = self.sessions.or_default(&own);
        let old = sessions.iter().position(|known| known.name == seen.session);
        // A session that goes on keeps its name, and its place among the logins.
        let (login, aspect) = match old.and_then(|old| sessions.remove(old)) {
            Some(old) => (old.login, RETURNED),
            None if wanted.attempts == 0 => (sessions.back().and_then(|s| s.login), BY_ITSELF),
            None => {
                wanted.attempts -= 1;
                // An attempt that was overtaken long ago may only now be here.
                (wanted.logging_in.then_some(index), BY_ITSELF)
            }
        };
        sessions.push_back(Known {
            name: seen.session.clone(),
            login,
        });
        if sessions.len() > MOST_NAMES {
            sessions.pop_front();
        }
        let Some(login) = login else {
            self.displaced.clear();
            return;
        };
        for (then, loser, newer) in std::mem::take(&mut self.displaced) {
            let same_user = (&loser.0, &loser.1) == (&own.0, &own.1);
            let is_newer = newer.is_some_and(|newer| newer > login);
            let wins = about.rules.devices.returning == Returning::Wins;
            if then == at && same_user && loser.2 != own.2 && is_newer && !wins {
                found.violations.push(Violation {
                    aspect,
                    entry: index,
                    actor: own.2.clone(),
                    expected: format!("the newer login on {} keeps its place", loser.2),
                    seen: format!("{} took it without a login of its app", seen.session),
                });
            }
        }
    }
}

fn key(seen: &SessionSeen) -> Key {
    let room = seen.room.clone().unwrap_or_default();
    (seen.app, seen.user.clone(), seen.device.clone(), room)
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    /// Each device logs in as alice; the later one takes the place of the first.
    fn two_logins() -> Lines {
        Lines::default()
            .login_over(0, "phone", 1, "s1")
            .ended(5_000, "s1", EndCause::NewerLogin)
            .login_over(5_000, "tablet", 2, "s2")
    }

    #[test]
    fn each_login_may_take_a_place_once() {
        assert_eq!(violated("I3", two_logins().end(9_000)), None);
        let again = two_logins()
            .ended(6_000, "s2", EndCause::NewerLogin)
            .login_over(6_000, "phone", 3, "s3");
        assert_eq!(violated("I3", again.end(9_000)), None);
    }

    #[test]
    fn an_older_session_that_comes_back_violates_it() {
        let back = two_logins()
            .ended(7_000, "s2", EndCause::NewerLogin)
            .opened(7_000, "s1", "alice", "phone");
        let at = back.len() - 1;
        assert_eq!(violated("I3", back.end(9_000)), Some(at));
    }

    #[test]
    fn so_does_a_login_that_no_app_wanted() {
        let back = two_logins()
            .connect(6_000, "phone", 9)
            .link_up(6_000, "phone", 9)
            .ended(7_000, "s2", EndCause::NewerLogin)
            .opened(7_000, "s3", "alice", "phone");
        let at = back.len() - 1;
        assert_eq!(violated("I3", back.end(9_000)), Some(at));
    }

    #[test]
    fn the_newer_session_may_come_back() {
        // The server forgot both, and the older was back first.
        let back = two_logins()
            .server(6_000, "restart")
            .opened(6_500, "s1", "alice", "phone")
            .ended(7_000, "s1", EndCause::NewerLogin)
            .opened(7_000, "s2", "alice", "tablet");
        assert_eq!(violated("I3", back.end(9_000)), None);
    }

    #[test]
    fn an_attempt_of_a_login_may_arrive_late() {
        let late = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .link_up(10, "phone", 1)
            .link_up(20, "phone", 2)
            .opened(20, "s1", "alice", "phone")
            .event(20, "phone", Event::LoggedIn)
            .result(20, "phone", 1)
            .ended(5_000, "s1", EndCause::NewerLogin)
            .login_over(5_000, "tablet", 2, "s2")
            .ended(9_000, "s2", EndCause::NewerLogin)
            .opened(9_000, "s3", "alice", "phone");
        assert_eq!(violated("I3", late.clone().end(99_000)), None);
        // But it is there once.
        let again = late
            .ended(20_000, "s3", EndCause::NewerLogin)
            .login_over(20_000, "tablet", 4, "s4")
            .ended(30_000, "s4", EndCause::NewerLogin)
            .opened(30_000, "s1", "alice", "phone");
        assert!(violated("I3", again.end(99_000)).is_some());
    }

    #[test]
    fn a_login_that_succeeds_offline_takes_a_place_when_it_is_online() {
        let offline = Lines::default()
            .call(0, "phone", 1, "login")
            .with("offline", "true")
            .result(0, "phone", 1)
            .login_over(5_000, "tablet", 2, "s2")
            .link_up(9_000, "phone", 1)
            .ended(9_000, "s2", EndCause::NewerLogin)
            .opened(9_000, "s3", "alice", "phone");
        assert_eq!(violated("I3", offline.end(99_000)), None);
    }

    #[test]
    fn other_users_and_apps_are_not_meant() {
        let other = two_logins()
            .ended(7_000, "s2", EndCause::NewerLogin)
            .opened(7_000, "s9", "bob", "phone");
        assert_eq!(violated("I3", other.end(9_000)), None);
    }

    #[test]
    fn a_record_that_stops_at_a_displacement_decides_nothing() {
        let lines = two_logins().ended(7_000, "s2", EndCause::NewerLogin);
        assert_eq!(violated("I3", lines.clone().end(7_000)), None);
        assert!(inconclusive("I3", lines.end(7_000)));
        assert!(!inconclusive("I3", two_logins().end(9_000)));
    }
}
