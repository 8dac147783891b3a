//! Verdicts in, text out. Nothing here knows how a result was obtained.
//!
//! - [`results`]: what a run has come to, case by case
//! - [`terminal`]: for people at a terminal
//! - [`fuzzing`]: what random scenarios have come to
//! - [`ndjson`]: for programs, one JSON object a line

pub mod fuzzing;
pub mod ndjson;
pub mod results;
pub mod terminal;
