//! One case: a scenario under a profile with a seed.

use std::collections::BTreeMap;

use session::rules::Rules;
use session::words::State;

use crate::profile::Profile;
use crate::scenario::{AppAct, Client, ClientIndex, Scenario};
use crate::transcript::{Entry, MOST_ENTRIES, What};

/// The seed of a run when nobody says otherwise; snapshots are compared only with it.
pub const DEFAULT_SEED: u64 = 0;

/// The room of a login that names none.
pub const DEFAULT_ROOM: &str = "room-1";

/// One case, ready to run.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The profile.
    pub profile: &'a Profile,
    /// The seed everything random is drawn from.
    pub seed: u64,
    /// The profile's rules with the scenario's console settings applied.
    pub rules: Rules,
    /// The longest record, in entries.
    pub most_entries: usize,
}

impl<'a> Case<'a> {
    /// A case; whether the scenario applies to the profile is for `plan` to say.
    pub fn new(scenario: &'a Scenario, profile: &'a Profile, seed: u64) -> Case<'a> {
        let mut rules = profile.rules.clone();
        scenario.console.apply(&mut rules);
        Case {
            scenario,
            profile,
            seed,
            rules,
            most_entries: MOST_ENTRIES,
        }
    }

    /// The device at `index`.
    pub fn client(&self, index: ClientIndex) -> &'a Client {
        &self.scenario.clients[index.0]
    }

    /// Which of these rows a case of this profile can decide: those of its vendor.
    pub fn own_rows<'r>(
        &self,
        rows: &'r [String],
        catalogue: &crate::requirement::Catalogue,
    ) -> Vec<&'r str> {
        rows.iter()
            .map(String::as_str)
            .filter(|row| catalogue.belongs_to(row, &self.profile.catalogue))
            .collect()
    }
}

/// The state of every device, followed along a transcript.
#[derive(Debug, Clone, Default)]
pub struct States {
    of: BTreeMap<String, State>,
    destroys: BTreeMap<u32, String>,
}

impl States {
    /// The state of a device.
    pub fn of(&self, device: &str) -> State {
        self.of.get(device).copied().unwrap_or(State::LoggedOut)
    }

    /// Follows one entry.
    pub fn follow(&mut self, entry: &Entry) {
        match &entry.what {
            What::Event(event) => {
                if let Some(state) = event.state {
                    self.of.insert(entry.actor.clone(), state);
                }
            }
            // No event tells of these two ends.
            What::App {
                is: AppAct::Crashed,
            } => {
                self.of.remove(&entry.actor);
            }
            What::Call(call) if call.api == "destroy" => {
                self.destroys.insert(call.id, entry.actor.clone());
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
