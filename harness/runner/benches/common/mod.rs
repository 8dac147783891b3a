//! What the benchmarks share: workloads, the bare event loop, and a table of CPU times.

#![allow(dead_code, reason = "every user needs another part")]
#![allow(unreachable_pub, reason = "shared by several programs")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and measures real time"
)]

pub mod bare;
#[path = "../../tests/toys/mod.rs"]
pub mod toys;

use std::time::{Duration, Instant};

use conformance::director::Command;
use conformance::scenario::NetworkWord;
use session::time::Millis;
use toys::plan::{Plan, devices, login, network};
use toys::{Habits, Toys};

/// How often everything is measured; the median counts.
const ROUNDS: usize = 5;

/// One round of one engine takes at least this long: the system's books of CPU time are only
/// brought up to date every few milliseconds.
const ROUND: Duration = Duration::from_millis(200);

/// What takes longer than this is measured once.
const SLOW: Duration = Duration::from_secs(2);

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub name: &'static str,
    pub clients: usize,
    pub heartbeat: Millis,
    pub length: Millis,
    /// When the first device has no network.
    pub outage: Option<(Millis, Millis)>,
    /// When the server is stopped.
    pub stop: Option<(Millis, Millis)>,
    /// How long after another the devices log in.
    pub stagger: Millis,
}

impl Workload {
    /// 20 minutes in which one of two devices has no network for 18, and tries all the time.
    pub const RECONNECT: Workload = Workload {
        name: "reconnect, 20 min",
        clients: 2,
        heartbeat: Millis::seconds(30),
        length: Millis::seconds(1_200),
        outage: Some((Millis::seconds(60), Millis::seconds(1_140))),
        stop: None,
        stagger: Millis(200),
    };

    /// 20 minutes of a heartbeat every 10 seconds, all devices at the same instants.
    pub const fn beats(name: &'static str, clients: usize) -> Workload {
        Workload {
            name,
            clients,
            heartbeat: Millis::seconds(10),
            length: Millis::seconds(1_200),
            outage: None,
            stop: None,
            stagger: Millis(0),
        }
    }

    pub const fn staggered(self, name: &'static str, stagger: Millis) -> Workload {
        Workload {
            name,
            stagger,
            ..self
        }
    }

    /// 2 minutes online, 10 without a server and with backoff up to 20 s, 3 after.
    pub const fn fleet(name: &'static str, clients: usize) -> Workload {
        Workload {
            length: Millis::seconds(900),
            stop: Some((Millis::seconds(120), Millis::seconds(720))),
            ..Workload::beats(name, clients)
        }
    }

    pub fn habits(&self) -> Habits {
        let pause = match self.stop {
            Some(_) => Millis::seconds(1),
            None => Habits::default().pause,
        };
        Habits {
            pause,
            heartbeat: self.heartbeat,
            ..Habits::default()
        }
    }

    pub fn plan(&self) -> Plan {
        let mut plan = Plan::until(self.length).quiet();
        for client in 0..self.clients {
            plan = plan.at(Millis(self.stagger.0 * client as u64), login(client));
        }
        if let Some((from, to)) = self.outage {
            plan = plan
                .at(from, network(0, NetworkWord::Unreachable))
                .at(to, network(0, NetworkWord::Up));
        }
        if let Some((from, to)) = self.stop {
            plan = plan
                .at(from, Command::StopServer)
                .at(to, Command::StartServer);
        }
        plan
    }

    pub fn event_jump(&self) {
        let mut peers = Toys(self.habits());
        let run = runner::simulated::drive(&devices(self.clients), 0, self.plan(), &mut peers);
        assert!(run.is_ok());
    }

    pub fn ticked(&self, tick: Millis) {
        let mut peers = Toys(self.habits());
        let run = runner::tick::drive(&devices(self.clients), self.plan(), &mut peers, tick);
        assert!(run.is_ok());
    }
}

/// One way to run something, measured against others.
pub struct Engine<'a> {
    pub name: &'static str,
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Engine<'a> {
    pub fn new(name: &'static str, run: impl FnMut() + 'a) -> Engine<'a> {
        Engine {
            name,
            run: Box::new(run),
        }
    }
}

/// Is this to be measured? Arguments of the program are parts of the titles that are.
fn wanted(title: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    words
        .next()
        .is_none_or(|first| title.contains(&first) || words.any(|word| title.contains(&word)))
}

/// Measures all engines in turn, so that noise hits all alike, and prints a line for each.
pub fn measure(title: &str, virtual_time: Millis, mut engines: Vec<Engine<'_>>) {
    if !wanted(title) {
        return;
    }
    let mut rounds = vec![Vec::new(); engines.len()];
    let mut repeats = vec![0; engines.len()];
    for (index, engine) in engines.iter_mut().enumerate() {
        let begin = cpu();
        (engine.run)();
        let once = (cpu() - begin).max(Duration::from_nanos(1));
        if once > SLOW {
            rounds[index].push(once);
        } else {
            repeats[index] = (ROUND.as_nanos() / once.as_nanos()).clamp(1, 10_000) as u32;
        }
    }
    for _ in 0..ROUNDS {
        for (index, engine) in engines.iter_mut().enumerate() {
            if repeats[index] > 0 {
                let begin = cpu();
                for _ in 0..repeats[index] {
                    (engine.run)();
                }
                rounds[index].push((cpu() - begin) / repeats[index]);
            }
        }
    }
    let medians: Vec<f64> = rounds
        .into_iter()
        .map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e3
        })
        .collect();
    println!("{title}");
    for (engine, ms) in engines.iter().zip(&medians) {
        let ratio = ms / medians[0];
        let faster = virtual_time.0 as f64 / ms;
        println!(
            "  {:<24}{ms:>12.3} ms{ratio:>10.1} x{faster:>16.0} x real time",
            engine.name
        );
    }
}

/// CPU time of this thread, from the scheduler's own books; elapsed time where there are none.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|n| n.parse().ok());
    spent.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}

thread_local! {
    static START: Instant = Instant::now();
}
