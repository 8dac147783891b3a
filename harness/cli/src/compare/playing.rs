//! Plays every scenario with every profile, and again where that shows what nobody promises.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::ambiguity::{Ambiguity, Kind, Reading};
use conformance::case::{Case, DEFAULT_SEED};
use conformance::judge;
use conformance::library::Library;
use conformance::plan;
use conformance::profile::{Confidence, Profile};
use conformance::scenario::Scenario;
use conformance::transcript::Transcript;
use indicatif::{ProgressBar, ProgressStyle};
use report::compare::seen::Seen;
use report::compare::{Cell, Open, Played};
use report::page::rows::Rows;
use report::results::Record;
use serde_json::Value;
use session::time::Millis;

use crate::run;

/// The other seeds that show what is chance.
const OTHER_SEEDS: [u64; 2] = [1, 2];

/// With so many devices a case is played once only: what it tells is told by smaller ones, too.
const CROWD: usize = 33;

/// Every scenario with every profile, in this order, however many are played at once.
pub(super) fn all(
    scenarios: &[&Scenario],
    profiles: &[&Profile],
    library: &Library,
    jobs: Option<u64>,
) -> impl Iterator<Item = Played> + use<> {
    let subjects: Vec<Subject<'_>> = profiles
        .iter()
        .map(|profile| Subject::new(profile, library))
        .collect();
    let cases: Vec<(&Scenario, &Subject<'_>, bool)> = scenarios
        .iter()
        .flat_map(|scenario| {
            let is_for =
                |subject: &&Subject<'_>| plan::not_applicable(scenario, subject.profile).is_none();
            let is_compared = subjects.iter().filter(is_for).count() > 1;
            subjects
                .iter()
                .map(move |subject| (*scenario, subject, is_compared))
        })
        .collect();
    let progress = progress(cases.len());
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Played>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..run::threads(jobs).min(cases.len()) {
            scope.spawn(|| {
                while let Some((at, case)) = take(&next, &cases) {
                    let (scenario, subject, is_compared) = case;
                    let played = one(scenario, subject, *is_compared);
                    progress.inc(1);
                    if let Ok(mut done) = done.lock() {
                        done.insert(at, played);
                    }
                }
            });
        }
    });
    progress.finish_and_clear();
    let done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    done.into_values()
}

fn progress(cases: usize) -> ProgressBar {
    let Some(target) = run::progress_target() else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template(
        "{bar:30} {pos}/{len} cases, each as often as it takes, {elapsed}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(cases as u64), target).with_style(style)
}

fn take<'c, C>(next: &AtomicUsize, cases: &'c [C]) -> Option<(usize, &'c C)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, cases.get(at)?))
}

/// A profile, and what it might be as well.
struct Subject<'a> {
    profile: &'a Profile,
    library: &'a Library,
    /// Every length of time halved that nobody documents.
    halved: Option<Profile>,
    /// The readings of open questions that neither it nor another profile of its catalogue takes.
    otherwise: Vec<(&'a Ambiguity, Profile)>,
}

impl<'a> Subject<'a> {
    fn new(profile: &'a Profile, library: &'a Library) -> Subject<'a> {
        let related: Vec<&Profile> = library
            .profiles
            .runnable()
            .filter(|other| other.catalogue == profile.catalogue)
            .collect();
        let is_taken = |question: &Ambiguity, reading: &Reading| {
            let mut taken = related.iter().flat_map(|other| question.read_by(other));
            taken.any(|taken| taken == reading)
        };
        let questions = library.ambiguities.all();
        let own = questions.filter(|question| question.catalogues.contains(&profile.catalogue));
        let mut otherwise = Vec::new();
        for question in own {
            for reading in &question.readings {
                if !reading.by.is_empty()
                    && !is_taken(question, reading)
                    && let Ok(other) = profile.with(&reading.by)
                {
                    otherwise.push((question, other));
                }
            }
        }
        Subject {
            profile,
            library,
            halved: profile.with(&halved(profile)).ok(),
            otherwise,
        }
    }
}

/// Half of every length of time among the rules that nobody documents, by its path.
fn halved(profile: &Profile) -> BTreeMap<String, Value> {
    // Plain data: serialising it cannot fail.
    let rules = serde_json::to_value(&profile.rules).expect("rules are plain data");
    let mut halved = BTreeMap::new();
    for (area, fields) in rules.as_object().into_iter().flatten() {
        for (knob, value) in fields.as_object().into_iter().flatten() {
            let path = format!("rules.{area}.{knob}");
            let length: Option<Millis> = value.as_str().and_then(|value| value.parse().ok());
            let provenance = profile.provenance(&path);
            if let Some(length) = length
                && provenance.is_none_or(|from| from.confidence == Confidence::Ours)
            {
                let half = Millis(length.0 / 2);
                halved.insert(path, Value::String(half.to_string()));
            }
        }
    }
    halved
}

fn one(scenario: &Scenario, subject: &Subject<'_>, is_compared: bool) -> Played {
    let profile = subject.profile;
    if let Some(why) = plan::not_applicable(scenario, profile) {
        return Played::NotApplicable(why);
    }
    let transcript = match transcript(scenario, profile, DEFAULT_SEED) {
        Ok(transcript) => transcript,
        Err(why) => return Played::Broken(why),
    };
    let mut cell = Cell {
        seen: Seen::of(&transcript.entries, scenario, profile),
        rows: Rows::of(&Record::of(&transcript)),
        undocumented: undocumented(&transcript, scenario, subject),
        ..Cell::default()
    };
    if is_compared && scenario.clients.len() < CROWD {
        vary(&mut cell, scenario, subject);
    }
    Played::Seen(Box::new(cell))
}

/// Plays the case again: what does chance change, what do lengths of time that are nobody's, what
/// another reading?
fn vary(cell: &mut Cell, scenario: &Scenario, subject: &Subject<'_>) {
    let profile = subject.profile;
    let seen = |profile: &Profile, seed: u64| {
        let transcript = transcript(scenario, profile, seed).ok()?;
        Some(Seen::of(&transcript.entries, scenario, profile))
    };
    cell.seeds = OTHER_SEEDS
        .iter()
        .filter_map(|seed| seen(profile, *seed))
        .collect();
    cell.halved = subject
        .halved
        .as_ref()
        .and_then(|halved| seen(halved, DEFAULT_SEED));
    for (question, other) in &subject.otherwise {
        // Where the console of the scenario settles it, the question is not open.
        if plan::not_applicable(scenario, other).is_some() {
            continue;
        }
        let Some(other) = seen(other, DEFAULT_SEED) else {
            continue;
        };
        if other != cell.seen {
            cell.open.push(Open {
                id: question.id.clone(),
                gap: question.kind == Kind::Gap,
                seen: other,
            });
        }
    }
}

/// What the judge says that nobody documents.
fn undocumented(
    transcript: &Transcript,
    scenario: &Scenario,
    subject: &Subject<'_>,
) -> Vec<String> {
    let case = Case::new(scenario, subject.profile, DEFAULT_SEED);
    let library = subject.library;
    let verdict = judge::judge(&case, transcript, &library.catalogue, &library.rules);
    verdict
        .map(|verdict| verdict.undocumented)
        .unwrap_or_default()
}

fn transcript(scenario: &Scenario, profile: &Profile, seed: u64) -> Result<Transcript, String> {
    runner::run_case(&Case::new(scenario, profile, seed)).map_err(|error| error.to_string())
}
