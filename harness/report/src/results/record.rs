//! The transcript of a case, cut to what people look at.

use conformance::text;
use conformance::transcript::{Entry, Transcript};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// The most entries that are kept of one case, from its beginning and its end.
pub const MOST_ENTRIES: usize = 400;

/// The transcript of a case without heartbeats; of a crowd the first few devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    /// The entries, in order.
    #[schemars(schema_with = "words::entries")]
    pub entries: Vec<Entry>,
    /// How many heartbeats were left out.
    pub heartbeats: usize,
    /// How many entries were left out in the middle, before the second half of the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// What is to be said of the devices that are not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<String>,
}

impl Record {
    /// What is kept of this transcript.
    pub fn of(transcript: &Transcript) -> Record {
        let (shown, others) = text::without_crowd(&transcript.entries);
        let all = shown.len();
        let mut entries = shown;
        entries.retain(|entry| !text::is_heartbeat(entry));
        let heartbeats = all - entries.len();
        let left_out = entries.len().saturating_sub(MOST_ENTRIES);
        let half = MOST_ENTRIES / 2;
        if left_out > 0 {
            entries.drain(half..half + left_out);
        }
        Record {
            entries: entries.into_iter().cloned().collect(),
            heartbeats,
            left_out,
            others,
        }
    }

    /// Where entries are missing: before the one with this index, if any are.
    pub fn gap(&self) -> Option<usize> {
        (self.left_out > 0).then_some(MOST_ENTRIES / 2)
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}
