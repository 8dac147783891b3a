//! Watches one step: entries and time go in, and at some instant it is decided.
//!
//! The director decides with it when to go on, the judge what to say; both feed it the same
//! entries, so they cannot disagree.
//!
//! A step may look at many devices and for several things: each pair is a part of its own
//! ([`single`]), and an entry goes only to the parts that hear of its device.

mod single;
mod stretch;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use session::time::{Millis, Time};

use self::single::{Kind, Single};
use self::stretch::Stretch;
use crate::case::{Case, States};
use crate::scenario::{ClientIndex, Devices, Expected, Observation, Pattern, Seen, When};
use crate::transcript::{Entry, What};

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not decided; if nothing happens something is by then, once that instant is over.
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

/// How long an answer may take, counted from the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// As long as the profile says; while the process stands still nothing is counted.
    Usual(Millis),
    /// As long as the script says, whatever happens meanwhile.
    Strict(Millis),
}

impl Bound {
    fn length(self) -> Millis {
        match self {
            Bound::Usual(length) | Bound::Strict(length) => length,
        }
    }

    fn allowing(self, slack: Millis) -> Bound {
        match self {
            Bound::Usual(length) => Bound::Usual(length + slack),
            Bound::Strict(length) => Bound::Strict(length + slack),
        }
    }
}

/// What a step knows when it begins.
pub struct Beginning<'a> {
    /// The case.
    pub case: &'a Case<'a>,
    /// When the step begins.
    pub now: Time,
    /// The states at that moment.
    pub states: &'a States,
}

/// One step being watched.
#[derive(Debug, Clone)]
pub struct Watch {
    parts: Vec<Part>,
    /// The parts that hear of a device.
    devices: BTreeMap<String, Vec<(usize, ClientIndex)>>,
    /// The parts that hear of a user.
    users: BTreeMap<String, Vec<(usize, ClientIndex)>>,
    tally: Tally,
    items: usize,
    status: Status,
}

/// One thing looked for on one device, or on several together.
#[derive(Debug, Clone)]
struct Part {
    single: Single,
    /// Which observation of the step it belongs to.
    item: usize,
    /// When silence decides it, as far as the tally knows.
    due: Option<Time>,
}

/// What the parts have come to so far.
#[derive(Debug, Clone, Default)]
struct Tally {
    due: BTreeSet<(Time, usize)>,
    open: usize,
    unmet: BTreeSet<usize>,
    undocumented: Option<String>,
    met: Option<usize>,
}

impl Watch {
    /// An act that is over as soon as it is done.
    pub fn done(began: Time) -> Watch {
        let mut watch = Watch::empty();
        watch.add(Single::new(Kind::Done, Anchor::default(), began), &[]);
        watch
    }

    /// Time that passes until `until`.
    pub fn advance(began: Time, until: Time) -> Watch {
        let mut watch = Watch::empty();
        let kind = Kind::Advance(until);
        watch.add(Single::new(kind, Anchor::default(), began), &[]);
        watch
    }

    /// The answers to calls of these devices; with a number an earlier one, without the next it
    /// makes.
    pub fn answers(
        anchor: Anchor,
        calls: &[(ClientIndex, Option<u32>)],
        expected: &Expected,
        bound: Bound,
        case: &Case<'_>,
    ) -> Watch {
        let mut watch = Watch::empty();
        let bound = bound.allowing(case.slack);
        for (client, id) in calls {
            let device = case.client(*client).name.clone();
            let kind = Kind::answer(device.clone(), *id, expected.clone(), bound);
            let single = Single::new(kind, anchor, anchor.at);
            watch.add(single, &[(device, *client)]);
        }
        watch
    }

    /// An observation with its anchor, `result` excepted, which is [`Watch::answers`].
    pub fn observations<'o>(
        all: impl IntoIterator<Item = (&'o Observation, Anchor)>,
        beginning: &Beginning<'_>,
    ) -> Watch {
        let mut watch = Watch::empty();
        for (item, (observation, anchor)) in all.into_iter().enumerate() {
            watch.items = item + 1;
            watch.observation(observation, anchor, beginning);
        }
        watch
    }

    fn empty() -> Watch {
        Watch {
            parts: Vec::new(),
            devices: BTreeMap::new(),
            users: BTreeMap::new(),
            tally: Tally::default(),
            items: 1,
            status: Status::Open(None),
        }
    }

    fn observation(
        &mut self,
        observation: &Observation,
        anchor: Anchor,
        beginning: &Beginning<'_>,
    ) {
        let (case, now) = (beginning.case, beginning.now);
        let new = |kind: Kind| {
            let mut single = Single::new(kind, anchor, now);
            single.begin(beginning);
            single
        };
        match observation {
            Observation::Expect { what, when, .. } => {
                let when = allowing(*when, case.slack);
                self.each(what, case, |client| {
                    new(Kind::Expect(client, what.seen.clone(), when))
                });
            }
            Observation::Never { what, lasting, .. } => {
                let until = lasting.map(|lasting| now + lasting);
                self.each(what, case, |client| {
                    new(Kind::Never(client, what.seen.clone(), until))
                });
            }
            Observation::Count {
                what,
                least,
                most,
                lasting,
                in_any,
                ..
            } => {
                let until = now + lasting.unwrap_or(Millis::ZERO);
                let (least, most) = (*least, *most);
                let Some(length) = in_any else {
                    self.each(what, case, |client| {
                        new(Kind::Count {
                            client,
                            seen: what.seen.clone(),
                            least,
                            most,
                            until,
                        })
                    });
                    return;
                };
                let stretch = Stretch::new(*length, least, most, anchor.at);
                let single = new(Kind::Stretch {
                    who: what.client,
                    seen: what.seen.clone(),
                    stretch,
                    until,
                });
                let heard = self.heard(what.client, case);
                self.hear_users(what, self.parts.len(), case);
                self.add(single, &heard);
            }
            Observation::Observe {
                client, lasting, ..
            } => {
                let until = now + lasting.unwrap_or(Millis::ZERO);
                for client in client.each() {
                    let heard = self.heard(client.into(), case);
                    self.add(new(Kind::Observe(until)), &heard);
                }
            }
            Observation::Watch(_) | Observation::Result { .. } => {
                self.add(Single::new(Kind::Done, anchor, now), &[]);
            }
        }
    }

    /// A part for each device of the pattern.
    fn each(&mut self, what: &Pattern, case: &Case<'_>, part: impl Fn(ClientIndex) -> Single) {
        for client in what.client.each() {
            let heard = self.heard(client.into(), case);
            let one = Pattern {
                client: client.into(),
                seen: what.seen.clone(),
            };
            self.hear_users(&one, self.parts.len(), case);
            self.add(part(client), &heard);
        }
    }

    fn heard(&self, clients: Devices, case: &Case<'_>) -> Vec<(String, ClientIndex)> {
        clients
            .each()
            .map(|client| (case.client(client).name.clone(), client))
            .collect()
    }

    /// That a user is counted is said of no device.
    fn hear_users(&mut self, what: &Pattern, part: usize, case: &Case<'_>) {
        if matches!(what.seen, Seen::Session { .. }) {
            for client in what.client.each() {
                let user = case.client(client).user.clone();
                self.users.entry(user).or_default().push((part, client));
            }
        }
    }

    fn add(&mut self, single: Single, heard: &[(String, ClientIndex)]) {
        let at = self.parts.len();
        for (device, client) in heard {
            let parts = self.devices.entry(device.clone()).or_default();
            parts.push((at, *client));
        }
        let mut part = Part {
            single,
            item: self.items - 1,
            due: None,
        };
        self.tally.open += 1;
        if self.tally.note(at, &mut part) {
            self.tally.open -= 1;
        }
        self.parts.push(part);
    }

    /// What the step has come to so far.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What was written down, where the step is an `observe`.
    pub fn observed(&self) -> Vec<String> {
        let notes = self.parts.iter().filter_map(|part| part.single.notes());
        notes.flatten().cloned().collect()
    }

    /// The first entry that counts for it, if any does.
    pub fn first_entry(&self) -> Option<usize> {
        let parts = self.parts.iter();
        parts.filter_map(|part| part.single.first_entry()).min()
    }

    /// Feeds one entry. `taken` are the entries that earlier expectations have used up.
    pub fn entry(
        &mut self,
        index: usize,
        entry: &Entry,
        case: &Case<'_>,
        taken: &mut BTreeSet<usize>,
    ) {
        if !matches!(self.status, Status::Open(_)) {
            return;
        }
        let heard = match &entry.what {
            What::Counted { user } | What::AccountCreated { user } => self.users.get(user),
            What::Session(session) => self.devices.get(&session.device),
            _ => self.devices.get(&entry.actor),
        };
        for (at, client) in heard.into_iter().flatten() {
            let part = &mut self.parts[*at];
            if part.single.is_open() {
                part.single.entry(index, entry, *client, case, taken);
                if self.tally.note(*at, part) {
                    self.tally.open -= 1;
                }
            }
        }
    }

    /// Every entry up to and including this instant was fed; what is certain now?
    pub fn instant_over(&mut self, now: Time, case: &Case<'_>) {
        if !matches!(self.status, Status::Open(_)) {
            return;
        }
        while let Some((due, at)) = self.tally.due.first().copied()
            && due <= now
        {
            self.tally.due.remove(&(due, at));
            let part = &mut self.parts[at];
            part.due = None;
            part.single.instant_over(now, case);
            if self.tally.note(at, part) {
                self.tally.open -= 1;
            }
        }
        self.status = self.decided();
    }

    fn decided(&self) -> Status {
        if let Some(unmet) = self.unmet() {
            return Status::Unmet(unmet);
        }
        if self.tally.open > 0 {
            return Status::Open(self.tally.due.first().map(|(due, _)| *due));
        }
        match &self.tally.undocumented {
            Some(knob) => Status::Undocumented(knob.clone()),
            None => Status::Met(self.tally.met),
        }
    }

    /// The first device that is not as it must be, and how many are not.
    fn unmet(&self) -> Option<Unmet> {
        let first = *self.tally.unmet.first()?;
        let part = self.parts.get(first)?;
        let Status::Unmet(mut unmet) = part.single.status().clone() else {
            return None;
        };
        let of_item = |at: &&usize| self.parts.get(**at).is_some_and(|p| p.item == part.item);
        let not = self.tally.unmet.iter().filter(of_item).count();
        let all = self.parts.iter().filter(|p| p.item == part.item).count();
        if all > 1 {
            unmet.seen = format!(
                "{} ({not} of {all} devices are not as they must be)",
                unmet.seen
            );
        }
        if self.items > 1 {
            unmet.expected = format!("{} (item {} of the watch)", unmet.expected, part.item + 1);
        }
        Some(unmet)
    }

    /// The instant before `at` at whose end silence decides something.
    pub fn decides_before(&self, at: Time) -> Option<Time> {
        let (due, _) = self.tally.due.first()?;
        let is_open = matches!(self.status, Status::Open(_));
        (is_open && *due < at).then_some(*due)
    }

    /// Time that passes is over when its instant begins, everything else when it ends.
    pub fn ends_at_the_start_of(&self) -> Option<Time> {
        self.parts.first()?.single.ends_at_the_start_of()
    }
}

impl Tally {
    /// Notes what has become of a part that was open. Is it decided?
    fn note(&mut self, at: usize, part: &mut Part) -> bool {
        let due = match part.single.is_open() {
            true => part.single.deadline(),
            false => None,
        };
        if due != part.due {
            if let Some(due) = part.due {
                self.due.remove(&(due, at));
            }
            self.due.extend(due.map(|due| (due, at)));
            part.due = due;
        }
        match part.single.status() {
            Status::Open(_) => return false,
            Status::Met(entry) => self.met = self.met.max(*entry),
            Status::Unmet(_) => {
                self.unmet.insert(at);
            }
            Status::Undocumented(knob) => {
                self.undocumented.get_or_insert_with(|| knob.clone());
            }
        }
        true
    }
}

/// The same, where nothing happens to the millisecond.
fn allowing(when: When, slack: Millis) -> When {
    match when {
        _ if slack == Millis::ZERO => when,
        When::Already => When::FromNow(slack),
        When::Within(most) => When::Within(most + slack),
        When::FromNow(most) => When::FromNow(most + slack),
        When::Between(least, most) => When::Between(least.saturating_sub(slack), most + slack),
    }
}

/// A value as it is shown: texts without their quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
