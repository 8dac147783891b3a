//! What happens to a subject.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::peer::{self, CallId, Closed, Gateway, LinkId};
use session::words::Lifecycle;

use crate::bytes;
use crate::call::Call;
use crate::schema;
use crate::setup::Setup;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "input", rename_all = "kebab-case")]
pub enum Input {
    /// The first line of a process.
    Hello(Box<Setup>),
    /// Forget everything; another run begins.
    Reset(Box<Setup>),
    /// An app calls its client, or an administrator the server.
    Call(Box<Call>),
    /// A link is up.
    LinkOpened {
        /// The link.
        link: u32,
        /// The gateway it leads through.
        gateway: u8,
    },
    /// Bytes arrived, in a chunk of any size: either `text` or `base64`.
    Received {
        /// The link.
        link: u32,
        /// The bytes, where they are UTF-8.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The bytes, where they are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
    },
    /// A link is gone.
    LinkClosed {
        /// The link.
        link: u32,
        /// How it ended.
        #[schemars(schema_with = "schema::end")]
        how: End,
    },
    /// A connect has failed.
    LinkRefused {
        /// The link.
        link: u32,
    },
    /// The alarm rings.
    Wake,
    /// The operating system says whether there is a network.
    Reachable {
        /// Is there one?
        up: bool,
    },
    /// The operating system does something to the app.
    Lifecycle {
        /// What.
        #[schemars(schema_with = "schema::lifecycle")]
        is: Lifecycle,
    },
    /// Answers an `ask-token`.
    Token {
        /// The number of the question.
        ask: u32,
        /// The ticket.
        ticket: String,
    },
    /// One that this version does not know.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

session::words! {
    /// How a link ended.
    End, "link end" {
        Finished = "finished", "closed in an orderly way";
        Reset = "reset", "it broke";
    }
}

/// What happens to a peer, as a line says it; `id` numbers what an administrator calls.
pub fn written(input: peer::Input, id: u32) -> Input {
    match input {
        peer::Input::Call { id, call, inside } => {
            Input::Call(Box::new(Call::of_app(id.0, call, inside)))
        }
        peer::Input::Order(order) => Input::Call(Box::new(Call::of_order(id, order))),
        peer::Input::LinkOpened { link, gateway } => Input::LinkOpened {
            link: link.0,
            gateway: gateway.0,
        },
        peer::Input::LinkReceived { link, bytes } => {
            let (text, base64) = bytes::written(bytes);
            Input::Received {
                link: link.0,
                text,
                base64,
            }
        }
        peer::Input::LinkClosed { link, how } => Input::LinkClosed {
            link: link.0,
            how: match how {
                Closed::Finished => End::Finished,
                Closed::Reset => End::Reset,
            },
        },
        peer::Input::LinkRefused { link } => Input::LinkRefused { link: link.0 },
        peer::Input::Wake => Input::Wake,
        peer::Input::Reachable(up) => Input::Reachable { up },
        peer::Input::Lifecycle(is) => Input::Lifecycle { is },
        peer::Input::Token { ask, ticket } => Input::Token { ask: ask.0, ticket },
    }
}

/// What a peer hears, once the run has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// This.
    Input(peer::Input),
    /// An administrator calls this.
    Order(u32, peer::Order),
    /// A call that nobody knows.
    Unknown(u32),
    /// Nothing that means anything.
    Nothing,
}

impl Input {
    /// What a peer in this role hears.
    ///
    /// # Errors
    /// The line lacks something, or is no part of a run.
    pub fn heard(self, is_server: bool) -> Result<Heard, String> {
        Ok(Heard::Input(match self {
            Input::Hello(_) | Input::Reset(_) => {
                return Err("a run begins, and is not heard".into());
            }
            Input::Unknown => return Ok(Heard::Nothing),
            Input::Call(call) if is_server => {
                let id = call.id;
                return Ok(match call.into_order()? {
                    Some(order) => Heard::Order(id, order),
                    None => Heard::Unknown(id),
                });
            }
            Input::Call(mut call) => peer::Input::Call {
                id: CallId(call.id),
                inside: call.inside.take(),
                call: call.into_app_call()?,
            },
            Input::LinkOpened { link, gateway } => peer::Input::LinkOpened {
                link: LinkId(link),
                gateway: Gateway(gateway),
            },
            Input::Received { link, text, base64 } => peer::Input::LinkReceived {
                link: LinkId(link),
                bytes: bytes::read(text, base64)?,
            },
            Input::LinkClosed { link, how } => peer::Input::LinkClosed {
                link: LinkId(link),
                how: match how {
                    End::Finished => Closed::Finished,
                    End::Reset => Closed::Reset,
                },
            },
            Input::LinkRefused { link } => peer::Input::LinkRefused { link: LinkId(link) },
            Input::Wake => peer::Input::Wake,
            Input::Reachable { up } => peer::Input::Reachable(up),
            Input::Lifecycle { is } => peer::Input::Lifecycle(is),
            Input::Token { ask, ticket } => peer::Input::Token {
                ask: peer::AskId(ask),
                ticket,
            },
        }))
    }
}
