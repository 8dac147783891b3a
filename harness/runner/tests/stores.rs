//! What a process stores is there for the next one on the same machine, and for no other.

mod toys;

use conformance::director::Command;
use conformance::scenario::{AppAct, ClientIndex};
use runner::peers::Peers;
use runner::store::MOST_KEYS;
use runner::{HarnessError, simulated, tick};
use session::peer::{Input, Order, Output, Peer, Store};
use session::time::Millis;
use toys::plan::*;
use toys::*;

/// Says what it finds when it is called, and stores one thing more.
struct Diarists;

fn diarist(name: String, found: Store) -> Box<dyn Peer> {
    let mut pages = found.len();
    handler(move |_, input| match input {
        Input::Call { .. } | Input::Order(_) => {
            pages += 1;
            let mut outputs = vec![says(format!("found {found:?}"))];
            let page = |page: usize, text: Option<&str>| Output::Store {
                key: format!("{page}"),
                value: text.map(str::to_owned),
            };
            outputs.push(page(pages, Some(&name)));
            if pages == 3 {
                outputs.push(page(1, None));
            }
            outputs
        }
        _ => vec![],
    })
}

impl Peers for Diarists {
    fn client(&mut self, device: ClientIndex, incarnation: u32, store: Store) -> Box<dyn Peer> {
        diarist(format!("{}.{incarnation}", device.0), store)
    }

    fn server(&mut self, incarnation: u32, store: Store) -> Box<dyn Peer> {
        diarist(format!("server.{incarnation}"), store)
    }

    fn saved(&self, device: ClientIndex) -> Store {
        match device.0 {
            0 => Store::new(),
            _ => Store::from([("0".into(), "from before".into())]),
        }
    }
}

fn plan() -> Plan {
    let ms = Millis;
    let order = || {
        Command::Order(Order::Ban {
            user: String::new(),
        })
    };
    let mut plan = Plan::until(ms(5_000));
    for at in [0, 1_000, 2_000, 3_000] {
        plan = plan
            .at(ms(at), login(0))
            .at(ms(at), login(1))
            .at(ms(at), order())
            .at(ms(at + 100), app(0, AppAct::Crashed))
            .at(ms(at + 100), Command::StopServer)
            .at(ms(at + 200), app(0, AppAct::Started))
            .at(ms(at + 200), Command::StartServer);
    }
    plan
}

fn found(plan: &Plan, who: &str) -> Vec<String> {
    let lines = plan.with(&["found"]).into_iter();
    let lines = lines.filter(|line| line.contains(who));
    lines
        .map(|line| line.split_once("found ").unwrap().1.to_owned())
        .collect()
}

fn check(plan: &Plan) {
    assert_eq!(
        found(plan, "client 0"),
        [
            r#"{}"#,
            r#"{"1": "0.0"}"#,
            r#"{"1": "0.0", "2": "0.1"}"#,
            r#"{"2": "0.1", "3": "0.2"}"#,
        ]
    );
    assert_eq!(
        found(plan, "server")[2],
        r#"{"1": "server.0", "2": "server.1"}"#
    );
    let other = r#"{"0": "from before"}"#;
    assert_eq!(found(plan, "client 1"), [other; 4], "it never died");
}

#[test]
fn what_was_stored_survives_crashes_and_restarts() {
    check(&simulated::drive(&devices(2), 0, plan(), &mut Diarists).unwrap());
}

#[test]
fn the_second_opinion_stores_too() {
    check(&tick::drive(&devices(2), plan(), &mut Diarists, Millis(10)).unwrap());
}

#[test]
fn a_machine_keeps_only_so_much() {
    let client = |_| {
        handler(|_, input| match input {
            Input::Call { .. } => {
                let store = |key: usize| Output::Store {
                    key: key.to_string(),
                    value: Some(String::new()),
                };
                (0..=MOST_KEYS).map(store).collect()
            }
            _ => vec![],
        })
    };
    let server = || handler(|_, _| vec![]);
    let plan = || Plan::until(Millis(1_000)).at(Millis(0), login(0));
    let mut peers = Made { client, server };
    let ours = simulated::drive(&devices(1), 0, plan(), &mut peers).err();
    let theirs = tick::drive(&devices(1), plan(), &mut peers, Millis(10)).err();
    for error in [ours, theirs] {
        assert!(
            matches!(&error, Some(HarnessError::StoreFull { actor }) if actor == "device-0"),
            "{error:?}"
        );
    }
}
