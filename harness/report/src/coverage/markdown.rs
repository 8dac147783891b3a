//! For a file that is kept: no times, lengths or places of this machine, so that two runs of the
//! same suite give the same bytes.

use std::fmt::Write as _;

use super::{Coverage, Deciders, Row, Standing, Tally, WithProfile};

/// The whole report.
pub fn render(coverage: &Coverage) -> String {
    let mut text = String::from(HEAD);
    text.push_str("| catalogue | must or should | held | broken | undecided | excepted | may or info | held |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    let catalogues = coverage.catalogues();
    for catalogue in &catalogues {
        let binding = coverage.binding(Some(catalogue));
        sum(
            &format!("`{catalogue}`"),
            binding,
            coverage.other(Some(catalogue)),
            &mut text,
        );
    }
    sum(
        "all",
        coverage.binding(None),
        coverage.other(None),
        &mut text,
    );
    for (standing, title) in [
        (Standing::Broken, "Broken"),
        (
            Standing::Undecided,
            "Undecided, although they must or should hold",
        ),
        (Standing::Excepted, "Excepted"),
    ] {
        listed(coverage, standing, title, &mut text);
    }
    for catalogue in &catalogues {
        let _ = writeln!(text, "\n## Rows of `{catalogue}`");
        for row in coverage
            .rows
            .iter()
            .filter(|row| row.catalogue == **catalogue)
        {
            about(row, &mut text);
        }
    }
    text
}

const HEAD: &str = "\
# Coverage

Which statements of the vendors' documents were decided, by what, and with which verdict. Made by
`kickout coverage --report markdown=reports/coverage.md`; CI makes it again and wants no difference.

A row is decided *by step* where a step that `covers` it was met or not, *by rule* where a rule that
watches every run saw it kept where it could have been broken, and *on purpose* where a script broke
it and a rule noticed. A row about apps counts only by step or on purpose: that our own scripts keep
it says nothing. What hangs on something undocumented decides nothing.

";

fn sum(name: &str, binding: Tally, other: Tally, text: &mut String) {
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} | {} | {} |",
        binding.rows,
        binding.held,
        binding.broken,
        binding.undecided,
        binding.excepted,
        other.rows,
        other.held
    );
}

fn listed(coverage: &Coverage, standing: Standing, title: &str, text: &mut String) {
    let rows = coverage.rows.iter();
    let mut rows = rows
        .filter(|row| row.standing == standing && row.strength.is_binding())
        .peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(
        text,
        "\n## {title}\n\n| row | strength | party | statement | why |"
    );
    text.push_str("|---|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.id,
            row.strength,
            party(row),
            cell(&row.statement),
            cell(row.reason.as_deref().unwrap_or_default())
        );
    }
}

fn about(row: &Row, text: &mut String) {
    let implied = if row.implied { ", implied" } else { "" };
    let _ = writeln!(
        text,
        "\n**{}** {} ({}{implied}; {}): **{}**",
        row.id,
        row.statement,
        row.strength,
        party(row),
        row.standing
    );
    let stands = row.profiles.iter().map(|(profile, with)| match with {
        WithProfile::Decided(true) => format!("{profile} held"),
        WithProfile::Decided(false) => format!("{profile} **broken**"),
        WithProfile::Undecided => format!("{profile} undecided"),
        WithProfile::NotFor(why) => format!("not for {profile} ({why})"),
    });
    let stands: Vec<String> = stands.collect();
    let _ = writeln!(text, "\n- profiles: {}", stands.join(", "));
    for (label, deciders) in [
        ("by step", &row.by_step),
        ("by rule", &row.by_rule),
        ("on purpose", &row.on_purpose),
    ] {
        if !deciders.is_empty() {
            let _ = writeln!(text, "- {label}: {}", names(deciders, row));
        }
    }
}

/// The names; with their profiles where they are not those of all the row's.
fn names(deciders: &Deciders, row: &Row) -> String {
    let all = row.profiles.values();
    let all = all
        .filter(|with| matches!(with, WithProfile::Decided(_)))
        .count();
    let say = |(name, profiles): (&String, &std::collections::BTreeMap<String, bool>)| {
        let shown: Vec<String> = profiles
            .iter()
            .map(|(profile, held)| match held {
                true => profile.clone(),
                false => format!("{profile} **broken**"),
            })
            .collect();
        match profiles.len() == all && profiles.values().all(|held| *held) {
            true => format!("`{name}`"),
            false => format!("`{name}` ({})", shown.join(" ")),
        }
    };
    deciders.iter().map(say).collect::<Vec<_>>().join(", ")
}

fn party(row: &Row) -> String {
    let words: Vec<&str> = row.party.iter().map(|party| party.word()).collect();
    match words.is_empty() {
        true => "nobody".into(),
        false => words.join(", "),
    }
}

/// A text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
