//! What is sent, where it can be read: between foreign peers it is opaque.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::transcript::{Entry, Message, SERVER, What};

/// What a message says, as far as rules want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// A sign of life.
    Heartbeat,
    /// A client wants a session, or brings a ticket for one.
    Asks(Asked),
    /// The server accepts this session.
    Accepts(String),
    /// Anything else.
    Other,
}

/// A request for a session, or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// What the ticket is called.
    pub(super) ticket: Option<String>,
    /// The user; a renewal names none.
    pub(super) user: Option<String>,
    pub(super) room: Option<String>,
    /// Does it name the device, as a request for a session does?
    pub(super) of_device: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Login,
    Resume,
    Renew,
}

/// What is sent with an entry, message by message. Nearly all entries are heartbeats, so that the
/// list is filled again and again.
pub(super) fn read(entry: &Entry, says: &mut Vec<Says>) {
    says.clear();
    if let What::Sent { messages, .. } = &entry.what {
        let is_server = entry.actor == SERVER;
        says.extend(messages.iter().map(|message| match is_server {
            _ if message.is_heartbeat() => Says::Heartbeat,
            true => accepted(message).map_or(Says::Other, Says::Accepts),
            false => asked(message).map_or(Says::Other, Says::Asks),
        }));
    }
}

/// The requests with tickets among it.
pub(super) fn with_tickets(says: &[Says]) -> impl Iterator<Item = (&Asked, &String)> {
    says.iter().filter_map(|said| match said {
        Says::Asks(asked) => Some((asked, asked.ticket.as_ref()?)),
        _ => None,
    })
}

fn asked(message: &Message) -> Option<Asked> {
    #[derive(Deserialize)]
    struct Request {
        #[serde(rename = "type")]
        kind: Kind,
        ticket: Option<String>,
        user: Option<String>,
        room: Option<String>,
        device: Option<IgnoredAny>,
    }
    let request: Request = serde_json::from_str(message.text()).ok()?;
    Some(Asked {
        kind: request.kind,
        ticket: request.ticket,
        user: request.user,
        room: request.room,
        of_device: request.device.is_some(),
    })
}

fn accepted(message: &Message) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        session: String,
    }
    // Answers to other requests, and notices.
    if !message.text().contains("\"session\":") {
        return None;
    }
    let answer: Answer<'_> = serde_json::from_str(message.text()).ok()?;
    (answer.kind == "ok").then_some(answer.session)
}
