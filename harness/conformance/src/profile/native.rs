//! Neutral words to the vendor's own, and back.

use std::collections::BTreeMap;

use serde_json::Value;
use session::peer::{Callback, Happening};
use session::words::{Api, ErrorWord, Event, State};

use super::{NativeEvent, Profile};
use crate::transcript::{EventSeen, Said};

impl Profile {
    /// The vendor's number for an error of a call.
    pub fn code_of(&self, error: ErrorWord, call: Option<Api>) -> Option<i64> {
        let native = self.errors.get(&error)?;
        let special = call.and_then(|call| native.by_call.get(&call));
        Some(special.copied().unwrap_or(native.code))
    }

    /// The neutral errors that a number of the vendor may stand for after this call.
    pub fn errors_of(&self, code: i64, call: Option<Api>) -> Vec<ErrorWord> {
        self.errors
            .keys()
            .copied()
            .filter(|error| self.code_of(*error, call) == Some(code))
            .collect()
    }

    /// Puts what a peer said in this state into both languages. Where the vendor says two things
    /// with one callback, the state tells which.
    pub fn understand(&self, callback: &Callback, state: State) -> EventSeen {
        match callback {
            Callback::Neutral(happening) => self.spoken_neutrally(happening),
            Callback::Native { name, args } => self.spoken_natively(name, args, state),
        }
    }

    fn spoken_neutrally(&self, happening: &Happening) -> EventSeen {
        let native = self.events.get(&happening.event);
        let code = native.and_then(|native| {
            let by_reason = happening.reason.and_then(|r| native.codes.get(&r)).copied();
            by_reason.or_else(|| self.code_of(happening.error?, None))
        });
        let mut spoken = EventSeen {
            said: Said::Neutral,
            event: Some(happening.event),
            state: happening.event.leads_to(),
            reason: happening.reason,
            error: happening.error,
            code,
            room: happening.room.clone(),
            user: happening.user.clone(),
            text: happening.text.clone(),
            seconds_left: happening.seconds_left,
            callback: native.and_then(|native| native.callback.clone()),
            args: BTreeMap::new(),
        };
        if let Some(native) = native {
            spoken.args = native
                .args
                .iter()
                .map(|(name, value)| (name.clone(), fill(value, &spoken)))
                .collect();
        }
        spoken
    }

    fn spoken_natively(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        state: State,
    ) -> EventSeen {
        let mut spoken = EventSeen {
            callback: Some(name.to_owned()),
            args: args.clone(),
            ..EventSeen::blank(Said::Native)
        };
        let rows = || {
            self.events
                .iter()
                .filter(|(_, native)| native.callback.as_deref() == Some(name))
                .filter(|(_, native)| native.fits(args))
        };
        let row = rows()
            .find(|(event, _)| session::state::is_legal(state, **event))
            .or_else(|| rows().next());
        let Some((event, native)) = row else {
            return spoken;
        };
        spoken.event = Some(*event);
        spoken.state = event.leads_to();
        for (name, value) in &native.args {
            let Some(given) = args.get(name) else {
                continue;
            };
            let text = || given.as_str().map(str::to_owned);
            match value.as_str() {
                Some("$code") => spoken.code = given.as_i64(),
                Some("$room") => spoken.room = text(),
                Some("$user") => spoken.user = text(),
                Some("$text") => spoken.text = text(),
                Some("$seconds-left") => spoken.seconds_left = given.as_u64(),
                _ => {}
            }
        }
        if let Some(code) = spoken.code {
            spoken.reason = native
                .codes
                .iter()
                .find(|(_, known)| **known == code)
                .map(|(reason, _)| *reason);
            spoken.error = self.errors_of(code, None).first().copied();
        }
        spoken
    }

    /// The vendor's callback for an event; `None` where the product knows no such event.
    pub fn native(&self, event: Event) -> Option<&NativeEvent> {
        self.events.get(&event)
    }
}

impl NativeEvent {
    /// Do the literal arguments agree, and is the code one that this event can carry?
    fn fits(&self, args: &BTreeMap<String, Value>) -> bool {
        self.args.iter().all(|(name, value)| {
            let placeholder = value.as_str().is_some_and(|text| text.starts_with('$'));
            placeholder || args.get(name) == Some(value)
        })
    }
}

fn fill(value: &Value, spoken: &EventSeen) -> Value {
    match value.as_str() {
        Some("$code") => spoken.code.unwrap_or(0).into(),
        Some("$room") => spoken.room.clone().into(),
        Some("$user") => spoken.user.clone().into(),
        Some("$text") => spoken.text.clone().into(),
        Some("$seconds-left") => spoken.seconds_left.into(),
        _ => value.clone(),
    }
}
