//! One page to look a run up in: cases with their diagrams, requirements, the mutation score.
//!
//! It has a diagram for every case whose transcript is in the results (`--embed`).

mod requirements;
mod score;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Serialize;

use crate::page::rows::Rows;
use crate::page::{self, Kind, Packed, Part};
use crate::results::{CaseResult, Results, Scenario, Shown, Status};

/// The whole page.
pub fn render(results: &Results) -> String {
    let mut parts = vec![part("cases", "Cases", cases(results))];
    if results.failures().next().is_some() || !results.stale().is_empty() {
        let number = results.failures().count();
        parts.insert(
            0,
            part(
                "failures",
                &format!("Failures ({number})"),
                failures(results),
            ),
        );
    }
    if !results.requirements.is_empty() {
        parts.push(part(
            "requirements",
            "Requirements",
            requirements::table(results),
        ));
    }
    parts.push(part("score", "Mutation score", score::kept()));
    let packed: Vec<Packed> = grouped(results)
        .map(|(name, cases)| pack(name, cases, results.scenario(name)))
        .collect();
    page::render(
        Kind::Results,
        "What a run has come to",
        &summary(results),
        &parts,
        &packed,
    )
}

fn part(id: &'static str, label: &str, body: Markup) -> Part {
    Part {
        id,
        label: label.to_owned(),
        body,
    }
}

/// The cases of each scenario.
fn grouped(results: &Results) -> impl Iterator<Item = (&str, &[CaseResult])> {
    let chunks = results.cases.chunk_by(|a, b| a.scenario == b.scenario);
    chunks.map(|cases| (cases[0].scenario.as_str(), cases))
}

fn summary(results: &Results) -> Markup {
    let counts = results.counts();
    let head = &results.head;
    html! {
        p {
            @for status in Status::ALL.iter().filter(|status| counts.of_status(**status) > 0) {
                strong.(status.word()) { (counts.of_status(*status)) " " (status) } " "
            }
        }
        p.soft {
            "build " (head.build) ", suite " (head.suite) ", seed " (head.seed) ", client: " (head.client)
            ", server: " (head.server)
            @if let Some(deviation) = &head.deviation { ", deviation: " (deviation) }
            @if let Some(shard) = head.shard { ", part " (shard) }
        }
    }
}

/// Everything that has to be looked at, each with a link to its case.
fn failures(results: &Results) -> Markup {
    html! {
        @for case in results.failures() {
            div.card data-find=(case.profile) {
                h3 { a href=(link(case)) { (case.title) } }
                p.soft { code { (case.scenario) } " under " (case.profile) ": " (case.status) }
                @if let Some(reason) = &case.reason { p { (reason) } }
                @for shown in &case.findings {
                    p {
                        strong.failed { (shown.by) } " "
                        @if let Some((line, _)) = shown.line { (case.file) ":" (line) " " }
                        "expected " (shown.expected) ", seen " (shown.seen)
                    }
                    @for (id, sentence) in &shown.rows { p { code { (id) } " " (sentence) } }
                    p { code { (shown.repeat) } }
                }
            }
        }
        @for stale in results.stale() {
            div.card {
                h3 { "The list of known failures, line " (stale.known.line) }
                p { (stale.why) ": " code { (stale.known.text) } }
            }
        }
    }
}

fn cases(results: &Results) -> Markup {
    let profiles = &results.head.profiles;
    html! {
        p.soft {
            @for status in Status::ALL {
                span.(status.word()) { (sign(*status)) } " " (status) ": " (status.means()) ". "
            }
        }
        div.scroll { table {
            thead { tr { th { "scenario" } @for profile in profiles { th.tall { (profile) } } } }
            tbody {
                @for (name, cases) in grouped(results) {
                    tr data-scenario=(name) data-find={ (name) " " (about(results, name)) } {
                        td.title { (cases[0].title) br; code.soft { (name) } }
                        @for profile in profiles {
                            td.cell {
                                @if let Some(case) = cases.iter().find(|case| case.profile == *profile) { (cell(case)) }
                            }
                        }
                    }
                }
            }
        } }
    }
}

fn about<'a>(results: &'a Results, name: &str) -> &'a str {
    results
        .scenario(name)
        .map_or("", |scenario| scenario.about.as_str())
}

fn cell(case: &CaseResult) -> Markup {
    let said = sign(case.status);
    html! {
        @if case.status == Status::NotApplicable {
            span.not-applicable title=(case.reason.as_deref().unwrap_or_default()) { (said) }
        } @else {
            a.(case.status.word()) href=(link(case)) title={ (case.profile) ": " (case.status) } { (said) }
        }
    }
}

fn link(case: &CaseResult) -> String {
    format!("#{}/{}", case.scenario, case.profile)
}

fn sign(status: Status) -> &'static str {
    match status {
        Status::Passed => "✓",
        Status::Failed => "✗",
        Status::KnownFailure => "(✗)",
        Status::UnexpectedlyPassed => "✓!",
        Status::Undocumented => "?",
        Status::Unsupported => "u",
        Status::NotApplicable => "–",
        Status::SubjectError => "!",
        Status::HarnessError => "!!",
    }
}

#[derive(Serialize)]
struct Opened<'a> {
    title: &'a str,
    about: &'a str,
    file: &'a str,
    yaml: &'a str,
    columns: BTreeMap<&'a str, Column<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Shown]>::is_empty")]
    findings: &'a [Shown],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    undocumented: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows>,
}

fn pack(name: &str, cases: &[CaseResult], scenario: Option<&Scenario>) -> Packed {
    let played = cases
        .iter()
        .filter(|case| case.status != Status::NotApplicable);
    let column = |case: &'_ CaseResult| case.transcript.as_ref().map(Rows::of);
    let opened = Opened {
        title: &cases[0].title,
        about: scenario.map_or("", |scenario| &scenario.about),
        file: &cases[0].file,
        yaml: scenario.map_or("", |scenario| &scenario.text),
        columns: played
            .map(|case| {
                let shown = Column {
                    status: case.status,
                    reason: case.reason.as_deref(),
                    findings: &case.findings,
                    undocumented: &case.undocumented,
                    rows: column(case),
                };
                (case.profile.as_str(), shown)
            })
            .collect(),
    };
    Packed::new(name, &opened)
}
