//! Makes a case happen.
//!
//! - [`run_case`]: a case in, a transcript out
//! - [`pump`]: the one protocol loop, whatever carries the bytes
//! - [`simulated`]: the simulator, whose time jumps from event to event
//! - [`live`]: the same in real time, over sockets of this machine
//! - `machines`: what a command means, for every carrier
//! - `network`: the model of what lies between a device and the server
//! - [`tick`]: the same on turmoil's own simulation, as a second opinion on ours
//! - [`script`]: what a run obeys
//! - [`peers`]: who plays the devices and the server
//! - [`subject`]: programs that take the place of the reference peers
//! - [`store`]: what a machine keeps for its processes
//! - [`error`]: why a case could not be run

pub mod error;
pub mod live;
mod machines;
mod network;
pub mod peers;
pub mod pump;
mod ready;
mod run;
pub mod script;
pub mod simulated;
pub mod store;
pub mod subject;
pub mod tick;

pub use error::HarnessError;
pub use run::run_case;
