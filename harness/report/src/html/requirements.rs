//! Which statements of the vendors were decided by these cases.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::results::{Requirement, Results, Status};

/// How many deciders are named.
const MOST_NAMED: usize = 3;

/// What decided a row.
#[derive(Default)]
struct Decided<'a> {
    broken: bool,
    /// Under which profiles.
    profiles: BTreeSet<&'a str>,
    /// By which cases: scenario and profile.
    cases: BTreeMap<&'a str, &'a str>,
    rules: BTreeSet<&'a str>,
}

pub(super) fn table(results: &Results) -> Markup {
    let decided = decided(results);
    html! {
        p.soft {
            (decided.len()) " of " (results.requirements.len()) " statements were decided. "
            "A full report with reasons: " code { "kickout coverage" } "."
        }
        div.scroll { table {
            thead { tr { th { "row" } th { "statement" } th { "strength" } th { "stands" } th { "by" } } }
            tbody {
                @for row in &results.requirements { (about(row, decided.get(row.id.as_str()))) }
            }
        } }
    }
}

fn about(row: &Requirement, decided: Option<&Decided<'_>>) -> Markup {
    let (class, stands) = match decided {
        None => ("undocumented", "undecided"),
        Some(decided) if decided.broken => ("failed", "broken"),
        Some(_) => ("passed", "held"),
    };
    html! {
        tr data-find=(row.catalogue) id=(row.id) {
            td { @match page(row) { Some(page) => { a href=(page) rel="noreferrer" { (row.id) } }, None => { (row.id) } } }
            td { (row.statement) " " span.soft { (row.document) ", " (row.place) } }
            td { (row.strength) }
            td.(class) { (stands) }
            td { @if let Some(decided) = decided { (deciders(decided)) } }
        }
    }
}

fn deciders(decided: &Decided<'_>) -> Markup {
    let more = decided.cases.len().saturating_sub(MOST_NAMED);
    html! {
        @for (scenario, profile) in decided.cases.iter().take(MOST_NAMED) {
            div { a href={ "#" (scenario) "/" (profile) } { (scenario) } }
        }
        @if more > 0 { div.soft { "and " (more) " more" } }
        @if !decided.rules.is_empty() {
            div { "rules " (decided.rules.iter().copied().collect::<Vec<_>>().join(", ")) }
        }
        div.soft { (decided.profiles.iter().copied().collect::<Vec<_>>().join(", ")) }
    }
}

/// Only an address on the web is made a link: results come from anywhere.
fn page(row: &Requirement) -> Option<&str> {
    let page = row.page.as_deref()?;
    let is_web = page.starts_with("https://") || page.starts_with("http://");
    is_web.then_some(page)
}

fn decided(results: &Results) -> BTreeMap<&str, Decided<'_>> {
    let mut all: BTreeMap<&str, Decided<'_>> = BTreeMap::new();
    let counted = results.cases.iter().filter(|case| {
        matches!(
            case.status,
            Status::Passed | Status::Failed | Status::KnownFailure | Status::UnexpectedlyPassed
        )
    });
    for case in counted {
        for decision in &case.decisions {
            let row = all.entry(decision.row.as_str()).or_default();
            row.broken |= !decision.held;
            row.profiles.insert(&case.profile);
            match &decision.rule {
                Some(rule) => {
                    row.rules.insert(rule);
                }
                None => {
                    row.cases.entry(&case.scenario).or_insert(&case.profile);
                }
            }
        }
    }
    all
}
