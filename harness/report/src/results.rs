//! What a run has come to: everything that any report of it shows.
//!
//! - this file: the whole, and its header
//! - [`case`]: one case and what became of it
//! - [`about`]: what the cases speak of: profiles, requirements, rules, scenarios
//! - [`record`]: the transcript of a case, cut to what people look at
//! - [`known`]: failures that somebody listed
//! - [`words`]: the words of the schema

pub mod about;
pub mod case;
pub mod known;
pub mod record;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::about::{Profile, Requirement, Rule, Scenario};
pub use self::case::{By, CaseResult, Decision, Kind, Notes, Shown, Status};
pub use self::known::{Known, Stale};
pub use self::record::Record;

/// Raised whenever a field of the stored form appears, goes, or changes its meaning.
pub const FORMAT: u32 = 2;

/// What a run has come to. Every report is a function of this and of nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// What was to be played, and by which build.
    pub head: Head,
    /// The profiles it was played under.
    pub profiles: Vec<Profile>,
    /// The rows of the catalogues of these profiles, by id.
    pub requirements: Vec<Requirement>,
    /// The rules that watched.
    pub rules: Vec<Rule>,
    /// The scenarios that there are cases of, by name.
    pub scenarios: Vec<Scenario>,
    /// The cases in the order of scenarios, then profiles.
    pub cases: Vec<CaseResult>,
    /// The list of known failures, and what became of each.
    pub known: Vec<Known>,
}

/// What was to be played, and by which build. Results can be joined when all of it but the shard
/// agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Head {
    /// The version of this form.
    pub format: u32,
    /// What the results are of.
    #[schemars(schema_with = "words::of")]
    pub of: Of,
    /// The version of the program, and a digest of what it was built from.
    pub build: String,
    /// A digest of the scenarios and profiles that were selected.
    pub suite: String,
    /// The seed everything random was drawn from.
    pub seed: u64,
    /// Who played the clients.
    pub client: String,
    /// Who played the server.
    pub server: String,
    /// The deviation of the reference peers, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<String>,
    /// How the cases were selected.
    pub selection: Selection,
    /// The profiles that were selected.
    pub profiles: Vec<String>,
    /// The scenarios that were selected. The cases are the scenarios times the profiles.
    pub scenarios: Vec<String>,
    /// Which part of the cases was to be played; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Which of these cases had failed before and were to be played again; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Vec<CaseName>>,
    /// How many of these cases were not begun, because one before them had failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

session::words! {
    /// What results are of.
    Of, "kind of results" {
        Run = "run", "scenarios under profiles";
        Fuzz = "fuzz", "random scenarios";
        Mutants = "mutants", "peers that break rules";
    }
}

/// How cases were selected, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Selection {
    /// Files and folders; none means the built-in suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The pattern for names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The profiles; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
}

/// A part of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Shard {
    /// Which part, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
}

/// What tells a case from the others of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseName {
    /// The scenario.
    pub scenario: String,
    /// The profile.
    pub profile: String,
}

impl Head {
    /// Every case that was to be played, in the order of the results.
    pub fn planned(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.scenarios.iter().flat_map(|scenario| {
            let profiles = self.profiles.iter();
            profiles.map(move |profile| (scenario.as_str(), profile.as_str()))
        });
        let again: Option<BTreeSet<(&str, &str)>> = self.again.as_ref().map(|cases| {
            let names = cases.iter();
            names
                .map(|case| (case.scenario.as_str(), case.profile.as_str()))
                .collect()
        });
        all.filter(move |case| {
            let mine = |shard: Shard| shard.holds_case(case.0, case.1);
            self.shard.is_none_or(mine) && again.as_ref().is_none_or(|again| again.contains(case))
        })
    }
}

impl Shard {
    /// Does this part hold what has this name? Every name is in exactly one part, and stays in it
    /// whatever else there is.
    pub fn holds(self, name: &str) -> bool {
        // The first 16 hexadecimal digits of a SHA-256 are a number of 64 bits.
        let digest = conformance::decode::hash(name);
        let number = u64::from_str_radix(&digest, 16).unwrap_or_default();
        number % u64::from(self.of.max(1)) + 1 == u64::from(self.index)
    }

    /// Does it hold this case?
    pub fn holds_case(self, scenario: &str, profile: &str) -> bool {
        self.holds(&format!("{scenario} {profile}"))
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl Results {
    /// Nothing yet.
    pub fn empty(head: Head) -> Results {
        Results {
            head,
            profiles: Vec::new(),
            requirements: Vec::new(),
            rules: Vec::new(),
            scenarios: Vec::new(),
            cases: Vec::new(),
            known: Vec::new(),
        }
    }

    /// How many cases ended how.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.cases)
    }

    /// The cases that are not as they must be, in order.
    pub fn failures(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| case.status.is_bad())
    }

    /// The scenario with this name.
    pub fn scenario(&self, name: &str) -> Option<&Scenario> {
        let found = self
            .scenarios
            .binary_search_by(|s| s.name.as_str().cmp(name));
        found.ok().and_then(|at| self.scenarios.get(at))
    }

    /// The requirement with this id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        let found = self
            .requirements
            .binary_search_by(|row| row.id.as_str().cmp(id));
        found.ok().and_then(|at| self.requirements.get(at))
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// What is wrong with the list of known failures.
    pub fn stale(&self) -> Vec<Stale<'_>> {
        known::stale(self)
    }
}

impl Status {
    /// Does it have to be looked at?
    pub fn is_bad(self) -> bool {
        matches!(
            self,
            Status::Failed
                | Status::UnexpectedlyPassed
                | Status::SubjectError
                | Status::HarnessError
        )
    }
}

/// How many cases ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    by: BTreeMap<Status, usize>,
}

impl Counts {
    /// Counts these results.
    pub fn of(results: &[CaseResult]) -> Counts {
        let mut counts = Counts::default();
        for result in results {
            *counts.by.entry(result.status).or_default() += 1;
        }
        counts
    }

    /// How many ended so.
    pub fn of_status(&self, status: Status) -> usize {
        self.by.get(&status).copied().unwrap_or(0)
    }
}
