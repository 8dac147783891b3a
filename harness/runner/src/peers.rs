//! Who plays the devices and the server.

use conformance::case::Case;
use conformance::requirement::Party;
use conformance::scenario::{AppSign, Client as Device, ClientIndex};
use session::client::{Client, Setup, saved};
use session::peer::{Order, Peer, Store};
use session::rules::{Authentication, Rules};
use session::server::Server;
use session::ticket;
use session::time::Now;

use crate::error::HarnessError;

/// Makes the peers of a run, one for every process that is started.
pub trait Peers {
    /// A fresh process on a device that has had `incarnation` processes before, and what they
    /// stored.
    fn client(&mut self, device: ClientIndex, incarnation: u32, store: Store) -> Box<dyn Peer>;

    /// A fresh server process.
    fn server(&mut self, incarnation: u32, store: Store) -> Box<dyn Peer>;

    /// What is stored on a device before its first process starts.
    fn saved(&self, _device: ClientIndex) -> Store {
        Store::new()
    }

    /// How many gateways the service has, 1 to 4.
    fn gateways(&self) -> u8 {
        1
    }

    /// The next process that is asked for starts at this moment, by its own clock.
    fn starts_at(&mut self, _now: Now) {}

    /// Why the run cannot go on, if it cannot: a peer that fails says nothing more.
    fn trouble(&mut self) -> Option<HarnessError> {
        None
    }

    /// An administrator gave this order; console settings outlive the server's process.
    fn ordered(&mut self, _order: &Order) {}
}

/// The reference peers of a case.
pub struct ReferencePeers<'c> {
    case: &'c Case<'c>,
    client: Rules,
    server: Rules,
}

impl<'c> ReferencePeers<'c> {
    /// Peers that obey the rules of `case`, or deviate from them as it says.
    pub fn new(case: &'c Case<'c>) -> ReferencePeers<'c> {
        ReferencePeers {
            case,
            client: case.played(Party::Client),
            server: case.played(Party::Server),
        }
    }
}

/// What the app of this device was built with.
pub(crate) fn app_sign(client: &Device, rules: &Rules) -> Option<String> {
    let of = match client.app_sign {
        _ if rules.login.authentication == Authentication::Token => return None,
        AppSign::Absent => return None,
        AppSign::Right => client.app,
        AppSign::Wrong => client.app ^ 1,
    };
    Some(ticket::app_sign(of))
}

impl Peers for ReferencePeers<'_> {
    fn client(&mut self, device: ClientIndex, incarnation: u32, store: Store) -> Box<dyn Peer> {
        let client = &self.case.scenario.clients[device.0];
        Box::new(Client::new(Setup {
            rules: self.client.clone(),
            device: client.name.clone(),
            platform: client.platform,
            app: client.app,
            app_sign: app_sign(client, &self.client),
            listening: client.listening,
            store,
            seed: self.case.seed,
            incarnation,
        }))
    }

    fn server(&mut self, _: u32, store: Store) -> Box<dyn Peer> {
        Box::new(Server::new(self.server.clone(), &store))
    }

    fn saved(&self, device: ClientIndex) -> Store {
        let client = &self.case.scenario.clients[device.0];
        match client.saved {
            true => saved(&client.user),
            false => Store::new(),
        }
    }

    fn gateways(&self) -> u8 {
        self.server.link.gateways
    }

    fn ordered(&mut self, order: &Order) {
        if let Order::Set(console) = order {
            console.apply(&mut self.client);
            console.apply(&mut self.server);
        }
    }
}
