//! Neutral words to the vendor's own, and back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::peer::{Callback, Happening};
use session::words::{Api, ErrorWord, Event, Platform, Reason, State};

use super::{NativeEvent, Profile};
use crate::transcript::{EventSeen, Said};

impl Profile {
    /// The vendor's number for an error of a call. Where a finer word has no number of its own, it
    /// is that of the coarser one.
    pub fn code_of(&self, error: ErrorWord, call: Option<Api>) -> Option<i64> {
        let coarser = || {
            let mut known = self.errors.iter();
            known.find(|(known, _)| error.is_a(**known))
        };
        let own = self.errors.get(&error);
        let native = own.or_else(|| coarser().map(|(_, native)| native))?;
        let special = call.and_then(|call| native.by_call.get(&call));
        Some(special.copied().unwrap_or(native.code))
    }

    /// The neutral errors that a number of the vendor may stand for after this call.
    pub fn errors_of(&self, code: i64, call: Option<Api>) -> Vec<ErrorWord> {
        self.errors
            .keys()
            .copied()
            .filter(|error| self.code_of(*error, call) == Some(code) || self.is_also(*error, code))
            .collect()
    }

    fn is_also(&self, error: ErrorWord, code: i64) -> bool {
        let native = self.errors.get(&error);
        native.is_some_and(|native| native.also.contains(&code))
    }

    /// The room that a peer speaks of, if it says so.
    pub fn room_of<'c>(&self, callback: &'c Callback) -> Option<&'c str> {
        let (name, args) = match callback {
            Callback::Neutral(happening) => return happening.room.as_deref(),
            Callback::Native { name, args } => (name, args),
        };
        let rows = self.events.values();
        rows.filter(|native| native.callback.as_ref() == Some(name))
            .flat_map(|native| &native.args)
            .filter(|(_, value)| value.as_str() == Some("$room"))
            .find_map(|(arg, _)| args.get(arg)?.as_str())
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
            state: state_after(happening.event, happening.error),
            reason: happening.reason,
            error: happening.error,
            code,
            room: happening.room.clone(),
            user: happening.user.clone(),
            text: happening.text.clone(),
            stream: happening.stream.clone(),
            by: happening.by,
            seconds_left: happening.seconds_left,
            callback: native.and_then(|native| native.callback.clone()),
            ..EventSeen::blank(Said::Neutral)
        };
        if let Some(native) = native {
            spoken.args = native
                .args
                .iter()
                .map(|(name, value)| (name.clone(), native.fill(value, &spoken)))
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
        let mut said = None;
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
                Some("$stream") => spoken.stream = text(),
                Some("$by") => spoken.by = text().and_then(|by| by.parse().ok()),
                Some("$reason") => said = text(),
                Some("$seconds-left") => spoken.seconds_left = given.as_u64(),
                _ => {}
            }
        }
        if let Some((key, _)) = said.and_then(|said| native.reason_of(&said)) {
            spoken.reason = Some(key.reason);
            spoken.by = spoken.by.or(key.by);
        }
        if let Some(code) = spoken.code {
            let by_code = native.codes.iter().find(|(_, known)| **known == code);
            spoken.reason = spoken.reason.or(by_code.map(|(reason, _)| *reason));
            spoken.error = self.errors_of(code, None).first().copied();
        }
        spoken.state = state_after(*event, spoken.error);
        spoken
    }

    /// The vendor's callback for an event; `None` where the product knows no such event.
    pub fn native(&self, event: Event) -> Option<&NativeEvent> {
        self.events.get(&event)
    }
}

/// The state that an event leads to; a login that is refused because of a session leaves that
/// session as it is (Z-AMB-07).
fn state_after(event: Event, error: Option<ErrorWord>) -> Option<State> {
    let because_of_a_session = matches!(
        error,
        Some(ErrorWord::AlreadyLoggedIn | ErrorWord::LoginInProgress | ErrorWord::UserDiffers)
    );
    match event {
        Event::LoginFailed if because_of_a_session => None,
        event => event.leads_to(),
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

    /// An argument with the event's own value where it stands for one.
    fn fill(&self, value: &Value, spoken: &EventSeen) -> Value {
        match value.as_str() {
            Some("$code") => spoken.code.into(),
            Some("$room") => spoken.room.clone().into(),
            Some("$user") => spoken.user.clone().into(),
            Some("$text") => spoken.text.clone().into(),
            Some("$stream") => spoken.stream.clone().into(),
            Some("$by") => spoken.by.map(|by| by.word()).into(),
            Some("$reason") => self.say_reason(spoken).into(),
            Some("$seconds-left") => spoken.seconds_left.into(),
            _ => value.clone(),
        }
    }

    /// What is said for a reason; that for the very platform wins.
    fn say_reason(&self, spoken: &EventSeen) -> Option<&str> {
        let reason = spoken.reason?;
        let said = |by| self.reasons.get(&ReasonBy { reason, by });
        let by = spoken.by.and_then(|by| said(Some(by)));
        by.or_else(|| said(None)).map(String::as_str)
    }

    /// The reason that a text stands for.
    fn reason_of(&self, said: &str) -> Option<(&ReasonBy, &String)> {
        self.reasons.iter().find(|(_, known)| *known == said)
    }
}

/// A reason, or a reason and what the device is that is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReasonBy {
    /// The reason.
    pub reason: Reason,
    /// The platform; `None` for every other one.
    pub by: Option<Platform>,
}

/// What stands between the reason and the platform.
const BY: &str = "-by-";

impl std::fmt::Display for ReasonBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.by {
            None => self.reason.fmt(f),
            Some(by) => write!(f, "{}{BY}{by}", self.reason),
        }
    }
}

impl std::str::FromStr for ReasonBy {
    type Err = session::words::UnknownWord;

    fn from_str(text: &str) -> Result<ReasonBy, Self::Err> {
        let (reason, by) = match text.split_once(BY) {
            Some((reason, by)) => (reason, Some(by.parse()?)),
            None => (text, None),
        };
        let reason = reason.parse()?;
        Ok(ReasonBy { reason, by })
    }
}

impl Serialize for ReasonBy {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReasonBy {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<ReasonBy, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::plain_profile;

    fn profile() -> Profile {
        let mut profile = plain_profile();
        let native = profile.events.entry(Event::KickedOut).or_default();
        for (name, stands_for) in [("why", "$reason"), ("from", "$by"), ("stream", "$stream")] {
            native.args.insert(name.into(), stands_for.into());
        }
        for (key, said) in [
            ("newer-login", "OTHER"),
            ("newer-login-by-web", "WEB"),
            ("server", "ADMIN"),
        ] {
            native.reasons.insert(key.parse().unwrap(), said.into());
        }
        profile
    }

    #[test]
    fn reasons_are_said_and_understood() {
        let profile = profile();
        for (reason, by, said) in [
            (Reason::NewerLogin, Some(Platform::Android), "OTHER"),
            (Reason::NewerLogin, Some(Platform::Web), "WEB"),
            (Reason::NewerLogin, None, "OTHER"),
            (Reason::Server, None, "ADMIN"),
        ] {
            let happening = Happening {
                reason: Some(reason),
                by,
                stream: Some("s".into()),
                ..Happening::new(Event::KickedOut)
            };
            let neutral = profile.understand(&Callback::Neutral(happening), State::Online);
            assert_eq!(neutral.args["why"], said);
            let name = neutral.callback.clone().unwrap();
            let args = neutral.args.clone();
            let native = profile.understand(&Callback::Native { name, args }, State::Online);
            assert_eq!((native.reason, native.by), (Some(reason), by));
            assert_eq!(native.stream.as_deref(), Some("s"));
        }
    }

    #[test]
    fn keys_of_reasons_are_checked() {
        for text in ["newer-login-by-toaster", "because", "-by-web"] {
            assert!(text.parse::<ReasonBy>().is_err(), "{text}");
        }
        let key: ReasonBy = "newer-login-by-web".parse().unwrap();
        assert_eq!(key.to_string(), "newer-login-by-web");
    }
}
