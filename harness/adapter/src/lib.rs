//! What the harness and a program in its place of client or server say to each other, as lines of
//! JSON: `harness/ADAPTERS.md` is the page for people.
//!
//! - [`line`]: a line each way
//! - [`setup`]: what a process is told when a run begins
//! - [`input`], [`output`]: what happens to it, and what it causes
//! - [`call`]: what an app calls on a client, and an administrator on a server
//! - [`subject`]: the loop of a program in Rust
//! - [`reference`]: the reference peers as such a program
//! - [`schema`]: the JSON Schema of it all
//!
//! A subject in Rust implements [`session::Peer`] and calls [`subject::serve`].

pub mod call;
pub mod input;
pub mod line;
pub mod output;
pub mod reference;
pub mod schema;
pub mod setup;
pub mod subject;

mod bytes;

/// The version of the protocol. Raised when a line that was right becomes wrong.
pub const PROTOCOL: u32 = 1;

/// The longest line, in bytes, its end not counted.
pub const LONGEST_LINE: usize = 1 << 20;
