//! What a call was made because of, as far as the record tells.

use std::collections::BTreeMap;

use session::time::{Millis, Time};
use session::words::{ErrorWord, Event};

use crate::transcript::{Entry, EventSeen, What};

/// How much later than its callback a call from inside of it may stand in a record: a carrier that
/// ticks, or a log, is no more exact.
const A_MOMENT: Millis = Millis::seconds(1);

/// The most events of one instant that are kept of a device.
const MOST_EVENTS: usize = 16;

/// An event an app was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) error: Option<ErrorWord>,
}

/// What every app was told at the latest instant, and why it asks for tickets.
#[derive(Debug, Default)]
pub(super) struct Causes {
    latest: BTreeMap<String, Latest>,
    asked: BTreeMap<u32, Vec<Told>>,
}

/// What one app was told at one instant, and by which callbacks.
#[derive(Debug, Default)]
struct Latest {
    at: Time,
    told: Vec<(Option<String>, Told)>,
}

impl Causes {
    /// Follows one entry. For a call from inside a callback: the events it may be because of;
    /// several when one callback told several things at that instant. Empty for every other call.
    pub(super) fn follow(&mut self, entry: &Entry) -> Vec<Told> {
        match &entry.what {
            What::Event(event) => {
                self.hear(entry, event);
                Vec::new()
            }
            What::Asks(meant) => {
                if let Some(inside) = &meant.inside {
                    let causes = self.of(entry, inside);
                    self.asked.insert(meant.id, causes);
                }
                Vec::new()
            }
            What::NeverCalled(meant) => {
                self.asked.remove(&meant.id);
                Vec::new()
            }
            What::Call(call) => match (self.asked.remove(&call.id), &call.inside) {
                (Some(causes), _) => causes,
                (None, Some(inside)) => self.of(entry, inside),
                (None, None) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn hear(&mut self, entry: &Entry, event: &EventSeen) {
        let Some(word) = event.event else { return };
        let latest = self.latest.entry(entry.actor.clone()).or_default();
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
