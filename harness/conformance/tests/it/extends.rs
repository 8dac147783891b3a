//! `extends`: what is merged, what is refused, and where the complaint points.

use conformance::diagnostic;
use conformance::profile::{Capability, Profile, Profiles};
use conformance::source::Source;
use session::rules::{WarningLead, Window};
use session::time::Millis;
use session::words::{ErrorWord, Event};

use crate::files;

/// The repository's profiles and these.
fn with(texts: &[&str]) -> Result<Profiles, String> {
    let mut sources = files("fixtures/profiles", ".yaml");
    for (number, text) in texts.iter().enumerate() {
        sources.push(Source {
            path: format!("mine-{number}.yaml"),
            text: (*text).to_owned(),
        });
    }
    Profiles::read(&sources).map_err(|broken| {
        broken
            .iter()
            .map(|file| diagnostic::render(&file.source, &file.diagnostics, false))
            .collect()
    })
}

fn mine(text: &str) -> Profile {
    let profiles = with(&[text]).unwrap_or_else(|wrong| panic!("{wrong}"));
    profiles.get("mine").expect("it is there").clone()
}

fn complaint(texts: &[&str]) -> String {
    with(texts).expect_err("it must be refused")
}

#[test]
fn a_small_extension_changes_what_it_says_and_nothing_else() {
    let base = mine("id: mine\nextends: zego-zim\n");
    let changed = mine(
        "id: mine\nextends: zego-zim\nrules: { reconnect: { window: 5m } }\n\
         errors: { already-logged-in: { code: 1 } }\n",
    );
    let five_minutes = Window::Bounded(Millis::seconds(300));
    assert_eq!(changed.rules.reconnect.window, five_minutes);
    assert_eq!(changed.rules.heartbeat, base.rules.heartbeat);
    assert_eq!(changed.errors[&ErrorWord::AlreadyLoggedIn].code, 1);
    let untouched = ErrorWord::NotLoggedIn;
    assert_eq!(changed.errors[&untouched], base.errors[&untouched]);
    assert!(changed.descends_from("zego-zim") && changed.descends_from("baseline"));
    assert!(!changed.r#abstract, "being abstract is not inherited");
    assert_ne!(changed.hash, base.hash);
}

#[test]
fn lists_replace_and_null_removes() {
    let profile = mine(
        "id: mine\nextends: zego-zim\ncapabilities: [accounts]\nevents: { token-expired: ~ }\n",
    );
    // And those that follow from its rules.
    assert!(!profile.capabilities.contains(&Capability::UserMessages));
    assert!(profile.capabilities.contains(&Capability::TokenWarning));
    assert!(!profile.events.contains_key(&Event::TokenExpired));
}

#[test]
fn undocumented_keeps_the_ancestors_value_and_is_remembered() {
    let profile =
        mine("id: mine\nextends: zego-zim\nrules: { token: { warning-lead: undocumented } }\n");
    let lead = WarningLead::Before(Millis::seconds(30));
    assert_eq!(profile.rules.token.warning_lead, lead);
    assert!(profile.undocumented.contains("rules.token.warning-lead"));
    let heir = with(&[
        "id: mine\nextends: zego-zim\nrules: { token: { warning-lead: undocumented } }\n",
        "id: heir\nextends: mine\nrules: { token: { warning-lead: 10s } }\n",
    ]);
    let heir = heir.unwrap();
    let heir = heir.get("heir").unwrap();
    assert!(heir.undocumented.is_empty(), "{:?}", heir.undocumented);
}

#[test]
fn undocumented_without_a_value_to_fall_back_on_is_refused() {
    let said = complaint(&["id: mine\nextends: zego-zim\nerrors: { displaced: undocumented }\n"]);
    assert!(
        said.contains("`errors.displaced` is undocumented"),
        "{said}"
    );
    assert!(said.contains("mine-0.yaml:3:22"), "{said}");
}

#[test]
fn an_empty_value_that_removes_nothing_is_refused() {
    for text in ["nonsense:", "rules: { bogus-knob: }"] {
        let said = complaint(&[&format!("id: mine\nextends: zego-zim\n{text}\n")]);
        assert!(said.contains("is empty, and no ancestor has it"), "{said}");
    }
}

#[test]
fn cycles_and_unknown_ancestors_are_told() {
    let said = complaint(&["id: mine\nextends: other\n", "id: other\nextends: mine\n"]);
    assert!(said.contains("extends itself by way of"), "{said}");
    let said = complaint(&["id: mine\nextends: zego-zimm\n"]);
    assert!(said.contains("there is no profile `zego-zimm`"), "{said}");
    assert!(said.contains("zego-zim"), "{said}");
}

#[test]
fn wrong_values_are_told_on_their_line() {
    for (text, said, place) in [
        (
            "rules: { reconect: { window: 5m } }",
            "unknown key `reconect`",
            "3:10",
        ),
        (
            "rules: { reconnect: { window: 5 } }",
            "invalid type",
            "3:31",
        ),
        (
            "rules: { reconnect: { window: 5mm } }",
            "the units are",
            "3:31",
        ),
        (
            "rules: { token: { on-expiry: dance } }",
            "`dance` is not a known choice",
            "3:30",
        ),
        ("calls: { dance: x }", "`dance` is not a known call", "3:"),
        ("colour: red", "unknown key `colour`", "3:1"),
    ] {
        let shown = complaint(&[&format!("id: mine\nextends: zego-zim\n{text}\n")]);
        assert!(shown.contains(said), "{text}: {shown}");
        assert!(
            shown.contains(&format!("mine-0.yaml:{place}")),
            "{text}: {shown}"
        );
    }
}

#[test]
fn a_profile_without_an_id_or_twice_is_refused() {
    assert!(complaint(&["extends: zego-zim\n"]).contains("needs an `id`"));
    let twice = complaint(&[
        "id: mine\nextends: zego-zim\n",
        "id: mine\nextends: zego-zim\n",
    ]);
    assert!(twice.contains("stands in two files"), "{twice}");
}

#[test]
fn a_part_of_a_pause_is_at_most_all_of_it() {
    let with_jitter = |percent: &str| {
        format!(
            "id: mine\nextends: zego-zim\nrules: {{ reconnect: {{ jitter-percent: {percent} }} }}\n"
        )
    };
    assert_eq!(
        mine(&with_jitter("100")).rules.reconnect.jitter_percent,
        100
    );
    for bad in ["101", "-3", "half"] {
        let said = complaint(&[&with_jitter(bad)]);
        assert!(said.contains("a percentage from 0 to 100"), "{said}");
        assert!(said.contains("mine-0.yaml:3"), "{said}");
    }
}
