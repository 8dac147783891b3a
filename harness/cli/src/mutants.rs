//! `kickout mutants`: which deviations the suite catches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use conformance::case::{Case, DEFAULT_SEED};
use conformance::deviation::{Deviation, Deviations, Subject};
use conformance::judge::{self, Finding, Noticed};
use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use fuzz::alphabet::Alphabet;
use indicatif::{ProgressBar, ProgressStyle};
use report::mutants::{self as said, Catch, Head, Mutant, Mutants, Outcome, Unproven};
use report::results::{FORMAT, Of};
use report::terminal::Paint;
use runner::HarnessError;
use runner::subject::Subjects;

use crate::args::{CoverageFormat, MutantsOptions, Report, Selection};
use crate::exit::{Exit, Trouble};
use crate::subjects;
use crate::suite::{self, Member};
use crate::{run, tell};

/// From so many devices on a scenario is played only when the others have caught nothing.
const CROWD: usize = 50;

/// `kickout mutants`
///
/// # Errors
/// Files that are no good or cannot be written, or nothing selected.
pub fn mutants(options: &MutantsOptions) -> Result<Exit, Trouble> {
    let selection = Selection {
        paths: options.paths.clone(),
        profile: options.profile.clone(),
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let profiles = suite::profiles(&selection, &library)?;
    let members = suite::scenarios(&selection, &library)?;
    let deviations = suite::deviations(&library)?;
    let subjects = match profiles.first() {
        Some(profile) => subjects::subjects(&options.subject, profile)?,
        None => Arc::default(),
    };
    let filter = options.filter.as_deref().map(suite::glob).transpose()?;
    let meant = |deviation: &&Deviation| {
        let name = &deviation.name;
        filter.as_ref().is_none_or(|filter| filter.is_match(name))
            && deviation
                .party
                .iter()
                .all(|party| subjects.command(*party).is_none())
            && profiles
                .iter()
                .any(|profile| deviation.subject(profile).is_some())
    };
    let wanted: Vec<&Deviation> = deviations.all().iter().filter(meant).collect();
    if wanted.is_empty() {
        let none = "nothing to try: no deviation is selected";
        return Err(Trouble::Nothing(none.into()));
    }
    tell::writable(&options.report)?;
    let trial = Trial {
        library: &library,
        profiles,
        members: &members,
        fuzz: options.fuzz,
        subjects: &subjects,
        broke: Mutex::default(),
    };
    let head = head(&wanted, &trial, options);
    let planned: BTreeSet<&String> = head.planned().collect();
    let mine: Vec<&Deviation> = wanted
        .iter()
        .filter(|deviation| planned.contains(&deviation.name))
        .copied()
        .collect();
    let mut tried = trial.try_all(&mine, options.jobs);
    if let Ok(Some(broke)) = trial.broke.into_inner() {
        return Err(Trouble::Subject(broke));
    }
    tried.sort_by_key(|mutant| mutant.outcome);
    let all = Mutants {
        head,
        deviations: tried,
        unproven: unproven(&deviations, &library, options),
    };
    say(&all, &options.report)?;
    Ok(Exit::of_mutants(&all))
}

/// Tells people at the terminal, and writes the reports.
///
/// # Errors
/// A place that cannot be written.
pub fn say(all: &Mutants, reports: &[Report<CoverageFormat>]) -> Result<(), Trouble> {
    let text = said::terminal(all, Paint { color: true });
    tell::say_and_report(&text, reports, |format| match format {
        CoverageFormat::Markdown => said::markdown(all),
        CoverageFormat::Ndjson => said::ndjson(all),
    })
}

fn head(wanted: &[&Deviation], trial: &Trial<'_>, options: &MutantsOptions) -> Head {
    let hashes = trial
        .members
        .iter()
        .map(|member| (&member.scenario.name, &member.scenario.hash))
        .chain(
            trial
                .profiles
                .iter()
                .map(|profile| (&profile.id, &profile.hash)),
        );
    let suite: String = hashes
        .map(|(name, hash)| format!("{name} {hash}\n"))
        .collect();
    Head {
        format: FORMAT,
        of: Of::Mutants,
        build: crate::BUILD.to_owned(),
        suite: conformance::decode::hash(&suite),
        profiles: trial
            .profiles
            .iter()
            .map(|profile| profile.id.clone())
            .collect(),
        fuzz_budget: options.fuzz,
        deviations: wanted
            .iter()
            .map(|deviation| deviation.name.clone())
            .collect(),
        shard: options.shard,
    }
}

/// What a part of the deviations leaves unproven says nothing.
fn unproven(deviations: &Deviations, library: &Library, options: &MutantsOptions) -> Vec<Unproven> {
    let subject = &options.subject;
    let all = subject.client.is_none() && subject.server.is_none();
    if options.filter.is_some() || !options.profile.is_empty() || !all {
        return Vec::new();
    }
    let rows = deviations.unproven(library);
    rows.map(|(row, reason)| Unproven {
        row: row.id.clone(),
        statement: row.statement.clone(),
        reason: reason.map(str::to_owned),
    })
    .collect()
}

struct Trial<'a> {
    library: &'a Library,
    profiles: Vec<&'a Profile>,
    members: &'a [Member],
    fuzz: Option<u64>,
    subjects: &'a Subjects,
    /// What was wrong with a subject first.
    broke: Mutex<Option<String>>,
}

impl Trial<'_> {
    /// The results stand in the order of the deviations, however many are tried at once.
    fn try_all(&self, deviations: &[&Deviation], jobs: Option<u64>) -> Vec<Mutant> {
        let progress = progress(deviations.len());
        let next = AtomicUsize::new(0);
        let done: Mutex<BTreeMap<usize, Mutant>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..run::threads(jobs).min(deviations.len()) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(deviation) = deviations.get(at) else {
                            break;
                        };
                        let mutant = self.try_one(deviation);
                        progress.inc(1);
                        if let Ok(mut done) = done.lock() {
                            done.insert(at, mutant);
                        }
                    }
                });
            }
        });
        progress.finish_and_clear();
        let done = done
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        done.into_values().collect()
    }

    fn try_one(&self, deviation: &Deviation) -> Mutant {
        let subjects: Vec<(&Profile, Subject)> = self
            .profiles
            .iter()
            .filter_map(|profile| Some((*profile, deviation.subject(profile)?)))
            .collect();
        let (outcome, catch) = self.suite(deviation, &subjects);
        let words = |party: &conformance::requirement::Party| party.word().to_owned();
        Mutant {
            name: deviation.name.clone(),
            party: deviation.party.iter().map(words).collect(),
            does: deviation.does.clone(),
            breaks: deviation
                .rows
                .iter()
                .chain(&deviation.rules)
                .cloned()
                .collect(),
            reports: deviation.reports.clone(),
            profiles: subjects.len(),
            outcome,
            catch,
            fuzzed: self
                .fuzz
                .and_then(|cases| self.random(deviation, &subjects, cases)),
        }
    }

    /// Plays the suite until something names what the deviation breaks.
    fn suite(
        &self,
        deviation: &Deviation,
        subjects: &[(&Profile, Subject)],
    ) -> (Outcome, Option<Catch>) {
        let mut order: Vec<&Scenario> = self.members.iter().map(|m| &m.scenario).collect();
        order.sort_by_key(|scenario| {
            let is_crowd = scenario.clients.len() >= CROWD;
            (!deviation.is_looked_at_by(scenario), is_crowd)
        });
        let mut otherwise = None;
        let mut case = 0;
        for scenario in order {
            for (profile, subject) in subjects {
                if plan::not_applicable(scenario, profile).is_some() {
                    continue;
                }
                case += 1;
                let findings = self.findings(scenario, profile, subject);
                let right = findings
                    .iter()
                    .find(|finding| deviation.is_named_by(finding));
                let Some(finding) = right.or(findings.first()) else {
                    continue;
                };
                let catch = Catch {
                    by: by(finding),
                    rows: finding.rows.clone(),
                    scenario: scenario.name.clone(),
                    profile: profile.id.clone(),
                    case,
                };
                if right.is_some() {
                    return (Outcome::Caught, Some(catch));
                }
                otherwise.get_or_insert(catch);
            }
        }
        match otherwise {
            Some(catch) => (Outcome::CaughtOtherwise, Some(catch)),
            None => (Outcome::Survived, None),
        }
    }

    /// What is found with peers that deviate; what breaks the harness is found otherwise, too.
    fn findings(&self, scenario: &Scenario, profile: &Profile, subject: &Subject) -> Vec<Finding> {
        let case = Case::new(scenario, profile, DEFAULT_SEED).played_by(subject.clone());
        if self.subjects.not_applicable(scenario, profile).is_some() {
            return Vec::new();
        }
        let transcript = match self.subjects.run(&case) {
            Ok(transcript) => transcript,
            Err(error) => {
                if let HarnessError::Subject(error) = error
                    && let Ok(mut broke) = self.broke.lock()
                {
                    broke.get_or_insert(error.to_string());
                }
                return Vec::new();
            }
        };
        let verdict = judge::judge(
            &case,
            &transcript,
            &self.library.catalogue,
            &self.library.rules,
        );
        verdict.map(|verdict| verdict.findings).unwrap_or_default()
    }

    /// The first random case that catches the deviation for the right reason; the profiles take
    /// turns.
    fn random(
        &self,
        deviation: &Deviation,
        subjects: &[(&Profile, Subject)],
        cases: u64,
    ) -> Option<u64> {
        let alphabets: Vec<Alphabet<'_>> = subjects
            .iter()
            .map(|(profile, _)| Alphabet::of(profile))
            .collect();
        let turns = subjects.len() as u64;
        (0..cases).find(|case| {
            let at = (case % turns) as usize;
            let scenario = fuzz::generate::scenario(&alphabets[at], case / turns);
            let (profile, subject) = &subjects[at];
            let findings = self.findings(&scenario, profile, subject);
            // Only the rules know what must come of a random script.
            let mut by_rules = findings
                .iter()
                .filter(|finding| matches!(finding.by, Noticed::Rule(_)));
            by_rules.any(|finding| deviation.is_named_by(finding))
        })
    }
}

fn by(finding: &Finding) -> String {
    match &finding.by {
        Noticed::Step(step) => format!("step {}", step + 1),
        Noticed::Rule(rule) => format!("rule {rule}"),
        Noticed::Violates => "violates".into(),
        Noticed::Limit => "limit".into(),
    }
}

fn progress(deviations: usize) -> ProgressBar {
    let Some(target) = run::progress_target() else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} deviations, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(deviations as u64), target).with_style(style)
}
