use std::collections::BTreeMap;
use std::sync::Arc;

use conformance::library::Library;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::source::Source;

use super::{Coverage, Standing, Tally, WithProfile, markdown, ndjson, terminal};
use crate::results::{By, CaseResult, Decision, Status};
use crate::terminal::Paint;

const ROWS: &str = "\
catalogue: acm
document: Acme
requirements:
- { id: ACM-001, statement: It holds., strength: must, party: [client] }
- { id: ACM-002, statement: It holds | always., strength: must, implied: true, party: [server] }
- { id: ACM-003, statement: An app keeps it., strength: should, party: [app] }
- { id: ACM-004, statement: Nothing can tell., strength: must, party: [app] }
- { id: ACM-005, statement: It is told., strength: info, party: [] }
- { id: ACM-006, statement: It was so once., strength: must, party: [client], not-for: { acme: long ago } }
";

const EXCEPTIONS: &str = "exceptions: [{ row: ACM-004, reason: It happens elsewhere. }]";

const SCENARIO: &str = "\
title: T
clients: { phone: {} }
steps:
  - login: phone
    covers: [ACM-001, ACM-002, ACM-006]
";

/// What a case of a scenario under a profile came to.
type Came<'a> = (&'a str, &'a str, Status, Vec<Decision>);

struct World {
    library: Library,
    scenarios: Vec<Scenario>,
}

impl World {
    fn new(exceptions: &str) -> World {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/profiles/baseline.yaml"
        );
        let baseline = std::fs::read_to_string(folder).expect("it is there");
        let source = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let profile = |id: &str, extends: &str| {
            source(
                &format!("{id}.yaml"),
                &format!("id: {id}\nextends: {extends}\ncatalogue: acm\n"),
            )
        };
        let profiles = [
            source("baseline.yaml", &baseline),
            profile("acme", "baseline"),
            profile("acme-web", "acme"),
        ];
        let requirements = [
            source("acm.yaml", ROWS),
            source("exceptions.yaml", exceptions),
            source(
                "rules.yaml",
                "rules:\n- { id: A1, statement: S, rows: { whole: [ACM-003] } }\n",
            ),
        ];
        let library = Library::read(&profiles, &requirements).expect("sound files");
        let scenarios = ["kick/one", "kick/two"].map(|name| {
            let source = Arc::new(source(&format!("{name}.yaml"), SCENARIO));
            library.scenario(source, name).expect("a sound scenario")
        });
        World {
            library,
            scenarios: scenarios.into(),
        }
    }

    fn coverage(&self, came: Vec<Came<'_>>) -> Coverage {
        let scenarios: Vec<&Scenario> = self.scenarios.iter().collect();
        let profiles: Vec<&Profile> = self.library.profiles.runnable().collect();
        let results: Vec<CaseResult> = came
            .into_iter()
            .map(|(name, profile, status, decisions)| {
                let scenario = scenarios
                    .iter()
                    .find(|s| s.name == name)
                    .expect("one of them");
                CaseResult {
                    decisions,
                    ..CaseResult::unplayed(scenario, profile, 0, status, None)
                }
            })
            .collect();
        Coverage::of(&results, &scenarios, &profiles, &self.library)
    }
}

fn by_step(row: &str, held: bool) -> Decision {
    Decision {
        row: row.to_owned(),
        by: By::Step,
        rule: None,
        line: Some(4),
        held,
    }
}

fn by_rule(row: &str, by: By) -> Decision {
    Decision {
        by,
        rule: Some("A1".to_owned()),
        line: None,
        ..by_step(row, true)
    }
}

fn standings(coverage: &Coverage) -> BTreeMap<&str, Standing> {
    let rows = coverage.rows.iter();
    rows.map(|row| (row.id.as_str(), row.standing)).collect()
}

/// Held under one profile and broken under the other; on purpose; undecided; excepted.
fn mixed() -> Coverage {
    World::new(EXCEPTIONS).coverage(vec![
        (
            "kick/one",
            "acme",
            Status::Passed,
            vec![by_step("ACM-001", true), by_rule("ACM-003", By::OnPurpose)],
        ),
        (
            "kick/one",
            "acme-web",
            Status::Failed,
            vec![by_step("ACM-001", false)],
        ),
        (
            "kick/two",
            "acme",
            Status::Undocumented,
            vec![by_step("ACM-002", true)],
        ),
    ])
}

#[test]
fn every_row_has_one_standing() {
    let coverage = mixed();
    let wanted = BTreeMap::from([
        ("ACM-001", Standing::Broken),
        ("ACM-002", Standing::Undecided),
        ("ACM-003", Standing::Held),
        ("ACM-004", Standing::Excepted),
        ("ACM-005", Standing::Undecided),
        ("ACM-006", Standing::NotForThese),
    ]);
    assert_eq!(standings(&coverage), wanted);
    let binding = Tally {
        rows: 4,
        held: 1,
        broken: 1,
        undecided: 1,
        excepted: 1,
    };
    assert_eq!(coverage.binding(None), binding);
    assert_eq!(coverage.other(Some("acm")).undecided, 1);
    assert!(!coverage.is_complete());
    assert_eq!(coverage.stale_exceptions, [""; 0]);
    let first = &coverage.rows[0];
    assert_eq!(first.profiles["acme"], WithProfile::Decided(true));
    assert_eq!(first.profiles["acme-web"], WithProfile::Decided(false));
    assert_eq!(first.by_step["kick/one"].len(), 2);
}

#[test]
fn what_hangs_on_something_undocumented_decides_nothing_and_says_so() {
    let coverage = mixed();
    let reason = coverage.rows[1].reason.as_deref();
    assert_eq!(
        reason,
        Some(
            "covered by kick/one: the step was not reached or is for other profiles; \
              covered by kick/two: undocumented"
        )
    );
}

#[test]
fn a_row_about_apps_that_no_script_breaks_is_undecided() {
    let coverage = World::new(EXCEPTIONS).coverage(Vec::new());
    let row = coverage
        .rows
        .iter()
        .find(|row| row.id == "ACM-003")
        .unwrap();
    assert_eq!(row.standing, Standing::Undecided);
    let why = "rule A1 speaks of it, and no script breaks it on purpose";
    assert_eq!(row.reason.as_deref(), Some(why));
}

#[test]
fn an_exception_for_what_was_decided_is_stale() {
    let decided = vec![by_step("ACM-004", true)];
    let coverage =
        World::new(EXCEPTIONS).coverage(vec![("kick/one", "acme", Status::Passed, decided)]);
    assert_eq!(coverage.stale_exceptions, ["ACM-004"]);
    assert_eq!(standings(&coverage)["ACM-004"], Standing::Held);
}

#[test]
fn complete_is_decided_or_excepted_and_few_excepted() {
    let all = |rows: &[&str]| {
        rows.iter()
            .map(|row| by_step(row, true))
            .collect::<Vec<_>>()
    };
    let decided = all(&["ACM-001", "ACM-002", "ACM-003", "ACM-004"]);
    let without = World::new("exceptions: []");
    let coverage = without.coverage(vec![("kick/one", "acme", Status::Passed, decided)]);
    assert!(coverage.is_complete());
    // One of four is more than one of ten.
    let decided = all(&["ACM-001", "ACM-002", "ACM-003"]);
    let with = World::new(EXCEPTIONS);
    let coverage = with.coverage(vec![("kick/one", "acme", Status::Passed, decided)]);
    assert_eq!(coverage.binding(None).undecided, 0);
    assert!(!coverage.is_complete());
}

#[test]
fn for_people_at_a_terminal() {
    insta::assert_snapshot!(terminal::render(&mixed(), Paint { color: false }));
}

#[test]
fn for_a_file_that_is_kept() {
    insta::assert_snapshot!(markdown::render(&mixed()));
}

#[test]
fn for_programs() {
    let text = ndjson::render(&mixed(), 0);
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["head"]["format"], 1);
    assert_eq!(lines[1]["row"]["profiles"]["acme-web"]["decided"], false);
    assert_eq!(lines[6]["row"]["profiles"]["acme"]["not-for"], "long ago");
    assert_eq!(lines.last().unwrap()["foot"]["binding"]["excepted"], 1);
}
