//! The readable view of a transcript: a function of its lines, heartbeats folded, crowds counted.

mod crowd;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use session::time::Time;

use crate::transcript::{
    CallAnswered, Entry, EventSeen, Message, SCRIPT, SessionSeen, Transcript, What,
};
use crate::watch::plain;

/// The whole transcript. Hashes are left out: a snapshot changes when behaviour does.
pub fn render(transcript: &Transcript) -> String {
    let header = &transcript.header;
    let mut text = format!(
        "transcript {} of {} under {}, seed {}\nclients: {}, server: {}\n\n",
        header.format,
        header.scenario,
        header.profile,
        header.seed,
        header.client_subject,
        header.server_subject
    );
    let (shown, others) = crowd::shown(&transcript.entries);
    lines(&shown, &mut text);
    if let Some(others) = others {
        let _ = writeln!(text, "\n{others}");
    }
    text
}

/// The entries that are worth showing, and a sentence about those of a crowd that are not.
pub fn without_crowd(entries: &[Entry]) -> (Vec<&Entry>, Option<String>) {
    crowd::shown(entries)
}

/// Some entries, a line each, runs of heartbeats in one.
pub fn render_entries(entries: &[Entry], text: &mut String) {
    lines(&entries.iter().collect::<Vec<_>>(), text);
}

fn lines(entries: &[&Entry], text: &mut String) {
    let width = entries.iter().map(|e| e.actor.len()).max().unwrap_or(0);
    let mut rest = entries;
    while let [entry, after @ ..] = rest {
        let beats = rest.iter().take_while(|entry| is_heartbeat(entry)).count();
        if beats > 1 {
            let _ = writeln!(text, "{}", say_heartbeats(&rest[..beats], width));
            rest = &rest[beats..];
            continue;
        }
        let actor = if entry.actor == SCRIPT {
            "--"
        } else {
            &entry.actor
        };
        let _ = writeln!(text, "{}  {actor:<width$}  {}", clock(entry.at), say(entry));
        rest = after;
    }
}

/// A time of the run as `h:mm:ss.mmm`.
pub fn clock(at: Time) -> String {
    let (ms, s) = (at.0 % 1_000, at.0 / 1_000);
    let (hours, minutes, seconds) = (s / 3_600, s / 60 % 60, s % 60);
    format!("{hours}:{minutes:02}:{seconds:02}.{ms:03}")
}

/// One entry in words, without its time and actor.
pub fn say(entry: &Entry) -> String {
    match &entry.what {
        What::Step { step, text } => format!("step {}: {text}", step + 1),
        What::Call(call) => {
            let args: Vec<String> = call
                .args
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let native = native(call.native.as_deref());
            let inside = inside(call.inside.as_deref());
            format!(
                "call #{} {}({}){native}{inside}",
                call.id,
                call.api,
                args.join(", ")
            )
        }
        What::Asks(call) => {
            let inside = inside(call.inside.as_deref());
            format!(
                "asks for a ticket for call #{} {}{inside}",
                call.id, call.api
            )
        }
        What::NeverCalled(call) => format!(
            "call #{} {} is never made: the process died",
            call.id, call.api
        ),
        What::Result(answer) => {
            let mut said = format!("call #{} {} ", answer.id, answer.api);
            said.push_str(&say_outcome(answer));
            if let Some(code) = answer.code {
                let _ = write!(said, " ({code})");
            }
            said
        }
        What::Event(event) => say_event(event),
        What::Connect { link } => format!("link {link}: connect"),
        What::LinkUp { link } => format!("link {link}: up"),
        What::LinkDown { link, how } => format!("link {link}: {how}"),
        What::Close { link } => format!("link {link}: close"),
        What::Sent {
            link,
            bytes,
            messages,
        } => {
            if messages.is_empty() {
                format!("link {link}: sends {bytes} bytes")
            } else {
                let messages: Vec<String> = messages.iter().map(say_message).collect();
                format!("link {link}: sends {}", messages.join("; "))
            }
        }
        What::Session(session) => say_session(session),
        What::Counted { user } => format!("{user} counts as active today"),
        What::AccountCreated { user } => format!("account {user} created"),
        What::AsksTicket { ask, user } => {
            format!("asks for a ticket for {user} (question {ask})")
        }
        What::TicketGiven { ask, ticket } => format!("is given {ticket} (question {ask})"),
        What::Breach { link, what } => {
            format!("link {link}: the other side broke the rules: {what}")
        }
        What::Network {
            is,
            direction,
            quality,
        } => {
            let mut said = "network".to_owned();
            if let Some(is) = is {
                let _ = write!(said, " {is}");
            }
            for (name, value) in quality {
                let _ = write!(said, " {name} {value}");
            }
            if let Some(direction) = direction {
                let _ = write!(said, " {direction}");
            }
            said
        }
        What::App { is } => format!("app {is}"),
        What::Server { act } => format!("server {act}"),
        What::Clock { skew } => format!("clock {skew:+} ms"),
        What::Stopped { step, why } => {
            format!("the script stops at step {}: {}", step + 1, why.means())
        }
        What::End(end) => format!("end: {end}"),
    }
}

/// How a call ended, in neutral words.
fn say_outcome(answer: &CallAnswered) -> String {
    match (answer.ok, &answer.value, answer.error) {
        (true, None, _) => "succeeds".to_owned(),
        (true, Some(value), _) => format!("answers {value}"),
        (false, _, None) => "fails".to_owned(),
        (false, _, Some(error)) => format!("fails with {error}"),
    }
}

/// What an app is told or answered, in neutral words only; `None` for anything else.
pub fn say_neutrally(entry: &Entry) -> Option<String> {
    match &entry.what {
        What::Event(event) => Some(say_happening(event)),
        What::Result(answer) => Some(format!("{} {}", answer.api, say_outcome(answer))),
        _ => None,
    }
}

fn say_happening(event: &EventSeen) -> String {
    let mut said = match event.event {
        Some(word) => format!("event {word}"),
        None => "event without a neutral word".to_owned(),
    };
    let mut facts: Vec<String> = Vec::new();
    if let Some(reason) = event.reason {
        facts.push(format!("reason {reason}"));
    }
    if let Some(error) = event.error {
        facts.push(format!("error {error}"));
    }
    for (label, value) in [
        ("room", &event.room),
        ("user", &event.user),
        ("text", &event.text),
        ("stream", &event.stream),
    ] {
        if let Some(value) = value {
            facts.push(format!("{label} {value}"));
        }
    }
    if let Some(by) = event.by {
        facts.push(format!("by {by}"));
    }
    if let Some(seconds) = event.seconds_left {
        facts.push(format!("{seconds} s left"));
    }
    if let Some(listener) = &event.listener {
        facts.push(format!("heard by {listener}"));
    }
    if !facts.is_empty() {
        let _ = write!(said, " ({})", facts.join(", "));
    }
    said
}

fn say_event(event: &EventSeen) -> String {
    let mut said = say_happening(event);
    if let Some(callback) = &event.callback {
        let args: Vec<String> = event
            .args
            .iter()
            .map(|(name, value)| format!("{name}: {}", plain(value)))
            .collect();
        let _ = write!(said, " = {callback}({})", args.join(", "));
    }
    said
}

fn say_session(session: &SessionSeen) -> String {
    let mut said = format!(
        "session {} of {} on {} {}",
        session.session, session.user, session.device, session.is
    );
    if let Some(room) = &session.room {
        let _ = write!(said, " in {room}");
    }
    if let Some(cause) = session.cause {
        let _ = write!(said, " by {cause}");
    }
    said
}

fn say_message(message: &Message) -> String {
    let value = message.value();
    let Some(fields) = value.as_object() else {
        return message.text().to_owned();
    };
    let name = fields.get("type").map(plain).unwrap_or_default();
    let fields: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name != "type")
        .map(|(name, value)| format!("{name}: {}", plain(value)))
        .collect();
    if fields.is_empty() {
        name
    } else {
        format!("{name} {{ {} }}", fields.join(", "))
    }
}

fn inside(callback: Option<&str>) -> String {
    let inside = |callback| format!(", inside {callback}");
    callback.map(inside).unwrap_or_default()
}

fn native(name: Option<&str>) -> String {
    name.map(|name| format!(" = {name}")).unwrap_or_default()
}

/// Was nothing but heartbeats sent?
pub fn is_heartbeat(entry: &Entry) -> bool {
    match &entry.what {
        What::Sent { messages, .. } => {
            !messages.is_empty() && messages.iter().all(Message::is_heartbeat)
        }
        _ => false,
    }
}

fn say_heartbeats(entries: &[&Entry], width: usize) -> String {
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries {
        *by.entry(&entry.actor).or_default() += 1;
    }
    let counts: Vec<String> = by
        .iter()
        .map(|(actor, times)| format!("{actor} ×{times}"))
        .collect();
    let until = entries
        .last()
        .map(|entry| clock(entry.at))
        .unwrap_or_default();
    format!(
        "{}  {:<width$}  heartbeats until {until}: {}",
        clock(entries[0].at),
        "..",
        counts.join(", ")
    )
}
