//! Vendors side by side: what the same scenario tells an app under each profile.
//!
//! - this file: what is compared, and the outcome
//! - [`seen`]: the part of one run that counts
//! - `face`: what one profile shows in a step, and whether another shows the same
//! - `group`: which profiles do the same in a step, and which of them in the same words
//! - `lists`: what an app may rely on, what a wrapper has to handle, and the vendors' words
//! - [`terminal`], [`markdown`], [`ndjson`], [`html`]: the outcome to text
//!
//! # What counts
//!
//! Raw numbers of two vendors are never compared: the same number means other things. What is
//! compared, step by step, are neutral words: what each device is told and answered, in its order,
//! and what each device is at the end. That is **behaviour**. With equal behaviour the vendors' own
//! names and numbers are laid side by side, and where they differ that is a difference **in code**.
//!
//! A notice that changes no session (an expiry warning, a ready event, a member notice) and that one
//! of the profiles of a scenario does not know at all is left out of that scenario and listed once,
//! as something that not all of them tell.
//!
//! # When
//!
//! A time counts from the beginning of its step, and only where the vendor's rules set it. Each
//! case is therefore played again: with other seeds, and with every length of time halved that
//! nobody documents. A time that moves with either by more than the tolerance is nobody's promise
//! and is not compared. What is left (the length of a window, the life of a ticket, the lead of a
//! warning) differs when it is further apart than the larger tolerance of the two profiles. In the
//! same way, words that another seed changes into those of another profile are the same.
//!
//! # What nobody documents
//!
//! A step is *not documented* for a profile when its knob is marked so, or when a question that
//! no document answers (`ambiguities.yaml`, kind *gap*) has another reading under which the app is
//! not told the same in that step: the case is played with each reading that is not the one of
//! another version or platform of the product. The position this project takes is shown, and is no
//! vendor's behaviour. Where another reading only adds something, or documents contradict each
//! other, the position counts, and the question is named beside it.

mod face;
mod group;
pub mod html;
mod lists;
pub mod markdown;
pub mod ndjson;
pub mod seen;
pub mod terminal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conformance::scenario::Scenario;
use conformance::source::Source;
use serde::Serialize;
use session::time::Millis;
use session::words::Event;

use self::seen::Seen;
use crate::page::rows::Rows;

pub use self::lists::{Special, Unknown, Word};

/// One column: a profile, or one that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// What the product is.
    pub product: String,
    /// How far from its due time a timed event may be.
    #[serde(skip)]
    pub tolerance: Millis,
    /// The events it knows.
    #[serde(skip)]
    pub events: BTreeSet<Event>,
    /// Its callbacks, for the events it has one for.
    #[serde(skip)]
    pub callbacks: BTreeMap<Event, String>,
    /// Where it was stored: under which profile, with which seed, as one text.
    #[serde(skip)]
    pub recorded: Option<String>,
    /// The parameters of its sessions, by knob.
    pub rules: BTreeMap<String, Value>,
}

/// The value of a knob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Value {
    /// As a profile has it.
    pub is: String,
    /// Does a document say so?
    pub documented: bool,
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.documented {
            true => f.write_str(&self.is),
            false => write!(f, "({})", self.is),
        }
    }
}

/// What became of one scenario in one column.
#[derive(Debug, Clone)]
pub enum Played {
    /// It was played.
    Seen(Box<Cell>),
    /// The scenario is not for this profile, and why.
    NotApplicable(String),
    /// It could not be played.
    Broken(String),
}

/// One scenario in one column.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// What was seen.
    pub seen: Seen,
    /// The same with other seeds.
    pub seeds: Vec<Seen>,
    /// The same with every length of time halved that nobody documents.
    pub halved: Option<Seen>,
    /// Questions with another reading under which something else is seen.
    pub open: Vec<Open>,
    /// What nobody documents, as the judge says it.
    pub undocumented: Vec<String>,
    /// The transcript, for the page.
    pub rows: Rows,
}

/// A question on which some steps hang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its id.
    pub id: String,
    /// Does no document answer it? Otherwise they contradict each other.
    pub gap: bool,
    /// What is seen under the other reading.
    pub seen: Seen,
}

session::words! {
    /// How a profile stands to the others in a scenario or step.
    Standing, "standing" {
        Same = "same", "the same behaviour in the same native words";
        InCode = "differs-in-code", "the same behaviour; native names or numbers differ";
        InBehaviour = "differs-in-behaviour", "the app is told or answered something else, or at another time";
        NotDocumented = "not-documented", "nobody documents it; the position taken here is shown";
        NotApplicable = "not-applicable", "the scenario is not for this profile";
        NotPlayed = "not-played", "it could not be played";
    }
}

/// The whole comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The columns.
    pub columns: Vec<Column>,
    /// The scenarios that are for at least two of them.
    pub rows: Vec<Row>,
    /// How many scenarios are for fewer.
    pub alone: usize,
    /// What a wrapper has to handle, by area, most frequent first.
    pub specials: Vec<Special>,
    /// The events that not all columns know.
    pub unknown: Vec<Unknown>,
    /// The same thing in each vendor's words.
    pub words: Vec<Word>,
    /// The open questions that are named, and what they ask.
    pub questions: BTreeMap<String, Question>,
}

/// An open question and the positions taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Question {
    /// What is asked.
    pub asks: String,
    /// Does no document answer it?
    pub gap: bool,
    /// By column: the position taken.
    pub positions: BTreeMap<String, String>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name.
    pub scenario: String,
    /// The folder it stands in.
    pub area: String,
    /// What must be true.
    pub title: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How each column stands.
    pub cells: Vec<Standing>,
    /// A letter for each column with the same behaviour; none where there is nothing to show.
    pub letters: Vec<Option<char>>,
    /// Why it is not for a column.
    pub reasons: BTreeMap<usize, String>,
    /// The steps in which something differs or is open.
    pub steps: Vec<Step>,
    /// The scenario as it is written.
    #[serde(skip)]
    pub source: Arc<Source>,
    /// The transcripts, by column.
    #[serde(skip)]
    pub records: BTreeMap<usize, Rows>,
}

/// A step in which something differs or is open.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// Counted from 1; absent for what each device is at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// As its author wrote it.
    pub text: String,
    /// What there is to be seen, most columns first.
    pub groups: Vec<Group>,
    /// By column: the questions it hangs on there, or the knob.
    pub open: BTreeMap<usize, Vec<String>>,
    /// By column: questions on which documents contradict each other.
    pub disputed: BTreeMap<usize, Vec<String>>,
}

/// Columns in which the same is seen in a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// The columns.
    pub columns: Vec<usize>,
    /// What each device is told, in neutral words, with the time where a rule sets it.
    pub lines: Vec<Line>,
    /// The vendors' words for it, with the columns that use them.
    pub wordings: Vec<Wording>,
}

/// One thing a device is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    /// The device.
    pub device: String,
    /// In neutral words.
    pub words: String,
    /// When, where a rule sets it, in whole seconds from the beginning of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Millis>,
}

/// The words of some columns for what a group is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wording {
    /// The columns.
    pub columns: Vec<usize>,
    /// The words, one for each line of the group.
    pub native: Vec<String>,
}

impl Comparison {
    /// Compares what became of each scenario in each column.
    pub fn of(
        columns: Vec<Column>,
        played: Vec<(&Scenario, Vec<Played>)>,
        questions: BTreeMap<String, Question>,
    ) -> Comparison {
        let mut rows = Vec::new();
        let mut words = lists::Words::default();
        let mut alone = 0;
        for (scenario, cells) in played {
            let seen = |cell: &&Played| matches!(cell, Played::Seen(_));
            if cells.iter().filter(seen).count() < 2 {
                alone += 1;
                continue;
            }
            for (column, cell) in cells.iter().enumerate() {
                if let Played::Seen(cell) = cell {
                    words.take(column, &cell.seen);
                }
            }
            rows.push(group::row(scenario, cells, &columns));
        }
        let named: BTreeSet<&String> = rows
            .iter()
            .flat_map(|row| &row.steps)
            .flat_map(|step| step.open.values().chain(step.disputed.values()))
            .flatten()
            .collect();
        let questions = questions
            .into_iter()
            .filter(|(id, _)| named.contains(id))
            .collect();
        Comparison {
            specials: lists::specials(&rows),
            unknown: lists::unknown(&columns),
            words: words.close(columns.len()),
            columns,
            rows,
            alone,
            questions,
        }
    }

    /// The scenarios in which all columns behave the same, and nothing is open.
    pub fn portable(&self) -> impl Iterator<Item = &Row> {
        let same = |standing: &Standing| matches!(standing, Standing::Same | Standing::InCode);
        self.rows
            .iter()
            .filter(move |row| row.cells.iter().all(same))
    }

    /// The same, where the scenario is not for every column: the columns it is for agree.
    pub fn portable_where_it_applies(&self) -> impl Iterator<Item = &Row> {
        let agrees = |standing: &Standing| {
            matches!(
                standing,
                Standing::Same | Standing::InCode | Standing::NotApplicable
            )
        };
        let partly = |row: &Row| row.cells.contains(&Standing::NotApplicable);
        let rows = self.rows.iter().filter(move |row| partly(row));
        rows.filter(move |row| row.cells.iter().all(agrees))
    }

    /// The names of these columns, in their order.
    pub fn names(&self, columns: &[usize]) -> Vec<&str> {
        columns
            .iter()
            .map(|at| self.columns[*at].name.as_str())
            .collect()
    }

    /// The knobs that have several values, with that of each column. One that no column has from a
    /// document tells nothing about vendors.
    pub fn differing_rules(&self) -> Vec<(&str, Vec<&Value>)> {
        let knobs = self
            .columns
            .first()
            .into_iter()
            .flat_map(|column| column.rules.keys());
        let values = knobs.map(|knob| {
            let of_all = self
                .columns
                .iter()
                .filter_map(|column| column.rules.get(knob));
            (knob.as_str(), of_all.collect::<Vec<_>>())
        });
        values
            .filter(|(_, values)| {
                values.len() == self.columns.len()
                    && values.iter().any(|value| value.documented)
                    && values.iter().any(|value| value.is != values[0].is)
            })
            .collect()
    }

    /// The areas in the order in which somebody looks for them.
    pub fn areas(&self) -> Vec<&str> {
        let present: BTreeSet<&str> = self.rows.iter().map(|row| row.area.as_str()).collect();
        let mut areas: Vec<&str> = present.into_iter().collect();
        areas.sort_by_key(|area| {
            let known = AREAS.iter().position(|(name, _)| name == area);
            (known.unwrap_or(AREAS.len()), *area)
        });
        areas
    }

    /// How many rows stand how in this column.
    pub fn tally(&self, column: usize) -> BTreeMap<Standing, usize> {
        let mut tally = BTreeMap::new();
        for row in &self.rows {
            *tally.entry(row.cells[column]).or_default() += 1;
        }
        tally
    }
}

/// What is looked for first stands first.
const AREAS: &[(&str, &str)] = &[
    ("kick", "Kick-out: another device, an administrator, a ban"),
    ("devices", "Device policies: who may be online together"),
    ("duplicate", "A second login on the same client"),
    ("switch", "Switching accounts"),
    ("expiry", "Tickets: expiry, warning, renewal"),
    ("window", "The reconnect window"),
    ("outage", "Outages, crashes, restarts"),
    ("login", "Login"),
    ("logout", "Logout"),
    ("rooms", "Rooms and members"),
    ("app", "What apps do wrong"),
    ("regressions", "Found by random scenarios"),
];

/// What an area is called.
pub fn area_title(area: &str) -> &str {
    let known = AREAS.iter().find(|(name, _)| *name == area);
    known.map_or(area, |(_, title)| title)
}
