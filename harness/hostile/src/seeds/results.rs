//! Stored results of each kind, small ones.

use std::collections::BTreeMap;

use conformance::case::Case;
use conformance::judge;
use report::fuzzing::{self, Caught, Fuzzed, Reached, Sums};
use report::mutants::{self, Mutant, Mutants, Outcome, Unproven};
use report::ndjson;
use report::results::{
    CaseResult, FORMAT, Head, Kind, Known, Of, Profile, Record, Requirement, Results, Rule,
    Scenario, Selection, Shard,
};

use crate::files;

/// They, as text.
///
/// # Panics
/// The suite is not sound.
pub fn results() -> Vec<Vec<u8>> {
    let texts = [
        ndjson::render(&of_a_run()),
        fuzzing::ndjson(&of_random_scenarios()),
        mutants::ndjson(&of_deviations()),
    ];
    texts.map(String::into_bytes).to_vec()
}

fn of_a_run() -> Results {
    let library = files::library();
    let run = super::transcripts()
        .iter()
        .find(|run| run.entries.len() < 40)
        .expect("a short one");
    let scenario = files::short_scenarios()
        .iter()
        .find(|scenario| scenario.name == run.header.scenario)
        .expect("it was played");
    let profile = library
        .profiles
        .get(&run.header.profile)
        .expect("it was played");
    let case = Case::new(scenario, profile, run.header.seed);
    let verdict = judge::judge(&case, run, &library.catalogue, &library.rules).expect("its own");
    let mut result = CaseResult::judged(scenario, run, verdict, library, "kickout run");
    result.transcript_differs(
        Kind::TranscriptChanged,
        "another".into(),
        "-a\n+b".into(),
        "x",
    );
    result.transcript = Some(Record::of(run));
    result.wall_us = Some(1_500);
    let mut results = Results::empty(Head {
        format: FORMAT,
        of: Of::Run,
        build: "0.1.0+0".into(),
        suite: "0123456789abcdef".into(),
        seed: run.header.seed,
        client: run.header.client_subject.clone(),
        server: run.header.server_subject.clone(),
        deviation: None,
        selection: Selection::default(),
        profiles: vec![profile.id.clone()],
        scenarios: vec![scenario.name.clone()],
        shard: Some(Shard { index: 1, of: 1 }),
        again: None,
        left_out: 0,
    });
    results.profiles = vec![Profile::of(profile)];
    results.requirements = Requirement::all(&[profile], library);
    results.requirements.truncate(3);
    results.rules = Rule::all(library);
    results.rules.truncate(2);
    results.scenarios = vec![Scenario::of(scenario)];
    results.cases = vec![result];
    results.known = vec![Known {
        file: "known.yaml".into(),
        line: 2,
        text: "  - scenario: gone".into(),
        scenario: "gone".into(),
        profile: "*".into(),
        check: "*".into(),
        reason: "later".into(),
        link: None,
        findings: 0,
        cases: 0,
        passed: 0,
        elsewhere: false,
    }];
    results
}

fn of_random_scenarios() -> Fuzzed {
    Fuzzed {
        head: fuzzing::Head {
            format: FORMAT,
            of: Of::Fuzz,
            build: "0.1.0+0".into(),
            suite: "0123456789abcdef".into(),
            generator: 1,
            profiles: vec!["acme".into()],
            seed: 7,
            cases: Some(9),
            require_reach: true,
            shard: Some(Shard { index: 1, of: 1 }),
        },
        caught: vec![Caught {
            what: "I2 (ACM-041)".into(),
            broke: None,
            case: 3,
            sentence: "A kicked client never comes back by itself.".into(),
            profile: "acme".into(),
            seed: 10,
            cases: 2,
            file: Some("kept/i2.yaml".into()),
            steps: 4,
            tries: 60,
        }],
        reached: vec![Reached {
            mark: "second-renewal".into(),
            means: "a ticket is renewed a second time".into(),
            cases: 0,
        }],
        sums: Sums {
            cases: 9,
            played_twice: 1,
            long_cases: 2,
            virtual_ms: 900_000,
            script_seconds: BTreeMap::from([(3, 5), (200, 4)]),
            whole_seconds: BTreeMap::from([(60, 9)]),
        },
    }
}

fn of_deviations() -> Mutants {
    Mutants {
        head: mutants::Head {
            format: FORMAT,
            of: Of::Mutants,
            build: "0.1.0+0".into(),
            suite: "0123456789abcdef".into(),
            profiles: vec!["acme".into()],
            fuzz_budget: Some(100),
            deviations: vec!["knocks-after-a-kick".into()],
            shard: None,
        },
        deviations: vec![Mutant {
            name: "knocks-after-a-kick".into(),
            party: vec!["client".into()],
            does: "comes back after a kick".into(),
            breaks: vec!["ACM-041".into(), "I2".into()],
            reports: vec![17],
            profiles: 1,
            outcome: Outcome::Survived,
            catch: None,
            fuzzed: None,
        }],
        unproven: vec![Unproven {
            row: "ACM-001".into(),
            statement: "Something must hold.".into(),
            reason: None,
        }],
    }
}
