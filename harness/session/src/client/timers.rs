//! What a client waits for.

use std::collections::BTreeMap;

use crate::time::{Millis, Time};

/// Why a client wants to be woken. Where several fall due at one instant they are served in
/// this order: what ends a session comes before what prolongs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The ticket has run out.
    Expiry,
    /// The reconnect window ends (Z-AMB-02: at exactly its length it is over).
    Window,
    /// The login has taken too long.
    Login,
    /// Calls no longer have to wait.
    Ready,
    /// The ticket runs out soon.
    Warning,
    /// The logout was not answered.
    Leave,
    /// A request was not answered.
    Request(u32),
    /// The link did not come up.
    Connect,
    /// The server did not answer login or resume.
    Answer,
    /// The server did not answer a heartbeat.
    Pong,
    /// The next attempt is due.
    Retry,
    /// The next heartbeat is due.
    Beat,
}

/// The timers that are set.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    set: BTreeMap<Timer, Time>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Time) {
        self.set.insert(timer, at);
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.set.contains_key(&timer)
    }

    /// Puts a timer off that is set.
    pub(super) fn lengthen(&mut self, timer: Timer, by: Millis) {
        if let Some(at) = self.set.get_mut(&timer) {
            *at = *at + by;
        }
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.set.remove(&timer);
    }

    pub(super) fn clear_requests(&mut self) {
        self.set
            .retain(|timer, _| !matches!(timer, Timer::Request(_)));
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.set.values().min().copied()
    }

    /// Takes the first timer that is due.
    pub(super) fn take_due(&mut self, now: Time) -> Option<Timer> {
        let (timer, _) = self
            .set
            .iter()
            .filter(|(_, at)| **at <= now)
            .min_by_key(|(timer, at)| (**at, **timer))?;
        let timer = *timer;
        self.set.remove(&timer);
        Some(timer)
    }
}
