//! Plays cases and tells what became of them.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::case::{Case, DEFAULT_SEED};
use conformance::judge;
use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profile;
use conformance::text;
use conformance::transcript::Transcript;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::ndjson;
use report::results::{CaseResult, Kind, Status};
use report::terminal::{self, Paint};
use runner::HarnessError;
use runner::subject::Subjects;

use crate::args::{Format, Report, RunOptions};
use crate::exit::{Exit, Trouble};
use crate::snapshots::{Compared, Policy};
use crate::suite::{self, Member};
use crate::{files, print, subjects};

/// `kickout run`
///
/// # Errors
/// Files that are no good or cannot be read or written, or nothing to run.
pub fn run(options: &RunOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&options.selection)?;
    let options = &deviating(options, &library)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    let members = suite::scenarios(&options.selection, &library)?;
    writable(&options.report)?;
    let options = &with_subjects(options, &profiles)?;
    let results = play(&members, &profiles, &library, options)?;
    tell(&members, &results, options)?;
    Ok(Exit::of(&results))
}

/// The same options with the deviation looked up. What deviating peers leave is no record.
fn deviating(options: &RunOptions, library: &Library) -> Result<RunOptions, Trouble> {
    let mut options = options.clone();
    if let Some(name) = &options.deviation {
        let known = suite::deviation(name, library)?;
        options.played_by = Some(Box::new(known));
        options.unrecorded = true;
    }
    Ok(options)
}

/// The same options with the subjects started. What they leave is no record.
fn with_subjects(options: &RunOptions, profiles: &[&Profile]) -> Result<RunOptions, Trouble> {
    let mut options = options.clone();
    if let Some(profile) = profiles.first() {
        options.subjects = subjects::subjects(&options.subject, profile)?;
    }
    options.unrecorded |= !options.subjects.is_empty();
    Ok(options)
}

/// Plays every scenario under every profile. The results stand in the order of scenarios, then
/// profiles, however many are played at once.
///
/// # Errors
/// A file that cannot be written.
pub fn play(
    members: &[Member],
    profiles: &[&Profile],
    library: &Library,
    options: &RunOptions,
) -> Result<Vec<CaseResult>, Trouble> {
    let cases: Vec<(&Member, &Profile)> = members
        .iter()
        .flat_map(|member| profiles.iter().map(move |profile| (member, *profile)))
        .collect();
    let jobs = threads(options.jobs);
    // Crowds first: one that is played last leaves the other threads with nothing to do.
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(cases[*index].0.scenario.clients.len()));
    let progress = progress(cases.len());
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<CaseResult, Trouble>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(cases.len()) {
            scope.spawn(|| {
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (member, profile) = &cases[index];
                    let result = play_one(member, profile, library, options);
                    progress.inc(1);
                    if let Ok(mut done) = done.lock() {
                        done.insert(index, result);
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

fn play_one(
    member: &Member,
    profile: &Profile,
    library: &Library,
    options: &RunOptions,
) -> Result<CaseResult, Trouble> {
    let scenario = &member.scenario;
    let unplayed = |status, reason| {
        CaseResult::unplayed(scenario, &profile.id, options.seed, status, Some(reason))
    };
    if let Some(why) = plan::not_applicable(scenario, profile) {
        return Ok(unplayed(Status::NotApplicable, why));
    }
    if let Some(why) = options.subjects.not_applicable(scenario) {
        return Ok(unplayed(Status::NotApplicable, why));
    }
    let mut repeat = repeat(member, profile, options.seed);
    repeat.push_str(&subjects::repeated(&options.subjects));
    let mut case = Case::new(scenario, profile, options.seed);
    if let Some(deviation) = &options.played_by {
        let Some(subject) = deviation.subject(profile) else {
            let why = format!("{} changes nothing here", deviation.name);
            return Ok(unplayed(Status::NotApplicable, why));
        };
        repeat.push_str(&format!(" --deviation {}", deviation.name));
        case = case.played_by(subject);
    }
    let transcript = match options.subjects.run(&case) {
        Ok(transcript) => transcript,
        Err(error) => {
            let status = match &error {
                HarnessError::Subject(_) => Status::SubjectError,
                HarnessError::Lacks { .. } => Status::Unsupported,
                _ => Status::HarnessError,
            };
            let reason = format!("{error}\nrepeat: {repeat}");
            return Ok(unplayed(status, reason));
        }
    };
    let verdict = match judge::judge(&case, &transcript, &library.catalogue, &library.rules) {
        Ok(verdict) => verdict,
        Err(stale) => return Ok(unplayed(Status::HarnessError, stale.to_string())),
    };
    let mut result = CaseResult::judged(scenario, &transcript, verdict, library, &repeat);
    if let Some(folder) = &options.transcripts {
        let path = folder.join(format!("{}/{}.jsonl", scenario.name, profile.id));
        files::write(&path, &transcript.to_jsonl())?;
    }
    compare(member, profile, &transcript, options, &repeat, &mut result)?;
    Ok(result)
}

/// Recorded transcripts are compared only with the default seed.
fn compare(
    member: &Member,
    profile: &Profile,
    transcript: &Transcript,
    options: &RunOptions,
    repeat: &str,
    result: &mut CaseResult,
) -> Result<(), Trouble> {
    if options.unrecorded || options.seed != DEFAULT_SEED {
        return Ok(());
    }
    // The built-in suite has no record of a vendor it does not know.
    if member.snapshots.is_built_in() && !suite::is_built_in(&profile.id) {
        return Ok(());
    }
    // What is not as it must be is never recorded as what must be.
    let policy = match Policy::of(options.bless) {
        Policy::Bless | Policy::Review if result.status == Status::Failed => Policy::Strict,
        policy => policy,
    };
    let text = text::render(transcript);
    match member.snapshots.compare(&profile.id, &text, policy)? {
        Compared::Same => {}
        // A failed case says enough; it has nothing to record.
        Compared::Missing if result.status == Status::Failed => {}
        Compared::Missing => {
            let seen = "none; run without CI set, or with --bless, to record it";
            result.transcript_differs(Kind::TranscriptMissing, seen.into(), String::new(), repeat);
        }
        Compared::Changed(diff) => {
            let seen = "another one; look at it, then record it with --bless";
            result.transcript_differs(Kind::TranscriptChanged, seen.into(), diff, repeat);
        }
    }
    Ok(())
}

fn repeat(member: &Member, profile: &Profile, seed: u64) -> String {
    let mut command = format!("kickout run {} --profile {}", member.argument, profile.id);
    if seed != DEFAULT_SEED {
        command.push_str(&format!(" --seed {seed}"));
    }
    command
}

/// Reports must have a place before hours are spent on making them.
///
/// # Errors
/// One has none.
pub fn writable<F>(reports: &[Report<F>]) -> Result<(), Trouble> {
    for report in reports {
        if let Some(path) = &report.path {
            let unwritable = |error| Trouble::Unwritable(path.display().to_string(), error);
            if path.is_dir() {
                let error = std::io::Error::other("it is a folder");
                return Err(unwritable(error));
            }
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                _ => ".".into(),
            };
            std::fs::create_dir_all(&folder).map_err(unwritable)?;
            tempfile::tempfile_in(&folder).map_err(unwritable)?;
        }
    }
    Ok(())
}

/// Prints a text for people and writes the reports.
///
/// # Errors
/// A place that cannot be written.
pub fn say_and_report<F: Copy>(
    text: &str,
    reports: &[Report<F>],
    render: impl Fn(F) -> String,
) -> Result<(), Trouble> {
    if reports.iter().any(|report| report.path.is_none()) {
        // Standard output belongs to the report; people read the other stream.
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    } else {
        print(text)?;
    }
    for report in reports {
        let text = render(report.format);
        match &report.path {
            Some(path) => files::write(path, &text)?,
            None => print(&text)?,
        }
    }
    Ok(())
}

fn tell(members: &[Member], results: &[CaseResult], options: &RunOptions) -> Result<(), Trouble> {
    say_and_report(
        &told(members, results, &options.subjects),
        &options.report,
        |format| match format {
            Format::Ndjson => ndjson::render(results, options.seed),
        },
    )
}

/// Failures first, then a line for each scenario, then the summary. Colour is always put in;
/// the stream takes it out where it is not wanted.
fn told(members: &[Member], results: &[CaseResult], subjects: &Subjects) -> String {
    let paint = Paint { color: true };
    let of = |member: &Member| {
        let name = member.scenario.name.clone();
        results.iter().filter(move |result| result.scenario == name)
    };
    let mut text = String::new();
    for member in members {
        for result in of(member) {
            if result.status.is_bad() {
                text.push_str(&terminal::failure(result, &member.scenario.source, paint));
            }
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for member in members {
        let results: Vec<CaseResult> = of(member).cloned().collect();
        text.push_str(&terminal::scenario_line(&results, paint));
    }
    text.push_str(&terminal::summary(results, paint));
    text.push_str(&subjects::named(subjects));
    text
}

/// How many cases are played at once.
pub(crate) fn threads(jobs: Option<u64>) -> usize {
    match jobs {
        Some(jobs) => usize::try_from(jobs).unwrap_or(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Where progress is shown; nowhere, when nobody watches.
pub(crate) fn progress_target() -> Option<ProgressDrawTarget> {
    let somebody_watches = std::io::stderr().is_terminal();
    somebody_watches.then(ProgressDrawTarget::stderr)
}

fn progress(cases: usize) -> ProgressBar {
    let Some(target) = progress_target() else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} cases, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(cases as u64), target).with_style(style)
}
