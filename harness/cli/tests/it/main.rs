//! The program and its data as a user meets them.
//!
//! - `browser`: the pages in a real browser
//! - `adapters`: the page for those who bring their own, and its schema
//! - `canary`: a wrong digit in a profile turns the run red
//! - `compare`: `kickout compare`
//! - `ci`: the examples for CI run as they stand; completions and the manual
//! - `coverage`: `kickout coverage`
//! - `explain`: `kickout explain`
//! - `known`: failures that are known, and what is played again
//! - `literal`: what is the vendor's stands in a step
//! - `mutants`: deviations, each sound and a known one found
//! - `rejudge`: stored transcripts are judged again
//! - `serve`: the reference server on a real port, and a run against it
//! - `shards`: the parts of a run joined again
//! - `stored`: results that are stored, and what is made of them again
//! - `subjects`: programs in the place of the reference peers, right ones and broken ones
//! - `token`: tickets made, looked at and judged by hand
//! - `fuzzing`: random scenarios, kept failures, stored transcripts
//! - `program`: the built program on good and bad input

mod adapters;
mod browser;
mod canary;
mod ci;
mod compare;
mod coverage;
mod explain;
mod fuzzing;
mod known;
mod literal;
mod mutants;
mod program;
mod rejudge;
mod serve;
mod shards;
mod stored;
mod subjects;
mod token;
