//! What an app calls on a client, and an administrator on a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::peer::{
    self, Disturbance, Disturbed, Gateway, LoginCall, MessageKind, Order, Recipient,
};
use session::rules::Console;
use session::time::Millis;
use session::words::{Api, Notice};

use crate::schema;

/// A call: every one gets exactly one result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    /// Names the call in its result.
    pub id: u32,
    /// What is called; a word, or a name that nobody knows.
    pub api: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Args::is_empty")]
    pub args: Args,
    /// The callback of the subject from inside of which the call is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
}

/// The arguments of a call; those that do not apply are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct Args {
    /// A user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A ticket; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// A room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// What the user is to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Log in from what is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
    /// Are the members of the room told?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
    /// A gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<u8>,
    /// Whom a message is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The text of a message, or extra information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Several rooms, or one?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub several: Option<bool>,
    /// The room that is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// With whom a conversation was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The name of a listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
    /// A device, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Console settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object")]
    pub console: Option<Console>,
    /// Does the gateway work?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub works: Option<bool>,
    /// A kind of notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::notice")]
    pub notice: Option<Notice>,
    /// How many of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What becomes of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::disturbed")]
    pub how: Option<How>,
    /// How late they are, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<u64>,
}

impl Args {
    fn is_empty(&self) -> bool {
        *self == Args::default()
    }
}

session::words! {
    /// What becomes of a notice.
    How, "disturbance" {
        Delayed = "delayed", "it leaves so much later";
        Dropped = "dropped", "it is lost";
        Reordered = "reordered", "it leaves after the next one on its link";
    }
}

session::words! {
    /// A call of an administrator.
    OrderApi, "call" {
        Kick = "kick", "ends sessions of a user";
        Ban = "ban", "shuts a user out";
        Unban = "unban", "admits the user again";
        Revoke = "revoke", "makes every ticket of the user worthless that was made up to now";
        Set = "set", "changes console settings";
        Gateway = "gateway", "stops a gateway, or lets it work again";
        Disturb = "disturb", "the next notices of a kind do not arrive as they should";
    }
}

/// What the value of a call's result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing but success.
    Nothing,
    /// A text, or none.
    Text,
    /// A list of texts.
    List,
    /// A state.
    State,
}

impl Wants {
    /// That of this call.
    pub fn of(call: &peer::Call) -> Wants {
        match call {
            peer::Call::GetConversations | peer::Call::GetHistory { .. } => Wants::List,
            peer::Call::GetUserName { .. } | peer::Call::GetLoginUser => Wants::Text,
            peer::Call::GetLoginStatus => Wants::State,
            _ => Wants::Nothing,
        }
    }
}

impl Call {
    /// A call of an app.
    pub fn of_app(id: u32, call: peer::Call, inside: Option<String>) -> Call {
        let api = call.name().to_owned();
        let mut args = Args::default();
        match call {
            peer::Call::Login(login) => {
                args.user = Some(login.user);
                args.ticket = Some(login.ticket);
                args.room = login.room;
                args.name = login.name;
                args.offline = login.offline.then_some(true);
                args.notify = (!login.notify).then_some(false);
                let elsewhere = login.gateway != Gateway::FIRST;
                args.gateway = elsewhere.then_some(login.gateway.0);
            }
            peer::Call::Logout { room } => args.room = room,
            peer::Call::RenewToken { ticket, room } => {
                args.ticket = Some(ticket);
                args.room = room;
            }
            peer::Call::SendMessage { to, text, .. } => {
                args.text = Some(text);
                match to {
                    Recipient::User(user) => args.to = Some(user),
                    Recipient::Room { room, user } => {
                        args.room = room;
                        args.to = user;
                    }
                }
            }
            peer::Call::SetRoomMode { several } => args.several = Some(several),
            peer::Call::SwitchRoom { from, to, ticket } => {
                args.from = from;
                args.room = Some(to);
                args.ticket = Some(ticket);
            }
            peer::Call::Publish { stream, room, .. } => {
                args.stream = Some(stream);
                args.room = room;
            }
            peer::Call::Play { stream, .. } => args.stream = Some(stream),
            peer::Call::SetStreamExtraInfo { stream, text } => {
                args.stream = Some(stream);
                args.text = Some(text);
            }
            peer::Call::GetHistory { with } => args.with = Some(with),
            peer::Call::GetUserName { user } => args.user = Some(user),
            peer::Call::AddListener { name } | peer::Call::RemoveListener { name } => {
                args.listener = Some(name);
            }
            peer::Call::Initialise
            | peer::Call::Destroy
            | peer::Call::GetConversations
            | peer::Call::GetLoginUser
            | peer::Call::GetLoginStatus
            | peer::Call::Other(_) => {}
        }
        Call {
            id,
            api,
            args,
            inside,
        }
    }

    /// A call of an administrator.
    pub fn of_order(id: u32, order: Order) -> Call {
        let mut args = Args::default();
        let api = match order {
            Order::Kick { user, room, device } => {
                args.user = Some(user);
                args.room = room;
                args.device = device;
                OrderApi::Kick
            }
            Order::Ban { user } => {
                args.user = Some(user);
                OrderApi::Ban
            }
            Order::Unban { user } => {
                args.user = Some(user);
                OrderApi::Unban
            }
            Order::Revoke { user } => {
                args.user = Some(user);
                OrderApi::Revoke
            }
            Order::Set(console) => {
                args.console = Some(console);
                OrderApi::Set
            }
            Order::Gateway { gateway, works } => {
                args.gateway = Some(gateway.0);
                args.works = Some(works);
                OrderApi::Gateway
            }
            Order::Disturb(disturbance) => {
                args.notice = Some(disturbance.notice);
                args.device = disturbance.device;
                args.times = Some(disturbance.times);
                let (how, by) = match disturbance.how {
                    Disturbed::Delayed(by) => (How::Delayed, Some(by.0)),
                    Disturbed::Dropped => (How::Dropped, None),
                    Disturbed::Reordered => (How::Reordered, None),
                };
                args.how = Some(how);
                args.by = by;
                OrderApi::Disturb
            }
        };
        Call {
            id,
            api: api.word().to_owned(),
            args,
            inside: None,
        }
    }

    /// What an app calls; one that nobody knows is [`peer::Call::Other`].
    ///
    /// # Errors
    /// An argument that the call needs is missing.
    pub fn into_app_call(self) -> Result<peer::Call, String> {
        let Ok(api) = self.api.parse::<Api>() else {
            return Ok(peer::Call::Other(self.api));
        };
        let args = self.args;
        Ok(match api {
            Api::Initialise => peer::Call::Initialise,
            Api::Destroy => peer::Call::Destroy,
            Api::Login => peer::Call::Login(LoginCall {
                user: needed(args.user, "user")?,
                ticket: needed(args.ticket, "ticket")?,
                room: args.room,
                name: args.name,
                offline: args.offline.unwrap_or(false),
                notify: args.notify.unwrap_or(true),
                gateway: args.gateway.map_or(Gateway::FIRST, Gateway),
            }),
            Api::Logout => peer::Call::Logout { room: args.room },
            Api::RenewToken => peer::Call::RenewToken {
                ticket: needed(args.ticket, "ticket")?,
                room: args.room,
            },
            Api::SendMessage | Api::SendBarrage | Api::SendCommand => peer::Call::SendMessage {
                kind: match api {
                    Api::SendBarrage => MessageKind::Barrage,
                    Api::SendCommand => MessageKind::Command,
                    _ => MessageKind::Message,
                },
                text: needed(args.text, "text")?,
                to: match (args.room, args.to) {
                    (None, Some(user)) => Recipient::User(user),
                    (room, user) => Recipient::Room { room, user },
                },
            },
            Api::SetRoomMode => peer::Call::SetRoomMode {
                several: needed(args.several, "several")?,
            },
            Api::SwitchRoom => peer::Call::SwitchRoom {
                from: args.from,
                to: needed(args.room, "room")?,
                ticket: needed(args.ticket, "ticket")?,
            },
            Api::StartPublishing | Api::StopPublishing => peer::Call::Publish {
                stream: needed(args.stream, "stream")?,
                on: api == Api::StartPublishing,
                room: args.room,
            },
            Api::StartPlaying | Api::StopPlaying => peer::Call::Play {
                stream: needed(args.stream, "stream")?,
                on: api == Api::StartPlaying,
            },
            Api::SetStreamExtraInfo => peer::Call::SetStreamExtraInfo {
                stream: needed(args.stream, "stream")?,
                text: needed(args.text, "text")?,
            },
            Api::GetConversations => peer::Call::GetConversations,
            Api::GetHistory => peer::Call::GetHistory {
                with: needed(args.with, "with")?,
            },
            Api::GetUserName => peer::Call::GetUserName {
                user: needed(args.user, "user")?,
            },
            Api::GetLoginUser => peer::Call::GetLoginUser,
            Api::GetLoginStatus => peer::Call::GetLoginStatus,
            Api::AddListener => peer::Call::AddListener {
                name: needed(args.listener, "listener")?,
            },
            Api::RemoveListener => peer::Call::RemoveListener {
                name: needed(args.listener, "listener")?,
            },
        })
    }

    /// What an administrator calls; `None` for a call that nobody knows.
    ///
    /// # Errors
    /// An argument that the call needs is missing.
    pub fn into_order(self) -> Result<Option<Order>, String> {
        let Ok(api) = self.api.parse::<OrderApi>() else {
            return Ok(None);
        };
        let args = self.args;
        let user = || needed(args.user.clone(), "user");
        Ok(Some(match api {
            OrderApi::Kick => Order::Kick {
                user: user()?,
                room: args.room,
                device: args.device,
            },
            OrderApi::Ban => Order::Ban { user: user()? },
            OrderApi::Unban => Order::Unban { user: user()? },
            OrderApi::Revoke => Order::Revoke { user: user()? },
            OrderApi::Set => Order::Set(needed(args.console, "console")?),
            OrderApi::Gateway => Order::Gateway {
                gateway: Gateway(needed(args.gateway, "gateway")?),
                works: needed(args.works, "works")?,
            },
            OrderApi::Disturb => Order::Disturb(Disturbance {
                notice: needed(args.notice, "notice")?,
                device: args.device,
                times: needed(args.times, "times")?,
                how: match needed(args.how, "how")? {
                    How::Delayed => Disturbed::Delayed(Millis(needed(args.by, "by")?)),
                    How::Dropped => Disturbed::Dropped,
                    How::Reordered => Disturbed::Reordered,
                },
            }),
        }))
    }
}

fn needed<T>(argument: Option<T>, name: &str) -> Result<T, String> {
    argument.ok_or_else(|| format!("the call needs `{name}`"))
}
