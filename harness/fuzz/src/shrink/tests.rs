//! Shrinking against carriers that break a rule when certain things meet in a script.

use conformance::case::Case;
use conformance::scenario::{AppAct, NetworkWord};
use conformance::transcript::{Entry, Transcript};

use super::*;
use crate::generate;
use crate::hunt::{By, NotPlayed};
use crate::library;

/// Plays for real, and adds a call that nobody ever answers when `is_bad` says so.
fn breaking(
    is_bad: impl Fn(&Scenario) -> bool + Sync,
) -> impl Fn(&Case<'_>) -> Result<Transcript, NotPlayed> + Sync {
    move |case| match is_bad(case.scenario) {
        true => Err("as planned".into()),
        false => Ok(Transcript {
            header: header(case),
            entries: Vec::<Entry>::new(),
        }),
    }
}

fn header(case: &Case<'_>) -> conformance::transcript::Header {
    conformance::transcript::Header {
        format: conformance::transcript::FORMAT,
        scenario: case.scenario.name.clone(),
        scenario_hash: case.scenario.hash.clone(),
        profile: case.profile.id.clone(),
        profile_hash: case.profile.hash.clone(),
        seed: case.seed,
        client_subject: "reference".into(),
        server_subject: "reference".into(),
    }
}

fn acts(scenario: &Scenario) -> impl Iterator<Item = &Act> {
    scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Act(act) => Some(act),
        _ => None,
    })
}

#[test]
fn what_does_not_matter_goes() {
    let library = library();
    let profile = library.profiles.runnable().next().unwrap();
    let alphabet = Alphabet::of(profile);
    // It takes a crash after a broken flow, and more than seven seconds in all.
    let is_bad = |scenario: &Scenario| {
        let broken = acts(scenario).position(|act| {
            matches!(act, Act::Network { change, .. } if change.is == Some(NetworkWord::Reset))
        });
        let crashed = acts(scenario).position(|act| {
            matches!(
                act,
                Act::App {
                    is: AppAct::Crashed,
                    ..
                }
            )
        });
        let waited: u64 = acts(scenario)
            .map(|act| {
                if let Act::Advance(length) = act {
                    length.0
                } else {
                    0
                }
            })
            .sum();
        matches!((broken, crashed), (Some(broken), Some(crashed)) if broken < crashed)
            && waited > 7_000
    };
    let play = breaking(is_bad);
    let catch = Catch {
        by: By::Broke("as planned".into()),
        rows: Vec::new(),
    };
    let mut shrunk = 0;
    for seed in 0..20_000 {
        let whole = generate::scenario(&alphabet, seed);
        if !is_bad(&whole) {
            continue;
        }
        let small = shrink(whole, &catch, &alphabet, &library, &play);
        let text = &small.scenario.source.text;
        assert_eq!(small.scenario.clients.len(), 1, "{text}");
        assert_eq!(small.scenario.steps.len(), 3, "{text}");
        assert!(
            text.contains("advance: 9s")
                || text.contains("advance: 10s")
                || text.contains("advance: 8s"),
            "{text}"
        );
        assert!(small.tries <= MOST_TRIES);
        shrunk += 1;
        if shrunk == 5 {
            return;
        }
    }
    panic!("only {shrunk} scenarios had what it takes");
}

#[test]
fn another_failure_is_not_taken_for_this_one() {
    let library = library();
    let profile = library.profiles.runnable().next().unwrap();
    let alphabet = Alphabet::of(profile);
    let play = |case: &Case<'_>| -> Result<Transcript, NotPlayed> {
        // With few steps left something else breaks.
        let why = match case.scenario.steps.len() > 4 {
            true => "this",
            false => "that",
        };
        Err(NotPlayed::Harness(why.into()))
    };
    let catch = Catch {
        by: By::Broke("this".into()),
        rows: Vec::new(),
    };
    let whole = (0..)
        .map(|seed| generate::scenario(&alphabet, seed))
        .find(|s| s.steps.len() > 10)
        .unwrap();
    let small = shrink(whole, &catch, &alphabet, &library, &play);
    assert_eq!(small.scenario.steps.len(), 5);
}
