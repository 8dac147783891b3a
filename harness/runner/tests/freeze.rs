//! Processes that stand still, on both engines, and what becomes of them.

mod toys;

use std::cell::Cell;

use conformance::director::{Actor, Command, Fact};
use conformance::scenario::{AppAct, NetworkWord};
use runner::script::Script;
use runner::{simulated, tick};
use session::peer::{CallId, Input, LinkId, Output, Peer};
use session::time::{Millis, Time};
use toys::plan::*;
use toys::*;

fn ms(n: u64) -> Millis {
    Millis(n)
}

fn s(n: u64) -> Millis {
    Millis::seconds(n)
}

/// Connects at its first call, wants to be woken at 6 s, and says what it hears.
fn listener() -> Box<dyn Peer> {
    handler(|_, input| match input {
        Input::Call { id: CallId(1), .. } => {
            vec![connect(LinkId(1)), Output::WakeAt(Some(Time(6_000)))]
        }
        Input::Call { id, .. } => vec![says(format!("hears call {}", id.0))],
        Input::LinkReceived { bytes, .. } => {
            vec![says(format!("hears {}", bytes.escape_ascii()))]
        }
        input => vec![says(format!("hears {input:?}"))],
    })
}

/// Counts seconds aloud on its only link.
fn counter() -> Box<dyn Peer> {
    let mut count = 0;
    handler(move |now, input| match input {
        Input::LinkOpened { .. } => vec![Output::WakeAt(Some(Time(1_500)))],
        Input::Wake => {
            count += 1;
            let bytes = format!("{count} ").into_bytes();
            let link = LinkId(1);
            let again = Output::WakeAt(Some(now.at + s(1)));
            vec![Output::Send { link, bytes }, again]
        }
        Input::LinkClosed { how, .. } => vec![says(format!("{how:?}"))],
        _ => vec![],
    })
}

fn second_call() -> Command {
    match login(0) {
        Command::Call { client, call, .. } => Command::Call {
            client,
            id: CallId(2),
            call,
            inside: None,
        },
        other => other,
    }
}

/// Frozen from 3 s to 10 s, and all sorts of things in between.
fn frozen() -> Plan {
    Plan::until(ms(11_000))
        .at(s(0), login(0))
        .at(s(3), app(0, AppAct::Frozen))
        .at(ms(3_200), app(0, AppAct::Background))
        .at(s(4), second_call())
        .at(s(5), network(0, NetworkWord::Down))
        .at(ms(5_100), network(0, NetworkWord::Up))
        .at(s(7), app(0, AppAct::Frozen))
        .at(s(10), app(0, AppAct::Resumed))
        .at(ms(10_010), app(0, AppAct::Resumed))
        .at(ms(10_020), app(0, AppAct::Foreground))
}

fn run(plan: Plan) -> Plan {
    let (client, server) = (|_| listener(), counter);
    simulated::drive(&devices(1), 0, plan, &mut Made { client, server }).unwrap()
}

#[test]
fn everything_waits_and_then_happens_at_once() {
    let plan = run(frozen());
    assert_eq!(
        plan.with(&["hears"])[1..],
        [
            "1530 client 0: hears 1 ",
            "2530 client 0: hears 2 ",
            "3000 client 0: hears Lifecycle(Frozen)",
            "10000 client 0: hears Lifecycle(Resumed)",
            "10000 client 0: hears Lifecycle(Background)",
            "10000 client 0: hears call 2",
            "10000 client 0: hears Reachable(false)",
            "10000 client 0: hears Reachable(true)",
            "10000 client 0: hears 3 4 5 6 7 8 9 ",
            "10000 client 0: hears Wake",
            "10020 client 0: hears Lifecycle(Foreground)",
            "10530 client 0: hears 10 ",
        ]
    );
    assert_eq!(plan.lines, run(frozen()).lines);
}

#[test]
fn the_second_opinion_is_the_same() {
    let words = |plan: &Plan| -> String {
        let lines = plan.with(&["hears"]).into_iter();
        let words = lines.map(|line| line.split_once("hears").unwrap().1.to_owned());
        words.collect()
    };
    let (client, server) = (|_| listener(), counter);
    let mut peers = Made { client, server };
    let ticked = tick::drive(&devices(1), frozen(), &mut peers, ms(10)).unwrap();
    // There, bytes come in the pieces in which they were sent.
    let ours = words(&run(frozen()));
    assert_eq!(words(&ticked).replace("  ", " "), ours.replace("  ", " "));
}

#[test]
fn a_frozen_process_can_crash_and_its_successor_is_awake() {
    let plan = Plan::until(s(20))
        .at(s(0), login(0))
        .at(s(3), app(0, AppAct::Frozen))
        .at(s(5), app(0, AppAct::Crashed))
        .at(s(6), app(0, AppAct::Resumed))
        .at(s(7), app(0, AppAct::Started))
        .at(s(8), second_call());
    let plan = run(plan);
    // What it had not read by then makes its system reset the link.
    assert_eq!(
        plan.with(&["Reset", "Finished", "hears"])[4..],
        ["5030 server: Reset", "8000 client 0: hears call 2",]
    );
}

#[test]
fn lifting_faults_resumes() {
    let plan = Plan::until(s(9))
        .at(s(0), login(0))
        .at(s(3), app(0, AppAct::Frozen))
        .at(s(4), network(0, NetworkWord::Down))
        .at(ms(8_900), Command::LiftFaults);
    assert_eq!(
        run(plan).with(&["hears"])[4..],
        [
            "8900 client 0: hears Lifecycle(Resumed)",
            "8900 client 0: hears Reachable(false)",
            "8900 client 0: hears Reachable(true)",
            "8900 client 0: hears 3 ",
            "8900 client 0: hears Wake",
            "8930 client 0: hears 4 ",
            "8930 client 0: hears 5 ",
            "8930 client 0: hears 6 ",
            "8930 client 0: hears 7 ",
            "8930 client 0: hears 8 ",
        ]
    );
}

#[test]
fn a_frozen_process_holds_nobody_up() {
    /// Freezes a device from 10 ms to an hour, and counts the instants.
    struct Hour<'a>(&'a Cell<u64>);
    impl Script for Hour<'_> {
        fn instant_begins(&mut self, now: Time) -> Vec<Command> {
            self.0.set(self.0.get() + 1);
            match now.0 {
                0 => vec![login(0)],
                10 => vec![app(0, AppAct::Frozen)],
                3_600_000 => vec![Command::Finish],
                _ => vec![],
            }
        }
        fn instant_over(&mut self, _: Time) -> Vec<Command> {
            vec![]
        }
        fn wakes_at(&self) -> Option<Time> {
            Some(Time(if self.0.get() < 11 { 10 } else { 3_600_000 }))
        }
        fn report(&mut self, _: Time, _: Actor, _: Fact<'_>) {}
        fn time_is_up(&mut self, _: Time) {}
    }
    let instants = Cell::new(0);
    // Wakes every millisecond.
    let client = |_| handler(|now, _| vec![Output::WakeAt(Some(now.at + ms(1)))]);
    let server = || handler(|_, _| vec![]);
    let mut peers = Made { client, server };
    simulated::drive(&devices(1), 0, Hour(&instants), &mut peers).unwrap();
    assert_eq!(instants.get(), 12);
}
