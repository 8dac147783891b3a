//! Random faults: whatever happens, bytes arrive whole and in order or not at all, and when the
//! faults are over everybody comes back.

mod toys;

use std::collections::BTreeMap;

use conformance::director::Command;
use conformance::scenario::{AppAct, ClientIndex, Direction, NetworkChange, NetworkWord};
use runner::peers::Peers;
use runner::simulated::drive;
use session::peer::{CallId, Gateway, Input, LinkId, Output, Peer, Store};
use session::random::Stream;
use session::time::{Millis, Now, Time};
use toys::plan::*;
use toys::*;

const DEVICES: usize = 3;
const RUNS: u64 = 60;

/// A toy client whose every message says on which link it is sent and which one it is.
struct Counting {
    toy: ToyClient,
    name: String,
    sent: BTreeMap<LinkId, u64>,
}

impl Peer for Counting {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        self.toy.handle(now, input, outputs);
        for output in outputs {
            if let Output::Connect { link, gateway } = output {
                *gateway = Gateway((link.0 % 4) as u8 + 1);
            }
            if let Output::Send { link, bytes } = output {
                let sent = self.sent.entry(*link).or_default();
                *sent += 1;
                // Now and then more than one packet can carry.
                let padding = if sent.is_multiple_of(5) { 5_000 } else { 10 };
                let name = &self.name;
                *bytes = format!("{name}/{} {sent} {}\n", link.0, "x".repeat(padding)).into();
            }
        }
    }
}

/// Answers every line; complains when a line is not the one that must come next on its link.
struct Checking {
    lines: BTreeMap<LinkId, (String, u64, Vec<u8>)>,
}

impl Checking {
    fn line(&mut self, link: LinkId, line: &str, outputs: &mut Vec<Output>) {
        let (from, count, _) = self.lines.entry(link).or_default();
        *count += 1;
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let number = words.next().and_then(|n| n.parse().ok());
        if from.is_empty() {
            name.clone_into(from);
        }
        if from != name || number != Some(*count) {
            outputs.push(says(format!(
                "WRONG: {name} {number:?}, not {from} {count}"
            )));
        }
        let bytes = b"yes\n".to_vec();
        outputs.push(Output::Send { link, bytes });
    }
}

impl Peer for Checking {
    fn handle(&mut self, _: Now, input: Input, outputs: &mut Vec<Output>) {
        match input {
            Input::LinkReceived { link, bytes } => {
                let mut rest = std::mem::take(&mut self.lines.entry(link).or_default().2);
                rest.extend(bytes);
                while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    self.line(link, &String::from_utf8_lossy(&line), outputs);
                }
                self.lines.entry(link).or_default().2 = rest;
            }
            Input::LinkClosed { link, .. } => {
                self.lines.remove(&link);
            }
            _ => {}
        }
    }
}

/// Half an hour of faults, then an hour of calm.
fn storm(seed: u64) -> Plan {
    let mut draws = Stream::new(seed, "storm");
    let mut plan = Plan::until(Millis::seconds(5_400));
    for client in 0..DEVICES {
        plan = plan.at(Millis(0), login(client));
    }
    let mut logins = 100;
    let mut now = 0;
    loop {
        // Often at odd moments of a handshake, sometimes after a long time.
        now += match draws.up_to(2) {
            0 => draws.up_to(150),
            1 => draws.up_to(5_000),
            _ => draws.up_to(120_000),
        };
        if now > 1_800_000 {
            // After the last start of a server that was stopped near the end.
            return plan.at(Millis(1_820_000), Command::LiftFaults);
        }
        let at = Millis(now);
        let client = draws.up_to(DEVICES as u64 - 1) as usize;
        let word = NetworkWord::ALL[draws.up_to(NetworkWord::ALL.len() as u64 - 1) as usize];
        plan = match draws.up_to(11) {
            0..=3 => plan.at(at, network(client, word)),
            4 => {
                let direction = Direction::ALL[draws.up_to(1) as usize];
                let one_way = NetworkChange {
                    is: Some(word),
                    direction: Some(direction),
                    ..NetworkChange::default()
                };
                plan.at(at, change(client, one_way))
            }
            5 | 6 => {
                let quality = NetworkChange {
                    latency: Some(Millis(draws.up_to(300))),
                    jitter: Some(Millis(draws.up_to(300))),
                    loss: Some(draws.up_to(40)),
                    ..NetworkChange::default()
                };
                plan.at(at, change(client, quality))
            }
            7 | 8 => {
                logins += 1;
                let again = Command::Call {
                    client: ClientIndex(client),
                    id: CallId(logins),
                    call: match login(client) {
                        Command::Call { call, .. } => call,
                        _ => continue,
                    },
                    inside: None,
                };
                plan.at(at, app(client, AppAct::Crashed))
                    .at(at, app(client, AppAct::Started))
                    .at(at, again)
            }
            9 => plan.at(at, app(client, AppAct::Frozen)),
            10 => plan.at(at, app(client, AppAct::Resumed)),
            _ => plan
                .at(at, Command::StopServer)
                .at(Millis(now + draws.up_to(10_000)), Command::StartServer),
        };
    }
}

/// A service with four gateways; makes processes that know which life of their device they are.
struct Crew;

impl Peers for Crew {
    fn client(&mut self, device: ClientIndex, incarnation: u32, _: Store) -> Box<dyn Peer> {
        Box::new(Counting {
            toy: ToyClient::new(Habits::default()),
            name: format!("{}.{incarnation}", device.0),
            sent: BTreeMap::new(),
        })
    }

    fn server(&mut self, _: u32, _: Store) -> Box<dyn Peer> {
        Box::new(Checking {
            lines: BTreeMap::new(),
        })
    }

    fn gateways(&self) -> u8 {
        4
    }
}

fn run(seed: u64) -> Plan {
    drive(&devices(DEVICES), seed, storm(seed), &mut Crew).unwrap()
}

#[test]
fn a_crowd_that_stands_by_changes_nothing() {
    // With many devices the simulator shares hosts and puts off what can wait.
    for seed in 0..RUNS {
        let crowd = drive(&devices(40), seed, storm(seed), &mut Crew).unwrap();
        let alone = run(seed);
        for (line, (crowd, alone)) in crowd.lines.iter().zip(&alone.lines).enumerate() {
            assert_eq!(crowd, alone, "seed {seed}, line {line}");
        }
        assert_eq!(crowd.lines.len(), alone.lines.len(), "seed {seed}");
    }
}

#[test]
fn every_storm_is_survived() {
    for seed in 0..RUNS {
        let plan = run(seed);
        let wrong = plan.with(&["WRONG"]);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
        // In calm, a client that is online beats, is answered, and connects no more.
        for client in 0..DEVICES {
            let calm = |line: &&str| {
                let at = line.split(' ').next().and_then(|at| at.parse().ok());
                at.is_some_and(|at: u64| Time(at) > Time(3_600_000))
            };
            let of = |word: &str| {
                let lines = plan.with(&[&format!("client {client}: {word}")]);
                lines.into_iter().filter(calm).count()
            };
            assert_eq!(of("connect"), 0, "seed {seed}, client {client}");
            assert!(of("send") > 50, "seed {seed}, client {client}");
        }
    }
}

#[test]
fn a_storm_is_the_same_every_time() {
    for seed in 0..3 {
        assert_eq!(run(seed).lines, run(seed).lines);
    }
}
