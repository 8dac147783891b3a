//! Transcripts written by hand, for the rules' own tests.

use session::time::Time;
use session::words::{EndCause, ErrorWord, Event, Platform, Reason};

use super::{About, Followed, Ruling, judge};
use crate::profile::{Profile, ProfileText, Profiles};
use crate::scenario::{AppAct, NetworkWord, SessionWord};
use crate::transcript::{
    CallAnswered, CallMade, End, Entry, EventSeen, FORMAT, Header, LinkEnd, Message, SCRIPT,
    SERVER, Said, SessionSeen, Transcript, What,
};

mod apps;

pub(crate) use self::apps::aspects_violated_under;

/// Lines in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    entries: Vec<Entry>,
}

impl Lines {
    fn add(mut self, at: u64, actor: &str, what: What) -> Lines {
        self.entries.push(Entry {
            at: Time(at),
            actor: actor.into(),
            what,
        });
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A whole login that succeeds at once.
    pub(crate) fn login(self, at: u64, actor: &str, id: u32) -> Lines {
        self.call(at, actor, id, "login")
            .event(at, actor, Event::LoggingIn)
            .event(at, actor, Event::LoggedIn)
            .answer(at, actor, id, "login")
    }

    pub(crate) fn call(self, at: u64, actor: &str, id: u32, api: &str) -> Lines {
        let call = CallMade {
            id,
            api: api.into(),
            native: None,
            args: Default::default(),
            inside: None,
        };
        self.add(at, actor, What::Call(call))
    }

    /// The last call has this argument.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Lines {
        if let Some(What::Call(call)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            call.args.insert(name.into(), value.into());
        }
        self
    }

    /// The result of the last call with this number.
    pub(crate) fn result(self, at: u64, actor: &str, id: u32) -> Lines {
        let api = self.api_of(id);
        self.answer(at, actor, id, &api)
    }

    /// That call fails.
    pub(crate) fn fails(self, at: u64, actor: &str, id: u32, error: ErrorWord) -> Lines {
        self.result(at, actor, id).change_answer(|answer| {
            answer.ok = false;
            answer.error = Some(error);
        })
    }

    /// That call answers this.
    pub(crate) fn answers(self, at: u64, actor: &str, id: u32, value: &str) -> Lines {
        self.result(at, actor, id)
            .change_answer(|answer| answer.value = Some(value.into()))
    }

    fn change_answer(mut self, change: impl FnOnce(&mut CallAnswered)) -> Lines {
        if let Some(What::Result(answer)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            change(answer);
        }
        self
    }

    fn api_of(&self, id: u32) -> String {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Call(call) if call.id == id => Some(call.api.clone()),
                _ => None,
            })
            .unwrap_or_default()
    }

    fn answer(self, at: u64, actor: &str, id: u32, api: &str) -> Lines {
        let answer = CallAnswered {
            id,
            api: api.into(),
            ok: true,
            value: None,
            error: None,
            code: None,
        };
        self.add(at, actor, What::Result(answer))
    }

    pub(crate) fn event(self, at: u64, actor: &str, event: Event) -> Lines {
        self.said(at, actor, Some(event), None, None)
    }

    pub(crate) fn event_because(self, at: u64, actor: &str, event: Event, reason: Reason) -> Lines {
        self.said(at, actor, Some(event), Some(reason), None)
    }

    /// An event that names its user.
    pub(crate) fn event_of(self, at: u64, actor: &str, event: Event, user: &str) -> Lines {
        self.event(at, actor, event)
            .change_event(|event| event.user = Some(user.into()))
    }

    /// A login that is refused because of a session, told of as well.
    pub(crate) fn refused(self, at: u64, actor: &str, error: ErrorWord, user: &str) -> Lines {
        self.call(at, actor, 77, "login")
            .event_of(at, actor, Event::LoginFailed, user)
            .change_event(|event| {
                event.error = Some(error);
                event.state = None;
            })
            .fails(at, actor, 77, error)
    }

    fn change_event(mut self, change: impl FnOnce(&mut EventSeen)) -> Lines {
        if let Some(What::Event(event)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            change(event);
        }
        self
    }

    /// A callback the profile does not know.
    pub(crate) fn native(self, at: u64, actor: &str, callback: &str) -> Lines {
        self.said(at, actor, None, None, Some(callback))
    }

    fn said(
        self,
        at: u64,
        actor: &str,
        event: Option<Event>,
        reason: Option<Reason>,
        callback: Option<&str>,
    ) -> Lines {
        let seen = EventSeen {
            event,
            state: event.and_then(Event::leads_to),
            reason,
            callback: callback.map(str::to_owned),
            ..EventSeen::blank(Said::Neutral)
        };
        self.add(at, actor, What::Event(seen))
    }

    /// The last line is about this room.
    pub(crate) fn of_room(mut self, room: &str) -> Lines {
        let last = self.entries.last_mut().expect("there is a line");
        match &mut last.what {
            What::Event(event) => event.room = Some(room.into()),
            What::Call(call) => {
                call.args.insert("room".into(), room.into());
            }
            what => panic!("{what:?} is about no room"),
        }
        self
    }

    /// A whole login into a room.
    pub(crate) fn join(self, at: u64, actor: &str, id: u32, room: &str) -> Lines {
        self.call(at, actor, id, "login")
            .of_room(room)
            .event(at, actor, Event::LoggingIn)
            .of_room(room)
            .event(at, actor, Event::LoggedIn)
            .of_room(room)
            .answer(at, actor, id, "login")
    }

    pub(crate) fn app(self, at: u64, actor: &str, is: AppAct) -> Lines {
        self.add(at, actor, What::App { is })
    }

    /// The last event was heard by an extra listener.
    pub(crate) fn heard_by(mut self, listener: &str) -> Lines {
        if let Some(What::Event(event)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            event.listener = Some(listener.into());
        }
        self
    }

    pub(crate) fn connect(self, at: u64, actor: &str, link: u32) -> Lines {
        self.add(at, actor, What::Connect { link })
    }

    /// A link that never came up.
    pub(crate) fn refused_link(self, at: u64, actor: &str, link: u32) -> Lines {
        let how = LinkEnd::Refused;
        self.add(at, actor, What::LinkDown { link, how })
    }

    pub(crate) fn link_up(self, at: u64, actor: &str, link: u32) -> Lines {
        self.add(at, actor, What::LinkUp { link })
    }

    pub(crate) fn link_down(self, at: u64, actor: &str, link: u32) -> Lines {
        let how = LinkEnd::Reset;
        self.add(at, actor, What::LinkDown { link, how })
    }

    /// One message; an empty one stands for bytes that nobody can read.
    pub(crate) fn says(self, at: u64, actor: &str, link: u32, json: &str) -> Lines {
        let sent = What::Sent {
            link,
            bytes: json.len(),
            messages: Message::new(json).into_iter().collect(),
        };
        self.add(at, actor, sent)
    }

    /// A link comes up, and a session of this user is asked for over it.
    pub(crate) fn asks(self, at: u64, actor: &str, link: u32, user: &str) -> Lines {
        let hello = format!(r#"{{"device":"{actor}","type":"login","user":"{user}"}}"#);
        self.link_up(at, actor, link).says(at, actor, link, &hello)
    }

    /// A whole login of alice, as the server sees it, too; the link has the call's number.
    pub(crate) fn login_over(self, at: u64, actor: &str, id: u32, session: &str) -> Lines {
        self.call(at, actor, id, "login")
            .event(at, actor, Event::LoggingIn)
            .link_up(at, actor, id)
            .opened(at, session, "alice", actor)
            .event(at, actor, Event::LoggedIn)
            .answer(at, actor, id, "login")
    }

    /// The server opens a session, on a phone.
    pub(crate) fn opened(self, at: u64, session: &str, user: &str, device: &str) -> Lines {
        let seen = SessionSeen {
            is: SessionWord::Opened,
            session: session.into(),
            user: user.into(),
            device: device.into(),
            platform: Platform::Android,
            app: None,
            room: None,
            cause: None,
        };
        self.add(at, SERVER, What::Session(seen))
    }

    pub(crate) fn resumed(self, at: u64, session: &str) -> Lines {
        let seen = SessionSeen {
            is: SessionWord::Resumed,
            ..self.session(session)
        };
        self.add(at, SERVER, What::Session(seen))
    }

    pub(crate) fn ended(self, at: u64, session: &str, cause: EndCause) -> Lines {
        let seen = SessionSeen {
            is: SessionWord::Ended,
            cause: Some(cause),
            ..self.session(session)
        };
        self.add(at, SERVER, What::Session(seen))
    }

    fn session(&self, session: &str) -> SessionSeen {
        let seen = self
            .entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Session(seen) if seen.session == session => Some(seen.clone()),
                _ => None,
            });
        seen.expect("the session was opened")
    }

    /// The last line, which opens a session, is about this platform.
    pub(crate) fn on(self, platform: Platform) -> Lines {
        self.session_with(|seen| seen.platform = platform)
    }

    /// The last line, which opens a session, is about this room.
    pub(crate) fn in_room(self, room: &str) -> Lines {
        self.session_with(|seen| seen.room = Some(room.into()))
    }

    /// The last line, which opens a session, is about another app.
    pub(crate) fn under_app(self, app: u32) -> Lines {
        self.session_with(|seen| seen.app = Some(app))
    }

    fn session_with(mut self, change: impl FnOnce(&mut SessionSeen)) -> Lines {
        match self.entries.last_mut().map(|entry| &mut entry.what) {
            Some(What::Session(seen)) => change(seen),
            what => panic!("{what:?} is about no session"),
        }
        self
    }

    pub(crate) fn server(self, at: u64, act: &str) -> Lines {
        self.add(at, SERVER, What::Server { act: act.into() })
    }

    pub(crate) fn network(self, at: u64, actor: &str, is: NetworkWord) -> Lines {
        self.network_is(at, actor, Some(is), &[])
    }

    pub(crate) fn slow_network(self, at: u64, actor: &str) -> Lines {
        self.network_is(at, actor, None, &[("latency", "10s")])
    }

    fn network_is(
        self,
        at: u64,
        actor: &str,
        is: Option<NetworkWord>,
        quality: &[(&str, &str)],
    ) -> Lines {
        let quality = quality.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        let network = What::Network {
            is,
            direction: None,
            quality: quality.collect(),
        };
        self.add(at, actor, network)
    }

    /// A request that carries a ticket.
    pub(crate) fn asks_for(
        self,
        at: u64,
        actor: &str,
        kind: &str,
        user: &str,
        ticket: &str,
    ) -> Lines {
        let message = serde_json::json!({ "type": kind, "user": user, "ticket": ticket });
        self.sent(at, actor, Some(&message))
    }

    /// The last request is for this room.
    pub(crate) fn for_room(mut self, room: &str) -> Lines {
        if let Some(What::Sent { messages, .. }) = self.entries.last_mut().map(|e| &mut e.what) {
            for message in messages {
                let mut value = message.value();
                value["room"] = room.into();
                *message = Message::new(&value.to_string()).expect("it is JSON");
            }
        }
        self
    }

    /// The last event is about this user, and says this.
    pub(crate) fn about(mut self, user: &str, text: &str) -> Lines {
        if let Some(What::Event(event)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            event.user = Some(user.into());
            event.text = Some(text.into());
        }
        self
    }

    /// The last result answers this.
    pub(crate) fn answering(self, value: &str) -> Lines {
        self.change_answer(|answer| answer.value = Some(value.into()))
    }

    /// The record is as long as it may be.
    pub(crate) fn cut_off(self, at: u64) -> Transcript {
        self.ends(at, End::RecordLimit)
    }

    /// Bytes that nobody can read.
    pub(crate) fn opaque(self, at: u64, actor: &str) -> Lines {
        self.sent(at, actor, None)
    }

    fn sent(self, at: u64, actor: &str, message: Option<&serde_json::Value>) -> Lines {
        let messages = message.and_then(|message| Message::new(&message.to_string()));
        let sent = What::Sent {
            link: 1,
            bytes: 99,
            messages: messages.into_iter().collect(),
        };
        self.add(at, actor, sent)
    }

    /// The server opens a session for this device.
    pub(crate) fn opened_for(self, at: u64, device: &str, user: &str) -> Lines {
        self.opened(at, &format!("s-{device}"), user, device)
    }

    /// The server ends it.
    pub(crate) fn ended_for(self, at: u64, device: &str, cause: EndCause) -> Lines {
        self.ended(at, &format!("s-{device}"), cause)
    }

    pub(crate) fn end(self, at: u64) -> Transcript {
        self.ends(at, End::Complete)
    }

    fn ends(self, at: u64, end: End) -> Transcript {
        let entries = self.add(at, SCRIPT, What::End(end)).entries;
        Transcript {
            header: Header {
                format: FORMAT,
                scenario: "hand-written".into(),
                scenario_hash: String::new(),
                profile: "plain".into(),
                profile_hash: String::new(),
                seed: 0,
                client_subject: "reference".into(),
                server_subject: "reference".into(),
            },
            entries,
        }
    }
}

/// The entry at which the rule is first violated.
pub(crate) fn violated(rule: &str, transcript: Transcript) -> Option<usize> {
    let ruling = ruling(rule, &transcript);
    ruling.found.violations.first().map(|v| v.entry)
}

/// Did the rule leave something open?
pub(crate) fn inconclusive(rule: &str, transcript: Transcript) -> bool {
    !ruling(rule, &transcript).found.inconclusive.is_empty()
}

/// What the rule saw kept.
pub(crate) fn kept(rule: &str, transcript: Transcript) -> Vec<&'static str> {
    ruling(rule, &transcript).found.kept.into_iter().collect()
}

/// As [`violated`], where a login is a login into a room.
pub(crate) fn violated_in_rooms(rule: &str, transcript: Transcript) -> Option<usize> {
    violated_under(rule, transcript, |profile| {
        profile.rules.login.into_room = true
    })
}

/// The same under a profile that differs in something.
pub(crate) fn violated_under(
    rule: &str,
    transcript: Transcript,
    change: impl FnOnce(&mut Profile),
) -> Option<usize> {
    let mut profile = plain_profile();
    change(&mut profile);
    // A rule that hangs on what nobody documents says nothing.
    let ruling = rulings_under(&transcript, &profile, false)
        .into_iter()
        .find(|ruling| ruling.rule == rule)?;
    ruling.found.violations.first().map(|v| v.entry)
}

/// The same where faults are left in place at the end.
pub(crate) fn violated_when_faults_stay(rule: &str, transcript: Transcript) -> Option<usize> {
    let ruling = ruling_under(rule, &transcript, &plain_profile(), true);
    ruling.found.violations.first().map(|v| v.entry)
}

fn ruling(rule: &str, transcript: &Transcript) -> Ruling {
    ruling_under(rule, transcript, &plain_profile(), false)
}

fn ruling_under(
    rule: &str,
    transcript: &Transcript,
    profile: &Profile,
    leave_faults: bool,
) -> Ruling {
    rulings_under(transcript, profile, leave_faults)
        .into_iter()
        .find(|ruling| ruling.rule == rule)
        .expect("the rule exists")
}

fn rulings_under(transcript: &Transcript, profile: &Profile, leave_faults: bool) -> Vec<Ruling> {
    let about = About {
        profile,
        rules: &profile.rules,
        leave_faults,
        followed: &Followed::default(),
    };
    judge(transcript, &about)
}

/// A profile of nobody, for tests.
pub(crate) fn plain_profile() -> Profile {
    let text = ProfileText {
        path: "plain.yaml".into(),
        text: include_str!("plain_profile.yaml").into(),
    };
    let profiles = Profiles::read(&[text]).expect("the plain profile is sound");
    profiles.get("plain").expect("it is there").clone()
}
