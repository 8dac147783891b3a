//! What clients ask for on the wire, where it can be read: between foreign peers it is opaque.

use serde::Deserialize;

use crate::transcript::{Message, What};

/// A request that carries a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Asked {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    /// What the ticket is called.
    pub(super) ticket: String,
    /// The user; a renewal names none.
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) room: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Login,
    Resume,
    Renew,
}

/// The requests with tickets among what is sent.
pub(super) fn asked(what: &What) -> impl Iterator<Item = Asked> {
    let messages = match what {
        What::Sent { messages, .. } => messages.as_slice(),
        _ => &[],
    };
    messages.iter().filter_map(read)
}

fn read(message: &Message) -> Option<Asked> {
    // Nearly all messages are heartbeats and answers; reading them all would cost more than the run.
    if !message.text().contains("\"ticket\":") {
        return None;
    }
    serde_json::from_str(message.text()).ok()
}
