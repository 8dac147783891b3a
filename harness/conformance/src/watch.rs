//! Watches one step: entries and time go in, and at some instant it is decided.
//!
//! The director decides with it when to go on, the judge what to say; both feed it the same
//! entries, so they cannot disagree.

use std::collections::BTreeSet;

use serde_json::Value;
use session::time::{Millis, Time};
use session::words::State;

use crate::case::Case;
use crate::pattern;
use crate::profile::Promise;
use crate::scenario::{Expected, Observation, Pattern, Seen, When};
use crate::transcript::{CallAnswered, Entry, What};

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not decided; if nothing happens it is by then, once that instant is over.
    Open(Option<Time>),
    /// It is as it must be. The entry that showed it, where one did.
    Met(Option<usize>),
    /// It is not.
    Unmet(Unmet),
    /// Nobody documents the knob it hangs on.
    Undocumented(String),
}

/// Why a step is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What was to be seen.
    pub expected: String,
    /// What was seen instead.
    pub seen: String,
    /// The entry that showed it, where one did.
    pub entry: Option<usize>,
}

/// A moment observations count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Anchor {
    /// When.
    pub at: Time,
    /// The index of the first entry that counts.
    pub entry: usize,
}

/// One step being watched.
#[derive(Debug, Clone)]
pub struct Watch {
    kind: Kind,
    anchor: Anchor,
    began: Time,
    status: Status,
    /// The last entry of the same device that came near; shown when nothing fits.
    near: Option<(usize, String)>,
    count: u64,
}

#[derive(Debug, Clone)]
enum Kind {
    /// The answer to the call the step makes, or to an earlier one.
    Answer {
        device: String,
        /// The call, once it is made.
        id: Option<u32>,
        expected: Expected,
        bound: Millis,
    },
    Advance(Time),
    Expect(Pattern, When),
    Never(Pattern, Option<Time>),
    Count {
        what: Pattern,
        least: u64,
        most: u64,
        until: Time,
    },
    /// Nothing to wait for.
    Done,
}

/// What a step knows when it begins.
pub struct Beginning<'a> {
    /// The case.
    pub case: &'a Case<'a>,
    /// What observations count from.
    pub anchor: Anchor,
    /// When the step begins.
    pub now: Time,
    /// The states at that moment.
    pub states: &'a crate::case::States,
}

impl Watch {
    /// An act that is over as soon as it is done.
    pub fn done(began: Time) -> Watch {
        Watch::new(Kind::Done, Anchor::default(), began)
    }

    /// Time that passes until `until`.
    pub fn advance(began: Time, until: Time) -> Watch {
        Watch::new(Kind::Advance(until), Anchor::default(), began)
    }

    /// The answer to a call of `device`; with `id` an earlier one, without the next it makes.
    pub fn answer(
        anchor: Anchor,
        device: &str,
        id: Option<u32>,
        expected: Expected,
        bound: Millis,
    ) -> Watch {
        let kind = Kind::Answer {
            device: device.to_owned(),
            id,
            expected,
            bound,
        };
        Watch::new(kind, anchor, anchor.at)
    }

    /// An observation, `result` excepted, which is an [`Watch::answer`].
    pub fn observation(observation: &Observation, beginning: &Beginning<'_>) -> Watch {
        let now = beginning.now;
        let kind = match observation.clone() {
            Observation::Expect { what, when, .. } => Kind::Expect(what, when),
            Observation::Never { what, lasting, .. } => Kind::Never(what, lasting.map(|l| now + l)),
            Observation::Count {
                what,
                least,
                most,
                lasting,
                ..
            } => {
                let until = now + lasting.unwrap_or(Millis::ZERO);
                Kind::Count {
                    what,
                    least,
                    most,
                    until,
                }
            }
            Observation::Result { .. } => Kind::Done,
        };
        let mut watch = Watch::new(kind, beginning.anchor, now);
        watch.begin(beginning);
        watch
    }

    fn new(kind: Kind, anchor: Anchor, began: Time) -> Watch {
        Watch {
            kind,
            anchor,
            began,
            status: Status::Open(None),
            near: None,
            count: 0,
        }
    }

    /// What the step has come to so far.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// The first entry that counts for it, if any does.
    pub fn first_entry(&self) -> Option<usize> {
        match self.kind {
            Kind::Done | Kind::Advance(_) => None,
            _ => Some(self.anchor.entry),
        }
    }

    fn open(&self) -> bool {
        matches!(self.status, Status::Open(_))
    }

    /// Decides what is already certain when the step begins, and how long it may stay open.
    fn begin(&mut self, beginning: &Beginning<'_>) {
        let case = beginning.case;
        if let Kind::Expect(what, _) | Kind::Never(what, _) = &self.kind
            && let Seen::State(wanted) = what.seen
        {
            let device = &case.client(what.client).name;
            self.state_is(beginning.states.of(device), wanted, None);
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
            Kind::Expect(what, _) | Kind::Never(what, _) | Kind::Count { what, .. } => {
                match what.seen {
                    Seen::OutcomeOf(decision) => decision,
                    _ => return None,
                }
            }
            Kind::Answer {
                expected: Expected::OutcomeOf(decision),
                ..
            } => *decision,
            _ => return None,
        };
        Some((decision, case.profile.promise(decision, &case.rules)))
    }

    /// Feeds one entry. `taken` are the entries that earlier expectations have used up.
    pub fn entry(
        &mut self,
        index: usize,
        entry: &Entry,
        case: &Case<'_>,
        taken: &mut BTreeSet<usize>,
    ) {
        if !self.open() || index < self.anchor.entry {
            return;
        }
        match &self.kind {
            Kind::Done | Kind::Advance(_) => {}
            Kind::Answer { .. } => self.answered(index, entry, case),
            Kind::Expect(what, when) => {
                let (what, when) = (what.clone(), *when);
                self.expected(index, entry, case, &what, when, taken);
            }
            Kind::Never(what, _) => {
                let what = what.clone();
                if let (Seen::State(wanted), What::Event(event)) = (&what.seen, &entry.what) {
                    if let Some(state) = event.state
                        && entry.actor == case.client(what.client).name
                        && entry.at >= self.began
                    {
                        self.state_is(state, *wanted, Some(index));
                    }
                } else if pattern::fits(&what, entry, case) {
                    self.unmet(
                        format!("never {}", pattern::say(&what, case)),
                        pattern::say_entry(entry),
                        Some(index),
                    );
                }
            }
            Kind::Count { what, most, .. } => {
                if pattern::fits(what, entry, case) {
                    self.count += 1;
                    if self.count > *most {
                        let expected = self.say(case);
                        let seen = format!("{} by then", self.count);
                        self.unmet(expected, seen, Some(index));
                    }
                }
            }
        }
    }

    fn expected(
        &mut self,
        index: usize,
        entry: &Entry,
        case: &Case<'_>,
        what: &Pattern,
        when: When,
        taken: &mut BTreeSet<usize>,
    ) {
        let device = &case.client(what.client).name;
        if let Seen::State(wanted) = what.seen {
            if let What::Event(event) = &entry.what
                && let Some(state) = event.state
                && entry.actor == *device
                && entry.at >= self.began
            {
                self.state_is(state, wanted, Some(index));
            }
            return;
        }
        if let Some((_, promise)) = self.promise(case) {
            match promise {
                Promise::Nothing => {
                    if let What::Event(event) = &entry.what
                        && entry.actor == *device
                        && event.state == Some(State::LoggedOut)
                    {
                        let expected = self.say(case);
                        self.unmet(expected, pattern::say_entry(entry), Some(index));
                    }
                    return;
                }
                // A call's outcome: its answer carries it.
                Promise::Succeeds | Promise::Fails(_) => {
                    if let What::Result(answer) = &entry.what
                        && entry.actor == *device
                        && !taken.contains(&index)
                    {
                        let fits = match promise {
                            Promise::Fails(error) => !answer.ok && answer.error == Some(error),
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
        if pattern::fits(what, entry, case) {
            self.decide_at(index, entry, case, when, taken, true);
        } else if entry.actor == *device && pattern::is_near(what, entry) {
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
            expected,
            ..
        } = &mut self.kind
        else {
            return;
        };
        match (&entry.what, *id) {
            (What::Call(call), None) if entry.actor == *device => *id = Some(call.id),
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
    pub fn instant_over(&mut self, now: Time, case: &Case<'_>) {
        if !self.open() {
            return;
        }
        let Some(deadline) = self.deadline() else {
            return;
        };
        if now < deadline {
            self.status = Status::Open(Some(deadline));
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
            Kind::Done | Kind::Advance(_) | Kind::Never(..) => self.status = Status::Met(None),
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
                let expected = format!("{} within {bound}", say_expected(expected, case));
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

    /// Would silence until just before `at` decide it?
    pub fn decides_before(&self, at: Time) -> bool {
        self.open() && self.deadline().is_some_and(|deadline| deadline < at)
    }

    /// The instant at whose end the step is decided if nothing happens.
    fn deadline(&self) -> Option<Time> {
        Some(match &self.kind {
            Kind::Done => self.began,
            Kind::Advance(until) => *until,
            Kind::Answer { bound, .. } => self.anchor.at + *bound,
            Kind::Expect(_, When::Already) => self.began,
            Kind::Expect(_, When::Within(most) | When::Between(_, most)) => {
                (self.anchor.at + *most).max(self.began)
            }
            Kind::Never(_, until) => until.unwrap_or(self.began),
            Kind::Count { until, .. } => *until,
        })
    }

    /// Time that passes is over when its instant begins, everything else when it ends.
    pub fn ends_at_the_start_of(&self) -> Option<Time> {
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
            Kind::Expect(what, when) => {
                let what = pattern::say(what, case);
                match when {
                    When::Already => what,
                    When::Within(most) => format!("{what} within {most}"),
                    When::Between(least, most) => format!("{what} between {least} and {most}"),
                }
            }
            Kind::Count {
                what, least, most, ..
            } => {
                let what = pattern::say(what, case);
                match (least, most) {
                    (least, most) if least == most => format!("{what}, {least} times"),
                    (least, &u64::MAX) => format!("{what}, at least {least} times"),
                    (least, most) => format!("{what}, {least} to {most} times"),
                }
            }
            Kind::Never(what, _) => format!("never {}", pattern::say(what, case)),
            Kind::Answer { expected, .. } => say_expected(expected, case),
            Kind::Advance(_) | Kind::Done => String::new(),
        }
    }
}

/// Is this the answer that was wanted? `Err(Some(knob))` when nobody documents that.
fn judge_answer(
    expected: &Expected,
    answer: &CallAnswered,
    case: &Case<'_>,
) -> Result<(), Option<String>> {
    let fits = match expected {
        Expected::Ok => answer.ok,
        Expected::OkWith(value) => {
            answer.ok && answer.value.as_deref().unwrap_or("none") == value.as_str()
        }
        Expected::Fails(error) => {
            let by_code = answer.code.is_some_and(|code| {
                case.profile
                    .errors_of(code, answer.api.parse().ok())
                    .contains(error)
            });
            !answer.ok && (answer.error == Some(*error) || (answer.error.is_none() && by_code))
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
        Expected::OkWith(value) => format!("the call answers {value}"),
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

/// A value as it is shown: texts without their quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
