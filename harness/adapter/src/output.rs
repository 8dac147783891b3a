//! What a subject causes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::peer::{
    self, Answer, AskId, CallId, Gateway, Happening, LinkId, Outcome, SessionAbout, SessionEvent,
};
use session::time::Time;
use session::words::{EndCause, ErrorWord, Event, Platform, Reason};

use crate::bytes;
use crate::call::Wants;
use crate::schema;

/// One thing it causes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "output", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Output {
    /// Answers `hello` and `reset`.
    Ready {
        /// The version of the protocol.
        protocol: u32,
        /// What the subject is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Opens a link.
    Connect {
        /// Its number.
        link: u32,
        /// The gateway it is to lead through.
        #[serde(default = "first_gateway")]
        gateway: u8,
    },
    /// Sends bytes: either `text` or `base64`.
    Send {
        /// The link.
        link: u32,
        /// The bytes, where they are UTF-8.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The bytes, whatever they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
    },
    /// Closes a link after what was sent; also gives up one that is still opening.
    Close {
        /// The link.
        link: u32,
    },
    /// Sets the alarm.
    WakeAt {
        /// Milliseconds since the start; null withdraws it.
        at: Option<u64>,
    },
    /// The app is told something.
    Callback(Callback),
    /// Answers a call.
    Result(CallResult),
    /// Answers a call that nobody here knows.
    Unsupported {
        /// The call.
        id: u32,
    },
    /// Keeps something beyond this process.
    Store {
        /// Under which name.
        key: String,
        /// What; null forgets it.
        value: Option<String>,
    },
    /// What became of a session of the server.
    Session(Session),
    /// What became of an account of the server.
    Account {
        /// What.
        #[schemars(schema_with = "schema::account")]
        is: Account,
        /// Whose it is.
        user: String,
    },
    /// Asks the app's source of tickets.
    AskToken {
        /// Numbers the question.
        ask: u32,
        /// For whom.
        user: String,
    },
    /// The other side broke the wire protocol.
    Breach {
        /// The link it came over.
        link: u32,
        /// What was wrong.
        what: String,
    },
    /// Shown when the case fails.
    Log {
        /// What.
        text: String,
    },
}

fn first_gateway() -> u8 {
    Gateway::FIRST.0
}

/// What an app is told: neutral words (`event`), or the vendor's own (`native`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Callback {
    /// The listener that is told; without it, the app's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
    /// The event, in neutral words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::event")]
    pub event: Option<Event>,
    /// Why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::reason")]
    pub reason: Option<Reason>,
    /// The error it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::error")]
    pub error: Option<ErrorWord>,
    /// In which room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// About which user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The text of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// About which stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The platform of the newer login.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::platform")]
    pub by: Option<Platform>,
    /// Seconds the ticket has left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// The vendor's name of the callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<BTreeMap<String, Value>>,
}

/// The result of a call: exactly one of `ok`, `error` and `code`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CallResult {
    /// The call.
    pub id: u32,
    /// It succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// What it answers: a text, a list of texts, a state, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::value")]
    pub value: Option<Value>,
    /// Why it failed, in a neutral word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::error")]
    pub error: Option<ErrorWord>,
    /// Why it failed, as the vendor's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
}

/// What became of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Session {
    /// What.
    #[schemars(schema_with = "schema::session")]
    pub is: SessionIs,
    /// The server's name for it.
    pub session: String,
    /// Whose it is.
    pub user: String,
    /// The device it was opened from.
    pub device: String,
    /// What that is.
    #[schemars(schema_with = "schema::platform")]
    pub platform: Platform,
    /// The room it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::cause")]
    pub cause: Option<EndCause>,
}

session::words! {
    /// What became of a session.
    SessionIs, "session event" {
        Opened = "opened", "by a login";
        Resumed = "resumed", "it goes on over a new link";
        Ended = "ended", "it is over";
    }
}

session::words! {
    /// What became of an account.
    Account, "account event" {
        Created = "created", "by its first login";
        Counted = "counted", "as active on this day, for the first time in it";
    }
}

/// What an output means to the harness.
#[derive(Debug, Clone, PartialEq)]
pub enum Understood {
    /// As a peer of its own says it.
    Output(peer::Output),
    /// Only a note.
    Log(String),
    /// A run may begin.
    Ready {
        /// The version of the protocol.
        protocol: u32,
        /// What the subject is.
        name: Option<String>,
    },
}

impl Output {
    /// What it means; `wants` tells what a call's value is.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn understood(self, wants: impl Fn(u32) -> Wants) -> Result<Understood, String> {
        Ok(Understood::Output(match self {
            Output::Ready { protocol, name } => return Ok(Understood::Ready { protocol, name }),
            Output::Log { text } => return Ok(Understood::Log(text)),
            Output::Connect { link, gateway } => peer::Output::Connect {
                link: LinkId(link),
                gateway: Gateway(gateway),
            },
            Output::Send { link, text, base64 } => peer::Output::Send {
                link: LinkId(link),
                bytes: bytes::read(text, base64)?,
            },
            Output::Close { link } => peer::Output::Close { link: LinkId(link) },
            Output::WakeAt { at } => peer::Output::WakeAt(at.map(Time)),
            Output::Callback(callback) => callback.understood()?,
            Output::Result(result) => {
                let wants = wants(result.id);
                result.understood(wants)?
            }
            Output::Unsupported { id } => peer::Output::Result {
                id: CallId(id),
                outcome: Outcome::Failed(ErrorWord::Unsupported),
            },
            Output::Store { key, value } => peer::Output::Store { key, value },
            Output::Session(session) => peer::Output::Session(session.understood()?),
            Output::Account { is, user } => peer::Output::Session(match is {
                Account::Created => SessionEvent::AccountCreated { user },
                Account::Counted => SessionEvent::Counted { user },
            }),
            Output::AskToken { ask, user } => peer::Output::AskToken {
                ask: AskId(ask),
                user,
            },
            Output::Breach { link, what } => peer::Output::Breach {
                link: LinkId(link),
                what,
            },
        }))
    }

    /// What a peer causes, as a line says it.
    pub fn written(output: peer::Output) -> Output {
        match output {
            peer::Output::Connect { link, gateway } => Output::Connect {
                link: link.0,
                gateway: gateway.0,
            },
            peer::Output::Send { link, bytes } => {
                let (text, base64) = bytes::written(bytes);
                Output::Send {
                    link: link.0,
                    text,
                    base64,
                }
            }
            peer::Output::Close { link } => Output::Close { link: link.0 },
            peer::Output::WakeAt(at) => Output::WakeAt {
                at: at.map(|at| at.0),
            },
            peer::Output::Callback { listener, callback } => {
                Output::Callback(Callback::written(listener, callback))
            }
            peer::Output::Store { key, value } => Output::Store { key, value },
            peer::Output::Result { id, outcome } => match outcome {
                Outcome::Failed(ErrorWord::Unsupported) => Output::Unsupported { id: id.0 },
                outcome => Output::Result(CallResult::written(id.0, outcome)),
            },
            peer::Output::Session(event) => match event {
                SessionEvent::AccountCreated { user } => Output::Account {
                    is: Account::Created,
                    user,
                },
                SessionEvent::Counted { user } => Output::Account {
                    is: Account::Counted,
                    user,
                },
                SessionEvent::Opened(about) => Session::written(SessionIs::Opened, about, None),
                SessionEvent::Resumed(about) => Session::written(SessionIs::Resumed, about, None),
                SessionEvent::Ended { about, cause } => {
                    Session::written(SessionIs::Ended, about, Some(cause))
                }
            },
            peer::Output::AskToken { ask, user } => Output::AskToken { ask: ask.0, user },
            peer::Output::Breach { link, what } => Output::Breach { link: link.0, what },
        }
    }
}

impl Callback {
    fn understood(self) -> Result<peer::Output, String> {
        let listener = self.listener.clone();
        let callback = match (self.event, &self.native) {
            (Some(event), None) if self.args.is_none() => peer::Callback::Neutral(Happening {
                event,
                reason: self.reason,
                error: self.error,
                room: self.room,
                user: self.user,
                text: self.text,
                stream: self.stream,
                by: self.by,
                seconds_left: self.seconds_left,
            }),
            (None, Some(_)) => {
                let plain = Callback {
                    listener: self.listener.clone(),
                    native: self.native.clone(),
                    args: self.args.clone(),
                    ..Callback::default()
                };
                if self != plain {
                    return Err("a native callback has `args` and no neutral words".into());
                }
                peer::Callback::Native {
                    name: self.native.unwrap_or_default(),
                    args: self.args.unwrap_or_default(),
                }
            }
            (Some(_), None) => return Err("`args` belong to a `native` callback".into()),
            _ => return Err("a callback has either an `event` or a `native` name".into()),
        };
        Ok(peer::Output::Callback { listener, callback })
    }

    fn written(listener: Option<String>, callback: peer::Callback) -> Callback {
        match callback {
            peer::Callback::Neutral(happening) => Callback {
                listener,
                event: Some(happening.event),
                reason: happening.reason,
                error: happening.error,
                room: happening.room,
                user: happening.user,
                text: happening.text,
                stream: happening.stream,
                by: happening.by,
                seconds_left: happening.seconds_left,
                ..Callback::default()
            },
            peer::Callback::Native { name, args } => Callback {
                listener,
                native: Some(name),
                args: Some(args),
                ..Callback::default()
            },
        }
    }
}

impl CallResult {
    fn understood(self, wants: Wants) -> Result<peer::Output, String> {
        let outcome = match (self.ok, self.error, self.code) {
            (Some(true), None, None) => Outcome::Ok(answer(self.value, wants)?),
            (None, Some(error), None) if self.value.is_none() => Outcome::Failed(error),
            (None, None, Some(code)) if self.value.is_none() => Outcome::FailedNative(code),
            _ => return Err("a result is one of `\"ok\": true`, `error` and `code`".into()),
        };
        Ok(peer::Output::Result {
            id: CallId(self.id),
            outcome,
        })
    }

    fn written(id: u32, outcome: Outcome) -> CallResult {
        let mut result = CallResult {
            id,
            ..CallResult::default()
        };
        match outcome {
            Outcome::Ok(answer) => {
                result.ok = Some(true);
                result.value = match answer {
                    Answer::Done => None,
                    Answer::User(user) => user.map(Value::from),
                    Answer::List(items) => Some(Value::from(items)),
                    Answer::State(state) => Some(Value::from(state.word())),
                };
            }
            Outcome::Failed(error) => result.error = Some(error),
            Outcome::FailedNative(code) => result.code = Some(code),
        }
        result
    }
}

fn answer(value: Option<Value>, wants: Wants) -> Result<Answer, String> {
    let value = value.unwrap_or_default();
    let wrong = |wanted: &str| Err(format!("the `value` of this call is {wanted}"));
    Ok(match (wants, value) {
        (Wants::Nothing, Value::Null) => Answer::Done,
        (Wants::Text, Value::Null) => Answer::User(None),
        (Wants::Text, Value::String(text)) => Answer::User(Some(text)),
        (Wants::List, Value::Array(items)) => {
            let texts: Option<Vec<String>> = items
                .into_iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect();
            match texts {
                Some(texts) => Answer::List(texts),
                None => return wrong("a list of texts"),
            }
        }
        (Wants::State, Value::String(state)) => match state.parse() {
            Ok(state) => Answer::State(state),
            Err(unknown) => return Err(unknown.to_string()),
        },
        (Wants::Nothing, _) => return wrong("left out"),
        (Wants::Text, _) => return wrong("a text, or null"),
        (Wants::List, _) => return wrong("a list of texts"),
        (Wants::State, _) => return wrong("a state"),
    })
}

impl Session {
    fn understood(self) -> Result<SessionEvent, String> {
        let about = SessionAbout {
            session: self.session,
            user: self.user,
            device: self.device,
            platform: self.platform,
            room: self.room,
        };
        Ok(match (self.is, self.cause) {
            (SessionIs::Opened, None) => SessionEvent::Opened(about),
            (SessionIs::Resumed, None) => SessionEvent::Resumed(about),
            (SessionIs::Ended, Some(cause)) => SessionEvent::Ended { about, cause },
            (SessionIs::Ended, None) => return Err("a session that ended has a `cause`".into()),
            (_, Some(_)) => return Err("only a session that ended has a `cause`".into()),
        })
    }

    fn written(is: SessionIs, about: SessionAbout, cause: Option<EndCause>) -> Output {
        Output::Session(Session {
            is,
            session: about.session,
            user: about.user,
            device: about.device,
            platform: about.platform,
            room: about.room,
            cause,
        })
    }
}
