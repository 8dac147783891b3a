//! Calls as the script wants them, with what it leaves open filled in, and the tickets for them.

use session::peer::{Call, LoginCall, MessageKind, Recipient};
use session::random::Stream;
use session::rules::Authentication;
use session::ticket::{self, Claims, Draws, Secret};
use session::time::Time;
use session::words::{Api, Platform};

use super::Director;
use crate::case::DEFAULT_STREAM;
use crate::scenario::{AppSign, CallAct, CallName, Client, ClientIndex, RoomMode, TokenAct};

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
                ticket: self.mint(now, &user, client, call.token.as_ref()),
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
                ticket: self.mint(now, &user, client, call.token.as_ref()),
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
                ticket: self.mint(now, &user, client, call.token.as_ref()),
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
    pub(super) fn mint(
        &mut self,
        now: Time,
        user: &str,
        client: &Client,
        token: Option<&TokenAct>,
    ) -> String {
        let rules = &self.case.rules;
        // ZIM-005: an app with a signature gives none.
        let by_app = rules.login.authentication == Authentication::AppSign
            && client.platform != Platform::Web
            && client.app_sign != AppSign::Absent;
        if by_app && token.is_none() {
            self.record.ticket("", "none");
            return String::new();
        }
        let life = match token {
            Some(TokenAct::ValidFor(life)) => *life,
            _ => rules.token.default_life,
        };
        let seconds = |ms: u64| (ms / 1_000) as i64;
        let issued = seconds(self.case.epoch + now.0);
        let claims = Claims {
            user: user.to_owned(),
            app: client.app,
            issued,
            ends: issued + seconds(life.0),
            payload: String::new(),
        };
        let secret = Secret::of_app(rules.token.format, client.app);
        let draws = self.draws();
        let (text, about) = match token {
            Some(TokenAct::Fault(fault)) => {
                let text = ticket::mint_faulty(&claims, &secret, draws, *fault);
                (text, format!("{user}, {fault}"))
            }
            _ => {
                let text = ticket::mint(&claims, &secret, draws);
                (text, format!("{user}, ends +{life}"))
            }
        };
        self.record.ticket(&text, &about);
        text
    }

    /// What the next ticket holds that nobody can foresee, drawn from the seed.
    fn draws(&mut self) -> Draws {
        let mut stream = Stream::new(self.case.seed, &format!("ticket {}", self.tickets));
        self.tickets += 1;
        let mut iv = [0; 16];
        for half in iv.chunks_exact_mut(8) {
            half.copy_from_slice(&stream.next_u64().to_be_bytes());
        }
        // Generators differ in how large it gets; all take this much (SOURCES token 4.3).
        let nonce = stream.up_to(i32::MAX as u64) as i64;
        Draws { nonce, iv }
    }
}

fn in_room(room: String, user: Option<String>) -> Recipient {
    Recipient::Room {
        room: Some(room),
        user,
    }
}
