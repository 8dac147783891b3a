//! `kickout fuzz` and `kickout replay` as a user meets them.

use std::path::Path;

use crate::program::{Ended, kickout};

/// A vendor that promises its calls an answer within a millisecond. No peer of ours can keep that.
fn hasty(bound: &str) -> String {
    format!(
        "id: hasty\nextends: zego-zim\nproduct: one that is in a hurry\nbounds: {{ call: {bound} }}\n\
         sources:\n  bounds: {{ from: \"SOURCES baseline\", confidence: ours }}\n"
    )
}

fn fuzz(folder: &Path, more: &[&str]) -> Ended {
    kickout(folder, &[&["fuzz", "--out", "kept"], more].concat())
}

#[test]
fn honest_peers_give_no_finding_however_many_threads_play() {
    let folder = tempfile::tempdir().unwrap();
    let report = |jobs: &str| {
        let ended = fuzz(
            folder.path(),
            &["--cases", "420", "--jobs", jobs, "--report", "ndjson"],
        );
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        ended.stdout
    };
    let one = report("1");
    assert_eq!(one, report("3"));
    assert!(
        one.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
    assert!(
        !folder.path().join("kept").exists(),
        "nothing is kept of nothing"
    );
}

#[test]
fn a_failure_is_kept_as_a_small_file_that_fails_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |bound: &str| std::fs::write(folder.path().join("hasty.yaml"), hasty(bound)).unwrap();
    write("1ms");
    let found = fuzz(folder.path(), &["--profile", "hasty.yaml", "--cases", "60"]);
    assert_eq!(found.code, 1, "{}{}", found.stdout, found.stderr);
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("kept"))
        .expect("something was kept")
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("i5")
        })
        .collect();
    let file = kept
        .first()
        .expect("a call without an answer in time was kept");
    let text = std::fs::read_to_string(file).unwrap();
    let steps = text
        .split("steps:")
        .nth(1)
        .expect("it has steps")
        .lines()
        .count()
        - 1;
    assert!(steps <= 4, "{text}");
    assert!(
        text.contains("Every call gets exactly one result") && text.contains("--seed"),
        "{text}"
    );

    let name = file
        .strip_prefix(folder.path())
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let again = kickout(folder.path(), &["run", &name, "--profile", "hasty.yaml"]);
    assert_eq!(again.code, 1);
    assert!(again.stdout.contains("rule I5"), "{}", again.stdout);
    let still = kickout(folder.path(), &["replay", &name, "--profile", "hasty.yaml"]);
    assert_eq!(still.code, 1);
    assert!(
        still.stdout.ends_with("STILL FAILS under hasty\n"),
        "{}",
        still.stdout
    );

    write("30s");
    let fixed = kickout(folder.path(), &["replay", &name, "--profile", "hasty.yaml"]);
    assert_eq!(fixed.code, 0, "{}", fixed.stdout);
    assert!(
        fixed.stdout.ends_with("FIXED under hasty (passed)\n"),
        "{}",
        fixed.stdout
    );
}

#[test]
fn a_stored_transcript_is_judged_and_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let filter = ["--filter", "kick/newer_login_wins", "--profile", "zego-zim"];
    let ended = kickout(
        folder.path(),
        &[&["run", "--transcripts", "t"][..], &filter].concat(),
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let stored = "t/kick/newer_login_wins/zego-zim.jsonl";
    let same = kickout(folder.path(), &["replay", stored]);
    assert_eq!(same.code, 0, "{}", same.stderr);
    assert!(
        same.stdout.starts_with("PASSES, as the stored run did"),
        "{}",
        same.stdout
    );

    // A kick that the record no longer shows.
    let path = folder.path().join(stored);
    let text = std::fs::read_to_string(&path).unwrap();
    let without: String = text
        .lines()
        .filter(|line| !line.contains("kicked-out"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&path, without).unwrap();
    let fixed = kickout(folder.path(), &["replay", stored]);
    assert_eq!(fixed.code, 0);
    assert!(fixed.stdout.starts_with("FIXED"), "{}", fixed.stdout);

    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let cut = kickout(folder.path(), &["replay", stored]);
    assert_eq!(cut.code, 2, "{}", cut.stdout);
    assert!(
        cut.stderr.contains("zego-zim.jsonl: line "),
        "{}",
        cut.stderr
    );
    let other = text.replacen("scenario-hash\":\"", "scenario-hash\":\"0", 1);
    std::fs::write(&path, other).unwrap();
    assert_eq!(kickout(folder.path(), &["replay", stored]).code, 2);
    assert_eq!(kickout(folder.path(), &["replay", "nowhere.yaml"]).code, 2);
}
