use std::collections::BTreeMap;

use conformance::library::Library;
use conformance::plan;

use super::*;
use crate::library;

/// Enough for every feature to be on and off many times.
const SEEDS: u64 = 60;

fn each(mut check: impl FnMut(&Library, &Alphabet<'_>, &Scenario)) {
    let library = library();
    for profile in library.profiles.runnable() {
        let alphabet = Alphabet::of(profile);
        for seed in 0..SEEDS {
            check(&library, &alphabet, &scenario(&alphabet, seed));
        }
    }
}

#[test]
fn what_is_generated_is_sound_and_reads_back_as_itself() {
    each(|library, alphabet, scenario| {
        let text = &scenario.source.text;
        let again = library
            .scenario(Arc::clone(&scenario.source), &scenario.name)
            .unwrap_or_else(|wrong| panic!("{text}\n{wrong:#?}"));
        assert_eq!(again.clients, scenario.clients, "{text}");
        assert_eq!(again.console, scenario.console, "{text}");
        assert_eq!(again.steps, scenario.steps, "{text}");
        assert_eq!(again.hash, scenario.hash);
        assert_eq!(
            plan::not_applicable(&again, alphabet.profile),
            None,
            "{text}"
        );
    });
}

#[test]
fn a_seed_is_always_the_same_scenario() {
    each(|_, alphabet, one| {
        let seed = one.name.trim_start_matches("seed-").parse().unwrap();
        let two = scenario(alphabet, seed);
        assert_eq!(two.source.text, one.source.text);
    });
}

/// Whoever changes the generator raises [`VERSION`]: a kept seed would mean another case.
#[test]
fn the_version_stands_for_these_scenarios() {
    use sha2::{Digest, Sha256};
    let mut all = Sha256::new();
    each(|_, _, scenario| all.update(scenario.source.text.as_bytes()));
    let hash: String = all
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    insta::assert_snapshot!(format!("version {VERSION}: {hash}"));
}

#[test]
fn every_act_of_the_language_is_drawn() {
    let mut drawn: BTreeMap<String, u32> = BTreeMap::new();
    each(|_, _, scenario| {
        for step in &scenario.steps {
            let Action::Act(act) = &step.action else {
                panic!("nothing is observed")
            };
            let word = match act {
                Act::Call { call, .. } => format!("call {}", call.api.api()),
                Act::Advance(_) => "advance".into(),
                Act::Network { change, .. } => {
                    format!("network {:?}", change.is.map(|is| is.word()))
                }
                Act::App { is, .. } => format!("app {is}"),
                Act::Clock { .. } => "clock".into(),
                Act::On { .. } => "on".into(),
                Act::TokenProvider { .. } => "token-provider".into(),
                Act::Server(act) => {
                    let said = format!("{act:?}");
                    format!(
                        "server {}",
                        said.split([' ', '(', '{']).next().unwrap_or_default()
                    )
                }
            };
            *drawn.entry(word).or_default() += 1;
        }
    });
    let rare: Vec<_> = drawn.iter().filter(|(_, times)| **times < 5).collect();
    assert!(rare.is_empty(), "hardly ever drawn: {rare:?}");
    insta::assert_snapshot!(
        drawn
            .keys()
            .map(|word| format!("{word}\n"))
            .collect::<String>()
    );
}
