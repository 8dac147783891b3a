//! The parts of a trial of deviations.

use std::collections::{BTreeMap, BTreeSet};

use super::{Part, complete, few};
use crate::mutants::{Head, Mutant, Mutants};

/// Joins them.
///
/// # Errors
/// Everything that is missing, there twice, or from another build or suite.
pub fn join(parts: Vec<Part<Mutants>>) -> Result<Mutants, Vec<String>> {
    let mut wrong = Vec::new();
    let heads = parts.iter().map(|part| {
        let head = &part.results.head;
        (part.file.as_str(), head.shard, whole(head))
    });
    complete(heads, &mut wrong);
    let Some(first) = parts.first() else {
        return Err(vec!["there is nothing to join".into()]);
    };
    let (head, unproven) = (whole(&first.results.head), first.results.unproven.clone());
    let mut tried: BTreeMap<String, Mutant> = BTreeMap::new();
    for Part { file, results } in parts {
        let planned: BTreeSet<&String> = results.head.planned().collect();
        let names: Vec<&String> = results
            .deviations
            .iter()
            .map(|mutant| &mutant.name)
            .collect();
        let strange: Vec<String> = names
            .iter()
            .filter(|name| !planned.contains(*name))
            .map(|name| (*name).clone())
            .collect();
        if !strange.is_empty() {
            wrong.push(format!("{file}: not of this part: {}", few(&strange)));
        }
        let missing: Vec<String> = planned
            .iter()
            .filter(|name| !names.contains(*name))
            .map(|name| (*name).clone())
            .collect();
        if !missing.is_empty() {
            wrong.push(format!("{file}: missing: {}", few(&missing)));
        }
        if results.unproven != unproven {
            wrong.push(format!("{file}: other rows are unproven"));
        }
        for mutant in results.deviations {
            let name = mutant.name.clone();
            if tried.insert(name.clone(), mutant).is_some() {
                wrong.push(format!("{file}: {name} is there twice"));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let in_order = head.deviations.iter().filter_map(|name| tried.remove(name));
    let mut deviations: Vec<Mutant> = in_order.collect();
    deviations.sort_by_key(|mutant| mutant.outcome);
    Ok(Mutants {
        head,
        deviations,
        unproven,
    })
}

fn whole(head: &Head) -> Head {
    Head {
        shard: None,
        ..head.clone()
    }
}
