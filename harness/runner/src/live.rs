//! The same pumps, peers and script in real time, over TCP sockets of this machine.
//!
//! Time may be made to pass faster: at a pace of 60, twenty minutes take twenty seconds, and a
//! delay of the operating system of 1 ms becomes 60 ms. Whoever judges such a run allows for that
//! ([`Case::slack`]). Devices reach the server over the simulator's model of a network
//! ([`crate::network`]), so faults are the same ones; what differs is everything between two
//! sockets, and who decides what happens first.

mod clock;
mod serve;
mod sockets;
mod wires;
mod world;

use std::net::{Ipv4Addr, SocketAddr};

use conformance::case::Case;
use conformance::director::Director;
use conformance::transcript::Transcript;
use session::time::EPOCH_UNIX_MS;

pub use self::serve::{Service, serve};
use self::world::World;
use crate::error::HarnessError;
use crate::peers::Peers;
use crate::script::Script;

/// The fastest pace: virtual milliseconds in a real one.
pub const FASTEST: u32 = 1_000;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Live {
    /// Virtual milliseconds in a real one, 1 to [`FASTEST`].
    pub pace: u32,
    /// Where the server is, gateway by gateway; one of our own is started where there is none.
    pub server: Vec<SocketAddr>,
    /// Unix milliseconds at the start of the run, in virtual time.
    pub epoch: u64,
}

impl Live {
    /// Both sides are ours.
    pub fn at_pace(pace: u32) -> Live {
        Live {
            pace,
            server: Vec::new(),
            epoch: EPOCH_UNIX_MS,
        }
    }
}

/// Runs a case.
///
/// # Errors
/// The run came to no transcript: somebody panicked, or the system refused something.
pub fn run<'c>(
    case: &'c Case<'c>,
    director: Director<'c>,
    peers: &mut dyn Peers,
    live: &Live,
) -> Result<Transcript, HarnessError> {
    let devices = case.scenario.clients.iter().map(|c| c.name.clone());
    let devices: Vec<String> = devices.collect();
    drive(&devices, case.seed, director, peers, live).map(Director::into_transcript)
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
    live: &Live,
) -> Result<S, HarnessError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let mut world = World::new(devices, seed, script, peers, live)?;
        std::future::poll_fn(|cx| world.poll(cx)).await?;
        Ok(world.into_script())
    })
}

/// Any free port of this machine.
fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
