//! What one column shows in a step, and whether another shows the same.

use std::collections::BTreeSet;

use session::time::Millis;
use session::words::Event;

use super::seen::{StepSeen, Told};
use super::{Cell, Column, Group, Line, Wording};

/// Times below this are not worth telling.
const AT_ONCE: u64 = 1_000;

/// What one column shows in a step.
pub(super) struct Face<'a> {
    pub(super) column: usize,
    /// What is told, in the runs with each seed, the usual one first.
    runs: Vec<Vec<(&'a str, &'a Told)>>,
    /// For each thing told in the usual run: from when to when, where a rule sets it.
    when: Vec<Option<(u64, u64)>>,
}

impl<'a> Face<'a> {
    /// The column `at` in the step `index`.
    pub(super) fn of(
        at: usize,
        column: &Column,
        index: usize,
        (step, cell): (&'a StepSeen, &'a Cell),
        shared: &BTreeSet<Event>,
    ) -> Face<'a> {
        let tolerance = column.tolerance;
        let others = cell.seeds.iter().filter_map(|seen| seen.steps.get(&index));
        let runs: Vec<_> = std::iter::once(step)
            .chain(others)
            .map(|step| step.compared(shared))
            .collect();
        let halved = cell.halved.as_ref().and_then(|seen| seen.steps.get(&index));
        let halved = halved.map(|step| step.compared(shared));
        let when = (0..runs[0].len())
            .map(|at| {
                let same = |run: &&Vec<(&str, &Told)>| words(run) == words(&runs[0]);
                let times = || runs.iter().filter(same).map(|run| run[at].1.after.0);
                let (from, to) = (times().min()?, times().max()?);
                let moves = halved.as_ref().filter(same).is_none_or(|run| {
                    run[at].1.after.0.abs_diff(runs[0][at].1.after.0) > tolerance.0
                });
                let by_chance = to - from > tolerance.0;
                (!moves && !by_chance).then_some((from, to))
            })
            .collect();
        Face {
            column: at,
            runs,
            when,
        }
        .recorded_by(column)
    }

    /// A record is compared as it is, with others of the same profile.
    fn recorded_by(self, column: &Column) -> Face<'a> {
        if column.recorded.is_none() {
            return self;
        }
        let times = self.runs[0].iter().map(|(_, told)| told.after.0);
        let when = times.map(|at| Some((at, at))).collect();
        Face { when, ..self }
    }

    /// The same where a question leaves the times open.
    pub(super) fn timeless(self) -> Face<'a> {
        let when = vec![None; self.when.len()];
        Face { when, ..self }
    }

    /// Does the other column do the same, as far as anybody promises it? Times are left out
    /// without a tolerance.
    pub(super) fn agrees(&self, other: &Face<'_>, tolerance: Option<Millis>) -> bool {
        if words(&self.runs[0]) != words(&other.runs[0]) {
            let own: BTreeSet<_> = self.runs.iter().map(words).collect();
            return other.runs.iter().any(|run| own.contains(&words(run)));
        }
        let Some(tolerance) = tolerance else {
            return true;
        };
        self.when.iter().zip(&other.when).all(|pair| match pair {
            (Some((from, to)), Some((other_from, other_to))) => {
                other_from.saturating_sub(*to) <= tolerance.0
                    && from.saturating_sub(*other_to) <= tolerance.0
            }
            _ => true,
        })
    }

    /// A group of its own, still without a column.
    pub(super) fn found(&self) -> Group {
        let lines = self.runs[0]
            .iter()
            .zip(&self.when)
            .map(|((device, told), when)| Line {
                device: (*device).to_owned(),
                words: told.neutral.clone(),
                after: when
                    .map(|(from, _)| Millis((from + 500) / 1_000 * 1_000))
                    .filter(|after| after.0 > AT_ONCE),
            });
        Group {
            columns: Vec::new(),
            lines: lines.collect(),
            wordings: Vec::new(),
        }
    }

    /// Puts the column into the group that `founder` began.
    pub(super) fn join(&self, group: &mut Group, founder: &Face<'_>) {
        group.columns.push(self.column);
        let wanted: BTreeSet<_> = founder.runs.iter().map(words).collect();
        let run = self.runs.iter().find(|run| wanted.contains(&words(run)));
        let native: Vec<String> = run
            .unwrap_or(&self.runs[0])
            .iter()
            .map(|(_, told)| told.native.clone())
            .collect();
        match group
            .wordings
            .iter_mut()
            .find(|wording| wording.native == native)
        {
            Some(wording) => wording.columns.push(self.column),
            None => group.wordings.push(Wording {
                columns: vec![self.column],
                native,
            }),
        }
    }
}

fn words<'a>(run: &Vec<(&'a str, &'a Told)>) -> Vec<(&'a str, &'a str)> {
    run.iter()
        .map(|(device, told)| (*device, told.neutral.as_str()))
        .collect()
}
