//! Names of moments and calls, each given once.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::LONGEST_NAME;
use crate::scenario::{Act, Action, Observation, Step, Then};

/// Every mark, and every started call, gets a name of its own. The rounds of a `repeat` give the
/// same names again and again; written out one after the other they may not.
pub(super) fn told_apart(steps: &mut [Step]) {
    let mut marks = Given::new(steps.iter().filter_map(mark));
    let mut calls = Given::new(steps.iter().filter_map(started));
    for step in steps {
        match &mut step.action {
            Action::Mark(name) => marks.give(name),
            Action::Act(Act::Call {
                then: Then::GoOn(name),
                ..
            }) => calls.give(name),
            Action::Act(_) => {}
            Action::Observe(observation) => meant(observation, &marks, &calls),
        }
    }
}

fn mark(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Mark(name) => Some(name),
        _ => None,
    }
}

fn started(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Act(Act::Call {
            then: Then::GoOn(name),
            ..
        }) => Some(name),
        _ => None,
    }
}

/// A name means what it was given to most recently.
fn meant(observation: &mut Observation, marks: &Given, calls: &Given) {
    match observation {
        Observation::Expect { since, .. }
        | Observation::Never { since, .. }
        | Observation::Count { since, .. }
        | Observation::Observe { since, .. } => {
            if let Some(name) = since {
                marks.rename(name);
            }
        }
        Observation::Result { of, .. } => calls.rename(of),
        Observation::Watch(all) => {
            for observation in all {
                meant(observation, marks, calls);
            }
        }
    }
}

/// The names of one kind.
struct Given {
    /// What stands in the steps, and what was made.
    taken: BTreeSet<String>,
    /// How often each was given, and what it is called now.
    now: BTreeMap<String, (u32, String)>,
}

impl Given {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Given {
        Given {
            taken: names.map(str::to_owned).collect(),
            now: BTreeMap::new(),
        }
    }

    fn give(&mut self, name: &mut String) {
        let Some((times, now)) = self.now.get_mut(name.as_str()) else {
            self.now.insert(name.clone(), (1, name.clone()));
            return;
        };
        loop {
            *times += 1;
            let number = format!("-{times}");
            let kept = name.chars().take(LONGEST_NAME - number.len());
            *now = kept.chain(number.chars()).collect();
            if self.taken.insert(now.clone()) {
                break;
            }
        }
        name.clone_from(now);
    }

    fn rename(&self, name: &mut String) {
        if let Some((_, now)) = self.now.get(name.as_str()) {
            name.clone_from(now);
        }
    }
}
