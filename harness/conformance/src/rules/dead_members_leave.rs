//! I23: a silent client is regarded as gone after the heartbeat limit, not before and not much
//! later, and the others hear joining and leaving by turns (EXP-025, EXP-032, EXP-036).

use session::time::Time;
use session::words::{EndCause, Event};

use super::each::Each;
use super::few::{Map, Set};
use super::wire::Says;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::{AppAct, NetworkWord, SessionWord};
use crate::transcript::{Entry, EventSeen, SERVER, SessionSeen, What};

/// A session is ended as silent although something was heard of it.
const TOO_EARLY: &str = "too-early";
/// A session outlives its client's silence.
const TOO_LATE: &str = "too-late";
/// Somebody joins who is there, or leaves who is not.
const BY_TURNS: &str = "by-turns";

/// Who was heard of when, and who knows of whom.
#[derive(Debug, Default)]
pub(super) struct DeadMembersLeave {
    sessions: Map<String, Life>,
    /// The session on each of the server's links.
    hosted: Map<u32, String>,
    /// Not later than the moment a session must have ended.
    due: Set<(Time, String)>,
    /// When each device sent anything last.
    sent: Map<String, Time>,
    networks: Map<String, Network>,
    members: Each<Set<String>>,
}

#[derive(Debug)]
struct Life {
    device: String,
    /// The server heard something then, or later.
    heard: Time,
    began: Time,
    /// What it sent may arrive at any time.
    in_doubt: bool,
}

#[derive(Debug, Default)]
struct Network {
    wrong: bool,
    /// Slow, or lossy, for the rest of the run.
    poor: bool,
}

impl Rule for DeadMembersLeave {
    fn id(&self) -> &'static str {
        "I23"
    }

    fn party(&self) -> Party {
        Party::Server
    }

    fn party_in(&self, aspect: &str) -> Party {
        match aspect {
            BY_TURNS => Party::Client,
            _ => Party::Server,
        }
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[TOO_EARLY, TOO_LATE, BY_TURNS]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.heartbeat.server-limit")
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL
            | Kinds::EVENT
            | Kinds::SESSION
            | Kinds::SENT
            | Kinds::SERVER_LINK
            | Kinds::SERVER_SENT
            | Kinds::NETWORK
            | Kinds::APP
            | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, about: &About<'_>, found: &mut Found) {
        while let Some((due, _)) = self.due.first()
            && *due < now
            && let Some((_, session)) = self.due.pop_first()
        {
            let Some(life) = self.sessions.get(&session) else {
                continue;
            };
            let sent = self.sent.get(&life.device).copied().unwrap_or_default();
            let due = latest(life.heard.max(life.began).max(sent), about);
            if due >= now {
                self.due.insert((due, session));
            } else if life.in_doubt {
                // Nobody can tell; a link of its own will make it clear again.
            } else {
                let limit = about.rules.heartbeat.server_limit;
                found.violations.push(Violation {
                    aspect: TOO_LATE,
                    entry: index,
                    actor: life.device.clone(),
                    expected: format!("a session is given up after {limit} of silence"),
                    seen: format!("{session} is still there"),
                });
            }
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            what if what.stops_server() => {
                self.sessions.clear();
                self.hosted.clear();
                self.due.clear();
            }
            What::Session(seen) => self.session(index, entry.at, seen, about, found),
            What::Sent { link, .. } if entry.actor == SERVER => {
                for said in about.says() {
                    match said {
                        Says::Accepts(session) => {
                            self.hosted.insert(*link, session.clone());
                        }
                        Says::Heartbeat => {
                            let session = self.hosted.get(link);
                            let life = session.and_then(|name| self.sessions.get_mut(name));
                            life.into_iter().for_each(|life| life.heard = entry.at);
                        }
                        Says::Asks(_) | Says::Other => {}
                    }
                }
            }
            What::LinkDown { link, .. } | What::Close { link } if entry.actor == SERVER => {
                self.hosted.remove(link);
            }
            What::Sent { .. } => match self.sent.get_mut(&entry.actor) {
                Some(at) => *at = entry.at,
                None => drop(self.sent.insert(entry.actor.clone(), entry.at)),
            },
            What::Network {
                is,
                direction,
                quality,
            } => {
                let network = self.networks.or_default(&entry.actor);
                network.poor |= !quality.is_empty();
                match is {
                    Some(NetworkWord::Up) if direction.is_none() => network.wrong = false,
                    Some(NetworkWord::Up | NetworkWord::Reset | NetworkWord::Switched) | None => {}
                    Some(_) => network.wrong = true,
                }
                let lives = self.sessions.values_mut();
                for life in lives.filter(|life| life.device == entry.actor) {
                    life.in_doubt = true;
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => drop(self.members.forget(&entry.actor)),
            What::Call(call) if matches!(call.api.as_str(), "remove-listener" | "destroy") => {
                self.members.forget(&entry.actor);
            }
            What::Event(event) => {
                self.event(index, event, about, found);
            }
            _ => {}
        }
    }

    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found) {
        let heartbeat = &about.rules.heartbeat;
        let is_silent = heartbeat.interval + heartbeat.answer_within;
        for life in self.sessions.values() {
            if !life.in_doubt && life.heard + is_silent < at {
                found.inconclusive.push(format!(
                    "{} was silent, and not yet for the heartbeat limit, when the record ended",
                    life.device
                ));
            }
        }
    }
}

impl DeadMembersLeave {
    fn session(
        &mut self,
        index: usize,
        at: Time,
        seen: &SessionSeen,
        about: &About<'_>,
        found: &mut Found,
    ) {
        match seen.is {
            SessionWord::Opened | SessionWord::Resumed => {
                let network = self.networks.get(&seen.device);
                let life = Life {
                    device: seen.device.clone(),
                    heard: at,
                    began: at,
                    in_doubt: network.is_some_and(|network| network.wrong || network.poor),
                };
                self.hosted.retain(|_, session| *session != seen.session);
                self.sessions.insert(seen.session.clone(), life);
                self.due.insert((latest(at, about), seen.session.clone()));
            }
            SessionWord::Ended => {
                self.hosted.retain(|_, session| *session != seen.session);
                let Some(life) = self.sessions.remove(&seen.session) else {
                    return;
                };
                let limit = about.rules.heartbeat.server_limit;
                let silent = at.since(life.heard);
                if seen.cause == Some(EndCause::Silent)
                    && silent + about.profile.bounds.tolerance < limit
                {
                    found.violations.push(Violation {
                        aspect: TOO_EARLY,
                        entry: index,
                        actor: life.device,
                        expected: format!("a session is given up after {limit} of silence"),
                        seen: format!("{} was, after {silent}", seen.session),
                    });
                }
            }
            SessionWord::Registered | SessionWord::Counted => {}
        }
    }

    fn event(&mut self, index: usize, event: &EventSeen, about: &About<'_>, found: &mut Found) {
        let place = about.place();
        let joins = match event.event {
            Some(Event::LoggingIn) => return self.members.insert(place, Set::default()),
            Some(Event::PeerJoined) => true,
            Some(Event::PeerLeft) => false,
            _ => return,
        };
        // Only who heard everything since its login knows who is there.
        let (Some(user), Some(_)) = (&event.user, about.told().of(place)) else {
            return;
        };
        let Some(members) = self.members.get_mut(place) else {
            return;
        };
        let changed = match joins {
            true => members.insert(user.clone()),
            false => members.remove(user),
        };
        if !changed {
            found.violations.push(Violation {
                aspect: BY_TURNS,
                entry: index,
                actor: place.0.clone(),
                expected: format!("{user} joins and leaves by turns"),
                seen: match joins {
                    true => format!("{user} joined once more"),
                    false => format!("{user} left, and was not there"),
                },
            });
        }
    }
}

/// When a session of which nothing was heard since must have ended.
fn latest(heard: Time, about: &About<'_>) -> Time {
    let tolerance = about.profile.bounds.tolerance;
    heard + about.rules.heartbeat.server_limit + tolerance + tolerance
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::NetworkWord;

    const OK: &str = r#"{"type":"ok","id":1,"session":"s1"}"#;
    const PONG: &str = r#"{"type":"pong"}"#;

    /// The hand-written profile has a limit of 100 s and a tolerance of one second.
    fn heard_at(at: u64) -> Lines {
        Lines::default()
            .opened(0, "s1", "alice", "phone")
            .says(0, "server", 4, OK)
            .says(at, "phone", 1, r#"{"type":"ping"}"#)
            .says(at, "server", 4, PONG)
    }

    #[test]
    fn the_end_at_the_limit_satisfies_it() {
        let gone = heard_at(50_000).ended(150_000, "s1", EndCause::Silent);
        assert_eq!(violated("I23", gone.end(900_000)), None);
    }

    #[test]
    fn an_end_before_it_violates_it() {
        let gone = heard_at(50_000).ended(148_900, "s1", EndCause::Silent);
        let at = gone.len() - 1;
        assert_eq!(violated("I23", gone.end(900_000)), Some(at));
        let logout = heard_at(50_000).ended(60_000, "s1", EndCause::Logout);
        assert_eq!(violated("I23", logout.end(900_000)), None);
    }

    #[test]
    fn none_after_it_violates_it() {
        let lines = heard_at(50_000).connect(152_001, "tablet", 1);
        let at = lines.len() - 1;
        assert_eq!(violated("I23", lines.end(900_000)), Some(at));
        assert_eq!(violated("I23", heard_at(50_000).end(151_000)), None);
    }

    #[test]
    fn what_a_network_holds_may_be_heard_later() {
        let held = heard_at(50_000).network(50_000, "phone", NetworkWord::Down);
        assert_eq!(violated("I23", held.end(900_000)), None);
        let slow = heard_at(50_000).slow_network(50_000, "phone");
        let slow = slow.resumed(60_000, "s1");
        assert_eq!(violated("I23", slow.end(900_000)), None);
    }

    #[test]
    fn a_new_link_makes_it_clear_again() {
        let back = heard_at(50_000)
            .network(50_000, "phone", NetworkWord::Switched)
            .resumed(60_000, "s1");
        assert!(violated("I23", back.end(900_000)).is_some());
    }

    #[test]
    fn a_server_that_stops_forgets_its_sessions() {
        let lines = heard_at(50_000).server(60_000, "stop");
        assert_eq!(violated("I23", lines.end(900_000)), None);
    }

    fn in_room() -> Lines {
        Lines::default().login(0, "phone", 1)
    }

    fn peer(lines: Lines, at: u64, event: Event) -> Lines {
        lines.event(at, "phone", event).about("bob", "")
    }

    #[test]
    fn joining_and_leaving_come_by_turns() {
        let lines = peer(in_room(), 10, Event::PeerJoined);
        let lines = peer(lines, 20, Event::PeerLeft);
        let lines = peer(lines, 30, Event::PeerJoined);
        assert_eq!(violated("I23", lines.clone().end(99)), None);
        let twice = peer(lines, 40, Event::PeerJoined);
        let at = twice.len() - 1;
        assert_eq!(violated("I23", twice.end(99)), Some(at));
        let never = peer(in_room(), 10, Event::PeerLeft);
        assert!(violated("I23", never.end(99)).is_some());
    }

    #[test]
    fn a_new_login_begins_anew() {
        let lines = peer(in_room(), 10, Event::PeerJoined).login(20, "phone", 2);
        let lines = peer(lines, 30, Event::PeerJoined);
        assert_eq!(violated("I23", lines.end(99)), None);
    }

    #[test]
    fn an_app_that_did_not_listen_proves_nothing() {
        let deaf = peer(in_room(), 10, Event::PeerJoined)
            .call(15, "phone", 2, "remove-listener")
            .with("listener", "main")
            .call(18, "phone", 3, "add-listener")
            .with("listener", "main");
        let lines = peer(deaf, 20, Event::PeerJoined);
        assert_eq!(violated("I23", lines.end(99)), None);
        let late = peer(Lines::default(), 20, Event::PeerLeft);
        assert_eq!(violated("I23", late.end(99)), None);
    }

    #[test]
    fn a_record_that_stops_in_a_silence_decides_nothing() {
        assert_eq!(violated("I23", heard_at(50_000).end(90_000)), None);
        assert!(inconclusive("I23", heard_at(50_000).end(90_000)));
        assert!(!inconclusive("I23", heard_at(50_000).end(60_000)));
    }
}
