//! I17: of each ticket the app is warned at most once and in time, and told at most once that it
//! ran out; nothing is said of a ticket that was replaced (ZIM-048, ZIM-051).

use session::rules::WarningLead;
use session::time::{Millis, Time};
use session::words::{Event, Reason};

use super::each::{Dues, Each};
use super::lives::{Life, UntilNow};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::text;
use crate::transcript::{Entry, EventSeen, What};

/// A second warning about one ticket.
const WARNED_TWICE: &str = "warned-twice";
/// A warning before its time, after it, or about a ticket that was replaced.
const WARNED_WRONG: &str = "warned-wrong";
/// No warning.
const NOT_WARNED: &str = "not-warned";
/// An end that the ticket does not have.
const EXPIRED_EARLY: &str = "expired-early";
/// The end of a ticket that was replaced.
const EXPIRED_REPLACED: &str = "expired-replaced";

/// The tickets, and of which of them the app was warned.
#[derive(Debug, Default)]
pub(super) struct TicketNotices {
    /// The call that brought the ticket that the app was warned of.
    warned: Each<u32>,
    due: Dues,
}

impl Rule for TicketNotices {
    fn id(&self) -> &'static str {
        "I17"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[
            WARNED_TWICE,
            WARNED_WRONG,
            NOT_WARNED,
            EXPIRED_EARLY,
            EXPIRED_REPLACED,
        ]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn due(&self) -> Option<Time> {
        self.due.earliest()
    }

    fn overdue(&mut self, index: usize, now: Time, _: &About<'_>, found: &mut Found) {
        while let Some(place) = self.due.overdue(now) {
            found.violations.push(Violation {
                aspect: NOT_WARNED,
                entry: index,
                expected: format!("{} in time", Event::TokenWillExpire),
                seen: format!("none for {}", super::each::say(&place)),
                actor: place.0,
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        if let What::Event(event) = &entry.what
            && let Some((aspect, expected)) = self.notice(entry, event, about)
        {
            found.violations.push(Violation {
                aspect,
                entry: index,
                actor: entry.actor.clone(),
                expected,
                seen: text::say(entry),
            });
        }
        if about.lives().changed() {
            self.arm(&entry.actor, about);
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for place in self.due.all() {
            let who = super::each::say(place);
            let said = format!("a warning about the ticket of {who} was not due yet");
            found.inconclusive.push(said);
        }
    }
}

impl TicketNotices {
    fn notice(
        &mut self,
        entry: &Entry,
        event: &EventSeen,
        about: &About<'_>,
    ) -> Option<(&'static str, String)> {
        match (event.event?, event.reason) {
            (Event::TokenWillExpire, _) => self.warning(entry.at, about),
            (Event::TokenExpired, _)
            | (Event::KickedOut | Event::ReconnectFailed, Some(Reason::TokenExpired)) => {
                let known = about.lives().until_now()?;
                let life = Some(known.life).filter(|life| life.accepted)?;
                let (first, _) = known.ends?;
                let aspect = match life.renewed {
                    true => EXPIRED_REPLACED,
                    false => EXPIRED_EARLY,
                };
                (entry.at + about.profile.bounds.tolerance < first).then(|| {
                    (
                        aspect,
                        format!("the ticket lasts until {}", text::clock(first)),
                    )
                })
            }
            _ => None,
        }
    }

    fn warning(&mut self, at: Time, about: &About<'_>) -> Option<(&'static str, String)> {
        let lead = lead(about)?;
        let UntilNow {
            life,
            ends,
            is_renewing,
        } = *about.lives().until_now()?;
        let place = about.session();
        let before = self.warned.get(place).copied();
        // It was warned, whatever else is known.
        self.warned.insert(place, life.call);
        if before == Some(life.call) {
            return Some((WARNED_TWICE, "one warning about each ticket".into()));
        }
        // A device that logged in offline counts by its own clock, which may be wrong.
        if !life.accepted {
            return None;
        }
        let (first, last) = ends?;
        let late = latest(&life, last, lead, about);
        let tolerance = about.profile.bounds.tolerance;
        let is_early = at + lead + tolerance < first;
        let is_late = life.sure && !is_renewing && at > late;
        (is_early || is_late).then(|| {
            let when = format!(
                "one {lead} before the end of the ticket at {}",
                Millis(last.0)
            );
            (WARNED_WRONG, when)
        })
    }

    fn arm(&mut self, device: &str, about: &About<'_>) {
        self.due.forget(device);
        let (lives, lead) = (about.lives(), lead(about));
        for (room, life) in lives.of(device) {
            if !life.accepted || !life.sure {
                continue;
            }
            let place = (device.to_owned(), room.clone());
            if self.warned.get(&place) == Some(&life.call) || lives.is_renewing(&place) {
                continue;
            }
            let due = lead.zip(lives.ends(&place));
            let due = due.map(|(lead, (_, last))| latest(life, last, lead, about));
            self.due.set(&place, due);
        }
    }
}

/// The last moment for the warning: that much before the end, or at once when the client hears of
/// a ticket with less left. It counts from the answer, which may be on its way as long as the
/// client waits for it.
fn latest(life: &Life, last: Time, lead: Millis, about: &About<'_>) -> Time {
    let due = Time(last.0.saturating_sub(lead.0)).max(life.since);
    due + about.rules.link.answer_timeout + about.profile.bounds.tolerance
}

/// How long before the end the vendor warns, if it does and somebody documents it.
fn lead(about: &About<'_>) -> Option<Millis> {
    let knob = "rules.token.warning-lead";
    match about.rules.token.warning_lead {
        WarningLead::Before(lead) if !about.profile.undocumented.contains(knob) => Some(lead),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event, Reason};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_under};
    use crate::scenario::AppAct::{Crashed, Frozen, Resumed};

    const WARNING: Event = Event::TokenWillExpire;

    /// The hand-written profile warns 30 s before; answers may take 10 s, and its tolerance is 1 s.
    fn logged_in(life: &str) -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", &ticket(1, life))
            .event(0, "phone", Event::LoggingIn)
            .event(50, "phone", Event::LoggedIn)
            .result(50, "phone", 1)
    }

    fn ticket(number: u32, life: &str) -> String {
        format!("ticket#{number} (alice, ends +{life})")
    }

    fn renews(lines: Lines, at: u64, id: u32, life: &str) -> Lines {
        lines
            .call(at, "phone", id, "renew-token")
            .with("ticket", &ticket(id, life))
    }

    fn warned(lines: Lines, at: u64) -> Lines {
        lines.event(at, "phone", WARNING)
    }

    fn expired(lines: Lines, at: u64) -> Lines {
        lines.event_because(at, "phone", Event::TokenExpired, Reason::TokenExpired)
    }

    fn check(lines: Lines) -> Option<usize> {
        violated("I17", lines.end(600_000))
    }

    #[test]
    fn one_warning_and_one_end_in_time_satisfy_it() {
        let lines = expired(warned(logged_in("1m"), 30_050), 60_051);
        assert_eq!(check(lines.clone()), None);
        assert!(!inconclusive("I17", lines.end(600_000)));
        // With less than the lead left, at once.
        assert_eq!(check(expired(warned(logged_in("10s"), 50), 10_051)), None);
    }

    #[test]
    fn a_warning_counts_while_a_faulty_renewal_is_under_way() {
        let lines = renews(logged_in("1d"), 60, 2, "1s")
            .call(60, "phone", 3, "renew-token")
            .with("ticket", "ticket#3 (alice, bad-payload)")
            .result(120, "phone", 2);
        let lines = warned(lines, 120).fails(120, "phone", 3, ErrorWord::TokenMalformed);
        assert_eq!(check(lines), None);
    }

    #[test]
    fn the_ticket_of_a_login_and_that_of_a_renewal_at_once_are_warned_of_apart() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .with("offline", "true")
            .with("ticket", &ticket(1, "1s"));
        let lines = renews(lines, 0, 2, "1s")
            .event(0, "phone", Event::LoggingIn)
            .result(0, "phone", 1);
        let online = warned(lines, 0)
            .event(60, "phone", Event::LoggedIn)
            .result(60, "phone", 2);
        assert_eq!(check(expired(warned(online, 60), 1_060)), None);
    }

    #[test]
    fn a_second_warning_violates_it() {
        let lines = warned(warned(logged_in("1m"), 30_050), 31_000);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    #[test]
    fn a_warning_before_or_after_its_time_violates_it() {
        let early = warned(logged_in("1m"), 28_900);
        let at = early.len() - 1;
        assert_eq!(check(early), Some(at));
        let late = warned(logged_in("1m"), 41_100);
        let at = late.len() - 1;
        assert_eq!(check(late), Some(at));
    }

    #[test]
    fn no_warning_violates_it_with_the_first_entry_after_its_time() {
        let lines = logged_in("1m").connect(41_001, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    #[test]
    fn an_end_that_the_ticket_does_not_have_violates_it() {
        let lines = expired(warned(logged_in("1m"), 30_050), 50_000);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
        let replaced =
            renews(warned(logged_in("1m"), 30_050), 31_000, 2, "10m").result(31_050, "phone", 2);
        let lines = expired(replaced, 60_051);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    #[test]
    fn a_record_that_ends_before_the_warning_decides_nothing() {
        let lines = logged_in("1m");
        assert_eq!(violated("I17", lines.clone().end(9_000)), None);
        assert!(inconclusive("I17", lines.end(9_000)));
    }

    #[test]
    fn each_renewal_brings_a_warning_of_its_own() {
        let renewed =
            renews(warned(logged_in("1m"), 30_050), 31_000, 2, "1m").result(31_050, "phone", 2);
        let again = warned(renewed.clone(), 61_100);
        assert_eq!(check(expired(again, 91_100)), None);
        assert!(check(renewed).is_some(), "the second warning is missing");
    }

    #[test]
    fn which_of_two_renewals_counts_may_be_open() {
        let both = renews(renews(logged_in("5m"), 1_000, 2, "1m"), 1_000, 3, "10m");
        let lost = both
            .result(1_050, "phone", 2)
            .fails(11_000, "phone", 3, ErrorWord::TimedOut);
        assert_eq!(check(expired(warned(lost.clone(), 31_100), 61_100)), None);
        assert_eq!(check(expired(warned(lost, 571_100), 601_100)), None);
    }

    #[test]
    fn the_answer_to_an_earlier_renewal_may_come_late() {
        let both = renews(renews(logged_in("5m"), 1_000, 2, "1m"), 1_000, 3, "2m");
        let crossed = both.result(1_050, "phone", 3).result(1_060, "phone", 2);
        assert_eq!(check(expired(warned(crossed, 91_050), 121_050)), None);
    }

    #[test]
    fn a_process_that_stood_still_is_late() {
        let lines = logged_in("1m")
            .app(20_000, "phone", Frozen)
            .app(300_000, "phone", Resumed);
        assert_eq!(check(warned(lines, 300_000)), None);
    }

    #[test]
    fn offline_a_device_has_its_own_clock_only() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", &ticket(1, "1h"))
            .event(0, "phone", Event::LoggingIn)
            .result(0, "phone", 1);
        assert_eq!(check(expired(warned(lines, 10), 20)), None);
    }

    #[test]
    fn an_app_that_does_not_listen_or_died_is_not_warned() {
        let deaf = Lines::default()
            .call(0, "phone", 1, "login")
            .with("ticket", &ticket(1, "1m"))
            .result(50, "phone", 1);
        assert_eq!(check(deaf), None);
        let removed = logged_in("1m")
            .call(1_000, "phone", 5, "remove-listener")
            .with("listener", "main");
        assert_eq!(check(removed), None);
        assert_eq!(check(logged_in("1m").app(1_000, "phone", Crashed)), None);
        assert_eq!(
            check(logged_in("1m").call(1_000, "phone", 2, "logout")),
            None
        );
    }

    #[test]
    fn where_nobody_warns_or_documents_it_nothing_is_asked() {
        use session::rules::WarningLead;
        let lines = logged_in("1m").end(600_000);
        assert!(violated("I17", lines.clone()).is_some());
        let none = violated_under("I17", lines.clone(), |profile| {
            profile.rules.token.warning_lead = WarningLead::None;
        });
        assert_eq!(none, None);
        let unknown = violated_under("I17", lines, |profile| {
            let knob = "rules.token.warning-lead".to_owned();
            profile.undocumented.insert(knob);
        });
        assert_eq!(unknown, None);
    }
}
