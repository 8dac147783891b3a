//! The contract between a peer and whoever carries it.
//!
//! A carrier gives a peer the time and one input; the peer answers with everything that causes,
//! in order. The same contract serves the reference peers and programs behind a pipe.

use std::collections::BTreeMap;

use crate::time::{Now, Time};
use crate::words::{Api, EndCause, ErrorWord, Event, Platform, Reason, State};

/// Anything that turns time and inputs into outputs.
pub trait Peer {
    /// Handles one input at `now`; what it causes is appended to `outputs` in order.
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>);
}

/// Numbers a link (one connection); the peer that opens it, or the carrier for accepted ones,
/// counts upwards and never reuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// Numbers a call; chosen by the caller, unique within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// One thing that happens to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The app calls (client only). Every call gets exactly one [`Output::Result`].
    Call {
        /// Names the call in its result.
        id: CallId,
        /// What is called.
        call: Call,
    },
    /// An administrator acts on the server (server only).
    Order(Order),
    /// A link is up: one the peer asked for (client), or one that was accepted (server).
    LinkOpened {
        /// The link.
        link: LinkId,
    },
    /// Bytes arrived, in chunks of any size.
    LinkReceived {
        /// The link.
        link: LinkId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The link is gone; nothing more comes from it.
    LinkClosed {
        /// The link.
        link: LinkId,
        /// How it went.
        how: Closed,
    },
    /// The link never came up.
    LinkRefused {
        /// The link.
        link: LinkId,
    },
    /// The moment asked for with [`Output::WakeAt`] has come.
    Wake,
    /// The operating system says whether there is a network (client only).
    Reachable(bool),
}

/// How a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The other side closed it in an orderly way.
    Finished,
    /// It broke.
    Reset,
}

/// A call with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Creates the client.
    Initialise,
    /// Destroys the client.
    Destroy,
    /// Logs in.
    Login {
        /// The user.
        user: String,
        /// The ticket; empty where the app uses none.
        ticket: String,
        /// The room, where login is login into a room.
        room: Option<String>,
    },
    /// Ends the session.
    Logout,
    /// Replaces the ticket.
    RenewToken {
        /// The new ticket.
        ticket: String,
    },
    /// Sends a message.
    SendMessage {
        /// A user or a room.
        to: Recipient,
        /// The text.
        text: String,
    },
    /// Who is logged in?
    GetLoginUser,
    /// What is the state of the session?
    GetLoginStatus,
    /// Any other call, by name; a peer that does not know it answers with
    /// [`ErrorWord::Unsupported`].
    Other(String),
}

impl Call {
    /// The neutral name, where the call has one.
    pub fn api(&self) -> Option<Api> {
        Some(match self {
            Call::Initialise => Api::Initialise,
            Call::Destroy => Api::Destroy,
            Call::Login { .. } => Api::Login,
            Call::Logout => Api::Logout,
            Call::RenewToken { .. } => Api::RenewToken,
            Call::SendMessage { .. } => Api::SendMessage,
            Call::GetLoginUser => Api::GetLoginUser,
            Call::GetLoginStatus => Api::GetLoginStatus,
            Call::Other(_) => return None,
        })
    }

    /// The name as it is written.
    pub fn name(&self) -> &str {
        match (self, self.api()) {
            (Call::Other(name), _) => name,
            (_, Some(api)) => api.word(),
            (_, None) => "unknown",
        }
    }
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// All devices of a user.
    User(String),
    /// Everybody else in a room.
    Room(String),
}

/// What an administrator asks of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Ends every session of the user.
    Kick {
        /// The user.
        user: String,
    },
    /// Changes console settings; sessions that exist are not judged anew (T-AMB-37).
    Set(crate::rules::Console),
}

/// One thing a peer causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a link; the answer is `LinkOpened` or `LinkRefused`, or silence.
    Connect {
        /// The number the peer gives it.
        link: LinkId,
    },
    /// Send these bytes.
    Send {
        /// The link.
        link: LinkId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Close the link after what was sent; also gives up one that is still opening.
    Close {
        /// The link.
        link: LinkId,
    },
    /// Wake me then. Replaces an earlier wish; `None` withdraws it.
    WakeAt(Option<Time>),
    /// The app is told something.
    Callback(Callback),
    /// A call is answered.
    Result {
        /// The call.
        id: CallId,
        /// Its outcome.
        outcome: Outcome,
    },
    /// What the server did to its sessions (server only).
    Session(SessionEvent),
    /// The other side broke the wire protocol; noted, never a verdict.
    Breach {
        /// The link it came over.
        link: LinkId,
        /// What was wrong.
        what: String,
    },
}

/// What an app is told: in neutral words, or in the vendor's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callback {
    /// Neutral words.
    Neutral(Happening),
    /// The vendor's own callback.
    Native {
        /// Its name.
        name: String,
        /// Its arguments.
        args: BTreeMap<String, serde_json::Value>,
    },
}

/// An event in neutral words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What happened.
    pub event: Event,
    /// Why.
    pub reason: Option<Reason>,
    /// The error it stands for.
    pub error: Option<ErrorWord>,
    /// The room it is about.
    pub room: Option<String>,
    /// The user it is about: who logs in, who joined, who sent the message.
    pub user: Option<String>,
    /// The text of a message.
    pub text: Option<String>,
    /// Seconds the ticket has left.
    pub seconds_left: Option<u64>,
}

impl Happening {
    /// The event, with nothing else said about it.
    pub fn new(event: Event) -> Happening {
        Happening {
            event,
            reason: None,
            error: None,
            room: None,
            user: None,
            text: None,
            seconds_left: None,
        }
    }
}

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Ok(Answer),
    /// It failed, in neutral words.
    Failed(ErrorWord),
    /// It failed, with the vendor's own number.
    FailedNative(i64),
}

/// What a successful call answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing but success.
    Done,
    /// A user, if there is one.
    User(Option<String>),
    /// The state of the session.
    State(State),
}

/// What happened to a session, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// An account was created by its first login.
    AccountCreated {
        /// The user.
        user: String,
    },
    /// A session began.
    Opened(SessionAbout),
    /// A session goes on over a new link.
    Resumed(SessionAbout),
    /// A session ended.
    Ended {
        /// Which.
        about: SessionAbout,
        /// Why.
        cause: EndCause,
    },
}

/// Which session is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAbout {
    /// The server's name for it.
    pub session: String,
    /// Whose it is.
    pub user: String,
    /// The device it was opened from.
    pub device: String,
    /// What that device is.
    pub platform: Platform,
    /// The room it is in.
    pub room: Option<String>,
}
