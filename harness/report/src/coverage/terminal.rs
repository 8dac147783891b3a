//! For people at a terminal: a line for each row, the reasons of what is not decided, the sums.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Coverage, Deciders, Row, Standing, Tally, WithProfile};
use crate::terminal::Paint;

/// The whole table.
pub fn render(coverage: &Coverage, paint: Paint) -> String {
    let mut text = String::new();
    for row in &coverage.rows {
        let _ = writeln!(text, "{}", line(row, paint));
    }
    for (standing, title) in [
        (Standing::Broken, "broken"),
        (Standing::Undecided, "undecided"),
        (Standing::Excepted, "excepted"),
    ] {
        reasons(coverage, standing, title, &mut text);
    }
    text.push('\n');
    for catalogue in coverage.catalogues() {
        let _ = writeln!(text, "{catalogue}: {}", sum(coverage, Some(catalogue)));
    }
    let _ = writeln!(text, "{}: {}", paint.bold("all"), sum(coverage, None));
    let tally = coverage.binding(None);
    if tally.excepted > tally.most_excepted() {
        let most = tally.most_excepted();
        let _ = writeln!(text, "at most {most} of them may be excepted");
    }
    text
}

fn line(row: &Row, paint: Paint) -> String {
    let profiles: Vec<&str> = row
        .profiles
        .iter()
        .filter(|(_, with)| matches!(with, WithProfile::Decided(_)))
        .map(|(profile, _)| profile.as_str())
        .collect();
    let mut by = Vec::new();
    for (deciders, one, many) in [
        (&row.by_step, "scenario", "scenarios"),
        (&row.by_rule, "rule", "rules"),
        (&row.on_purpose, "on purpose", "on purpose"),
    ] {
        match deciders.len() {
            0 => {}
            1 => by.push(format!("1 {one}")),
            more => by.push(format!("{more} {many}")),
        }
    }
    let strength = format!("{:<6}", row.strength.word());
    let head = format!("{}  {strength}  {}", row.id, standing(row.standing, paint));
    match by.is_empty() {
        true => head,
        false => format!("{head}  {}  {}", by.join(", "), profiles.join(" ")),
    }
}

fn standing(standing: Standing, paint: Paint) -> String {
    let color = match standing {
        Standing::Held => AnsiColor::Green,
        Standing::Broken => AnsiColor::Red,
        Standing::Undecided => AnsiColor::Yellow,
        Standing::Excepted | Standing::NotForThese => AnsiColor::BrightBlack,
    };
    paint.with(Style::new().fg_color(Some(color.into())), standing.word())
}

fn reasons(coverage: &Coverage, standing: Standing, title: &str, text: &mut String) {
    let rows = coverage.rows.iter();
    let rows = rows.filter(|row| row.standing == standing && row.strength.is_binding());
    for (index, row) in rows.enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{title}, although they must or should hold:");
        }
        let _ = writeln!(text, "  {}  {}", row.id, row.statement);
        match (&row.reason, standing) {
            (Some(reason), _) => {
                let _ = writeln!(text, "      {reason}");
            }
            (None, _) => {
                for (name, profiles) in broken(&row.by_step).chain(broken(&row.by_rule)) {
                    let _ = writeln!(text, "      {name}: {}", profiles.join(" "));
                }
            }
        }
    }
}

fn broken(deciders: &Deciders) -> impl Iterator<Item = (&String, Vec<&str>)> {
    deciders.iter().filter_map(|(name, profiles)| {
        let profiles: Vec<&str> = profiles
            .iter()
            .filter(|(_, held)| !**held)
            .map(|(profile, _)| profile.as_str())
            .collect();
        (!profiles.is_empty()).then_some((name, profiles))
    })
}

fn sum(coverage: &Coverage, catalogue: Option<&str>) -> String {
    let say = |tally: Tally| {
        let mut parts = vec![format!("{} held", tally.held)];
        for (number, word) in [
            (tally.broken, "broken"),
            (tally.undecided, "undecided"),
            (tally.excepted, "excepted"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        parts.join(", ")
    };
    let (binding, other) = (coverage.binding(catalogue), coverage.other(catalogue));
    format!(
        "{} rows must or should hold: {}; {} may or tell: {}",
        binding.rows,
        say(binding),
        other.rows,
        say(other)
    )
}
