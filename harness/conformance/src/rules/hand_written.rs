//! Transcripts written by hand, for the rules' own tests.

use session::time::Time;
use session::words::{Event, Reason};

use super::{About, Ruling, judge};
use crate::profile::{Profile, ProfileText, Profiles};
use crate::scenario::AppAct;
use crate::transcript::{
    CallAnswered, CallMade, End, Entry, EventSeen, FORMAT, Header, SCRIPT, Said, Transcript, What,
};

mod apps;

pub(crate) use self::apps::violated_under;

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

    /// The result of the last call with this number.
    pub(crate) fn result(self, at: u64, actor: &str, id: u32) -> Lines {
        let api = self
            .entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Call(call) if call.id == id => Some(call.api.clone()),
                _ => None,
            })
            .unwrap_or_default();
        self.answer(at, actor, id, &api)
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

    pub(crate) fn end(self, at: u64) -> Transcript {
        let entries = self.add(at, SCRIPT, What::End(End::Complete)).entries;
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

/// The same where a login is a login into a room.
pub(crate) fn violated_in_rooms(rule: &str, transcript: Transcript) -> Option<usize> {
    let mut profile = plain_profile();
    profile.rules.login.into_room = true;
    let ruling = ruling_under(rule, &transcript, &profile);
    ruling.found.violations.first().map(|v| v.entry)
}

fn ruling(rule: &str, transcript: &Transcript) -> Ruling {
    ruling_under(rule, transcript, &plain_profile())
}

fn ruling_under(rule: &str, transcript: &Transcript, profile: &Profile) -> Ruling {
    let about = About {
        profile,
        rules: &profile.rules,
    };
    judge(transcript, &about)
        .into_iter()
        .find(|ruling| ruling.rule == rule)
        .expect("the rule exists")
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
