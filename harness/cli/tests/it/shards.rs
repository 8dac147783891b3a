//! The parts of a run, of random scenarios and of deviations, joined again.

use std::path::Path;

use crate::program::{Ended, kickout, scenario};
use crate::stored::{MIXED, read};

const RUN: [&str; 5] = ["run", "--filter", "kick/t*", "--profile", "zego-zim"];

/// Plays each of `of` parts into a file of its own; the files.
fn parts(folder: &Path, command: &[&str], of: usize, code: i32) -> Vec<String> {
    let play = |index: usize| {
        let (shard, file) = (format!("{index}/{of}"), format!("{index}-of-{of}.ndjson"));
        let report = format!("ndjson={file}");
        let ended = kickout(
            folder,
            &[command, &["--shard", &shard, "--report", &report]].concat(),
        );
        assert!(
            [0, code].contains(&ended.code),
            "{}{}",
            ended.stdout,
            ended.stderr
        );
        file
    };
    (1..=of).map(play).collect()
}

fn merge(folder: &Path, files: &[&str]) -> Ended {
    kickout(
        folder,
        &[&["merge"], files, &["--report", "ndjson=merged.ndjson"]].concat(),
    )
}

/// The parts joined are the whole, byte for byte, and end in the same way.
fn same_as_whole(folder: &Path, command: &[&str], of: usize) {
    let whole = kickout(
        folder,
        &[command, &["--report", "ndjson=whole.ndjson"]].concat(),
    );
    let files = parts(folder, command, of, whole.code);
    // In whatever order they come.
    let files: Vec<&str> = files.iter().rev().map(String::as_str).collect();
    let joined = merge(folder, &files);
    assert_eq!(
        joined.code, whole.code,
        "{}{}",
        joined.stdout, joined.stderr
    );
    assert_eq!(read(folder, "merged.ndjson"), read(folder, "whole.ndjson"));
}

#[test]
fn the_parts_of_a_run_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let known = "failures:\n  - { scenario: 'kick/*', check: 'rule *', reason: why }\n";
    std::fs::write(folder.join("known.yaml"), known).unwrap();
    let deviating = [
        "--deviation",
        "knocks-after-a-kick",
        "--known-failures",
        "known.yaml",
    ];
    same_as_whole(folder, &RUN, 3);
    same_as_whole(folder, &[&RUN[..], &deviating].concat(), 2);
}

#[test]
fn the_parts_of_random_scenarios_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let hasty = "id: hasty\nextends: zego-zim\nbounds: { call: 1ms }\n";
    std::fs::write(folder.path().join("hasty.yaml"), hasty).unwrap();
    let profiles = [
        "--profile",
        "hasty.yaml",
        "--profile",
        "zego-zim",
        "--out",
        "kept",
    ];
    let command = [&["fuzz", "--cases", "50", "--require-reach"], &profiles[..]].concat();
    same_as_whole(folder.path(), &command, 3);
    assert!(
        read(folder.path(), "whole.ndjson").contains("\"caught\""),
        "hasty is caught"
    );
}

#[test]
fn the_parts_of_deviations_are_the_whole() {
    let (folder, _) = scenario(MIXED);
    let command = [
        "mutants",
        "mine.yaml",
        "--filter",
        "*kick*",
        "--profile",
        "zego-zim",
    ];
    same_as_whole(folder.path(), &command, 2);
}

#[test]
fn what_is_missing_twice_or_foreign_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let files = parts(folder, &RUN, 3, 0);
    let [one, two, three] = files.as_slice() else {
        panic!("three parts")
    };
    kickout(
        folder,
        &[&RUN[..], &["--report", "ndjson=whole.ndjson"]].concat(),
    );
    let other_seed = [&RUN[..], &["--seed", "7"]].concat();
    let seeds = parts(folder, &other_seed, 2, 0);
    let text = read(folder, three);
    let change = |from: &str, to: &str, name: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{name}");
        std::fs::write(folder.join(name), changed).unwrap();
    };
    let build = kickout::BUILD;
    change(build, "0.0.9+0123456789abcdef", "build.ndjson");
    change("\"statement\":\"", "\"statement\":\"not ", "rows.ndjson");
    let first = text
        .lines()
        .position(|line| line.starts_with("{\"case\""))
        .unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let gone = lines.remove(first);
    let count = |text: &str, number: usize| {
        text.replace(
            &format!("\"cases\":{number}"),
            &format!("\"cases\":{}", number - 1),
        )
    };
    let cases = text
        .lines()
        .filter(|line| line.starts_with("{\"case\""))
        .count();
    let foot = lines.pop().unwrap();
    let status: serde_json::Value = serde_json::from_str(gone).unwrap();
    let status = status["case"]["status"].as_str().unwrap();
    let foot_value: serde_json::Value = serde_json::from_str(foot).unwrap();
    let ended = foot_value["foot"]["ended"][status].as_u64().unwrap();
    let foot = count(foot, cases).replace(
        &format!("\"{status}\":{ended}"),
        &format!("\"{status}\":{}", ended - 1),
    );
    lines.push(&foot);
    std::fs::write(folder.join("fewer.ndjson"), lines.join("\n") + "\n").unwrap();
    for (files, said) in [
        (&[one, two][..], "missing: part 3/3"),
        (&[one, two, two, three], "part 2/3 is there twice"),
        (&[&"whole.ndjson".into()], "of a whole"),
        (&[one, two, &seeds[0]], "another seed (7, not 0)"),
        (
            &[one, two, &"build.ndjson".into()],
            "another build (\"0.0.9+0123456789abcdef\"",
        ),
        (
            &[one, two, &"rows.ndjson".into()],
            "other requirements than in 1-of-3.ndjson",
        ),
        (
            &[one, two, &"fewer.ndjson".into()],
            "1 of its cases are missing",
        ),
    ] {
        let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
        let ended = merge(folder, &files);
        assert_eq!(ended.code, 2, "{files:?}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(said), "{files:?}: {}", ended.stderr);
        assert!(!folder.join("merged.ndjson").exists(), "{files:?}");
    }
}

#[test]
fn a_part_is_written_in_one_way() {
    let folder = tempfile::tempdir().unwrap();
    for shard in ["0/3", "4/3", "1", "1/0", "-1/3", "x/y", "1/2/3"] {
        let shard = format!("--shard={shard}");
        let ended = kickout(folder.path(), &["run", &shard]);
        assert_eq!(ended.code, 2, "{shard}");
        assert!(ended.stderr.contains("such as 2/5"), "{}", ended.stderr);
    }
    let ended = kickout(folder.path(), &["fuzz", "--shard", "1/2", "--time", "1s"]);
    assert_eq!(ended.code, 2);
}
