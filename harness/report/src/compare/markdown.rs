//! For a file that is kept: no times, lengths or places of this machine, so that two runs of the
//! same suite give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Comparison, Group, Row, Special, Standing, Wording, area_title};

/// The whole report.
pub fn render(comparison: &Comparison) -> String {
    let mut text = String::from(HEAD);
    summary(comparison, &mut text);
    portable(comparison, &mut text);
    specials(comparison, &mut text);
    unknown(comparison, &mut text);
    matrix(comparison, &mut text);
    rules(comparison, &mut text);
    words(comparison, &mut text);
    questions(comparison, &mut text);
    text
}

const HEAD: &str = "\
# Vendors side by side

What the same scenarios tell an app under each profile. Made by
`kickout compare --report markdown=reports/vendor-comparison.md --report html=reports/vendor-comparison.html`;
CI makes it again and wants no difference. The page beside this one has every transcript.

Compared are neutral words, step by step: what each device is told and answered, in its order, what
it is at the end, and when, where the vendor's rules set a time. Numbers of two vendors are never
compared; they stand beside the words. A profile is what documents say, so what nobody documents is
marked: the position taken by this project is shown, and is no vendor's behaviour.

";

const SIGNS: &[(Standing, &str)] = &[
    (Standing::Same, "="),
    (Standing::InCode, "≈"),
    (Standing::InBehaviour, "≠"),
    (Standing::NotDocumented, "?"),
    (Standing::NotApplicable, "–"),
    (Standing::NotPlayed, "!"),
];

fn sign(standing: Standing) -> &'static str {
    let known = SIGNS.iter().find(|(known, _)| *known == standing);
    known.map_or("", |(_, sign)| sign)
}

fn summary(comparison: &Comparison, text: &mut String) {
    let _ = writeln!(
        text,
        "{} scenarios are for two profiles at least ({} more for fewer). In {} of them all {} profiles behave \
         the same; in {} more all those that they are for.\n",
        comparison.rows.len(),
        comparison.alone,
        comparison.portable().count(),
        comparison.columns.len(),
        comparison.portable_where_it_applies().count(),
    );
    let titles: Vec<&str> = SIGNS[..5]
        .iter()
        .map(|(standing, _)| standing.word())
        .collect();
    let _ = writeln!(text, "| profile | product | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "--:|".repeat(titles.len()));
    for (at, column) in comparison.columns.iter().enumerate() {
        let tally = comparison.tally(at);
        let counts = SIGNS[..5]
            .iter()
            .map(|(standing, _)| tally.get(standing).unwrap_or(&0).to_string());
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            column.name,
            cell(&column.product),
            counts.join(" | ")
        );
    }
    text.push('\n');
    for (standing, sign) in &SIGNS[..5] {
        let _ = writeln!(text, "- `{sign}` {standing}: {}", standing.means());
    }
    text.push_str(
        "\nIn each row the behaviour that most profiles have is what the others are held against; other\n\
         behaviours have the letters B, C, ….\n\n",
    );
    text.push_str("To be found below:\n\n");
    text.push_str("- [what an app may rely on](#what-an-app-may-rely-on)\n");
    text.push_str("- [what a wrapper has to handle](#what-a-wrapper-has-to-handle), by area:\n");
    for area in comparison.areas() {
        let about = comparison
            .specials
            .iter()
            .filter(|special| special.area == area)
            .count();
        if about > 0 {
            let title = area_title(area);
            let _ = writeln!(text, "  - [{title}](#{}): {about}", anchor(title));
        }
    }
    text.push_str("- [events that not all of them know](#events-that-not-all-of-them-know)\n");
    text.push_str("- [every scenario](#every-scenario), as a matrix\n");
    text.push_str("- [rules that differ](#rules-that-differ): lengths of time, limits, policies\n");
    text.push_str("- [the vendors' words](#the-vendors-words) for the same thing\n");
    text.push_str("- [open questions](#open-questions), and the positions taken\n");
}

fn portable(comparison: &Comparison, text: &mut String) {
    text.push_str(
        "\n## What an app may rely on\n\nAll of them behave the same here, in whatever words.\n",
    );
    let listed = |rows: Vec<&Row>, text: &mut String| {
        for area in comparison.areas() {
            let mut own = rows.iter().filter(|row| row.area == area).peekable();
            if own.peek().is_some() {
                let _ = writeln!(text, "\n**{}**\n", area_title(area));
            }
            for row in own {
                let _ = writeln!(text, "- {} ({})", cell(&row.title), code(&row.scenario));
            }
        }
    };
    listed(comparison.portable().collect(), text);
}

fn specials(comparison: &Comparison, text: &mut String) {
    text.push_str(
        "\n## What a wrapper has to handle\n\nOnly what is not the same everywhere; each thing once, where it is seen first.\n",
    );
    for area in comparison.areas() {
        let own = comparison
            .specials
            .iter()
            .filter(|special| special.area == area);
        let mut heading = "";
        let mut first = true;
        for special in own {
            let Some(place) = special.seen_in.first() else {
                continue;
            };
            if first {
                let _ = writeln!(text, "\n### {}", area_title(area));
                first = false;
            }
            if heading != place.scenario {
                heading = &place.scenario;
                let _ = writeln!(text, "\n#### {}\n", cell(&place.title));
                let row = comparison.rows.iter().find(|row| row.scenario == heading);
                if let Some(about) = row.and_then(|row| row.about.as_ref()) {
                    let _ = writeln!(text, "{}\n", cell(about.trim()));
                }
                let _ = writeln!(text, "`{heading}`");
            }
            about(special, comparison, text);
        }
    }
}

fn about(special: &Special, comparison: &Comparison, text: &mut String) {
    let place = &special.seen_in[0];
    match place.step {
        Some(step) => {
            let shown = code(place.text.trim_start_matches("- "));
            let _ = write!(text, "\nStep {step}, {shown}");
        }
        None => text.push_str("\nAt the end"),
    }
    let others: BTreeSet<&str> = special.seen_in[1..]
        .iter()
        .map(|place| place.scenario.as_str())
        .collect();
    let others: Vec<&str> = others
        .into_iter()
        .filter(|other| *other != place.scenario)
        .collect();
    match others.as_slice() {
        [] => text.push_str(":\n\n"),
        [one] => {
            let _ = writeln!(text, " (as in `{one}`):\n");
        }
        [one, more @ ..] => {
            let _ = writeln!(text, " (as in `{one}` and {} more):\n", more.len());
        }
    }
    for group in &special.groups {
        about_group(group, special, comparison, text);
    }
    for (column, whys) in &special.open {
        if !special
            .groups
            .iter()
            .any(|group| group.columns.contains(column))
        {
            let name = &comparison.columns[*column].name;
            let _ = writeln!(text, "- **{name}**: not documented ({})", whys.join(", "));
        }
    }
}

fn about_group(group: &Group, special: &Special, comparison: &Comparison, text: &mut String) {
    let (open, documented): (Vec<usize>, Vec<usize>) = group
        .columns
        .iter()
        .partition(|column| special.open.contains_key(column));
    let said = cell(&said(group));
    if !documented.is_empty() {
        let _ = writeln!(
            text,
            "- **{}**: {said}",
            comparison.names(&documented).join(", ")
        );
    }
    if !open.is_empty() {
        let whys: BTreeSet<&str> = open
            .iter()
            .flat_map(|column| &special.open[column])
            .map(String::as_str)
            .collect();
        let whys: Vec<&str> = whys.into_iter().collect();
        let names = comparison.names(&open).join(", ");
        let _ = writeln!(
            text,
            "- **{names}**: not documented ({}); taken here: {said}",
            whys.join(", ")
        );
    }
    if group.lines.is_empty() {
        return;
    }
    for wording in &group.wordings {
        let _ = writeln!(
            text,
            "  - {}: {}",
            comparison.names(&wording.columns).join(", "),
            native(wording)
        );
    }
    let beside = beside(group, special);
    if !beside.is_empty() {
        let _ = writeln!(text, "  - questions beside it: {}", beside.join(", "));
    }
}

/// The questions that are answered one way here and might be another, or to which more belongs.
pub(super) fn beside<'a>(group: &Group, special: &'a Special) -> Vec<&'a str> {
    let own = group
        .columns
        .iter()
        .filter_map(|column| special.disputed.get(column));
    let ids: BTreeSet<&str> = own.flatten().map(String::as_str).collect();
    ids.into_iter().collect()
}

/// What a group is told, in neutral words.
pub(super) fn said(group: &Group) -> String {
    let devices: BTreeSet<&str> = group
        .lines
        .iter()
        .map(|line| line.device.as_str())
        .collect();
    let mut said = Vec::new();
    for device in devices {
        let own = group.lines.iter().filter(|line| line.device == device);
        let lines: Vec<String> = own
            .map(|line| match line.after {
                Some(after) => format!("{} after {after}", line.words),
                None => line.words.clone(),
            })
            .collect();
        said.push(format!("{device}: {}", lines.join(", ")));
    }
    match said.is_empty() {
        true => "nothing".into(),
        false => said.join("; "),
    }
}

fn native(wording: &Wording) -> String {
    let said: Vec<String> = wording.native.iter().map(|native| code(native)).collect();
    said.join(", ")
}

fn unknown(comparison: &Comparison, text: &mut String) {
    text.push_str(
        "\n## Events that not all of them know\n\nThey are left out where a profile that does not know them is compared.\n\n",
    );
    let names: Vec<String> = comparison
        .columns
        .iter()
        .map(|column| format!("`{}`", column.name))
        .collect();
    let _ = writeln!(text, "| event | means | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "---|".repeat(names.len()));
    for unknown in &comparison.unknown {
        let cells: Vec<String> = (0..names.len())
            .map(|at| match unknown.told_by.get(&at) {
                None => "–".into(),
                Some(None) => "no callback".into(),
                Some(Some(callback)) => format!("`{callback}`"),
            })
            .collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            unknown.event,
            cell(&unknown.means),
            cells.join(" | ")
        );
    }
}

fn matrix(comparison: &Comparison, text: &mut String) {
    text.push_str("\n## Every scenario\n");
    for area in comparison.areas() {
        let names: Vec<String> = comparison
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        let _ = writeln!(
            text,
            "\n**{}**\n\n| scenario | {} |",
            area_title(area),
            names.join(" | ")
        );
        let _ = writeln!(text, "|---|{}", ":-:|".repeat(names.len()));
        for row in comparison.rows.iter().filter(|row| row.area == area) {
            let cells = row
                .cells
                .iter()
                .zip(&row.letters)
                .map(|(standing, letter)| match (standing, letter) {
                    (Standing::InBehaviour, Some(letter)) => format!("≠ {letter}"),
                    (standing, _) => sign(*standing).to_owned(),
                });
            let cells: Vec<String> = cells.collect();
            let _ = writeln!(text, "| {} | {} |", cell(&row.title), cells.join(" | "));
        }
    }
}

fn rules(comparison: &Comparison, text: &mut String) {
    text.push_str(
        "\n## Rules that differ\n\nValues of the profiles, by knob; `kickout explain KNOB` has the source of each. \
         In brackets: nobody documents it.\n\n",
    );
    let names: Vec<String> = comparison
        .columns
        .iter()
        .map(|column| format!("`{}`", column.name))
        .collect();
    let _ = writeln!(text, "| knob | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
    for (knob, values) in comparison.differing_rules() {
        let cells: Vec<String> = values
            .iter()
            .map(|value| cell(&value.to_string()))
            .collect();
        let _ = writeln!(text, "| {knob} | {} |", cells.join(" | "));
    }
}

fn words(comparison: &Comparison, text: &mut String) {
    text.push_str("\n## The vendors' words\n");
    for (is_result, title) in [(false, "Events"), (true, "Results of calls")] {
        let names: Vec<String> = comparison
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        let _ = writeln!(text, "\n**{title}**\n\n| what | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
        for word in comparison
            .words
            .iter()
            .filter(|word| word.is_result == is_result)
        {
            let cells: Vec<String> = (0..names.len())
                .map(|at| {
                    let native = word.native.get(&at).into_iter().flatten();
                    let native: Vec<String> = native.map(|native| code(native)).collect();
                    native.join("<br>")
                })
                .collect();
            let _ = writeln!(text, "| {} | {} |", cell(&word.neutral), cells.join(" | "));
        }
    }
}

fn questions(comparison: &Comparison, text: &mut String) {
    text.push_str("\n## Open questions\n");
    for (id, question) in &comparison.questions {
        let kind = match question.gap {
            true => "nobody says",
            false => "documents contradict each other",
        };
        let _ = writeln!(text, "\n**{id}** {} ({kind})\n", question.asks);
        let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (column, position) in &question.positions {
            by.entry(position).or_default().push(column);
        }
        for (position, columns) in by {
            let _ = writeln!(text, "- {}: {}", columns.join(", "), position.trim());
        }
    }
}

/// A text as it may stand in a cell of a table or in a heading: one line, and nothing in it is
/// markup.
fn cell(text: &str) -> String {
    text.replace('<', "&lt;")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
}

/// A text as code, in a cell as well.
fn code(text: &str) -> String {
    format!(
        "`{}`",
        text.replace('`', "'")
            .replace('|', "\\|")
            .replace(['\n', '\r'], " ")
    )
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let small = heading.to_lowercase();
    small
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}
