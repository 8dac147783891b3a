//! What random scenarios have come to.

use std::fmt::Write as _;

use serde::Serialize;

use crate::terminal::Paint;

/// Raised whenever a field changes its meaning.
pub const FORMAT: u32 = 1;

/// Everything there is to tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fuzzed {
    /// The version of the generator; the same seed is the same case only within one.
    pub generator: u32,
    /// The profiles that took turns.
    pub profiles: Vec<String>,
    /// The first seed.
    pub seed: u64,
    /// How many cases were played.
    pub cases: u64,
    /// How many of them were played twice, to compare the bytes.
    pub played_twice: u64,
    /// Virtual milliseconds of the middle case, from its first to its last step.
    pub median_script_ms: u64,
    /// The same with what it takes to settle afterwards.
    pub median_whole_ms: u64,
    /// How many cases had more than two minutes between their first and last step.
    pub long_cases: u64,
    /// Virtual milliseconds of all cases together.
    pub virtual_ms: u64,
    /// What was caught, in the order of the cases.
    pub caught: Vec<Caught>,
    /// How many cases went through each rare situation.
    pub reached: Vec<Reached>,
}

/// A failure, told apart from others by what noticed it and by the rows it breaks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Caught {
    /// What noticed it, and the rows.
    pub what: String,
    /// What must be true.
    pub sentence: String,
    /// The first profile under which it was seen.
    pub profile: String,
    /// The first seed with which it was seen.
    pub seed: u64,
    /// In how many cases it was seen.
    pub cases: u64,
    /// The file it was kept in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How many steps the kept scenario has.
    pub steps: usize,
    /// How many scenarios were played to make it that small.
    pub tries: usize,
}

/// A rare situation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
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
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Line<'a> {
        Head {
            format: u32,
            generator: u32,
            seed: u64,
            profiles: &'a [String],
        },
        Caught(&'a Caught),
        Reached(&'a Reached),
        Foot {
            cases: u64,
            caught: usize,
            virtual_ms: u64,
        },
    }
    let mut lines = vec![Line::Head {
        format: FORMAT,
        generator: fuzzed.generator,
        seed: fuzzed.seed,
        profiles: &fuzzed.profiles,
    }];
    lines.extend(fuzzed.caught.iter().map(Line::Caught));
    lines.extend(fuzzed.reached.iter().map(Line::Reached));
    lines.push(Line::Foot {
        cases: fuzzed.cases,
        caught: fuzzed.caught.len(),
        virtual_ms: fuzzed.virtual_ms,
    });
    lines
        .iter()
        // Structs, words and string keys only: serialising them cannot fail.
        .map(|line| serde_json::to_string(line).expect("results are plain data") + "\n")
        .collect()
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
        many(fuzzed.cases, "case"),
        many(fuzzed.profiles.len() as u64, "profile"),
        fuzzed.seed,
        fuzzed.caught.len(),
        fuzzed.reached.len() - never,
        fuzzed.reached.len(),
        grouped(fuzzed.played_twice),
    );
    let _ = writeln!(
        text,
        "virtual time: {} h in all; the middle case {} s, with settling {} s; {} of more than two minutes",
        grouped(fuzzed.virtual_ms / 3_600_000),
        fuzzed.median_script_ms / 1_000,
        fuzzed.median_whole_ms / 1_000,
        many(fuzzed.long_cases, "case"),
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
