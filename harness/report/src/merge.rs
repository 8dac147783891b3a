//! The results of all parts to those of the whole, or everything that keeps them from being that.
//!
//! - this file: what holds for results of any kind, and the cases of a run
//! - [`fuzz`], [`mutants`]: the other kinds

pub mod fuzz;
pub mod mutants;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::results::{CaseResult, Head, Results, Scenario, Shard};

/// How many names of what is missing are told.
const MOST_NAMED: usize = 5;

/// The results of a part, and the file they come from.
#[derive(Debug, Clone)]
pub struct Part<T> {
    /// The file.
    pub file: String,
    /// The results.
    pub results: T,
}

/// Joins the parts of a run.
///
/// # Errors
/// Everything that is missing, there twice, or from another build or suite.
pub fn runs(parts: Vec<Part<Results>>) -> Result<Results, Vec<String>> {
    let mut wrong = Vec::new();
    let heads = parts.iter().map(|part| {
        let head = &part.results.head;
        (part.file.as_str(), head.shard, whole(head))
    });
    complete(heads, &mut wrong);
    let Some(first) = parts.first() else {
        return Err(vec!["there is nothing to join".into()]);
    };
    let mut joined = Results::empty(whole(&first.results.head));
    joined.profiles.clone_from(&first.results.profiles);
    joined.requirements.clone_from(&first.results.requirements);
    joined.rules.clone_from(&first.results.rules);
    joined.known.clone_from(&first.results.known);
    for (index, part) in parts.iter().enumerate() {
        all_played(part, &mut wrong);
        if index > 0 {
            same_surroundings(part, &joined, &first.file, &mut wrong);
            add_known(part, &mut joined, &first.file, &mut wrong);
        }
    }
    let mut scenarios: BTreeMap<String, Scenario> = BTreeMap::new();
    let mut cases: BTreeMap<(String, String), CaseResult> = BTreeMap::new();
    for part in parts {
        for scenario in part.results.scenarios {
            let name = scenario.name.clone();
            if let Some(other) = scenarios.insert(name.clone(), scenario)
                && scenarios.get(&name) != Some(&other)
            {
                wrong.push(format!("{}: another text of scenario {name}", part.file));
            }
        }
        for case in part.results.cases {
            let name = (case.scenario.clone(), case.profile.clone());
            cases.insert(name, case);
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    joined.scenarios = scenarios.into_values().collect();
    let planned: Vec<(String, String)> = joined
        .head
        .planned()
        .map(|(scenario, profile)| (scenario.to_owned(), profile.to_owned()))
        .collect();
    joined.cases = planned
        .iter()
        .filter_map(|name| cases.remove(name))
        .collect();
    Ok(joined)
}

/// The header of the whole.
fn whole(head: &Head) -> Head {
    Head {
        shard: None,
        left_out: 0,
        ..head.clone()
    }
}

/// Is every part there, once, and do all belong to the same whole?
pub(crate) fn complete<'a, H: PartialEq + Serialize>(
    heads: impl Iterator<Item = (&'a str, Option<Shard>, H)>,
    wrong: &mut Vec<String>,
) {
    let mut first: Option<(&str, u32, H)> = None;
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for (file, shard, head) in heads {
        let Some(shard) = shard else {
            wrong.push(format!(
                "{file}: these are no results of a part, but of a whole"
            ));
            continue;
        };
        let Some((first_file, of, whole)) = &first else {
            seen.insert(shard.index, file);
            first = Some((file, shard.of, head));
            continue;
        };
        if head != *whole {
            let what = differs(&head, whole);
            wrong.push(format!("{file}: it has another {what} than {first_file}"));
        } else if shard.of != *of {
            wrong.push(format!(
                "{file}: this is part {shard}, and {first_file} is one of {of} parts"
            ));
        } else if let Some(other) = seen.insert(shard.index, file) {
            wrong.push(format!(
                "{file}: part {shard} is there twice, in {other} as well"
            ));
        }
    }
    let Some((_, of, _)) = first else {
        return;
    };
    let all = usize::try_from(of).unwrap_or(usize::MAX);
    let missing = (1..=of).filter(|index| !seen.contains_key(index));
    let named: Vec<String> = missing
        .take(MOST_NAMED)
        .map(|index| format!("{index}/{of}"))
        .collect();
    if !named.is_empty() {
        let more = match all.saturating_sub(seen.len()).saturating_sub(named.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        wrong.push(format!("missing: part {}{more}", named.join(", ")));
    }
}

/// The fields in which two headers differ.
fn differs<H: Serialize>(one: &H, other: &H) -> String {
    // Plain data: serialising it cannot fail.
    let fields = |head: &H| serde_json::to_value(head).expect("plain data");
    let (one, other) = (fields(one), fields(other));
    let names: BTreeSet<&String> = [&one, &other]
        .into_iter()
        .filter_map(|head| head.as_object())
        .flat_map(|head| head.keys())
        .collect();
    let differ = names
        .into_iter()
        .filter(|name| one.get(*name) != other.get(*name));
    let differ: Vec<String> = differ
        .map(|name| match (one.get(name), other.get(name)) {
            (Some(one), Some(other)) if one.is_string() || one.is_number() => {
                format!("{name} ({one}, not {other})")
            }
            _ => name.clone(),
        })
        .collect();
    differ.join(", ")
}

/// Was everything of this part played?
fn all_played(part: &Part<Results>, wrong: &mut Vec<String>) {
    let played: BTreeSet<(&str, &str)> = part
        .results
        .cases
        .iter()
        .map(|case| (case.scenario.as_str(), case.profile.as_str()))
        .collect();
    let planned = part.results.head.planned();
    let missing: Vec<String> = planned
        .filter(|case| !played.contains(case))
        .map(|(scenario, profile)| format!("{scenario} under {profile}"))
        .collect();
    if !missing.is_empty() {
        let why = match part.results.head.left_out {
            0 => "",
            _ => ", because the run ended with the first failure",
        };
        wrong.push(format!(
            "{}: {} of its cases are missing{why}: {}",
            part.file,
            missing.len(),
            few(&missing)
        ));
    }
}

fn same_surroundings(part: &Part<Results>, joined: &Results, first: &str, wrong: &mut Vec<String>) {
    let results = &part.results;
    for (what, same) in [
        ("profiles", results.profiles == joined.profiles),
        ("requirements", results.requirements == joined.requirements),
        ("rules", results.rules == joined.rules),
    ] {
        if !same {
            wrong.push(format!("{}: other {what} than in {first}", part.file));
        }
    }
}

/// Adds up what became of the entries of the list of known failures.
fn add_known(part: &Part<Results>, joined: &mut Results, first: &str, wrong: &mut Vec<String>) {
    let entry = |known: &crate::results::Known| crate::results::Known {
        findings: 0,
        cases: 0,
        passed: 0,
        elsewhere: false,
        ..known.clone()
    };
    let same = part
        .results
        .known
        .iter()
        .map(entry)
        .eq(joined.known.iter().map(entry));
    if !same {
        wrong.push(format!(
            "{}: another list of known failures than in {first}",
            part.file
        ));
        return;
    }
    for (into, from) in joined.known.iter_mut().zip(&part.results.known) {
        into.findings = into.findings.saturating_add(from.findings);
        into.cases = into.cases.saturating_add(from.cases);
        into.passed = into.passed.saturating_add(from.passed);
        into.elsewhere &= from.elsewhere;
    }
}

/// The first few of many names.
pub(crate) fn few(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_NAMED)
        .map(|name| conformance::diagnostic::shown(name))
        .collect();
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
