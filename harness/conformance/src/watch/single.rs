//! One thing looked for on one device, or on several together.

use std::collections::BTreeSet;

use session::time::Time;
use session::words::State;

use super::stretch::Stretch;
use super::{Anchor, Beginning, Bound, Status, Unmet};
use crate::case::Case;
use crate::pattern;
use crate::profile::Promise;
use crate::scenario::{AppAct, ClientIndex, Devices, Expected, Seen, When};
use crate::text;
use crate::transcript::{CallAnswered, Entry, EventSeen, What};

/// One part of a step being watched.
#[derive(Debug, Clone)]
pub(super) struct Single {
    kind: Kind,
    anchor: Anchor,
    began: Time,
    status: Status,
    /// The last entry of the same device that came near; shown when nothing fits.
    near: Option<(usize, String)>,
    count: u64,
    notes: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The answer to the call the step makes, or to an earlier one.
    Answer {
        device: String,
        /// The call, once its number is known.
        id: Option<u32>,
        /// When it was made; an app may have to ask for a ticket first.
        called: Option<Time>,
        /// Since when the process stands still. What is usual does not bind it meanwhile.
        frozen: Option<Time>,
        expected: Expected,
        bound: Bound,
    },
    Advance(Time),
    Expect(ClientIndex, Seen, When),
    Never(ClientIndex, Seen, Option<Time>),
    Count {
        client: ClientIndex,
        seen: Seen,
        least: u64,
        most: u64,
        until: Time,
    },
    /// So many times in any stretch, over several devices.
    Stretch {
        who: Devices,
        seen: Seen,
        stretch: Stretch,
        until: Time,
    },
    /// What is written down.
    Observe(Time),
    /// Nothing to wait for.
    Done,
}

impl Kind {
    pub(super) fn answer(
        device: String,
        id: Option<u32>,
        expected: Expected,
        bound: Bound,
    ) -> Kind {
        Kind::Answer {
            device,
            id,
            called: None,
            frozen: None,
            expected,
            bound,
        }
    }

    fn seen(&self) -> Option<&Seen> {
        match self {
            Kind::Expect(_, seen, _)
            | Kind::Never(_, seen, _)
            | Kind::Count { seen, .. }
            | Kind::Stretch { seen, .. } => Some(seen),
            Kind::Answer { .. } | Kind::Advance(_) | Kind::Observe(_) | Kind::Done => None,
        }
    }
}

impl Single {
    pub(super) fn new(kind: Kind, anchor: Anchor, began: Time) -> Single {
        Single {
            kind,
            anchor,
            began,
            status: Status::Open(None),
            near: None,
            count: 0,
            notes: Vec::new(),
        }
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, Status::Open(_))
    }

    pub(super) fn notes(&self) -> Option<&Vec<String>> {
        matches!(self.kind, Kind::Observe(_)).then_some(&self.notes)
    }

    /// The first entry that counts for it, if any does.
    pub(super) fn first_entry(&self) -> Option<usize> {
        match self.kind {
            Kind::Done | Kind::Advance(_) => None,
            _ => Some(self.anchor.entry),
        }
    }

    /// Decides what is already certain when the step begins.
    pub(super) fn begin(&mut self, beginning: &Beginning<'_>) {
        let case = beginning.case;
        if let Kind::Expect(client, seen, _) | Kind::Never(client, seen, _) = &self.kind
            && let Seen::State { is, room } = seen
        {
            let device = &case.client(*client).name;
            let state = beginning.states.of(device, room.as_deref());
            let wanted = *is;
            self.state_is(state, wanted, None);
        }
    }

    fn state_is(&mut self, state: State, wanted: State, entry: Option<usize>) {
        match (&self.kind, state == wanted) {
            (Kind::Expect(..), true) => self.status = Status::Met(entry),
            (Kind::Expect(..), false) => {
                self.near = Some((entry.unwrap_or(self.anchor.entry), format!("state {state}")));
            }
            (Kind::Never(..), true) => {
                self.unmet(
                    format!("never state {wanted}"),
                    format!("state {state}"),
                    entry,
                );
            }
            _ => {}
        }
    }

    fn promise(&self, case: &Case<'_>) -> Option<(crate::scenario::Decision, Promise)> {
        let decision = match &self.kind {
            Kind::Answer {
                expected: Expected::OutcomeOf(decision),
                ..
            } => *decision,
            kind => match kind.seen()? {
                Seen::OutcomeOf(decision) => *decision,
                _ => return None,
            },
        };
        Some((decision, case.profile.promise(decision, &case.rules)))
    }

    /// Feeds one entry about `client`. `taken` are the entries that earlier expectations have
    /// used up.
    pub(super) fn entry(
        &mut self,
        index: usize,
        entry: &Entry,
        client: ClientIndex,
        case: &Case<'_>,
        taken: &mut BTreeSet<usize>,
    ) {
        if index < self.anchor.entry {
            return;
        }
        match &mut self.kind {
            Kind::Done | Kind::Advance(_) => {}
            Kind::Observe(_) => {
                if let Some(said) = text::say_neutrally(entry) {
                    self.notes.push(format!("{}: {said}", entry.actor));
                }
            }
            Kind::Answer { .. } => self.answered(index, entry, case),
            Kind::Expect(_, seen, when) => {
                let (seen, when) = (seen.clone(), *when);
                self.expected(index, entry, client, case, &seen, when, taken);
            }
            Kind::Never(_, seen, _) => {
                if let Seen::State { is, room } = &*seen {
                    let is = *is;
                    if let Some(state) = self::state_of(entry, room.as_deref())
                        && entry.at >= self.began
                    {
                        self.state_is(state, is, Some(index));
                    }
                } else if pattern::fits(client, seen, entry, case) {
                    let expected = self.say(case);
                    self.unmet(expected, pattern::say_entry(entry), Some(index));
                }
            }
            Kind::Count { seen, most, .. } => {
                if pattern::fits(client, seen, entry, case) {
                    self.count += 1;
                    if self.count > *most {
                        let expected = self.say(case);
                        let seen = format!("{} by then", self.count);
                        self.unmet(expected, seen, Some(index));
                    }
                }
            }
            Kind::Stretch { seen, stretch, .. } => {
                if pattern::fits(client, seen, entry, case)
                    && let Err(times) = stretch.happens(entry.at)
                {
                    let expected = self.say(case);
                    let seen = format!("{times} times in one stretch, with {}", entry.actor);
                    self.unmet(expected, seen, Some(index));
                }
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "an entry, its case, and what is wanted"
    )]
    fn expected(
        &mut self,
        index: usize,
        entry: &Entry,
        client: ClientIndex,
        case: &Case<'_>,
        seen: &Seen,
        when: When,
        taken: &mut BTreeSet<usize>,
    ) {
        if let Seen::State { is, room } = seen {
            if let Some(state) = state_of(entry, room.as_deref())
                && entry.at >= self.began
            {
                self.state_is(state, *is, Some(index));
            }
            return;
        }
        if let Some((_, promise)) = self.promise(case) {
            match promise {
                Promise::Nothing => {
                    if state_of(entry, None) == Some(State::LoggedOut) {
                        let expected = self.say(case);
                        self.unmet(expected, pattern::say_entry(entry), Some(index));
                    }
                    return;
                }
                // A call's outcome: its answer carries it.
                Promise::Succeeds | Promise::Fails(_) => {
                    if let What::Result(answer) = &entry.what
                        && !taken.contains(&index)
                    {
                        let fits = match promise {
                            Promise::Fails(error) => {
                                !answer.ok && answer.error.is_some_and(|e| e.is_a(error))
                            }
                            _ => answer.ok,
                        };
                        self.decide_at(index, entry, case, when, taken, fits);
                    }
                    return;
                }
                Promise::Undocumented(_) => return,
                Promise::Told(..) => {}
            }
        }
        if taken.contains(&index) {
            return;
        }
        if pattern::fits(client, seen, entry, case) {
            self.decide_at(index, entry, case, when, taken, true);
        } else if pattern::is_near(seen, entry) {
            self.near = Some((index, pattern::say_entry(entry)));
        }
    }

    fn decide_at(
        &mut self,
        index: usize,
        entry: &Entry,
        case: &Case<'_>,
        when: When,
        taken: &mut BTreeSet<usize>,
        fits: bool,
    ) {
        let after = entry.at.since(self.anchor.at);
        let in_time = match when {
            When::Already => true,
            When::Within(most) => after <= most,
            When::FromNow(most) => entry.at <= self.began + most,
            When::Between(least, most) => (least..=most).contains(&after),
        };
        if fits && in_time {
            taken.insert(index);
            self.status = Status::Met(Some(index));
        } else {
            let expected = self.say(case);
            let seen = format!("{}, after {after}", pattern::say_entry(entry));
            self.unmet(expected, seen, Some(index));
        }
    }

    fn answered(&mut self, index: usize, entry: &Entry, case: &Case<'_>) {
        let Kind::Answer {
            device,
            id,
            called,
            frozen,
            expected,
            bound,
        } = &mut self.kind
        else {
            return;
        };
        let is_own = entry.actor == *device;
        match (&entry.what, *id) {
            (What::Asks(asked), None) if is_own && asked.inside.is_none() => *id = Some(asked.id),
            // A call from inside a callback is another one.
            (What::Call(call), None) if is_own && call.inside.is_none() => {
                *id = Some(call.id);
                *called = Some(entry.at);
            }
            (What::Call(call), Some(id)) if call.id == id => *called = Some(entry.at),
            (What::App { is }, _) if matches!(bound, Bound::Usual(_)) => match is {
                AppAct::Frozen => *frozen = Some(entry.at),
                AppAct::Resumed => {
                    let stood_still = frozen.take().map(|since| entry.at.since(since));
                    *called = called.map(|at| at + stood_still.unwrap_or_default());
                }
                _ => {}
            },
            (What::NeverCalled(call), Some(id)) if call.id == id => {
                let expected = say_expected(expected, case);
                self.unmet(expected, pattern::say_entry(entry), Some(index));
            }
            (What::Result(answer), Some(id)) if answer.id == id => {
                let expected = expected.clone();
                self.status = match judge_answer(&expected, answer, case) {
                    Ok(()) => Status::Met(Some(index)),
                    Err(Some(knob)) => Status::Undocumented(knob),
                    Err(None) => Status::Unmet(Unmet {
                        expected: say_expected(&expected, case),
                        seen: pattern::say_entry(entry),
                        entry: Some(index),
                    }),
                };
            }
            _ => {}
        }
    }

    /// Every entry up to and including this instant was fed; what is certain now?
    pub(super) fn instant_over(&mut self, now: Time, case: &Case<'_>) {
        if !self.is_open() || self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        if let Some((_, Promise::Undocumented(knob))) = self.promise(case)
            && !matches!(self.kind, Kind::Answer { .. })
        {
            // Its time has passed, so what happened is on record.
            self.status = Status::Undocumented(knob.to_owned());
            return;
        }
        match &self.kind {
            Kind::Done | Kind::Advance(_) | Kind::Never(..) | Kind::Observe(_) => {
                self.status = Status::Met(None);
            }
            Kind::Stretch { stretch, until, .. } => match stretch.ends(*until) {
                Ok(()) => self.status = Status::Met(None),
                Err(times) => {
                    let expected = self.say(case);
                    self.unmet(expected, format!("{times} times in one stretch"), None);
                }
            },
            Kind::Count { least, .. } => {
                if self.count >= *least {
                    self.status = Status::Met(None);
                } else {
                    let expected = self.say(case);
                    let seen = format!("{} by then", self.count);
                    self.unmet(expected, seen, None);
                }
            }
            Kind::Answer {
                expected, bound, ..
            } => {
                let within = bound.length();
                let expected = format!("{} within {within}", say_expected(expected, case));
                self.unmet(expected, "no result".into(), None);
            }
            Kind::Expect(..) => {
                if matches!(self.promise(case), Some((_, Promise::Nothing))) {
                    self.status = Status::Met(None);
                    return;
                }
                let expected = self.say(case);
                let (entry, seen) = match self.near.take() {
                    Some((entry, seen)) => (Some(entry), seen),
                    None => (None, "nothing of the kind".into()),
                };
                self.unmet(expected, seen, entry);
            }
        }
    }

    /// The instant at whose end it is decided if nothing happens.
    pub(super) fn deadline(&self) -> Option<Time> {
        Some(match &self.kind {
            Kind::Done => self.began,
            Kind::Advance(until) | Kind::Observe(until) => *until,
            Kind::Answer {
                frozen: Some(_), ..
            } => return None,
            Kind::Answer { bound, called, .. } => (*called)? + bound.length(),
            Kind::Expect(_, _, When::Already) => self.began,
            Kind::Expect(_, _, When::FromNow(most)) => self.began + *most,
            Kind::Expect(_, _, When::Within(most) | When::Between(_, most)) => {
                (self.anchor.at + *most).max(self.began)
            }
            Kind::Never(_, _, until) => until.unwrap_or(self.began),
            Kind::Count { until, .. } | Kind::Stretch { until, .. } => *until,
        })
    }

    /// Time that passes is over when its instant begins, everything else when it ends.
    pub(super) fn ends_at_the_start_of(&self) -> Option<Time> {
        match self.kind {
            Kind::Advance(until) => Some(until),
            _ => None,
        }
    }

    fn unmet(&mut self, expected: String, seen: String, entry: Option<usize>) {
        self.status = Status::Unmet(Unmet {
            expected,
            seen,
            entry,
        });
    }

    fn say(&self, case: &Case<'_>) -> String {
        match &self.kind {
            Kind::Expect(client, seen, when) => {
                let what = pattern::say((*client).into(), seen, case);
                match when {
                    When::Already => what,
                    When::Within(most) | When::FromNow(most) => format!("{what} within {most}"),
                    When::Between(least, most) => format!("{what} between {least} and {most}"),
                }
            }
            Kind::Count {
                client,
                seen,
                least,
                most,
                ..
            } => {
                let what = pattern::say((*client).into(), seen, case);
                format!("{what}, {}", say_times(*least, *most))
            }
            Kind::Stretch {
                who, seen, stretch, ..
            } => {
                let what = pattern::say(*who, seen, case);
                let times = say_times(stretch.least, stretch.most);
                format!("{what}, {times} in any {}", stretch.length)
            }
            Kind::Never(client, seen, _) => {
                format!("never {}", pattern::say((*client).into(), seen, case))
            }
            Kind::Answer { expected, .. } => say_expected(expected, case),
            Kind::Advance(_) | Kind::Observe(_) | Kind::Done => String::new(),
        }
    }
}

fn say_times(least: u64, most: u64) -> String {
    match (least, most) {
        (least, most) if least == most => format!("{least} times"),
        (least, u64::MAX) => format!("at least {least} times"),
        (least, most) => format!("{least} to {most} times"),
    }
}

/// The state that the app's own listener hears of, if it is about this room.
fn state_of(entry: &Entry, room: Option<&str>) -> Option<State> {
    let What::Event(event) = &entry.what else {
        return None;
    };
    let is_there = |event: &EventSeen| match (room, &event.room) {
        (Some(wanted), Some(room)) => wanted == room,
        _ => true,
    };
    event
        .state
        .filter(|_| event.listener.is_none() && is_there(event))
}

/// Is this the answer that was wanted? `Err(Some(knob))` when nobody documents that.
fn judge_answer(
    expected: &Expected,
    answer: &CallAnswered,
    case: &Case<'_>,
) -> Result<(), Option<String>> {
    let fits = match expected {
        Expected::Ok => answer.ok,
        Expected::OkWith { value, codes } => {
            answer.ok
                && answer.value.as_deref().unwrap_or("none") == value.as_str()
                && (codes.is_empty() || answer.code.is_some_and(|code| codes.contains(&code)))
        }
        Expected::Fails(error) => {
            let by_code = answer.code.is_some_and(|code| {
                let api = answer.api.parse().ok();
                let known = case.profile.errors_of(code, api);
                known.iter().any(|known| known.is_a(*error))
                    || case.profile.code_of(*error, api) == Some(code)
            });
            let by_word = answer.error.is_some_and(|seen| seen.is_a(*error));
            !answer.ok && (by_word || (answer.error.is_none() && by_code))
        }
        Expected::FailsWithCode(codes) => {
            !answer.ok && answer.code.is_some_and(|code| codes.contains(&code))
        }
        Expected::OutcomeOf(decision) => match case.profile.promise(*decision, &case.rules) {
            Promise::Undocumented(knob) => return Err(Some(knob.to_owned())),
            Promise::Fails(error) => {
                return judge_answer(&Expected::Fails(error), answer, case);
            }
            Promise::Succeeds | Promise::Nothing => answer.ok,
            Promise::Told(_, _, Some(error)) => {
                return judge_answer(&Expected::Fails(error), answer, case);
            }
            Promise::Told(_, _, None) => answer.ok,
        },
    };
    if fits { Ok(()) } else { Err(None) }
}

fn say_expected(expected: &Expected, case: &Case<'_>) -> String {
    match expected {
        Expected::Ok => "the call succeeds".into(),
        Expected::OkWith { value, codes } if codes.is_empty() => {
            format!("the call answers {value}")
        }
        Expected::OkWith { value, codes } => {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            format!("the call answers {value} ({})", codes.join(" or "))
        }
        Expected::Fails(error) => match case.profile.code_of(*error, None) {
            Some(code) => format!("the call fails with {error} ({code})"),
            None => format!("the call fails with {error}"),
        },
        Expected::FailsWithCode(codes) => {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            format!("the call fails with code {}", codes.join(" or "))
        }
        Expected::OutcomeOf(decision) => match case.profile.promise(*decision, &case.rules) {
            Promise::Fails(error) => say_expected(&Expected::Fails(error), case),
            _ => format!("the outcome of {decision}: the call succeeds"),
        },
    }
}
