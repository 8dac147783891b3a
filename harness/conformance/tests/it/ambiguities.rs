//! Questions, readings and positions fit together: every one is there, every knob turns, and every
//! profile has the reading it says it has.

use std::collections::BTreeSet;

use conformance::library::Library;
use conformance::profile::Profile;

use crate::requirements::library;

/// The profiles of a catalogue.
fn of<'l>(library: &'l Library, catalogue: &'l str) -> impl Iterator<Item = &'l Profile> {
    let runnable = library.profiles.runnable();
    runnable.filter(move |profile| profile.catalogue == catalogue)
}

#[test]
fn all_of_them_are_there() {
    let library = library();
    let mut wanted: BTreeSet<String> = ["EXP-021", "ZIM-058"].map(String::from).into();
    wanted.extend((1..=53).map(|number| format!("Z-AMB-{number:02}")));
    wanted.extend((1..=50).map(|number| format!("T-AMB-{number:02}")));
    let there: BTreeSet<String> = library.ambiguities.all().map(|a| a.id.clone()).collect();
    assert_eq!(there, wanted);
}

#[test]
fn every_position_is_taken_in_one_place() {
    let library = library();
    let mut wrong = Vec::new();
    for ambiguity in library.ambiguities.all() {
        for catalogue in &ambiguity.catalogues {
            let mut profiles = of(&library, catalogue).peekable();
            if profiles.peek().is_none() {
                wrong.push(format!("{}: no profile has {catalogue}", ambiguity.id));
            }
            for profile in profiles {
                let recorded = profile.positions.contains_key(&ambiguity.id);
                if recorded == ambiguity.position.is_some() {
                    wrong.push(format!("{} of {}", ambiguity.id, profile.id));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0], "taken twice, or not at all");
}

#[test]
fn every_position_is_about_a_question() {
    let library = library();
    let mut wrong = Vec::new();
    for profile in library.profiles.all() {
        let cited = profile.sources.values().filter_map(|p| p.position.as_ref());
        for id in profile.positions.keys().chain(cited) {
            if library.ambiguities.get(id).is_none() {
                wrong.push(format!("{}: {id}", profile.id));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_note_names_questions_that_exist() {
    let library = library();
    let mut wrong = Vec::new();
    for row in library.catalogue.all() {
        let note = row.note.as_deref().unwrap_or_default();
        let words = note.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        for id in words.filter(|word| word.contains("-AMB-")) {
            match library.ambiguities.get(id) {
                Some(question) if question.rows.contains(&row.id) => {}
                _ => wrong.push(format!("{}: {id}", row.id)),
            }
        }
    }
    assert_eq!(
        wrong, [""; 0],
        "named by a row that the question does not name"
    );
}

#[test]
fn every_knob_turns() {
    let library = library();
    let mut wrong = Vec::new();
    for ambiguity in library.ambiguities.all() {
        let catalogues = ambiguity.catalogues.iter();
        let profile = catalogues.flat_map(|name| of(&library, name)).next();
        let profile = profile.expect("the catalogue has a profile");
        for reading in ambiguity
            .readings
            .iter()
            .filter(|reading| !reading.by.is_empty())
        {
            if let Err(why) = profile.with(&reading.by) {
                wrong.push(format!("{}: {}: {why}", ambiguity.id, reading.is));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_profile_has_one_reading_of_each_question() {
    let library = library();
    let mut wrong = Vec::new();
    for ambiguity in library.ambiguities.all() {
        if ambiguity.knobs().is_empty() {
            continue;
        }
        for profile in ambiguity
            .catalogues
            .iter()
            .flat_map(|name| of(&library, name))
        {
            let readings = ambiguity.read_by(profile).len();
            if readings > 1 || (readings == 0 && !ambiguity.is_undocumented(profile)) {
                wrong.push(format!("{} has {readings} of {}", profile.id, ambiguity.id));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
