//! What several rules follow along a record: what apps were told, and which link is whose.

use std::collections::{BTreeMap, BTreeSet};

use session::time::Time;
use session::words::{Event, State};

use super::each::Each;
use crate::case::{Place, Places};
use crate::scenario::AppAct;
use crate::transcript::{Entry, SERVER, What};

/// The name of the listener that an app has unless it says otherwise.
const MAIN: &str = "main";

/// What apps know of their sessions. Where an app may have missed something, nothing is known.
#[derive(Debug, Default)]
pub(super) struct Told {
    places: Places,
    of: Each<Known>,
    /// The devices whose app has taken its listener away.
    deaf: BTreeSet<String>,
}

/// What an app was told last of a session's state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) state: State,
    pub(super) event: Event,
    pub(super) since: Time,
    /// The entry that said so.
    pub(super) entry: usize,
    /// The entry with which this login began, if it was told.
    pub(super) began: Option<usize>,
}

impl Told {
    /// Follows one entry; the session that an event is about.
    pub(super) fn follow(&mut self, index: usize, entry: &Entry, into_room: bool) -> Option<Place> {
        match &entry.what {
            What::Event(event) => {
                let place = self.places.of(entry, into_room);
                if let (Some(word), Some(state)) = (event.event, event.state)
                    && !self.deaf.contains(&entry.actor)
                {
                    let began = match word {
                        Event::LoggingIn => Some(index),
                        _ => self.of.get(&place).and_then(|known| known.began),
                    };
                    let known = Known {
                        state,
                        event: word,
                        since: entry.at,
                        entry: index,
                        began,
                    };
                    self.of.insert(place.clone(), known);
                }
                return Some(place);
            }
            What::Call(call) => {
                self.places.of(entry, into_room);
                let main = call.args.get("listener").is_some_and(|name| name == MAIN);
                match call.api.as_str() {
                    "remove-listener" if main => {
                        self.of.forget(&entry.actor);
                        self.deaf.insert(entry.actor.clone());
                    }
                    "add-listener" if main => drop(self.deaf.remove(&entry.actor)),
                    // No event tells of this end.
                    "destroy" => drop(self.of.forget(&entry.actor)),
                    _ => {}
                }
            }
            // A login that was called just before may have said something meanwhile.
            What::Result(answer) if answer.api == "destroy" && answer.ok => {
                self.of.forget(&entry.actor);
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.of.forget(&entry.actor);
                self.deaf.remove(&entry.actor);
            }
            _ => {}
        }
        None
    }

    pub(super) fn of(&self, place: &Place) -> Option<&Known> {
        self.of.get(place)
    }

    pub(super) fn of_device(&self, device: &str) -> impl Iterator<Item = (&String, &Known)> {
        self.of.of(device)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &String, &Known)> {
        self.of.all()
    }
}

/// The links of every device, and which session lives on which, as far as the wire can be read.
#[derive(Debug, Default)]
pub(super) struct Links {
    places: Places,
    /// By device, the links that were asked for a session over and are still there.
    asked: BTreeMap<String, BTreeMap<u32, Asked>>,
    /// The link on which each session was accepted last.
    accepted: Each<u32>,
}

/// What was asked for over a link.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) user: String,
    room: String,
}

impl Links {
    /// Follows one entry of a device.
    pub(super) fn follow(&mut self, entry: &Entry, into_room: bool) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(_) => drop(self.places.of(entry, into_room)),
            What::Sent { link, messages, .. } if device != SERVER => {
                let first = messages.first().filter(|message| !message.is_heartbeat());
                if first.is_some_and(|message| message.text().contains("\"device\""))
                    && let Some(asked) = asked(&messages[0].value(), into_room)
                {
                    let links = self.asked.entry(device.clone()).or_default();
                    links.insert(*link, asked);
                }
            }
            What::LinkDown { link, .. } | What::Close { link } if device != SERVER => {
                if let Some(links) = self.asked.get_mut(device) {
                    links.remove(link);
                }
            }
            What::Event(event) => {
                let place = self.places.of(entry, into_room);
                match event.event {
                    Some(Event::LoggedIn | Event::Reconnected) => {
                        let mut links = self.asked.get(device).into_iter().flatten();
                        let newest = links.rfind(|(_, asked)| asked.room == place.1);
                        match newest {
                            Some((link, _)) => self.accepted.insert(place, *link),
                            None => drop(self.accepted.remove(&place)),
                        }
                    }
                    _ if event.state.is_some() => drop(self.accepted.remove(&place)),
                    _ => {}
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.asked.remove(device);
                self.accepted.forget(device);
            }
            _ => {}
        }
    }

    /// The link this session was accepted on, while it is online.
    pub(super) fn accepted(&self, place: &Place) -> Option<u32> {
        self.accepted.get(place).copied()
    }

    /// The newest of the links this device's sessions were accepted on.
    pub(super) fn newest_accepted(&self, device: &str) -> Option<u32> {
        self.accepted.of(device).map(|(_, link)| *link).max()
    }

    /// What was asked for over a link that is still there.
    pub(super) fn asked(&self, device: &str, link: u32) -> Option<&Asked> {
        self.asked.get(device)?.get(&link)
    }
}

impl Asked {
    pub(super) fn place(&self, device: &str) -> Place {
        (device.to_owned(), self.room.clone())
    }
}

fn asked(message: &serde_json::Value, into_room: bool) -> Option<Asked> {
    let text = |key: &str| message.get(key)?.as_str();
    matches!(text("type")?, "login" | "resume").then_some(())?;
    Some(Asked {
        user: text("user")?.to_owned(),
        room: text("room")
            .filter(|_| into_room)
            .unwrap_or_default()
            .to_owned(),
    })
}
