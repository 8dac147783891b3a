//! Several gateways of one service, in both engines.

mod toys;

use conformance::director::Command;
use conformance::scenario::ClientIndex;
use runner::peers::Peers;
use runner::{simulated, tick};
use session::peer::{Gateway, Input, LinkId, Output, Peer, Store};
use session::time::Millis;
use toys::plan::*;
use toys::*;

/// A service with several gateways.
struct Gated(u8);

impl Peers for Gated {
    /// Connects to all gateways, and to two that there are not.
    fn client(&mut self, _: ClientIndex, _: u32, _: Store) -> Box<dyn Peer> {
        let mut links = 0;
        handler(move |_, input| match input {
            Input::Call { .. } => {
                let mut connect = |gateway| {
                    links += 1;
                    Output::Connect {
                        link: LinkId(links),
                        gateway: Gateway(gateway),
                    }
                };
                [3, 1, 4, 2, 0, 5].map(&mut connect).into()
            }
            Input::LinkOpened { link, gateway } => {
                vec![says(format!("{} leads through {}", link.0, gateway.0))]
            }
            _ => vec![],
        })
    }

    fn server(&mut self, _: u32, _: Store) -> Box<dyn Peer> {
        handler(|_, input| match input {
            Input::LinkOpened { link, gateway } => {
                vec![says(format!("{} came through {}", link.0, gateway.0))]
            }
            _ => vec![],
        })
    }

    fn gateways(&self) -> u8 {
        self.0
    }
}

fn plan() -> Plan {
    Plan::until(Millis(5_000))
        .at(Millis(0), login(0))
        .at(Millis(1_000), Command::StopServer)
        .at(Millis(2_000), Command::StartServer)
        .at(Millis(3_000), login(0))
}

#[test]
fn both_sides_know_the_gateway_also_after_a_restart() {
    let plan = simulated::drive(&devices(1), 0, plan(), &mut Gated(4)).unwrap();
    assert_eq!(
        plan.with(&["through", "refused"]),
        [
            "60 client 0: 1 leads through 3",
            "60 client 0: 2 leads through 1",
            "60 client 0: 3 leads through 4",
            "60 client 0: 4 leads through 2",
            "60 client 0: refused 5",
            "60 client 0: refused 6",
            "90 server: 1 came through 3",
            "90 server: 2 came through 1",
            "90 server: 3 came through 4",
            "90 server: 4 came through 2",
            "3060 client 0: 7 leads through 3",
            "3060 client 0: 8 leads through 1",
            "3060 client 0: 9 leads through 4",
            "3060 client 0: 10 leads through 2",
            "3060 client 0: refused 11",
            "3060 client 0: refused 12",
            "3090 server: 5 came through 3",
            "3090 server: 6 came through 1",
            "3090 server: 7 came through 4",
            "3090 server: 8 came through 2",
        ]
    );
}

#[test]
fn a_gateway_that_there_is_not_refuses() {
    let plan = simulated::drive(&devices(1), 0, plan(), &mut Gated(1)).unwrap();
    assert_eq!(plan.with(&["leads through"]).len(), 2);
    assert_eq!(plan.with(&["refused"]).len(), 10);
}

#[test]
fn the_second_opinion_has_gateways_too() {
    let plan = tick::drive(&devices(1), plan(), &mut Gated(4), Millis(10)).unwrap();
    for (link, gateway) in [(1, 3), (2, 1), (3, 4), (4, 2), (7, 3), (10, 2)] {
        let line = format!("{link} leads through {gateway}");
        assert_eq!(plan.with(&[&line]).len(), 1, "{line}");
    }
    assert_eq!(plan.with(&["came through"]).len(), 8);
}
