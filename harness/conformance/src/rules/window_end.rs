//! I14: the reconnect window ends when it must, and once (EXP-022, EXP-023, ZIM-032, Z-AMB-02).
//! That nothing is tried afterwards is I2.

use std::collections::BTreeMap;

use session::rules::Window;
use session::time::{Millis, Time};
use session::words::{Event, Reason};

use super::{About, Found, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

const TOO_EARLY: &str = "too-early";
const TOO_LATE: &str = "too-late";
const UNLIMITED: &str = "unlimited";

/// When each device began to reconnect.
#[derive(Debug, Default)]
pub(super) struct WindowEnd {
    since: BTreeMap<String, Time>,
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

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        self.overdue(index, entry.at, about, found);
        match &entry.what {
            What::Event(event) => match event.event {
                Some(Event::Reconnecting) => {
                    self.since.insert(entry.actor.clone(), entry.at);
                }
                Some(Event::ReconnectFailed) if event.reason == Some(Reason::WindowEnded) => {
                    self.ended(index, entry, about, found);
                }
                _ if event.state.is_some() => {
                    self.since.remove(&entry.actor);
                }
                _ => {}
            },
            // The app took over, or the process died.
            What::Call(call) if matches!(call.api.as_str(), "login" | "logout" | "destroy") => {
                self.since.remove(&entry.actor);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.since.remove(&entry.actor);
            }
            _ => {}
        }
    }

    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found) {
        let Window::Bounded(window) = about.rules.reconnect.window else {
            return;
        };
        for (device, since) in &self.since {
            if at <= *since + window {
                found
                    .inconclusive
                    .push(format!("{device} was still reconnecting inside its window"));
            }
        }
    }
}

impl WindowEnd {
    fn ended(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let since = self.since.remove(&entry.actor);
        let tolerance = about.profile.bounds.tolerance;
        let lasted = since.map(|since| entry.at.since(since));
        let (aspect, expected) = match (about.rules.reconnect.window, lasted) {
            (Window::Bounded(window), Some(lasted)) if near(lasted, window, tolerance) => return,
            (Window::Bounded(window), lasted) => (
                match lasted {
                    Some(lasted) if lasted > window => TOO_LATE,
                    _ => TOO_EARLY,
                },
                format!("the window ends {window} after reconnecting began"),
            ),
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

    fn overdue(&mut self, index: usize, now: Time, about: &About<'_>, found: &mut Found) {
        let Window::Bounded(window) = about.rules.reconnect.window else {
            return;
        };
        let tolerance = about.profile.bounds.tolerance;
        let late: Vec<String> = self
            .since
            .iter()
            .filter(|(_, since)| now > **since + window + tolerance)
            .map(|(device, _)| device.clone())
            .collect();
        for device in late {
            self.since.remove(&device);
            found.violations.push(Violation {
                aspect: TOO_LATE,
                entry: index,
                actor: device,
                expected: format!("reconnect-failed {window} after reconnecting began"),
                seen: "still reconnecting".into(),
            });
        }
    }
}

fn near(length: Millis, wanted: Millis, tolerance: Millis) -> bool {
    length.0.abs_diff(wanted.0) <= tolerance.0
}

#[cfg(test)]
mod tests {
    use session::words::{Event, Reason};

    use crate::rules::hand_written::{Lines, inconclusive, violated};

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
        let back = reconnecting().event(600_000, "phone", Event::Reconnected);
        assert_eq!(violated("I14", back.end(2_000_000)), None);
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
}
