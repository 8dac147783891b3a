//! The ordered record of one run. Nothing else leaves a run.
//!
//! JSON Lines is the canonical form: a [`Header`], then one [`Entry`] a line. Everything is a
//! struct, an enum or a `BTreeMap`, so that equal runs are equal bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use session::rules::Console;
use session::time::Time;
use session::words::{EndCause, ErrorWord, Event, Platform, Reason, State};

use crate::grammar::LONGEST_NAME;
use crate::scenario::{AppAct, Direction, NetworkWord, SessionWord};

/// Raised whenever the meaning of a line changes.
pub const FORMAT: u32 = 1;

/// The longest record, in entries: about 300 MB. Eight clients and a heartbeat every ten seconds
/// fill it in a virtual week.
pub const MOST_ENTRIES: usize = 1_000_000;

/// The longest name of an actor, in bytes: that of a device of a fleet.
pub const LONGEST_ACTOR: usize = LONGEST_NAME + 16;

/// The name under which the server appears.
pub const SERVER: &str = "server";
/// The name under which the script appears.
pub const SCRIPT: &str = "script";

/// A whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// What was run.
    pub header: Header,
    /// What happened, in order.
    pub entries: Vec<Entry>,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its hash.
    pub scenario_hash: String,
    /// The profile's id.
    pub profile: String,
    /// Its hash.
    pub profile_hash: String,
    /// The seed.
    pub seed: u64,
    /// Who played the clients.
    pub client_subject: String,
    /// Who played the server.
    pub server_subject: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// Whose line it is: a device, [`SERVER`] or [`SCRIPT`]; at most [`LONGEST_ACTOR`] bytes.
    #[serde(deserialize_with = "actor")]
    pub actor: String,
    /// What happened.
    pub what: What,
}

fn actor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let actor = String::deserialize(deserializer)?;
    match actor.len() <= LONGEST_ACTOR {
        true => Ok(actor),
        false => Err(serde::de::Error::custom(format!(
            "the actor is {} bytes long; {LONGEST_ACTOR} are allowed",
            actor.len()
        ))),
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A step of the script began.
    Step {
        /// Which, counted from 0.
        step: usize,
        /// The first line of it, as its author wrote it.
        text: String,
    },
    /// The app asks its source of tickets for one, in order to call.
    Asks(CallMeant),
    /// The app called.
    Call(CallMade),
    /// The call that the app asked for a ticket for is never made: its process died.
    NeverCalled(CallMeant),
    /// A call was answered.
    Result(CallAnswered),
    /// The app was told something.
    Event(EventSeen),
    /// The client opens a link.
    Connect {
        /// The link.
        link: u32,
    },
    /// The link is up.
    LinkUp {
        /// The link.
        link: u32,
    },
    /// The link is gone, or never came up.
    LinkDown {
        /// The link.
        link: u32,
        /// How.
        how: LinkEnd,
    },
    /// The peer closes the link, or gives it up.
    Close {
        /// The link.
        link: u32,
    },
    /// The peer sends.
    Sent {
        /// The link.
        link: u32,
        /// How many bytes.
        bytes: usize,
        /// The messages in them, tickets replaced by their labels; empty when the bytes are
        /// opaque.
        messages: Vec<Message>,
    },
    /// What the server did to a session.
    Session(SessionSeen),
    /// The server created an account.
    AccountCreated {
        /// The user.
        user: String,
    },
    /// The server counts a user as active on this day.
    Counted {
        /// The user.
        user: String,
    },
    /// The client asked the app's source of tickets.
    AsksTicket {
        /// The question.
        ask: u32,
        /// For whom.
        user: String,
    },
    /// The app's source of tickets answered.
    TicketGiven {
        /// The question.
        ask: u32,
        /// What the ticket is called.
        ticket: String,
    },
    /// The other side broke the wire protocol.
    Breach {
        /// The link it came over.
        link: u32,
        /// What was wrong.
        what: String,
    },
    /// The network of the actor changed.
    Network {
        /// What became of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is: Option<NetworkWord>,
        /// One way only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        direction: Option<Direction>,
        /// Latency, jitter and loss where they changed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        quality: BTreeMap<String, String>,
    },
    /// Something was done to the actor's process.
    App {
        /// What.
        is: AppAct,
    },
    /// Something was done to the server.
    Server {
        /// What.
        act: String,
    },
    /// The actor's clock was set.
    Clock {
        /// Milliseconds ahead of the truth.
        skew: i64,
    },
    /// The script stops here, and the run comes to rest.
    Stopped {
        /// At which step, counted from 0.
        step: usize,
        /// Why.
        why: StopReason,
    },
    /// The run is over.
    End(End),
}

/// How the words of [`What::Server`] begin that change console settings; the settings follow.
pub(crate) const SET: &str = "set ";

impl What {
    /// The console settings that this changes, if it does.
    pub fn settings(&self) -> Option<Console> {
        let What::Server { act } = self else {
            return None;
        };
        serde_json::from_str(act.strip_prefix(SET)?).ok()
    }

    /// Did the server's process end here, and with it all it knew of sessions?
    pub fn stops_server(&self) -> bool {
        matches!(self, What::Server { act } if act == STOP || act == RESTART)
    }
}

/// What [`What::Server`] says of the server's process.
pub(crate) const STOP: &str = "stop";
/// The same, when it starts again at once.
pub(crate) const RESTART: &str = "restart";

/// A call an app made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CallMade {
    /// Its number.
    pub id: u32,
    /// Its neutral name.
    pub api: String,
    /// The vendor's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// The callback that it is made from inside of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
}

/// A call that an app is about to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CallMeant {
    /// Its number.
    pub id: u32,
    /// Its neutral name.
    pub api: String,
    /// The callback that it is made from inside of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
}

/// Does the call bring an empty ticket, or none? The text itself is in no transcript, only what it
/// is called.
pub fn brings_no_ticket(call: &CallMade) -> bool {
    let label = call.args.get("ticket");
    label.is_none_or(|label| label.ends_with("(none)") || label.ends_with(", empty)"))
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CallAnswered {
    /// The call's number.
    pub id: u32,
    /// Its neutral name.
    pub api: String,
    /// Did it succeed?
    pub ok: bool,
    /// What it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorWord>,
    /// The vendor's number for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
}

/// Something an app was told, in both languages where the profile knows both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EventSeen {
    /// The language it was said in.
    pub said: Said,
    /// The neutral word; absent when a native callback has none, which is *undocumented*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// The state after it, where it changes the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The error it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorWord>,
    /// The vendor's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// In which room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// About which user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The text of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// About which stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// What the device is that displaced this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Platform>,
    /// Seconds the ticket has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// The listener that heard it; absent when it is the app's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
    /// The vendor's callback; absent when the vendor has none for this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Value>,
}

impl EventSeen {
    /// Something said in this language, and nothing known about it yet.
    pub fn blank(said: Said) -> EventSeen {
        EventSeen {
            said,
            event: None,
            state: None,
            reason: None,
            error: None,
            code: None,
            room: None,
            user: None,
            text: None,
            stream: None,
            by: None,
            seconds_left: None,
            listener: None,
            callback: None,
            args: BTreeMap::new(),
        }
    }
}

session::words! {
    /// The language a peer speaks to its app.
    Said, "language" {
        Neutral = "neutral", "in neutral words";
        Native = "native", "in the vendor's own";
    }
}

session::words! {
    /// How a link ended.
    LinkEnd, "link end" {
        Finished = "finished", "closed in an orderly way";
        Reset = "reset", "it broke";
        Refused = "refused", "nobody listened";
    }
}

/// What the server did to a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SessionSeen {
    /// What happened to it.
    pub is: SessionWord,
    /// The server's name for it.
    pub session: String,
    /// Whose it is.
    pub user: String,
    /// The device it was opened from.
    pub device: String,
    /// What that device is.
    pub platform: Platform,
    /// The app ID it is under, where that is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<u32>,
    /// The room it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EndCause>,
}

session::words! {
    /// Why a script stops before its end.
    StopReason, "reason to stop" {
        Unmet = "unmet", "the step is not met";
        Undocumented = "undocumented", "nobody documents what the step hangs on, nor what follows it";
    }
}

session::words! {
    /// How a script ended.
    End, "end of a run" {
        Complete = "complete", "every step was played, and the run settled";
        Stopped = "stopped", "the script stopped at a step; the run settled";
        TimeLimit = "time-limit", "the virtual time a run may take is used up";
        RecordLimit = "record-limit", "the record is as long as it may be";
        CallLimit = "call-limit", "an app made more calls from inside its callbacks than it may";
    }
}

/// The two messages that make a heartbeat.
pub(crate) const HEARTBEAT: [&str; 2] = [r#"{"type":"ping"}"#, r#"{"type":"pong"}"#];

/// A message on the wire: JSON, kept as its text because there are very many of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Message(Box<RawValue>);

impl Message {
    /// A message from its JSON text; `None` when that is no JSON.
    pub fn new(json: &str) -> Option<Message> {
        serde_json::from_str(json).ok().map(Message)
    }

    /// A message of this value; `None` when it cannot be written.
    pub fn of(value: &Value) -> Option<Message> {
        serde_json::value::to_raw_value(value).ok().map(Message)
    }

    /// Its JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Its value.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// Is it one of the two that make a heartbeat?
    pub fn is_heartbeat(&self) -> bool {
        HEARTBEAT.contains(&self.text())
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Message) -> bool {
        self.text() == other.text()
    }
}

/// A stored transcript that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadTranscript {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Transcript {
    /// The canonical form: the header and every entry, one JSON object a line.
    pub fn to_jsonl(&self) -> String {
        let mut text = line(&self.header);
        for entry in &self.entries {
            text.push_str(&line(entry));
        }
        text
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// The first line that is not what it should be, or that is too many.
    pub fn from_jsonl(text: &str) -> Result<Transcript, BadTranscript> {
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or_else(|| BadTranscript {
            line: 1,
            why: "the transcript is empty".into(),
        })?;
        let bad = |n: usize, why: serde_json::Error| BadTranscript {
            line: n + 1,
            why: why.to_string(),
        };
        let header: Header = serde_json::from_str(first).map_err(|e| bad(0, e))?;
        if header.format != FORMAT {
            return Err(BadTranscript {
                line: 1,
                why: format!("format {} is not {FORMAT}", header.format),
            });
        }
        let mut entries = Vec::new();
        for (n, text) in lines {
            if entries.len() == MOST_ENTRIES {
                return Err(BadTranscript {
                    line: n + 1,
                    why: format!("a transcript has at most {MOST_ENTRIES} entries"),
                });
            }
            entries.push(serde_json::from_str(text).map_err(|e| bad(n, e))?);
        }
        Ok(Transcript { header, entries })
    }
}

fn line(value: &impl Serialize) -> String {
    // Structs, words and string keys only: serialising them cannot fail.
    let mut text = serde_json::to_string(value).expect("a transcript is plain data");
    text.push('\n');
    text
}
