//! The simulator with toy peers: faults, order, and ends of runs.

mod toys;

use std::collections::BTreeMap;

use conformance::director::Command;
use conformance::scenario::{AppAct, ClientIndex, Direction, NetworkChange, NetworkWord};
use runner::HarnessError;
use runner::simulated::drive;
use session::peer::{Input, LinkId, Order, Output, Peer};
use session::time::{EPOCH_UNIX_MS, Millis, Now, Time};
use toys::*;

const LINKS: &[&str] = &[
    ": up ",
    ": connect ",
    ": close ",
    ": finished ",
    ": reset ",
    ": refused ",
];

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
fn established_flows_are_held_and_go_on_after_an_outage() {
    let plan = one_login_until(s(60))
        .at(s(30), network(0, NetworkWord::Unreachable))
        .at(s(35), network(0, NetworkWord::Up));
    let plan = run(1, plan);
    // The beat left at 30.12 s.
    assert_eq!(
        plan.with(&["server: send"])[1],
        "35030 server: send 1 beat\\n"
    );
    assert_eq!(plan.with(&[": connect "]).len(), 1);
    assert!(
        plan.with(&["reachable"]).is_empty(),
        "nobody told the device"
    );
}

#[test]
fn what_is_on_its_way_when_the_network_goes_is_held_too() {
    let plan = one_login_until(s(60))
        .at(ms(30_130), network(0, NetworkWord::Unreachable))
        .at(ms(33_000), network(0, NetworkWord::Up));
    let plan = run(1, plan);
    assert_eq!(
        plan.with(&["server: send"])[1],
        "33030 server: send 1 beat\\n"
    );
}

#[test]
fn a_device_that_is_down_is_told_and_its_connects_time_out() {
    let plan = one_login_until(s(300))
        .at(s(10), network(0, NetworkWord::Down))
        .at(s(200), network(0, NetworkWord::Up));
    let plan = run(1, plan);
    let words = [LINKS, &["reachable"]].concat();
    assert_eq!(
        plan.with(&words),
        [
            "0 client 0: connect 1",
            "60 client 0: up 1",
            "90 server: up 1",
            "10000 client 0: reachable false",
            "40120 client 0: close 1",
            "40120 client 0: connect 2",
            "50120 client 0: close 2",
            "70120 client 0: connect 3",
            "80120 client 0: close 3",
            "90090 server: close 1",
            "100120 client 0: connect 4",
            "110120 client 0: close 4",
            "130120 client 0: connect 5",
            "140120 client 0: close 5",
            "160120 client 0: connect 6",
            "170120 client 0: close 6",
            "190120 client 0: connect 7",
            "200000 client 0: reachable true",
            "200120 client 0: close 7",
            "220120 client 0: connect 8",
            "220180 client 0: up 8",
            "220210 server: up 2",
        ]
    );
}

#[test]
fn a_black_hole_swallows_for_good_and_tells_nobody() {
    let plan = one_login_until(s(200))
        .at(s(30), network(0, NetworkWord::BlackHole))
        .at(s(35), network(0, NetworkWord::Up));
    assert_eq!(
        run(1, plan).with(LINKS),
        [
            "0 client 0: connect 1",
            "60 client 0: up 1",
            "90 server: up 1",
            "40120 client 0: close 1",
            "40120 client 0: connect 2",
            "40180 client 0: up 2",
            "40210 server: up 2",
            // The first flow has a gap: its end never reached the server.
            "90090 server: close 1",
        ]
    );
}

#[test]
fn a_black_hole_can_be_one_way() {
    let hole = NetworkChange {
        is: Some(NetworkWord::BlackHole),
        direction: Some(Direction::ToClient),
        ..NetworkChange::default()
    };
    let plan = one_login_until(s(60)).at(s(30), change(0, hole));
    let plan = run(1, plan);
    assert_eq!(
        plan.with(LINKS)[3..],
        [
            "40120 client 0: close 1",
            "40120 client 0: connect 2",
            "40150 server: finished 1",
            "50120 client 0: close 2",
        ],
        "the server hears the client, and its answers vanish, even to a connect"
    );
}

#[test]
fn a_reset_breaks_both_ends_at_once() {
    let plan = one_login_until(s(60)).at(s(10), network(0, NetworkWord::Reset));
    assert_eq!(
        run(1, plan).with(LINKS)[3..],
        [
            "10000 client 0: reset 1",
            "10000 client 0: connect 2",
            "10000 server: reset 1",
            "10060 client 0: up 2",
            "10090 server: up 2",
        ]
    );
}

#[test]
fn a_switched_path_leaves_both_ends_in_the_dark() {
    let plan = one_login_until(s(200)).at(s(10), network(0, NetworkWord::Switched));
    assert_eq!(
        run(1, plan).with(LINKS)[3..],
        [
            "40120 client 0: close 1",
            "40120 client 0: connect 2",
            "40180 client 0: up 2",
            "40210 server: up 2",
            "90090 server: close 1",
        ]
    );
}

#[test]
fn a_crashed_process_closes_its_links_and_its_successor_knows_nothing() {
    let plan = one_login_until(s(60))
        .at(s(10), app(0, AppAct::Crashed))
        .at(s(11), login(0))
        .at(s(20), app(0, AppAct::Started))
        .at(s(20), login(0));
    assert_eq!(
        run(1, plan).with(LINKS)[3..],
        [
            "10030 server: finished 1",
            "20000 client 0: connect 1",
            "20060 client 0: up 1",
            "20090 server: up 2",
        ]
    );
}

#[test]
fn a_stopped_server_breaks_links_and_refuses_connects() {
    let plan = one_login_until(s(60))
        .at(s(10), Command::StopServer)
        .at(s(20), Command::StartServer);
    assert_eq!(
        run(1, plan).with(LINKS)[3..],
        [
            "10030 client 0: finished 1",
            "10030 client 0: connect 2",
            "10090 client 0: refused 2",
            "30090 client 0: connect 3",
            "30150 client 0: up 3",
            "30180 server: up 2",
        ]
    );
}

#[test]
fn a_restart_at_one_instant_is_a_new_process() {
    let plan = one_login_until(s(20))
        .at(s(10), Command::StopServer)
        .at(s(10), Command::StartServer);
    assert_eq!(
        run(1, plan).with(LINKS)[3..],
        [
            "10030 client 0: finished 1",
            "10030 client 0: connect 2",
            "10090 client 0: up 2",
            "10120 server: up 2",
        ]
    );
}

#[test]
fn a_handshake_that_is_cut_leaves_nothing_at_the_server() {
    // The SYN arrives at 30 ms, its answer at 60 ms, the end of the handshake at 90 ms.
    for at in [15, 45, 75] {
        for cut in [
            network(0, NetworkWord::Down),
            network(0, NetworkWord::BlackHole),
            network(0, NetworkWord::Switched),
            network(0, NetworkWord::Reset),
            app(0, AppAct::Crashed),
        ] {
            let what = format!("{cut:?} at {at}");
            let plan = run(1, one_login_until(s(5)).at(ms(at), cut));
            // At 75 the connect is up: a process that dies then closes a good link, and a client
            // whose link is reset connects again.
            let good = what.contains("Crashed") || what.contains("Reset");
            let seen = plan.with(&["server: up"]).len();
            assert_eq!(
                seen,
                usize::from(good && at == 75),
                "{what}: {:?}",
                plan.lines
            );
        }
    }
}

#[test]
fn no_socket_is_left_behind() {
    // On demand the server says how many sockets the two kernels still know.
    struct Counting(ToyServer);
    impl Peer for Counting {
        fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
            if let Input::Order(_) = input {
                let count = |host: &str| turmoil_net::netstat(host).entries.len();
                let (device, server) = (count("10.0.0.1"), count("192.168.0.1"));
                outputs.push(says(format!("{device} and {server} sockets")));
            }
            self.0.handle(now, input, outputs);
        }
    }
    let faults: [(&str, Vec<(u64, Command)>); 6] = [
        ("switched", vec![(0, network(0, NetworkWord::Switched))]),
        ("reset", vec![(0, network(0, NetworkWord::Reset))]),
        (
            "black hole",
            vec![
                (0, network(0, NetworkWord::BlackHole)),
                (100, network(0, NetworkWord::Up)),
            ],
        ),
        (
            "outage",
            vec![
                (0, network(0, NetworkWord::Unreachable)),
                (200, network(0, NetworkWord::Up)),
            ],
        ),
        (
            "crash in the dark",
            vec![
                (0, network(0, NetworkWord::BlackHole)),
                (1, app(0, AppAct::Crashed)),
                (100, network(0, NetworkWord::Up)),
                (100, app(0, AppAct::Started)),
                (100, login(0)),
            ],
        ),
        (
            "restart in an outage",
            vec![
                (0, network(0, NetworkWord::Unreachable)),
                (1, Command::StopServer),
                (1, Command::StartServer),
                (200, network(0, NetworkWord::Up)),
            ],
        ),
    ];
    let count = Order::Kick {
        user: String::new(),
    };
    for (name, commands) in faults {
        let mut plan = Plan::until(s(4_000)).at(ms(0), login(0));
        plan = plan.at(s(3_999), Command::Order(count.clone()));
        for round in 0..10 {
            for (at, command) in &commands {
                plan = plan.at(s(50 + round * 300 + at), command.clone());
            }
        }
        let habits = Habits::default();
        let mut peers = Made {
            client: move |_| Box::new(ToyClient::new(habits)) as Box<dyn Peer>,
            server: move || Box::new(Counting(ToyServer::new(habits))) as Box<dyn Peer>,
        };
        let plan = drive(&devices(1), 0, plan, &mut peers).unwrap();
        // The link, and at the server the listener too.
        let seen = plan.with(&["sockets"]);
        assert_eq!(seen, ["3999000 server: 1 and 2 sockets"], "{name}");
    }
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
            Input::Call { .. } => vec![Output::Connect { link: LinkId(1) }],
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
            Input::LinkOpened { link } => {
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
            Input::Call { .. } => vec![Output::Connect { link: LinkId(1) }],
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
                Output::Connect {
                    link: LinkId(device as u32 + 1),
                },
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
            Input::Call { .. } => vec![Output::Connect { link: LinkId(1) }],
            Input::LinkOpened { link } => vec![
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
            Input::Call { .. } => vec![Output::Connect { link: LinkId(1) }],
            Input::LinkOpened { link } => vec![Output::Send {
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
            Input::LinkOpened { link } => vec![
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
fn lifting_faults_sets_everything_right_but_the_clock() {
    let slow = NetworkChange {
        latency: Some(s(1)),
        ..NetworkChange::default()
    };
    let plan = Plan::until(s(30))
        .at(ms(0), network(0, NetworkWord::Down))
        .at(ms(0), change(0, slow))
        .at(ms(0), Command::StopServer)
        .at(s(10), Command::LiftFaults)
        .at(s(10), login(0));
    assert_eq!(
        run(1, plan).with(&["reachable", "logged-in"]),
        [
            "0 client 0: reachable false",
            "10000 client 0: reachable true",
            "10120 client 0: logged-in",
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
