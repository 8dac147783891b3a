//! Who plays the devices and the server.

use conformance::case::Case;
use conformance::scenario::ClientIndex;
use session::client::{Client, Setup};
use session::peer::{Order, Peer, Store};
use session::rules::Rules;
use session::server::Server;

/// Makes the peers of a run, one for every process that is started.
pub trait Peers {
    /// A fresh process on a device that has had `incarnation` processes before.
    fn client(&mut self, device: ClientIndex, incarnation: u32) -> Box<dyn Peer>;

    /// A fresh server process.
    fn server(&mut self, incarnation: u32) -> Box<dyn Peer>;

    /// An administrator gave this order; console settings outlive the server's process.
    fn ordered(&mut self, _order: &Order) {}
}

/// The reference peers of a case.
pub struct ReferencePeers<'c> {
    case: &'c Case<'c>,
    rules: Rules,
}

impl<'c> ReferencePeers<'c> {
    /// Peers that obey the rules of `case`.
    pub fn new(case: &'c Case<'c>) -> ReferencePeers<'c> {
        ReferencePeers {
            case,
            rules: case.rules.clone(),
        }
    }
}

impl Peers for ReferencePeers<'_> {
    fn client(&mut self, device: ClientIndex, incarnation: u32) -> Box<dyn Peer> {
        let client = &self.case.scenario.clients[device.0];
        Box::new(Client::new(Setup {
            rules: self.rules.clone(),
            device: client.name.clone(),
            platform: client.platform,
            app: client.app,
            listening: client.listening,
            store: Store::new(),
            seed: self.case.seed,
            incarnation,
        }))
    }

    fn server(&mut self, _: u32) -> Box<dyn Peer> {
        Box::new(Server::new(self.rules.clone(), &Store::new()))
    }

    fn ordered(&mut self, order: &Order) {
        if let Order::Set(console) = order {
            console.apply(&mut self.rules);
        }
    }
}
