//! For people at a terminal: failures with all that helps, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use conformance::diagnostic::{self, Diagnostic};
use conformance::judge::REFERENCE;
use conformance::source::{Source, Span};

use crate::results::{CaseResult, Counts, Kind, Results, Shown, Stale, Status};
use crate::safe::{lines, one_line};

/// Colours, or none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Paint {
    /// Is colour wanted?
    pub color: bool,
}

impl Paint {
    pub(crate) fn with(self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn status(self, status: Status) -> String {
        let color = match status {
            Status::Passed => AnsiColor::Green,
            Status::Failed
            | Status::UnexpectedlyPassed
            | Status::SubjectError
            | Status::HarnessError => AnsiColor::Red,
            Status::Undocumented | Status::Unsupported | Status::KnownFailure => AnsiColor::Yellow,
            Status::NotApplicable => AnsiColor::BrightBlack,
        };
        self.with(
            Style::new().bold().fg_color(Some(color.into())),
            status.word(),
        )
    }

    /// Something that is not as it must be.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with(
            Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
            text,
        )
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }
}

/// Everything: failures first, then a line for each scenario, then the summary.
pub fn render(results: &Results, paint: Paint) -> String {
    let mut text = String::new();
    for case in results.failures() {
        let source = results
            .scenario(&case.scenario)
            .map(|scenario| scenario.source());
        text.push_str(&failure(case, &source.unwrap_or_else(nowhere), paint));
    }
    for stale in results.stale() {
        text.push_str(&stale_entry(&stale, paint));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for cases in results.cases.chunk_by(|a, b| a.scenario == b.scenario) {
        text.push_str(&scenario_line(cases, paint));
    }
    text.push_str(&summary(&results.cases, paint));
    let head = &results.head;
    for (role, player) in [("client", &head.client), ("server", &head.server)] {
        if player != REFERENCE {
            let _ = writeln!(text, "{role}: `{}`", one_line(player));
        }
    }
    if let Some(shard) = results.head.shard {
        let _ = writeln!(text, "part {shard}; `kickout merge` joins the parts");
    }
    if let left_out @ 1.. = results.head.left_out {
        let _ = writeln!(
            text,
            "{} not begun after the first failure",
            many(left_out, "case")
        );
    }
    let elsewhere = results.known.iter().filter(|known| known.elsewhere).count();
    if elsewhere > 0 {
        let _ = writeln!(
            text,
            "{elsewhere} of the known failures are not judged: their cases were not selected"
        );
    }
    text
}

/// The most lines a list of known failures has: it is no longer than any YAML file that is read.
const MOST_LINES: usize = conformance::yaml::LARGEST;

/// In place of a text that is not at hand.
pub(crate) fn nowhere() -> Source {
    Source {
        path: String::new(),
        text: String::new(),
    }
}

/// An entry of the list of known failures that is none, at its line.
fn stale_entry(stale: &Stale<'_>, paint: Paint) -> String {
    let known = stale.known;
    // The line alone: the numbers that are shown are put right by what stands before it.
    let before = "\n".repeat(known.line.saturating_sub(1).min(MOST_LINES));
    let begin = known.text.len() - known.text.trim_start().len();
    let source = Source {
        path: known.file.clone(),
        text: format!("{before}{}\n", known.text),
    };
    let span = Span {
        start: before.len() + begin,
        end: before.len() + known.text.trim_end().len(),
    };
    let about = format!(
        "{} under {}, {}",
        known.scenario, known.profile, known.check
    );
    let diagnostic = Diagnostic::new("stale-known-failure", stale.why)
        .at(span, "take it out, or mend it")
        .note(format!("it lists {about}: {}", known.reason));
    let mut text = diagnostic::render(&source, &[diagnostic], paint.color);
    text.truncate(text.trim_end().len());
    format!("\n{text}\n")
}

/// One line about all cases of one scenario: which profiles ended how; nothing where it was for
/// none of them.
pub fn scenario_line(results: &[CaseResult], paint: Paint) -> String {
    let mut by: BTreeMap<Status, Vec<&str>> = BTreeMap::new();
    for result in results {
        by.entry(result.status).or_default().push(&result.profile);
    }
    // What is not for a profile is counted in the summary and told by `list`.
    by.remove(&Status::NotApplicable);
    if by.is_empty() {
        return String::new();
    }
    let ends: Vec<String> = by
        .iter()
        .map(|(status, profiles)| {
            format!(
                "{} {}",
                paint.status(*status),
                one_line(&profiles.join(" "))
            )
        })
        .collect();
    let name = results
        .first()
        .map_or("", |result| result.scenario.as_str());
    format!("{}  {}\n", one_line(name), ends.join("  "))
}

/// Everything about a case that did not go as it must.
pub fn failure(result: &CaseResult, source: &Source, paint: Paint) -> String {
    let mut text = format!(
        "\n{} {} under {}, seed {}\n",
        paint.status(result.status),
        paint.bold(&one_line(&result.scenario)),
        paint.bold(&one_line(&result.profile)),
        result.seed
    );
    if let Some(reason) = &result.reason {
        let _ = writeln!(text, "{}", lines(reason));
    }
    let of_snapshot = |finding: &Shown| finding.kind == Kind::TranscriptChanged;
    let only_snapshot = result.findings.iter().all(of_snapshot);
    for finding in &result.findings {
        if of_snapshot(finding) && !only_snapshot {
            // It follows from the others; its lines would bury them.
            text.push_str("the transcript is not the recorded one either\n");
        } else {
            text.push_str(&show(finding, source, paint));
        }
    }
    text
}

/// The last lines.
pub fn summary(results: &[CaseResult], paint: Paint) -> String {
    let counts = Counts::of(results);
    let mut scenarios: Vec<&str> = results.iter().map(|r| r.scenario.as_str()).collect();
    scenarios.dedup();
    let ends: Vec<String> = Status::ALL
        .iter()
        .filter(|status| counts.of_status(**status) > 0)
        .map(|status| format!("{} {}", counts.of_status(*status), paint.status(*status)))
        .collect();
    let rows = results
        .iter()
        .flat_map(|result| result.decided.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let virtual_ms = results
        .iter()
        .fold(0u64, |sum, result| sum.saturating_add(result.virtual_ms));
    format!(
        "\n{}, {}: {}\n{} decided in {} of virtual time\n",
        many(scenarios.len(), "scenario"),
        many(results.len(), "case"),
        ends.join(", "),
        many(rows, "requirement"),
        hours(virtual_ms),
    )
}

fn show(finding: &Shown, source: &Source, paint: Paint) -> String {
    let mut diagnostic = Diagnostic::new(
        finding.kind.word(),
        format!("{}: {}", finding.by, finding.expected),
    );
    match finding.span {
        Some((start, end)) => {
            diagnostic = diagnostic.at(Span { start, end }, format!("seen: {}", finding.seen));
        }
        None => diagnostic = diagnostic.note(format!("seen: {}", finding.seen)),
    }
    for (id, sentence) in &finding.rows {
        diagnostic = diagnostic.note(format!("{id}: {sentence}"));
    }
    if finding.kind != Kind::TranscriptChanged && finding.kind != Kind::TranscriptMissing {
        diagnostic = diagnostic.note(format!(
            "fault: {} ({})",
            finding.fault,
            finding.fault.means()
        ));
    }
    if let Some(line) = finding.known {
        diagnostic = diagnostic.note(format!("a known failure, by line {line} of the list"));
    }
    let mut text = diagnostic::render(source, &[diagnostic], paint.color);
    text.truncate(text.trim_end().len());
    text.push('\n');
    if !finding.around.is_empty() {
        for line in finding.around.lines() {
            let _ = writeln!(text, "  {}", one_line(line));
        }
    }
    let _ = writeln!(text, "repeat: {}", paint.bold(&one_line(&finding.repeat)));
    text
}

fn many(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

fn hours(ms: u64) -> String {
    let minutes = ms / 60_000;
    format!("{} h {} min", minutes / 60, minutes % 60)
}
