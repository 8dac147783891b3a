//! The parts of a run of random scenarios.

use std::collections::BTreeMap;

use super::{Part, complete};
use crate::fuzzing::{Caught, Fuzzed, Head, MOST_KEPT};

/// Joins them.
///
/// # Errors
/// Everything that is missing, there twice, or from another build or suite.
pub fn join(mut parts: Vec<Part<Fuzzed>>) -> Result<Fuzzed, Vec<String>> {
    let mut wrong = Vec::new();
    let heads = parts.iter().map(|part| {
        let head = &part.results.head;
        (part.file.as_str(), head.shard, whole(head))
    });
    complete(heads, &mut wrong);
    for Part { file, results } in &parts {
        let (first, end) = results.head.range();
        let (planned, played) = (end.saturating_sub(first), results.sums.cases);
        if planned != played {
            wrong.push(format!(
                "{file}: it was to play {planned} cases from {first} on, and played {played}"
            ));
        }
    }
    if !wrong.is_empty() || parts.is_empty() {
        return Err(wrong);
    }
    let mut joined = parts.remove(0).results;
    joined.head = whole(&joined.head);
    for Part { file, results } in parts {
        let marks = |fuzzed: &Fuzzed| -> Vec<String> {
            fuzzed
                .reached
                .iter()
                .map(|reached| reached.mark.clone())
                .collect()
        };
        if marks(&results) != marks(&joined) {
            wrong.push(format!("{file}: it speaks of other rare situations"));
        }
        joined.sums.merge(results.sums);
        for (into, from) in joined.reached.iter_mut().zip(results.reached) {
            into.cases = into.cases.saturating_add(from.cases);
        }
        joined.caught.extend(results.caught);
    }
    joined.caught = once_each(joined.caught);
    match wrong.is_empty() {
        true => Ok(joined),
        false => Err(wrong),
    }
}

/// Each catch as its first case shows it. Of the whole no more are kept than of a part.
fn once_each(all: Vec<Caught>) -> Vec<Caught> {
    let mut caught: BTreeMap<String, Caught> = BTreeMap::new();
    for one in all {
        match caught.get_mut(&one.what) {
            None => drop(caught.insert(one.what.clone(), one)),
            Some(other) => {
                let cases = other.cases.saturating_add(one.cases);
                if one.case < other.case {
                    *other = one;
                }
                other.cases = cases;
            }
        }
    }
    let mut caught: Vec<Caught> = caught.into_values().collect();
    // Two catches of one case stand in the order in which they are told.
    caught.sort_by_key(|one| one.case);
    for one in caught.iter_mut().skip(MOST_KEPT) {
        (one.file, one.steps, one.tries) = (None, 0, 0);
    }
    caught
}

fn whole(head: &Head) -> Head {
    Head {
        shard: None,
        ..head.clone()
    }
}
