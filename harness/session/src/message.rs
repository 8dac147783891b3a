//! Every message of the wire protocol. `WIRE.md` describes them for people who write peers in
//! other languages.

use serde::{Deserialize, Serialize};

use crate::words::{ErrorWord, Platform, Reason};

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromClient {
    /// Opens a session. The first message on a link, or `resume` is.
    Login(Hello),
    /// Goes on with a session over this link. The first message on a link, or `login` is.
    Resume {
        /// The session, as the server named it.
        session: String,
        /// Who asks, exactly as for `login`.
        #[serde(flatten)]
        hello: Hello,
    },
    /// Replaces the ticket.
    Renew {
        /// Names this request in its answer.
        id: u32,
        /// The new ticket.
        ticket: String,
    },
    /// Ends the session.
    Logout {
        /// Names this request in its answer.
        id: u32,
    },
    /// Sends a message to all devices of a user, or to everybody else in a room.
    Message {
        /// Names this request in its answer.
        id: u32,
        /// The user; exactly one of `user` and `room` is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The text.
        text: String,
    },
    /// A sign of life.
    Ping,
}

/// Who wants a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Names this request in its answer.
    pub id: u32,
    /// The user.
    pub user: String,
    /// The ticket.
    pub ticket: String,
    /// The installation it comes from; stays the same over restarts.
    pub device: String,
    /// What that device is.
    pub platform: Platform,
    /// The room, where login is login into a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromServer {
    /// A request succeeded.
    Ok {
        /// The request.
        id: u32,
        /// To `login` and `resume`: the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
        /// To `login`, `resume` and `renew`: milliseconds the ticket is still good for.
        #[serde(
            rename = "ticket-left",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        ticket_left: Option<u64>,
        /// To `login` and `resume` into a room: the other users in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<String>,
    },
    /// A request failed.
    No {
        /// The request.
        id: u32,
        /// Why.
        error: ErrorWord,
    },
    /// The answer to `ping`.
    Pong,
    /// The session was ended from elsewhere.
    Kicked {
        /// The session.
        session: String,
        /// Why.
        reason: Reason,
    },
    /// The session ended because its ticket ran out.
    Expired {
        /// The session.
        session: String,
    },
    /// A user entered the room.
    PeerJoined {
        /// The room.
        room: String,
        /// The user.
        user: String,
    },
    /// A user left the room.
    PeerLeft {
        /// The room.
        room: String,
        /// The user.
        user: String,
    },
    /// A message for this session.
    Deliver {
        /// Who sent it.
        from: String,
        /// The room it was sent in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The text.
        text: String,
    },
}
