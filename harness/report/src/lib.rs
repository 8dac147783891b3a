//! Verdicts in, text out. Nothing here knows how a result was obtained.
//!
//! - [`results`]: what a run has come to, case by case
//! - [`format`]: the forms in which that is told, one module each
//! - [`merge`]: the results of all parts to those of the whole
//! - [`coverage`]: what it has come to, requirement by requirement, in each form
//! - [`compare`]: vendors side by side, in each form
//! - [`page`]: the frame of pages to look things up in
//! - [`fuzzing`]: what random scenarios have come to
//! - [`mutants`]: which ways of breaking rules were caught
//!
//! The forms of [`results`]:
//! - [`terminal`]: for people at a terminal
//! - [`html`]: a page to look things up in
//! - [`junit`]: for CI servers
//! - [`markdown`]: for pull requests and summaries of jobs
//! - [`sarif`]: for code scanning
//! - [`github`]: annotations of GitHub Actions
//! - [`ndjson`]: for programs, one JSON object a line; the form that is stored and read again

pub mod compare;
pub mod coverage;
pub mod format;
pub mod fuzzing;
pub mod github;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod merge;
pub mod mutants;
pub mod ndjson;
pub mod page;
pub mod results;
mod safe;
pub mod sarif;
pub mod terminal;
