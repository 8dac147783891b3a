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
    let first = play();
    assert!(first.len() > 50, "the suite was not read");
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..2).map(|_| scope.spawn(play)).collect();
        for other in others {
            for (name, bytes) in other.join().expect("it played before") {
                assert_eq!(bytes, first[&name], "{name}");
            }
        }
    });
}
