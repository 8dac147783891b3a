//! Every scenario of the suite, written out and read again, is the same scenario.

use std::collections::BTreeSet;
use std::sync::Arc;

use conformance::emit;
use conformance::library::Library;
use conformance::scenario::{Act, Action, Scenario, Then};

use crate::files;

#[test]
fn the_suite_survives_being_written() {
    let profiles = files("fixtures/profiles", ".yaml");
    let requirements = files("fixtures/requirements", ".yaml");
    let library = Library::read(&profiles, &requirements).expect("the data is sound");
    let mut compared = 0;
    for source in files("scenarios", ".yaml") {
        let path = source.path.clone();
        let one = library
            .scenario(Arc::new(source), "one")
            .expect("the suite is sound");
        let written = emit::scenario(one.clone(), &path, &[]);
        let text = &written.source.text;
        let two = library
            .scenario(Arc::clone(&written.source), "one")
            .unwrap_or_else(|wrong| panic!("{path} became\n{text}\n{wrong:#?}"));
        assert_eq!(parts(&two), parts(&written), "{path} became\n{text}");
        if !gives_a_name_again(&one) {
            assert_eq!(parts(&two), parts(&one), "{path} became\n{text}");
        }
        let places =
            |scenario: &Scenario| -> Vec<_> { scenario.steps.iter().map(|s| s.span).collect() };
        assert_eq!(places(&two), places(&written), "{path}");
        compared += 1;
    }
    assert!(compared > 300, "only {compared} scenarios were compared");
}

/// Everything but the text and the places in it.
fn parts(scenario: &Scenario) -> String {
    let steps: Vec<_> = scenario
        .steps
        .iter()
        .map(|s| (&s.covers, &s.action))
        .collect();
    format!(
        "{:#?}",
        (
            (
                &scenario.title,
                &scenario.about,
                &scenario.tags,
                &scenario.needs
            ),
            (
                &scenario.profiles,
                &scenario.depends,
                &scenario.console,
                &scenario.clients
            ),
            (
                &scenario.covers,
                &scenario.violates,
                scenario.leave_faults,
                steps
            ),
        )
    )
}

/// The rounds of a `repeat` may; outside of one nothing may.
fn gives_a_name_again(scenario: &Scenario) -> bool {
    let mut names = BTreeSet::new();
    scenario.steps.iter().any(|step| match &step.action {
        Action::Mark(name)
        | Action::Act(Act::Call {
            then: Then::GoOn(name),
            ..
        }) => !names.insert(name),
        _ => false,
    })
}
