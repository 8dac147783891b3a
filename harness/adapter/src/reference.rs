//! The reference peers as a subject: the protocol, seen from its other end.

use std::io::{self, BufRead, Write};

use session::client::{self, Client, saved};
use session::server::Server;
use session::time::Now;
use session::words::Platform;
use session::{Input, Output, Peer};

use crate::setup::{Device, Role, Setup};
use crate::subject;

/// Serves as the reference client or the reference server, as the harness asks.
///
/// # Errors
/// As [`subject::serve`].
pub fn serve(lines: impl BufRead, answers: impl Write) -> io::Result<()> {
    subject::serve(lines, answers, "reference", peer)
}

/// The reference peer for this setup.
pub fn peer(setup: Setup) -> Box<dyn Peer> {
    if setup.role == Role::Server {
        return Box::new(Server::new(setup.rules, &setup.store));
    }
    let device = setup.device.unwrap_or_else(nothing_special);
    let mut store = setup.store;
    let mut kept = Vec::new();
    if let Some(user) = &device.saved_user {
        store.extend(saved(user));
        let keep = |(key, value)| Output::Store {
            key,
            value: Some(value),
        };
        kept.extend(saved(user).into_iter().map(keep));
    }
    let client = Client::new(client::Setup {
        rules: setup.rules,
        device: setup.actor,
        platform: device.platform,
        app: device.app,
        app_sign: device.app_sign,
        listening: device.listening,
        store,
        seed: setup.seed,
        incarnation: setup.incarnation,
    });
    Box::new(Remembering { kept, client })
}

/// A client that keeps what it was told of the time before the run.
struct Remembering {
    kept: Vec<Output>,
    client: Client,
}

impl Peer for Remembering {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        outputs.append(&mut self.kept);
        self.client.handle(now, input, outputs);
    }
}

fn nothing_special() -> Device {
    Device {
        platform: Platform::Android,
        app: session::ticket::APP_ID,
        app_sign: None,
        listening: true,
        saved_user: None,
    }
}
