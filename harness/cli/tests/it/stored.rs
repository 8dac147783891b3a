//! Results that are stored, and what is made of them again.

use std::path::Path;

use crate::program::{Ended, kickout, scenario};

pub(crate) const MIXED: &str = "\
title: a login works, and nobody is kicked
clients: { phone: { user: alice } }
steps:
  - login: phone
  - expect: { client: phone, event: kicked-out, within: 10s }
    covers: [ZIM-042, EXP-059, TIM-023]
";

pub(crate) fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("it was written")
}

fn report(folder: &Path, arguments: &[&str]) -> Ended {
    kickout(folder, &[&["report"], arguments].concat())
}

#[test]
fn stored_results_give_what_the_run_itself_gave() {
    let (folder, _) = scenario(MIXED);
    let folder = folder.path();
    let forms = ["ndjson", "junit", "markdown", "sarif", "github", "terminal"];
    let reports = |name: &str| -> Vec<String> {
        let one = |form: &&str| format!("--report={form}={name}.{form}");
        forms.iter().map(one).collect()
    };
    let with = |command: &[&str], reports: &[String]| -> Ended {
        let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
        kickout(folder, &[command, &reports].concat())
    };
    let run = with(&["run", "mine.yaml"], &reports("a"));
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let again = with(&["report", "a.ndjson"], &reports("b"));
    assert_eq!(again.code, 1);
    assert_eq!(run.stdout, again.stdout);
    for form in forms {
        let read = |name: &str| read(folder, &format!("{name}.{form}"));
        assert_eq!(read("a"), read("b"), "{form}");
    }
    assert!(
        read(folder, "a.ndjson").contains("wall-us"),
        "JUnit asks for them"
    );
    kickout(folder, &["run", "mine.yaml", "--report", "ndjson=c.ndjson"]);
    assert!(
        !read(folder, "c.ndjson").contains("wall-us"),
        "nobody asked"
    );
}

#[test]
fn files_that_are_no_results_end_with_2() {
    let (folder, _) = scenario(MIXED);
    let folder = folder.path();
    kickout(folder, &["run", "mine.yaml", "--report", "ndjson=a.ndjson"]);
    let text = read(folder, "a.ndjson");
    let half = &text[..text.len() / 2];
    std::fs::write(folder.join("half.ndjson"), half).unwrap();
    for (file, said) in [
        ("half.ndjson", "cut short"),
        ("mine.yaml", "mine.yaml:1: these are no results of kickout"),
        ("none.ndjson", "cannot read none.ndjson"),
    ] {
        let ended = report(folder, &[file]);
        assert_eq!(ended.code, 2, "{file}: {}", ended.stdout);
        assert!(ended.stderr.contains(said), "{file}: {}", ended.stderr);
    }
}

/// A file that grows too large is refused by the system half-way, as on a full disk.
#[cfg(unix)]
#[test]
fn a_report_that_cannot_be_finished_leaves_what_was_there_and_loses_no_other() {
    let (folder, _) = scenario(MIXED);
    let folder = folder.path();
    let before = "what was there before";
    std::fs::write(folder.join("big.ndjson"), before).unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 50; '{}' run mine.yaml --seed 1 --report ndjson=big.ndjson --report junit=small.xml --embed all",
        env!("CARGO_BIN_EXE_kickout")
    );
    let ended = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env("CI", "true")
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot write big.ndjson"), "{said}");
    assert_eq!(read(folder, "big.ndjson"), before);
    assert!(read(folder, "small.xml").ends_with("</testsuites>\n"));
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().starts_with(".kickout-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
