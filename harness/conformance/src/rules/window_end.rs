//! I14: the reconnect window ends when it must, and once (EXP-022, EXP-023, ZIM-032, Z-AMB-02).
//! That nothing is tried afterwards is I2.

use session::rules::{Sleep, Window, WindowFrom};
use session::time::{Millis, Time};
use session::words::{Event, Reason};

use super::each::{self, Each, changes_hearing};
use super::few::Set;
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

const TOO_EARLY: &str = "too-early";
const TOO_LATE: &str = "too-late";
const UNLIMITED: &str = "unlimited";

/// The sessions that reconnect.
#[derive(Debug, Default)]
pub(super) struct WindowEnd {
    open: Each<Open>,
    /// When each must have ended at the latest; those of a process that stands still need not.
    late: Set<(Time, Place)>,
    /// The devices that stood still at some time.
    slept: Set<String>,
    /// The devices whose app began to hear in the middle.
    unheard: Set<String>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// When it began.
    since: Time,
    /// When the window ends; `None` when it never does, or nobody can tell.
    due: Option<Time>,
}

impl Rule for WindowEnd {
    fn id(&self) -> &'static str {
        "I14"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[TOO_EARLY, TOO_LATE, UNLIMITED]
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.reconnect.window")
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::EVENT | Kinds::APP
    }

    fn due(&self) -> Option<Time> {
        self.late.first().map(|(due, _)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, about: &About<'_>, found: &mut Found) {
        let Window::Bounded(window) = about.rules.reconnect.window else {
            return;
        };
        while let Some((due, place)) = self.late.first().cloned()
            && due < now
        {
            self.late.remove(&(due, place.clone()));
            self.open.remove(&place);
            found.violations.push(Violation {
                aspect: TOO_LATE,
                entry: index,
                actor: place.0,
                expected: format!("reconnect-failed {window} after reconnecting began"),
                seen: "still reconnecting".into(),
            });
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        match &entry.what {
            What::Event(event) => {
                let place = about.place();
                match event.event {
                    Some(Event::Reconnecting) => self.begins(place, entry.at, about),
                    Some(Event::ReconnectFailed) if event.reason == Some(Reason::WindowEnded) => {
                        self.ended(index, entry, about, found);
                    }
                    _ if event.state.is_some() => {
                        self.forget(place, about);
                    }
                    _ => {}
                }
            }
            // The app took over, or the process died. A login that is accepted is told as an event.
            What::Call(call) => match (call.api.as_str(), call.args.get("room")) {
                ("logout", Some(room)) if into_room => {
                    self.forget(&(entry.actor.clone(), room.clone()), about);
                }
                ("switch-room" | "logout" | "destroy", _) => self.forget_all(&entry.actor, about),
                _ if changes_hearing(call) => {
                    self.forget_all(&entry.actor, about);
                    self.unheard.insert(entry.actor.clone());
                }
                _ => {}
            },
            What::App { is } => match is {
                AppAct::Crashed => {
                    self.forget_all(&entry.actor, about);
                    self.unheard.remove(&entry.actor);
                    self.slept.remove(&entry.actor);
                }
                AppAct::Frozen => {
                    self.slept.insert(entry.actor.clone());
                    self.stands_still(&entry.actor, about);
                }
                AppAct::Resumed => {
                    self.goes_on(
                        &entry.actor,
                        entry.at,
                        about.stood_still().unwrap_or_default(),
                        about,
                    );
                }
                AppAct::Started | AppAct::Background | AppAct::Foreground => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found) {
        for (device, room, open) in self.open.all() {
            if open.due.is_some_and(|due| at <= due) || about.frozen().holds(device) {
                let who = each::say(&(device.clone(), room.clone()));
                let said = format!("{who} was still reconnecting inside its window");
                found.inconclusive.push(said);
            }
        }
    }
}

impl WindowEnd {
    fn begins(&mut self, place: &Place, at: Time, about: &About<'_>) {
        self.forget(place, about);
        // A process that started before a change of settings has another window than one after it.
        let due = match about.settled(|rules| &rules.reconnect.window) {
            Some(Window::Bounded(window)) => Some(at + *window),
            Some(Window::Unlimited) | None => None,
        };
        if let Some(due) = due {
            self.late.insert((last(due, about), place.clone()));
        }
        self.open.insert(place, Open { since: at, due });
    }

    fn forget(&mut self, place: &Place, about: &About<'_>) -> Option<Open> {
        let open = self.open.remove(place)?;
        if let Some(due) = open.due {
            self.late.remove(&(last(due, about), place.clone()));
        }
        Some(open)
    }

    fn forget_all(&mut self, device: &str, about: &About<'_>) {
        self.stands_still(device, about);
        self.open.forget(device);
    }

    fn stands_still(&mut self, device: &str, about: &About<'_>) {
        for (room, open) in self.open.of_mut(device) {
            if let Some(due) = open.due {
                let place = (device.to_owned(), room.clone());
                self.late.remove(&(last(due, about), place));
            }
        }
    }

    /// A timer that was due meanwhile rings now, or so much later.
    fn goes_on(&mut self, device: &str, now: Time, stood_still: Millis, about: &About<'_>) {
        let is_known = !about.profile.undocumented.contains("rules.reconnect.sleep");
        for (room, open) in self.open.of_mut(device) {
            open.due = open
                .due
                .filter(|_| is_known)
                .map(|due| match about.rules.reconnect.sleep {
                    Sleep::Counts => due.max(now),
                    Sleep::StandsStill => due + stood_still,
                });
            if let Some(due) = open.due {
                let place = (device.to_owned(), room.clone());
                self.late.insert((last(due, about), place));
            }
        }
    }

    fn ended(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let place = about.place();
        let open = self.forget(place, about);
        // When it went on, or when it was told that it reconnects, no entry says.
        if about.frozen().went_on_unseen(&place.0)
            || open.is_none() && self.unheard.contains(&place.0)
        {
            return;
        }
        let lasted = open.map(|open| entry.at.since(open.since));
        let tolerance = about.profile.bounds.tolerance;
        let Some(window) = about.settled(|rules| &rules.reconnect.window) else {
            return;
        };
        let (aspect, expected) = match (*window, open) {
            (Window::Bounded(window), Some(open)) => {
                let Some(due) = open.due else { return };
                if due.0.abs_diff(entry.at.0) <= tolerance.0
                    || entry.at < due && self.may_be_early(due.since(entry.at), &place.0, about)
                {
                    found.kept.extend([TOO_EARLY, TOO_LATE]);
                    return;
                }
                let aspect = if entry.at > due { TOO_LATE } else { TOO_EARLY };
                (aspect, ends_after(window))
            }
            (Window::Bounded(window), None) => (TOO_EARLY, ends_after(window)),
            (Window::Unlimited, _) => (UNLIMITED, "reconnecting never ends by time".into()),
        };
        let seen = match lasted {
            Some(lasted) => format!("it ended after {lasted}"),
            None => "it ended although it had not begun".into(),
        };
        found.violations.push(Violation {
            aspect,
            entry: index,
            actor: entry.actor.clone(),
            expected,
            seen,
        });
    }

    /// Where the window counts from the last sign of life, it ends by so much earlier as the
    /// loss was noticed later.
    fn may_be_early(&self, by: Millis, device: &str, about: &About<'_>) -> bool {
        let heartbeat = &about.rules.heartbeat;
        let noticed_within = heartbeat.interval.0 + heartbeat.answer_within.0;
        about.rules.reconnect.window_from == WindowFrom::LastSignOfLife
            && (self.slept.contains(device)
                || by.0 <= noticed_within + about.profile.bounds.tolerance.0)
    }
}

/// The last moment at which the end of a window is in time.
fn last(due: Time, about: &About<'_>) -> Time {
    due + about.profile.bounds.tolerance
}

fn ends_after(window: Millis) -> String {
    format!("the window ends {window} after reconnecting began")
}

#[cfg(test)]
mod tests {
    use session::words::{Event, Reason};

    use session::rules::WindowFrom;

    use crate::rules::hand_written::{
        Lines, inconclusive, kept, violated, violated_in_rooms, violated_under,
    };
    use crate::scenario::AppAct::{Frozen, Resumed};

    /// The hand-written profile has a window of 20 minutes and a tolerance of one second.
    const WINDOW: u64 = 1_200_000;

    fn reconnecting() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .event(10_000, "phone", Event::Reconnecting)
    }

    fn failed_after(length: u64) -> Lines {
        let at = 10_000 + length;
        reconnecting().event_because(at, "phone", Event::ReconnectFailed, Reason::WindowEnded)
    }

    #[test]
    fn the_end_at_its_length_satisfies_it() {
        assert_eq!(violated("I14", failed_after(WINDOW).end(2_000_000)), None);
        let due = failed_after(WINDOW).end(2_000_000);
        assert_eq!(kept("I14", due), ["too-early", "too-late"]);
        let back = reconnecting().event(600_000, "phone", Event::Reconnected);
        assert_eq!(violated("I14", back.clone().end(2_000_000)), None);
        assert_eq!(kept("I14", back.end(2_000_000)), [""; 0], "no window ended");
    }

    #[test]
    fn too_early_too_late_and_never_violate_it() {
        assert!(violated("I14", failed_after(WINDOW - 1_001).end(2_000_000)).is_some());
        assert!(violated("I14", failed_after(WINDOW + 1_001).end(2_000_000)).is_some());
        assert!(violated("I14", reconnecting().end(2_000_000)).is_some());
    }

    #[test]
    fn a_record_that_stops_inside_the_window_decides_nothing() {
        assert_eq!(violated("I14", reconnecting().end(60_000)), None);
        assert!(inconclusive("I14", reconnecting().end(60_000)));
    }

    #[test]
    fn the_end_of_a_window_waits_for_a_process_that_stands_still() {
        let frozen = reconnecting().app(20_000, "phone", Frozen);
        assert_eq!(violated("I14", frozen.clone().end(9_000_000)), None);
        let resumed = frozen.app(5_000_000, "phone", Resumed);
        let because = |at, lines: &Lines| {
            let reason = Reason::WindowEnded;
            let lines = lines.clone();
            lines.event_because(at, "phone", Event::ReconnectFailed, reason)
        };
        let at_once = because(5_000_000, &resumed);
        assert_eq!(violated("I14", at_once.end(9_000_000)), None);
        let later = because(5_002_000, &resumed);
        assert!(violated("I14", later.end(9_000_000)).is_some());
    }

    #[test]
    fn a_process_that_goes_on_unseen_ends_its_window_when_it_can() {
        let lines = reconnecting().app(20_000, "phone", Frozen).event_because(
            5_000_000,
            "phone",
            Event::ReconnectFailed,
            Reason::WindowEnded,
        );
        assert_eq!(violated("I14", lines.end(9_000_000)), None);
    }

    #[test]
    fn an_app_that_begins_to_listen_hears_of_an_end_alone() {
        let lines = Lines::default()
            .call(0, "phone", 5, "add-listener")
            .with("listener", "main")
            .event_because(9_000, "phone", Event::ReconnectFailed, Reason::WindowEnded);
        assert_eq!(violated("I14", lines.end(9_000_000)), None);
        let removed = reconnecting()
            .call(20_000, "phone", 5, "remove-listener")
            .with("listener", "main");
        assert_eq!(violated("I14", removed.end(9_000_000)), None);
    }

    #[test]
    fn a_window_may_count_from_the_last_sign_of_life() {
        let lasted = |length: u64| {
            violated_under("I14", failed_after(length).end(2_000_000), |profile| {
                profile.rules.reconnect.window_from = WindowFrom::LastSignOfLife;
            })
        };
        // The hand-written profile notices a loss within 20 s.
        assert_eq!(lasted(WINDOW - 20_000), None);
        assert!(lasted(WINDOW - 21_001).is_some());
        assert!(violated("I14", failed_after(WINDOW - 20_000).end(2_000_000)).is_some());
    }

    #[test]
    fn a_window_that_changed_on_the_way_decides_nothing() {
        let set = Lines::default()
            .server(0, r#"set {"reconnect-window":"5m"}"#)
            .login(0, "phone", 1)
            .event(10_000, "phone", Event::Reconnecting);
        assert_eq!(violated("I14", set.clone().end(2_000_000)), None);
        let reason = Reason::WindowEnded;
        let ended = set.event_because(310_000, "phone", Event::ReconnectFailed, reason);
        assert_eq!(violated("I14", ended.end(2_000_000)), None);
    }

    #[test]
    fn each_room_has_a_window_of_its_own() {
        let lines = Lines::default()
            .join(0, "phone", 1, "one")
            .join(10, "phone", 2, "two")
            .event(10_000, "phone", Event::Reconnecting)
            .of_room("one")
            .event(20_000, "phone", Event::Reconnecting)
            .of_room("two")
            .event(30_000, "phone", Event::Reconnected)
            .of_room("two");
        let ended = lines
            .clone()
            .event_because(
                10_000 + WINDOW,
                "phone",
                Event::ReconnectFailed,
                Reason::WindowEnded,
            )
            .of_room("one");
        assert_eq!(violated_in_rooms("I14", ended.end(3_000_000)), None);
        assert!(violated_in_rooms("I14", lines.end(3_000_000)).is_some());
    }
}
