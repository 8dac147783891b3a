//! Every message of the wire protocol. `WIRE.md` describes them for people who write peers in
//! other languages.

use serde::{Deserialize, Serialize};

use crate::peer::MessageKind;
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
    /// Sends a message to all devices of a user, to everybody else in a room, or to one user in it.
    Message {
        /// Names this request in its answer.
        id: u32,
        /// Which kind; an ordinary message when left out.
        #[serde(default = "ordinary", skip_serializing_if = "is_ordinary")]
        kind: MessageKind,
        /// The user; one of `user` and `room` is given, or both.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The text.
        text: String,
    },
    /// Begins or ends a stream in the room.
    Publish {
        /// Names this request in its answer.
        id: u32,
        /// The stream.
        stream: String,
        /// Begins?
        on: bool,
    },
    /// Begins or ends to play a stream of any room.
    Play {
        /// Names this request in its answer.
        id: u32,
        /// The stream.
        stream: String,
        /// Begins?
        on: bool,
    },
    /// Sets the extra information of a stream of one's own.
    ExtraInfo {
        /// Names this request in its answer.
        id: u32,
        /// The stream.
        stream: String,
        /// The information.
        text: String,
    },
    /// Asks for the name of a user.
    Name {
        /// Names this request in its answer.
        id: u32,
        /// The user.
        user: String,
    },
    /// A sign of life.
    Ping,
}

/// Who wants a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Names this request in its answer.
    pub id: u32,
    /// The app ID; users and rooms of different ones know nothing of each other.
    pub app: u32,
    /// The user.
    pub user: String,
    /// The ticket; empty where there is none.
    pub ticket: String,
    /// The signature of the app, where that is how logins are proven.
    #[serde(default, rename = "app-sign", skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// The installation it comes from; stays the same over restarts.
    pub device: String,
    /// What that device is.
    pub platform: Platform,
    /// The room, where login is login into a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Does this client want to be in several rooms at once, with a link for each?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub several_rooms: bool,
    /// Not told of the members, nor they of this one?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unnoticed: bool,
    /// The user's new name; when left out it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

fn ordinary() -> MessageKind {
    MessageKind::Message
}

fn is_ordinary(kind: &MessageKind) -> bool {
    *kind == MessageKind::Message
}

/// A stream in a room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// Its name.
    pub stream: String,
    /// Who publishes it.
    pub user: String,
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
        /// To `login` and `resume` into a room: the streams of others in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        streams: Vec<Stream>,
        /// To `name`: the name, if the user has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
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
        /// What the device is that displaced this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Platform>,
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
    /// A stream began in the room.
    StreamAdded {
        /// The room.
        room: String,
        /// The stream.
        #[serde(flatten)]
        stream: Stream,
    },
    /// A stream in the room ended.
    StreamRemoved {
        /// The room.
        room: String,
        /// The stream.
        #[serde(flatten)]
        stream: Stream,
    },
    /// The extra information of a stream in the room changed.
    ExtraInfo {
        /// The room.
        room: String,
        /// The stream.
        #[serde(flatten)]
        stream: Stream,
        /// The information.
        text: String,
    },
    /// A message for this session.
    Deliver {
        /// Which kind; an ordinary message when left out.
        #[serde(default = "ordinary", skip_serializing_if = "is_ordinary")]
        kind: MessageKind,
        /// Who sent it.
        from: String,
        /// The room it was sent in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The text.
        text: String,
    },
}

impl FromServer {
    /// The plain success of a request.
    pub fn ok(id: u32) -> FromServer {
        FromServer::Ok {
            id,
            session: None,
            ticket_left: None,
            members: Vec::new(),
            streams: Vec::new(),
            name: None,
        }
    }
}
