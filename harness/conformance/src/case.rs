//! One case: a scenario under a profile with a seed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use session::rules::{Rules, TokenCodes};
use session::time::{EPOCH_UNIX_MS, Millis};
use session::words::State;

use crate::deviation::Subject;
use crate::judge::REFERENCE;
use crate::profile::Profile;
use crate::requirement::Party;
use crate::scenario::{AppAct, Client, ClientIndex, Devices, Scenario};
use crate::transcript::{Entry, MOST_ENTRIES, What};

/// The seed of a run when nobody says otherwise; snapshots are compared only with it.
pub const DEFAULT_SEED: u64 = 0;

/// The room of a login that names none.
pub const DEFAULT_ROOM: &str = "room-1";

/// The stream of a call that names none.
pub const DEFAULT_STREAM: &str = "stream-1";

/// One case, ready to run.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The profile, with the numbers that the console settings select.
    pub profile: Cow<'a, Profile>,
    /// The seed everything random is drawn from.
    pub seed: u64,
    /// The profile's rules with the scenario's console settings applied.
    pub rules: Rules,
    /// How the reference peers play, when it is not by these rules.
    pub subject: Option<Subject>,
    /// The longest record, in entries.
    pub most_entries: usize,
    /// How much later or earlier things may happen than a script says: nothing in virtual time,
    /// the profile's tolerance in real time.
    pub slack: Millis,
    /// Unix milliseconds at the start of the run: a whole second.
    pub epoch: u64,
    /// The devices by name.
    names: BTreeMap<&'a str, ClientIndex>,
}

impl<'a> Case<'a> {
    /// A case; whether the scenario applies to the profile is for `plan` to say.
    pub fn new(scenario: &'a Scenario, profile: &'a Profile, seed: u64) -> Case<'a> {
        let mut rules = profile.rules.clone();
        scenario.console.apply(&mut rules);
        let profile = match rules.token.codes {
            TokenCodes::Coarse => Cow::Borrowed(profile),
            TokenCodes::Strict => Cow::Owned(profile.with_strict_codes()),
        };
        Case {
            scenario,
            profile,
            seed,
            rules,
            subject: None,
            most_entries: MOST_ENTRIES,
            slack: Millis::ZERO,
            epoch: EPOCH_UNIX_MS,
            names: scenario
                .clients
                .iter()
                .enumerate()
                .map(|(at, client)| (client.name.as_str(), ClientIndex(at)))
                .collect(),
        }
    }

    /// The same case, played with a deviation.
    pub fn played_by(self, subject: Subject) -> Case<'a> {
        Case {
            subject: Some(subject),
            ..self
        }
    }

    /// The rules that the reference client, or the server, plays by from the start of the run.
    pub fn played(&self, party: Party) -> Rules {
        let subject = self.subject.as_ref();
        let deviating = subject.and_then(|subject| match party {
            Party::Server => subject.server.clone(),
            Party::App | Party::Client => subject.client.clone(),
        });
        match deviating {
            Some(mut rules) => {
                self.scenario.console.apply(&mut rules);
                rules
            }
            None => self.rules.clone(),
        }
    }

    /// Under which name the reference client, or the server, plays.
    pub fn player(&self, party: Party) -> String {
        let subject = self.subject.as_ref();
        let deviates = subject.filter(|subject| match party {
            Party::Server => subject.server.is_some(),
            Party::App | Party::Client => subject.client.is_some(),
        });
        match deviates {
            Some(subject) => format!("{REFERENCE} with {}", subject.name),
            None => REFERENCE.to_owned(),
        }
    }

    /// The device at `index`.
    pub fn client(&self, index: ClientIndex) -> &'a Client {
        &self.scenario.clients[index.0]
    }

    /// What the devices are called together.
    pub fn name_of(&self, devices: Devices) -> &'a str {
        let first = &self.client(devices.first()).name;
        match devices.count() {
            1 => first,
            _ => first.strip_suffix("-1").unwrap_or(first),
        }
    }

    /// The device called `name`.
    pub fn find(&self, name: &str) -> Option<ClientIndex> {
        self.names.get(name).copied()
    }

    /// Which of these rows a case of this profile can decide: those of its vendor and version.
    pub fn own_rows<'r>(
        &self,
        rows: &'r [String],
        catalogue: &crate::requirement::Catalogue,
    ) -> Vec<&'r str> {
        rows.iter()
            .map(String::as_str)
            .filter(|row| catalogue.holds_for(row, &self.profile))
            .collect()
    }
}

/// Which session of a device something is about: where a login is into a room, one for each room.
pub type Place = (String, String);

/// The room that each device was heard of last in.
#[derive(Debug, Clone, Default)]
pub struct Places {
    last: BTreeMap<String, String>,
    /// The place told last; its texts are used again.
    place: Place,
}

impl Places {
    /// The session that an entry is about. Where a login is into a room and the entry names none,
    /// it is that of the room heard of last.
    pub fn of(&mut self, entry: &Entry, into_room: bool) -> &Place {
        let (device, room) = &mut self.place;
        device.clone_from(&entry.actor);
        room.clear();
        if !into_room {
            return &self.place;
        }
        let named = match &entry.what {
            What::Event(event) => event.room.as_ref(),
            What::Call(call) if matches!(call.api.as_str(), "login" | "switch-room") => {
                call.args.get("room")
            }
            _ => None,
        };
        match (named, self.last.get_mut(device)) {
            (Some(named), Some(last)) => last.clone_from(named),
            (Some(named), None) => drop(self.last.insert(device.clone(), named.clone())),
            (None, _) => {}
        }
        if let Some(known) = named.or_else(|| self.last.get(device)) {
            room.push_str(known);
        }
        &self.place
    }

    /// The session that was told last.
    pub fn latest(&self) -> &Place {
        &self.place
    }
}

/// The state of every device, in every room where a login is into one, followed along a
/// transcript.
#[derive(Debug, Clone, Default)]
pub struct States {
    into_room: bool,
    places: Places,
    /// By device, then by room.
    of: BTreeMap<String, BTreeMap<String, State>>,
    destroys: BTreeMap<u32, String>,
}

impl States {
    /// No device is heard of yet.
    pub fn new(into_room: bool) -> States {
        States {
            into_room,
            ..States::default()
        }
    }

    /// The state of a device in this room; without one in the only room, or in the one heard of
    /// last.
    pub fn of(&self, device: &str, room: Option<&str>) -> State {
        let Some(rooms) = self.of.get(device) else {
            return State::LoggedOut;
        };
        let state = match (room, rooms.len()) {
            (Some(room), _) if self.into_room => rooms.get(room),
            (_, 1) => rooms.values().next(),
            _ => self
                .places
                .last
                .get(device)
                .and_then(|room| rooms.get(room)),
        };
        state.copied().unwrap_or(State::LoggedOut)
    }

    /// Is the device in a session, or on its way into one, other than in this room?
    pub fn is_elsewhere(&self, (device, room): &Place) -> bool {
        let rooms = self.of.get(device).into_iter().flatten();
        let mut others = rooms.filter(|(other, _)| *other != room);
        others.any(|(_, state)| *state != State::LoggedOut)
    }

    /// Follows one entry.
    pub fn follow(&mut self, entry: &Entry) {
        match &entry.what {
            // What an extra listener hears the app's own has heard, or did not want to hear.
            What::Event(event) if event.listener.is_some() => {}
            What::Event(event) => {
                let (device, room) = self.places.of(entry, self.into_room);
                let Some(state) = event.state else { return };
                match self.of.get_mut(device) {
                    Some(rooms) => match rooms.get_mut(room) {
                        Some(known) => *known = state,
                        None => drop(rooms.insert(room.clone(), state)),
                    },
                    None => {
                        let rooms = BTreeMap::from([(room.clone(), state)]);
                        self.of.insert(device.clone(), rooms);
                    }
                }
            }
            // No event tells of these two ends.
            What::App {
                is: AppAct::Crashed,
            } => {
                self.of.remove(&entry.actor);
            }
            What::Call(call) => {
                self.places.of(entry, self.into_room);
                if call.api == "destroy" {
                    self.destroys.insert(call.id, entry.actor.clone());
                }
            }
            What::Result(result) => {
                if let Some(device) = self.destroys.remove(&result.id)
                    && result.ok
                {
                    self.of.remove(&device);
                }
            }
            _ => {}
        }
    }
}
