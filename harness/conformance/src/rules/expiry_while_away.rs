//! I16: a ticket that runs out while the session is being restored leads to exactly one of a
//! session renewed in time and one end that says so (ZIM-052, ZIM-053).

use session::rules::{Noticed, OnExpiry};
use session::time::{Millis, Time};
use session::words::{Event, State};

use super::each::Dues;
use super::lives::Life;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::text;
use crate::transcript::{Entry, What};

/// The session comes back on a ticket that ran out.
const RESTORED: &str = "restored";
/// It goes on trying with one, and the app is told nothing.
const SILENT: &str = "silent";

/// The sessions that are being restored, and when their tickets end.
#[derive(Debug, Default)]
pub(super) struct ExpiryWhileAway {
    due: Dues,
    /// The console changed what the end of a ticket does.
    is_unknown: bool,
}

impl Rule for ExpiryWhileAway {
    fn id(&self) -> &'static str {
        "I16"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[RESTORED, SILENT]
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.token.on-expiry")
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.due.earliest()
    }

    fn overdue(&mut self, index: usize, now: Time, _: &About<'_>, found: &mut Found) {
        while let Some(place) = self.due.overdue(now) {
            found.violations.push(Violation {
                aspect: SILENT,
                entry: index,
                expected: format!("{} once the ticket has run out", Event::TokenExpired),
                seen: format!("{} still reconnects", super::each::say(&place)),
                actor: place.0,
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Server { act } if act.contains("on-token-expiry") => {
                self.is_unknown = true;
                self.due = Dues::default();
                let said = "what the end of a ticket does was changed meanwhile";
                found.inconclusive.push(said.into());
            }
            What::Event(event) if event.event == Some(Event::Reconnected) => {
                if let Some(expected) = self.restored(entry, about) {
                    found.violations.push(Violation {
                        aspect: RESTORED,
                        entry: index,
                        actor: entry.actor.clone(),
                        expected,
                        seen: text::say(entry),
                    });
                }
            }
            _ => {}
        }
        if about.lives().changed() {
            self.arm(&entry.actor, about);
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for place in self.due.all() {
            let who = super::each::say(place);
            let said = format!("the ticket of {who} had not run out while it was reconnecting");
            found.inconclusive.push(said);
        }
    }
}

impl ExpiryWhileAway {
    fn restored(&self, entry: &Entry, about: &About<'_>) -> Option<String> {
        let known = about.lives().until_now()?;
        let judged =
            !self.is_unknown && ends_sessions(about) && is_away(&known.life) && !known.is_renewing;
        let (_, last) = known.ends.filter(|_| judged)?;
        (entry.at > last + slack(about)).then(|| format!("no session beyond {}", text::clock(last)))
    }

    fn arm(&mut self, device: &str, about: &About<'_>) {
        self.due.forget(device);
        // Otherwise the end is noticed whenever the next attempt gets through.
        let by_itself = about.rules.token.on_expiry == OnExpiry::Disconnect
            && about.rules.token.noticed == Noticed::Timer
            && !about.profile.undocumented.contains("rules.token.noticed");
        if self.is_unknown || !by_itself {
            return;
        }
        let lives = about.lives();
        for (room, _) in lives.of(device).filter(|(_, life)| is_away(life)) {
            let place = (device.to_owned(), room.clone());
            // Whichever the server took first wins: its answer is waited for (Z-AMB-38).
            if !lives.is_renewing(&place)
                && let Some((_, last)) = lives.ends(&place)
            {
                self.due.set(&place, Some(last + slack(about)));
            }
        }
    }
}

fn is_away(life: &Life) -> bool {
    life.state == State::Reconnecting && life.accepted && life.sure
}

fn ends_sessions(about: &About<'_>) -> bool {
    about.rules.token.on_expiry != OnExpiry::Stay
}

/// How much later the client may notice: what is left counts from the answer that told it, and
/// an answer may be on its way as long as the client waits for it.
fn slack(about: &About<'_>) -> Millis {
    Millis(about.rules.link.answer_timeout.0 + about.profile.bounds.tolerance.0)
}

#[cfg(test)]
mod tests {
    use session::rules::{Noticed, OnExpiry};
    use session::words::{ErrorWord, Event, Reason};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_under};
    use crate::scenario::AppAct::{Crashed, Frozen, Resumed};

    /// The hand-written profile ends the session by a timer; answers may take 10 s, and its
    /// tolerance is 1 s.
    fn away() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", "ticket#1 (alice, ends +1m)")
            .event(0, "phone", Event::LoggingIn)
            .event(50, "phone", Event::LoggedIn)
            .result(50, "phone", 1)
            .event(30_000, "phone", Event::Reconnecting)
    }

    fn renews(lines: Lines, at: u64) -> Lines {
        lines
            .call(at, "phone", 2, "renew-token")
            .with("ticket", "ticket#2 (alice, ends +10m)")
    }

    fn check(lines: Lines) -> Option<usize> {
        violated("I16", lines.end(400_000))
    }

    fn expired(lines: Lines) -> Lines {
        lines.event_because(60_051, "phone", Event::TokenExpired, Reason::TokenExpired)
    }

    fn back(lines: Lines, at: u64) -> Lines {
        lines.event(at, "phone", Event::Reconnected)
    }

    #[test]
    fn one_end_or_a_renewed_session_satisfies_it() {
        assert_eq!(check(expired(away())), None);
        assert_eq!(check(back(away(), 59_000)), None);
        let renewed = back(renews(away(), 40_000), 100_000).result(100_000, "phone", 2);
        assert_eq!(check(renewed.clone()), None);
        assert!(!inconclusive("I16", renewed.end(400_000)));
    }

    #[test]
    fn silence_violates_it_with_the_first_entry_after_the_bound() {
        let lines = away().connect(71_001, "phone", 9);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    #[test]
    fn a_session_that_comes_back_on_an_old_ticket_violates_it() {
        let lines = back(away(), 71_001);
        let at = lines.len() - 1;
        assert_eq!(check(lines.clone()), Some(at));
        let noticed_later = violated_under("I16", lines.end(400_000), |profile| {
            profile.rules.token.noticed = Noticed::Heartbeat;
        });
        assert_eq!(noticed_later, Some(at));
    }

    #[test]
    fn a_record_that_ends_before_the_ticket_decides_nothing() {
        assert_eq!(violated("I16", away().end(50_000)), None);
        assert!(inconclusive("I16", away().end(50_000)));
    }

    #[test]
    fn a_renewal_under_way_is_waited_for() {
        assert_eq!(check(renews(away(), 59_000)), None);
        let refused = renews(away(), 59_000).fails(61_000, "phone", 2, ErrorWord::TokenInvalid);
        assert!(check(refused).is_some());
    }

    #[test]
    fn where_tickets_end_no_session_it_may_come_back() {
        let lines = back(away(), 200_000).end(400_000);
        let stays = violated_under("I16", lines, |profile| {
            profile.rules.token.on_expiry = OnExpiry::Stay;
        });
        assert_eq!(stays, None);
    }

    #[test]
    fn where_the_end_is_noticed_by_the_server_it_comes_with_the_next_contact() {
        let lines = away().end(400_000);
        let later = violated_under("I16", lines, |profile| {
            profile.rules.token.noticed = Noticed::Heartbeat;
        });
        assert_eq!(later, None);
    }

    #[test]
    fn a_console_that_changes_the_rule_leaves_it_open() {
        let lines = away().server(40_000, "set {\"on-token-expiry\":\"stay\"}");
        assert_eq!(check(lines.clone()), None);
        assert!(inconclusive("I16", lines.end(400_000)));
    }

    #[test]
    fn a_process_that_stood_still_is_late() {
        let lines = away()
            .app(40_000, "phone", Frozen)
            .app(300_000, "phone", Resumed);
        assert_eq!(check(lines), None);
    }

    #[test]
    fn what_the_app_ends_or_does_not_hear_is_no_breach() {
        assert_eq!(check(away().call(40_000, "phone", 2, "logout")), None);
        assert_eq!(check(away().app(40_000, "phone", Crashed)), None);
        let deaf = away()
            .call(40_000, "phone", 5, "remove-listener")
            .with("listener", "main");
        assert_eq!(check(deaf), None);
    }
}
