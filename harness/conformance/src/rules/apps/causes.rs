//! What a call was made because of, as far as the record tells.

use session::time::{Millis, Time};
use session::words::{ErrorWord, Event};

use crate::rules::few::Map;
use crate::transcript::{Entry, EventSeen, What};

/// How much later than its callback a call from inside of it may stand in a record: a carrier that
/// ticks, or a log, is no more exact.
const A_MOMENT: Millis = Millis::seconds(1);

/// The most events of one instant that are kept of a device.
const MOST_EVENTS: usize = 16;

/// An event an app was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) struct Told {
    pub(in crate::rules) event: Event,
    pub(in crate::rules) error: Option<ErrorWord>,
}

/// What every app was told at the latest instant, and why it asks for tickets.
#[derive(Debug, Default)]
pub(in crate::rules) struct Causes {
    latest: Map<String, Latest>,
    asked: Map<u32, Vec<Told>>,
    now: Vec<Told>,
}

/// What one app was told at one instant, and by which callbacks.
#[derive(Debug, Default)]
struct Latest {
    at: Time,
    told: Vec<(Option<String>, Told)>,
}

impl Causes {
    /// Follows one entry.
    pub(in crate::rules) fn follow(&mut self, entry: &Entry) {
        match &entry.what {
            What::Event(event) => self.hear(entry, event),
            What::Asks(meant) => {
                if let Some(inside) = &meant.inside {
                    let causes = self.of(entry, inside);
                    self.asked.insert(meant.id, causes);
                }
            }
            What::NeverCalled(meant) => drop(self.asked.remove(&meant.id)),
            What::Call(call) => {
                self.now = match (self.asked.remove(&call.id), &call.inside) {
                    (Some(causes), _) => causes,
                    (None, Some(inside)) => self.of(entry, inside),
                    (None, None) => Vec::new(),
                };
            }
            _ => {}
        }
    }

    /// For a call from inside a callback: the events it may be because of; several when one
    /// callback told several things at that instant. Empty for every other call.
    pub(in crate::rules) fn now(&self) -> &[Told] {
        &self.now
    }

    fn hear(&mut self, entry: &Entry, event: &EventSeen) {
        let Some(word) = event.event else { return };
        let latest = self.latest.or_default(&entry.actor);
        if latest.at != entry.at {
            latest.at = entry.at;
            latest.told.clear();
        }
        if latest.told.len() < MOST_EVENTS {
            let error = event.error;
            latest
                .told
                .push((event.callback.clone(), Told { event: word, error }));
        }
    }

    fn of(&self, entry: &Entry, inside: &str) -> Vec<Told> {
        let latest = self.latest.get(&entry.actor);
        let latest = latest.filter(|latest| entry.at.since(latest.at) <= A_MOMENT);
        let is_it = |callback: &Option<String>, told: &Told| {
            callback.as_deref().unwrap_or(told.event.word()) == inside
        };
        latest
            .into_iter()
            .flat_map(|latest| &latest.told)
            .filter(|(callback, told)| is_it(callback, told))
            .map(|(_, told)| *told)
            .collect()
    }
}
