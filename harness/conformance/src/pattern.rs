//! Does an entry fit a pattern, and how are both put into words?

use serde_json::Value;
use session::words::{ErrorWord, State};

use crate::case::Case;
use crate::profile::Promise;
use crate::scenario::{Activity, ClientIndex, Devices, EventPattern, Seen, SessionWord};
use crate::transcript::{Entry, EventSeen, SERVER, What};
use crate::watch::plain;

/// Does the entry show what is looked for on this device?
pub(crate) fn fits(client: ClientIndex, seen: &Seen, entry: &Entry, case: &Case<'_>) -> bool {
    let client = case.client(client);
    match (seen, &entry.what) {
        (Seen::Session { is, .. }, What::Counted { user }) => {
            entry.actor == SERVER && *is == SessionWord::Counted && *user == client.user
        }
        (Seen::Session { is, .. }, What::AccountCreated { user }) => {
            entry.actor == SERVER && *is == SessionWord::Registered && *user == client.user
        }
        (Seen::Session { is, cause, room }, What::Session(session)) => {
            entry.actor == SERVER
                && session.device == client.name
                && session.is == *is
                && agrees(cause, &session.cause)
                && agrees(room, &session.room)
        }
        _ if entry.actor != client.name => false,
        (Seen::Event(wanted), What::Event(event)) => event_fits(wanted, event, case),
        (
            Seen::Callback {
                name,
                args,
                listener,
            },
            What::Event(event),
        ) => {
            event.callback.as_ref() == Some(name)
                && event.listener == *listener
                && args
                    .iter()
                    .all(|(name, value)| event.args.get(name).is_some_and(|seen| same(value, seen)))
        }
        (Seen::OutcomeOf(decision), What::Event(event)) => {
            match case.profile.promise(*decision, &case.rules) {
                Promise::Told(word, reason, error) => {
                    event_fits(&EventPattern::of(word, reason, error), event, case)
                }
                _ => false,
            }
        }
        (Seen::Activity(Activity::Connect), What::Connect { .. }) => true,
        (Seen::Activity(Activity::Send), What::Sent { .. } | What::Connect { .. }) => true,
        _ => false,
    }
}

/// Is a wanted part the one that is seen? One that is not wanted may be anything.
fn agrees<T: PartialEq>(wanted: &Option<T>, seen: &Option<T>) -> bool {
    wanted.is_none() || wanted == seen
}

/// Is the entry of the kind the pattern looks for, so that it is worth showing when it does not
/// fit?
pub(crate) fn is_near(seen: &Seen, entry: &Entry) -> bool {
    match (seen, &entry.what) {
        (Seen::Event(wanted), What::Event(event)) => {
            event.event == Some(wanted.event) || event.state == Some(State::LoggedOut)
        }
        (Seen::Callback { name, .. }, What::Event(event)) => event.callback.as_ref() == Some(name),
        (Seen::OutcomeOf(_), What::Event(event)) => event.state.is_some(),
        _ => false,
    }
}

fn event_fits(wanted: &EventPattern, event: &EventSeen, case: &Case<'_>) -> bool {
    // A native callback may leave the reason or the error open; then its code must not deny it.
    let native = event.said == crate::transcript::Said::Native;
    let finer = |wanted: ErrorWord| event.error.is_some_and(|seen| seen.is_a(wanted));
    let error = wanted.error.is_none_or(finer)
        || (native
            && match (wanted.error, event.code) {
                (Some(error), Some(code)) => case.profile.code_of(error, None) == Some(code),
                _ => true,
            });
    let reason = agrees(&wanted.reason, &event.reason) || (native && event.reason.is_none());
    event.event == Some(wanted.event)
        && reason
        && error
        && (wanted.codes.is_empty() || event.code.is_some_and(|c| wanted.codes.contains(&c)))
        && agrees(&wanted.room, &event.room)
        && agrees(&wanted.user, &event.user)
        && agrees(&wanted.text, &event.text)
        && agrees(&wanted.stream, &event.stream)
        && agrees(&wanted.by, &event.by)
        && wanted.listener == event.listener
}

/// Equal, numbers by their value.
fn same(wanted: &Value, seen: &Value) -> bool {
    match (wanted.as_f64(), seen.as_f64()) {
        (Some(wanted), Some(seen)) => wanted == seen,
        _ => wanted == seen,
    }
}

/// The pattern in words.
pub(crate) fn say(clients: Devices, seen: &Seen, case: &Case<'_>) -> String {
    let device = case.name_of(clients);
    let what = match seen {
        Seen::Event(wanted) => say_event_pattern(wanted),
        Seen::Callback { name, args, .. } => {
            let args: Vec<String> = args
                .iter()
                .map(|(name, value)| format!("{name}: {}", plain(value)))
                .collect();
            format!("{name}({})", args.join(", "))
        }
        Seen::State { is, room: None } => format!("state {is}"),
        Seen::State {
            is,
            room: Some(room),
        } => format!("state {is} in {room}"),
        Seen::OutcomeOf(decision) => match case.profile.promise(*decision, &case.rules) {
            Promise::Told(event, reason, error) => {
                let wanted = EventPattern::of(event, reason, error);
                format!("the outcome of {decision}: {}", say_event_pattern(&wanted))
            }
            Promise::Nothing => format!("the outcome of {decision}: the session goes on"),
            Promise::Succeeds => format!("the outcome of {decision}: success"),
            Promise::Fails(error) => format!("the outcome of {decision}: failure with {error}"),
            Promise::Undocumented(knob) => format!("the outcome of {decision} ({knob})"),
        },
        Seen::Activity(Activity::Connect) => "a connect".into(),
        Seen::Activity(Activity::Send) => "any traffic".into(),
        Seen::Session {
            is: SessionWord::Counted,
            ..
        } => "its user counted by the server".into(),
        Seen::Session {
            is: SessionWord::Registered,
            ..
        } => "an account for its user at the server".into(),
        Seen::Session { is, cause, .. } => match cause {
            Some(cause) => format!("its session {is} at the server by {cause}"),
            None => format!("its session {is} at the server"),
        },
    };
    format!("{device}: {what}")
}

fn say_event_pattern(wanted: &EventPattern) -> String {
    let mut said = wanted.event.to_string();
    let mut add = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            said.push_str(&format!(", {label} {value}"));
        }
    };
    add("reason", wanted.reason.map(|w| w.to_string()));
    add("error", wanted.error.map(|w| w.to_string()));
    if !wanted.codes.is_empty() {
        let codes: Vec<String> = wanted.codes.iter().map(i64::to_string).collect();
        add("code", Some(codes.join(" or ")));
    }
    add("room", wanted.room.clone());
    add("user", wanted.user.clone());
    add("text", wanted.text.clone());
    add("stream", wanted.stream.clone());
    add("by", wanted.by.map(|by| by.to_string()));
    add("heard by", wanted.listener.clone());
    said
}

/// An entry in words, without its time.
pub(crate) fn say_entry(entry: &Entry) -> String {
    crate::text::say(entry)
}
