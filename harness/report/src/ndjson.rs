//! For programs: one JSON object a line, a header first and a sum last. The stored form of
//! [`Results`], from which every other report can be made again.
//!
//! - this file: what the lines are, and how they are written
//! - [`reading`]: how they are read
//! - [`page`]: the page that describes them

pub mod page;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::reading::{CUT_SHORT, lines};
pub use self::reading::{MOST_BYTES, Problem, of, read};

use crate::results::{
    CaseResult, Counts, Head, Known, Profile, Requirement, Results, Rule, Scenario, Status,
};

/// One line, as `{"kind of line": its fields}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// First: what was to be played, and by which build.
    Head(Head),
    /// A profile that cases were played under.
    Profile(Profile),
    /// A row of the catalogues of these profiles.
    Requirement(Requirement),
    /// A rule that watched every run.
    Rule(Rule),
    /// A scenario that there are cases of.
    Scenario(Scenario),
    /// A case and what became of it.
    Case(Box<CaseResult>),
    /// An entry of the list of known failures.
    Known(Known),
    /// Last: how many cases there are, and how they ended.
    Foot(Foot),
}

/// How many cases there are, and how they ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Foot {
    /// All of them.
    pub cases: usize,
    /// How many ended how; what is not named, none did.
    pub ended: BTreeMap<String, usize>,
}

/// The whole of it.
pub fn render(results: &Results) -> String {
    let mut text = String::new();
    line(&mut text, "head", &results.head);
    for profile in &results.profiles {
        line(&mut text, "profile", profile);
    }
    for requirement in &results.requirements {
        line(&mut text, "requirement", requirement);
    }
    for rule in &results.rules {
        line(&mut text, "rule", rule);
    }
    for scenario in &results.scenarios {
        line(&mut text, "scenario", scenario);
    }
    for case in &results.cases {
        line(&mut text, "case", case);
    }
    for known in &results.known {
        line(&mut text, "known", known);
    }
    line(&mut text, "foot", &Foot::of(results));
    text
}

/// The JSON Schema of one line.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Line).to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("title".into(), "A line of kickout's results".into());
    }
    schema
}

impl Foot {
    fn of(results: &Results) -> Foot {
        let counts = Counts::of(&results.cases);
        let ended = Status::ALL
            .iter()
            .map(|status| (status, counts.of_status(*status)));
        Foot {
            cases: results.cases.len(),
            ended: ended
                .filter(|(_, cases)| *cases > 0)
                .map(|(status, cases)| (status.word().to_owned(), cases))
                .collect(),
        }
    }
}

/// A line: the kind of it, and its fields.
pub(crate) fn line<T: Serialize>(text: &mut String, kind: &str, fields: &T) {
    // Structs, words and string keys only: serialising them cannot fail.
    let fields = serde_json::to_string(fields).expect("results are plain data");
    text.push_str("{\"");
    text.push_str(kind);
    text.push_str("\":");
    text.push_str(&fields);
    text.push_str("}\n");
}
