//! The reference peers against each other and against nonsense, without any network.
//!
//! - `pair`: a client and a server joined by a queue
//! - `generations`: what belongs to an old link never touches the new session
//! - `knobs`: readings that no profile takes yet
//! - `tokens`: the tickets of the vendors' own generators, and changed ones
//! - `renewals`: which ticket is in force, and until when
//! - `nonsense`: bad bytes are told and survived

mod generations;
mod knobs;
mod nonsense;
mod pair;
mod renewals;
mod tokens;
