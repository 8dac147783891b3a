use crate::fuzzing;
use crate::results::{FORMAT, Of, Results, Shard, sample};

use super::{Part, runs};

fn part(index: u32, of: u32) -> Part<Results> {
    let mut results = sample::results();
    let shard = Shard { index, of };
    results.head.shard = Some(shard);
    results
        .cases
        .retain(|case| shard.holds_case(&case.scenario, &case.profile));
    let cases = &results.cases;
    results
        .scenarios
        .retain(|one| cases.iter().any(|case| case.scenario == one.name));
    for known in &mut results.known {
        known.findings = if index == 1 { known.findings } else { 0 };
        known.cases = known.findings;
    }
    Part {
        file: format!("{index}.ndjson"),
        results,
    }
}

fn wrong(parts: Vec<Part<Results>>) -> Vec<String> {
    runs(parts).expect_err("they are not the whole")
}

#[test]
fn a_case_is_in_one_part_and_stays_there() {
    for of in 1..9 {
        for case in &sample::results().cases {
            let holds =
                |index: &u32| Shard { index: *index, of }.holds_case(&case.scenario, &case.profile);
            assert_eq!((1..=of).filter(holds).count(), 1);
        }
    }
    // The first 16 hexadecimal digits of SHA-256, by another program.
    for (of, index) in [(2, 1), (5, 4), (7, 3)] {
        assert!(
            Shard { index, of }.holds_case("kick/newer_login_wins", "acme"),
            "{of}"
        );
    }
}

#[test]
fn parts_in_any_order_are_the_whole() {
    for of in [1, 2, 4] {
        let parts = (1..=of).rev().map(|index| part(index, of)).collect();
        assert_eq!(runs(parts).expect("all are there"), sample::results());
    }
}

#[test]
fn everything_that_keeps_parts_from_being_the_whole_is_told_at_once() {
    let mut other = part(2, 3);
    other.results.head.build = "0.2.0+1".into();
    let mut fewer = part(3, 3);
    let gone = fewer.results.cases.pop().expect("there are some");
    let said = wrong(vec![part(1, 3), other, fewer]);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert_eq!(
        said[0],
        "2.ndjson: it has another build (\"0.2.0+1\", not \"0.1.0+0\") than 1.ndjson"
    );
    assert_eq!(said[1], "missing: part 2/3");
    assert!(
        said[2].contains(&format!("{} under {}", gone.scenario, gone.profile)),
        "{}",
        said[2]
    );

    let mut cut = part(2, 2);
    cut.results.cases.clear();
    cut.results.head.left_out = 4;
    let said = wrong(vec![part(1, 2), cut]);
    assert!(
        said[0].contains("because the run ended with the first failure"),
        "{said:?}"
    );

    let mut listed = part(2, 2);
    listed.results.known[0].reason = "another".into();
    listed.results.rules.clear();
    let said = wrong(vec![part(1, 2), listed]);
    assert_eq!(
        said,
        [
            "2.ndjson: other rules than in 1.ndjson",
            "2.ndjson: another list of known failures than in 1.ndjson",
        ]
    );

    // However many parts somebody says there are.
    let said = wrong(vec![part(1, u32::MAX)]);
    assert!(said[0].contains("and 4294967289 more"), "{said:?}");
}

#[test]
fn ranges_of_random_cases_adjoin() {
    let head = |index, of| fuzzing::Head {
        format: FORMAT,
        of: Of::Fuzz,
        build: String::new(),
        suite: String::new(),
        generator: 1,
        profiles: Vec::new(),
        seed: 0,
        cases: Some(21_000),
        require_reach: false,
        shard: Some(Shard { index, of }),
    };
    for of in [1, 3, 7, 64] {
        let mut end = 0;
        for index in 1..=of {
            let (first, next) = head(index, of).range();
            assert_eq!(first, end);
            end = next;
        }
        assert_eq!(end, 21_000);
    }
}
