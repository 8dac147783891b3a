//! One line each way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::time::{Now, Time};

use crate::input::Input;
use crate::output::Output;

/// A line of the harness: the time, and one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// Counts the lines since `hello` or `reset`, which is 0.
    pub n: u64,
    /// Whole milliseconds since the run started.
    pub now: u64,
    /// Unix milliseconds as this device believes.
    pub wall: u64,
    /// What happens.
    #[serde(flatten)]
    pub input: Input,
}

/// The line of the subject that answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// That of the line it answers.
    pub n: u64,
    /// Everything the input causes, in order.
    pub outputs: Vec<Output>,
}

impl Asked {
    /// The present that it tells.
    pub fn present(&self) -> Now {
        Now {
            at: Time(self.now),
            wall: self.wall,
        }
    }
}
