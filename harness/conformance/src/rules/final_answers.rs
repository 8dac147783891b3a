//! I13: after a final answer there is no other attempt, and a refused ticket is not shown again
//! unless the app brings it again.

use std::collections::VecDeque;

use session::time::Time;
use session::words::{ErrorWord, State};

use super::each::Each;
use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation, wire};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallAnswered, CallMade, Entry, What, brings_no_ticket};

/// An attempt after a login was refused.
const LOGIN: &str = "login";
/// A refused ticket is shown again.
const TICKET: &str = "ticket";

/// So many refused tickets are remembered of each device.
const MOST_REFUSED: usize = 32;

/// What was refused for good.
#[derive(Debug, Default)]
pub(super) struct FinalAnswers {
    /// The calls that bring a ticket and have no result yet.
    open: Map<u32, Brings>,
    devices: Map<String, Device>,
    /// The sessions that may be there.
    live: Each<()>,
}

#[derive(Debug)]
struct Brings {
    device: String,
    place: Place,
    ticket: Option<String>,
    is_login: bool,
}

#[derive(Debug, Default)]
struct Device {
    refused: VecDeque<String>,
    /// Its last login was refused, and there is no other session.
    is_out: bool,
}

impl Rule for FinalAnswers {
    fn id(&self) -> &'static str {
        "I13"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[LOGIN, TICKET]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::CONNECT | Kinds::SENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) => self.call(entry, call, about),
            What::Result(answer) => self.result(entry, answer),
            What::Event(event) => {
                let place = about.place();
                match event.state {
                    Some(State::LoggedOut) => drop(self.live.remove(place)),
                    Some(_) => self.live.insert(place, ()),
                    None => {}
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.devices.remove(device);
                self.live.forget(device);
                self.open.retain(|_, brings| brings.device != *device);
            }
            What::Connect { .. } | What::Sent { .. } if self.devices.contains_key(device) => {
                let breach = self
                    .shown_again(device, about)
                    .or_else(|| self.is_back(device));
                if let Some((aspect, expected)) = breach {
                    found.violations.push(Violation {
                        aspect,
                        entry: index,
                        actor: device.clone(),
                        expected,
                        seen: text::say(entry),
                    });
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, brings) in self.open.iter() {
            found.inconclusive.push(format!(
                "call #{id} of {} was not answered when the record ended",
                brings.device
            ));
        }
    }
}

impl FinalAnswers {
    fn call(&mut self, entry: &Entry, call: &CallMade, about: &About<'_>) {
        let is_login = matches!(call.api.as_str(), "login" | "switch-room");
        if !is_login && call.api != "renew-token" {
            return;
        }
        // What is empty cannot be shown again.
        let ticket = call
            .args
            .get("ticket")
            .filter(|_| !brings_no_ticket(call))
            .cloned();
        if let Some(known) = self.devices.get_mut(&entry.actor) {
            // The app wants it again.
            known
                .refused
                .retain(|refused| Some(refused) != ticket.as_ref());
            known.is_out = false;
        }
        let brings = Brings {
            device: entry.actor.clone(),
            place: about.place().clone(),
            ticket,
            is_login,
        };
        self.open.insert(call.id, brings);
    }

    fn result(&mut self, entry: &Entry, answer: &CallAnswered) {
        let device = &entry.actor;
        let Some(brings) = self.open.remove(&answer.id) else {
            if matches!(answer.api.as_str(), "logout" | "destroy") && answer.ok {
                self.live.forget(device);
            }
            return;
        };
        if answer.ok {
            if brings.is_login {
                self.live.insert(&brings.place, ());
            }
            return;
        }
        let Some(error) = answer.error.filter(|error| is_final(*error)) else {
            return;
        };
        let still_meant = |ticket: &String| {
            let mut open = self.open.values();
            open.any(|other| other.device == *device && other.ticket.as_ref() == Some(ticket))
        };
        let ticket = brings
            .ticket
            .filter(|ticket| is_about_the_ticket(error) && !still_meant(ticket));
        let mut others = self.open.values();
        let has_others = others.any(|brings| brings.device == *device);
        let is_out = brings.is_login && !self.live.has_any(device) && !has_others;
        if ticket.is_none() && !is_out {
            return;
        }
        let known = self.devices.or_default(device);
        known.is_out |= is_out;
        known.refused.extend(ticket);
        if known.refused.len() > MOST_REFUSED {
            known.refused.pop_front();
        }
    }

    fn shown_again(&mut self, device: &str, about: &About<'_>) -> Option<(&'static str, String)> {
        let known = self.devices.get_mut(device)?;
        if known.refused.is_empty() {
            return None;
        }
        let mut tickets = wire::with_tickets(about.says()).map(|(_, ticket)| ticket);
        let shown = tickets.find(|ticket| known.refused.contains(ticket))?;
        known.refused.retain(|refused| refused != shown);
        Some((TICKET, format!("{shown} is not shown again")))
    }

    fn is_back(&mut self, device: &str) -> Option<(&'static str, String)> {
        if self.live.has_any(device) {
            return None;
        }
        let known = self.devices.get_mut(device)?;
        std::mem::take(&mut known.is_out)
            .then(|| (LOGIN, "no attempt after the login was refused".into()))
    }
}

/// Can asking again not change this answer? What a client refuses by itself because of a session
/// is left out, and so is what only time or the network brought about.
fn is_final(error: ErrorWord) -> bool {
    is_about_the_ticket(error)
        || matches!(
            error,
            ErrorWord::Banned
                | ErrorWord::TooManyDevices
                | ErrorWord::TooManyRooms
                | ErrorWord::SeveralRoomsRefused
                | ErrorWord::Displaced
        )
}

fn is_about_the_ticket(error: ErrorWord) -> bool {
    matches!(
        error,
        ErrorWord::TokenMissing
            | ErrorWord::TokenInvalid
            | ErrorWord::TokenExpired
            | ErrorWord::TokenWrongUser
            | ErrorWord::TokenWrongApp
            | ErrorWord::TokenTooShort
            | ErrorWord::TokenRevoked
    )
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::AppAct::Crashed;

    fn refused(error: ErrorWord) -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", "t1")
            .event(0, "phone", Event::LoggingIn)
            .connect(0, "phone", 1)
            .asks_for(20, "phone", "login", "alice", "t1")
            .event(50, "phone", Event::LoginFailed)
            .fails(50, "phone", 1, error)
    }

    /// A renewal that was refused in a session that goes on.
    fn not_renewed(error: ErrorWord) -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "renew-token")
            .with("ticket", "t2")
            .asks_for(1_000, "phone", "renew", "", "t2")
            .fails(1_050, "phone", 2, error)
    }

    #[test]
    fn silence_and_the_old_ticket_satisfy_it() {
        let silent = refused(ErrorWord::TokenInvalid);
        assert_eq!(violated("I13", silent.clone().end(9_000)), None);
        assert!(!inconclusive("I13", silent.end(9_000)));
        let old = not_renewed(ErrorWord::TokenInvalid)
            .connect(2_000, "phone", 2)
            .asks_for(2_020, "phone", "resume", "alice", "t1");
        assert_eq!(violated("I13", old.end(9_000)), None);
    }

    #[test]
    fn another_attempt_violates_it() {
        let lines = refused(ErrorWord::Banned).connect(1_000, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(violated("I13", lines.end(9_000)), Some(at));
    }

    #[test]
    fn the_refused_ticket_shown_again_violates_it() {
        let lines = not_renewed(ErrorWord::TokenWrongUser)
            .connect(2_000, "phone", 2)
            .asks_for(2_020, "phone", "resume", "alice", "t2");
        let at = lines.len() - 1;
        assert_eq!(violated("I13", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_call_that_is_not_answered_decides_nothing() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .connect(0, "phone", 1);
        assert_eq!(violated("I13", lines.clone().end(9_000)), None);
        assert!(inconclusive("I13", lines.end(9_000)));
    }

    #[test]
    fn an_answer_that_time_may_change_is_not_final() {
        let lines = refused(ErrorWord::TimedOut).connect(1_000, "phone", 2);
        assert_eq!(violated("I13", lines.end(9_000)), None);
        let again = not_renewed(ErrorWord::ConnectionLost)
            .asks_for(2_020, "phone", "resume", "alice", "t2");
        assert_eq!(violated("I13", again.end(9_000)), None);
    }

    #[test]
    fn the_app_may_log_in_again_even_with_the_same_ticket() {
        let lines = refused(ErrorWord::Banned)
            .call(2_000, "phone", 2, "login")
            .with("ticket", "t1")
            .connect(2_000, "phone", 2)
            .asks_for(2_020, "phone", "login", "alice", "t1");
        assert_eq!(violated("I13", lines.end(9_000)), None);
    }

    #[test]
    fn a_ticket_that_a_second_call_brings_is_still_meant() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "renew-token")
            .with("ticket", "t2")
            .call(1_000, "phone", 3, "renew-token")
            .with("ticket", "t2")
            .fails(1_050, "phone", 2, ErrorWord::TokenInvalid)
            .asks_for(1_060, "phone", "resume", "alice", "t2");
        assert_eq!(violated("I13", lines.end(9_000)), None);
    }

    #[test]
    fn a_session_that_is_there_already_goes_on() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(1_000, "phone", 2, "login")
            .with("ticket", "t2")
            .fails(1_050, "phone", 2, ErrorWord::TooManyRooms)
            .connect(2_000, "phone", 2);
        assert_eq!(violated("I13", lines.end(9_000)), None);
    }

    #[test]
    fn the_next_process_begins_anew() {
        let lines = refused(ErrorWord::Banned)
            .app(1_000, "phone", Crashed)
            .connect(2_000, "phone", 2);
        assert_eq!(violated("I13", lines.end(9_000)), None);
    }

    #[test]
    fn opaque_bytes_tell_nothing_of_tickets() {
        let lines = not_renewed(ErrorWord::TokenInvalid).opaque(2_000, "phone");
        assert_eq!(violated("I13", lines.end(9_000)), None);
    }
}
