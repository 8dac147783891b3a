//! `kickout fuzz`: random scenarios against every rule.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use conformance::case::Case;
use conformance::library::Library;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::transcript::{End, Transcript, What};
use fuzz::alphabet::{Alphabet, LONG};
use fuzz::hunt::{By, Catch, NotPlayed};
use fuzz::reach::{self, Reach};
use fuzz::{generate, hunt, keep, shrink};
use indicatif::{ProgressBar, ProgressStyle};
use report::fuzzing::{self, Broke, Caught, Fuzzed, Head, MOST_KEPT, Reached, Sums};
use report::results::{CaseResult, FORMAT, Of};
use report::terminal::{self, Paint};
use runner::HarnessError;
use runner::subject::Subjects;
use session::words::ErrorWord;

use crate::args::{FuzzFormat, FuzzOptions, Selection};
use crate::exit::{Exit, Trouble};
use crate::run::{progress_target, threads};
use crate::{files, subjects, suite, tell};

/// How many cases are played when nobody says.
const USUAL_CASES: u64 = 10_000;

/// Every so many cases one is played twice and compared.
const EVERY_SO_MANY: u64 = 64;

/// `kickout fuzz`
///
/// # Errors
/// Files that are no good or cannot be written, or a profile that does not exist.
pub fn fuzz(options: &FuzzOptions) -> Result<Exit, Trouble> {
    let selection = Selection {
        profile: options.profile.clone(),
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let profiles = suite::profiles(&selection, &library)?;
    tell::writable(&options.report)?;
    let alphabets: Vec<Alphabet<'_>> = profiles
        .iter()
        .map(|profile| Alphabet::of(profile))
        .collect();
    let subjects = match profiles.first() {
        Some(profile) => subjects::subjects(&options.subject, profile)?,
        None => Arc::default(),
    };
    let field = Field {
        alphabets,
        library: &library,
        seed: options.seed,
        subjects: &subjects,
    };
    hush_panics_of_cases();
    let head = head(&profiles, options)?;
    let (found, took) = field.play_all(&head, options);
    let (caught, said) = field.keep_all(&found, options)?;
    let fuzzed = told(head, found, caught);
    say(&fuzzed, &said, took, options)?;
    Ok(Exit::of_fuzzed(&fuzzed))
}

fn head(profiles: &[&Profile], options: &FuzzOptions) -> Result<Head, Trouble> {
    if options.shard.is_some() && options.time.is_some() {
        let why = "--shard divides a number of cases, and --time is none; give --cases";
        return Err(Trouble::Usage(why.into()));
    }
    let hashes = profiles
        .iter()
        .map(|profile| format!("{} {}\n", profile.id, profile.hash));
    Ok(Head {
        format: FORMAT,
        of: Of::Fuzz,
        build: crate::BUILD.to_owned(),
        suite: conformance::decode::hash(&hashes.collect::<String>()),
        generator: generate::VERSION,
        profiles: profiles.iter().map(|profile| profile.id.clone()).collect(),
        seed: options.seed,
        cases: match options.time {
            Some(_) => options.cases,
            None => Some(options.cases.unwrap_or(USUAL_CASES)),
        },
        require_reach: options.require_reach,
        shard: options.shard,
    })
}

thread_local! {
    static IS_PLAYING: Cell<bool> = const { Cell::new(false) };
}

/// Who plays the cases.
fn carrier(subjects: &Subjects) -> impl Fn(&Case<'_>) -> Result<Transcript, NotPlayed> + Sync {
    |case| {
        if subjects
            .not_applicable(case.scenario, &case.profile)
            .is_some()
        {
            return Err(NotPlayed::Unsupported);
        }
        IS_PLAYING.set(true);
        let transcript = subjects.run(case);
        IS_PLAYING.set(false);
        let transcript = transcript.map_err(|error| match error {
            HarnessError::Subject(error) => NotPlayed::Subject(error.to_string()),
            HarnessError::Lacks { .. } => NotPlayed::Unsupported,
            error => NotPlayed::Harness(error.to_string()),
        })?;
        // What a call nobody knows was to bring about never comes, and no rule can tell.
        let unknown = |what: &What| matches!(what, What::Result(answer) if answer.error == Some(ErrorWord::Unsupported));
        match !subjects.is_empty() && transcript.entries.iter().any(|entry| unknown(&entry.what)) {
            true => Err(NotPlayed::Unsupported),
            false => Ok(transcript),
        }
    }
}

/// A panic in a case is a catch, and told as such; any other is told as usual.
fn hush_panics_of_cases() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !IS_PLAYING.get() {
            usual(panic);
        }
    }));
}

/// The cases there are: the profiles take turns.
struct Field<'a> {
    alphabets: Vec<Alphabet<'a>>,
    library: &'a Library,
    seed: u64,
    subjects: &'a Subjects,
}

/// What many cases have come to.
#[derive(Debug, Default)]
struct Found {
    sums: Sums,
    reach: Reach,
    /// The first case of each catch, and how many cases there are.
    caught: BTreeMap<Catch, (u64, u64)>,
}

impl Field<'_> {
    fn alphabet(&self, case: u64) -> &Alphabet<'_> {
        &self.alphabets[(case % self.alphabets.len() as u64) as usize]
    }

    fn seed(&self, case: u64) -> u64 {
        self.seed.wrapping_add(case / self.alphabets.len() as u64)
    }

    fn scenario(&self, case: u64) -> Scenario {
        generate::scenario(self.alphabet(case), self.seed(case))
    }

    /// Plays the cases; what they came to, and how many seconds it took.
    fn play_all(&self, head: &Head, options: &FuzzOptions) -> (Found, f64) {
        let (first, end) = head.range();
        let began = Instant::now();
        let is_over =
            |case| case >= end || options.time.is_some_and(|time| began.elapsed() >= time);
        let progress = progress(end.saturating_sub(first), end == u64::MAX);
        let next = AtomicU64::new(first);
        let all: Mutex<Found> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..threads(options.jobs) {
                scope.spawn(|| {
                    let mut own = Found::default();
                    loop {
                        let case = next.fetch_add(1, Ordering::Relaxed);
                        if is_over(case) {
                            break;
                        }
                        self.play_one(case, &mut own);
                        progress.inc(1);
                        if own.sums.cases.is_multiple_of(256) {
                            progress.set_message(format!("{} caught", own.caught.len()));
                        }
                    }
                    if let Ok(mut all) = all.lock() {
                        all.merge(own);
                    }
                });
            }
        });
        progress.finish_and_clear();
        let all = all
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (all, began.elapsed().as_secs_f64())
    }

    fn play_one(&self, case: u64, found: &mut Found) {
        let scenario = self.scenario(case);
        let profile = self.alphabet(case).profile;
        let carrier = carrier(self.subjects);
        let mut played = hunt::play(&scenario, profile, self.library, &carrier);
        found.sums.cases += 1;
        if case.is_multiple_of(EVERY_SO_MANY) {
            found.sums.played_twice += 1;
            let again = hunt::play(&scenario, profile, self.library, &carrier);
            let text =
                |played: &hunt::Played| played.record.as_ref().map(|(record, _)| record.to_jsonl());
            if text(&played) != text(&again) {
                let why = "the same case played twice gave different transcripts".into();
                played.catches.push(Catch {
                    by: match self.subjects.is_empty() {
                        true => By::Broke(why),
                        false => By::Subject(why),
                    },
                    rows: Vec::new(),
                });
            }
        }
        for catch in played.catches {
            let (first, cases) = found.caught.entry(catch).or_insert((case, 0));
            *first = (*first).min(case);
            *cases += 1;
        }
        if let Some((transcript, _)) = &played.record {
            let (script, whole) = lengths(transcript);
            found.sums.virtual_ms += whole;
            found.sums.long_cases += u64::from(script > LONG.0);
            *found.sums.script_seconds.entry(script / 1_000).or_default() += 1;
            *found.sums.whole_seconds.entry(whole / 1_000).or_default() += 1;
            found
                .reach
                .add(&reach::marks(transcript, profile.rules.login.into_room));
        }
    }

    /// Shrinks and keeps what was caught; and what a person is told about each.
    fn keep_all(
        &self,
        found: &Found,
        options: &FuzzOptions,
    ) -> Result<(Vec<Caught>, String), Trouble> {
        let mut in_order: Vec<(&Catch, u64, u64)> = found
            .caught
            .iter()
            .map(|(catch, (first, cases))| (catch, *first, *cases))
            .collect();
        in_order.sort_by_key(|(catch, first, _)| (*first, catch.say()));
        let mut all = Vec::new();
        let mut said = String::new();
        for (at, (catch, case, cases)) in in_order.into_iter().enumerate() {
            let mut caught = Caught {
                what: catch.say(),
                broke: match catch.by {
                    By::Broke(_) => Some(Broke::Harness),
                    By::Subject(_) => Some(Broke::Subject),
                    _ => None,
                },
                case,
                sentence: catch.sentence(self.library),
                profile: self.alphabet(case).profile.id.clone(),
                seed: self.seed(case),
                cases,
                file: None,
                steps: 0,
                tries: 0,
            };
            if at < MOST_KEPT {
                self.keep(catch, case, options, &mut caught, &mut said)?;
            }
            all.push(caught);
        }
        Ok((all, said))
    }

    fn keep(
        &self,
        catch: &Catch,
        case: u64,
        options: &FuzzOptions,
        caught: &mut Caught,
        said: &mut String,
    ) -> Result<(), Trouble> {
        let alphabet = self.alphabet(case);
        let profile = alphabet.profile;
        let carrier = carrier(self.subjects);
        let shrunk = shrink::shrink(self.scenario(case), catch, alphabet, self.library, &carrier);
        let kept = keep::kept(
            shrunk.scenario,
            catch,
            &profile.id,
            self.seed(case),
            self.library,
        );
        let path = options.out.join(&kept.source.path);
        files::write(&path, &kept.source.text)?;
        caught.file = Some(path.display().to_string());
        caught.steps = kept.steps.len();
        caught.tries = shrunk.tries;
        let who = subjects::repeated(self.subjects);
        let repeat = format!("kickout replay {}{who}", path.display());
        said.push_str(&self.failure(&kept, profile, catch, &repeat));
        Ok(())
    }

    /// Everything about a failure, as `run` tells it.
    fn failure(&self, kept: &Scenario, profile: &Profile, catch: &Catch, repeat: &str) -> String {
        let played = hunt::play(kept, profile, self.library, &carrier(self.subjects));
        let Some((transcript, verdict)) = played.record else {
            return format!("\n{}\n", catch.say());
        };
        let result = CaseResult::judged(kept, &transcript, verdict, self.library, repeat);
        terminal::failure(&result, &kept.source, Paint { color: true })
    }
}

fn told(head: Head, found: Found, caught: Vec<Caught>) -> Fuzzed {
    let reached = found.reach.all().map(|(mark, cases)| Reached {
        mark: mark.word().to_owned(),
        means: mark.means().to_owned(),
        cases,
    });
    Fuzzed {
        head,
        caught,
        reached: reached.collect(),
        sums: found.sums,
    }
}

impl Found {
    fn merge(&mut self, other: Found) {
        self.sums.merge(other.sums);
        self.reach.merge(&other.reach);
        for (catch, (case, cases)) in other.caught {
            let (first, all) = self.caught.entry(catch).or_insert((case, 0));
            *first = (*first).min(case);
            *all += cases;
        }
    }
}

/// Virtual milliseconds until the script was over, and in all.
fn lengths(transcript: &Transcript) -> (u64, u64) {
    let entries = &transcript.entries;
    let whole = entries.last().map_or(0, |entry| entry.at.0);
    let last_step = entries
        .iter()
        .rev()
        .find(|entry| matches!(entry.what, What::Step { .. }));
    // The last step of a script that runs to its end may be a pause.
    let script = match entries.last().map(|entry| &entry.what) {
        Some(What::End(End::Complete)) => last_step.map_or(whole, |entry| entry.at.0),
        _ => whole,
    };
    (script, whole)
}

fn say(fuzzed: &Fuzzed, said: &str, took: f64, options: &FuzzOptions) -> Result<(), Trouble> {
    let mut text = said.to_owned();
    text.push_str(&fuzzing::terminal(fuzzed, Paint { color: true }));
    let threads = threads(options.jobs);
    let rate = fuzzed.sums.cases as f64 / took.max(0.001);
    text.push_str(&format!(
        "{took:.1} s on {threads} threads: {rate:.0} cases a second\n"
    ));
    tell::say_and_report(&text, &options.report, |format| match format {
        FuzzFormat::Ndjson => fuzzing::ndjson(fuzzed),
    })
}

fn progress(most: u64, is_open: bool) -> ProgressBar {
    let Some(target) = progress_target() else {
        return ProgressBar::hidden();
    };
    let (length, form) = match is_open {
        true => (None, "{spinner} {pos} cases, {per_sec}, {elapsed}, {msg}"),
        false => (
            Some(most),
            "{bar:30} {pos}/{len} cases, {per_sec}, {elapsed}, {msg}",
        ),
    };
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(length, target).with_style(style)
}
