//! Real time, made faster where wanted, in turns.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use session::time::{Now, Time};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::pump::Alarm;

/// The clock of a run. What happens in one turn happens at one instant, as in the simulator, so a
/// record never goes backwards.
pub(super) struct Clock {
    started: Instant,
    /// Virtual milliseconds in a real one.
    pace: u32,
    /// Unix milliseconds at the start.
    epoch: u64,
    turn: Cell<Time>,
}

impl Clock {
    /// A clock that starts now. A runtime with timers must be entered.
    pub(super) fn new(pace: u32, epoch: u64) -> Rc<Clock> {
        Rc::new(Clock {
            started: Instant::now(),
            pace: pace.max(1),
            epoch,
            turn: Cell::new(Time::START),
        })
    }

    /// The instant of this turn.
    pub(super) fn now(&self) -> Time {
        self.turn.get()
    }

    /// Begins the next turn.
    pub(super) fn turn(&self) -> Time {
        let real = self.started.elapsed().as_micros();
        let at = real.saturating_mul(u128::from(self.pace)) / 1_000;
        self.turn
            .set(Time(u64::try_from(at).unwrap_or(u64::MAX)).max(self.now()));
        self.now()
    }

    /// Sleeps until this moment has come for certain.
    pub(super) fn until(&self, at: Time) -> Pin<Box<Sleep>> {
        let micros = at.0.saturating_mul(1_000).div_ceil(u64::from(self.pace));
        // A month is longer than any run, and no deadline overflows.
        let length = Duration::from_micros(micros).min(Duration::from_secs(31 * 24 * 3_600));
        Box::pin(sleep_until(self.started + length))
    }
}

/// One actor's view of the clock.
pub(super) struct SleepAlarm {
    clock: Rc<Clock>,
    skew: Rc<Cell<i64>>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl SleepAlarm {
    pub(super) fn new(clock: Rc<Clock>, skew: Rc<Cell<i64>>) -> SleepAlarm {
        SleepAlarm {
            clock,
            skew,
            sleep: None,
        }
    }
}

impl Alarm for SleepAlarm {
    fn now(&self) -> Now {
        let at = self.clock.now();
        let wall = self.clock.epoch.saturating_add(at.0);
        Now {
            at,
            wall: wall.saturating_add_signed(self.skew.get()),
        }
    }

    fn set(&mut self, at: Option<Time>) {
        self.sleep = at.map(|at| self.clock.until(at));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        Poll::Ready(())
    }
}
