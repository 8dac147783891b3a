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
    let run = kickout(folder, &["run", "mine.yaml", "--report", "ndjson=a.ndjson"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let again = report(folder, &["a.ndjson", "--report", "ndjson=b.ndjson"]);
    assert_eq!(again.code, 1);
    assert_eq!(run.stdout, again.stdout);
    assert_eq!(read(folder, "a.ndjson"), read(folder, "b.ndjson"));
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
