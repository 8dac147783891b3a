//! Changed copies of what the repository holds, for everything that reads from outside.
//!
//! - `changes`: how a file is changed
//! - `own`: the unchanged files are read to their end, so that the changed ones begin there
//! - `found`: what once was not survived
//! - `survived`: any change is survived

mod changes;
mod found;
mod own;
mod survived;
