//! Calls as the script wants them, with what it leaves open filled in, and the tickets for them.

use session::peer::{Call, LoginCall, MessageKind, Recipient};
use session::ticket::{self, Claims};
use session::time::{EPOCH_UNIX_MS, Time};
use session::words::Api;

use super::Director;
use crate::case::DEFAULT_STREAM;
use crate::scenario::{CallAct, CallName, ClientIndex, RoomMode, TokenAct};

/// What a message says that says nothing in particular.
const DEFAULT_TEXT: &str = "hello";

impl Director<'_> {
    /// A call as the script wants it, with what it leaves open filled in.
    pub(super) fn resolve(&mut self, now: Time, index: ClientIndex, call: &CallAct) -> Call {
        let client = self.case.client(index);
        let own = || client.user.clone();
        let user = call.user.clone().unwrap_or_else(own);
        let or = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        let room = or(&call.room, &client.room);
        let text = or(&call.text, DEFAULT_TEXT);
        let stream = or(&call.stream, DEFAULT_STREAM);
        let listener = or(&call.listener, "");
        let into_room = self.case.rules.login.into_room || call.api == CallName::JoinRoom;
        match call.api.api() {
            Api::Initialise => Call::Initialise,
            Api::Destroy => Call::Destroy,
            Api::Login => Call::Login(LoginCall {
                ticket: self.mint(now, &user, client.app, call.token.as_ref()),
                user,
                room: into_room.then_some(room),
                name: call.name.clone(),
                offline: call.offline,
                notify: call.notify,
                gateway: call.gateway,
            }),
            Api::Logout => Call::Logout {
                room: call.room.clone(),
            },
            Api::RenewToken => Call::RenewToken {
                ticket: self.mint(now, &user, client.app, call.token.as_ref()),
                room: call.room.clone(),
            },
            Api::SendMessage => Call::SendMessage {
                kind: MessageKind::Message,
                // Where a login is a login into a room, a message goes to the room.
                to: match into_room {
                    true => in_room(room, None),
                    false => Recipient::User(call.to.clone().unwrap_or(user)),
                },
                text,
            },
            Api::SendBarrage => Call::SendMessage {
                kind: MessageKind::Barrage,
                to: in_room(room, None),
                text,
            },
            Api::SendCommand => Call::SendMessage {
                kind: MessageKind::Command,
                to: in_room(room, call.to.clone()),
                text,
            },
            Api::SetRoomMode => Call::SetRoomMode {
                several: call.mode == Some(RoomMode::Several),
            },
            Api::SwitchRoom => Call::SwitchRoom {
                from: call.from.clone(),
                to: room,
                ticket: self.mint(now, &user, client.app, call.token.as_ref()),
            },
            api @ (Api::StartPublishing | Api::StopPublishing) => Call::Publish {
                stream,
                on: api == Api::StartPublishing,
                room: call.room.clone(),
            },
            api @ (Api::StartPlaying | Api::StopPlaying) => Call::Play {
                stream,
                on: api == Api::StartPlaying,
            },
            Api::SetStreamExtraInfo => Call::SetStreamExtraInfo { stream, text },
            Api::GetConversations => Call::GetConversations,
            Api::GetHistory => Call::GetHistory {
                with: or(&call.with, ""),
            },
            Api::GetUserName => Call::GetUserName { user },
            Api::GetLoginUser => Call::GetLoginUser,
            Api::GetLoginStatus => Call::GetLoginStatus,
            Api::AddListener => Call::AddListener { name: listener },
            Api::RemoveListener => Call::RemoveListener { name: listener },
        }
    }

    /// The app's own server makes a ticket; its clock is right.
    fn mint(&mut self, now: Time, user: &str, app: u32, token: Option<&TokenAct>) -> String {
        let issued = EPOCH_UNIX_MS + now.0;
        let life = match token {
            Some(TokenAct::ValidFor(life)) => *life,
            _ => self.case.rules.token.default_life,
        };
        let claims = Claims {
            user: user.to_owned(),
            app,
            issued,
            ends: issued + life.0,
        };
        let (text, about) = match token {
            Some(TokenAct::Fault(fault)) => {
                let text = ticket::mint_faulty(&claims, *fault);
                (text, format!("{user}, {fault}"))
            }
            _ => (ticket::mint(&claims), format!("{user}, ends +{life}")),
        };
        self.record.ticket(&text, &about);
        text
    }
}

fn in_room(room: String, user: Option<String>) -> Recipient {
    Recipient::Room {
        room: Some(room),
        user,
    }
}
