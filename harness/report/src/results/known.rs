//! Failures that somebody listed, and whether they still are what the list says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Results, Status};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Known {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// That line.
    pub text: String,
    /// The scenarios it is about: a name, or a pattern.
    pub scenario: String,
    /// The profiles it is about: an id, or a pattern.
    pub profile: String,
    /// What notices it: `step 3`, `rule I2`, or a pattern.
    pub check: String,
    /// Why it is known.
    pub reason: String,
    /// Where more is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How many findings it explains.
    pub findings: usize,
    /// How many of the cases played are ones it is about.
    pub cases: usize,
    /// How many of these passed.
    pub passed: usize,
    /// Is it about cases that were not selected, and perhaps about no others?
    pub elsewhere: bool,
}

/// An entry that is not what the list says, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale<'a> {
    /// The entry.
    pub known: &'a Known,
    /// What is wrong.
    pub why: &'static str,
}

/// Entries that explain nothing, although the cases that they are about were played.
pub(super) fn stale(results: &Results) -> Vec<Stale<'_>> {
    let is_part = results.head.shard.is_some();
    let unexplained = results.known.iter().filter(|known| known.findings == 0);
    unexplained
        .filter_map(|known| {
            let why = if known.cases == 0 {
                // What is for another part of the cases is judged where that part is.
                if is_part || known.elsewhere {
                    return None;
                }
                "no case matches this entry"
            } else if is_part && is_pattern(known) {
                return None;
            } else if known.passed == known.cases {
                "what this entry lists passes"
            } else {
                "what this entry lists fails in another way, or not at all"
            };
            Some(Stale { known, why })
        })
        .collect()
}

/// May it be about several cases?
pub fn is_pattern(known: &Known) -> bool {
    let has_stars = |text: &str| text.contains(['*', '?', '[', '{']);
    has_stars(&known.scenario) || has_stars(&known.profile)
}

impl Status {
    /// The status of a case after its findings were held against the list: `explained` of `findings`
    /// are listed, and perhaps an entry `names` this very case.
    pub fn with_known(self, findings: usize, explained: usize, names: bool) -> Status {
        match self {
            Status::Failed if findings > 0 && explained == findings => Status::KnownFailure,
            Status::Passed if names => Status::UnexpectedlyPassed,
            other => other,
        }
    }
}
