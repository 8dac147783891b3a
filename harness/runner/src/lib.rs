//! Makes a case happen.
//!
//! - [`pump`]: the one protocol loop, whatever carries the bytes

pub mod pump;
mod ready;
