//! Failures that are known; and what is played again.

use std::path::Path;

use crate::program::{Ended, kickout, scenario};
use crate::stored::{MIXED, read};

fn run(folder: &Path, more: &[&str]) -> Ended {
    kickout(
        folder,
        &[&["run", "mine.yaml", "--profile", "zego-zim"], more].concat(),
    )
}

fn with(folder: &Path, list: &str) -> Ended {
    std::fs::write(folder.join("known.yaml"), list).unwrap();
    run(folder, &["--known-failures", "known.yaml"])
}

#[test]
fn what_is_listed_is_no_finding_as_long_as_it_fails_so() {
    let (folder, path) = scenario(MIXED);
    let folder = folder.path();
    for list in [
        "failures:\n  - { scenario: mine, profile: zego-zim, reason: later }\n",
        "failures:\n  - { scenario: 'm*', check: 'step *', reason: later }\n",
        "failures:\n  - { scenario: mine, fails: { rows: [ZIM-042], kind: step-unmet }, reason: later }\n",
    ] {
        let ended = with(folder, list);
        assert_eq!(ended.code, 0, "{list}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("1 known-failure"), "{}", ended.stdout);
    }
    for list in [
        "failures:\n  - { scenario: mine, fails: { rows: [ZIM-041] }, reason: later }\n",
        "failures:\n  - { scenario: mine, fails: { rule: I2 }, reason: later }\n",
        "failures:\n  - { scenario: mine, check: snapshot, reason: later }\n",
    ] {
        let ended = with(folder, list);
        assert_eq!(ended.code, 1, "{list}");
        assert!(
            ended.stdout.contains("fails in another way"),
            "{}",
            ended.stdout
        );
        assert!(ended.stdout.contains("1 failed"), "{}", ended.stdout);
    }
    // It was mended.
    std::fs::write(path, MIXED.replace("event: kicked-out", "state: online")).unwrap();
    let ended = with(
        folder,
        "failures:\n  - scenario: mine\n    profile: zego-zim\n    reason: later\n",
    );
    assert_eq!(ended.code, 1);
    for said in [
        "1 unexpectedly-passed",
        "what this entry lists passes",
        "known.yaml:2:3",
        "^^^^^^^^",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
}

#[test]
fn an_entry_for_nothing_is_a_finding_where_everything_was_selected() {
    let (folder, path) = scenario(MIXED);
    std::fs::write(path, MIXED.replace("event: kicked-out", "state: online")).unwrap();
    let folder = folder.path();
    let list = "failures:\n  - { scenario: gone, reason: later }\n";
    std::fs::write(folder.join("known.yaml"), list).unwrap();
    let all = ["run", "mine.yaml", "--known-failures", "known.yaml"];
    let ended = kickout(folder, &all);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("no case matches this entry"),
        "{}",
        ended.stdout
    );
    let ended = run(folder, &["--known-failures", "known.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .contains("1 of the known failures are not judged"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_list_that_is_written_wants_reasons_and_keeps_them() {
    let (folder, _) = scenario(MIXED);
    let folder = folder.path();
    let ended = run(folder, &["--write-known-failures", "new.yaml"]);
    assert_eq!(ended.code, 1, "what failed is still told");
    let text = read(folder, "new.yaml");
    let ended = run(folder, &["--known-failures", "new.yaml"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("a known failure has a reason"),
        "{}",
        ended.stderr
    );
    let filled = text.replace("reason: \"\"", "reason: 'ticket \"7\"'");
    std::fs::write(folder.join("new.yaml"), &filled).unwrap();
    assert_eq!(run(folder, &["--known-failures", "new.yaml"]).code, 0);
    // Reasons are not lost by accident.
    assert_eq!(run(folder, &["--write-known-failures", "new.yaml"]).code, 2);
    assert_eq!(read(folder, "new.yaml"), filled);
    let both = [
        "--known-failures",
        "new.yaml",
        "--write-known-failures",
        "new.yaml",
    ];
    assert_eq!(run(folder, &both).code, 0);
    assert!(read(folder, "new.yaml").contains("reason: \"ticket \\\"7\\\"\""));
}

#[test]
fn only_what_failed_is_played_again() {
    let (folder, path) = scenario(MIXED);
    let folder = folder.path();
    std::fs::write(
        folder.join("fine.yaml"),
        MIXED.replace("event: kicked-out", "state: online"),
    )
    .unwrap();
    let again = ["run", ".", "--last-failed"];
    assert_eq!(kickout(folder, &again).code, 5, "nothing failed yet");
    let all = ["run", ".", "--report", "ndjson=all.ndjson"];
    let ended = kickout(folder, &all);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stdout.contains("2 scenarios, 14 cases"),
        "{}",
        ended.stdout
    );
    let ended = kickout(folder, &again);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("1 scenario, 7 cases"),
        "{}",
        ended.stdout
    );
    std::fs::write(path, MIXED.replace("event: kicked-out", "state: online")).unwrap();
    assert_eq!(
        kickout(folder, &["run", ".", "--last-failed=all.ndjson"]).code,
        0
    );
    assert_eq!(
        kickout(folder, &again).code,
        5,
        "they were played, and passed"
    );
}

#[test]
fn after_the_first_failure_nothing_is_begun() {
    let (folder, _) = scenario(MIXED);
    let folder = folder.path();
    for jobs in ["1", "4"] {
        let ended = kickout(folder, &["run", "mine.yaml", "--fail-fast", "--jobs", jobs]);
        assert_eq!(ended.code, 1);
        assert!(
            ended.stdout.contains("1 scenario, 1 case: 1 failed"),
            "{}",
            ended.stdout
        );
        assert!(
            ended.stdout.contains("6 cases not begun"),
            "{}",
            ended.stdout
        );
    }
}

#[test]
fn honest_peers_do_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "run",
        "--filter",
        "kick/*",
        "--profile",
        "zego-zim",
        "--repeat",
        "3",
    ];
    assert_eq!(kickout(folder.path(), &arguments).code, 0);
}
