//! What rules keep about devices and their sessions.

use std::collections::BTreeMap;

use session::time::{Millis, Time};

use crate::case::Place;
use crate::scenario::AppAct;
use crate::transcript::{Entry, Message, What};

/// Something about each session: by device, then by room.
#[derive(Debug)]
pub(super) struct Each<T> {
    of: BTreeMap<String, BTreeMap<String, T>>,
}

impl<T> Default for Each<T> {
    fn default() -> Each<T> {
        Each {
            of: BTreeMap::new(),
        }
    }
}

impl<T> Each<T> {
    pub(super) fn insert(&mut self, (device, room): Place, value: T) {
        self.of.entry(device).or_default().insert(room, value);
    }

    pub(super) fn remove(&mut self, (device, room): &Place) -> Option<T> {
        self.of.get_mut(device)?.remove(room)
    }

    pub(super) fn get(&self, (device, room): &Place) -> Option<&T> {
        self.of.get(device)?.get(room)
    }

    pub(super) fn get_mut(&mut self, (device, room): &Place) -> Option<&mut T> {
        self.of.get_mut(device)?.get_mut(room)
    }

    /// Takes out everything about a device.
    pub(super) fn forget(&mut self, device: &str) -> BTreeMap<String, T> {
        self.of.remove(device).unwrap_or_default()
    }

    pub(super) fn has_any(&self, device: &str) -> bool {
        self.of.get(device).is_some_and(|rooms| !rooms.is_empty())
    }

    pub(super) fn of(&self, device: &str) -> impl Iterator<Item = (&String, &T)> {
        self.of.get(device).into_iter().flatten()
    }

    pub(super) fn of_mut(&mut self, device: &str) -> impl Iterator<Item = (&String, &mut T)> {
        self.of.get_mut(device).into_iter().flatten()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &String, &T)> {
        self.of
            .iter()
            .flat_map(|(device, rooms)| rooms.iter().map(move |(room, t)| (device, room, t)))
    }
}

/// A session in words.
pub(super) fn say((device, room): &Place) -> String {
    match room.is_empty() {
        true => device.clone(),
        false => format!("{device} in {room}"),
    }
}

/// The processes that stand still, and since when. Nothing can be asked of them meanwhile.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    since: BTreeMap<String, Time>,
}

impl Frozen {
    /// Follows one entry. When the process goes on with it: how long it stood still.
    pub(super) fn follow(&mut self, entry: &Entry) -> Option<Millis> {
        let What::App { is } = &entry.what else {
            return None;
        };
        match is {
            AppAct::Frozen => {
                self.since.insert(entry.actor.clone(), entry.at);
                None
            }
            AppAct::Resumed => {
                let since = self.since.remove(&entry.actor)?;
                Some(entry.at.since(since))
            }
            AppAct::Crashed => {
                self.since.remove(&entry.actor);
                None
            }
            AppAct::Started | AppAct::Background | AppAct::Foreground => None,
        }
    }

    pub(super) fn holds(&self, device: &str) -> bool {
        self.since.contains_key(device)
    }
}

/// The session that this message of a server says is accepted, if it says so.
pub(super) fn session_accepted(message: &Message) -> Option<String> {
    let text = message.text();
    // Heartbeats are by far the most.
    if message.is_heartbeat() || !(text.contains("\"session\":") && text.contains("\"ok\"")) {
        return None;
    }
    let value = message.value();
    (value.get("type")?.as_str()? == "ok").then_some(())?;
    Some(value.get("session")?.as_str()?.to_owned())
}
