//! What a run obeys: the director of a scenario, or something simpler in tests and benchmarks.

use conformance::director::{Actor, Command, Director, Fact};
use session::time::Time;

/// Observations in, commands out.
pub trait Script {
    /// Acts that are due when an instant begins, before anything else happens in it.
    fn instant_begins(&mut self, now: Time) -> Vec<Command>;

    /// Everything that was going to happen at this instant has happened. What is to be done now?
    /// Asked again after that, until there is nothing.
    fn instant_over(&mut self, now: Time) -> Vec<Command>;

    /// The next instant that must not be jumped over.
    fn wakes_at(&self) -> Option<Time>;

    /// Hears what happened.
    fn report(&mut self, now: Time, actor: Actor, fact: Fact<'_>);

    /// The virtual time a run may take is used up.
    fn time_is_up(&mut self, now: Time);
}

impl Script for Director<'_> {
    fn instant_begins(&mut self, now: Time) -> Vec<Command> {
        Director::instant_begins(self, now)
    }

    fn instant_over(&mut self, now: Time) -> Vec<Command> {
        Director::instant_over(self, now)
    }

    fn wakes_at(&self) -> Option<Time> {
        Director::wakes_at(self)
    }

    fn report(&mut self, now: Time, actor: Actor, fact: Fact<'_>) {
        Director::report(self, now, actor, fact);
    }

    fn time_is_up(&mut self, now: Time) {
        Director::time_is_up(self, now);
    }
}
