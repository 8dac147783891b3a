//! A scenario that breaks a rule to a small one that breaks the same rule in the same way.
//!
//! Devices first, then steps (faults and calls alike), then what is said in a step, then lengths
//! of time, which are brought to round numbers or to those at which something turns. Each change
//! is played; it stays when the same thing is noticed. At the end calls are waited for where that
//! reads better. No clock decides when to stop: the same failure always becomes the same file.

mod edits;

use std::collections::BTreeSet;

use conformance::emit;
use conformance::library::Library;
use conformance::scenario::{Act, Action, Expected, Scenario, Then};
use conformance::transcript::What;
use session::time::Millis;

use crate::alphabet::Alphabet;
use crate::hunt::{self, Catch, Play, Played};
use crate::repair;

/// The most scenarios that are played to make one small.
pub const MOST_TRIES: usize = 3_000;

/// A small scenario, and how many were played to find it.
#[derive(Debug)]
pub struct Shrunk {
    /// The scenario; it still breaks the rule.
    pub scenario: Scenario,
    /// How many scenarios were played.
    pub tries: usize,
}

/// Shrinks a scenario in which `catch` was noticed.
pub fn shrink(
    scenario: Scenario,
    catch: &Catch,
    alphabet: &Alphabet<'_>,
    library: &Library,
    play: &Play<'_>,
) -> Shrunk {
    let mut shrinking = Shrinking {
        best: scenario,
        catch,
        alphabet,
        library,
        play,
        tries: 0,
    };
    shrinking.cut_the_end();
    loop {
        let before = shrinking.best.hash.clone();
        shrinking.devices();
        shrinking.steps();
        shrinking.sayings();
        shrinking.lengths();
        if shrinking.best.hash == before || shrinking.is_tired() {
            break;
        }
    }
    shrinking.waited_calls();
    Shrunk {
        scenario: shrinking.best,
        tries: shrinking.tries,
    }
}

struct Shrinking<'a, 'p> {
    /// The smallest scenario so far.
    best: Scenario,
    catch: &'a Catch,
    alphabet: &'a Alphabet<'a>,
    library: &'a Library,
    play: &'a Play<'p>,
    tries: usize,
}

impl Shrinking<'_, '_> {
    fn is_tired(&self) -> bool {
        self.tries >= MOST_TRIES
    }

    /// Takes the scenario if the same thing is still noticed in it.
    fn takes(&mut self, candidate: Scenario) -> bool {
        self.played(candidate, |_| true).is_some()
    }

    fn played(&mut self, candidate: Scenario, and: impl Fn(&Played) -> bool) -> Option<Played> {
        if self.is_tired() {
            return None;
        }
        let repaired = repair::repaired(candidate, self.alphabet.profile);
        let path = self.best.source.path.clone();
        let written = emit::scenario(repaired, &path, &[]);
        if written.hash == self.best.hash {
            return None;
        }
        self.tries += 1;
        let played = hunt::play(&written, self.alphabet.profile, self.library, self.play);
        let same = played.catches.contains(self.catch) && and(&played);
        same.then(|| {
            self.best = written;
            played
        })
    }

    /// What happens after the rule was broken has nothing to do with it.
    fn cut_the_end(&mut self) {
        let played = hunt::play(&self.best, self.alphabet.profile, self.library, self.play);
        self.tries += 1;
        let Some(entry) = played.finding(self.catch).and_then(|finding| finding.entry) else {
            return;
        };
        let Some((transcript, _)) = &played.record else {
            return;
        };
        let last = transcript.entries[..=entry.min(transcript.entries.len().saturating_sub(1))]
            .iter()
            .rev()
            .find_map(|entry| match entry.what {
                What::Step { step, .. } => Some(step),
                _ => None,
            });
        if let Some(last) = last {
            let mut shorter = self.best.clone();
            shorter.steps.truncate(last + 1);
            self.takes(shorter);
        }
    }

    fn devices(&mut self) {
        let mut at = self.best.clients.len();
        while at > 0 && self.best.clients.len() > 1 {
            at -= 1;
            let without = edits::without_device(&self.best, at);
            if !self.takes(without) {
                let others = (0..self.best.clients.len()).filter(|other| *other != at);
                let merged: Vec<Scenario> = others
                    .map(|other| edits::merged(&self.best, at, other))
                    .collect();
                merged.into_iter().any(|merged| self.takes(merged));
            }
        }
        for simpler in edits::simpler_clients(&self.best) {
            self.takes(simpler);
        }
        for simpler in edits::simpler_settings(&self.best) {
            self.takes(simpler);
        }
    }

    /// Leaves out stretches of steps, long ones first (ddmin).
    fn steps(&mut self) {
        let mut stretch = self.best.steps.len().div_ceil(2);
        while stretch > 0 {
            let mut from = 0;
            while from < self.best.steps.len() {
                let mut shorter = self.best.clone();
                let to = (from + stretch).min(shorter.steps.len());
                shorter.steps.drain(from..to);
                // Where it was left out, what follows has moved here.
                if !self.takes(shorter) {
                    from += stretch;
                }
            }
            stretch /= 2;
        }
        let mut joined = edits::pauses_joined(&self.best).into_iter();
        while let Some(candidate) = joined.next() {
            if self.takes(candidate) {
                joined = edits::pauses_joined(&self.best).into_iter();
            }
        }
    }

    /// Makes each step say less.
    fn sayings(&mut self) {
        let mut at = 0;
        while at < self.best.steps.len() {
            let mut simpler = edits::simpler_steps(&self.best, at).into_iter();
            while let Some(candidate) = simpler.next() {
                if self.takes(candidate) {
                    simpler = edits::simpler_steps(&self.best, at).into_iter();
                }
            }
            at += 1;
        }
    }

    /// Makes each length of time a round one, or one at which something turns, and short.
    fn lengths(&mut self) {
        let mut at = 0;
        while at < self.best.steps.len() {
            for which in 0.. {
                let Some(now) = edits::length(&self.best, at, which) else {
                    break;
                };
                for better in self.better_lengths(now) {
                    let mut candidate = self.best.clone();
                    edits::set_length(&mut candidate, at, which, better);
                    if self.takes(candidate) {
                        break;
                    }
                }
            }
            at += 1;
        }
    }

    /// Lengths that read better than `now`: shorter round ones and such at which something turns,
    /// the shortest first; if `now` is neither, also longer ones, and those a moment off a turn.
    fn better_lengths(&self, now: Millis) -> Vec<Millis> {
        const ROUND: [u64; 16] = [
            100, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 90_000, 120_000, 180_000,
            300_000, 600_000, 1_200_000, 1_800_000, 3_600_000,
        ];
        let turns = self.alphabet.turns.iter().chain(&self.alphabet.long_turns);
        let beside: BTreeSet<u64> = turns
            .clone()
            .flat_map(|turn| [turn.0.saturating_sub(1), turn.0 + 1])
            .collect();
        let good: BTreeSet<u64> = ROUND.into_iter().chain(turns.map(|turn| turn.0)).collect();
        let is_good = good.contains(&now.0);
        let shorter =
            |lengths: &BTreeSet<u64>| -> Vec<u64> { lengths.range(1..now.0).copied().collect() };
        let mut all = shorter(&good);
        if !is_good {
            all.extend(good.range(now.0..).take(2));
            all.extend(shorter(&beside));
        }
        all.into_iter().map(Millis).collect()
    }

    /// A call that is waited for needs no name, and often no pause after it.
    fn waited_calls(&mut self) {
        let mut at = 0;
        while at < self.best.steps.len() {
            if let Some(expected) = self.outcome(at) {
                let mut waited = self.best.clone();
                if let Action::Act(Act::Call { then, .. }) = &mut waited.steps[at].action {
                    *then = Then::Wait(expected);
                }
                let mut without_pause = waited.clone();
                let is_pause = |action: &Action| matches!(action, Action::Act(Act::Advance(_)));
                if waited
                    .steps
                    .get(at + 1)
                    .is_some_and(|step| is_pause(&step.action))
                {
                    without_pause.steps.remove(at + 1);
                }
                let goes_on = |played: &Played| !played.is_stopped();
                if self.played(without_pause, goes_on).is_none() {
                    self.played(waited, goes_on);
                }
            }
            at += 1;
        }
        self.lengths();
    }

    /// What became of the call that step `at` starts, if it got a result.
    fn outcome(&mut self, at: usize) -> Option<Expected> {
        let Action::Act(Act::Call {
            then: Then::GoOn(_),
            ..
        }) = &self.best.steps.get(at)?.action
        else {
            return None;
        };
        let played = hunt::play(&self.best, self.alphabet.profile, self.library, self.play);
        self.tries += 1;
        let (transcript, _) = played.record?;
        let mut entries = transcript.entries.iter();
        entries.find(|entry| matches!(entry.what, What::Step { step, .. } if step == at))?;
        let id = entries.find_map(|entry| match &entry.what {
            What::Call(call) => Some(Some(call.id)),
            What::Asks(call) => Some(Some(call.id)),
            What::Step { .. } => Some(None),
            _ => None,
        })??;
        entries.find_map(|entry| match &entry.what {
            What::Result(result) if result.id == id => match (result.ok, result.error) {
                (true, _) => Some(Some(Expected::Ok)),
                (false, Some(error)) => Some(Some(Expected::Fails(error))),
                (false, None) => Some(None),
            },
            _ => None,
        })?
    }
}

#[cfg(test)]
mod tests;
