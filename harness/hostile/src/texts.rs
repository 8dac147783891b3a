//! YAML: scenarios, profiles, requirements and the files that speak of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use conformance::ambiguity::Ambiguities;
use conformance::case::Case;
use conformance::diagnostic::{self, Diagnostic};
use conformance::emit;
use conformance::exception::Exceptions;
use conformance::judge;
use conformance::plan;
use conformance::profile::{Profile, Profiles};
use conformance::requirement::Catalogue;
use conformance::rules::RuleTexts;
use conformance::scenario::{Decision, Scenario};
use conformance::source::Source;
use conformance::yaml;

use crate::files;

/// The most that is said about a file, in bytes.
const MOST_SAID: usize = 128 * 1024;

/// The longest record of a run, in entries.
const MOST_ENTRIES: usize = 1_500;

/// A scenario file. One that is understood is played.
///
/// # Panics
/// A promise is broken.
pub fn scenario(bytes: &[u8]) {
    let Some(source) = opened("hostile.yaml", bytes) else {
        return;
    };
    let source = Arc::new(source);
    let scenario = match files::library().scenario(Arc::clone(&source), "hostile") {
        Ok(scenario) => scenario,
        Err(wrong) => return complained(&source, &wrong),
    };
    let profiles = files::library().profiles.runnable();
    let fits: Vec<&Profile> = profiles
        .filter(|profile| plan::not_applicable(&scenario, profile).is_none())
        .collect();
    if !fits.is_empty() {
        played(&scenario, fits[bytes.len() % fits.len()]);
    }
    let _ = scenario.written();
    let again = emit::scenario(scenario, "again.yaml", &[]);
    let read = files::library().scenario(Arc::clone(&again.source), "hostile");
    match read {
        Ok(read) => assert_eq!(read.hash, again.hash),
        Err(wrong) => panic!("{}", diagnostic::render(&again.source, &wrong, false)),
    }
}

/// A profile file, beside those it extends. One that is understood is played.
///
/// # Panics
/// A promise is broken.
pub fn profile(bytes: &[u8]) {
    let Some(source) = opened("hostile.yaml", bytes) else {
        return;
    };
    let id = value_of("id", &source.text).unwrap_or_default().to_owned();
    let mut sources = vec![source.clone()];
    sources.extend(ancestors(&source, &id).into_iter().cloned());
    match Profiles::read(&sources) {
        Err(broken) => {
            assert!(!broken.is_empty());
            for file in broken {
                complained(&file.source, &file.diagnostics);
            }
        }
        Ok(profiles) => {
            for profile in profiles.all() {
                used(profile);
            }
            if let Some(profile) = profiles.get(&id) {
                tried(profile, bytes.len());
            }
        }
    }
}

/// A file of requirements, rules, exceptions or ambiguities: it is read as each of them.
///
/// # Panics
/// A promise is broken.
pub fn requirements(bytes: &[u8]) {
    let Some(source) = opened("hostile.yaml", bytes) else {
        return;
    };
    let library = files::library();
    let refused = |read: Result<(), Vec<Diagnostic>>| {
        if let Err(wrong) = read {
            complained(&source, &wrong);
        }
    };
    refused(Catalogue::default().add(&source));
    refused(RuleTexts::read(&source, &library.catalogue).map(|_| ()));
    refused(Exceptions::read(&source, &library.catalogue).map(|_| ()));
    let read = Ambiguities::read(&source, &library.catalogue);
    refused(read.map(|ambiguities| {
        for ambiguity in ambiguities.all() {
            for profile in library.profiles.runnable().take(2) {
                let _ = (
                    ambiguity.read_by(profile),
                    ambiguity.is_undocumented(profile),
                );
                for reading in &ambiguity.readings {
                    let _ = profile.with(&reading.by);
                }
            }
        }
    }));
}

fn opened(path: &str, bytes: &[u8]) -> Option<Source> {
    match yaml::read(path, bytes.to_vec()) {
        Ok(source) => Some(source),
        Err(wrong) => {
            let text = String::new();
            let path = path.to_owned();
            complained(&Source { path, text }, &[wrong]);
            None
        }
    }
}

/// Refused: with something to say, and not too much of it.
fn complained(source: &Source, wrong: &[Diagnostic]) {
    assert!(!wrong.is_empty(), "refused without a complaint");
    let said = diagnostic::render(source, wrong, true);
    assert!(!said.is_empty());
    assert!(said.len() <= MOST_SAID, "{} bytes are said", said.len());
}

/// Everything that is derived from a profile.
fn used(profile: &Profile) {
    for decision in Decision::ALL {
        let _ = profile.promise(*decision, &profile.rules);
    }
    let _ = profile.with_strict_codes();
    let _ = serde_json::to_string(profile).expect("a profile is plain data");
}

/// A short scenario under a profile that was changed.
fn tried(profile: &Profile, choice: usize) {
    let all = files::short_scenarios();
    let turned = all.iter().cycle().skip(choice % all.len()).take(all.len());
    let mut applicable =
        turned.filter(|scenario| plan::not_applicable(scenario, profile).is_none());
    if let Some(scenario) = applicable.next() {
        played(scenario, profile);
    }
}

fn played(scenario: &Scenario, profile: &Profile) {
    let mut case = Case::new(scenario, profile, 0);
    case.most_entries = MOST_ENTRIES;
    let library = files::library();
    match runner::run_case(&case) {
        Ok(run) => drop(
            judge::judge(&case, &run, &library.catalogue, &library.rules).expect("its own run"),
        ),
        Err(error) => panic!("{}: {error}", scenario.name),
    }
}

/// The files that this one builds on, itself aside.
fn ancestors(source: &Source, id: &str) -> Vec<&'static Source> {
    let mut seen = BTreeSet::from([id.to_owned()]);
    let mut found = Vec::new();
    let mut next = value_of("extends", &source.text);
    while let Some(wanted) = next.filter(|wanted| seen.insert((*wanted).to_owned())) {
        let mut all = files::profile_files().iter();
        let Some(file) = all.find(|file| value_of("id", &file.text) == Some(wanted)) else {
            break;
        };
        found.push(file);
        next = value_of("extends", &file.text);
    }
    found
}

/// What stands behind a key at the start of a line.
fn value_of<'t>(key: &str, text: &'t str) -> Option<&'t str> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(value.split('#').next().unwrap_or_default().trim())
}
