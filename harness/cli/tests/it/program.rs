//! The built program: what it prints and with which code it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn kickout(folder: &Path, arguments: &[&str]) -> Ended {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_kickout"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .env("XDG_STATE_HOME", folder.join(".state"))
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts");
    Ended {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A folder with one scenario of these steps.
pub(crate) fn scenario(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.yaml");
    std::fs::write(&path, text).expect("it can be written");
    (folder, path)
}

const GOOD: &str = "\
title: a login works
clients: { phone: { user: alice } }
steps:
  - login: phone
  - expect: { client: phone, state: online }
";

const FAILING: &str = "\
title: a login does not work
profiles: [zego-zim]
clients: { phone: { user: alice } }
steps:
  - login: phone
  - expect: { client: phone, event: kicked-out, within: 10s }
    covers: [ZIM-042]
";

#[test]
fn the_built_in_suite_passes_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let ended = kickout(folder.path(), &["run"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let sum = ended.stdout.lines().rev().nth(1).unwrap_or_default();
    assert!(
        sum.contains(" passed, ") && !sum.contains("failed"),
        "{sum}"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(
        left.is_empty(),
        "a run of the built-in suite writes nothing"
    );
}

#[test]
fn a_scenario_of_the_user_is_played_and_recorded_beside_its_file() {
    let (folder, _) = scenario(GOOD);
    let ended = kickout(folder.path(), &["run", "mine.yaml"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    for profile in ["tencent-im", "zego-express", "zego-zim"] {
        let recorded = folder.path().join(format!("mine.{profile}.snap"));
        assert!(recorded.is_file(), "{profile}");
    }
    let again = kickout(folder.path(), &["run", "mine.yaml"]);
    assert_eq!(again.code, 0);
}

#[test]
fn a_finding_shows_all_that_helps() {
    let (folder, _) = scenario(FAILING);
    let ended = kickout(folder.path(), &["run", "mine.yaml"]);
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(ended.stdout);
    let command = ended
        .stdout
        .lines()
        .find_map(|l| l.strip_prefix("repeat: kickout "));
    let arguments: Vec<&str> = command.expect("a command").split(' ').collect();
    assert_eq!(kickout(folder.path(), &arguments).code, 1);
    let recorded = folder.path().join("mine.zego-zim.snap");
    assert!(
        !recorded.exists(),
        "what failed is not recorded as what must be"
    );
}

#[test]
fn a_changed_transcript_is_a_finding_until_it_is_blessed() {
    let (folder, path) = scenario(GOOD);
    let only = ["run", "mine.yaml", "--profile", "zego-zim"];
    assert_eq!(kickout(folder.path(), &only).code, 0);
    std::fs::write(
        &path,
        GOOD.replace("- login: phone", "- advance: 1s\n  - login: phone"),
    )
    .unwrap();
    let ended = kickout(folder.path(), &only);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stdout.contains("transcript-changed"),
        "{}",
        ended.stdout
    );
    assert!(folder.path().join("mine.zego-zim.snap.new").is_file());
    let blessed = [&only[..], &["--bless"]].concat();
    assert_eq!(kickout(folder.path(), &blessed).code, 0);
    assert_eq!(kickout(folder.path(), &only).code, 0);
}

#[test]
fn another_seed_is_not_compared_with_what_was_recorded() {
    let (folder, _) = scenario(GOOD);
    let ended = kickout(folder.path(), &["run", "mine.yaml", "--seed", "7"]);
    assert_eq!(ended.code, 0);
    assert!(!folder.path().join("mine.zego-zim.snap").exists());
}

#[test]
fn a_report_for_programs_is_json_lines() {
    let (folder, _) = scenario(GOOD);
    let ended = kickout(folder.path(), &["run", "mine.yaml", "--report", "ndjson"]);
    assert_eq!(ended.code, 0);
    let lines: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["head"]["format"], 2);
    let cases: Vec<_> = lines.iter().filter_map(|line| line.get("case")).collect();
    assert_eq!(cases.len(), 7);
    assert_eq!(cases[0]["status"], "passed");
    assert_eq!(lines.last().unwrap()["foot"]["ended"]["passed"], 7);
    assert!(
        ended.stderr.contains("7 passed"),
        "people read the other stream"
    );
}

#[test]
fn every_file_that_is_no_good_is_told_at_once() {
    let (folder, _) = scenario("title: \nsteps: []\n");
    std::fs::write(folder.path().join("other.yaml"), "titel: x\n").unwrap();
    let ended = kickout(folder.path(), &["run", "."]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("mine.yaml"), "{}", ended.stderr);
    assert!(ended.stderr.contains("other.yaml"), "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean"), "{}", ended.stderr);
}

#[test]
fn bad_arguments_end_with_2_and_advice() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&["run", "nowhere.yaml"][..], "cannot read nowhere.yaml"),
        (
            &["run", "--profile", "zego-zimm"],
            "did you mean `zego-zim`",
        ),
        (&["run", "--filter", "["], "--filter"),
        (
            &["run", "--report", "pdf"],
            "there is: terminal, html, junit",
        ),
        (&["run", "--jobs", "0"], "0"),
        (&["explain", "ZIM-999"], "did you mean"),
        (&["dance"], "unrecognized subcommand"),
    ] {
        let ended = kickout(folder.path(), arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(said),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_vendor_is_one_file_and_no_compilation() {
    let (folder, _) = scenario(FAILING);
    let profile = "id: acme\nextends: zego-zim\nvendor: Acme\n\
                   events: { kicked-out: { callback: onGone } }\n";
    std::fs::write(folder.path().join("acme.yaml"), profile).unwrap();
    let ended = kickout(
        folder.path(),
        &["run", "--profile", "acme.yaml", "--filter", "kick/*"],
    );
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    // The vendor's own callback is another one now, and the neutral scenarios do not mind.
    assert!(
        ended.stdout.contains("kick/newer_login_wins  passed acme"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .contains("failed kick/zim_disconnected_kicked_out under acme"),
        "{}",
        ended.stdout
    );
}

#[test]
fn what_nobody_documents_is_neither_passed_nor_failed() {
    let (folder, _) = scenario(FAILING);
    let profile = "id: acme\nextends: zego-zim\n\
                   rules: { devices: { returning: undocumented } }\n";
    std::fs::write(folder.path().join("acme.yaml"), profile).unwrap();
    let one = [
        "run",
        "--profile",
        "acme.yaml",
        "--filter",
        "kick/returning_device_loses",
    ];
    let ended = kickout(folder.path(), &one);
    assert!(
        ended.stdout.contains("undocumented acme"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert_eq!(ended.code, 5, "no case passed or failed");
}

#[test]
fn nothing_to_run_ends_with_5() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["run", "."][..],
        &["run", "--filter", "no/such/*"],
        &["run", "--tag", "no-such-tag"],
        // Selected, but for no profile that was asked for.
        &[
            "run",
            "--filter",
            "window/back_just_inside",
            "--profile",
            "zego-zim",
        ],
    ] {
        let ended = kickout(folder.path(), arguments);
        assert_eq!(
            ended.code, 5,
            "{arguments:?}: {}{}",
            ended.stdout, ended.stderr
        );
    }
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_runs() {
    let (folder, _) = scenario(GOOD);
    std::fs::write(folder.path().join("file"), "").unwrap();
    let ended = kickout(
        folder.path(),
        &["run", "mine.yaml", "--report", "ndjson=file/x"],
    );
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("cannot write file/x"),
        "{}",
        ended.stderr
    );
    assert!(!folder.path().join("mine.zego-zim.snap").exists());
}

#[test]
fn a_huge_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.yaml");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    let ended = kickout(folder.path(), &["run", "huge.yaml"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("huge.yaml"), "{}", ended.stderr);
}

#[test]
fn a_file_that_is_not_text_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bytes.yaml"), b"title: \xff\xfe\n").unwrap();
    let ended = kickout(folder.path(), &["run", "bytes.yaml"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("UTF-8"), "{}", ended.stderr);
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let ended = kickout(folder.path(), &["--help"]);
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.contains("Examples:"));
    assert!(ended.stdout.contains("Exit codes:"));
    let ended = kickout(folder.path(), &["run", "--help"]);
    assert!(ended.stdout.contains("Examples:"));
}

#[test]
fn the_schema_is_json_with_every_word() {
    let folder = tempfile::tempdir().unwrap();
    let ended = kickout(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let text = schema.to_string();
    for word in [
        "kicked-out",
        "black-hole",
        "newer-login",
        "returning-device",
    ] {
        assert!(text.contains(word), "{word}");
    }
}
