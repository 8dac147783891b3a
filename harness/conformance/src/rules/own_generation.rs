//! I4: what belongs to an earlier session never changes the state of a later one.

use session::time::Time;
use session::words::{EndCause, Event, Reason};

use super::each::{self, Each};
use super::few::{Map, Set};
use super::wire::Says;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::SessionWord;
use crate::transcript::{Entry, EventSeen, SERVER, SessionSeen, What};

/// A kick ends a session it was not meant for.
const KICK: &str = "kick";
/// The end of an old link interrupts a session on a newer one.
const LINK: &str = "link";
/// The same at the server.
const LINK_AT_SERVER: &str = "link-at-server";

/// Which sessions and links belong to which login.
#[derive(Debug, Default)]
pub(super) struct OwnGeneration {
    /// The sessions that the server has, by device and room, and the entries that opened them.
    open: Each<Map<String, usize>>,
    /// When the session was opened that ended last.
    ended: Each<usize>,
    /// Does the server tell of its sessions at all?
    server_tells: bool,
    stopped: Option<usize>,
    /// An administrator made sessions or tickets worthless.
    kicked: bool,
    /// Links that ended at this instant.
    down: Vec<(Time, String, u32)>,
    hosted: Hosted,
}

/// The server's side of the links.
#[derive(Debug, Default)]
struct Hosted {
    up: Set<u32>,
    /// The link on which each session lives, where that is known.
    of: Map<String, u32>,
    /// Sessions that ended with their link, and those links; they must be gone by the end of the
    /// instant.
    due: Vec<(usize, Time, String, u32)>,
}

impl Rule for OwnGeneration {
    fn id(&self) -> &'static str {
        "I4"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn party_in(&self, aspect: &str) -> Party {
        match aspect {
            LINK_AT_SERVER => Party::Server,
            _ => Party::Client,
        }
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[KICK, LINK, LINK_AT_SERVER]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::EVENT
            | Kinds::SESSION
            | Kinds::LINK_DOWN
            | Kinds::SERVER_LINK
            | Kinds::SERVER_SENT
            | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.hosted.due.first().map(|(_, at, ..)| *at)
    }

    fn overdue(&mut self, _: usize, _: Time, _: &About<'_>, found: &mut Found) {
        self.hosted.judge(found);
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        match &entry.what {
            What::Event(event) => match event.event {
                Some(Event::KickedOut) => self.kicked(index, event, about, found),
                Some(Event::Reconnecting) => self.interrupted(index, entry.at, about, found),
                _ => {}
            },
            What::Session(seen) => self.session(index, entry.at, seen, into_room),
            What::Server { act } => {
                self.kicked |= act.starts_with("kick ") || act.starts_with("revoke ");
                if entry.what.stops_server() {
                    self.stopped = Some(index);
                    self.open = Each::default();
                    self.hosted = Hosted::default();
                }
            }
            What::LinkDown { link, .. } if entry.actor != SERVER => {
                self.down.retain(|(at, ..)| *at == entry.at);
                self.down.push((entry.at, entry.actor.clone(), *link));
            }
            _ => {}
        }
        if entry.actor == SERVER {
            self.hosted.follow(entry, about.says());
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (_, device, link) in self.down.iter() {
            found.inconclusive.push(format!(
                "the record ended at the very instant at which link {link} of {device} did"
            ));
        }
    }
}

impl OwnGeneration {
    fn session(&mut self, index: usize, at: Time, seen: &SessionSeen, into_room: bool) {
        self.server_tells = true;
        let room = seen.room.clone().filter(|_| into_room).unwrap_or_default();
        let place = (seen.device.clone(), room);
        match seen.is {
            SessionWord::Opened | SessionWord::Resumed => {
                // On which link it lives now is not said yet.
                self.hosted.of.remove(&seen.session);
                let name = seen.session.clone();
                match self.open.get_mut(&place) {
                    Some(open) if seen.is == SessionWord::Opened => drop(open.insert(name, index)),
                    Some(open) => drop(open.or_insert(&name, || index)),
                    None => self.open.insert(&place, Map::from((name, index))),
                }
            }
            SessionWord::Ended => {
                let open = self.open.get_mut(&place);
                let opened = open.and_then(|open| open.remove(&seen.session));
                let latest = self.ended.get(&place).copied();
                if let Some(opened) = opened.max(latest) {
                    self.ended.insert(&place, opened);
                }
                let link = self.hosted.of.remove(&seen.session);
                if let (Some(link), Some(EndCause::LinkClosed)) = (link, seen.cause) {
                    let due = (index, at, seen.session.clone(), link);
                    self.hosted.due.push(due);
                }
            }
            SessionWord::Registered | SessionWord::Counted => {}
        }
    }

    /// The server must have ended a session of this very login.
    fn kicked(&self, index: usize, event: &EventSeen, about: &About<'_>, found: &mut Found) {
        let place = about.place();
        // Tickets that became worthless turn a device away whose session is still kept.
        let by_server = !matches!(event.reason, Some(Reason::NewerLogin | Reason::Banned));
        let by_ticket = event.reason == Some(Reason::TokenExpired);
        let began = about.told().of(place).and_then(|known| known.began);
        let Some(began) = began.filter(|_| self.server_tells && !by_ticket) else {
            return;
        };
        let ended = self.ended.get(place).is_some_and(|opened| *opened > began);
        let stopped = self.stopped.is_some_and(|stopped| stopped > began);
        if ended || stopped || by_server && self.kicked {
            return;
        }
        found.violations.push(Violation {
            aspect: KICK,
            entry: index,
            actor: place.0.clone(),
            expected: "a kick of an earlier session leaves this one alone".into(),
            seen: format!(
                "{} was kicked out, and the server ended no session of this login",
                each::say(place)
            ),
        });
    }

    /// If it was a link that ended just now, it must have been its own.
    fn interrupted(&self, index: usize, at: Time, about: &About<'_>, found: &mut Found) {
        let (links, place) = (about.links(), about.place());
        let Some(own) = links.until_now() else {
            return;
        };
        let is_up = links.asked(&place.0, own).is_some();
        let mut others = self.down.iter();
        let other = others.find(|(then, device, _)| *then == at && *device == place.0);
        if let (true, Some((_, _, other))) = (is_up, other) {
            found.violations.push(Violation {
                aspect: LINK,
                entry: index,
                actor: place.0.clone(),
                expected: format!("the session on link {own} goes on"),
                seen: format!("reconnecting, when link {other} ended"),
            });
        }
    }
}

impl Hosted {
    fn follow(&mut self, entry: &Entry, says: &[Says]) {
        match &entry.what {
            What::LinkUp { link } => drop(self.up.insert(*link)),
            What::LinkDown { link, .. } | What::Close { link } => drop(self.up.remove(link)),
            What::Sent { link, .. } => {
                for said in says {
                    if let Says::Accepts(session) = said {
                        self.of.insert(session.clone(), *link);
                    }
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, found: &mut Found) {
        for (index, _, session, link) in std::mem::take(&mut self.due) {
            if self.up.contains(&link) {
                found.violations.push(Violation {
                    aspect: LINK_AT_SERVER,
                    entry: index,
                    actor: SERVER.into(),
                    expected: format!("session {session} lives as long as link {link}"),
                    seen: "it ended because a link closed, and that one is still up".into(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, Event, Reason};

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    fn again() -> Lines {
        Lines::default()
            .login_over(0, "phone", 1, "s1")
            .call(1_000, "phone", 2, "logout")
            .event(1_000, "phone", Event::LoggedOut)
            .result(1_000, "phone", 2)
            .ended(1_010, "s1", EndCause::Logout)
            .login_over(2_000, "phone", 3, "s2")
    }

    fn kicked(lines: Lines, reason: Reason) -> Lines {
        lines.event_because(3_000, "phone", Event::KickedOut, reason)
    }

    #[test]
    fn a_kick_of_this_session_satisfies_it() {
        let own = again().ended(2_990, "s2", EndCause::NewerLogin);
        assert_eq!(
            violated("I4", kicked(own, Reason::NewerLogin).end(9_000)),
            None
        );
    }

    #[test]
    fn a_kick_of_an_earlier_session_violates_it() {
        let lines = kicked(again(), Reason::NewerLogin);
        let at = lines.len() - 1;
        assert_eq!(violated("I4", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_server_that_forgot_its_sessions_may_have_ended_any() {
        let restarted = again().server(2_500, "restart");
        let lines = kicked(restarted, Reason::NewerLogin);
        assert_eq!(violated("I4", lines.end(9_000)), None);
    }

    #[test]
    fn worthless_tickets_turn_a_device_away_whose_session_is_kept() {
        let revoked = again().server(2_500, "revoke the tickets of alice");
        let lines = kicked(revoked, Reason::Server);
        assert_eq!(violated("I4", lines.end(9_000)), None);
        let lines = kicked(again(), Reason::TokenExpired);
        assert_eq!(violated("I4", lines.end(9_000)), None);
    }

    #[test]
    fn an_app_that_missed_the_beginning_proves_nothing() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .event_because(3_000, "phone", Event::KickedOut, Reason::NewerLogin);
        assert_eq!(violated("I4", lines.end(9_000)), None);
    }

    fn two_links() -> Lines {
        Lines::default()
            .asks(0, "phone", 1, "alice")
            .asks(10, "phone", 2, "alice")
            .login(20, "phone", 1)
    }

    #[test]
    fn the_end_of_an_old_link_violates_it() {
        let lost = two_links()
            .link_down(500, "phone", 1)
            .event(500, "phone", Event::Reconnecting);
        let at = lost.len() - 1;
        assert_eq!(violated("I4", lost.end(9_000)), Some(at));
    }

    #[test]
    fn its_own_end_does_not() {
        let lost = two_links()
            .link_down(500, "phone", 2)
            .event(500, "phone", Event::Reconnecting);
        assert_eq!(violated("I4", lost.end(9_000)), None);
        // A client may notice by silence that its link is dead.
        let silent = two_links().event(500, "phone", Event::Reconnecting);
        assert_eq!(violated("I4", silent.end(9_000)), None);
    }

    fn hosted() -> Lines {
        Lines::default()
            .link_up(0, "server", 4)
            .link_up(0, "server", 5)
            .opened(0, "s1", "alice", "phone")
            .says(0, "server", 5, r#"{"type":"ok","id":1,"session":"s1"}"#)
    }

    #[test]
    fn a_session_ends_with_its_own_link_only() {
        let own = hosted().link_down(500, "server", 5);
        let own = own.ended(500, "s1", EndCause::LinkClosed);
        assert_eq!(violated("I4", own.end(9_000)), None);
        let other = hosted().link_down(500, "server", 4);
        let other = other.ended(500, "s1", EndCause::LinkClosed);
        let at = other.len() - 1;
        assert_eq!(violated("I4", other.end(9_000)), Some(at));
    }

    #[test]
    fn a_session_that_moved_on_lives_on_a_link_that_is_not_known_yet() {
        let moved = hosted().resumed(400, "s1").link_down(500, "server", 4);
        let moved = moved.ended(500, "s1", EndCause::LinkClosed);
        assert_eq!(violated("I4", moved.end(9_000)), None);
    }

    #[test]
    fn a_record_that_stops_with_a_link_decides_nothing() {
        let lines = two_links().link_down(4_000, "phone", 1);
        assert_eq!(violated("I4", lines.clone().end(4_000)), None);
        assert!(inconclusive("I4", lines.end(4_000)));
    }
}
