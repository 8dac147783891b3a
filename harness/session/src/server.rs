//! The reference server.

use crate::peer::{Input, Output, Peer};
use crate::rules::Rules;
use crate::time::Now;

/// The reference server.
#[derive(Debug)]
pub struct Server {
    _rules: Rules,
}

impl Server {
    /// A fresh process: no sessions, no accounts.
    pub fn new(rules: Rules) -> Server {
        Server { _rules: rules }
    }
}

impl Peer for Server {
    fn handle(&mut self, _now: Now, _input: Input, _outputs: &mut Vec<Output>) {}
}
