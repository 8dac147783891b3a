//! A running process: a pump, and the host it runs on.

use std::rc::Rc;
use std::task::{Context, Waker};

use conformance::director::Fact;
use session::peer::{Input, LinkId};
use session::time::Time;

use super::clock::ActorAlarm;
use super::fabric::Fabric;
use super::socket::Sockets;
use crate::pump::{Inbox, Pump};

pub(super) type Sink<'s> = Box<dyn FnMut(Fact<'_>) + 's>;
type Carried<'s> = Pump<Sockets, ActorAlarm, Sink<'s>>;

/// A pump whose sockets belong to a host. That host must be the current one whenever the pump is
/// polled, and also when it is dropped: dropping closes its links.
pub(super) struct Process<'s> {
    fabric: Rc<Fabric>,
    host: usize,
    inbox: Inbox,
    /// Gone only in the middle of the drop.
    pump: Option<Carried<'s>>,
    instant: Time,
    exchanges_before: u64,
}

impl<'s> Process<'s> {
    pub(super) fn new(
        fabric: Rc<Fabric>,
        host: usize,
        inbox: Inbox,
        pump: Carried<'s>,
    ) -> Process<'s> {
        Process {
            fabric,
            host,
            inbox,
            pump: Some(pump),
            instant: Time::START,
            exchanges_before: 0,
        }
    }

    pub(super) fn put(&self, input: Input) {
        self.inbox.put(input);
    }

    /// As [`Process::put`], but before all that waits.
    pub(super) fn put_first(&self, input: Input) {
        self.inbox.put_first(input);
    }

    /// Does what can be done; returns how many inputs the peer has handled at this instant.
    pub(super) fn poll(&mut self, now: Time, waker: &Waker) -> u64 {
        let Some(pump) = &mut self.pump else {
            return 0;
        };
        if self.instant != now {
            self.instant = now;
            self.exchanges_before = pump.exchanges();
        }
        self.fabric.pin(self.host);
        pump.poll(&mut Context::from_waker(waker));
        pump.exchanges() - self.exchanges_before
    }

    /// The number the next accepted link would get.
    pub(super) fn next_accepted(&self) -> LinkId {
        self.pump
            .as_ref()
            .map_or(LinkId(1), |pump| pump.next_accepted())
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        self.fabric.pin(self.host);
        self.pump = None;
        // A listener resets whoever was not accepted yet.
        self.fabric.collect_now();
    }
}
