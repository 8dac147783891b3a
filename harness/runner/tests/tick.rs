//! The second opinion on our scheduler: turmoil's own simulation.

mod suite;

use conformance::case::Case;
use conformance::director::Director;
use conformance::judge::{self, REFERENCE};
use conformance::transcript::{Transcript, What};
use runner::peers::ReferencePeers;
use runner::tick::{self, DEFAULT_TICK};
use runner::{HarnessError, run_case};
use session::time::{Millis, Time};
use suite::Suite;

fn ticked(case: &Case<'_>) -> Result<Transcript, HarnessError> {
    let director = Director::new(case, REFERENCE, REFERENCE);
    tick::run(case, director, &mut ReferencePeers::new(case), DEFAULT_TICK)
}

/// Compares every `nth` case whose virtual time is not above `longest`; returns how many there were.
fn agree(nth: usize, longest: Time) -> usize {
    let suite = Suite::read();
    let mut compared = 0;
    let mut differ = Vec::new();
    for case in suite.cases().iter().step_by(nth) {
        // A tick of turmoil's asks every pair of hosts.
        if case.scenario.clients.len() > 12 {
            continue;
        }
        let name = format!("{} under {}", case.scenario.name, case.profile.id);
        let ours = run_case(case).unwrap_or_else(|error| panic!("{name}: {error}"));
        if ours.entries.last().is_none_or(|last| last.at > longest) {
            continue;
        }
        let theirs = match ticked(case) {
            Ok(transcript) => transcript,
            Err(HarnessError::Unsupported(_)) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let differences = tick::compare(&ours, &theirs, DEFAULT_TICK);
        if let Some(first) = differences.first() {
            differ.push(format!("{name}: {first:?}"));
        }
        let grade = |transcript| {
            let judged = judge::judge(
                case,
                transcript,
                &suite.library.catalogue,
                &suite.library.rules,
            );
            judged.expect("its own transcript")
        };
        let (ours, theirs) = (grade(&ours), grade(&theirs));
        if ours.grade != theirs.grade {
            let (ours, here, theirs, there) =
                (ours.grade, ours.findings, theirs.grade, theirs.findings);
            differ.push(format!(
                "{name}: {ours} here {here:?}, {theirs} there {there:?}"
            ));
        }
        compared += 1;
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    compared
}

#[test]
fn short_cases_agree() {
    assert!(agree(1, Time(180_000)) > 20);
}

#[test]
#[ignore = "takes minutes"]
fn every_other_case_of_up_to_half_an_hour_agrees() {
    assert!(agree(2, Time(30 * 60_000)) > 200);
}

const OUTAGE: &str = "
title: An outage
clients:
  phone: { user: alice }
steps:
  - login: phone
  - network: { client: phone, is: black-hole }
  - advance: 1s
";

#[test]
fn what_it_cannot_do_is_said() {
    let suite = Suite::read();
    let scenario = suite.scenario(OUTAGE);
    let error = ticked(&suite.case(&scenario, "zego-zim")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not possible here: `network: black-hole`, on the tick-driven simulation"
    );
}

#[test]
fn differences_are_found() {
    let suite = Suite::read();
    let scenario = suite.scenario(&OUTAGE.replace("black-hole", "down"));
    let case = suite.case(&scenario, "zego-zim");
    let good = run_case(&case).unwrap();
    assert_eq!(tick::compare(&good, &good, DEFAULT_TICK), []);
    let events = |entries: &[_]| {
        entries
            .iter()
            .position(|entry: &conformance::transcript::Entry| matches!(entry.what, What::Event(_)))
            .expect("a login has events")
    };
    // An event that is missing, and one that comes much too late.
    let mut missing = good.clone();
    missing.entries.remove(events(&missing.entries));
    let mut late = good.clone();
    let index = events(&late.entries);
    late.entries[index].at = late.entries[index].at + Millis(500);
    for bad in [missing, late] {
        let differences = tick::compare(&good, &bad, DEFAULT_TICK);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].actor, "phone");
    }
}
