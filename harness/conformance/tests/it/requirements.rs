use conformance::decode::Broken;
use conformance::diagnostic;
use conformance::library::Library;
use conformance::requirement::Catalogue;
use conformance::rules;
use conformance::source::Source;

use crate::files;
use crate::profiles::profiles;

pub(crate) fn library() -> Library {
    let (profiles, requirements) = (
        files("fixtures/profiles", ".yaml"),
        files("fixtures/requirements", ".yaml"),
    );
    Library::read(&profiles, &requirements).unwrap_or_else(|broken| {
        let shown: Vec<String> = broken.iter().map(shown).collect();
        panic!("{}", shown.concat())
    })
}

fn catalogue() -> Catalogue {
    library().catalogue
}

fn shown(file: &Broken) -> String {
    diagnostic::render(&file.source, &file.diagnostics, false)
}

#[test]
fn all_rows_are_there() {
    let catalogue = catalogue();
    for (prefix, many) in [("EXP", 67), ("ZIM", 59), ("TIM", 67)] {
        for number in 1..=many {
            let id = format!("{prefix}-{number:03}");
            assert!(catalogue.get(&id).is_some(), "{id} is missing");
        }
    }
    assert_eq!(catalogue.all().count(), 67 + 59 + 67);
}

#[test]
fn rules_and_their_texts_agree() {
    let catalogue = catalogue();
    let texts = library().rules;
    let in_code: Vec<String> = rules::all().iter().map(|r| r.id().to_owned()).collect();
    let in_data: Vec<String> = texts.all().iter().map(|t| t.id.clone()).collect();
    assert_eq!(in_code, in_data);
    for (rule, text) in rules::all().iter().zip(texts.all()) {
        let aspects: Vec<&String> = text.rows.keys().collect();
        let mut known = rule.aspects().to_vec();
        known.sort_unstable();
        assert_eq!(aspects, known, "rule {}", text.id);
        for row in text.all_rows() {
            assert!(catalogue.get(row).is_some(), "rule {}: {row}", text.id);
        }
    }
}

#[test]
fn profiles_name_catalogues_that_exist() {
    let catalogue = catalogue();
    for profile in profiles().runnable() {
        let known = catalogue
            .all()
            .any(|row| row.catalogue == profile.catalogue);
        assert!(known, "{}: {}", profile.id, profile.catalogue);
    }
}

/// Reads these files about two rows, one of them binding, and shows what is wrong with them.
fn complaints(name: &str, text: &str) -> String {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let rows = "catalogue: acm\ndocument: Acme\nrequirements:\n\
        - { id: ACM-001, statement: It holds., strength: must, party: [client] }\n\
        - { id: ACM-002, statement: It is told., strength: info, party: [] }\n";
    let files = [source("acm.yaml", rows), source(name, text)];
    match Library::read(&[], &files) {
        Ok(_) => String::new(),
        Err(broken) => broken.iter().map(shown).collect(),
    }
}

#[test]
fn what_a_row_is_not_for_is_a_profile_of_its_catalogue() {
    let library = library();
    let mut wrong = Vec::new();
    for row in library.catalogue.all() {
        for id in row.not_for.keys() {
            let profile = library.profiles.get(id.trim_start_matches('='));
            if profile.is_none_or(|profile| profile.catalogue != row.catalogue) {
                wrong.push(format!("{}: {id}", row.id));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_row_is_for_the_profiles_it_does_not_exclude() {
    let library = library();
    let is_for = |row: &str, profile: &str| {
        let profile = library.profiles.get(profile).expect("it is there");
        library.catalogue.holds_for(row, profile)
    };
    // Offline login came with 2.13 (ZIM-012).
    assert!(is_for("ZIM-012", "zego-zim") && !is_for("ZIM-012", "zego-zim-2.8"));
    // Only the older generation has a character of several bytes (EXP-053).
    assert!(!is_for("EXP-053", "zego-express") && is_for("EXP-053", "zego-express-2.18"));
    assert!(!is_for("TIM-011", "zego-zim"), "another vendor's row");
}

#[test]
fn a_sound_exception_is_taken() {
    let text = "exceptions: [{ row: ACM-001, reason: It happens elsewhere. }]\n";
    assert_eq!(complaints("exceptions.yaml", text), "");
}

#[test]
fn what_is_wrong_with_an_exception_is_said_on_its_line() {
    insta::assert_snapshot!(complaints(
        "exceptions.yaml",
        "exceptions:\n\
         - { row: ACM-010, reason: No such row. }\n\
         - { row: ACM-002, reason: Nobody asks. }\n\
         - { row: ACM-001, reason: ' ' }\n\
         - { row: ACM-001, reason: Twice. }\n",
    ));
}

#[test]
fn a_rule_that_names_no_row_is_told_so_on_its_line() {
    insta::assert_snapshot!(complaints(
        "rules.yaml",
        "rules:\n- { id: I9, statement: It holds., rows: { whole: [ACM-001, ACM-01] } }\n",
    ));
}
