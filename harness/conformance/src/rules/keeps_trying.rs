//! I15: while a session is being restored the next attempt always comes, neither too late nor too
//! soon, at once again after a success, and not in step with other clients (EXP-022, ZIM-032,
//! T-AMB-12).

use session::time::{Millis, Time};
use session::words::{Event, State};

use super::each::{self, Dues, Each, changes_hearing};
use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::{AppAct, NetworkWord};
use crate::transcript::{Entry, EventSeen, What};

/// No attempt any more.
const GIVES_UP: &str = "gives-up";
/// The same while logging in.
const LOGIN_GIVES_UP: &str = "login-gives-up";
/// The first attempt after a session that was online comes as late as if nothing had succeeded.
const NOT_RESET: &str = "not-reset";
/// An attempt without a pause after the last one.
const FLOODS: &str = "floods";
/// Several clients try at the very same moments.
const IN_STEP: &str = "in-step";

/// So many attempts in a row at the same moments as those of another client are no accident.
const IN_A_ROW: usize = 5;
/// As long as so many others were as likely.
const LIKELY: u64 = 1_000_000_000_000;

/// The sessions that are being restored, and the attempts of their devices.
#[derive(Debug, Default)]
pub(super) struct KeepsTrying {
    trying: Each<Trying>,
    due: Dues,
    devices: Map<String, Device>,
    /// The last attempts of each device, and whose they are.
    rows: Map<[Time; IN_A_ROW], String>,
}

#[derive(Debug, Clone, Copy)]
struct Trying {
    state: State,
    /// Was there no attempt yet?
    first: bool,
}

#[derive(Debug, Default)]
struct Device {
    /// Its network is down, and it was told.
    is_down: bool,
    /// When its last attempt came to nothing, if nothing has happened since that would make it
    /// try at once.
    failed: Option<Time>,
    attempt: Option<u32>,
    /// The instant at which something made it try at once.
    free: Option<Time>,
    /// Its last attempts, each after a pause of its own.
    row: Vec<Time>,
    /// The row before.
    before: Option<[Time; IN_A_ROW]>,
}

impl Rule for KeepsTrying {
    fn id(&self) -> &'static str {
        "I15"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[GIVES_UP, LOGIN_GIVES_UP, NOT_RESET, FLOODS, IN_STEP]
    }

    /// A log of a real client does not show its attempts.
    fn own_record_suffices(&self) -> bool {
        false
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.reconnect.longest-delay")
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL
            | Kinds::RESULT
            | Kinds::EVENT
            | Kinds::CONNECT
            | Kinds::LINK_DOWN
            | Kinds::NETWORK
            | Kinds::APP
    }

    fn due(&self) -> Option<Time> {
        self.due.earliest()
    }

    fn overdue(&mut self, index: usize, now: Time, about: &About<'_>, found: &mut Found) {
        while let Some(place) = self.due.overdue(now) {
            let Some(trying) = self.trying.remove(&place) else {
                continue;
            };
            let first = trying.first && is_reset_known(about);
            let within = match first {
                true => about.rules.reconnect.first_delay,
                false => longest(about),
            };
            found.violations.push(Violation {
                aspect: match (first, trying.state) {
                    (true, _) => NOT_RESET,
                    (false, State::LoggingIn) => LOGIN_GIVES_UP,
                    (false, _) => GIVES_UP,
                },
                entry: index,
                expected: format!("the next attempt within {within}"),
                seen: format!("none for {}", each::say(&place)),
                actor: place.0,
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let name = &entry.actor;
        match &entry.what {
            What::Event(event) => self.event(entry, event, about),
            What::Call(call) => match call.api.as_str() {
                // The app takes over; what becomes of the session need not be told.
                "logout" | "destroy" | "switch-room" => self.forget(name, entry.at),
                "login" | "renew-token" => self.at_once(name, entry.at),
                _ if changes_hearing(call) => self.forget(name, entry.at),
                _ => {}
            },
            // A login that was called just before may have begun meanwhile.
            What::Result(answer) if answer.api == "destroy" && answer.ok => {
                self.forget(name, entry.at);
            }
            What::App { is } => match is {
                AppAct::Crashed => {
                    self.forget(name, entry.at);
                    // What its network is like stays.
                    if let Some(device) = self.devices.get_mut(name) {
                        device.attempt = None;
                    }
                }
                AppAct::Frozen => {
                    self.due.forget(name);
                    self.at_once(name, entry.at);
                }
                AppAct::Resumed | AppAct::Foreground | AppAct::Background => {
                    self.at_once(name, entry.at);
                    self.arm(name, entry.at, about);
                }
                AppAct::Started => {}
            },
            What::Network { is, .. } => {
                self.at_once(name, entry.at);
                let device = self.devices.or_default(name);
                match is {
                    Some(NetworkWord::Down) => device.is_down = true,
                    Some(NetworkWord::Up) => device.is_down = false,
                    _ => {}
                }
                self.arm(name, entry.at, about);
            }
            What::Connect { link } if self.trying.has_any(name) => {
                self.attempt(index, entry, *link, about, found);
            }
            What::LinkDown { link, .. } | What::Close { link } => {
                if let Some(device) = self.devices.get_mut(name)
                    && device.attempt == Some(*link)
                {
                    device.attempt = None;
                    device.failed = Some(entry.at);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for place in self.due.all() {
            let who = each::say(place);
            found
                .inconclusive
                .push(format!("the next attempt of {who} was not due yet"));
        }
    }
}

impl KeepsTrying {
    fn event(&mut self, entry: &Entry, event: &EventSeen, about: &About<'_>) {
        let place = about.place();
        let Some(state) = event.state else { return };
        let name = &entry.actor;
        if event.event == Some(Event::LoggingIn) {
            self.at_once(name, entry.at);
        }
        match state {
            State::LoggingIn | State::Reconnecting => {
                let first = state == State::Reconnecting;
                self.trying.insert(place, Trying { state, first });
                let device = self.devices.or_default(name);
                device.row.clear();
                // From here on it pauses, as after an attempt that failed.
                device.failed = first.then_some(entry.at);
                device.attempt = None;
            }
            State::Online | State::LoggedOut => {
                self.trying.remove(place);
                self.due.set(place, None);
            }
        }
        self.arm(name, entry.at, about);
    }

    fn attempt(
        &mut self,
        index: usize,
        entry: &Entry,
        link: u32,
        about: &About<'_>,
        found: &mut Found,
    ) {
        let name = &entry.actor;
        for (_, trying) in self.trying.of_mut(name) {
            trying.first = false;
        }
        self.arm(name, entry.at, about);
        let device = self.devices.or_default(name);
        device.attempt = Some(link);
        let failed = device
            .failed
            .take()
            .filter(|_| device.free != Some(entry.at));
        // Of a device in several rooms nobody can tell whose attempt it is.
        let is_unclear = about.is_in_several(name) || about.frozen().went_on_unseen(name);
        if is_unclear || device.is_down {
            device.row.clear();
            return;
        }
        let Some(failed) = failed else {
            device.row.clear();
            return;
        };
        let pause = entry.at.since(failed);
        if let Some(least) = least(about).filter(|least| pause < *least) {
            found.violations.push(Violation {
                aspect: FLOODS,
                entry: index,
                actor: name.clone(),
                expected: format!("a pause of {least} at least before the next attempt"),
                seen: format!("link {link} after {pause}"),
            });
        }
        device.row.push(entry.at);
        self.in_step(index, entry, about, found);
    }

    fn in_step(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let name = &entry.actor;
        let Some(device) = self.devices.get_mut(name) else {
            return;
        };
        if device.row.len() < IN_A_ROW || !is_drawn(about) {
            return;
        }
        let Ok(row) = <[Time; IN_A_ROW]>::try_from(device.row.as_slice()) else {
            return;
        };
        // The row has done its part; the next begins anew.
        device.row.clear();
        let before = device.before.replace(row);
        if let Some(before) = before.filter(|before| self.rows.get(before) == Some(name)) {
            self.rows.remove(&before);
        }
        let other = self.rows.get(&row).filter(|other| *other != name);
        if let Some(other) = other {
            found.violations.push(Violation {
                aspect: IN_STEP,
                entry: index,
                actor: name.clone(),
                expected: "attempts at moments of its own".into(),
                seen: format!("{IN_A_ROW} attempts at the very moments of {other}"),
            });
        }
        self.rows.insert(row, name.clone());
    }

    /// The next attempt may come without a pause.
    fn at_once(&mut self, name: &str, now: Time) {
        if let Some(device) = self.devices.get_mut(name) {
            device.failed = None;
            device.free = Some(now);
            device.row.clear();
        }
    }

    fn forget(&mut self, name: &str, now: Time) {
        self.trying.forget(name);
        self.due.forget(name);
        self.at_once(name, now);
    }

    /// Says from now on when the next attempt is due.
    fn arm(&mut self, name: &str, now: Time, about: &About<'_>) {
        // One that was told of no network may wait for the news that there is one.
        let waits = about.frozen().holds(name)
            || self.devices.get(name).is_some_and(|device| device.is_down);
        let several = about.is_in_several(name);
        for (room, trying) in self.trying.of(name) {
            let within = match trying.first && !several && is_reset_known(about) {
                true => about.rules.reconnect.first_delay,
                false => longest(about),
            };
            let due = now + within + about.profile.bounds.tolerance;
            let place = (name.to_owned(), room.clone());
            self.due.set(&place, (!waits).then_some(due));
        }
    }
}

/// From one attempt to the next: it may fail at the last moment, and the pause may be the longest.
fn longest(about: &About<'_>) -> Millis {
    let link = &about.rules.link;
    Millis(link.connect_timeout.0 + link.answer_timeout.0 + about.rules.reconnect.longest_delay.0)
}

fn is_reset_known(about: &About<'_>) -> bool {
    let undocumented = &about.profile.undocumented;
    !undocumented.contains("rules.reconnect.first-delay")
}

/// The shortest pause, if somebody documents it.
fn least(about: &About<'_>) -> Option<Millis> {
    let rules = &about.rules.reconnect;
    let undocumented = &about.profile.undocumented;
    let is_known =
        is_reset_known(about) && !undocumented.contains("rules.reconnect.jitter-percent");
    let pause = rules.first_delay.min(rules.longest_delay);
    let drawn = pause.0 * rules.jitter_percent / 100;
    is_known.then_some(Millis(pause.0 - drawn))
}

/// Are pauses drawn from so many that a row of equal ones is no accident?
fn is_drawn(about: &About<'_>) -> bool {
    let rules = &about.rules.reconnect;
    let mut ways: u64 = 1;
    let mut pause = rules.first_delay.0;
    for _ in 0..IN_A_ROW {
        let drawn = pause.min(rules.longest_delay.0) * rules.jitter_percent / 100;
        ways = ways.saturating_mul(drawn + 1);
        pause = pause.saturating_mul(2);
    }
    ways >= LIKELY && least(about).is_some()
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_under};
    use crate::scenario::AppAct::{Crashed, Foreground, Frozen, Resumed};
    use crate::scenario::NetworkWord::{Down, Up};

    /// The hand-written profile pauses from 1 s to 30 s, half of each drawn; a connect may take 5 s
    /// and an answer 10 s, and its tolerance is 1 s.
    fn away() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .event(10_000, "phone", Event::Reconnecting)
    }

    /// An attempt that comes to nothing 100 ms later.
    fn tries(lines: Lines, at: u64, link: u32) -> Lines {
        lines
            .connect(at, "phone", link)
            .refused_link(at + 100, "phone", link)
    }

    fn check(lines: Lines) -> Option<usize> {
        violated("I15", lines.end(600_000))
    }

    #[test]
    fn attempts_until_it_is_back_satisfy_it() {
        let lines = tries(tries(away(), 10_700, 2), 12_000, 3)
            .connect(50_000, "phone", 4)
            .event(50_100, "phone", Event::Reconnected);
        assert_eq!(check(lines.clone()), None);
        assert!(!inconclusive("I15", lines.end(600_000)));
    }

    #[test]
    fn giving_up_in_silence_violates_it() {
        let lines = tries(away(), 10_700, 2).event(56_701, "phone", Event::TokenWillExpire);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
        let login = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .connect(0, "phone", 1)
            .event(46_001, "phone", Event::TokenWillExpire);
        let at = login.len() - 1;
        assert_eq!(check(login), Some(at));
    }

    #[test]
    fn a_first_pause_as_after_many_failures_violates_it() {
        let lines = away().connect(12_001, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    #[test]
    fn attempts_without_a_pause_violate_it() {
        let lines = tries(away(), 10_700, 2).connect(11_299, "phone", 3);
        let at = lines.len() - 1;
        assert_eq!(check(lines), Some(at));
    }

    fn in_step(second: &str, moments: [u64; 5]) -> Lines {
        let mut lines = Lines::default();
        for device in ["phone", second] {
            lines = lines
                .login(0, device, 1)
                .event(10_000, device, Event::Reconnecting);
        }
        for (link, at) in moments.into_iter().enumerate() {
            for (device, at) in [
                ("phone", [10_700, 12_100, 15_000, 20_000, 30_000][link]),
                (second, at),
            ] {
                lines = lines.connect(at, device, link as u32 + 2).refused_link(
                    at,
                    device,
                    link as u32 + 2,
                );
            }
        }
        lines
            .event(40_000, "phone", Event::Reconnected)
            .event(40_000, second, Event::Reconnected)
    }

    #[test]
    fn two_clients_at_the_very_same_moments_violate_it() {
        let same = in_step("tablet", [10_700, 12_100, 15_000, 20_000, 30_000]);
        assert!(check(same.clone()).is_some());
        let other = in_step("tablet", [10_700, 12_100, 15_000, 20_000, 30_001]);
        assert_eq!(check(other), None);
        let undrawn = violated_under("I15", same.end(600_000), |profile| {
            profile.rules.reconnect.jitter_percent = 0;
        });
        // Then the pauses are too short, but nobody is in step by fault.
        assert!(undrawn.is_some());
    }

    #[test]
    fn a_record_that_ends_before_the_next_attempt_decides_nothing() {
        assert_eq!(violated("I15", away().end(10_500)), None);
        assert!(inconclusive("I15", away().end(10_500)));
    }

    #[test]
    fn a_device_that_knows_its_network_is_down_may_wait() {
        let down = away().network(10_000, "phone", Down);
        assert_eq!(check(down.clone()), None);
        let up = down.network(300_000, "phone", Up);
        assert!(check(up.clone()).is_some(), "but not beyond the news");
        assert_eq!(
            check(
                up.connect(300_000, "phone", 2)
                    .event(300_100, "phone", Event::Reconnected)
            ),
            None
        );
    }

    #[test]
    fn good_news_is_worth_no_pause() {
        let up = tries(away(), 10_700, 2).network(10_850, "phone", Up);
        let up = up.connect(10_850, "phone", 3);
        assert_eq!(violated("I15", up.end(20_000)), None);
        let given_up = away()
            .connect(10_700, "phone", 2)
            .network(10_850, "phone", Up)
            .refused_link(10_850, "phone", 2)
            .connect(10_850, "phone", 3);
        assert_eq!(violated("I15", given_up.end(20_000)), None);
        let seen = tries(away(), 10_700, 2).app(10_850, "phone", Foreground);
        let seen = seen.connect(10_850, "phone", 3);
        assert_eq!(violated("I15", seen.end(20_000)), None);
        let again = tries(away(), 10_700, 2)
            .call(10_850, "phone", 2, "login")
            .event(10_850, "phone", Event::LoggingIn)
            .connect(10_850, "phone", 3);
        assert_eq!(violated("I15", again.end(20_000)), None);
    }

    #[test]
    fn a_process_that_stands_still_tries_when_it_goes_on() {
        let frozen = away().app(10_100, "phone", Frozen);
        assert_eq!(check(frozen.clone()), None);
        let resumed = frozen.app(500_000, "phone", Resumed);
        let back = resumed
            .connect(500_000, "phone", 2)
            .event(500_100, "phone", Event::Reconnected);
        assert_eq!(check(back), None);
    }

    #[test]
    fn one_that_goes_on_unseen_is_not_hurried() {
        let unseen = tries(away(), 10_700, 2)
            .app(11_000, "phone", Frozen)
            .connect(300_000, "phone", 3)
            .refused_link(300_000, "phone", 3)
            .connect(300_000, "phone", 4)
            .event(300_100, "phone", Event::Reconnected);
        assert_eq!(check(unseen), None);
    }

    #[test]
    fn what_the_app_ends_or_does_not_hear_is_no_breach() {
        assert_eq!(check(away().call(10_100, "phone", 2, "logout")), None);
        assert_eq!(check(away().app(10_100, "phone", Crashed)), None);
        let deaf = away()
            .call(10_100, "phone", 5, "remove-listener")
            .with("listener", "main");
        assert_eq!(check(deaf), None);
    }

    #[test]
    fn what_nobody_documents_is_not_asked_for() {
        let late = away()
            .connect(12_001, "phone", 2)
            .event(12_100, "phone", Event::Reconnected);
        let soon = tries(away(), 10_700, 2).connect(10_801, "phone", 3).event(
            10_900,
            "phone",
            Event::Reconnected,
        );
        for lines in [late, soon] {
            let unknown = violated_under("I15", lines.end(600_000), |profile| {
                let knob = "rules.reconnect.first-delay".to_owned();
                profile.undocumented.insert(knob);
            });
            assert_eq!(unknown, None);
        }
    }
}
