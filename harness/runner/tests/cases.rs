//! The built-in scenarios with the reference peers.

mod suite;

use std::collections::BTreeMap;

use runner::run_case;
use suite::Suite;

#[test]
fn every_case_gives_the_same_bytes_every_time_and_in_every_thread() {
    let suite = Suite::read();
    let cases = suite.cases();
    let play = || -> BTreeMap<String, String> {
        let named = cases.iter().map(|case| {
            let name = format!("{} under {}", case.scenario.name, case.profile.id);
            let transcript = run_case(case).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, transcript.to_jsonl())
        });
        named.collect()
    };
    // Two threads at once; one of them has played some of it before.
    let again: Vec<String> = cases
        .iter()
        .filter(|case| case.scenario.clients.len() < 20)
        .step_by(10)
        .map(|case| run_case(case).expect("the harness is sound").to_jsonl())
        .collect();
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(play);
        (play(), other.join().expect("it plays here"))
    });
    assert!(first.len() > 50, "the suite was not read");
    for (name, bytes) in &second {
        assert_eq!(*bytes, first[name], "{name}");
    }
    for bytes in &again {
        assert!(first.values().any(|known| known == bytes), "{bytes:.200}");
    }
}
