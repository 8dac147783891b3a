use crate::program::{kickout, scenario};

const ONE_ROW: &str = "\
title: A kicked device is told so
profiles: [=zego-zim]
clients: { phone: { user: alice }, tablet: { user: alice } }
steps:
  - login: phone
  - login: tablet
  - expect: { client: phone, event: kicked-out, within: 2s }
    covers: [ZIM-042, EXP-059]
";

#[test]
fn a_row_is_decided_by_the_step_that_covers_it_under_its_own_vendor() {
    let (folder, _) = scenario(ONE_ROW);
    let arguments = ["coverage", "mine.yaml", "--report", "ndjson"];
    let ended = kickout(folder.path(), &arguments);
    assert_eq!(ended.code, 1, "most rows are undecided: {}", ended.stderr);
    let row = |id: &str| -> serde_json::Value {
        let mut rows = ended.stdout.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line["row"].clone()
        });
        rows.find(|row| row["id"] == id)
            .unwrap_or_else(|| panic!("{id} is missing"))
    };
    let decided = row("ZIM-042");
    assert_eq!(decided["standing"], "held");
    assert_eq!(decided["by-step"]["mine"]["zego-zim"], true);
    assert_eq!(decided["profiles"]["zego-zim-2.8"], "undecided");
    // Another vendor's row is not decided by a case of this one.
    assert_eq!(row("EXP-059")["standing"], "undecided");
    let reason = row("EXP-059")["reason"].to_string();
    assert!(
        reason.starts_with("\"covered by mine: not-applicable"),
        "{reason}"
    );
    // The silence afterwards is watched by a rule.
    assert_eq!(row("ZIM-041")["by-rule"]["I2"]["zego-zim"], true);
    assert_eq!(row("ZIM-037")["standing"], "excepted");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing is recorded beside the file");
}

#[test]
fn a_row_that_did_not_hold_is_broken() {
    let (folder, _) = scenario(&ONE_ROW.replace("client: phone, event", "client: tablet, event"));
    let only = ["coverage", "mine.yaml", "--profile", "zego-zim"];
    let ended = kickout(folder.path(), &only);
    assert_eq!(ended.code, 1);
    let mut lines = ended.stdout.lines();
    let line = lines.find(|line| line.starts_with("ZIM-042")).unwrap();
    assert!(line.contains("broken"), "{line}");
    assert!(!ended.stdout.contains("EXP-0"), "rows of this vendor only");
}

#[test]
fn what_a_script_breaks_on_purpose_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let only = [
        "coverage",
        "--filter",
        "duplicate/*while_logging_in",
        "--profile",
        "tencent-im",
        "--report",
        "ndjson",
    ];
    let ended = kickout(folder.path(), &only);
    let mut lines = ended.stdout.lines();
    let row = lines
        .find(|line| line.contains("\"id\":\"TIM-028\""))
        .expect("the row");
    let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
    let row = &row["row"];
    let many = |how: &str| row[how].as_object().map_or(0, serde_json::Map::len);
    assert!(many("on-purpose") > 0, "{row}");
    assert_eq!((many("by-step"), many("by-rule")), (0, 0), "{row}");
    assert_eq!(row["standing"], "held");
}

#[test]
fn an_exception_for_a_row_that_was_decided_is_an_error_on_its_line() {
    let (folder, _) = scenario(&ONE_ROW.replace("ZIM-042, EXP-059", "ZIM-037"));
    let only = ["coverage", "mine.yaml", "--profile", "zego-zim"];
    let ended = kickout(folder.path(), &only);
    assert_eq!(ended.code, 2);
    for said in ["stale-exception", "exceptions.yaml:", "- row: ZIM-037"] {
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn a_form_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ended = kickout(folder.path(), &["coverage", "--report", "junit"]);
    assert_eq!(ended.code, 2);
    let said = "there is: markdown, ndjson";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}
