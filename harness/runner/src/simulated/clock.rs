//! Virtual time, what each device believes of it, and who wants to be woken.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::{Context, Poll};

use session::time::{Now, Time};

use crate::pump::{Alarm, skewed};

/// The one clock of a run; only the scheduler moves it.
pub(super) struct Clock {
    now: Cell<Time>,
    actors: Vec<ActorClock>,
    /// Who is to be woken when; the same as in `actors`, by time.
    wakes: RefCell<BTreeSet<(Time, usize)>>,
}

#[derive(Default)]
struct ActorClock {
    skew: Cell<i64>,
    wakes_at: Cell<Option<Time>>,
    rings: Cell<bool>,
    /// Stands still: nothing rings, however late it gets.
    frozen: Cell<bool>,
}

impl Clock {
    pub(super) fn new(actors: usize) -> Rc<Clock> {
        Rc::new(Clock {
            now: Cell::new(Time::START),
            actors: (0..actors).map(|_| ActorClock::default()).collect(),
            wakes: RefCell::default(),
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
        self.wakes.borrow().first().map(|(at, _)| *at)
    }

    /// Puts into `due` whose moment has come, in the order of actors.
    pub(super) fn due(&self, due: &mut Vec<usize>) {
        let wakes = self.wakes.borrow();
        let now = self.now();
        due.extend(wakes.iter().take_while(|w| w.0 <= now).map(|w| w.1));
        due.sort_unstable();
    }

    /// Rings for the actor if its moment has come.
    pub(super) fn ring(&self, actor: usize) -> bool {
        let due = self.actors[actor].wakes_at.get();
        let due = due.is_some_and(|at| at <= self.now());
        if due {
            self.set(actor, None);
            self.actors[actor].rings.set(true);
        }
        due
    }

    /// A process that died wants nothing.
    pub(super) fn forget(&self, actor: usize) {
        self.set(actor, None);
        self.actors[actor].rings.set(false);
        self.actors[actor].frozen.set(false);
    }

    /// The actor's moment is not to be heeded until it thaws.
    pub(super) fn freeze(&self, actor: usize) {
        let at = self.actors[actor].wakes_at.get();
        self.set(actor, None);
        self.actors[actor].wakes_at.set(at);
        self.actors[actor].frozen.set(true);
    }

    /// The actor's moment is heeded again; one that has passed has come now.
    pub(super) fn thaw(&self, actor: usize) {
        self.actors[actor].frozen.set(false);
        let at = self.actors[actor].wakes_at.take();
        self.set(actor, at);
    }

    fn set(&self, actor: usize, at: Option<Time>) {
        let before = self.actors[actor].wakes_at.replace(at);
        if before == at || self.actors[actor].frozen.get() {
            return;
        }
        let mut wakes = self.wakes.borrow_mut();
        if let Some(before) = before {
            wakes.remove(&(before, actor));
        }
        if let Some(at) = at {
            wakes.insert((at, actor));
        }
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
        self.clock.set(self.actor, at);
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
