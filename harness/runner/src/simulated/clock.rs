//! Virtual time, what each device believes of it, and who wants to be woken.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};

use session::time::{Now, Time};

use crate::pump::{Alarm, skewed};

/// The one clock of a run; only the scheduler moves it.
pub(super) struct Clock {
    now: Cell<Time>,
    actors: Vec<ActorClock>,
}

#[derive(Default)]
struct ActorClock {
    skew: Cell<i64>,
    wakes_at: Cell<Option<Time>>,
    rings: Cell<bool>,
}

impl Clock {
    pub(super) fn new(actors: usize) -> Rc<Clock> {
        Rc::new(Clock {
            now: Cell::new(Time::START),
            actors: (0..actors).map(|_| ActorClock::default()).collect(),
        })
    }

    pub(super) fn now(&self) -> Time {
        self.now.get()
    }

    pub(super) fn jump(&self, to: Time) {
        self.now.set(to);
    }

    pub(super) fn skew(&self, actor: usize, skew: i64) {
        self.actors[actor].skew.set(skew);
    }

    /// The earliest moment anybody wants to be woken.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.actors.iter().filter_map(|a| a.wakes_at.get()).min()
    }

    /// Rings for the actor if its moment has come.
    pub(super) fn ring(&self, actor: usize) -> bool {
        let actor = &self.actors[actor];
        let due = actor.wakes_at.get().is_some_and(|at| at <= self.now());
        if due {
            actor.wakes_at.set(None);
            actor.rings.set(true);
        }
        due
    }

    /// A process that died wants nothing.
    pub(super) fn forget(&self, actor: usize) {
        self.actors[actor].wakes_at.set(None);
        self.actors[actor].rings.set(false);
    }
}

/// One actor's view of the clock.
pub(super) struct ActorAlarm {
    clock: Rc<Clock>,
    actor: usize,
}

impl ActorAlarm {
    pub(super) fn new(clock: Rc<Clock>, actor: usize) -> ActorAlarm {
        ActorAlarm { clock, actor }
    }
}

impl Alarm for ActorAlarm {
    fn now(&self) -> Now {
        let skew = self.clock.actors[self.actor].skew.get();
        skewed(self.clock.now(), skew)
    }

    fn set(&mut self, at: Option<Time>) {
        self.clock.actors[self.actor].wakes_at.set(at);
    }

    /// Pays no heed to the waker: the scheduler polls whoever it rings for.
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.clock.actors[self.actor].rings.take() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
