//! For programs: one JSON object a line, a header first.

use serde::Serialize;

use crate::results::{CaseResult, FORMAT, Status};
use crate::terminal::Counts;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Head { format: u32, seed: u64 },
    Case(&'a CaseResult),
    Foot(Foot),
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Foot {
    passed: usize,
    failed: usize,
    undocumented: usize,
    unsupported: usize,
    not_applicable: usize,
    subject_errors: usize,
    harness_errors: usize,
}

/// The whole report.
pub fn render(results: &[CaseResult], seed: u64) -> String {
    let counts = Counts::of(results);
    let mut text = line(&Line::Head {
        format: FORMAT,
        seed,
    });
    for result in results {
        text.push_str(&line(&Line::Case(result)));
    }
    text.push_str(&line(&Line::Foot(Foot {
        passed: counts.of_status(Status::Passed),
        failed: counts.of_status(Status::Failed),
        undocumented: counts.of_status(Status::Undocumented),
        unsupported: counts.of_status(Status::Unsupported),
        not_applicable: counts.of_status(Status::NotApplicable),
        subject_errors: counts.of_status(Status::SubjectError),
        harness_errors: counts.of_status(Status::HarnessError),
    })));
    text
}

fn line(line: &Line<'_>) -> String {
    // Structs, words and string keys only: serialising them cannot fail.
    let mut text = serde_json::to_string(line).expect("results are plain data");
    text.push('\n');
    text
}
