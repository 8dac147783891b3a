//! The third opinion: real time and this machine's own sockets.

mod suite;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::case::Case;
use conformance::director::Director;
use conformance::judge::{self, REFERENCE, Verdict};
use conformance::transcript::Transcript;
use runner::live::{self, Live};
use runner::peers::ReferencePeers;
use runner::{HarnessError, run_case};
use session::time::Time;
use suite::Suite;

/// So many cases wait at once; hardly any of them has something to do.
const AT_ONCE: usize = 96;

/// A case that differs is played again, so often: the machine may have been busy elsewhere.
const TRIES: usize = 3;

/// What hangs on the clock to the millisecond, and why.
const KNOWN: [(&str, &str); 3] = [
    (
        "expiry/zim_renew_token_in_time",
        "the whole seconds that a warning states are one less when it is a moment late",
    ),
    ("expiry/zim_short_tokens_at_a_login", "the same"),
    (
        "rooms/express_1002072_too_many_logins_a_second",
        "two hundred logins take longer than a second at a fast pace",
    ),
];

fn played(case: &Case<'_>, pace: u32) -> Result<Transcript, HarnessError> {
    let director = Director::new(case, REFERENCE, REFERENCE);
    let mut peers = ReferencePeers::new(case);
    live::run(case, director, &mut peers, &Live::at_pace(pace))
}

/// Plays every `nth` case that takes up to `longest` in real time, too; returns how many.
fn agree(nth: usize, pace: u32, longest: Time) -> usize {
    let suite = Suite::read();
    let cases = suite.cases();
    let cases: Vec<&Case<'_>> = cases.iter().step_by(nth).collect();
    let next = AtomicUsize::new(0);
    let compared = AtomicUsize::new(0);
    let differ = Mutex::new(Vec::new());
    let grade = |case: &Case<'_>, transcript: &Transcript| -> Verdict {
        let (catalogue, rules) = (&suite.library.catalogue, &suite.library.rules);
        judge::judge(case, transcript, catalogue, rules).expect("its own transcript")
    };
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = format!("{} under {}", case.scenario.name, case.profile.id);
            let ours = run_case(case).unwrap_or_else(|error| panic!("{name}: {error}"));
            if ours.entries.last().is_none_or(|last| last.at > longest) {
                continue;
            }
            let mut live = (*case).clone();
            Live::at_pace(pace).prepare(&mut live);
            let ours = grade(case, &ours);
            let is_known = KNOWN.iter().any(|(known, _)| *known == case.scenario.name);
            let theirs = (0..TRIES).map(|_| {
                let theirs = played(&live, pace).unwrap_or_else(|error| panic!("{name}: {error}"));
                grade(&live, &theirs)
            });
            let mut last = None;
            let agrees = |theirs: &Verdict| theirs.grade == ours.grade || is_known;
            if !theirs
                .inspect(|theirs| last = Some(theirs.clone()))
                .any(|one| agrees(&one))
            {
                let mut differ = differ.lock().expect("nobody panicked");
                differ.push(format!("{name}: {ours:#?}\nin real time: {last:#?}"));
            }
            compared.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let differ = differ.into_inner().expect("nobody panicked");
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
    compared.into_inner()
}

#[test]
fn a_few_cases_agree_in_real_time() {
    let compared = agree(40, 8, Time(200_000));
    assert!(compared >= 5, "{compared}");
}

#[test]
#[ignore = "takes a minute"]
fn every_case_of_half_a_minute_agrees_in_real_time() {
    let pace = 10;
    let compared = agree(1, pace, Time(30_000 * u64::from(pace)));
    assert!(compared > 300, "{compared}");
}
