use conformance::requirement::Catalogue;
use conformance::rules::{self, RuleTexts};

use crate::files;
use crate::profiles::profiles;

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for source in files("fixtures/requirements", ".yaml") {
        if !source.path.ends_with("rules.yaml") {
            catalogue
                .add(&source)
                .unwrap_or_else(|wrong| panic!("{}: {wrong:?}", source.path));
        }
    }
    catalogue
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
    let source = files("fixtures/requirements", "rules.yaml").remove(0);
    let texts = RuleTexts::read(&source).expect("the file is sound");
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
