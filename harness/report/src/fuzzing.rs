//! What random scenarios have come to.

use std::fmt::Write as _;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ndjson::{CUT_SHORT, Problem, line, lines};
use crate::results::{Of, Shard};
use crate::terminal::Paint;

/// The most failures that are shrunk and kept; the others are told.
pub const MOST_KEPT: usize = 20;

/// Everything there is to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Fuzzed {
    /// What was to be played, and by which build.
    pub head: Head,
    /// What was caught, in the order of the cases.
    pub caught: Vec<Caught>,
    /// How many cases went through each rare situation.
    pub reached: Vec<Reached>,
    /// What all cases have come to.
    pub sums: Sums,
}

/// What was to be played, and by which build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Head {
    /// The version of the stored form.
    pub format: u32,
    /// What the results are of.
    pub of: Of,
    /// The version of the program, and a digest of what it was built from.
    pub build: String,
    /// A digest of the profiles.
    pub suite: String,
    /// The version of the generator; the same seed is the same case only within one.
    pub generator: u32,
    /// The profiles that took turns.
    pub profiles: Vec<String>,
    /// The first seed.
    pub seed: u64,
    /// How many cases were to be played; as many as fit in a time without it.
    pub cases: Option<u64>,
    /// Is it a finding when a rare situation was never reached?
    pub require_reach: bool,
    /// Which part of the cases was to be played; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// What many cases have come to. Its size does not grow with their number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sums {
    /// How many cases were played.
    pub cases: u64,
    /// How many of them were played twice, to compare the bytes.
    pub played_twice: u64,
    /// How many cases had more than two minutes between their first and last step.
    pub long_cases: u64,
    /// Virtual milliseconds of all cases together.
    pub virtual_ms: u64,
    /// How many cases took so many virtual seconds from the first to the last step.
    pub script_seconds: BTreeMap<u64, u64>,
    /// The same with what it takes to settle afterwards.
    pub whole_seconds: BTreeMap<u64, u64>,
}

impl Head {
    /// The cases that were to be played: the first, and the one after the last.
    pub fn range(&self) -> (u64, u64) {
        let all = self.cases.unwrap_or(u64::MAX);
        let Some(Shard { index, of }) = self.shard else {
            return (0, all);
        };
        let until = |parts: u32| {
            let cases = u128::from(all) * u128::from(parts) / u128::from(of.max(1));
            u64::try_from(cases).unwrap_or(u64::MAX)
        };
        (until(index.saturating_sub(1)), until(index))
    }
}

impl Sums {
    /// Adds those of other cases.
    pub fn merge(&mut self, other: Sums) {
        self.cases = self.cases.saturating_add(other.cases);
        self.played_twice = self.played_twice.saturating_add(other.played_twice);
        self.long_cases = self.long_cases.saturating_add(other.long_cases);
        self.virtual_ms = self.virtual_ms.saturating_add(other.virtual_ms);
        for (into, from) in [
            (&mut self.script_seconds, other.script_seconds),
            (&mut self.whole_seconds, other.whole_seconds),
        ] {
            for (seconds, cases) in from {
                let sum = into.entry(seconds).or_default();
                *sum = sum.saturating_add(cases);
            }
        }
    }
}

impl Fuzzed {
    /// Did this break?
    pub fn broke(&self, what: Broke) -> bool {
        self.caught.iter().any(|caught| caught.broke == Some(what))
    }

    /// Is there something to look at? What a part did not reach another part may.
    pub fn has_findings(&self) -> bool {
        let is_whole = self.head.shard.is_none();
        let unreached = self.reached.iter().any(|reached| reached.cases == 0);
        !self.caught.is_empty() || (self.head.require_reach && is_whole && unreached)
    }
}

/// A failure, told apart from others by what noticed it and by the rows it breaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Caught {
    /// What noticed it, and the rows.
    pub what: String,
    /// What broke, where no rule was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<Broke>,
    /// The first case in which it was seen, from 0.
    pub case: u64,
    /// What must be true.
    pub sentence: String,
    /// The first profile under which it was seen.
    pub profile: String,
    /// The first seed with which it was seen.
    pub seed: u64,
    /// In how many cases it was seen.
    pub cases: u64,
    /// The file it was kept in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How many steps the kept scenario has.
    pub steps: usize,
    /// How many scenarios were played to make it that small.
    pub tries: usize,
}

session::words! {
    /// What broke.
    Broke, "fault" {
        Harness = "harness", "the harness itself";
        Subject = "subject", "a program in the place of a reference peer";
    }
}

/// A rare situation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reached {
    /// Its name.
    pub mark: String,
    /// What it is.
    pub means: String,
    /// How many cases went through it.
    pub cases: u64,
}

/// For programs: one JSON object a line, a header first.
pub fn ndjson(fuzzed: &Fuzzed) -> String {
    let mut text = String::new();
    line(&mut text, "head", &fuzzed.head);
    for caught in &fuzzed.caught {
        line(&mut text, "caught", caught);
    }
    for reached in &fuzzed.reached {
        line(&mut text, "reached", reached);
    }
    line(&mut text, "foot", &fuzzed.sums);
    text
}

/// Reads what [`ndjson`] wrote.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn read(text: &str) -> Result<Fuzzed, Vec<Problem>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Line {
        Head(Head),
        Caught(Caught),
        Reached(Reached),
        Foot(Sums),
    }
    let (mut head, mut sums) = (None, None);
    let (mut caught, mut reached) = (Vec::new(), Vec::new());
    let mut problems = Vec::new();
    let lines = lines(text, Of::Fuzz)?;
    let last = lines.len();
    for (at, line) in lines {
        match line {
            Line::Head(line) if at == 1 => head = Some(line),
            Line::Foot(line) if at == last => sums = Some(line),
            Line::Caught(line) => caught.push(line),
            Line::Reached(line) => reached.push(line),
            Line::Head(_) | Line::Foot(_) => problems.push(Problem {
                line: at,
                message: "a second header or sum; `kickout merge` joins results".into(),
            }),
        }
    }
    match (head, sums) {
        (Some(head), Some(sums)) if problems.is_empty() => Ok(Fuzzed {
            head,
            caught,
            reached,
            sums,
        }),
        _ => {
            if problems.is_empty() {
                problems.push(Problem {
                    line: last,
                    message: CUT_SHORT.into(),
                });
            }
            Err(problems)
        }
    }
}

/// The middle one, in seconds.
fn median(cases: &BTreeMap<u64, u64>) -> u64 {
    let all = cases
        .values()
        .fold(0, |sum: u64, many| sum.saturating_add(*many));
    let mut before = 0u64;
    for (seconds, many) in cases {
        before = before.saturating_add(*many);
        if before.saturating_mul(2) >= all {
            return *seconds;
        }
    }
    0
}

/// For people: what was caught, what was reached, and the sums.
pub fn terminal(fuzzed: &Fuzzed, paint: Paint) -> String {
    let mut text = String::new();
    for caught in &fuzzed.caught {
        let _ = writeln!(text, "{}  {}", paint.bad(&caught.what), caught.sentence);
        let _ = writeln!(
            text,
            "    first: {} seed {}; in {}; {} after {} tries",
            caught.profile,
            caught.seed,
            many(caught.cases, "case"),
            many(caught.steps as u64, "step"),
            caught.tries
        );
        if let Some(file) = &caught.file {
            let _ = writeln!(text, "    kept in {file}");
        }
    }
    let _ = writeln!(text, "\nreached, in so many cases:");
    for reached in &fuzzed.reached {
        let cases = format!("{:>9}", grouped(reached.cases));
        let cases = if reached.cases == 0 {
            paint.bad(&cases)
        } else {
            cases
        };
        let _ = writeln!(text, "{cases}  {}: {}", reached.mark, reached.means);
    }
    let never = fuzzed
        .reached
        .iter()
        .filter(|reached| reached.cases == 0)
        .count();
    let _ = writeln!(
        text,
        "\n{} under {}, from seed {}: {} caught\n{} of {} situations reached; {} played twice, byte for byte the same",
        many(fuzzed.sums.cases, "case"),
        many(fuzzed.head.profiles.len() as u64, "profile"),
        fuzzed.head.seed,
        fuzzed.caught.len(),
        fuzzed.reached.len() - never,
        fuzzed.reached.len(),
        grouped(fuzzed.sums.played_twice),
    );
    let _ = writeln!(
        text,
        "virtual time: {} h in all; the middle case {} s, with settling {} s; {} of more than two minutes",
        grouped(fuzzed.sums.virtual_ms / 3_600_000),
        median(&fuzzed.sums.script_seconds),
        median(&fuzzed.sums.whole_seconds),
        many(fuzzed.sums.long_cases, "case"),
    );
    text
}

fn many(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {what}{s}", grouped(number))
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
