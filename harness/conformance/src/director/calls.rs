//! The calls of the apps: those of the script, those from inside callbacks, and those that wait
//! for a ticket.

use std::collections::{BTreeMap, BTreeSet};

use session::peer::{AskId, Call, CallId};
use session::time::{Millis, Time};
use session::words::Event;

use super::{Command, Director};
use crate::scenario::{CallAct, ClientIndex, Reaction, TokenAct, TokenProvider};
use crate::transcript::{CallMeant, End, EventSeen, What};

/// The most calls that one app makes from inside its callbacks in a run.
const MOST_REACTIONS: u32 = 1_000;

/// How the apps behave by themselves.
#[derive(Debug, Default)]
pub(super) struct Apps {
    reactions: BTreeMap<(ClientIndex, Event), Armed>,
    providers: BTreeMap<ClientIndex, TokenProvider>,
    /// Calls that wait for a ticket, by when they are made and their number.
    waiting: BTreeMap<(Time, u32), Waiting>,
    frozen: BTreeSet<ClientIndex>,
    /// Calls to be made from inside callbacks that were heard at this instant.
    due: Vec<Waiting>,
    made: BTreeMap<ClientIndex, u32>,
    /// Tickets that clients asked for, by when they are there.
    asks: BTreeMap<(Time, ClientIndex, AskId), Asked>,
}

#[derive(Debug)]
struct Armed {
    reaction: Reaction,
    /// How often it may still happen.
    left: Option<u64>,
}

/// A ticket that a client asked for.
#[derive(Debug)]
struct Asked {
    user: String,
    token: Option<TokenAct>,
}

/// A call that is to be made.
#[derive(Debug)]
struct Waiting {
    client: ClientIndex,
    call: CallAct,
    inside: Option<String>,
}

impl Apps {
    /// A later reaction to the same event takes the place of an earlier one.
    pub(super) fn arm(&mut self, client: ClientIndex, reaction: &Reaction) {
        let key = (client, reaction.event);
        if reaction.calls.is_empty() {
            self.reactions.remove(&key);
            return;
        }
        let armed = Armed {
            reaction: reaction.clone(),
            left: reaction.times,
        };
        self.reactions.insert(key, armed);
    }

    pub(super) fn provide(&mut self, client: ClientIndex, provider: &TokenProvider) {
        self.providers.insert(client, provider.clone());
    }

    pub(super) fn freeze(&mut self, client: ClientIndex) {
        self.frozen.insert(client);
    }

    pub(super) fn resume(&mut self, client: ClientIndex) {
        self.frozen.remove(&client);
    }

    /// The devices whose process stands still.
    pub(super) fn frozen(&self) -> Vec<ClientIndex> {
        self.frozen.iter().copied().collect()
    }

    /// When the next call is due that waits for a ticket.
    pub(super) fn next_call(&self) -> Option<Time> {
        let awake = |waiting: &Waiting| !self.frozen.contains(&waiting.client);
        let mut waiting = self.waiting.iter();
        waiting
            .find(|(_, waiting)| awake(waiting))
            .map(|((at, _), _)| *at)
    }

    /// When the next ticket is there that a client asked for.
    pub(super) fn next_ticket(&self) -> Option<Time> {
        self.asks.keys().next().map(|(at, ..)| *at)
    }

    /// Takes out those waiting calls that `wanted` says.
    fn take(&mut self, wanted: impl Fn(Time, &Waiting) -> bool) -> Vec<(u32, Waiting)> {
        let keys: Vec<(Time, u32)> = self
            .waiting
            .iter()
            .filter(|((at, _), waiting)| wanted(*at, waiting))
            .map(|(key, _)| *key)
            .collect();
        keys.into_iter()
            .filter_map(|key| Some((key.1, self.waiting.remove(&key)?)))
            .collect()
    }
}

impl Reaction {
    fn answers(&self, event: &EventSeen) -> bool {
        (self.reason.is_none() || self.reason == event.reason)
            && (self.room.is_none() || self.room == event.room)
    }
}

impl Director<'_> {
    /// The app makes this very call.
    pub(super) fn call(&mut self, now: Time, client: ClientIndex, call: Call) {
        let id = self.next_id();
        self.give(now, client, id, call, None);
    }

    /// The script has the app call; its number.
    pub(super) fn call_from_script(
        &mut self,
        now: Time,
        client: ClientIndex,
        call: &CallAct,
    ) -> CallId {
        let waiting = Waiting {
            client,
            call: call.clone(),
            inside: None,
        };
        self.ask_or_call(now, waiting)
    }

    fn next_id(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    fn give(
        &mut self,
        now: Time,
        client: ClientIndex,
        id: CallId,
        call: Call,
        inside: Option<String>,
    ) {
        self.record.call(now, client, id, &call, inside.clone());
        self.commands.push(Command::Call {
            client,
            id,
            call,
            inside,
        });
    }

    /// Makes a call now, or asks for its ticket and makes it when that is there.
    fn ask_or_call(&mut self, now: Time, mut waiting: Waiting) -> CallId {
        let id = self.next_id();
        let mut after = Millis::ZERO;
        if waiting.call.api.needs_ticket()
            && waiting.call.token.is_none()
            && let Some(provider) = self.apps.providers.get(&waiting.client)
        {
            waiting.call.token = provider.token.clone();
            after = provider.after;
        }
        if after == Millis::ZERO {
            self.make(now, id, waiting);
        } else {
            let meant = waiting.meant(id.0);
            self.record.client(now, waiting.client, What::Asks(meant));
            self.apps.waiting.insert((now + after, id.0), waiting);
        }
        id
    }

    fn make(&mut self, now: Time, id: CallId, waiting: Waiting) {
        let call = self.resolve(now, waiting.client, &waiting.call);
        self.give(now, waiting.client, id, call, waiting.inside);
    }

    /// Makes the calls whose tickets are there by now.
    pub(super) fn make_due_calls(&mut self, now: Time) {
        if self.apps.next_call().is_none_or(|at| at > now) {
            return;
        }
        let frozen = std::mem::take(&mut self.apps.frozen);
        let due = |at: Time, waiting: &Waiting| at <= now && !frozen.contains(&waiting.client);
        let calls = self.apps.take(due);
        self.apps.frozen = frozen;
        for (id, waiting) in calls {
            self.make(now, CallId(id), waiting);
        }
    }

    /// The process is gone, and with it what it was about to do.
    pub(super) fn forget_calls(&mut self, now: Time, client: ClientIndex) {
        self.apps.frozen.remove(&client);
        self.apps.asks.retain(|(_, of, _), _| *of != client);
        for (id, waiting) in self.apps.take(|_, waiting| waiting.client == client) {
            let meant = waiting.meant(id);
            self.record.client(now, client, What::NeverCalled(meant));
        }
    }

    /// A client asks the app for a ticket; the app's source answers as it does for calls.
    pub(super) fn asked_for_ticket(
        &mut self,
        now: Time,
        client: ClientIndex,
        ask: AskId,
        user: &str,
    ) {
        let provider = self.apps.providers.get(&client);
        let after = provider.map_or(Millis::ZERO, |provider| provider.after);
        let asked = Asked {
            user: user.to_owned(),
            token: provider.and_then(|provider| provider.token.clone()),
        };
        self.apps.asks.insert((now + after, client, ask), asked);
    }

    /// Hands out the tickets that are there by now.
    pub(super) fn answer_asks(&mut self, now: Time) {
        while let Some(first) = self.apps.asks.first_entry()
            && first.key().0 <= now
        {
            let ((_, client, ask), asked) = first.remove_entry();
            let device = self.case.client(client);
            let ticket = self.mint(now, &asked.user, device, asked.token.as_ref());
            self.record.ticket_given(now, client, ask, &ticket);
            self.commands.push(Command::Token {
                client,
                ask,
                ticket,
            });
        }
    }

    /// The app of `client` has heard the last entry; what does it do about it?
    pub(super) fn heard(&mut self, client: ClientIndex) {
        let Some(What::Event(event)) = self.record.entries().last().map(|entry| &entry.what) else {
            return;
        };
        let Some(word) = event.event else { return };
        let Some(armed) = self.apps.reactions.get_mut(&(client, word)) else {
            return;
        };
        if !armed.reaction.answers(event) || armed.left == Some(0) {
            return;
        }
        armed.left = armed.left.map(|left| left - 1);
        let inside = event.callback.clone().unwrap_or_else(|| word.to_string());
        for call in &armed.reaction.calls {
            self.apps.due.push(Waiting {
                client,
                call: call.clone(),
                inside: Some(inside.clone()),
            });
        }
    }

    /// Makes the calls from inside the callbacks heard since the last time.
    pub(super) fn react(&mut self, now: Time) {
        if self.apps.due.is_empty() || self.is_over() {
            return;
        }
        for waiting in std::mem::take(&mut self.apps.due) {
            let made = self.apps.made.entry(waiting.client).or_default();
            *made += 1;
            if *made > MOST_REACTIONS {
                self.give_up(now, End::CallLimit);
                return;
            }
            self.ask_or_call(now, waiting);
        }
    }
}

impl Waiting {
    fn meant(&self, id: u32) -> CallMeant {
        CallMeant {
            id,
            api: self.call.api.api().word().to_owned(),
            inside: self.inside.clone(),
        }
    }
}
