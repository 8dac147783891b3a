//! What one run told its apps, step by step: the part of a transcript that is compared.

use std::collections::{BTreeMap, BTreeSet};

use conformance::case::States;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::text;
use conformance::transcript::{CallAnswered, Entry, EventSeen, SCRIPT, StopReason, What};
use serde_json::Value;
use session::time::{Millis, Time};
use session::words::Event;

/// Of a run with more devices than this only the first few are compared.
const CROWD: usize = 32;
const OF_A_CROWD: usize = 3;

/// What the apps of one run were told and answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// By step, counted from 0; what each device is at the end stands under the number of steps.
    pub steps: BTreeMap<usize, StepSeen>,
    /// The step at which the script stopped because nobody documents what it hangs on.
    pub undocumented_from: Option<usize>,
    /// The step that was not met, where the script stopped for that.
    pub unmet_at: Option<usize>,
}

/// The part that belongs to one step: everything from its beginning to the next one's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepSeen {
    /// The first line of the step, as its author wrote it.
    pub text: String,
    /// What each device was told, in order. How two devices interleave is a matter of latency.
    pub told: BTreeMap<String, Vec<Told>>,
}

/// One thing that an app was told or answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// How long after the step began.
    pub after: Millis,
    /// Which event, where it is one.
    pub event: Option<Event>,
    /// Does it change the state of the session, or answer a call?
    pub is_essential: bool,
    /// In neutral words; the device's own user and room are left out.
    pub neutral: String,
    /// The same without whom and where it is about.
    pub kind: String,
    /// In the vendor's words, with `<user>` and the like in place of what the neutral words say.
    pub native: String,
}

/// How far another run departs from this one in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departs {
    /// Other native names or numbers.
    InCode,
    /// At another time.
    InTime,
    /// The same, and something more.
    ByMore,
    /// Other words.
    InWords,
}

impl Seen {
    /// Reads what was recorded of this scenario; the profile names the vendor's errors.
    pub fn of(entries: &[Entry], scenario: &Scenario, profile: &Profile) -> Seen {
        let mut reader = Reader::new(scenario, profile);
        for entry in entries {
            reader.take(entry);
        }
        reader.close(entries)
    }

    /// The steps in which `other` is not as this one, and how far. Of the events that change no
    /// session only those count that are shared by all that are compared. Where a script stopped
    /// because it was written for this one, nothing is known of the rest.
    pub fn departures(
        &self,
        other: &Seen,
        shared: &BTreeSet<Event>,
        tolerance: Millis,
    ) -> BTreeMap<usize, Departs> {
        let last = other.unmet_at.unwrap_or(usize::MAX);
        let departs = |(step, one): (&usize, &StepSeen)| match other.steps.get(step) {
            None => Some((*step, Departs::InWords)),
            Some(two) => Some((*step, one.departs(two, shared, tolerance)?)),
        };
        self.steps.range(..=last).filter_map(departs).collect()
    }
}

impl StepSeen {
    fn departs(
        &self,
        other: &StepSeen,
        shared: &BTreeSet<Event>,
        tolerance: Millis,
    ) -> Option<Departs> {
        let (one, two) = (self.audible(shared), other.audible(shared));
        let words = |told: &(&str, &Told)| (told.0.to_owned(), told.1.neutral.clone());
        let (own, others): (Vec<_>, Vec<_>) = (
            one.iter().map(words).collect(),
            two.iter().map(words).collect(),
        );
        if own != others {
            let mut rest = others.iter();
            let only_added = own.iter().all(|told| rest.any(|other| other == told));
            return Some(if only_added {
                Departs::ByMore
            } else {
                Departs::InWords
            });
        }
        let mut pairs = one.iter().zip(&two);
        let far = |(one, two): (&(_, &Told), &(_, &Told))| {
            one.1.after.0.abs_diff(two.1.after.0) > tolerance.0
        };
        if pairs.clone().any(far) {
            return Some(Departs::InTime);
        }
        pairs
            .any(|(one, two)| one.1.native != two.1.native)
            .then_some(Departs::InCode)
    }

    /// What is compared: everything that changes a session, and notices that all profiles know.
    pub(super) fn compared(&self, shared: &BTreeSet<Event>) -> Vec<(&str, &Told)> {
        let all = self
            .told
            .iter()
            .flat_map(|(device, told)| told.iter().map(move |told| (device.as_str(), told)));
        let counts = |told: &Told| told.event.is_none_or(|event| shared.contains(&event));
        all.filter(|(_, told)| told.is_essential || counts(told))
            .collect()
    }

    /// What an app hears of it: an event without a callback is told to nobody.
    fn audible(&self, shared: &BTreeSet<Event>) -> Vec<(&str, &Told)> {
        let all = self.compared(shared).into_iter();
        all.filter(|(device, told)| told.native != NO_CALLBACK && *device != SCRIPT)
            .collect()
    }
}

/// In place of a callback that the vendor does not have.
const NO_CALLBACK: &str = "no callback";

struct Reader<'a> {
    scenario: &'a Scenario,
    profile: &'a Profile,
    devices: BTreeSet<&'a str>,
    rooms: BTreeMap<&'a str, &'a str>,
    users: BTreeMap<&'a str, &'a str>,
    /// The native names of calls that are not answered yet.
    calls: BTreeMap<u32, String>,
    seen: Seen,
    step: Option<(usize, Time)>,
    stopped: bool,
}

impl<'a> Reader<'a> {
    fn new(scenario: &'a Scenario, profile: &'a Profile) -> Reader<'a> {
        let clients = &scenario.clients;
        let many = if clients.len() > CROWD {
            OF_A_CROWD
        } else {
            CROWD
        };
        Reader {
            scenario,
            profile,
            devices: clients.iter().take(many).map(|c| c.name.as_str()).collect(),
            rooms: clients
                .iter()
                .map(|c| (c.name.as_str(), c.room.as_str()))
                .collect(),
            users: clients
                .iter()
                .map(|c| (c.name.as_str(), c.user.as_str()))
                .collect(),
            calls: BTreeMap::new(),
            seen: Seen::default(),
            step: None,
            stopped: false,
        }
    }

    fn take(&mut self, entry: &Entry) {
        match &entry.what {
            What::Step { step, text } => {
                self.step = Some((*step, entry.at));
                let seen = self.seen.steps.entry(*step).or_default();
                seen.text.clone_from(text);
            }
            What::Stopped { step, why } => {
                self.stopped = true;
                match why {
                    StopReason::Undocumented => {
                        self.seen.undocumented_from = Some(*step);
                        self.seen.steps.remove(step);
                    }
                    StopReason::Unmet => {
                        self.seen.unmet_at = Some(*step);
                        self.tell(SCRIPT, entry.at, stopped(*why));
                    }
                }
            }
            _ if self.stopped => {}
            What::Call(call) => {
                let name = call.native.clone().unwrap_or_else(|| call.api.clone());
                self.calls.insert(call.id, name);
            }
            What::Event(event) => {
                let told = self.event(entry, event);
                self.tell(&entry.actor, entry.at, told);
            }
            What::Result(answer) => {
                let told = self.answer(entry, answer);
                self.tell(&entry.actor, entry.at, told);
            }
            _ => {}
        }
    }

    fn tell(&mut self, actor: &str, at: Time, told: Told) {
        let Some((step, began)) = self.step else {
            return;
        };
        if actor == SCRIPT || self.devices.contains(actor) {
            let after = at.since(began);
            let step = self.seen.steps.entry(step).or_default();
            let device = step.told.entry(actor.to_owned()).or_default();
            device.push(Told { after, ..told });
        }
    }

    fn event(&self, entry: &Entry, event: &EventSeen) -> Told {
        let own_room = self.rooms.get(entry.actor.as_str()).copied();
        let own_user = self.users.get(entry.actor.as_str()).copied();
        let mut short = event.clone();
        short.room = event
            .room
            .clone()
            .filter(|room| Some(room.as_str()) != own_room);
        short.user = event
            .user
            .clone()
            .filter(|user| Some(user.as_str()) != own_user);
        let kind = EventSeen {
            room: None,
            user: None,
            text: None,
            stream: None,
            seconds_left: None,
            listener: None,
            ..event.clone()
        };
        let say = |event: EventSeen| {
            let what = What::Event(event);
            let said = text::say_neutrally(&Entry {
                what,
                ..entry.clone()
            });
            said.unwrap_or_default()
                .trim_start_matches("event ")
                .to_owned()
        };
        Told {
            after: Millis(0),
            event: event.event,
            is_essential: event.state.is_some(),
            neutral: say(short),
            kind: say(kind),
            native: native(event),
        }
    }

    fn answer(&mut self, entry: &Entry, answer: &CallAnswered) -> Told {
        let call = self.calls.remove(&answer.id);
        let call = call.unwrap_or_else(|| answer.api.clone());
        let kind = CallAnswered {
            value: None,
            ..answer.clone()
        };
        let say = |answer: CallAnswered| {
            let what = What::Result(answer);
            text::say_neutrally(&Entry {
                what,
                ..entry.clone()
            })
            .unwrap_or_default()
        };
        let native = match (answer.ok, answer.code) {
            (true, None) => call,
            (true, Some(code)) => format!("{call}: {code}"),
            (false, None) => format!("{call} fails, no number"),
            (false, Some(code)) => match self.name_of(answer, code) {
                Some(name) => format!("{call}: {code} {name}"),
                None => format!("{call}: {code}"),
            },
        };
        Told {
            after: Millis(0),
            event: None,
            is_essential: true,
            neutral: say(answer.clone()),
            kind: say(kind),
            native,
        }
    }

    /// The vendor's name for the number of an error.
    fn name_of(&self, answer: &CallAnswered, code: i64) -> Option<&'a str> {
        let native = self.profile.errors.get(&answer.error?)?;
        let name = native.name.as_deref();
        name.filter(|_| native.code == code)
    }

    fn close(mut self, entries: &[Entry]) -> Seen {
        if self.seen.undocumented_from.is_some() {
            return self.seen;
        }
        let mut states = States::new(self.profile.rules.login.into_room);
        for entry in entries {
            states.follow(entry);
        }
        let mut end = StepSeen {
            text: "at the end".into(),
            ..StepSeen::default()
        };
        for device in &self.devices {
            let neutral = format!("is {}", states.of(device, None));
            let told = Told {
                after: Millis(0),
                event: None,
                is_essential: true,
                kind: String::new(),
                native: String::new(),
                neutral,
            };
            end.told.insert((*device).to_owned(), vec![told]);
        }
        self.seen.steps.insert(self.scenario.steps.len(), end);
        self.seen
    }
}

fn stopped(why: StopReason) -> Told {
    Told {
        after: Millis(0),
        event: None,
        is_essential: true,
        neutral: format!("the script stops: {}", why.means()),
        kind: String::new(),
        native: String::new(),
    }
}

/// The callback with its arguments.
fn native(event: &EventSeen) -> String {
    let Some(callback) = &event.callback else {
        return NO_CALLBACK.into();
    };
    let args: Vec<String> = event
        .args
        .iter()
        .map(|(name, value)| format!("{name}: {}", generic(value, event)))
        .collect();
    format!("{callback}({})", args.join(", "))
}

fn generic(value: &Value, event: &EventSeen) -> String {
    let is = |known: &Option<String>| known.as_deref().is_some_and(|known| value == known);
    let seconds = |left: u64| value.as_u64() == Some(left);
    match () {
        () if is(&event.room) => "<room>".into(),
        () if is(&event.user) => "<user>".into(),
        () if is(&event.text) => "<text>".into(),
        () if is(&event.stream) => "<stream>".into(),
        () if event.seconds_left.is_some_and(seconds) => "<seconds>".into(),
        () => match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    }
}
