//! I18: after a successful renewal no request carries an older ticket, and no more renewals are
//! under way than the app asked for.

use session::time::Time;
use session::words::Event;

use super::each::Each;
use super::few::Map;
use super::wire::{self, Asked, Kind};
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallMade, Entry, What};

/// A login or resumption carries an older ticket.
const OLDER: &str = "older";
/// A renewal that no call of the app asked for.
const UNASKED: &str = "unasked";

/// The tickets that are in force, and those on their way.
#[derive(Debug, Default)]
pub(super) struct NewestTicket {
    renewed: Each<Renewed>,
    open: Map<u32, Brings>,
    /// How many calls brought a ticket; one that waits for its ticket has its number earlier.
    made: u32,
}

/// A ticket that took the place of an earlier one.
#[derive(Debug)]
struct Renewed {
    ticket: String,
    call: u32,
}

#[derive(Debug)]
struct Brings {
    made: u32,
    device: String,
    /// The session; `None` where the call leaves it open.
    place: Option<Place>,
    ticket: String,
    is_renewal: bool,
}

impl Rule for NewestTicket {
    fn id(&self) -> &'static str {
        "I18"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[OLDER, UNASKED]
    }

    /// Which ticket a request carries shows on the wire alone.
    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) => self.call(entry, call, about),
            What::Result(answer) => {
                let Some(brings) = self.open.remove(&answer.id) else {
                    return;
                };
                match brings.place {
                    _ if !answer.ok => {}
                    // A new session, which an app that does not listen is told of by nothing else.
                    Some(place) if !brings.is_renewal => drop(self.renewed.remove(&place)),
                    // It may be any of them.
                    None => drop(self.renewed.forget(device)),
                    Some(place) => {
                        let newest = self.renewed.get(&place).map(|renewed| renewed.call);
                        // The answer to an earlier call may come late.
                        if newest.is_none_or(|newest| newest < brings.made) {
                            let ticket = brings.ticket;
                            let call = brings.made;
                            self.renewed.insert(&place, Renewed { ticket, call });
                        }
                    }
                }
            }
            What::Event(event) if event.event == Some(Event::LoggingIn) => {
                self.renewed.remove(about.session());
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.renewed.forget(device);
                self.open.retain(|_, brings| brings.device != *device);
            }
            What::Sent { .. } => {
                for (asked, ticket) in wire::with_tickets(about.says()) {
                    if let Some((aspect, expected)) = self.breach(device, asked, ticket, about) {
                        found.violations.push(Violation {
                            aspect,
                            entry: index,
                            actor: device.clone(),
                            expected,
                            seen: format!("{} with {ticket}", text::say(entry)),
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, brings) in self.open.iter() {
            if brings.is_renewal {
                found.inconclusive.push(format!(
                    "renewal #{id} of {} was not answered when the record ended",
                    brings.device
                ));
            }
        }
    }
}

impl NewestTicket {
    fn call(&mut self, entry: &Entry, call: &CallMade, about: &About<'_>) {
        let into_room = about.rules.login.into_room;
        let device = &entry.actor;
        let is_renewal = call.api == "renew-token";
        match call.api.as_str() {
            "login" | "switch-room" | "renew-token" => {
                let Some(ticket) = call.args.get("ticket").cloned() else {
                    return;
                };
                let several = into_room && about.is_in_several(device);
                let place = match (several && is_renewal, call.args.get("room")) {
                    (true, Some(room)) => Some((device.clone(), room.clone())),
                    (true, None) => None,
                    (false, _) => Some(about.session().clone()),
                };
                self.made += 1;
                let brings = Brings {
                    made: self.made,
                    device: device.clone(),
                    place,
                    ticket,
                    is_renewal,
                };
                self.open.insert(call.id, brings);
            }
            // The session ends, and with it what it lived on.
            "logout" | "destroy" => drop(self.renewed.forget(device)),
            _ => {}
        }
    }

    fn breach(
        &mut self,
        device: &str,
        asked: &Asked,
        ticket: &str,
        about: &About<'_>,
    ) -> Option<(&'static str, String)> {
        let on_its_way = self.open.values().any(|brings| {
            brings.device == *device
                && brings.ticket == *ticket
                && (asked.kind != Kind::Renew || brings.is_renewal)
        });
        if on_its_way {
            return None;
        }
        if asked.kind == Kind::Renew {
            return Some((UNASKED, "a renewal only for a call of the app".into()));
        }
        let several = about.rules.login.into_room && about.is_in_several(device);
        let room = asked.room.clone().filter(|_| several);
        let place = (device.to_owned(), room.unwrap_or_default());
        let renewed = self.renewed.get(&place)?;
        if renewed.ticket == *ticket {
            return None;
        }
        let expected = format!("nothing older than {}", renewed.ticket);
        self.renewed.remove(&place);
        Some((OLDER, expected))
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_in_rooms};
    use crate::scenario::AppAct::Crashed;

    fn logged_in() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", "t1")
            .event(0, "phone", Event::LoggingIn)
            .asks_for(20, "phone", "login", "alice", "t1")
            .event(50, "phone", Event::LoggedIn)
            .result(50, "phone", 1)
    }

    fn renews(lines: Lines, id: u32, ticket: &str) -> Lines {
        lines
            .call(1_000, "phone", id, "renew-token")
            .with("ticket", ticket)
            .asks_for(1_000, "phone", "renew", "", ticket)
    }

    fn renewed() -> Lines {
        renews(logged_in(), 2, "t2").result(1_050, "phone", 2)
    }

    fn resumes(lines: Lines, ticket: &str) -> Lines {
        lines.asks_for(5_000, "phone", "resume", "alice", ticket)
    }

    #[test]
    fn the_newest_ticket_satisfies_it() {
        let lines = resumes(renewed(), "t2");
        assert_eq!(violated("I18", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I18", lines.end(9_000)));
    }

    #[test]
    fn an_older_ticket_violates_it() {
        let lines = resumes(renewed(), "t1");
        let at = lines.len() - 1;
        assert_eq!(violated("I18", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_renewal_that_nobody_asked_for_violates_it() {
        let lines = renewed().asks_for(2_000, "phone", "renew", "", "t2");
        let at = lines.len() - 1;
        assert_eq!(violated("I18", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_renewal_without_an_answer_decides_nothing() {
        let lines = renews(logged_in(), 2, "t2");
        assert_eq!(violated("I18", lines.clone().end(9_000)), None);
        assert!(inconclusive("I18", lines.end(9_000)));
    }

    #[test]
    fn a_renewal_that_failed_changes_nothing() {
        let lines = renews(logged_in(), 2, "t2").fails(1_050, "phone", 2, ErrorWord::TokenInvalid);
        assert_eq!(violated("I18", resumes(lines, "t1").end(9_000)), None);
    }

    #[test]
    fn a_renewal_on_its_way_may_be_carried_already() {
        let lines = renewed()
            .call(2_000, "phone", 3, "renew-token")
            .with("ticket", "t3");
        assert_eq!(violated("I18", resumes(lines, "t3").end(9_000)), None);
    }

    #[test]
    fn the_answer_to_an_earlier_renewal_may_come_late() {
        let crossed = renews(renews(logged_in(), 2, "t2"), 3, "t3")
            .result(1_050, "phone", 3)
            .result(1_060, "phone", 2);
        assert_eq!(
            violated("I18", resumes(crossed.clone(), "t3").end(9_000)),
            None
        );
        assert!(violated("I18", resumes(crossed, "t2").end(9_000)).is_some());
    }

    #[test]
    fn the_next_session_and_the_next_process_have_tickets_of_their_own() {
        let again = renewed()
            .call(2_000, "phone", 3, "login")
            .with("ticket", "t1")
            .event(2_000, "phone", Event::LoggingIn)
            .asks_for(2_020, "phone", "login", "alice", "t1")
            .result(2_050, "phone", 3);
        assert_eq!(violated("I18", resumes(again, "t1").end(9_000)), None);
        let crashed = renewed().app(2_000, "phone", Crashed);
        assert_eq!(violated("I18", resumes(crashed, "t1").end(9_000)), None);
        let left = renewed().call(2_000, "phone", 3, "logout");
        assert_eq!(violated("I18", resumes(left, "t1").end(9_000)), None);
    }

    #[test]
    fn with_several_rooms_a_renewal_that_names_none_is_of_any() {
        let lines = |mode: &str| {
            Lines::default()
                .call(0, "phone", 1, "set-room-mode")
                .with("mode", mode)
                .join(0, "phone", 2, "one")
                .call(1_000, "phone", 3, "renew-token")
                .with("ticket", "t2")
                .result(1_050, "phone", 3)
                .asks_for(5_000, "phone", "resume", "alice", "t1")
                .for_room("one")
                .end(9_000)
        };
        assert_eq!(violated_in_rooms("I18", lines("several")), None);
        assert!(violated_in_rooms("I18", lines("single")).is_some());
    }

    #[test]
    fn a_login_into_another_room_that_is_refused_moves_no_session() {
        let renewed = |lines: Lines, id: u32, ticket: &str| {
            lines
                .call(1_000, "phone", id, "renew-token")
                .with("ticket", ticket)
                .result(1_050, "phone", id)
        };
        let lines = renewed(Lines::default().join(0, "phone", 1, "one"), 2, "t2")
            .call(1_100, "phone", 3, "login")
            .of_room("two")
            .fails(1_100, "phone", 3, ErrorWord::AlreadyLoggedIn);
        let resumed = renewed(lines, 4, "t3")
            .asks_for(5_000, "phone", "resume", "alice", "t3")
            .for_room("one");
        assert_eq!(violated_in_rooms("I18", resumed.end(9_000)), None);
    }

    #[test]
    fn opaque_bytes_tell_nothing() {
        assert_eq!(
            violated("I18", renewed().opaque(5_000, "phone").end(9_000)),
            None
        );
    }
}
