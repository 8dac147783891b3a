//! For people at a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::markdown::said;
use super::{Comparison, Special, Standing, area_title};
use crate::terminal::Paint;

/// What differs in behaviour, by area, and a summary.
pub fn render(comparison: &Comparison, paint: Paint) -> String {
    let mut text = String::new();
    for area in comparison.areas() {
        let own: Vec<&Special> = comparison
            .specials
            .iter()
            .filter(|special| special.area == area)
            .collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", paint.bold(area_title(area)));
        let mut heading = "";
        for special in own {
            let Some(place) = special.seen_in.first() else {
                continue;
            };
            if heading != place.scenario {
                heading = &place.scenario;
                let _ = writeln!(text, "\n  {}\n  {heading}", place.title);
            }
            let step = place.step.map_or("at the end".into(), |step| {
                format!("step {step}: {}", place.text)
            });
            let _ = writeln!(text, "    {step}");
            about(special, comparison, &mut text);
        }
        text.push('\n');
    }
    summary(comparison, paint, &mut text);
    text
}

fn about(special: &Special, comparison: &Comparison, text: &mut String) {
    let mut grouped: BTreeSet<usize> = BTreeSet::new();
    for group in &special.groups {
        grouped.extend(group.columns.iter());
        for (open, columns) in [
            (
                false,
                group
                    .columns
                    .iter()
                    .filter(|c| !special.open.contains_key(c))
                    .copied()
                    .collect::<Vec<_>>(),
            ),
            (
                true,
                group
                    .columns
                    .iter()
                    .filter(|c| special.open.contains_key(c))
                    .copied()
                    .collect(),
            ),
        ] {
            if !columns.is_empty() {
                let taken = if open {
                    "not documented; taken here: "
                } else {
                    ""
                };
                let _ = writeln!(
                    text,
                    "      {}: {taken}{}",
                    comparison.names(&columns).join(" "),
                    said(group)
                );
            }
        }
        for wording in group
            .wordings
            .iter()
            .filter(|wording| !wording.native.is_empty())
        {
            let names = comparison.names(&wording.columns).join(" ");
            let _ = writeln!(text, "        {names}: {}", wording.native.join(", "));
        }
    }
    let silent: Vec<usize> = special
        .open
        .keys()
        .filter(|column| !grouped.contains(column))
        .copied()
        .collect();
    if !silent.is_empty() {
        let _ = writeln!(
            text,
            "      {}: not documented",
            comparison.names(&silent).join(" ")
        );
    }
}

fn summary(comparison: &Comparison, paint: Paint, text: &mut String) {
    let width = comparison
        .columns
        .iter()
        .map(|column| column.name.len())
        .max()
        .unwrap_or(0);
    for (at, column) in comparison.columns.iter().enumerate() {
        let tally = comparison.tally(at);
        let counts = Standing::ALL.iter().filter_map(|standing| {
            let count = tally.get(standing)?;
            Some(format!("{count} {standing}"))
        });
        let counts: Vec<String> = counts.collect();
        let name = format!("{:width$}", column.name);
        let _ = writeln!(text, "{}  {}", paint.bold(&name), counts.join(", "));
    }
    let _ = writeln!(
        text,
        "{} scenarios compared; in {} all profiles behave the same, in {} more all those they are for",
        comparison.rows.len(),
        comparison.portable().count(),
        comparison.portable_where_it_applies().count()
    );
}
