//! Every fault the simulator knows, with toy peers.

mod toys;

use conformance::director::Command;
use conformance::scenario::{AppAct, Direction, NetworkChange, NetworkWord};
use runner::simulated::drive;
use session::peer::{Input, Order, Output, Peer};
use session::time::{Millis, Now};
use toys::plan::*;
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
    let count = Order::Ban {
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
