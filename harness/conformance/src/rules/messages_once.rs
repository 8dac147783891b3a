//! I22: a message reaches everybody it is for once (EXP-065).
//!
//! That it is lost is judged only where nothing else happened to its reader meanwhile: whatever
//! breaks a link may take messages with it, and the app knows of that gap.

use std::collections::VecDeque;

use session::time::Time;
use session::words::{Event, State};

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::{NetworkWord, SessionWord};
use crate::transcript::{CallMade, Entry, EventSeen, SERVER, SessionSeen, What};

/// A device is told more often than somebody sent.
const TWICE: &str = "twice";
/// It is not told.
const LOST: &str = "lost";

/// So many different messages, and readers to come, are remembered.
const MOST: usize = 4_096;

/// What was sent, and who has to hear it.
#[derive(Debug, Default)]
pub(super) struct MessagesOnce {
    /// How often each was sent, and how often each device was told.
    sent: Map<Letter, Counts>,
    /// Were some forgotten?
    forgotten: bool,
    /// Who is online, by session, as the server knows it, and since which entry.
    online: Map<String, (usize, SessionSeen)>,
    networks: Map<String, Network>,
    /// The server was told to lose or hold messages.
    disturbed: bool,
    calls: Map<u32, Sending>,
    /// Who has to hear what, and until when.
    awaited: VecDeque<(Time, String, Letter)>,
}

/// What tells one message from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Letter {
    kind: &'static str,
    from: String,
    room: Option<String>,
    text: String,
}

#[derive(Debug, Default)]
struct Counts {
    sent: u32,
    told: Map<String, u32>,
}

/// A call that sends, and who is to hear it if nothing comes between.
#[derive(Debug)]
struct Sending {
    letter: Letter,
    readers: Set<String>,
}

/// A device's network. A link that was there when it went wrong may be dead.
#[derive(Debug, Default)]
struct Network {
    wrong: bool,
    /// Slow, or lossy, for the rest of the run.
    poor: bool,
    links_may_be_dead: bool,
}

impl Rule for MessagesOnce {
    fn id(&self) -> &'static str {
        "I22"
    }

    fn party(&self) -> Party {
        Party::Server
    }

    fn party_in(&self, aspect: &str) -> Party {
        match aspect {
            TWICE => Party::Client,
            _ => Party::Server,
        }
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[TWICE, LOST]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL
            | Kinds::RESULT
            | Kinds::EVENT
            | Kinds::SESSION
            | Kinds::LINK_DOWN
            | Kinds::NETWORK
            | Kinds::APP
            | Kinds::SERVER
            | Kinds::BREACH
            | Kinds::END
    }

    fn due(&self) -> Option<Time> {
        self.awaited.front().map(|(due, ..)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, _: &About<'_>, found: &mut Found) {
        while let Some((due, ..)) = self.awaited.front()
            && *due < now
            && let Some((_, reader, letter)) = self.awaited.pop_front()
        {
            found.violations.push(Violation {
                aspect: LOST,
                entry: index,
                actor: reader,
                expected: format!("{} `{}` from {}", letter.kind, letter.text, letter.from),
                seen: "it never came, though nothing happened to the link".into(),
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) => self.call(&entry.actor, call, about),
            What::Result(answer) => {
                if let Some(sending) = self.calls.remove(&answer.id)
                    && answer.ok
                    && self.awaited.len() < MOST
                {
                    let due = entry.at + about.profile.bounds.call;
                    let readers = sending.readers.into_iter();
                    self.awaited
                        .extend(readers.map(|reader| (due, reader, sending.letter.clone())));
                }
            }
            What::Event(event) => {
                self.event(index, event, about.place(), found);
            }
            What::Session(seen) => {
                self.excuse(&seen.device);
                let name = seen.session.clone();
                match seen.is {
                    SessionWord::Ended => drop(self.online.remove(&name)),
                    _ => {
                        self.online.insert(name, (index, seen.clone()));
                        // Until its client is told, it may live on a link that is given up.
                        let network = self.networks.or_default(&seen.device);
                        network.links_may_be_dead = true;
                    }
                }
            }
            What::Network {
                is,
                direction,
                quality,
            } => {
                self.excuse(&entry.actor);
                let network = self.networks.or_default(&entry.actor);
                network.poor |= !quality.is_empty();
                network.links_may_be_dead = true;
                match is {
                    Some(NetworkWord::Up) if direction.is_none() => network.wrong = false,
                    Some(NetworkWord::Up | NetworkWord::Reset | NetworkWord::Switched) | None => {}
                    Some(_) => network.wrong = true,
                }
            }
            What::App { .. } | What::LinkDown { .. } | What::Close { .. } | What::Breach { .. }
                if entry.actor != SERVER =>
            {
                self.excuse(&entry.actor);
            }
            What::Server { act } => {
                let holds = ["drop message", "delay message", "reorder message"];
                self.disturbed |= holds.iter().any(|word| act.starts_with(word));
                if entry.what.stops_server() {
                    self.online.clear();
                }
                // Whatever it is, it may end links.
                self.awaited.clear();
                self.calls
                    .values_mut()
                    .for_each(|call| call.readers.clear());
            }
            // Faults are lifted before the end, and what stood still goes on.
            What::Stopped { .. } | What::End(_) => self.awaited.clear(),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for sending in self.calls.values() {
            for reader in sending.readers.iter() {
                found.inconclusive.push(format!(
                    "whether {} `{}` was sent to {reader} was not answered when the record ended",
                    sending.letter.kind, sending.letter.text
                ));
            }
        }
    }
}

impl MessagesOnce {
    fn call(&mut self, device: &str, call: &CallMade, about: &About<'_>) {
        let kind = match call.api.as_str() {
            "send-message" => Event::Message.word(),
            "send-barrage" => Event::Barrage.word(),
            "send-command" => Event::Command.word(),
            // The session may end, or the app no longer listen.
            "login" | "logout" | "switch-room" | "destroy" | "remove-listener" => {
                return self.excuse(device);
            }
            _ => return,
        };
        let own = |(_, seen): &&(usize, SessionSeen)| {
            let room = call
                .args
                .get("room")
                .filter(|_| about.rules.login.into_room);
            seen.device == device && (room.is_none() || seen.room.as_ref() == room)
        };
        // Who sends is known from the session, the newer one where the server has not noticed the
        // end of another; without one nothing is sent.
        let own = self.online.values().filter(own);
        let Some((_, from)) = own.max_by_key(|(since, _)| *since).cloned() else {
            self.forgotten = true;
            return;
        };
        let letter = Letter {
            kind,
            from: from.user.clone(),
            room: call.args.get("room").cloned(),
            text: call.args.get("text").cloned().unwrap_or_default(),
        };
        let readers = self.readers(&from, call.args.get("to"), letter.room.as_ref(), about);
        if self.sent.len() >= MOST && !self.sent.contains_key(&letter) {
            self.sent.clear();
            self.forgotten = true;
        }
        self.sent.or_default(&letter).sent += 1;
        self.calls.insert(call.id, Sending { letter, readers });
    }

    /// The devices that are surely there to hear it.
    fn readers(
        &self,
        from: &SessionSeen,
        to: Option<&String>,
        room: Option<&String>,
        about: &About<'_>,
    ) -> Set<String> {
        if self.disturbed {
            return Set::default();
        }
        let is_meant = |seen: &&SessionSeen| {
            seen.app == from.app
                && seen.device != from.device
                && to.is_none_or(|user| seen.user == *user)
                && (room.is_none() || seen.room.as_ref() == room)
        };
        let mut readers = Set::default();
        // What is said to a session that another has replaced goes nowhere.
        let is_newest = |(since, seen): &&(usize, SessionSeen)| {
            let mut others = self.online.values();
            !others.any(|(later, other)| {
                later > since && other.device == seen.device && other.room == seen.room
            })
        };
        let online = self.online.values().filter(is_newest);
        for seen in online.map(|(_, seen)| seen).filter(is_meant) {
            let network = self.networks.get(&seen.device);
            let works = network.is_none_or(|n| !n.wrong && !n.poor && !n.links_may_be_dead)
                && !about.frozen().holds(&seen.device);
            let listens = about.told().of_device(&seen.device).any(|(own, known)| {
                known.state == State::Online && (own.is_empty() || Some(own) == room)
            });
            if works && listens {
                readers.insert(seen.device.clone());
            }
        }
        readers
    }

    /// Something happened to this device that messages may be lost by.
    fn excuse(&mut self, device: &str) {
        if !self.awaited.is_empty() {
            self.awaited.retain(|(_, reader, _)| reader != device);
        }
        for sending in self.calls.values_mut() {
            sending.readers.remove(device);
        }
    }

    fn event(&mut self, index: usize, event: &EventSeen, place: &Place, found: &mut Found) {
        let kind = match event.event {
            Some(word @ (Event::Message | Event::Barrage | Event::Command)) => word.word(),
            word => {
                if event.state.is_some() {
                    self.excuse(&place.0);
                }
                if let Some(Event::LoggedIn | Event::Reconnected) = word
                    && let Some(network) = self.networks.get_mut(&place.0)
                {
                    network.links_may_be_dead = network.wrong;
                }
                return;
            }
        };
        let letter = Letter {
            kind,
            from: event.user.clone().unwrap_or_default(),
            room: event.room.clone(),
            text: event.text.clone().unwrap_or_default(),
        };
        let waits = |(_, reader, awaited): &(Time, String, Letter)| {
            *reader == place.0 && *awaited == letter
        };
        match self.awaited.iter().position(waits) {
            Some(at) => drop(self.awaited.remove(at)),
            // It may be here before the sender knows that it was sent.
            None => {
                let mut calls = self.calls.values_mut();
                let early =
                    calls.find(|call| call.letter == letter && call.readers.contains(&place.0));
                if let Some(sending) = early {
                    sending.readers.remove(&place.0);
                }
            }
        }
        let Some(counts) = self.sent.get_mut(&letter) else {
            if !self.forgotten {
                found.violations.push(too_often(index, place, 1, 0));
            }
            return;
        };
        let told = counts.told.or_default(&place.0);
        *told += 1;
        if *told > counts.sent && !self.forgotten {
            found
                .violations
                .push(too_often(index, place, *told, counts.sent));
        }
    }
}

fn too_often(index: usize, place: &Place, told: u32, sent: u32) -> Violation {
    Violation {
        aspect: TWICE,
        entry: index,
        actor: place.0.clone(),
        expected: format!("a message that was sent {sent} times is told as often at most"),
        seen: format!("told {told} times"),
    }
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::NetworkWord;

    fn both_online() -> Lines {
        Lines::default()
            .login_over(0, "phone", 1, "s1")
            .opened(10, "s2", "bob", "tablet")
            .login(10, "tablet", 2)
    }

    fn send(lines: Lines, at: u64, id: u32) -> Lines {
        lines
            .call(at, "phone", id, "send-message")
            .with("to", "bob")
            .with("text", "hello")
    }

    fn sent() -> Lines {
        send(both_online(), 1_000, 3).result(1_060, "phone", 3)
    }

    fn told(lines: Lines, at: u64) -> Lines {
        lines
            .event(at, "tablet", Event::Message)
            .about("alice", "hello")
    }

    #[test]
    fn once_satisfies_it() {
        assert_eq!(violated("I22", told(sent(), 1_070).end(99_000)), None);
        let early = told(send(both_online(), 1_000, 3), 1_040).result(1_060, "phone", 3);
        assert_eq!(
            violated("I22", early.connect(90_000, "phone", 9).end(99_000)),
            None
        );
    }

    #[test]
    fn twice_violates_it() {
        let lines = told(told(sent(), 1_070), 1_080);
        let at = lines.len() - 1;
        assert_eq!(violated("I22", lines.end(99_000)), Some(at));
    }

    #[test]
    fn what_was_sent_twice_may_be_told_twice() {
        let lines = send(sent(), 2_000, 4);
        let lines = told(told(lines, 2_070), 2_080);
        assert_eq!(violated("I22", lines.end(3_000)), None);
    }

    #[test]
    fn what_nobody_sent_violates_it() {
        let lines = told(both_online(), 1_000);
        assert!(violated("I22", lines.end(2_000)).is_some());
    }

    #[test]
    fn who_sends_is_known_from_the_newer_of_two_sessions() {
        let lines = Lines::default()
            .opened(0, "s9", "bob", "phone")
            .opened(10, "s8", "bob", "tablet")
            .login(10, "tablet", 2)
            .opened(20, "s10", "alice", "phone")
            .login(20, "phone", 1);
        let lines = told(send(lines, 1_000, 3).result(1_060, "phone", 3), 1_070);
        assert_eq!(violated("I22", lines.end(99_000)), None);
    }

    #[test]
    fn a_session_that_another_has_replaced_hears_nothing() {
        let lines = Lines::default()
            .login_over(0, "phone", 1, "s1")
            .opened(10, "s2", "bob", "tablet")
            .opened(20, "s3", "carol", "tablet")
            .login(20, "tablet", 2);
        let lines = later(send(lines, 1_000, 3).result(1_060, "phone", 3));
        assert_eq!(violated("I22", lines.end(99_000)), None);
    }

    fn later(lines: Lines) -> Lines {
        lines.connect(31_061, "phone", 9)
    }

    #[test]
    fn never_violates_it_when_the_bound_is_over() {
        let lines = later(sent());
        let at = lines.len() - 1;
        assert_eq!(violated("I22", lines.end(99_000)), Some(at));
    }

    #[test]
    fn whatever_happened_to_the_reader_excuses_it() {
        use crate::scenario::AppAct::Frozen;
        let excuses: [fn(Lines) -> Lines; 7] = [
            |l| l.link_down(2_000, "tablet", 1),
            |l| l.app(2_000, "tablet", Frozen),
            |l| l.network(2_000, "tablet", NetworkWord::Switched),
            |l| l.event(2_000, "tablet", Event::Reconnecting),
            |l| l.call(2_000, "tablet", 8, "logout"),
            |l| l.call(2_000, "tablet", 8, "remove-listener"),
            |l| l.server(2_000, "gateway 1 stopped"),
        ];
        for excuse in excuses {
            assert_eq!(violated("I22", later(excuse(sent())).end(99_000)), None);
        }
    }

    #[test]
    fn a_link_that_may_be_dead_delivers_nothing() {
        let after = |lines: Lines| {
            let lines = send(lines, 5_000, 3).result(5_060, "phone", 3);
            lines.connect(40_000, "phone", 9).end(99_000)
        };
        let switched = both_online().network(500, "tablet", NetworkWord::Switched);
        assert_eq!(violated("I22", after(switched.clone())), None);
        let back = switched.event(600, "tablet", Event::Reconnecting).event(
            700,
            "tablet",
            Event::Reconnected,
        );
        assert!(violated("I22", after(back)).is_some());
    }

    #[test]
    fn messages_that_are_to_be_lost_are_lost() {
        for act in [
            "drop message",
            "delay message by 1h ×9",
            "reorder message on tablet",
        ] {
            let lines = send(both_online().server(500, act), 1_000, 3);
            let lines = later(lines.result(1_060, "phone", 3));
            assert_eq!(violated("I22", lines.end(99_000)), None);
        }
    }

    #[test]
    fn a_deaf_app_hears_nothing() {
        let lines = Lines::default()
            .login_over(0, "phone", 1, "s1")
            .opened(10, "s2", "bob", "tablet");
        let lines = send(lines, 1_000, 3).result(1_060, "phone", 3);
        assert_eq!(violated("I22", later(lines).end(99_000)), None);
    }

    #[test]
    fn a_message_that_could_not_be_sent_need_not_come() {
        let lines = send(both_online(), 1_000, 3).fails(
            1_060,
            "phone",
            3,
            session::words::ErrorWord::ConnectionLost,
        );
        assert_eq!(violated("I22", later(lines).end(99_000)), None);
    }

    #[test]
    fn a_message_whose_call_is_not_answered_decides_nothing() {
        let lines = send(both_online(), 1_000, 3);
        assert_eq!(violated("I22", lines.clone().end(99_000)), None);
        assert!(inconclusive("I22", lines.end(99_000)));
        assert!(!inconclusive("I22", told(sent(), 1_070).end(99_000)));
    }
}
