//! Stored results from text. Whatever the text is: everything that is wrong with it, by line.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Foot, Line};
use crate::results::{FORMAT, Of, Results, Shard};

/// The most bytes of stored results that are read.
pub const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// The most cases that a header may plan.
const MOST_CASES: usize = 10_000_000;

/// How many problems of one text are told; nobody reads more at once.
const MOST_PROBLEMS: usize = 50;

/// Something that is wrong with stored results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What kind of results a text holds, from its first line.
///
/// # Errors
/// It is none that this build can read, and why.
pub fn of(text: &str) -> Result<Of, Problem> {
    let at_first = |message: String| Problem { line: 1, message };
    let first = text.lines().next().unwrap_or_default();
    if first.is_empty() {
        return Err(at_first(
            "there is nothing in it; results begin with a header".into(),
        ));
    }
    let parsed: Option<Value> = serde_json::from_str(first).ok();
    let head = parsed.as_ref().and_then(|line| line.get("head"));
    let Some(format) = head
        .and_then(|head| head.get("format"))
        .and_then(Value::as_u64)
    else {
        return Err(at_first(format!(
            "these are no results of kickout, which begin with a line {{\"head\":…}}; this begins with `{}`",
            echo(first)
        )));
    };
    if format != u64::from(FORMAT) {
        return Err(at_first(format!(
            "these results are of format {format}; this build reads format {FORMAT}"
        )));
    }
    let of = head
        .and_then(|head| head.get("of"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    of.parse()
        .map_err(|_| at_first(format!("this build knows no results of `{}`", echo(of))))
}

/// The lines of results of another kind, each with its number.
///
/// # Errors
/// The results are of another kind, or lines are no good: all of them.
pub(crate) fn lines<T: DeserializeOwned>(
    text: &str,
    wanted: Of,
) -> Result<Vec<(usize, T)>, Vec<Problem>> {
    let kind = of(text).map_err(|problem| vec![problem])?;
    if kind != wanted {
        let message = format!("these are results of `{kind}`; results of `{wanted}` are wanted");
        return Err(vec![Problem { line: 1, message }]);
    }
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(parsed) => lines.push((index + 1, parsed)),
            Err(error) => problems.push(Problem {
                line: index + 1,
                message: format!("{}: `{}`", plain(&error), echo(line)),
            }),
        }
        if problems.len() > MOST_PROBLEMS {
            break;
        }
    }
    match problems.is_empty() {
        true => Ok(lines),
        false => Err(problems),
    }
}

/// What is said where the last line is missing.
pub(crate) const CUT_SHORT: &str =
    "the results are cut short: the last line, with the sum, is missing";

/// Reads the stored results of a run.
///
/// # Errors
/// Everything that is wrong with them, in the order of the lines.
pub fn read(text: &str) -> Result<Results, Vec<Problem>> {
    let kind = of(text).map_err(|problem| vec![problem])?;
    if kind != Of::Run {
        let message = format!("these are results of `{kind}`; results of `run` are wanted");
        return Err(vec![Problem { line: 1, message }]);
    }
    let mut reader = Reader::default();
    let mut lines = 0;
    for (index, line) in text.lines().enumerate() {
        lines = index + 1;
        reader.take(lines, line, text);
        if reader.problems.len() > MOST_PROBLEMS {
            break;
        }
    }
    reader.finish(lines)
}

#[derive(Default)]
struct Reader {
    results: Option<Results>,
    /// The names that the header plans with.
    scenarios: BTreeSet<String>,
    profiles: BTreeSet<String>,
    /// The scenarios and cases that were read.
    described: BTreeSet<String>,
    cases: BTreeSet<(String, String)>,
    foot: Option<Foot>,
    problems: Vec<Problem>,
}

impl Reader {
    fn take(&mut self, at: usize, line: &str, text: &str) {
        let line: Line = match serde_json::from_str(line) {
            Ok(line) => line,
            Err(error) => {
                let is_last = text.ends_with(line) && !text.ends_with('\n');
                return match is_last && error.is_eof() {
                    true => self.cut_short(at),
                    false => self.note(at, format!("{}: `{}`", plain(&error), echo(line))),
                };
            }
        };
        if self.foot.is_some() {
            let twice = "a line after the last one; `kickout merge` joins results";
            return self.note(at, twice.into());
        }
        let Some(results) = &mut self.results else {
            if let Line::Head(head) = line {
                let cases = head.scenarios.len().saturating_mul(head.profiles.len());
                if cases > MOST_CASES {
                    self.note(
                        at,
                        format!("it plans {cases} cases; at most {MOST_CASES} are read"),
                    );
                }
                self.scenarios = head.scenarios.iter().cloned().collect();
                self.profiles = head.profiles.iter().cloned().collect();
                self.results = Some(Results::empty(head));
            }
            return;
        };
        match line {
            Line::Head(_) => self.note(at, "a second header; `kickout merge` joins results".into()),
            Line::Profile(profile) => results.profiles.push(profile),
            Line::Requirement(row) => results.requirements.push(row),
            Line::Rule(rule) => results.rules.push(rule),
            Line::Known(known) => results.known.push(known),
            Line::Foot(foot) => self.foot = Some(foot),
            Line::Scenario(scenario) => {
                self.described.insert(scenario.name.clone());
                results.scenarios.push(scenario);
            }
            Line::Case(case) => {
                let name = (case.scenario.clone(), case.profile.clone());
                let shard = results.head.shard;
                results.cases.push(*case);
                self.case(at, name, shard);
            }
        }
    }

    fn case(&mut self, at: usize, name: (String, String), shard: Option<Shard>) {
        let shown = format!("{} under {}", echo(&name.0), echo(&name.1));
        let is_named = self.scenarios.contains(&name.0) && self.profiles.contains(&name.1);
        if !is_named {
            self.note(at, format!("a case that the header does not name: {shown}"));
        } else if shard.is_some_and(|shard| !shard.holds_case(&name.0, &name.1)) {
            self.note(at, format!("a case of another shard: {shown}"));
        } else if !self.described.contains(&name.0) {
            self.note(at, format!("the scenario of {shown} is missing"));
        }
        if !self.cases.insert(name) {
            self.note(at, format!("a second case of {shown}"));
        }
    }

    fn finish(mut self, lines: usize) -> Result<Results, Vec<Problem>> {
        match (&self.foot, &self.results) {
            (None, _) if self.problems.is_empty() => self.cut_short(lines),
            (Some(foot), Some(results)) if *foot != Foot::of(results) => {
                let counted = results.cases.len();
                let message = match foot.cases == counted {
                    true => "the last line counts other ends than the cases have".into(),
                    false => format!(
                        "the last line counts {} cases, and there are {counted}",
                        foot.cases
                    ),
                };
                self.note(lines, message);
            }
            _ => {}
        }
        match self.results {
            Some(mut results) if self.problems.is_empty() => {
                sort(&mut results);
                Ok(results)
            }
            _ => {
                if self.problems.len() > MOST_PROBLEMS {
                    self.problems.truncate(MOST_PROBLEMS);
                    self.note(lines, "and perhaps more: the rest was not looked at".into());
                }
                Err(self.problems)
            }
        }
    }

    fn cut_short(&mut self, at: usize) {
        self.note(at, CUT_SHORT.into());
    }

    fn note(&mut self, line: usize, message: String) {
        self.problems.push(Problem { line, message });
    }
}

/// What is looked up by name stands in its order.
fn sort(results: &mut Results) {
    results.requirements.sort_by(|a, b| a.id.cmp(&b.id));
    results.scenarios.sort_by(|a, b| a.name.cmp(&b.name));
}

/// The message without the place, which is a column of a line of many kilobytes.
fn plain(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let end = said.rfind(" at line ").unwrap_or(said.len());
    conformance::diagnostic::shown(said.get(..end).unwrap_or(&said))
}

/// The beginning of a text, on one line and with nothing that a terminal would obey.
fn echo(text: &str) -> String {
    conformance::diagnostic::shown(text)
}
