//! The experiment: everything here is a function of its arguments.
//!
//! The way of one scenario through these modules, in order:
//!
//! - [`source`], [`yaml`], [`diagnostic`]: a text, its tree with positions, complaints about it
//! - [`grammar`]: the scenario language as one table; [`schema`] and [`language`] are other views
//! - [`document`]: text to [`scenario`], names resolved, all complaints at once; [`emit`]: the way
//!   back; [`written`]: its steps as they stand in the text
//! - [`profile`]: a vendor as data; [`requirement`]: its statements, for their `versions`;
//!   [`ambiguity`]: how they may be read; [`exception`]: those that nothing can decide;
//!   [`decode`]: data files
//! - [`plan`]: which scenario applies to which profile; [`case`]: the two together
//! - [`director`]: a case as commands, step by step (`script`, [`watch`], `pattern`)
//! - [`transcript`]: what happened; [`text`] is its readable view
//! - [`rules`]: invariants over it; [`judge`]: all of it to a verdict
//! - [`deviation`]: ways of breaking it all, to prove that it is noticed
//! - [`library`]: profiles, requirements and rules together; [`snapshot`]: recorded transcripts

pub mod ambiguity;
pub mod case;
pub mod decode;
pub mod deviation;
pub mod diagnostic;
pub mod director;
pub mod document;
pub mod emit;
pub mod exception;
pub mod grammar;
pub mod judge;
pub mod language;
pub mod library;
mod pattern;
pub mod plan;
pub mod profile;
pub mod requirement;
pub mod rules;
pub mod scenario;
pub mod schema;
mod script;
pub mod snapshot;
pub mod source;
pub mod text;
pub mod transcript;
mod versions;
pub mod watch;
pub mod written;
pub mod yaml;
