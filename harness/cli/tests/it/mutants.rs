//! Deviations: every one is sound, a known one turns a run red, and honest peers stay clean.

use conformance::case::{Case, DEFAULT_SEED};
use conformance::deviation::{Deviation, Deviations};
use conformance::judge::{self, Fault, Verdict};
use conformance::library::Library;
use conformance::source::Source;

use crate::canary::{scenarios, sources};
use crate::program::kickout;

fn library() -> Library {
    Library::read(
        &sources("fixtures/profiles"),
        &sources("fixtures/requirements"),
    )
    .expect("the data is sound")
}

fn deviations(library: &Library) -> Deviations {
    Deviations::read(&sources("fixtures/deviations"), library)
        .unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn verdict(deviation: Option<&Deviation>, scenario: &str, profile: &str) -> Verdict {
    let library = library();
    let scenarios = scenarios(&library);
    let ends = |name: &str| name.ends_with(scenario);
    let scenario = scenarios
        .iter()
        .find(|s| ends(&s.name))
        .expect("it is there");
    let profile = library.profiles.get(profile).expect("it is there");
    let mut case = Case::new(scenario, profile, DEFAULT_SEED);
    if let Some(deviation) = deviation {
        case = case.played_by(deviation.subject(profile).expect("it changes something"));
    }
    let transcript = runner::run_case(&case).expect("the harness is sound");
    judge::judge(&case, &transcript, &library.catalogue, &library.rules)
        .expect("it is of this very scenario")
}

#[test]
fn every_switch_and_every_file_belong_together() {
    let library = library();
    let deviations = deviations(&library);
    assert!(deviations.all().len() >= 100, "{}", deviations.all().len());
    for deviation in deviations.all() {
        let mut profiles = library.profiles.runnable();
        let changes = profiles.any(|profile| deviation.subject(profile).is_some());
        assert!(changes, "{} changes nothing anywhere", deviation.name);
    }
}

#[test]
fn a_deviation_is_found_and_is_not_the_harness_fault() {
    let library = library();
    let deviations = deviations(&library);
    let deviation = deviations.get("knocks-after-a-kick").expect("it is there");
    let found = verdict(Some(deviation), "kick/newer_login_wins", "zego-zim");
    let right = found
        .findings
        .iter()
        .find(|finding| deviation.is_named_by(finding));
    assert_eq!(right.map(|finding| finding.fault), Some(Fault::Client));
}

#[test]
fn honest_peers_are_not() {
    let found = verdict(None, "kick/newer_login_wins", "zego-zim");
    assert_eq!(found.findings, []);
}

#[test]
fn what_is_wrong_with_a_deviation_is_said() {
    let library = library();
    let wrong = |entry: &str| {
        let source = Source {
            path: "wrong.yaml".into(),
            text: format!("deviations:\n  - {entry}\n"),
        };
        let broken = Deviations::read(&[source], &library).expect_err("it is wrong");
        broken[0].diagnostics[0].code.to_owned()
    };
    let party = "party: [server]";
    for (entry, code) in [
        (
            format!("{{ name: older-left-onlin, {party}, breaks: {{ rules: [I1] }} }}"),
            "unknown-deviation",
        ),
        (
            format!("{{ name: older-left-online, {party}, breaks: {{ rules: [I99] }} }}"),
            "unknown-rule",
        ),
        (
            format!("{{ name: older-left-online, {party}, breaks: {{ rows: [ZIM-999] }} }}"),
            "unknown-requirement",
        ),
        (
            format!("{{ name: older-left-online, {party}, breaks: {{}} }}"),
            "idle-deviation",
        ),
        (
            "{ name: older-left-online, party: [app], breaks: { rules: [I1] } }".into(),
            "wrong-party",
        ),
        (
            format!(
                "{{ name: a, {party}, does: b, rules: {{ devices: {{ victims: latest }} }}, breaks: {{ rules: [I1] }} }}"
            ),
            "unknown-key",
        ),
        (
            format!(
                "{{ name: older-left-online, {party}, breaks: {{ rules: [I1] }}, profiles: [acme] }}"
            ),
            "unknown-profile",
        ),
    ] {
        assert_eq!(wrong(&entry), code, "{entry}");
    }
}

/// Without the scenario that alone catches it, a deviation survives and is named.
#[test]
fn a_scenario_that_is_taken_away_is_missed() {
    let suite = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |names: &[&str]| {
        for name in names {
            let to = folder.path().join(name);
            std::fs::create_dir_all(to.parent().expect("it has a folder")).expect("writable");
            std::fs::copy(suite.join(name), to).expect("it is there");
        }
    };
    let mutants = || {
        let arguments = ["mutants", ".", "--filter", "old-ticket-shown"];
        kickout(folder.path(), &arguments)
    };
    copy(&["kick/newer_login_wins.yaml", "expiry/renewed_in_time.yaml"]);
    let without = mutants();
    assert_eq!(without.code, 1, "{}{}", without.stdout, without.stderr);
    assert!(
        without.stdout.contains("old-ticket-shown"),
        "{}",
        without.stdout
    );
    copy(&["expiry/a_renewed_ticket_is_shown_on_the_next_link.yaml"]);
    let with = mutants();
    assert_eq!(with.code, 0, "{}{}", with.stdout, with.stderr);
}
