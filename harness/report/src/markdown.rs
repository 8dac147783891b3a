//! For pull requests and summaries of jobs: Markdown as GitHub shows it.

use std::fmt::Write as _;

use crate::results::{CaseResult, Requirement, Results, Shown, Status};
use crate::safe::{lines, one_line};

/// How many cases are told in full; the others by name.
const MOST_TOLD: usize = 50;

/// How many findings of one case are told.
const MOST_FINDINGS: usize = 10;

/// How many names stand in a list.
const MOST_NAMED: usize = 200;

/// The whole report.
pub fn render(results: &Results) -> String {
    told(results, MOST_TOLD)
}

/// The same, in at most so many bytes: fewer cases are told in full. None, if even the names do not
/// fit.
pub fn render_within(results: &Results, most: usize) -> Option<String> {
    let tries = [MOST_TOLD, 20, 5, 1, 0].into_iter();
    tries
        .map(|told_in_full| told(results, told_in_full))
        .find(|text| text.len() <= most)
}

fn told(results: &Results, in_full: usize) -> String {
    let counts = results.counts();
    let failures: Vec<&CaseResult> = results.failures().collect();
    let stale = results.stale();
    let mut text = String::from("# kickout\n\n");
    let _ = writeln!(
        text,
        "{} scenarios under {} profiles, seed {}, client {}, server {}{}\n",
        results.head.scenarios.len(),
        results.head.profiles.len(),
        results.head.seed,
        escape(&results.head.client),
        escape(&results.head.server),
        results
            .head
            .shard
            .map(|shard| format!(", part {shard}"))
            .unwrap_or_default(),
    );
    text.push_str("| verdict | cases |\n|---|---:|\n");
    for status in Status::ALL
        .iter()
        .filter(|status| counts.of_status(**status) > 0)
    {
        let _ = writeln!(text, "| {status} | {} |", counts.of_status(*status));
    }
    if !failures.is_empty() {
        text.push_str("\n## Not as it must be\n");
    }
    for case in failures.iter().take(in_full) {
        failure(&mut text, case, results);
    }
    names(
        &mut text,
        failures.iter().skip(in_full).map(|case| named(case)),
    );
    if !stale.is_empty() {
        text.push_str("\n## Known failures that are none\n\n");
    }
    for stale in &stale {
        let known = stale.known;
        let place = format!("{}:{}", known.file, known.line);
        let _ = writeln!(
            text,
            "- {}: {}, {}",
            escape(&place),
            stale.why,
            code(&known.text)
        );
    }
    section(
        &mut text,
        results,
        Status::KnownFailure,
        "Known failures",
        |case| {
            let lines = case.findings.iter().filter_map(|finding| finding.known);
            let mut reasons: Vec<String> = lines
                .filter_map(|line| results.known.iter().find(|known| known.line == line))
                .map(|known| match &known.link {
                    Some(link) => format!("{}, {}", known.reason, link),
                    None => known.reason.clone(),
                })
                .collect();
            reasons.dedup();
            reasons.join("; ")
        },
    );
    section(
        &mut text,
        results,
        Status::Undocumented,
        "Undocumented",
        |case| case.undocumented.join("; "),
    );
    section(
        &mut text,
        results,
        Status::Unsupported,
        "Unsupported",
        |case| case.inconclusive.join("; "),
    );
    text
}

fn failure(text: &mut String, case: &CaseResult, results: &Results) {
    let _ = writeln!(
        text,
        "\n### {}: {}\n\n{}",
        case.status,
        named(case),
        escape(&case.title)
    );
    if let Some(reason) = &case.reason {
        let _ = writeln!(text, "\n{}", fenced(reason));
    }
    for finding in case.findings.iter().take(MOST_FINDINGS) {
        tell(text, finding, case, results);
    }
    if let more @ 1.. = case.findings.len().saturating_sub(MOST_FINDINGS) {
        let _ = writeln!(text, "\nand {more} more findings");
    }
}

fn tell(text: &mut String, finding: &Shown, case: &CaseResult, results: &Results) {
    let place = match finding.line {
        Some((line, _)) => format!("{}:{line}", case.file),
        None => case.file.clone(),
    };
    text.push_str("\n| | |\n|---|---|\n");
    let _ = writeln!(
        text,
        "| noticed by | {}, {} |",
        escape(&finding.by),
        escape(&place)
    );
    let _ = writeln!(text, "| expected | {} |", escape(&finding.expected));
    let _ = writeln!(text, "| seen | {} |", escape(&finding.seen));
    for (id, sentence) in &finding.rows {
        let row = results.requirement(id).and_then(Requirement::page);
        let id = match row {
            Some(page) => format!("[{}](<{}>)", escape(id), address(page)),
            None => escape(id),
        };
        let _ = writeln!(text, "| {id} | {} |", escape(sentence));
    }
    let _ = writeln!(
        text,
        "| fault | {}: {} |",
        finding.fault,
        finding.fault.means()
    );
    if !finding.around.is_empty() {
        let _ = writeln!(text, "\n{}", fenced(&finding.around));
    }
    let _ = writeln!(text, "\nRepeat: {}", code(&finding.repeat));
}

/// A folded list of the cases that ended so, each with what `why` says.
fn section(
    text: &mut String,
    results: &Results,
    status: Status,
    title: &str,
    why: impl Fn(&CaseResult) -> String,
) {
    let cases: Vec<&CaseResult> = results
        .cases
        .iter()
        .filter(|case| case.status == status)
        .collect();
    if cases.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n<details><summary>{title}: {}</summary>\n\n",
        cases.len()
    );
    names(
        text,
        cases.iter().map(|case| match why(case) {
            why if why.is_empty() => named(case),
            why => format!("{}: {}", named(case), escape(&why)),
        }),
    );
    text.push_str("\n</details>\n");
}

fn names(text: &mut String, mut names: impl Iterator<Item = String>) {
    for name in names.by_ref().take(MOST_NAMED) {
        let _ = writeln!(text, "- {name}");
    }
    if let more @ 1.. = names.count() {
        let _ = writeln!(text, "- and {more} more");
    }
}

fn named(case: &CaseResult) -> String {
    format!("{} under {}", escape(&case.scenario), escape(&case.profile))
}

/// A text as it may stand anywhere in a line, in a cell too; it is shown as it is.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Nobody is called.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A text as it is typed, in a line.
fn code(text: &str) -> String {
    let text = one_line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    format!("{ticks} {} {ticks}", text.trim())
}

/// A text of several lines, as it is.
fn fenced(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text).max(2) + 1);
    format!("{ticks}text\n{}\n{ticks}", lines(text))
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// An address as it may stand between `<` and `>`.
fn address(page: &str) -> String {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '\\' | '|');
    page.chars().filter(|c| !bad(*c)).collect()
}
