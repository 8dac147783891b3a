//! One page to look things up in, with every transcript.

use std::collections::BTreeMap;

use conformance::source::Source;
use maud::{Markup, html};
use serde::Serialize;

use super::markdown::{beside, said};
use super::{Comparison, Group, Row, Special, Standing, Step, area_title};
use crate::page::rows::Rows;
use crate::page::{self, Kind, Packed, Part};

/// The whole page.
pub fn render(comparison: &Comparison) -> String {
    let parts = [
        part(
            "handle",
            "What a wrapper has to handle",
            specials(comparison),
        ),
        part("rely", "What an app may rely on", portable(comparison)),
        part("cases", "Every scenario", matrix(comparison)),
        part("rules", "Rules", rules(comparison)),
        part("words", "The vendors' words", words(comparison)),
        part("questions", "Open questions", questions(comparison)),
    ];
    let packed: Vec<Packed> = comparison
        .rows
        .iter()
        .map(|row| pack(row, comparison))
        .collect();
    let summary = summary(comparison);
    page::render(
        Kind::Comparison,
        "Vendors side by side",
        &summary,
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

fn summary(comparison: &Comparison) -> Markup {
    html! {
        p {
            "What the same scenarios tell an app under each profile: " (comparison.rows.len())
            " scenarios that are for two profiles at least. In " (comparison.portable().count())
            " of them all profiles behave the same, in " (comparison.portable_where_it_applies().count())
            " more all those that they are for. What nobody documents is marked; what is shown there is"
            " a position of this project and no vendor's behaviour."
        }
    }
}

fn specials(comparison: &Comparison) -> Markup {
    html! {
        @for area in comparison.areas() {
            @let own = by_scenario(comparison, area);
            @if !own.is_empty() {
                div data-part {
                    h2 { (area_title(area)) }
                    @for (row, specials) in own {
                        div.card data-find=(row.scenario) {
                            h3 { (row.title) }
                            @if let Some(about) = &row.about { p.soft { (about) } }
                            p { (open_links(row, comparison)) }
                            @for special in specials { (about_special(special, comparison)) }
                        }
                    }
                }
            }
        }
        (unknown(comparison))
    }
}

/// The scenarios in which something is seen first, with all of it.
fn by_scenario<'a>(comparison: &'a Comparison, area: &str) -> Vec<(&'a Row, Vec<&'a Special>)> {
    let mut all: Vec<(&Row, Vec<&Special>)> = Vec::new();
    for special in comparison
        .specials
        .iter()
        .filter(|special| special.area == area)
    {
        let Some(place) = special.seen_in.first() else {
            continue;
        };
        match all.last_mut() {
            Some((row, specials)) if row.scenario == place.scenario => specials.push(special),
            _ => {
                let row = comparison
                    .rows
                    .iter()
                    .find(|row| row.scenario == place.scenario);
                all.extend(row.map(|row| (row, vec![special])));
            }
        }
    }
    all
}

fn open_links(row: &Row, comparison: &Comparison) -> Markup {
    html! {
        span.soft { (row.scenario) ": " }
        @for at in row.records.keys() {
            @let name = &comparison.columns[*at].name;
            a href={ "#" (row.scenario) "/" (name) } { (name) } " "
        }
    }
}

fn about_special(special: &Special, comparison: &Comparison) -> Markup {
    let place = special.seen_in.first();
    html! {
        @if let Some(place) = place {
            p {
                @match place.step { Some(step) => { "step " (step) ": " }, None => {} }
                code { (place.text) }
                @if special.seen_in.len() > 1 { span.soft { ", and in " (special.seen_in.len() - 1) " more steps" } }
            }
        }
        ul {
            @for group in &special.groups { (about_group(group, special, comparison)) }
            @for (column, whys) in &special.open {
                @if !special.groups.iter().any(|group| group.columns.contains(column)) {
                    li.not-documented {
                        (comparison.columns[*column].name) ": not documented (" (whys.join(", ")) ")"
                    }
                }
            }
        }
    }
}

fn about_group(group: &Group, special: &Special, comparison: &Comparison) -> Markup {
    let (open, documented): (Vec<usize>, Vec<usize>) = group
        .columns
        .iter()
        .partition(|column| special.open.contains_key(column));
    let whys = |column: &usize| {
        special
            .open
            .get(column)
            .map(|whys| whys.join(", "))
            .unwrap_or_default()
    };
    html! {
        li {
            @if !documented.is_empty() { strong { (comparison.names(&documented).join(", ")) } ": " }
            @for column in &open {
                strong.not-documented { (comparison.columns[*column].name) } " "
                span.not-documented { "(not documented: " (whys(column)) "; taken here) " }
            }
            (said(group))
            @if !group.lines.is_empty() {
                ul {
                    @for wording in &group.wordings {
                        li {
                            (comparison.names(&wording.columns).join(", ")) ": "
                            @for native in &wording.native { code { (native) } " " }
                        }
                    }
                    @let beside = beside(group, special);
                    @if !beside.is_empty() { li.soft { "questions beside it: " (beside.join(", ")) } }
                }
            }
        }
    }
}

fn unknown(comparison: &Comparison) -> Markup {
    html! {
        div data-part {
            h2 { "Events that not all of them know" }
            div.scroll { table {
                thead { tr { th { "event" } th { "means" } @for column in &comparison.columns { th { (column.name) } } } }
                tbody {
                    @for unknown in &comparison.unknown {
                        tr data-find=(unknown.event) {
                            td { (unknown.event) }
                            td { (unknown.means) }
                            @for at in 0..comparison.columns.len() {
                                td {
                                    @match unknown.told_by.get(&at) {
                                        None => { span.soft { "–" } },
                                        Some(None) => { span.soft { "no callback" } },
                                        Some(Some(callback)) => { code { (callback) } },
                                    }
                                }
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn portable(comparison: &Comparison) -> Markup {
    let list = |rows: Vec<&Row>| {
        html! {
            @for area in comparison.areas() {
                @if rows.iter().any(|row| row.area == area) {
                    div data-part {
                        h3 { (area_title(area)) }
                        ul {
                            @for row in rows.iter().filter(|row| row.area == area) {
                                li data-find=(row.scenario) {
                                    (row.title) " "
                                    @if let Some(at) = row.records.keys().next() {
                                        a href={ "#" (row.scenario) "/" (comparison.columns[*at].name) } { "look" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    html! {
        h2 { "All profiles behave the same" }
        (list(comparison.portable().collect()))
        h2 { "All those that it is for behave the same" }
        (list(comparison.portable_where_it_applies().collect()))
    }
}

fn matrix(comparison: &Comparison) -> Markup {
    html! {
        ul.soft {
            @for standing in Standing::ALL { li { span.(standing.word()) { (sign(*standing)) } " " (standing) ": " (standing.means()) } }
        }
        @for area in comparison.areas() {
            div data-part {
                h2 { (area_title(area)) }
                div.scroll { table {
                    thead { tr { th { "scenario" } @for column in &comparison.columns { th.tall { (column.name) } } } }
                    tbody { @for row in comparison.rows.iter().filter(|row| row.area == area) { (matrix_row(row, comparison)) } }
                } }
            }
        }
    }
}

fn matrix_row(row: &Row, comparison: &Comparison) -> Markup {
    let about = row.about.as_deref().unwrap_or_default();
    html! {
        tr data-scenario=(row.scenario) data-find={ (row.scenario) " " (about) } {
            td.title { (row.title) }
            @for (at, standing) in row.cells.iter().enumerate() {
                @let letter = row.letters[at].filter(|_| *standing == Standing::InBehaviour);
                @let said = format!("{}{}", sign(*standing), letter.map(|letter| format!(" {letter}")).unwrap_or_default());
                td.cell {
                    @if row.records.contains_key(&at) {
                        a.(standing.word()) href={ "#" (row.scenario) "/" (comparison.columns[at].name) }
                            title={ (comparison.columns[at].name) ": " (standing) } { (said) }
                    } @else {
                        span.(standing.word()) title=(row.reasons.get(&at).map_or("", String::as_str)) { (said) }
                    }
                }
            }
        }
    }
}

fn sign(standing: Standing) -> &'static str {
    match standing {
        Standing::Same => "=",
        Standing::InCode => "≈",
        Standing::InBehaviour => "≠",
        Standing::NotDocumented => "?",
        Standing::NotApplicable => "–",
        Standing::NotPlayed => "!",
    }
}

fn rules(comparison: &Comparison) -> Markup {
    html! {
        p { "Values of the profiles, where they differ; in brackets: nobody documents it. "
            code { "kickout explain KNOB" } " has the source of each." }
        div.scroll { table {
            thead { tr { th { "knob" } @for column in &comparison.columns { th { (column.name) } } } }
            tbody {
                @for (knob, values) in comparison.differing_rules() {
                    tr data-find="" {
                        td { code { (knob) } }
                        @for value in values { td { (value) } }
                    }
                }
            }
        } }
    }
}

fn words(comparison: &Comparison) -> Markup {
    html! {
        @for (is_result, title) in [(false, "Events"), (true, "Results of calls")] {
            div data-part {
                h2 { (title) }
                div.scroll { table {
                    thead { tr { th { "what" } @for column in &comparison.columns { th { (column.name) } } } }
                    tbody {
                        @for word in comparison.words.iter().filter(|word| word.is_result == is_result) {
                            tr data-find="" {
                                td { (word.neutral) }
                                @for at in 0..comparison.columns.len() {
                                    td { @for native in word.native.get(&at).into_iter().flatten() { div { code { (native) } } } }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn questions(comparison: &Comparison) -> Markup {
    html! {
        @for (id, question) in &comparison.questions {
            div.card data-find=(id) {
                h3 { (id) " " (question.asks) }
                p.soft { @if question.gap { "Nobody says." } @else { "Documents contradict each other." } }
                dl.seen { @for (column, position) in &question.positions { dt { (column) } dd { (position) } } }
            }
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    title: &'a str,
    about: Option<&'a str>,
    file: &'a str,
    yaml: &'a str,
    names: Vec<&'a str>,
    steps: &'a [Step],
    columns: BTreeMap<&'a str, ShownCell<'a>>,
}

#[derive(Serialize)]
struct ShownCell<'a> {
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<&'a Rows>,
}

fn pack(row: &Row, comparison: &Comparison) -> Packed {
    let Source { path, text } = row.source.as_ref();
    let cell = |(at, standing): (usize, &Standing)| {
        let shown = ShownCell {
            standing: *standing,
            reason: row.reasons.get(&at).map(String::as_str),
            rows: row.records.get(&at),
        };
        (comparison.columns[at].name.as_str(), shown)
    };
    let shown = Shown {
        title: &row.title,
        about: row.about.as_deref(),
        file: path,
        yaml: text,
        names: comparison
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect(),
        steps: &row.steps,
        columns: row.cells.iter().enumerate().map(cell).collect(),
    };
    Packed::new(&row.scenario, &shown)
}
