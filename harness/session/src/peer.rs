//! The contract between a peer and whoever carries it.
//!
//! A carrier gives a peer the time and one input; the peer answers with everything that causes,
//! in order. The same contract serves the reference peers and programs behind a pipe.

use std::collections::BTreeMap;

use crate::time::{Millis, Now, Time};
use crate::words;
use crate::words::{Api, EndCause, ErrorWord, Event, Lifecycle, Notice, Platform, Reason, State};

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

/// Numbers what a client asks the app's source of tickets; chosen by the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u32);

/// Numbers the gateways of a service, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gateway(pub u8);

impl Gateway {
    /// The one that is used unless something else is said.
    pub const FIRST: Gateway = Gateway(1);
}

/// What a peer asked to be kept ([`Output::Store`]): it survives its process.
pub type Store = BTreeMap<String, String>;

/// One thing that happens to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The app calls (client only). Every call gets exactly one [`Output::Result`].
    Call {
        /// Names the call in its result.
        id: CallId,
        /// What is called.
        call: Call,
        /// The callback of this client that it is made from inside of.
        inside: Option<String>,
    },
    /// An administrator acts on the server (server only).
    Order(Order),
    /// A link is up: one the peer asked for (client), or one that was accepted (server).
    LinkOpened {
        /// The link.
        link: LinkId,
        /// The gateway it leads through.
        gateway: Gateway,
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
    /// The operating system does something to the app (client only).
    Lifecycle(Lifecycle),
    /// The ticket asked for with [`Output::AskToken`] is there (client only).
    Token {
        /// The question.
        ask: AskId,
        /// The ticket.
        ticket: String,
    },
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
    Login(LoginCall),
    /// Ends the session; with several rooms, that of one room or, without one, of all.
    Logout {
        /// The room.
        room: Option<String>,
    },
    /// Replaces the ticket of the session; with several rooms, that of one room.
    RenewToken {
        /// The new ticket.
        ticket: String,
        /// The room.
        room: Option<String>,
    },
    /// Sends a message.
    SendMessage {
        /// Which kind.
        kind: MessageKind,
        /// A user or a room.
        to: Recipient,
        /// The text.
        text: String,
    },
    /// Chooses between one room and several.
    SetRoomMode {
        /// Several?
        several: bool,
    },
    /// Leaves a room and enters another.
    SwitchRoom {
        /// The one that is left; the only one, when left out.
        from: Option<String>,
        /// The one that is entered.
        to: String,
        /// The ticket for it.
        ticket: String,
    },
    /// Begins or ends a stream of one's own.
    Publish {
        /// The stream.
        stream: String,
        /// Begins?
        on: bool,
        /// The room, where there are several.
        room: Option<String>,
    },
    /// Begins or ends to play a stream.
    Play {
        /// The stream.
        stream: String,
        /// Begins?
        on: bool,
    },
    /// Sets the extra information of a stream of one's own.
    SetStreamExtraInfo {
        /// The stream.
        stream: String,
        /// The information.
        text: String,
    },
    /// With whom were there conversations?
    GetConversations,
    /// What was said in one?
    GetHistory {
        /// With whom.
        with: String,
    },
    /// What is a user called?
    GetUserName {
        /// The user.
        user: String,
    },
    /// Registers a listener; a name that is registered already changes nothing.
    AddListener {
        /// Its name.
        name: String,
    },
    /// Removes a listener.
    RemoveListener {
        /// Its name.
        name: String,
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
            Call::Login(_) => Api::Login,
            Call::Logout { .. } => Api::Logout,
            Call::RenewToken { .. } => Api::RenewToken,
            Call::SendMessage { kind, .. } => match kind {
                MessageKind::Message => Api::SendMessage,
                MessageKind::Barrage => Api::SendBarrage,
                MessageKind::Command => Api::SendCommand,
            },
            Call::SetRoomMode { .. } => Api::SetRoomMode,
            Call::SwitchRoom { .. } => Api::SwitchRoom,
            Call::Publish { on: true, .. } => Api::StartPublishing,
            Call::Publish { on: false, .. } => Api::StopPublishing,
            Call::Play { on: true, .. } => Api::StartPlaying,
            Call::Play { on: false, .. } => Api::StopPlaying,
            Call::SetStreamExtraInfo { .. } => Api::SetStreamExtraInfo,
            Call::GetConversations => Api::GetConversations,
            Call::GetHistory { .. } => Api::GetHistory,
            Call::GetUserName { .. } => Api::GetUserName,
            Call::AddListener { .. } => Api::AddListener,
            Call::RemoveListener { .. } => Api::RemoveListener,
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

/// A login with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCall {
    /// The user.
    pub user: String,
    /// The ticket; empty where the app uses none.
    pub ticket: String,
    /// The room, where login is login into a room.
    pub room: Option<String>,
    /// What the user is to be called; `None` leaves the name as it is.
    pub name: Option<String>,
    /// Succeeds at once from what is stored, and goes online when there is a network.
    pub offline: bool,
    /// Are the members of the room told of this one, and this one of them?
    pub notify: bool,
    /// The gateway to begin with.
    pub gateway: Gateway,
}

impl LoginCall {
    /// A login with nothing special about it.
    pub fn new(user: &str, ticket: &str) -> LoginCall {
        LoginCall {
            user: user.to_owned(),
            ticket: ticket.to_owned(),
            room: None,
            name: None,
            offline: false,
            notify: true,
            gateway: Gateway::FIRST,
        }
    }
}

words! {
    /// A kind of message.
    MessageKind, "kind of message" {
        Message = "message", "an ordinary message";
        Barrage = "barrage", "a barrage message";
        Command = "command", "a custom command";
    }
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// All devices of a user.
    User(String),
    /// Everybody else in a room, or one user in it.
    Room {
        /// The room; the only one, when left out.
        room: Option<String>,
        /// The user.
        user: Option<String>,
    },
}

/// What an administrator, or fate, asks of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Ends sessions of the user: all, those in a room, or those of a device.
    Kick {
        /// The user.
        user: String,
        /// Only in this room.
        room: Option<String>,
        /// Only on this device.
        device: Option<String>,
    },
    /// Shuts a user out: ends all sessions and refuses every login.
    Ban {
        /// The user.
        user: String,
    },
    /// Admits the user again.
    Unban {
        /// The user.
        user: String,
    },
    /// Makes every ticket of the user worthless that was made up to now.
    Revoke {
        /// The user.
        user: String,
    },
    /// Changes console settings; sessions that exist are not judged anew (T-AMB-37).
    Set(crate::rules::Console),
    /// A gateway stops: its links end and it takes no new ones. Or it goes on.
    Gateway {
        /// Which.
        gateway: Gateway,
        /// Does it work?
        works: bool,
    },
    /// The next notices of this kind do not arrive as they should.
    Disturb(Disturbance),
}

/// What happens to notices of the server on their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// Which kind.
    pub notice: Notice,
    /// Only to this device.
    pub device: Option<String>,
    /// How many of them.
    pub times: u64,
    /// What becomes of them.
    pub how: Disturbed,
}

/// What becomes of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbed {
    /// It leaves so much later; the end of its link waits for it.
    Delayed(Millis),
    /// It is lost.
    Dropped,
    /// It leaves after the next one on its link.
    Reordered,
}

/// One thing a peer causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a link; the answer is `LinkOpened` or `LinkRefused`, or silence.
    Connect {
        /// The number the peer gives it.
        link: LinkId,
        /// The gateway it is to lead through.
        gateway: Gateway,
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
    Callback {
        /// The listener that is told; `None` is the one that an app has unless it says otherwise.
        listener: Option<String>,
        /// What.
        callback: Callback,
    },
    /// Keep this for the next process of this device or server; `None` forgets it.
    Store {
        /// Under which name.
        key: String,
        /// What.
        value: Option<String>,
    },
    /// A call is answered.
    Result {
        /// The call.
        id: CallId,
        /// Its outcome.
        outcome: Outcome,
    },
    /// What the server did to its sessions (server only).
    Session(SessionEvent),
    /// Ask the app's source of tickets for one; the answer is [`Input::Token`], some time (client
    /// only).
    AskToken {
        /// Numbers the question.
        ask: AskId,
        /// For whom.
        user: String,
    },
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
    /// The stream it is about.
    pub stream: Option<String>,
    /// What the device is that displaced this one.
    pub by: Option<Platform>,
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
            stream: None,
            by: None,
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
    /// A user, or the name of one, if there is one.
    User(Option<String>),
    /// Several things, in their order.
    List(Vec<String>),
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
    /// A user is counted as active on this day, for the first time in it.
    Counted {
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
