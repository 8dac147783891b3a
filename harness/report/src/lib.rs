//! Verdicts in, text out. Nothing here knows how a result was obtained.
//!
//! - [`results`]: what a run has come to, case by case
//! - [`coverage`]: what it has come to, requirement by requirement, in each form
//! - [`terminal`]: for people at a terminal
//! - [`fuzzing`]: what random scenarios have come to
//! - [`mutants`]: which ways of breaking rules were caught
//! - [`ndjson`]: for programs, one JSON object a line

pub mod coverage;
pub mod fuzzing;
pub mod mutants;
pub mod ndjson;
pub mod results;
pub mod terminal;
