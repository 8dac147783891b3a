//! For GitHub Actions: annotations on the lines of scenarios.

use std::fmt::Write as _;

use crate::results::{CaseResult, Results, Status};
use crate::safe::{lines, one_line};

/// The whole report, one command a line. GitHub shows the first ten of a step.
pub fn render(results: &Results) -> String {
    let mut text = String::new();
    for case in results.failures() {
        annotate_case(&mut text, case);
    }
    for stale in results.stale() {
        let known = stale.known;
        let said = format!("{}: {}", stale.why, known.text.trim());
        annotate(
            &mut text,
            &known.file,
            Some((known.line, 1)),
            "stale known failure",
            &said,
        );
    }
    text
}

fn annotate_case(text: &mut String, case: &CaseResult) {
    let title = format!("{} {} under {}", case.status, case.scenario, case.profile);
    if case.findings.is_empty() {
        let why = match case.status {
            Status::UnexpectedlyPassed => case.status.means(),
            _ => case.reason.as_deref().unwrap_or(case.status.means()),
        };
        return annotate(text, &case.file, None, &title, why);
    }
    for finding in &case.findings {
        let mut said = finding.in_short();
        for (row, sentence) in &finding.rows {
            let _ = write!(said, "\n{row}: {sentence}");
        }
        let _ = write!(said, "\nrepeat: {}", finding.repeat);
        annotate(text, &case.file, finding.line, &title, &said);
    }
}

fn annotate(
    text: &mut String,
    file: &str,
    place: Option<(usize, usize)>,
    title: &str,
    message: &str,
) {
    let (line, column) = place.unwrap_or((1, 1));
    let _ = writeln!(
        text,
        "::error file={},line={line},col={column},title={}::{}",
        property(file),
        property(title),
        data(&lines(message))
    );
}

/// As it may stand after `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\n', "%0A")
}

/// As it may stand among the properties.
fn property(text: &str) -> String {
    data(&one_line(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}
