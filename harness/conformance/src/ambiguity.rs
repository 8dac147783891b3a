//! Where the vendors' documents are silent or contradict each other: questions and readings. Which
//! reading a vendor is taken to have is the profile's to say, under the same id.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::decode::decode;
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::requirement::Catalogue;
use crate::source::Source;
use crate::yaml;

/// All ambiguities, by id.
#[derive(Debug, Clone, Default)]
pub struct Ambiguities {
    of: BTreeMap<String, Ambiguity>,
}

/// One open question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ambiguity {
    /// Its id; that of a row where the row itself is the question.
    pub id: String,
    /// Why it is open.
    pub kind: Kind,
    /// The catalogues it is about.
    pub catalogues: Vec<String>,
    /// What is open.
    pub question: String,
    /// The position, where it is the same for every profile; else the profiles record theirs.
    pub position: Option<String>,
    /// The rows whose meaning hangs on it.
    pub rows: Vec<String>,
    /// The readings, two at least.
    pub readings: Vec<Reading>,
    /// Why some readings cannot be selected.
    pub without_knob: Option<String>,
}

/// One way to read the documents.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reading {
    /// What it says.
    pub is: String,
    /// The knobs of a profile, as dotted paths, that select it; empty where none do.
    #[serde(default)]
    pub by: BTreeMap<String, Value>,
}

session::words! {
    /// Why a question is open.
    Kind, "kind of ambiguity" {
        Within = "within", "one page leaves it open";
        Between = "between", "two pages whose statements are numbered contradict each other";
        Others = "others", "a page whose statements are numbered and other sources contradict each other";
        Elsewhere = "elsewhere", "other sources contradict each other";
        Gap = "gap", "nobody says";
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ambiguities: Vec<Ambiguity>,
}

impl Ambiguities {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place.
    pub fn read(source: &Source, catalogue: &Catalogue) -> Result<Ambiguities, Vec<Diagnostic>> {
        let file: File = decode(source)?;
        let node = yaml::parse(source)?;
        let mut ambiguities = Ambiguities::default();
        let mut wrong = Vec::new();
        for (index, ambiguity) in file.ambiguities.into_iter().enumerate() {
            let index = index.to_string();
            let place = |path: &[&str]| {
                let path = [&["ambiguities", index.as_str()], path].concat();
                node.at_path(&path).map_or(node.span, |node| node.span)
            };
            for (at, row) in ambiguity.rows.iter().enumerate() {
                if catalogue.get(row).is_none() {
                    wrong.push(catalogue.unknown(row, place(&["rows", &at.to_string()])));
                }
            }
            if let Some(why) = ambiguity.fault() {
                wrong.push(Diagnostic::new("ambiguity", why).at(place(&["id"]), ""));
            }
            let id = ambiguity.id.clone();
            if ambiguities.of.insert(id.clone(), ambiguity).is_some() {
                let message = format!("{id} stands here a second time");
                wrong.push(Diagnostic::new("duplicate-ambiguity", message).at(place(&["id"]), ""));
            }
        }
        match wrong.is_empty() {
            true => Ok(ambiguities),
            false => Err(wrong),
        }
    }

    /// The ambiguity with this id.
    pub fn get(&self, id: &str) -> Option<&Ambiguity> {
        self.of.get(id)
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &Ambiguity> {
        self.of.values()
    }

    /// Those on which the meaning of this row hangs.
    pub fn about(&self, row: &str) -> impl Iterator<Item = &Ambiguity> {
        self.all()
            .filter(move |a| a.rows.iter().any(|id| id == row))
    }
}

impl Ambiguity {
    /// The knobs that its readings turn.
    pub fn knobs(&self) -> BTreeSet<&str> {
        let paths = self.readings.iter().flat_map(|reading| reading.by.keys());
        paths.map(String::as_str).collect()
    }

    /// The readings that the values of this profile amount to; more than one only where the
    /// readings are not told apart by their knobs.
    pub fn read_by<'a>(&'a self, profile: &Profile) -> Vec<&'a Reading> {
        let selectable = self
            .readings
            .iter()
            .filter(|reading| !reading.by.is_empty());
        selectable
            .filter(|reading| {
                profile
                    .with(&reading.by)
                    .is_ok_and(|other| other.is_as(profile))
            })
            .collect()
    }

    /// Are some of its knobs undocumented for this profile?
    pub fn is_undocumented(&self, profile: &Profile) -> bool {
        self.knobs()
            .iter()
            .any(|knob| profile.undocumented.contains(*knob))
    }

    fn fault(&self) -> Option<String> {
        let some_cannot = self.readings.iter().any(|reading| reading.by.is_empty());
        match (self.readings.len(), some_cannot, &self.without_knob) {
            (0 | 1, _, _) => Some(format!("{} has no two readings", self.id)),
            (_, true, None) => Some(format!(
                "{} has a reading that no knob selects, and does not say why",
                self.id
            )),
            _ => None,
        }
    }
}
