//! A list of what failed, with reasons to fill in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use report::results::{Kind, Results};

use crate::exit::Trouble;
use crate::files;

const HEADER: &str = "\
# Failures that are known, for `kickout run --known-failures FILE`. Each has a reason; the file is
# refused until all of them are filled in. An entry that no longer fails so is a finding.
failures:
";

/// A list that somebody has filled in is not lost.
///
/// # Errors
/// There is a file of this name, and it is not the list that is held against this very run.
pub fn refuse_overwriting(path: &Path, held: Option<&Path>) -> Result<(), Trouble> {
    match path.exists() && held != Some(path) {
        true => Err(Trouble::Usage(format!(
            "{shown} is there already; name it with --known-failures {shown} as well, and its \
             reasons are kept",
            shown = path.display()
        ))),
        false => Ok(()),
    }
}

/// Writes an entry for everything that failed in a way of its own; what is known keeps its reason.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, results: &Results) -> Result<(), Trouble> {
    files::write(path, &list(results))
}

fn list(results: &Results) -> String {
    type Way<'a> = (&'a str, &'a str, &'a str, Kind, Vec<&'a str>);
    let mut ways: BTreeMap<Way<'_>, Option<usize>> = BTreeMap::new();
    for case in &results.cases {
        for finding in &case.findings {
            let rows = finding.rows.keys().map(String::as_str).collect();
            let way = (
                case.scenario.as_str(),
                case.profile.as_str(),
                finding.by.as_str(),
                finding.kind,
                rows,
            );
            ways.entry(way).or_insert(finding.known);
        }
    }
    if ways.is_empty() {
        return HEADER.replace("failures:", "failures: []");
    }
    let mut text = HEADER.to_owned();
    for ((scenario, profile, check, kind, rows), line) in ways {
        let known = line.and_then(|line| results.known.iter().find(|known| known.line == line));
        let rows: Vec<String> = rows.into_iter().map(quoted).collect();
        let _ = writeln!(text, "  - scenario: {}", quoted(scenario));
        let _ = writeln!(text, "    profile: {}", quoted(profile));
        let _ = writeln!(text, "    check: {}", quoted(check));
        let _ = writeln!(
            text,
            "    fails: {{ kind: {kind}, rows: [{}] }}",
            rows.join(", ")
        );
        let reason = known.map_or("", |known| known.reason.as_str());
        let _ = writeln!(text, "    reason: {}", quoted(reason));
        if let Some(link) = known.and_then(|known| known.link.as_deref()) {
            let _ = writeln!(text, "    link: {}", quoted(link));
        }
    }
    text
}

/// As YAML takes it whatever is in it: the quotes of JSON are among those of YAML. A star would be
/// a pattern.
fn quoted(text: &str) -> String {
    // Serialising a text cannot fail.
    serde_json::to_string(text).expect("a text")
}
