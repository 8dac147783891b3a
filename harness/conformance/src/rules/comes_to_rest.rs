//! L1: when the faults are over, every client comes to rest: online, or at an end (EXP-021,
//! EXP-022, TIM-026, ZIM-015).
//!
//! Faults are lifted when the script is over; the run goes on for the profile's settle bound.

use std::collections::VecDeque;

use session::time::{Millis, Time};
use session::words::State;

use super::each::{self, Each};
use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::{NetworkWord, SessionWord};
use crate::transcript::{End, Entry, What};

/// A session is never restored.
const RECONNECTING: &str = "reconnecting";
/// A login never ends.
const LOGGING_IN: &str = "logging-in";
/// A login that succeeded offline never goes online.
const OFFLINE: &str = "offline";
/// A client believes in a session that the server does not have.
const STRANDED: &str = "stranded";
/// A client connects again and again.
const RETRIES: &str = "retries";

/// So many attempts after everything should be at rest are endless.
const ENDLESS: usize = 3;

/// How everybody stands.
#[derive(Debug, Default)]
pub(super) struct ComesToRest {
    /// Does the server tell of its sessions at all?
    server_tells: bool,
    online: Each<Set<String>>,
    /// When the server last ended a session; the news may be on its way.
    ended: Each<Time>,
    /// Logins that go online later.
    offline: Set<String>,
    /// When each app called last.
    called: Map<String, Time>,
    /// When each device opened its last links.
    connects: Map<String, VecDeque<Time>>,
    /// The devices whose network is not as it should be.
    broken: Set<String>,
    server_is_down: bool,
    stopped_gateways: Set<String>,
    /// The server was told to lose or hold answers.
    disturbed: bool,
}

impl Rule for ComesToRest {
    fn id(&self) -> &'static str {
        "L1"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[RECONNECTING, LOGGING_IN, OFFLINE, STRANDED, RETRIES]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::SESSION | Kinds::CONNECT | Kinds::NETWORK | Kinds::SERVER | Kinds::END
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        match &entry.what {
            What::Connect { .. } => {
                let connects = self.connects.or_default(&entry.actor);
                connects.push_back(entry.at);
                if connects.len() > ENDLESS {
                    connects.pop_front();
                }
            }
            What::Call(call) => {
                self.called.insert(entry.actor.clone(), entry.at);
                if call.api == "login" {
                    match call.args.contains_key("offline") {
                        true => drop(self.offline.insert(entry.actor.clone())),
                        false => drop(self.offline.remove(&entry.actor)),
                    }
                }
            }
            What::Network {
                is,
                direction,
                quality,
            } => match is {
                Some(NetworkWord::Up) if direction.is_none() && quality.is_empty() => {
                    self.broken.remove(&entry.actor);
                }
                Some(NetworkWord::Reset | NetworkWord::Switched) if quality.is_empty() => {}
                _ => drop(self.broken.insert(entry.actor.clone())),
            },
            What::Session(seen) => {
                self.server_tells = true;
                let room = seen.room.clone().filter(|_| into_room);
                let place = (seen.device.clone(), room.unwrap_or_default());
                let name = seen.session.clone();
                if seen.is == SessionWord::Ended {
                    self.ended.insert(&place, entry.at);
                }
                match (seen.is, self.online.get_mut(&place)) {
                    (SessionWord::Ended, Some(online)) => drop(online.remove(&name)),
                    (SessionWord::Ended, None) => {}
                    (_, Some(online)) => drop(online.insert(name)),
                    (_, None) => self.online.insert(&place, Set::from(name)),
                }
            }
            What::Server { act } => self.server(act, &entry.what),
            What::End(end) => self.ends(index, entry.at, *end, about, found),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

impl ComesToRest {
    fn server(&mut self, act: &str, what: &What) {
        if what.stops_server() {
            self.online = Each::default();
        }
        match act {
            "stop" => self.server_is_down = true,
            "start" | "restart" => self.server_is_down = false,
            act if act.starts_with("gateway ") => match act.strip_suffix(" stopped") {
                Some(gateway) => drop(self.stopped_gateways.insert(gateway.to_owned())),
                None => {
                    let gateway = act.strip_suffix(" started").unwrap_or_default();
                    self.stopped_gateways.remove(gateway);
                }
            },
            act => {
                let holds = ["drop answer", "delay answer", "reorder answer"];
                self.disturbed |= holds.iter().any(|word| act.starts_with(word));
            }
        }
    }

    fn ends(&self, index: usize, end: Time, how: End, about: &About<'_>, found: &mut Found) {
        // Only these two let everything settle.
        if !matches!(how, End::Complete | End::Stopped) {
            return;
        }
        let settle = about.profile.bounds.settle;
        let lifted = end - settle;
        let needed = self.needed(about);
        for (device, room, known) in about.told().all() {
            let place = (device.clone(), room.clone());
            let ended = self.ended.get(&place).copied().unwrap_or(Time::START);
            let since = known.since.max(lifted).max(ended);
            let (aspect, long) = match known.state {
                State::LoggedOut => continue,
                State::Online => {
                    let online = self.online.get(&place);
                    if !self.server_tells || online.is_some_and(|online| !online.is_empty()) {
                        continue;
                    }
                    let heartbeat = &about.rules.heartbeat;
                    let notices = heartbeat.interval + heartbeat.answer_within;
                    (STRANDED, needed + notices)
                }
                State::Reconnecting => (RECONNECTING, needed),
                State::LoggingIn if self.offline.contains(device) => (OFFLINE, needed),
                State::LoggingIn => (LOGGING_IN, needed),
            };
            let who = each::say(&place);
            let state = known.state;
            if since + long >= end || self.is_excused(device, about) {
                let said = format!("{who} was still {state} when the record ended");
                if aspect != STRANDED {
                    found.inconclusive.push(said);
                }
                continue;
            }
            found.violations.push(Violation {
                aspect,
                entry: index,
                actor: device.clone(),
                expected: format!("{who} comes to rest within {long} after the faults"),
                seen: match aspect {
                    STRANDED => "online, and the server has no such session".into(),
                    _ => format!("still {state}"),
                },
            });
        }
        self.retries(index, lifted, lifted + needed, about, found);
    }

    fn retries(
        &self,
        index: usize,
        lifted: Time,
        rest: Time,
        about: &About<'_>,
        found: &mut Found,
    ) {
        for (device, connects) in self.connects.iter() {
            let endless = connects.len() == ENDLESS && connects[0] > rest;
            let by_app = self.called.get(device).is_some_and(|at| *at >= lifted);
            if endless && !by_app && !self.is_excused(device, about) {
                found.violations.push(Violation {
                    aspect: RETRIES,
                    entry: index,
                    actor: device.clone(),
                    expected: "no further attempts once everything is at rest".into(),
                    seen: "it connects again and again".into(),
                });
            }
        }
    }

    /// How long a client needs at most to be there again on a network that works.
    fn needed(&self, about: &About<'_>) -> Millis {
        let rules = about.rules;
        let once = rules.link.connect_timeout
            + rules.link.answer_timeout
            + rules.reconnect.longest_delay
            + about.profile.bounds.tolerance;
        // One attempt for each gateway that may be the wrong one.
        let wrong = self.stopped_gateways.len() as u64;
        Millis(once.0 * (1 + wrong))
    }

    /// Is there a reason why it cannot come to rest?
    fn is_excused(&self, device: &str, about: &About<'_>) -> bool {
        let gateways = about
            .rules
            .link
            .gateways
            .max(about.rules_now().link.gateways);
        let left =
            self.broken.contains(device) || about.frozen().holds(device) || self.server_is_down;
        self.disturbed
            || self.stopped_gateways.len() >= usize::from(gateways)
            || about.leave_faults && left
    }
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_when_faults_stay};
    use crate::scenario::AppAct::Frozen;
    use crate::scenario::NetworkWord::{Down, Up};

    /// The hand-written profile settles for two minutes and needs 46 s to be back.
    const END: u64 = 620_000;

    fn online() -> Lines {
        Lines::default().login_over(0, "phone", 1, "s1")
    }

    fn lost(at: u64) -> Lines {
        online().event(at, "phone", Event::Reconnecting)
    }

    #[test]
    fn online_and_at_an_end_satisfy_it() {
        assert_eq!(violated("L1", online().end(END)), None);
        let back = lost(400_000)
            .resumed(540_000, "s1")
            .event(540_000, "phone", Event::Reconnected);
        assert_eq!(violated("L1", back.end(END)), None);
        let over = lost(400_000).event(540_000, "phone", Event::ReconnectFailed);
        assert_eq!(violated("L1", over.end(END)), None);
    }

    #[test]
    fn a_client_that_is_never_back_violates_it() {
        let lines = lost(400_000);
        let at = lines.len();
        assert_eq!(violated("L1", lines.end(END)), Some(at));
        let login = Lines::default().call(400_000, "phone", 1, "login").event(
            400_000,
            "phone",
            Event::LoggingIn,
        );
        assert!(violated("L1", login.end(END)).is_some());
    }

    #[test]
    fn one_that_has_just_lost_its_link_decides_nothing() {
        assert_eq!(violated("L1", lost(580_000).end(END)), None);
        assert!(inconclusive("L1", lost(580_000).end(END)));
    }

    #[test]
    fn what_is_left_broken_excuses() {
        let down = lost(400_000).network(400_000, "phone", Down);
        assert!(violated("L1", down.clone().end(END)).is_some());
        assert_eq!(violated_when_faults_stay("L1", down.clone().end(END)), None);
        let up = down.network(450_000, "phone", Up);
        assert!(violated_when_faults_stay("L1", up.end(END)).is_some());
        let slow = lost(400_000).slow_network(400_000, "phone");
        assert_eq!(violated_when_faults_stay("L1", slow.end(END)), None);
        let frozen = lost(400_000).app(400_000, "phone", Frozen);
        assert_eq!(violated_when_faults_stay("L1", frozen.end(END)), None);
        let stopped = lost(400_000).server(400_000, "stop");
        assert_eq!(
            violated_when_faults_stay("L1", stopped.clone().end(END)),
            None
        );
        let started = stopped.server(410_000, "start");
        assert!(violated_when_faults_stay("L1", started.end(END)).is_some());
    }

    #[test]
    fn gateways_that_stay_closed_excuse() {
        let stopped = lost(400_000).server(400_000, "gateway 1 stopped");
        assert_eq!(violated("L1", stopped.clone().end(END)), None);
        let started = stopped.server(410_000, "gateway 1 started");
        assert!(violated("L1", started.end(END)).is_some());
    }

    #[test]
    fn lost_answers_excuse() {
        let lines = lost(400_000).server(400_000, "drop answer ×1000");
        assert_eq!(violated("L1", lines.end(END)), None);
    }

    #[test]
    fn a_run_that_is_cut_off_decides_nothing() {
        assert_eq!(violated("L1", lost(400_000).cut_off(END)), None);
    }

    #[test]
    fn an_app_that_does_not_listen_is_not_judged() {
        let lines = Lines::default().call(400_000, "phone", 1, "login");
        assert_eq!(violated("L1", lines.end(END)), None);
    }

    #[test]
    fn a_client_that_believes_in_a_lost_session_violates_it() {
        use session::words::EndCause;
        let gone = |at| online().ended(at, "s1", EndCause::Silent);
        assert!(violated("L1", gone(400_000).end(END)).is_some());
        // A server that tells nothing of its sessions proves nothing.
        let silent = Lines::default().login(0, "phone", 1);
        assert_eq!(violated("L1", silent.end(END)), None);
    }

    fn connects(lines: Lines) -> Lines {
        (0..4).fold(lines, |lines, n| {
            lines.connect(560_000 + n * 5_000, "phone", n as u32)
        })
    }

    #[test]
    fn endless_attempts_violate_it() {
        assert!(violated("L1", connects(online()).end(END)).is_some());
        let by_app = online().call(550_000, "phone", 8, "logout");
        assert_eq!(violated("L1", connects(by_app).end(END)), None);
        let few = online().connect(600_000, "phone", 9);
        assert_eq!(violated("L1", few.end(END)), None);
    }
}
