//! The program and its data as a user meets them.
//!
//! - `canary`: a wrong digit in a profile turns the run red
//! - `rejudge`: stored transcripts are judged again
//! - `token`: tickets made, looked at and judged by hand
//! - `program`: the built program on good and bad input

mod canary;
mod program;
mod rejudge;
mod token;
