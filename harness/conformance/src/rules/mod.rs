//! Invariants that watch every run: one file each, pure and streaming over the transcript.
//!
//! Where a login is a login into a room, a device has a session in each room, and what is said of
//! one is not said of another. What no entry names a room for (a connect, traffic) is judged only
//! where the device has no session in another room.
//!
//! A rule sees every entry once, keeps a bounded amount about each device, and says at the end
//! whether it held. Its sentence and the requirement rows it stands for are data
//! (`fixtures/requirements/rules.yaml`).

mod apps;
mod each;
mod every_call_one_result;
mod kicked_stays_out;
mod legal_transitions;
mod login_in_progress;
mod logout_is_final;
mod window_end;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use session::rules::Rules;
use session::time::Time;

use crate::decode::decode;
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::requirement::Party;
use crate::source::Source;
use crate::transcript::{Entry, Transcript, What};

/// One invariant.
pub trait Rule {
    /// Its name, such as `I2`.
    fn id(&self) -> &'static str;

    /// Who has to keep it.
    fn party(&self) -> Party;

    /// The ways of breaking it that stand for different rows.
    fn aspects(&self) -> &'static [&'static str] {
        &[WHOLE]
    }

    /// Is one device's own record enough to judge it, as a log of a real SDK would be?
    fn own_record_suffices(&self) -> bool {
        true
    }

    /// The knob it hangs on; where nobody documents it the rule says nothing.
    fn knob(&self) -> Option<&'static str> {
        None
    }

    /// Sees one entry.
    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found);

    /// The record ends at `at`; what is still open is inconclusive.
    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found);
}

/// The aspect of a rule that can be broken in one way only.
pub const WHOLE: &str = "whole";

/// What a rule may know besides the transcript.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Its rules with the scenario's console settings applied.
    pub rules: &'a Rules,
}

/// What a rule has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Breaches, in the order they became certain.
    pub violations: Vec<Violation>,
    /// What could not be decided.
    pub inconclusive: Vec<String>,
}

/// One breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The entry with which the record first breaks the rule: the shortest violating prefix ends
    /// there. Breaches by silence end with the first entry after the bound.
    pub entry: usize,
    /// Which of the rule's aspects is broken.
    pub aspect: &'static str,
    /// Whose record.
    pub actor: String,
    /// What the rule wants here.
    pub expected: String,
    /// What happened.
    pub seen: String,
}

/// The outcome of one rule over one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The rule.
    pub rule: &'static str,
    /// Who has to keep it.
    pub party: Party,
    /// What it found.
    pub found: Found,
}

/// A rule's sentence and rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleText {
    /// Its name.
    pub id: String,
    /// What it says.
    pub statement: String,
    /// The requirement rows it stands for, by aspect.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl RuleText {
    /// Every row, of all aspects.
    pub fn all_rows(&self) -> impl Iterator<Item = &String> {
        self.rows.values().flatten()
    }
}

/// Sentences and rows of all rules.
#[derive(Debug, Clone, Default)]
pub struct RuleTexts {
    texts: Vec<RuleText>,
}

impl RuleTexts {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place.
    pub fn read(source: &Source) -> Result<RuleTexts, Vec<Diagnostic>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rules: Vec<RuleText>,
        }
        let file: File = decode(source)?;
        Ok(RuleTexts { texts: file.rules })
    }

    /// The text of one rule.
    pub fn get(&self, id: &str) -> Option<&RuleText> {
        self.texts.iter().find(|text| text.id == id)
    }

    /// All of them.
    pub fn all(&self) -> &[RuleText] {
        &self.texts
    }
}

/// All rules, fresh.
pub fn all() -> Vec<Box<dyn Rule>> {
    let mut rules: Vec<Box<dyn Rule>> = vec![
        Box::<kicked_stays_out::KickedStaysOut>::default(),
        Box::<every_call_one_result::EveryCallOneResult>::default(),
        Box::<logout_is_final::LogoutIsFinal>::default(),
        Box::<legal_transitions::LegalTransitions>::default(),
        Box::<window_end::WindowEnd>::default(),
        Box::<login_in_progress::LoginInProgress>::default(),
    ];
    rules.extend(apps::all());
    rules
}

/// Runs every rule over a transcript.
pub fn judge(transcript: &Transcript, about: &About<'_>) -> Vec<Ruling> {
    let mut rules: Vec<(Box<dyn Rule>, Found)> = all()
        .into_iter()
        .filter(|rule| {
            rule.knob()
                .is_none_or(|knob| !about.profile.undocumented.contains(knob))
        })
        .map(|rule| (rule, Found::default()))
        .collect();
    for (index, entry) in transcript.entries.iter().enumerate() {
        // What an extra listener hears is no second event.
        if matches!(&entry.what, What::Event(event) if event.listener.is_some()) {
            continue;
        }
        for (rule, found) in &mut rules {
            rule.entry(index, entry, about, found);
        }
    }
    let end = transcript.entries.last().map_or(Time::START, |e| e.at);
    rules
        .into_iter()
        .map(|(mut rule, mut found)| {
            rule.end(end, about, &mut found);
            Ruling {
                rule: rule.id(),
                party: rule.party(),
                found,
            }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod hand_written;
