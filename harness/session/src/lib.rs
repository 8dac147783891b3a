//! The login-session protocol, free of input and output.
//!
//! A peer takes *time and one input* and returns *everything it causes*; nothing here reads a
//! clock, draws entropy or opens a socket. Start with [`Peer`].
//!
//! - [`words`]: the closed list of neutral words (states, events, reasons, errors, calls)
//! - [`peer`]: the contract between a peer and whoever carries it: inputs and outputs
//! - [`time`]: virtual time
//! - [`rules`]: the parameters a session obeys; a vendor is a value of [`rules::Rules`]
//! - [`deviation`]: ways of breaking them, to prove that it is noticed
//! - [`state`]: which state follows which event, as one table
//! - [`message`]: every message of the wire protocol
//! - [`wire`]: bytes to messages and back, total over bad bytes
//! - [`ticket`]: minting and verifying tickets
//! - [`random`]: seeded streams, one per peer
//! - [`client`], [`server`]: the reference peers

pub mod client;
pub mod deviation;
pub mod message;
pub mod peer;
pub mod random;
pub mod rules;
pub mod server;
pub mod state;
pub mod ticket;
pub mod time;
pub mod wire;
pub mod words;

pub use peer::{Input, Output, Peer};
