//! What rules keep about devices and their sessions.

use session::time::{Millis, Time};

use super::few::{Map, Set};
use crate::case::Place;
use crate::scenario::AppAct;
use crate::transcript::{CallMade, Entry, What};

/// What the listener is called that an app has unless it says otherwise.
const MAIN: &str = "main";

/// Something about each session: by device, then by room.
#[derive(Debug)]
pub(super) struct Each<T> {
    of: Map<String, Map<String, T>>,
}

impl<T> Default for Each<T> {
    fn default() -> Each<T> {
        Each { of: Map::default() }
    }
}

impl<T> Each<T> {
    pub(super) fn insert(&mut self, (device, room): &Place, value: T) {
        let Some(rooms) = self.of.get_mut(device) else {
            let rooms = Map::from((room.clone(), value));
            self.of.insert(device.clone(), rooms);
            return;
        };
        match rooms.get_mut(room) {
            Some(known) => *known = value,
            None => drop(rooms.insert(room.clone(), value)),
        }
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
    pub(super) fn forget(&mut self, device: &str) -> Map<String, T> {
        self.of.remove(device).unwrap_or_default()
    }

    pub(super) fn of(&self, device: &str) -> impl Iterator<Item = (&String, &T)> {
        self.of.get(device).into_iter().flat_map(Map::iter)
    }

    pub(super) fn has_any(&self, device: &str) -> bool {
        self.of.get(device).is_some_and(|rooms| !rooms.is_empty())
    }

    pub(super) fn of_mut(&mut self, device: &str) -> impl Iterator<Item = (&String, &mut T)> {
        self.of.get_mut(device).into_iter().flat_map(Map::iter_mut)
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

/// Does the app's own listener begin or cease to hear with this call? What happened before, or
/// happens until it hears again, is not told, so nothing is known of the session's state.
pub(super) fn changes_hearing(call: &CallMade) -> bool {
    matches!(call.api.as_str(), "add-listener" | "remove-listener")
        && call.args.get("listener").is_some_and(|name| name == MAIN)
}

/// Something each session must have done by a moment.
#[derive(Debug, Default)]
pub(super) struct Dues {
    first: Set<(Time, Place)>,
    of: Each<Time>,
}

impl Dues {
    /// When it is due for this session; `None` when it no longer is.
    pub(super) fn set(&mut self, place: &Place, due: Option<Time>) {
        let known = self.of.get(place).copied();
        if known == due {
            return;
        }
        if let Some(known) = known {
            self.first.remove(&(known, place.clone()));
        }
        match due {
            Some(due) => {
                self.first.insert((due, place.clone()));
                self.of.insert(place, due);
            }
            None => drop(self.of.remove(place)),
        }
    }

    /// Nothing is due on this device any more.
    pub(super) fn forget(&mut self, device: &str) {
        if self.first.is_empty() {
            return;
        }
        for (room, due) in self.of.forget(device) {
            self.first.remove(&(due, (device.to_owned(), room)));
        }
    }

    /// When the first is due.
    pub(super) fn earliest(&self) -> Option<Time> {
        self.first.first().map(|(due, _)| *due)
    }

    /// Takes out the first that should have been done before `now`.
    pub(super) fn overdue(&mut self, now: Time) -> Option<Place> {
        if self.first.first().is_none_or(|(due, _)| *due >= now) {
            return None;
        }
        let (_, place) = self.first.pop_first()?;
        self.of.remove(&place);
        Some(place)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Place> {
        self.first.iter().map(|(_, place)| place)
    }
}

/// The processes that stand still, and since when. Nothing can be asked of them meanwhile.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    since: Map<String, Time>,
    /// Those that went on when all faults were lifted, which no entry tells.
    unseen: Set<String>,
}

impl Frozen {
    /// Follows one entry. When the process goes on with it: how long it stood still.
    pub(super) fn follow(&mut self, entry: &Entry) -> Option<Millis> {
        let What::App { is } = &entry.what else {
            self.shows_life(entry);
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
                self.unseen.remove(&entry.actor);
                None
            }
            AppAct::Started | AppAct::Background | AppAct::Foreground => None,
        }
    }

    /// A process that does something goes on, whether that was told or not.
    fn shows_life(&mut self, entry: &Entry) {
        if self.since.is_empty() {
            return;
        }
        let is_of_process = matches!(
            entry.what,
            What::Event(_)
                | What::Result(_)
                | What::Connect { .. }
                | What::LinkUp { .. }
                | What::LinkDown { .. }
                | What::Close { .. }
                | What::Sent { .. }
        );
        let before = |since: &Time| *since < entry.at;
        if is_of_process && self.since.get(&entry.actor).is_some_and(before) {
            self.since.remove(&entry.actor);
            self.unseen.insert(entry.actor.clone());
        }
    }

    /// Did this process go on without an entry that tells since when?
    pub(super) fn went_on_unseen(&self, device: &str) -> bool {
        self.unseen.contains(device)
    }

    pub(super) fn holds(&self, device: &str) -> bool {
        self.since.contains_key(device)
    }
}
