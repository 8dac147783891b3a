//! The second opinion: the same pumps, peers and script on turmoil's own tick-driven simulation.
//!
//! It shares neither scheduler nor network with [`crate::simulated`], so what both agree on is
//! not an accident of either. It knows only what that simulation can do truly: fixed latency,
//! outages that hold what is on its way, crashed, frozen and restarted devices, a restarted server.
//!
//! The script is asked once a tick, so everything it does is late by up to a tick; the
//! connects of this network take one one-way trip instead of two. [`compare`] allows for both.

mod compare;
mod host;
mod socket;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use conformance::case::Case;
use conformance::director::{Actor, Command, Director};
use conformance::scenario::{ClientIndex, NetworkChange, NetworkWord};
use conformance::transcript::{SERVER, Transcript};
use session::peer::{Input, Order};
use session::time::{EPOCH_UNIX_MS, Millis, Time};
use turmoil::Sim;

pub use self::compare::{Difference, compare};
use self::host::{Host, Machine};
use crate::error::HarnessError;
use crate::machines::Machines;
use crate::peers::Peers;
use crate::script::Script;
use crate::simulated::{DEFAULT_LATENCY, LONGEST_RUN};

/// How much time passes at once unless somebody asks for more or less.
pub const DEFAULT_TICK: Millis = Millis(10);

/// Messages on their way per connection, and connects waiting per listener; turmoil panics where
/// more of the latter arrive in one tick.
const CAPACITY: usize = 4_096;

/// Runs a case.
///
/// # Errors
/// The case needs what this engine cannot do, or the run came to no transcript.
pub fn run<'c>(
    case: &'c Case<'c>,
    director: Director<'c>,
    peers: &mut dyn Peers,
    tick: Millis,
) -> Result<Transcript, HarnessError> {
    let devices = case.scenario.clients.iter().map(|c| c.name.clone());
    let devices: Vec<String> = devices.collect();
    drive(&devices, director, peers, tick).map(Director::into_transcript)
}

/// Runs any script on devices of these names, and gives it back.
///
/// # Errors
/// As [`run`].
pub fn drive<S: Script>(
    devices: &[String],
    mut script: S,
    peers: &mut dyn Peers,
    tick: Millis,
) -> Result<S, HarnessError> {
    let mut world = World::new(devices, peers, tick);
    let mut now = Time::START;
    while now <= LONGEST_RUN {
        let due = script.instant_begins(now);
        let next = match due.is_empty() {
            true => script.instant_over(now),
            false => due,
        };
        for command in next {
            if command == Command::Finish {
                return Ok(script);
            }
            world.obey(command)?;
        }
        world.step()?;
        now = now + tick;
        for report in world.take_reports() {
            script.report(report.at.min(now), report.actor, report.news.as_fact());
        }
    }
    script.time_is_up(LONGEST_RUN);
    Ok(script)
}

/// The simulation, and the handles on what runs in it.
struct World<'a> {
    sim: Sim<'a>,
    machines: BTreeMap<Actor, Rc<Machine>>,
    peers: Rc<RefCell<&'a mut dyn Peers>>,
    reports: host::Reports,
}

impl<'a> World<'a> {
    fn new(devices: &[String], peers: &'a mut dyn Peers, tick: Millis) -> World<'a> {
        let latency = Duration::from_millis(DEFAULT_LATENCY.0);
        let sim = turmoil::Builder::new()
            .tick_duration(Duration::from_millis(tick.0))
            .epoch(UNIX_EPOCH + Duration::from_millis(EPOCH_UNIX_MS))
            // Nothing is drawn with a fixed latency; the seed is set so that it stays so.
            .rng_seed(0)
            .min_message_latency(latency)
            .max_message_latency(latency)
            .tcp_capacity(CAPACITY)
            .build();
        let mut world = World {
            sim,
            machines: BTreeMap::new(),
            peers: Rc::new(RefCell::new(peers)),
            reports: host::Reports::default(),
        };
        let clients = devices.iter().enumerate();
        for (index, name) in clients.map(|(index, name)| (ClientIndex(index), name)) {
            world.add(Actor::Client(index), name);
        }
        world.add(Actor::Server, SERVER);
        world
    }

    fn add(&mut self, actor: Actor, name: &str) {
        let reports = Rc::clone(&self.reports);
        let machine = Machine::new(actor, name, &**self.peers.borrow(), reports);
        self.machines.insert(actor, Rc::clone(&machine));
        let peers = Rc::clone(&self.peers);
        self.sim.host(host_name(actor), move || {
            let machine = Rc::clone(&machine);
            let peer = machine.next_peer(&mut **peers.borrow_mut());
            Host::new(machine, peer)
        });
    }

    fn step(&mut self) -> Result<(), HarnessError> {
        let stepped = self.sim.step();
        for machine in self.machines.values() {
            if let Some(error) = machine.failed.take() {
                return Err(error);
            }
        }
        stepped.map(drop).map_err(|error| HarnessError::Panicked {
            actor: "the tick-driven simulation".into(),
            message: error.to_string(),
        })
    }

    /// What was reported in the last tick, by time; hosts run one after the other.
    fn take_reports(&mut self) -> Vec<host::Report> {
        let mut reports = std::mem::take(&mut *self.reports.borrow_mut());
        reports.sort_by_key(|report| report.at);
        reports
    }

    fn client(&self, client: ClientIndex) -> &Machine {
        self.machine(Actor::Client(client))
    }

    fn machine(&self, actor: Actor) -> &Machine {
        &self.machines[&actor]
    }
}

impl Machines for World<'_> {
    fn devices(&self) -> usize {
        self.machines.len() - 1
    }

    fn give(&mut self, actor: Actor, input: Input) {
        self.machine(actor).put(input);
    }

    fn start(&mut self, actor: Actor) -> Result<(), HarnessError> {
        match actor {
            Actor::Client(client) => {
                self.sim.bounce(host_name(actor));
                if self.client(client).told_down.get() {
                    self.client(client).put(Input::Reachable(false));
                }
            }
            Actor::Server if self.machine(actor).is_stopped() => {
                let server = &self.machines[&actor];
                let peer = server.next_peer(&mut **self.peers.borrow_mut());
                server.restart(peer);
            }
            Actor::Server => {}
        }
        Ok(())
    }

    fn stop(&mut self, actor: Actor) {
        match actor {
            Actor::Client(_) => self.sim.crash(host_name(actor)),
            Actor::Server => self.machine(actor).stop(),
        }
    }

    fn freeze(&mut self, device: ClientIndex) -> Result<(), HarnessError> {
        self.client(device).freeze();
        Ok(())
    }

    fn resume(&mut self, device: ClientIndex) {
        self.client(device).resume();
    }

    fn change(
        &mut self,
        device: ClientIndex,
        change: &NetworkChange,
    ) -> Result<Option<bool>, HarnessError> {
        let NetworkChange {
            is: Some(is),
            direction: None,
            latency: None,
            jitter: None,
            loss: None,
        } = *change
        else {
            return Err(unsupported("a change of one direction or of quality"));
        };
        match is {
            NetworkWord::Up => Ok(self.mend(device)),
            NetworkWord::Down | NetworkWord::Unreachable => {
                let client = Actor::Client(device);
                self.client(device).no_network.set(true);
                self.sim.hold(host_name(client), host_name(Actor::Server));
                let news = is == NetworkWord::Down && !self.client(device).told_down.replace(true);
                Ok(news.then_some(false))
            }
            NetworkWord::BlackHole | NetworkWord::Reset | NetworkWord::Switched => {
                Err(unsupported(&format!("`network: {is}`")))
            }
        }
    }

    fn mend(&mut self, device: ClientIndex) -> Option<bool> {
        if self.client(device).no_network.replace(false) {
            let client = Actor::Client(device);
            self.sim
                .release(host_name(client), host_name(Actor::Server));
        }
        self.client(device).told_down.replace(false).then_some(true)
    }

    fn set_clock(&mut self, device: ClientIndex, skew: i64) {
        self.client(device).skew.set(skew);
    }

    fn ordered(&mut self, order: &Order) {
        self.peers.borrow_mut().ordered(order);
    }

    /// The loop that gives the commands ends by itself.
    fn finish(&mut self) {}
}

fn unsupported(what: &str) -> HarnessError {
    HarnessError::Unsupported(format!("{what}, on the tick-driven simulation"))
}

/// Devices may have any name; hosts are known by what they are.
fn host_name(actor: Actor) -> String {
    match actor {
        Actor::Client(index) => format!("device-{}", index.0),
        Actor::Server => SERVER.to_owned(),
    }
}
