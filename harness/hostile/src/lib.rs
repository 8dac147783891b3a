//! Any bytes for everything that reads from outside.
//!
//! Each function takes bytes of any kind and panics where a promise is broken whatever they are: no
//! panic of the reader, nothing that never ends, no output without a bound, no refusal without a
//! complaint. Two drivers call them: the tests of this crate with changed copies of the
//! repository's own files, and the coverage-guided targets in `harness/coverage-guided`.
//!
//! - [`texts`]: scenarios, profiles, requirements and what speaks of them
//! - [`frames`]: what comes over the links of a client and of a server
//! - [`subjects`]: what a program in a peer's place says
//! - [`tickets`]: what is behind and inside of them
//! - [`transcripts`]: stored runs, read and judged again
//! - [`results`]: stored results, shown in every form and joined
//! - [`files`]: the repository's own files
//! - [`seeds`]: what coverage-guided runs begin with, made from them

pub mod files;
pub mod frames;
pub mod results;
pub mod seeds;
pub mod subjects;
pub mod texts;
pub mod tickets;
pub mod transcripts;
