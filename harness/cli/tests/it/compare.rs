use serde_json::Value;

use crate::program::{Ended, kickout, scenario};

fn lines(ended: &Ended, kind: &str) -> Vec<Value> {
    let all = ended.stdout.lines();
    all.map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter_map(|line| line.get(kind).cloned())
        .collect()
}

fn compare(arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let all = [&["compare", "--report", "ndjson"], arguments].concat();
    kickout(folder.path(), &all)
}

/// Z-AMB-10, Z-AMB-40, T-AMB-09: a device is in a tunnel while another logs in.
#[test]
fn what_becomes_of_a_device_that_was_in_a_tunnel() {
    let ended = compare(&["--filter", "kick/returning_device_loses"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let columns = lines(&ended, "head")[0]["columns"].clone();
    let at = |name: &str| {
        let columns = columns.as_array().unwrap();
        columns
            .iter()
            .position(|column| column["name"] == name)
            .expect(name)
    };
    let row = &lines(&ended, "row")[0];
    let cell = |name: &str| row["cells"][at(name)].as_str().unwrap();
    assert_eq!(cell("zego-express"), "same", "{row}");
    for open in [
        "zego-zim",
        "zego-zim-2.8",
        "zego-express-2.18",
        "tencent-im",
        "tencent-im-web",
    ] {
        assert_eq!(cell(open), "not-documented", "{open}");
    }
    let steps = row["steps"].as_array().unwrap();
    let step = steps
        .iter()
        .find(|step| step["number"] == 7)
        .expect("the step differs");
    assert_eq!(step["open"][at("zego-zim").to_string()][0], "Z-AMB-40");
    let open = step["open"][at("tencent-im").to_string()].to_string();
    assert!(open.contains("T-AMB-09"), "{open}");
    let disputed = step["disputed"][at("zego-express").to_string()].to_string();
    assert!(disputed.contains("Z-AMB-10"), "{disputed}");
    let text = step["groups"].to_string();
    for words in [
        "1002086",
        "reconnect-failed (reason newer-login",
        "onKickedOffline()",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// Z-AMB-04: the others of a room hear after 100 s of silence, in the older generation after 90.
#[test]
fn a_limit_of_another_length_is_another_behaviour() {
    let ended = compare(&[
        "--filter",
        "rooms/long_outages_are_seen",
        "--profile",
        "zego-express",
        "--profile",
        "zego-express-2.18",
    ]);
    let row = &lines(&ended, "row")[0];
    assert_eq!(
        row["cells"].to_string(),
        r#"["same","differs-in-behaviour"]"#,
        "{row}"
    );
    let groups = row["steps"][0]["groups"].to_string();
    assert!(
        groups.contains("1m40s") && groups.contains("1m30s"),
        "{groups}"
    );
}

/// What the backoff draws is chance, and the heartbeat's timing is this project's.
#[test]
fn a_recovery_after_a_short_outage_is_the_same_whenever_it_comes() {
    let ended = compare(&[
        "--filter",
        "outage/short_outage_recovers",
        "--profile",
        "zego-express",
        "--profile",
        "zego-zim",
    ]);
    let row = &lines(&ended, "row")[0];
    assert_eq!(
        row["cells"].to_string(),
        r#"["same","differs-in-code"]"#,
        "{row}"
    );
}

#[test]
fn wrong_usage_and_nothing_to_compare_are_told_apart() {
    let one = compare(&["--profile", "zego-zim"]);
    assert_eq!(one.code, 2, "{}", one.stderr);
    let none = compare(&["--filter", "no/such*"]);
    assert_eq!(none.code, 5, "{}", none.stderr);
    let alone = compare(&[
        "--filter",
        "kick/zim_returning_device_hears_0_4",
        "--profile",
        "zego-zim",
        "--profile",
        "tencent-im",
    ]);
    assert_eq!(alone.code, 5, "{}", alone.stderr);
    let both = compare(&["--results", "old.ndjson", "mine.yaml"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
}

const STAYS_OUT: &str = "\
title: A kicked device is told so
clients: { phone: { user: alice }, tablet: { user: alice } }
needs: [accounts]
steps:
  - login: phone
  - login: tablet
  - expect: { client: tablet, state: online, within: 5s }
";

/// An upgrade that loses a callback shows as a difference between two stored runs.
#[test]
fn stored_results_show_what_an_upgrade_changed() {
    let (folder, _) = scenario(STAYS_OUT);
    let store = |name: &str, more: &[&str]| {
        let report = format!("ndjson={name}.ndjson");
        let usual = [
            "run",
            "mine.yaml",
            "--profile",
            "zego-zim",
            "--embed",
            "all",
            "--report",
            &report,
        ];
        kickout(folder.path(), &[usual.as_slice(), more].concat());
    };
    store("old", &[]);
    store("same", &[]);
    store("new", &["--deviation", "kick-untold"]);
    let compare = |other: &str| {
        let arguments = [
            "compare",
            "--results",
            "old.ndjson",
            "--results",
            other,
            "--report",
            "ndjson",
        ];
        kickout(folder.path(), &arguments)
    };
    let same = compare("same.ndjson");
    assert_eq!(same.code, 0, "{}", same.stderr);
    assert_eq!(
        lines(&same, "row")[0]["cells"].to_string(),
        r#"["same","same"]"#
    );
    let changed = compare("new.ndjson");
    assert_eq!(changed.code, 0, "whatever differs");
    let row = &lines(&changed, "row")[0];
    assert_eq!(row["cells"][1], "differs-in-behaviour", "{row}");
    assert!(
        row["steps"][0]["groups"].to_string().contains("kicked-out"),
        "{row}"
    );
    assert_eq!(
        lines(&changed, "head")[0]["columns"][1]["name"],
        "new zego-zim"
    );
    std::fs::write(folder.path().join("bad.ndjson"), "no results\n").unwrap();
    assert_eq!(compare("bad.ndjson").code, 2);
}

#[test]
fn the_page_and_the_tables_are_written_alike_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, jobs: &str| {
        let page = format!("html={name}.html");
        let table = format!("markdown={name}.md");
        let arguments = [
            "compare",
            "--filter",
            "duplicate/*",
            "--jobs",
            jobs,
            "--report",
            &page,
            "--report",
            &table,
        ];
        assert_eq!(kickout(folder.path(), &arguments).code, 0);
        let read = |end: &str| {
            std::fs::read_to_string(folder.path().join(format!("{name}.{end}"))).unwrap()
        };
        (read("html"), read("md"))
    };
    let (page, table) = write("one", "1");
    assert_eq!(write("two", "2"), (page.clone(), table));
    let here = env!("CARGO_MANIFEST_DIR").trim_end_matches("/harness/cli");
    assert!(!page.contains(here), "no path of this machine");
}
