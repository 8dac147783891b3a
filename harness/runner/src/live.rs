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
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conformance::case::Case;
use conformance::director::Director;
use conformance::profile::Profile;
use conformance::scenario::{Act, Action, Observation, Scenario, Seen, Step};
use conformance::transcript::Transcript;
use session::time::EPOCH_UNIX_MS;

pub use self::serve::{Listening, Service, Told, serve};
use self::world::World;
use crate::error::HarnessError;
use crate::peers::Peers;
use crate::script::Script;

/// The fastest pace: virtual milliseconds in a real one.
pub const FASTEST: u32 = 1_000;

/// How runs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Virtual milliseconds in a real one, 1 to [`FASTEST`].
    pub pace: u32,
    /// Where the server is, gateway by gateway; one of our own is started where there is none.
    pub server: Vec<SocketAddr>,
}

impl Live {
    /// The server is ours, too.
    pub fn at_pace(pace: u32) -> Live {
        Live {
            pace,
            server: Vec::new(),
        }
    }

    /// The same case, to be played and judged in real time: things may happen as much later or
    /// earlier as the profile tolerates, and where the server is somebody else's its clock counts.
    pub fn prepare(&self, case: &mut Case<'_>) {
        case.slack = case.profile.bounds.tolerance;
        if !self.server.is_empty() {
            // Tickets are made at whole seconds.
            case.epoch = wall(self.pace).div_ceil(1_000) * 1_000;
        }
    }

    /// Why a case that needs this cannot be played: nobody here is the administrator of a server
    /// that was started elsewhere, nor told of its sessions.
    pub fn not_applicable(&self, scenario: &Scenario, profile: &Profile) -> Option<String> {
        if self.server.is_empty() {
            return None;
        }
        let wants = |step: &Step| match &step.action {
            Action::Act(Act::Server(_)) => Some("acts on the server"),
            Action::Observe(observation) if sees_sessions(observation) => {
                Some("looks into the server")
            }
            _ => None,
        };
        let mut rules = profile.rules.clone();
        scenario.console.apply(&mut rules);
        let set = (rules != profile.rules).then_some("sets the server's console");
        let why = set.or_else(|| scenario.steps.iter().find_map(wants))?;
        Some(format!("it {why}, which is somebody else's"))
    }
}

fn sees_sessions(observation: &Observation) -> bool {
    match observation {
        Observation::Expect { what, .. }
        | Observation::Never { what, .. }
        | Observation::Count { what, .. } => matches!(what.seen, Seen::Session { .. }),
        Observation::Watch(all) => all.iter().any(sees_sessions),
        Observation::Result { .. } | Observation::Observe { .. } => false,
    }
}

/// The present for programs of this pace, in Unix milliseconds. It is the real one where time is
/// not made faster; else it runs ahead of it from the day on which every run starts, so that two
/// programs with the same pace agree without a word.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that is somebody else's judges tickets by the real date"
)]
pub fn wall(pace: u32) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let since = now.saturating_sub(EPOCH_UNIX_MS);
    EPOCH_UNIX_MS.saturating_add(since.saturating_mul(u64::from(pace)))
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
    if !live.server.is_empty() {
        let early = case.epoch.saturating_sub(wall(live.pace)) / u64::from(live.pace.max(1));
        std::thread::sleep(Duration::from_millis(early));
    }
    drive(&devices, case, director, peers, live).map(Director::into_transcript)
}

fn drive<S: Script>(
    devices: &[String],
    case: &Case<'_>,
    script: S,
    peers: &mut dyn Peers,
    live: &Live,
) -> Result<S, HarnessError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let mut world = World::new(devices, case, script, peers, live)?;
        std::future::poll_fn(|cx| world.poll(cx)).await?;
        Ok(world.into_script())
    })
}

/// Any free port of this machine.
fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
