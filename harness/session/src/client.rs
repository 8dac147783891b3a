//! The reference client.

use crate::peer::{Input, Output, Peer};
use crate::rules::Rules;
use crate::time::Now;
use crate::words::Platform;

/// What a client is made from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The vendor it plays.
    pub rules: Rules,
    /// The device's name.
    pub device: String,
    /// What the device is.
    pub platform: Platform,
    /// The run's seed.
    pub seed: u64,
    /// How often the process was started before; separates the random streams of its lives.
    pub incarnation: u32,
}

/// The reference client.
#[derive(Debug)]
pub struct Client {
    _setup: Setup,
}

impl Client {
    /// A fresh process; the client in it is not initialised yet.
    pub fn new(setup: Setup) -> Client {
        Client { _setup: setup }
    }
}

impl Peer for Client {
    fn handle(&mut self, _now: Now, _input: Input, _outputs: &mut Vec<Output>) {}
}
