//! Which ways of breaking rules were caught, by what, and how soon.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize};

use crate::ndjson::{CUT_SHORT, Problem, line, lines};
use crate::results::{Of, Shard};
use crate::terminal::Paint;

/// What has become of all deviations.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutants {
    /// What was to be tried, and by which build.
    pub head: Head,
    /// In the order of the files, those that survived first.
    pub deviations: Vec<Mutant>,
    /// Rows that must hold and that no deviation breaks.
    pub unproven: Vec<Unproven>,
}

/// What was to be tried, and by which build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Head {
    /// The version of the stored form.
    pub format: u32,
    /// What the results are of.
    pub of: Of,
    /// The version of the program, and a digest of what it was built from.
    pub build: String,
    /// A digest of the scenarios and profiles.
    pub suite: String,
    /// The profiles.
    pub profiles: Vec<String>,
    /// How many random cases were tried at most, where they were.
    pub fuzz_budget: Option<u64>,
    /// The deviations, in the order of the files.
    pub deviations: Vec<String>,
    /// Which part of them was to be tried; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// How many there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Foot {
    deviations: usize,
    unproven: usize,
}

impl Head {
    /// The deviations that were to be tried.
    pub fn planned(&self) -> impl Iterator<Item = &String> {
        let mine = |name: &&String| self.shard.is_none_or(|shard| shard.holds(name));
        self.deviations.iter().filter(mine)
    }
}

/// What has become of one deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mutant {
    /// Its name.
    pub name: String,
    /// Who deviates.
    pub party: Vec<String>,
    /// What it does.
    pub does: String,
    /// The rows and rules that it breaks.
    pub breaks: Vec<String>,
    /// The public reports it comes from.
    pub reports: Vec<u32>,
    /// Under how many profiles it changes anything.
    pub profiles: usize,
    /// What has become of it.
    pub outcome: Outcome,
    /// What the first catch was.
    pub catch: Option<Catch>,
    /// The first random case that caught it for the right reason.
    pub fuzzed: Option<u64>,
}

/// A catch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Catch {
    /// What noticed, such as `rule I2` or `step 5`.
    pub by: String,
    /// The rows it names.
    pub rows: Vec<String>,
    /// The scenario.
    pub scenario: String,
    /// The profile.
    pub profile: String,
    /// The how manieth case it was.
    pub case: usize,
}

/// What has become of a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing noticed.
    Survived,
    /// Something was noticed, but not what it breaks.
    CaughtOtherwise,
    /// A finding names a row or a rule that it breaks.
    Caught,
}

/// A row that no deviation breaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unproven {
    /// The row.
    pub row: String,
    /// What it says.
    pub statement: String,
    /// Why there is none, where somebody said.
    pub reason: Option<String>,
}

impl Mutants {
    /// How many ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.with(outcome).count()
    }

    /// Was everything caught for the right reason, and is every row proven or excepted?
    pub fn is_complete(&self) -> bool {
        let all = self.deviations.iter();
        all.map(|mutant| mutant.outcome)
            .all(|outcome| outcome == Outcome::Caught)
            && self.unproven.iter().all(|row| row.reason.is_some())
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Mutant> {
        self.deviations
            .iter()
            .filter(move |mutant| mutant.outcome == outcome)
    }

    fn score(&self) -> String {
        let (caught, all) = (self.count(Outcome::Caught), self.deviations.len());
        let percent = (caught * 1_000).checked_div(all).unwrap_or(0);
        format!(
            "{caught} of {all} caught for the right reason ({}.{} %)",
            percent / 10,
            percent % 10
        )
    }

    fn fuzz_score(&self) -> Option<String> {
        let budget = self.head.fuzz_budget?;
        let found = self
            .deviations
            .iter()
            .filter(|mutant| mutant.fuzzed.is_some())
            .count();
        Some(format!(
            "{found} of {} also found by random cases, {budget} at most",
            self.deviations.len()
        ))
    }
}

/// For people at a terminal: what is unguarded, then the score.
pub fn terminal(mutants: &Mutants, paint: Paint) -> String {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    let mut text = String::new();
    for (outcome, style, word) in [
        (Outcome::Survived, red, "survived"),
        (Outcome::CaughtOtherwise, yellow, "caught only otherwise"),
    ] {
        for mutant in mutants.with(outcome) {
            let _ = writeln!(
                text,
                "{} {}: {}",
                paint.with(style, word),
                mutant.name,
                mutant.does
            );
            let _ = writeln!(text, "  unguarded: {}", mutant.breaks.join(", "));
            if let Some(catch) = &mutant.catch {
                let _ = writeln!(text, "  noticed was: {}", said(catch));
            }
            let _ = writeln!(text, "  look: kickout run --deviation {}", mutant.name);
        }
    }
    for row in mutants.unproven.iter().filter(|row| row.reason.is_none()) {
        let word = paint.with(red, "unproven");
        let _ = writeln!(text, "{word} {}: {}", row.row, row.statement);
    }
    let _ = writeln!(text, "{}", mutants.score());
    if let Some(score) = mutants.fuzz_score() {
        let _ = writeln!(text, "{score}");
    }
    text
}

/// For programs: one JSON object a line, a header first.
pub fn ndjson(mutants: &Mutants) -> String {
    let mut text = String::new();
    line(&mut text, "head", &mutants.head);
    for deviation in &mutants.deviations {
        line(&mut text, "deviation", deviation);
    }
    for row in &mutants.unproven {
        line(&mut text, "unproven", row);
    }
    let foot = Foot {
        deviations: mutants.deviations.len(),
        unproven: mutants.unproven.len(),
    };
    line(&mut text, "foot", &foot);
    text
}

/// Reads what [`ndjson`] wrote.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn read(text: &str) -> Result<Mutants, Vec<Problem>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Line {
        Head(Head),
        Deviation(Mutant),
        Unproven(Unproven),
        Foot(Foot),
    }
    let (mut head, mut foot) = (None, None);
    let (mut deviations, mut unproven) = (Vec::new(), Vec::new());
    let mut problems = Vec::new();
    let lines = lines(text, Of::Mutants)?;
    let last = lines.len();
    for (at, line) in lines {
        match line {
            Line::Head(line) if at == 1 => head = Some(line),
            Line::Foot(line) if at == last => foot = Some(line),
            Line::Deviation(line) => deviations.push(line),
            Line::Unproven(line) => unproven.push(line),
            Line::Head(_) | Line::Foot(_) => problems.push(Problem {
                line: at,
                message: "a second header or sum; `kickout merge` joins results".into(),
            }),
        }
    }
    let counted = Foot {
        deviations: deviations.len(),
        unproven: unproven.len(),
    };
    let message = match &foot {
        None => CUT_SHORT,
        Some(foot) if *foot != counted => "the last line counts more or fewer than there are",
        Some(_) => "",
    };
    if problems.is_empty() && !message.is_empty() {
        problems.push(Problem {
            line: last,
            message: message.into(),
        });
    }
    match head {
        Some(head) if problems.is_empty() => Ok(Mutants {
            head,
            deviations,
            unproven,
        }),
        _ => Err(problems),
    }
}

/// For a file that is kept: no times or places of this machine.
pub fn markdown(mutants: &Mutants) -> String {
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "**{}**", mutants.score());
    if let Some(score) = mutants.fuzz_score() {
        let _ = writeln!(text, "\n{score}");
    }
    text.push_str("\n| deviation | who | what it does | breaks | caught by | in | case |");
    text.push_str(if mutants.head.fuzz_budget.is_some() {
        " random case |\n"
    } else {
        "\n"
    });
    text.push_str("|---|---|---|---|---|---|--:|");
    text.push_str(if mutants.head.fuzz_budget.is_some() {
        "--:|\n"
    } else {
        "\n"
    });
    for mutant in &mutants.deviations {
        row(mutant, mutants.head.fuzz_budget.is_some(), &mut text);
    }
    if !mutants.unproven.is_empty() {
        text.push_str(
            "\n## Rows that no deviation breaks\n\n| row | statement | why |\n|---|---|---|\n",
        );
    }
    for row in &mutants.unproven {
        let why = row.reason.as_deref().unwrap_or("**not said**");
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            row.row,
            cell(&row.statement),
            cell(why)
        );
    }
    text
}

const HEAD: &str = "\
# Mutation score

Deviations are named ways in which a client or a server breaks a rule (`fixtures/deviations`). Each was
played against the suite until a finding named one of the rows or rules that it breaks. Scenarios that
look at its rows come first, then all others; *case* is the how manieth it was. Made by
`kickout mutants --report markdown=reports/mutation-score.md`; CI makes it again and wants no difference.

";

fn row(mutant: &Mutant, with_fuzz: bool, text: &mut String) {
    let caught = match (&mutant.outcome, &mutant.catch) {
        (Outcome::Caught, Some(catch)) => {
            let by = match catch.rows.is_empty() {
                true => catch.by.clone(),
                false => format!("{} ({})", catch.by, catch.rows.join(", ")),
            };
            format!(
                "{by} | `{}`, {} | {}",
                catch.scenario, catch.profile, catch.case
            )
        }
        (_, Some(catch)) => format!("**only otherwise**: {} | | ", said(catch)),
        (_, None) => "**survived** | | ".into(),
    };
    let _ = write!(
        text,
        "| {} | {} | {} | {} | {caught} |",
        mutant.name,
        mutant.party.join(", "),
        cell(&mutant.does),
        mutant.breaks.join(", "),
    );
    match mutant.fuzzed {
        _ if !with_fuzz => text.push('\n'),
        Some(case) => drop(writeln!(text, " {case} |")),
        None => text.push_str(" |\n"),
    }
}

fn said(catch: &Catch) -> String {
    let rows = match catch.rows.is_empty() {
        true => String::new(),
        false => format!(" ({})", catch.rows.join(", ")),
    };
    format!(
        "{}{rows} in {} under {}",
        catch.by, catch.scenario, catch.profile
    )
}

/// A text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
