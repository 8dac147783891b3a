//! Plays cases and tells what became of them.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use conformance::case::{Case, DEFAULT_SEED};
use conformance::judge;
use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profile;
use conformance::requirement::Party;
use conformance::text;
use conformance::transcript::Transcript;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::format::Format;
use report::results::{
    CaseName, CaseResult, FORMAT, Head, Kind, Of, Profile as AboutProfile, Record, Requirement,
    Results, Rule, Scenario as AboutScenario, Selection as Selected, Status,
};
use runner::HarnessError;

use crate::args::{Embed, Report, RunOptions};
use crate::exit::{Exit, Trouble};
use crate::known::{self, List};
use crate::snapshots::{Compared, Policy};
use crate::suite::{self, Member};
use crate::{files, last_failed, subjects, tell};

/// How many cases are played at once in real time when nobody says.
const LIVE_AT_ONCE: u64 = 64;

/// `kickout run`
///
/// # Errors
/// Files that are no good or cannot be read or written, or nothing to run.
pub fn run(options: &RunOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&options.selection)?;
    let options = &understood(options, &library)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    let members = suite::scenarios(&options.selection, &library)?;
    let list = options.known_failures.as_deref();
    let mut known = list.map(|path| List::read(path, &library)).transpose()?;
    if let Some(path) = &options.write_known_failures {
        known::refuse_overwriting(path, list)?;
    }
    tell::writable(&options.report)?;
    let options = &with_subjects(options, &profiles)?;
    let mut results = Results::empty(head(&members, &profiles, options));
    if results.head.again.is_some() && results.head.planned().next().is_none() {
        let none = "nothing to play again: none of the selected cases failed the last time";
        return Err(Trouble::Nothing(none.into()));
    }
    results.cases = play(&members, &profiles, &library, options)?;
    results.head.left_out = results
        .head
        .planned()
        .count()
        .saturating_sub(results.cases.len());
    describe(&mut results, &members, &profiles, &library);
    if let Some(known) = &mut known {
        known.apply(&mut results);
    }
    // What is known needs no other look, and what deviates fails on purpose.
    if options.deviation.is_none() {
        last_failed::remember(&results);
    }
    if let Some(path) = &options.write_known_failures {
        known::write(path, &results)?;
    }
    tell::all_and_github(&results, &options.report)?;
    Ok(Exit::of_all(&results))
}

/// What is to be played, and by whom.
fn head(members: &[Member], profiles: &[&Profile], options: &RunOptions) -> Head {
    let hashes = members
        .iter()
        .map(|member| (&member.scenario.name, &member.scenario.hash))
        .chain(profiles.iter().map(|profile| (&profile.id, &profile.hash)));
    let suite: String = hashes
        .map(|(name, hash)| format!("{name} {hash}\n"))
        .collect();
    let selection = &options.selection;
    let paths = selection.paths.iter();
    let player = |party| {
        let command = options.subjects.command(party);
        command.unwrap_or_else(|| judge::REFERENCE.to_owned())
    };
    Head {
        format: FORMAT,
        of: Of::Run,
        build: crate::BUILD.to_owned(),
        suite: conformance::decode::hash(&suite),
        seed: options.seed,
        client: player(Party::Client),
        server: player(Party::Server),
        deviation: options.deviation.clone(),
        selection: Selected {
            paths: paths.map(|path| path.display().to_string()).collect(),
            filter: selection.filter.clone(),
            tags: selection.tag.clone(),
            profiles: match selection.profile.iter().any(|id| id == "all") {
                true => Vec::new(),
                false => selection.profile.clone(),
            },
        },
        profiles: profiles.iter().map(|profile| profile.id.clone()).collect(),
        scenarios: members
            .iter()
            .map(|member| member.scenario.name.clone())
            .collect(),
        shard: options.shard,
        again: options.again.as_ref().map(|again| {
            let cases = again.iter();
            cases
                .map(|(scenario, profile)| CaseName {
                    scenario: scenario.clone(),
                    profile: profile.clone(),
                })
                .collect()
        }),
        left_out: 0,
    }
}

/// Adds what the cases speak of.
fn describe(results: &mut Results, members: &[Member], profiles: &[&Profile], library: &Library) {
    results.profiles = profiles
        .iter()
        .map(|profile| AboutProfile::of(profile))
        .collect();
    results.requirements = Requirement::all(profiles, library);
    results.rules = Rule::all(library);
    let cases = &results.cases;
    let has_cases = |member: &&Member| {
        let at = cases.partition_point(|case| case.scenario < member.scenario.name);
        cases
            .get(at)
            .is_some_and(|case| case.scenario == member.scenario.name)
    };
    results.scenarios = members
        .iter()
        .filter(has_cases)
        .map(|member| AboutScenario::of(&member.scenario))
        .collect();
}

/// The same options with the deviation and the cases that failed looked up. What deviating peers
/// leave is no record.
fn understood(options: &RunOptions, library: &Library) -> Result<RunOptions, Trouble> {
    let mut options = options.clone();
    options.again = match &options.last_failed {
        None => None,
        Some(None) => Some(last_failed::remembered()?),
        Some(Some(path)) => Some(last_failed::stored(path)?),
    };
    let takes_time = |report: &Report<Format>| report.format == Format::Junit;
    options.wall_times |= options.report.iter().any(takes_time);
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
        options.subjects = subjects::of_run(&options.subject, options.time_scale, profile)?;
    }
    options.unrecorded |= !options.subjects.is_empty();
    if options.subjects.one_at_a_time() && profiles.len() > 1 {
        let why = "a server keeps the rules of one profile; say which with --profile";
        return Err(Trouble::Usage(why.into()));
    }
    if let Some(deviation) = &options.played_by
        && let Some(party) = deviation.party.iter().next()
        && (deviation.party.iter()).all(|party| options.subjects.command(*party).is_some())
    {
        let name = &deviation.name;
        return Err(Trouble::Usage(format!(
            "`{name}` is a deviation of the reference {party}, which does not play"
        )));
    }
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
        .filter(|(member, profile)| is_meant(&member.scenario.name, &profile.id, options))
        .collect();
    let jobs = at_once(options);
    // Crowds first: one that is played last leaves the other threads with nothing to do.
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(cases[*index].0.scenario.clients.len()));
    let progress = progress(cases.len());
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let done: Mutex<BTreeMap<usize, Result<CaseResult, Trouble>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(cases.len()) {
            scope.spawn(|| {
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    let (member, profile) = &cases[index];
                    let began = Instant::now();
                    let mut result = play_one(member, profile, library, options);
                    if options.wall_times
                        && let Ok(result) = &mut result
                    {
                        result.wall_us = u64::try_from(began.elapsed().as_micros()).ok();
                    }
                    progress.inc(1);
                    let is_bad = |result: &CaseResult| result.status.is_bad();
                    if options.fail_fast && result.as_ref().map_or(true, is_bad) {
                        stopped.store(true, Ordering::Relaxed);
                    }
                    if let Ok(mut done) = done.lock() {
                        done.insert(index, result);
                    }
                }
            });
        }
    });
    progress.finish_and_clear();
    let mut done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if options.fail_fast {
        leave_out_what_follows(&mut done, &order);
    }
    done.into_values().collect()
}

/// Keeps what comes up to the first failure in the order of playing. Everything before it had begun
/// and was played to its end, so what is kept does not depend on how many are played at once.
fn leave_out_what_follows(
    done: &mut BTreeMap<usize, Result<CaseResult, Trouble>>,
    order: &[usize],
) {
    let is_bad = |index: &usize| match done.get(index) {
        Some(Ok(result)) => result.status.is_bad(),
        Some(Err(_)) => true,
        None => false,
    };
    if let Some(first) = order.iter().position(is_bad) {
        for index in order.iter().skip(first + 1) {
            done.remove(index);
        }
    }
}

/// Is the case in the part that is to be played?
fn is_meant(scenario: &str, profile: &str, options: &RunOptions) -> bool {
    let again = options.again.as_ref();
    options
        .shard
        .is_none_or(|shard| shard.holds_case(scenario, profile))
        && again.is_none_or(|again| again.contains(&(scenario.to_owned(), profile.to_owned())))
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
    if let Some(why) = options.subjects.not_applicable(scenario, profile) {
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
    options.subjects.prepare(&mut case);
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
    for _ in 1..options.repeat {
        let again = options
            .subjects
            .run(&case)
            .map_err(|error| error.to_string());
        let again = again.map(|again| again.to_jsonl());
        if let Some(how) = differs(&transcript.to_jsonl(), again) {
            let reason = format!("{how}\nrepeat: {repeat} --repeat {}", options.repeat);
            // Between reference peers only the harness can be the cause.
            let status = match options.subjects.is_empty() {
                true => Status::HarnessError,
                false => Status::SubjectError,
            };
            return Ok(unplayed(status, reason));
        }
    }
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
    let is_kept = match embed(options) {
        Embed::All => true,
        Embed::Failed => result.status.is_bad(),
        Embed::None => false,
    };
    result.transcript = is_kept.then(|| Record::of(&transcript));
    Ok(result)
}

/// A page without transcripts shows little, so it asks for all of them.
fn embed(options: &RunOptions) -> Embed {
    let is_page = |report: &Report<Format>| report.format == Format::Html;
    let usual = match options.report.iter().any(is_page) {
        true => Embed::All,
        false => Embed::Failed,
    };
    options.embed.unwrap_or(usual)
}

/// How a case went otherwise when it was played again.
fn differs(first: &str, again: Result<String, String>) -> Option<String> {
    let again = match again {
        Ok(again) => again,
        Err(error) => return Some(format!("played again it broke: {error}")),
    };
    if first == again {
        return None;
    }
    let lines = first.lines().zip(again.lines());
    let same = lines.take_while(|(first, again)| first == again).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("the end").to_owned();
    Some(format!(
        "the same case gave different transcripts; line {} was\n{}\nand then\n{}",
        same + 1,
        line(first),
        line(&again)
    ))
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

/// In real time most cases wait most of the time.
fn at_once(options: &RunOptions) -> usize {
    if options.subjects.one_at_a_time() {
        return 1;
    }
    match options.time_scale {
        Some(_) => threads(options.jobs.or(Some(LIVE_AT_ONCE))),
        None => threads(options.jobs),
    }
}

/// How many cases are played at once when nobody says: as many as there are processors.
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
