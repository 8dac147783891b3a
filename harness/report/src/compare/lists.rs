//! What follows from the rows for somebody who writes one wrapper around several vendors.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use session::words::Event;

use super::seen::Seen;
use super::{Column, Group, Line, Row, Step, Wording};

/// Something that a wrapper has to handle for each vendor apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Special {
    /// The area in which it was seen first.
    pub area: String,
    /// What differs: only the lines that are not the same everywhere.
    pub groups: Vec<Group>,
    /// By column: the questions nobody answers.
    pub open: BTreeMap<usize, Vec<String>>,
    /// By column: questions on which documents contradict each other.
    pub disputed: BTreeMap<usize, Vec<String>>,
    /// Where it was seen: the scenario, its title, and the step.
    pub seen_in: Vec<Place>,
}

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The scenario.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The step, counted from 1; absent for the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// As its author wrote it.
    pub text: String,
}

/// An event that not all columns know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unknown {
    /// The event.
    pub event: Event,
    /// What it means.
    pub means: String,
    /// The callback in each column that knows it; none where there is no callback for it.
    pub told_by: BTreeMap<usize, Option<String>>,
}

/// One thing in the words of each vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Word {
    /// In neutral words.
    pub neutral: String,
    /// Is it the result of a call?
    pub is_result: bool,
    /// In each column, the vendor's.
    pub native: BTreeMap<usize, BTreeSet<String>>,
}

/// Gathers words.
#[derive(Default)]
pub(super) struct Words {
    of: BTreeMap<(bool, String), BTreeMap<usize, BTreeSet<String>>>,
}

impl Words {
    pub(super) fn take(&mut self, column: usize, seen: &Seen) {
        for told in seen
            .steps
            .values()
            .flat_map(|step| step.told.values().flatten())
        {
            if told.kind.is_empty() {
                continue;
            }
            let key = (told.event.is_none(), told.kind.clone());
            let native = self.of.entry(key).or_default().entry(column).or_default();
            native.insert(told.native.clone());
        }
    }

    /// Those that at least two columns have.
    pub(super) fn close(self, columns: usize) -> Vec<Word> {
        let least = columns.min(2);
        let several = self
            .of
            .into_iter()
            .filter(|(_, native)| native.len() >= least);
        several
            .map(|((is_result, neutral), native)| Word {
                neutral,
                is_result,
                native,
            })
            .collect()
    }
}

/// What differs, each thing once.
pub(super) fn specials(rows: &[Row]) -> Vec<Special> {
    let mut specials: Vec<Special> = Vec::new();
    for row in rows {
        for step in &row.steps {
            let groups = differing(step);
            let place = Place {
                scenario: row.scenario.clone(),
                title: row.title.clone(),
                step: step.number,
                text: step.text.clone(),
            };
            let known = specials.iter_mut().find(|special| {
                special.area == row.area
                    && alike(&special.groups, &groups)
                    && special.open == step.open
            });
            match known {
                Some(special) => special.seen_in.push(place),
                None => specials.push(Special {
                    area: row.area.clone(),
                    groups,
                    open: step.open.clone(),
                    disputed: step.disputed.clone(),
                    seen_in: vec![place],
                }),
            }
        }
    }
    specials
}

/// The events that some columns know and others do not.
pub(super) fn unknown(columns: &[Column]) -> Vec<Unknown> {
    let partly = |event: &&Event| {
        let knowing = columns
            .iter()
            .filter(|column| column.events.contains(event))
            .count();
        knowing > 0 && knowing < columns.len()
    };
    let about = |event: &Event| Unknown {
        event: *event,
        means: event.means().to_owned(),
        told_by: columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.events.contains(event))
            .map(|(at, column)| (at, column.callbacks.get(event).cloned()))
            .collect(),
    };
    Event::ALL.iter().filter(partly).map(about).collect()
}

/// The groups of a step without the lines that all of them have.
fn differing(step: &Step) -> Vec<Group> {
    let shared = |line: &Line| step.groups.iter().all(|group| group.lines.contains(line));
    let cut = |group: &Group| {
        let kept: Vec<usize> = (0..group.lines.len())
            .filter(|at| !shared(&group.lines[*at]))
            .collect();
        let mut wordings: Vec<Wording> = Vec::new();
        for wording in &group.wordings {
            let native: Vec<String> = kept
                .iter()
                .filter_map(|at| wording.native.get(*at).cloned())
                .collect();
            match wordings.iter_mut().find(|known| known.native == native) {
                Some(known) => known.columns.extend(&wording.columns),
                None => wordings.push(Wording {
                    columns: wording.columns.clone(),
                    native,
                }),
            }
        }
        Group {
            columns: group.columns.clone(),
            lines: kept.iter().map(|at| group.lines[*at].clone()).collect(),
            wordings,
        }
    };
    let groups: Vec<Group> = step.groups.iter().map(cut).collect();
    // Only the order differs, or the position taken is what the others do anyway.
    match groups.iter().all(|group| group.lines.is_empty()) {
        true => step.groups.clone(),
        false => groups,
    }
}

/// Do these columns differ in the same way, whichever device it was?
fn alike(one: &[Group], two: &[Group]) -> bool {
    let same_line = |(a, b): (&Line, &Line)| a.words == b.words && a.after == b.after;
    let same = |(a, b): (&Group, &Group)| {
        a.columns == b.columns
            && a.lines.len() == b.lines.len()
            && a.lines.iter().zip(&b.lines).all(same_line)
    };
    one.len() == two.len() && one.iter().zip(two).all(same)
}
