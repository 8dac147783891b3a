//! The simulator with toy peers: what takes how long, what comes first, and how runs end.

mod toys;

use std::collections::BTreeMap;

use conformance::director::{Actor, Command, Fact};
use conformance::scenario::{ClientIndex, NetworkChange, NetworkWord};
use runner::HarnessError;
use runner::script::Script;
use runner::simulated::drive;
use session::peer::{Input, LinkId, Output, Peer};
use session::time::{EPOCH_UNIX_MS, Millis, Time};
use toys::plan::*;
use toys::*;

fn ms(n: u64) -> Millis {
    Millis(n)
}

fn s(n: u64) -> Millis {
    Millis::seconds(n)
}

fn run(clients: usize, plan: Plan) -> Plan {
    drive(&devices(clients), 0, plan, &mut Toys(Habits::default())).unwrap()
}

fn one_login_until(end: Millis) -> Plan {
    Plan::until(end).at(ms(0), login(0))
}

#[test]
fn a_login_takes_four_one_way_trips() {
    let plan = run(1, one_login_until(s(1)));
    assert_eq!(
        plan.lines,
        [
            "0 client 0: logging-in",
            "0 client 0: connect 1",
            "60 client 0: up 1",
            "60 client 0: send 1 beat\\n",
            "90 server: up 1",
            "90 server: send 1 beat\\n",
            "120 client 0: result 1",
            "120 client 0: logged-in",
        ]
    );
}

#[test]
fn latency_jitter_and_loss_delay_but_never_reorder() {
    let bad = NetworkChange {
        latency: Some(ms(100)),
        jitter: Some(ms(500)),
        loss: Some(30),
        ..NetworkChange::default()
    };
    // The client sends a number every 10 ms; the server says what it gets.
    let client = |_| {
        let mut sent = 0;
        handler(move |now, input| match input {
            Input::Call { .. } => vec![connect(LinkId(1))],
            Input::LinkOpened { .. } | Input::Wake => {
                sent += 1;
                vec![
                    Output::Send {
                        link: LinkId(1),
                        bytes: format!("{sent} ").into_bytes(),
                    },
                    Output::WakeAt(Some(now.at + ms(10))),
                ]
            }
            _ => vec![],
        })
    };
    let server = || {
        handler(|_, input| match input {
            Input::LinkReceived { bytes, .. } => {
                vec![says(format!("got {}", bytes.escape_ascii()))]
            }
            _ => vec![],
        })
    };
    let run = |seed| {
        let plan = Plan::until(s(20))
            .at(ms(0), change(0, bad))
            .at(ms(0), login(0));
        drive(&devices(1), seed, plan, &mut Made { client, server }).unwrap()
    };
    let plan = run(1);
    let got = plan.with(&["got"]);
    let numbers: Vec<u64> = got
        .iter()
        .flat_map(|line| line.split("got ").nth(1).unwrap().split_whitespace())
        .map(|n| n.parse().unwrap())
        .collect();
    assert!(numbers.len() > 1_000);
    assert!(numbers.is_sorted());
    assert_eq!(plan.lines, run(1).lines);
    assert_ne!(plan.lines, run(2).lines);
}

#[test]
fn one_device_more_shifts_no_other() {
    let bad = NetworkChange {
        jitter: Some(ms(500)),
        loss: Some(10),
        ..NetworkChange::default()
    };
    let of_first = |clients: usize| {
        let mut plan = Plan::until(s(300));
        for client in 0..clients {
            plan = plan.at(ms(0), change(client, bad)).at(ms(1), login(client));
        }
        let plan = run(clients, plan);
        plan.with(&["client 0"]).join("\n")
    };
    assert_eq!(of_first(1), of_first(3));
}

#[test]
fn what_is_sent_first_arrives_first_whatever_link_it_is_on() {
    // The server greets the last link first.
    let server = || {
        let mut links = Vec::new();
        handler(move |_, input| match input {
            Input::LinkOpened { link, .. } => {
                links.push(link);
                let greet = |&link: &LinkId| Output::Send {
                    link,
                    bytes: b"hello".to_vec(),
                };
                match links.len() {
                    3 => links.iter().rev().map(greet).collect(),
                    _ => vec![],
                }
            }
            _ => vec![],
        })
    };
    let client = |_| {
        handler(|_, input| match input {
            Input::Call { .. } => vec![connect(LinkId(1))],
            Input::LinkReceived { .. } => vec![says("greeted")],
            _ => vec![],
        })
    };
    let plan = (0..3).fold(Plan::until(s(1)), |plan, n| plan.at(ms(0), login(n)));
    let plan = drive(&devices(3), 0, plan, &mut Made { client, server }).unwrap();
    assert_eq!(
        plan.with(&["greeted"]),
        [
            "120 client 2: greeted",
            "120 client 1: greeted",
            "120 client 0: greeted",
        ]
    );
}

#[test]
fn acts_come_before_packets_and_packets_before_wakes() {
    let client = |device| {
        handler(move |_, input| match input {
            Input::Call { .. } => vec![
                says("called"),
                connect(LinkId(device as u32 + 1)),
                Output::WakeAt(Some(Time(60))),
            ],
            Input::LinkOpened { .. } => vec![says("opened")],
            Input::Wake => vec![says("woken")],
            _ => vec![],
        })
    };
    let server = || handler(|_, _| vec![]);
    let plan = Plan::until(s(1))
        .at(ms(0), login(1))
        .at(ms(0), login(0))
        .at(ms(60), login(2));
    let plan = drive(&devices(3), 0, plan, &mut Made { client, server }).unwrap();
    assert_eq!(
        plan.with(&["60 client 0: ", "60 client 1: ", "60 client 2: c"])[..6],
        [
            "60 client 2: called",
            "60 client 2: connect 3",
            "60 client 1: up 2",
            "60 client 1: opened",
            "60 client 0: up 1",
            "60 client 0: opened",
        ]
    );
    assert_eq!(
        plan.with(&["woken"]),
        [
            "60 client 0: woken",
            "60 client 1: woken",
            "60 client 2: woken",
        ]
    );
}

#[test]
fn a_script_is_asked_until_it_has_nothing_more_to_do_at_an_instant() {
    /// Does one thing after the other, and is in no hurry.
    struct OneByOne(Vec<Command>);
    impl Script for OneByOne {
        fn instant_begins(&mut self, _: Time) -> Vec<Command> {
            Vec::new()
        }
        fn instant_over(&mut self, now: Time) -> Vec<Command> {
            assert_eq!(now, Time(5_000));
            self.0.pop().into_iter().collect()
        }
        fn wakes_at(&self) -> Option<Time> {
            Some(Time(5_000))
        }
        fn report(&mut self, _: Time, _: Actor, _: Fact<'_>) {}
        fn time_is_up(&mut self, _: Time) {
            panic!("it came to no end");
        }
    }
    let commands = vec![
        Command::Finish,
        network(0, NetworkWord::Up),
        network(0, NetworkWord::Unreachable),
        network(0, NetworkWord::Down),
    ];
    let mut peers = Toys(Habits::default());
    let script = drive(&devices(1), 0, OneByOne(commands), &mut peers).unwrap();
    assert_eq!(script.0, []);
}

#[test]
fn a_link_without_latency_works() {
    let fast = NetworkChange {
        latency: Some(ms(0)),
        ..NetworkChange::default()
    };
    let plan = Plan::until(s(1))
        .at(ms(0), change(0, fast))
        .at(ms(0), login(0));
    let plan = run(1, plan);
    assert_eq!(plan.with(&["logged-in"]), ["0 client 0: logged-in"]);
}

#[test]
fn a_megabyte_gets_through() {
    let client = |_| {
        handler(|_, input| match input {
            Input::Call { .. } => vec![connect(LinkId(1))],
            Input::LinkOpened { link, .. } => vec![
                Output::Send {
                    link,
                    bytes: vec![b'x'; 1 << 20],
                },
                Output::Close { link },
            ],
            _ => vec![],
        })
    };
    let server = || {
        let mut got = 0;
        handler(move |_, input| match input {
            Input::LinkReceived { bytes, .. } => {
                got += bytes.len();
                vec![]
            }
            Input::LinkClosed { .. } => vec![says(format!("got {got}"))],
            _ => vec![],
        })
    };
    let plan = one_login_until(s(60));
    let plan = drive(&devices(1), 0, plan, &mut Made { client, server }).unwrap();
    assert_eq!(plan.with(&["got"])[0].split("got ").nth(1), Some("1048576"));
}

#[test]
fn last_words_before_a_close_are_read() {
    // Both talk at once, and the server hangs up while the client's words are unread.
    let client = |_| {
        handler(|_, input| match input {
            Input::Call { .. } => vec![connect(LinkId(1))],
            Input::LinkOpened { link, .. } => vec![Output::Send {
                link,
                bytes: b"hello".to_vec(),
            }],
            Input::LinkReceived { bytes, .. } => {
                vec![says(format!("got {}", bytes.escape_ascii()))]
            }
            _ => vec![],
        })
    };
    let server = || {
        handler(|_, input| match input {
            Input::LinkOpened { link, .. } => vec![
                Output::Send {
                    link,
                    bytes: b"you are kicked out".to_vec(),
                },
                Output::Close { link },
            ],
            _ => vec![],
        })
    };
    let plan = one_login_until(s(1));
    let plan = drive(&devices(1), 0, plan, &mut Made { client, server }).unwrap();
    assert_eq!(
        plan.with(&["got", "finished"]),
        [
            "120 client 0: got you are kicked out",
            "120 client 0: finished 1",
        ]
    );
}

#[test]
fn a_device_believes_its_own_clock() {
    let client = |_| {
        handler(|now, input| match input {
            Input::Call { .. } => vec![says(format!("wall {}", now.wall))],
            _ => vec![],
        })
    };
    let server = || handler(|_, _| vec![]);
    let clock = |skew| Command::Clock {
        client: ClientIndex(0),
        skew,
    };
    let plan = Plan::until(s(10))
        .at(s(1), login(0))
        .at(s(2), clock(-5_000))
        .at(s(2), login(0))
        .at(s(3), clock(i64::MIN))
        .at(s(3), login(0))
        .at(s(4), clock(i64::MAX))
        .at(s(4), login(0));
    let plan = drive(&devices(1), 0, plan, &mut Made { client, server }).unwrap();
    let ahead = EPOCH_UNIX_MS + 4_000 + i64::MAX as u64;
    assert_eq!(
        plan.lines,
        [
            format!("1000 client 0: wall {}", EPOCH_UNIX_MS + 1_000),
            format!("2000 client 0: wall {}", EPOCH_UNIX_MS - 3_000),
            "3000 client 0: wall 0".to_owned(),
            format!("4000 client 0: wall {ahead}"),
        ]
    );
}

#[test]
fn the_same_run_gives_the_same_bytes_in_every_thread() {
    let play = || {
        let mut plan = Plan::until(s(3_600));
        for client in 0..5 {
            let change_to = NetworkChange {
                jitter: Some(ms(200)),
                loss: Some(5),
                ..NetworkChange::default()
            };
            let start = ms(client as u64 * 7);
            plan = plan
                .at(start, change(client, change_to))
                .at(start, login(client))
                .at(s(300 + client as u64), network(client, NetworkWord::Down))
                .at(s(900), network(client, NetworkWord::Up))
                .at(
                    s(1_000 + client as u64),
                    network(client, NetworkWord::Switched),
                )
                .at(s(2_000), network(client, NetworkWord::Reset));
        }
        plan = plan.at(s(1_500), Command::StopServer);
        plan = plan.at(s(1_520), Command::StartServer);
        run(5, plan).lines
    };
    let first = play();
    assert!(first.len() > 1_000);
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(play)).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), first);
    }
    assert_eq!(play(), first);
}

fn fails(client: fn() -> Box<dyn Peer>, plan: Plan) -> HarnessError {
    let server = || handler(|_, _| vec![]);
    let client = move |_| client();
    match drive(&devices(1), 0, plan, &mut Made { client, server }) {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}

#[test]
fn a_panic_names_the_actor() {
    let error = fails(|| handler(|_, _| panic!("oh no")), one_login_until(s(1)));
    assert_eq!(error.to_string(), "device-0 panicked: oh no");
}

#[test]
fn a_panic_of_the_script_is_not_the_peers() {
    struct Nervous;
    impl Script for Nervous {
        fn instant_begins(&mut self, now: Time) -> Vec<Command> {
            assert_eq!(now, Time::START);
            vec![login(0)]
        }
        fn instant_over(&mut self, _: Time) -> Vec<Command> {
            Vec::new()
        }
        fn wakes_at(&self) -> Option<Time> {
            None
        }
        fn report(&mut self, _: Time, _: Actor, _: Fact<'_>) {
            panic!("oh no");
        }
        fn time_is_up(&mut self, _: Time) {}
    }
    let mut peers = Toys(Habits::default());
    let Err(error) = drive(&devices(1), 0, Nervous, &mut peers) else {
        panic!("no error");
    };
    assert_eq!(error.to_string(), "the script panicked: oh no");
}

#[test]
fn a_peer_that_never_rests_is_stopped() {
    let restless = || handler(|now, _| vec![Output::WakeAt(Some(now.at))]);
    let error = fails(restless, one_login_until(s(1)));
    assert!(
        matches!(&error, HarnessError::Livelock { actor, at: Time(0) } if actor == "device-0"),
        "{error}"
    );
}

#[test]
fn a_run_that_never_ends_is_stopped() {
    let endless = |client: fn() -> Box<dyn Peer>| {
        let commands = BTreeMap::from([(Time(0), vec![login(0)])]);
        let plan = Plan {
            commands,
            ..Plan::until(s(0))
        };
        let server = || handler(|_, _| vec![]);
        let client = move |_| client();
        drive(&devices(1), 0, plan, &mut Made { client, server }).unwrap()
    };
    let sleepy = endless(|| handler(|now, _| vec![Output::WakeAt(Some(now.at + s(3_600)))]));
    let idle = endless(|| handler(|_, _| vec![]));
    assert_eq!(sleepy.lines, ["2592000000 time is up"]);
    assert_eq!(idle.lines, ["2592000000 time is up"]);
}
