//! Writes the transcript: what happened, in both languages, tickets by their labels.

use std::collections::BTreeMap;

use serde_json::Value;
use session::peer::{
    Answer, AskId, Call, CallId, Gateway, LinkId, Outcome, Output, Recipient, SessionEvent,
};
use session::ticket::{APP_ID, is_app_sign};
use session::time::Time;
use session::words::{Api, State};

use super::{Actor, Fact, quality};
use crate::case::{Case, States};
use crate::scenario::{ClientIndex, NetworkChange, RoomMode, SessionWord};
use crate::transcript::{
    CallAnswered, CallMade, Entry, EventSeen, FORMAT, HEARTBEAT, Header, Message, SCRIPT, SERVER,
    SessionSeen, Transcript, What,
};

#[derive(Debug)]
pub(super) struct Record<'a> {
    case: &'a Case<'a>,
    transcript: Transcript,
    states: States,
    /// Ticket texts and the labels that stand for them.
    tickets: BTreeMap<String, String>,
    /// Calls by number, for their answers.
    calls: BTreeMap<u32, Call>,
    wire: Wire,
}

/// Who wrote the bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// The reference peers.
    Own,
    /// Somebody else, in the same protocol.
    Foreign,
    /// Somebody else, in a protocol of their own.
    Opaque,
}

impl<'a> Record<'a> {
    pub(super) fn new(case: &'a Case<'a>, client: &str, server: &str) -> Record<'a> {
        let header = Header {
            format: FORMAT,
            scenario: case.scenario.name.clone(),
            scenario_hash: case.scenario.hash.clone(),
            profile: case.profile.id.clone(),
            profile_hash: case.profile.hash.clone(),
            seed: case.seed,
            client_subject: client.to_owned(),
            server_subject: server.to_owned(),
        };
        Record {
            case,
            transcript: Transcript {
                header,
                entries: Vec::new(),
            },
            states: States::new(case.rules.login.into_room),
            tickets: BTreeMap::new(),
            calls: BTreeMap::new(),
            wire: Wire::Own,
        }
    }

    pub(super) fn reads_foreign_bytes(&mut self, opaque: bool) {
        self.wire = match opaque {
            true => Wire::Opaque,
            false => Wire::Foreign,
        };
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.transcript.entries
    }

    pub(super) fn states(&self) -> &States {
        &self.states
    }

    pub(super) fn into_transcript(self) -> Transcript {
        self.transcript
    }

    pub(super) fn push(&mut self, at: Time, actor: &str, what: What) {
        let entry = Entry {
            at,
            actor: actor.to_owned(),
            what,
        };
        self.states.follow(&entry);
        self.transcript.entries.push(entry);
    }

    pub(super) fn script(&mut self, at: Time, what: What) {
        self.push(at, SCRIPT, what);
    }

    pub(super) fn client(&mut self, at: Time, client: ClientIndex, what: What) {
        let case = self.case;
        self.push(at, &case.client(client).name, what);
    }

    pub(super) fn network(&mut self, at: Time, client: ClientIndex, change: &NetworkChange) {
        let what = What::Network {
            is: change.is,
            direction: change.direction,
            quality: quality(change),
        };
        self.client(at, client, what);
    }

    pub(super) fn ticket(&mut self, text: &str, about: &str) {
        let number = self.tickets.len() + 1;
        self.tickets
            .entry(text.to_owned())
            .or_insert_with(|| format!("ticket#{number} ({about})"));
    }

    pub(super) fn ticket_given(&mut self, at: Time, client: ClientIndex, ask: AskId, text: &str) {
        let what = What::TicketGiven {
            ask: ask.0,
            ticket: self.label(text),
        };
        self.client(at, client, what);
    }

    pub(super) fn call(
        &mut self,
        at: Time,
        client: ClientIndex,
        id: CallId,
        call: &Call,
        inside: Option<String>,
    ) {
        let native = call
            .api()
            .and_then(|api| self.case.profile.calls.get(&api))
            .cloned();
        let made = CallMade {
            id: id.0,
            api: call.name().to_owned(),
            native,
            args: self.arguments(call),
            inside,
        };
        self.calls.insert(id.0, call.clone());
        self.client(at, client, What::Call(made));
    }

    fn arguments(&self, call: &Call) -> BTreeMap<String, String> {
        let mut args = BTreeMap::new();
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                args.insert(name.to_owned(), value.to_owned());
            }
        };
        match call {
            Call::Login(login) => {
                add("user", Some(&login.user));
                add("ticket", Some(&self.label(&login.ticket)));
                add("room", login.room.as_deref());
                add("name", login.name.as_deref());
                add("offline", login.offline.then_some("true"));
                add("notify", (!login.notify).then_some("false"));
                let other = login.gateway != Gateway::FIRST;
                add("gateway", other.then_some(&login.gateway.0.to_string()));
            }
            Call::Logout { room } => add("room", room.as_deref()),
            Call::RenewToken { ticket, room } => {
                add("ticket", Some(&self.label(ticket)));
                add("room", room.as_deref());
            }
            Call::SendMessage { to, text, .. } => {
                match to {
                    Recipient::User(user) => add("to", Some(user)),
                    Recipient::Room { room, user } => {
                        add("room", room.as_deref());
                        add("to", user.as_deref());
                    }
                }
                add("text", Some(text));
            }
            Call::SetRoomMode { several } => {
                let mode = match several {
                    true => RoomMode::Several,
                    false => RoomMode::Single,
                };
                add("mode", Some(mode.word()));
            }
            Call::SwitchRoom { from, to, ticket } => {
                add("from", from.as_deref());
                add("room", Some(to));
                add("ticket", Some(&self.label(ticket)));
            }
            Call::Publish { stream, room, .. } => {
                add("stream", Some(stream));
                add("room", room.as_deref());
            }
            Call::Play { stream, .. } => add("stream", Some(stream)),
            Call::SetStreamExtraInfo { stream, text } => {
                add("stream", Some(stream));
                add("text", Some(text));
            }
            Call::GetHistory { with } => add("with", Some(with)),
            Call::GetUserName { user } => add("user", Some(user)),
            Call::AddListener { name } | Call::RemoveListener { name } => {
                add("listener", Some(name));
            }
            Call::Initialise
            | Call::Destroy
            | Call::GetConversations
            | Call::GetLoginUser
            | Call::GetLoginStatus
            | Call::Other(_) => {}
        }
        args
    }

    pub(super) fn fact(&mut self, at: Time, actor: Actor, fact: Fact<'_>) {
        let what = match fact {
            Fact::LinkUp(link) => What::LinkUp { link: link.0 },
            Fact::LinkDown(link, how) => What::LinkDown { link: link.0, how },
            Fact::Output(output) => match self.output(actor, output) {
                Some(what) => what,
                None => return,
            },
        };
        match actor {
            Actor::Client(client) => self.client(at, client, what),
            Actor::Server => self.push(at, SERVER, what),
        }
    }

    fn output(&mut self, actor: Actor, output: &Output) -> Option<What> {
        Some(match output {
            Output::WakeAt(_) | Output::Store { .. } => return None,
            Output::Connect { link, .. } => What::Connect { link: link.0 },
            Output::Close { link } => What::Close { link: link.0 },
            Output::Send { link, bytes } => self.sent(*link, bytes),
            Output::Callback { listener, callback } => {
                let state = match actor {
                    Actor::Client(client) => {
                        let room = self.case.profile.room_of(callback);
                        self.states.of(&self.case.client(client).name, room)
                    }
                    Actor::Server => State::LoggedOut,
                };
                What::Event(EventSeen {
                    listener: listener.clone(),
                    ..self.case.profile.understand(callback, state)
                })
            }
            Output::Result { id, outcome } => self.answered(*id, outcome),
            Output::Session(event) => self.session(event),
            Output::AskToken { ask, user } => What::AsksTicket {
                ask: ask.0,
                user: user.clone(),
            },
            Output::Breach { link, what } => What::Breach {
                link: link.0,
                what: what.clone(),
            },
        })
    }

    fn answered(&self, id: CallId, outcome: &Outcome) -> What {
        let call = self.calls.get(&id.0);
        let api: Option<Api> = call.and_then(Call::api);
        let profile = &self.case.profile;
        let mut answer = CallAnswered {
            id: id.0,
            api: call.map(|call| call.name().to_owned()).unwrap_or_default(),
            ok: false,
            value: None,
            error: None,
            code: None,
        };
        match outcome {
            Outcome::Ok(value) => {
                answer.ok = true;
                answer.value = match value {
                    Answer::Done => None,
                    Answer::User(user) => Some(user.clone().unwrap_or_else(|| "none".into())),
                    Answer::List(items) => Some(match items.is_empty() {
                        true => "none".into(),
                        false => items.join(", "),
                    }),
                    Answer::State(state) => {
                        answer.code = profile.states.get(state).and_then(|s| s.value);
                        Some(state.to_string())
                    }
                };
            }
            Outcome::Failed(error) => {
                answer.error = Some(*error);
                answer.code = profile.code_of(*error, api);
            }
            Outcome::FailedNative(code) => {
                answer.code = Some(*code);
                answer.error = profile.errors_of(*code, api).first().copied();
            }
        }
        What::Result(answer)
    }

    /// Bytes that are lines of JSON are shown as such; anything else stays opaque.
    fn sent(&self, link: LinkId, bytes: &[u8]) -> What {
        let messages = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.ends_with('\n') && self.wire != Wire::Opaque)
            .and_then(|text| {
                text.lines()
                    .map(|line| self.labelled(line))
                    .collect::<Option<Vec<Message>>>()
            })
            .unwrap_or_default();
        What::Sent {
            link: link.0,
            bytes: bytes.len(),
            messages,
        }
    }

    /// The message with its ticket replaced by what it is called.
    fn labelled(&self, line: &str) -> Option<Message> {
        if self.wire == Wire::Foreign && line.contains([' ', '\t', '\r']) {
            let compact = without_blanks(line);
            if compact != line {
                return self.labelled(&compact);
            }
        }
        // Most messages are heartbeats.
        let mut secrets = ["\"ticket\"", "\"app-sign\""].iter();
        if HEARTBEAT.contains(&line) || !secrets.any(|secret| line.contains(secret)) {
            return Message::new(line);
        }
        let mut message: Value = serde_json::from_str(line).ok()?;
        let app = message.get("app").and_then(Value::as_u64);
        let app = app.and_then(|app| u32::try_from(app).ok());
        if let Some(ticket) = message.get_mut("ticket")
            && let Some(text) = ticket.as_str()
        {
            *ticket = Value::String(self.label(text));
        }
        if let Some(sign) = message.get_mut("app-sign") {
            let own = sign
                .as_str()
                .zip(app)
                .is_some_and(|(sign, app)| is_app_sign(app, sign));
            *sign = Value::from(if own { "of the app" } else { "of another app" });
        }
        Message::of(&message)
    }

    fn label(&self, ticket: &str) -> String {
        match self.tickets.get(ticket) {
            Some(label) => label.clone(),
            None => "an unknown ticket".to_owned(),
        }
    }

    fn session(&self, event: &SessionEvent) -> What {
        let (is, about, cause) = match event {
            SessionEvent::AccountCreated { user } => {
                return What::AccountCreated { user: user.clone() };
            }
            SessionEvent::Counted { user } => return What::Counted { user: user.clone() },
            SessionEvent::Opened(about) => (SessionWord::Opened, about, None),
            SessionEvent::Resumed(about) => (SessionWord::Resumed, about, None),
            SessionEvent::Ended { about, cause } => (SessionWord::Ended, about, Some(*cause)),
        };
        What::Session(SessionSeen {
            is,
            session: about.session.clone(),
            user: about.user.clone(),
            device: about.device.clone(),
            platform: about.platform,
            app: self.other_app(&about.device),
            room: about.room.clone(),
            cause,
        })
    }

    /// The app ID of a device, where it is not the usual one.
    fn other_app(&self, device: &str) -> Option<u32> {
        let device = self.case.find(device)?;
        Some(self.case.client(device).app).filter(|app| *app != APP_ID)
    }
}

/// JSON without what may stand between its words.
fn without_blanks(json: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    let plain = |c: &char| {
        match (quoted, *c) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (_, '"') => quoted = !quoted,
            _ => {}
        }
        quoted || !matches!(c, ' ' | '\t' | '\r')
    };
    json.chars().filter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_between_words_are_dropped_and_those_in_texts_stay() {
        for (json, plain) in [
            (r#"{ "type": "ping" }"#, r#"{"type":"ping"}"#),
            (
                r#"{"text": "a \" b",	"n": [1, 2]}"#,
                r#"{"text":"a \" b","n":[1,2]}"#,
            ),
            (
                r#"{"text": "ends with \\", "n": 1}"#,
                r#"{"text":"ends with \\","n":1}"#,
            ),
        ] {
            assert_eq!(without_blanks(json), plain);
        }
    }
}
