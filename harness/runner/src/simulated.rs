//! The simulator: hosts on a simulated network, and time that jumps from one event to the next.
//!
//! At one instant: acts of the script, then packets in the order in which they were sent, then
//! wakes in the file's order of actors. Packets that one instant's events send without latency
//! arrive in a further round of the same instant.
//!
//! The kernels, sockets and routing are `turmoil-net`'s; time, the network's quality and the
//! order of everything are decided here. Neither an executor nor its clock is needed for that: an
//! actor is one future, its wakers name it, and the scheduler polls whoever was woken, lowest
//! first. (Letting a paused clock of tokio follow costs 0.12 µs a jump, jumping by its timers
//! 0.55 µs; a whole exchange between two peers costs 3 µs, and nobody would read that clock.)

mod clock;
mod fabric;

mod process;
mod scheduler;
mod socket;

use std::cell::RefCell;
use std::rc::Rc;

use conformance::case::Case;
use conformance::director::Director;
use conformance::transcript::Transcript;
use session::time::{Millis, Time};

pub use self::fabric::SERVER_PORT;
use self::scheduler::Scheduler;
use crate::error::HarnessError;
pub use crate::network::{DEFAULT_LATENCY, MOST_REPETITIONS, REPETITION};
use crate::peers::Peers;
use crate::script::Script;

/// The longest virtual time a run may take: 30 days.
pub const LONGEST_RUN: Time = Time(Millis::seconds(30 * 24 * 3_600).0);

/// How many inputs one actor may handle while time stands still.
pub const MOST_EXCHANGES: u64 = 10_000;

/// Runs a case.
///
/// # Errors
/// The run came to no transcript: somebody panicked, or time stood still.
pub fn run<'c>(
    case: &'c Case<'c>,
    director: Director<'c>,
    peers: &mut dyn Peers,
) -> Result<Transcript, HarnessError> {
    let devices = case.scenario.clients.iter().map(|c| c.name.clone());
    let devices: Vec<String> = devices.collect();
    drive(&devices, case.seed, director, peers).map(Director::into_transcript)
}

/// Runs any script on devices of these names, and gives it back.
///
/// # Errors
/// As [`run`].
pub fn drive<S: Script>(
    devices: &[String],
    seed: u64,
    script: S,
    peers: &mut dyn Peers,
) -> Result<S, HarnessError> {
    let script = Rc::new(RefCell::new(script));
    Scheduler::new(devices, seed, Rc::clone(&script), peers).run()?;
    // Every process, and with it every other owner, is gone.
    Ok(Rc::into_inner(script)
        .expect("only processes share the script")
        .into_inner())
}
