//! What several rules follow along a record, once for them all: what apps were told, and which
//! link is whose.

use session::time::Time;
use session::words::{Event, State};

use super::each::{Each, changes_hearing};
use super::few::{Map, Set};
use super::wire::{self, Kind, Says};
use crate::case::Place;
use crate::scenario::AppAct;
use crate::transcript::{Entry, EventSeen, SERVER, What};

/// What apps know of their sessions. Where an app may have missed something, nothing is known.
#[derive(Debug, Default)]
pub(super) struct Told {
    of: Each<Known>,
    /// The devices whose app has taken its listener away.
    deaf: Set<String>,
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
    /// Follows one entry; `place` is what an event is about.
    pub(super) fn follow(&mut self, index: usize, entry: &Entry, place: &Place) {
        match &entry.what {
            What::Event(event) => self.event(index, entry, event, place),
            What::Call(call) => match call.api.as_str() {
                "remove-listener" if changes_hearing(call) => {
                    self.of.forget(&entry.actor);
                    self.deaf.insert(entry.actor.clone());
                }
                "add-listener" if changes_hearing(call) => drop(self.deaf.remove(&entry.actor)),
                // No event tells of this end.
                "destroy" => drop(self.of.forget(&entry.actor)),
                _ => {}
            },
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
    }

    fn event(&mut self, index: usize, entry: &Entry, event: &EventSeen, place: &Place) {
        let (Some(word), Some(state)) = (event.event, event.state) else {
            return;
        };
        if self.deaf.contains(&entry.actor) {
            return;
        }
        let began = match word {
            Event::LoggingIn => Some(index),
            _ => self.of.get(place).and_then(|known| known.began),
        };
        let known = Known {
            state,
            event: word,
            since: entry.at,
            entry: index,
            began,
        };
        self.of.insert(place, known);
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
    /// By device, the links that were asked for a session over and are still there.
    asked: Map<String, Map<u32, Asked>>,
    /// The link on which each session was accepted last.
    accepted: Each<u32>,
    until_now: Option<u32>,
}

/// What was asked for over a link.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) user: String,
    room: String,
}

impl Links {
    /// Follows one entry; `place` is what an event is about, and `says` what is sent.
    pub(super) fn follow(&mut self, entry: &Entry, place: &Place, says: &[Says], into_room: bool) {
        let device = &entry.actor;
        match &entry.what {
            What::Sent { link, .. } if device != SERVER => {
                if let Some(asked) = says.first().and_then(|first| asked(first, into_room)) {
                    let links = self.asked.or_default(device);
                    links.insert(*link, asked);
                }
            }
            What::LinkDown { link, .. } | What::Close { link } if device != SERVER => {
                if let Some(links) = self.asked.get_mut(device) {
                    links.remove(link);
                }
            }
            What::Event(event) => {
                self.until_now = self.accepted(place);
                match event.event {
                    Some(Event::LoggedIn | Event::Reconnected) => {
                        let mut links = self.asked.get(device).into_iter().flat_map(Map::iter);
                        let newest = links.rfind(|(_, asked)| asked.room == place.1);
                        match newest {
                            Some((link, _)) => self.accepted.insert(place, *link),
                            None => drop(self.accepted.remove(place)),
                        }
                    }
                    _ if event.state.is_some() => drop(self.accepted.remove(place)),
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

    /// The same of the session that the present event is about, until then.
    pub(super) fn until_now(&self) -> Option<u32> {
        self.until_now
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

fn asked(first: &Says, into_room: bool) -> Option<Asked> {
    let Says::Asks(wire::Asked {
        kind: Kind::Login | Kind::Resume,
        user: Some(user),
        room,
        of_device: true,
        ..
    }) = first
    else {
        return None;
    };
    let room = room.as_deref().filter(|_| into_room);
    Some(Asked {
        user: user.clone(),
        room: room.unwrap_or_default().to_owned(),
    })
}
