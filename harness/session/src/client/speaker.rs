//! The way out: what a client says, and what outlives its sessions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::local::Local;
use super::{Setup, done, failed};
use crate::deviation::Deviation;
use crate::message::FromClient;
use crate::peer::{CallId, Callback, Happening, LinkId, Output};
use crate::random::Stream;
use crate::time::{Millis, Time};
use crate::wire::encode;
use crate::words::ErrorWord;

/// What outlives a session.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) random: Stream,
    pub(super) links: u32,
    requests: u32,
    /// When requests were made within the last second.
    recent: VecDeque<Time>,
    pub(super) listeners: Listeners,
    pub(super) local: Local,
    /// The user and room of the session that ended last because its ticket ran out.
    pub(super) expired: Option<(String, Option<String>)>,
    /// The user whose session ended with its window, until a login or logout.
    pub(super) lost: Option<String>,
    /// Logouts under way, and how many sessions they still wait for.
    leaving: BTreeMap<CallId, usize>,
}

/// Who is told of what happens.
#[derive(Debug)]
pub(super) struct Listeners {
    /// The one that an app has unless it says otherwise.
    main: bool,
    others: BTreeSet<String>,
}

/// What the listener is called that an app has unless it says otherwise.
const MAIN: &str = "main";

pub(super) struct Speaker<'a> {
    pub(super) now: Time,
    /// Unix milliseconds, as this device believes them to be.
    pub(super) wall: u64,
    pub(super) setup: &'a Setup,
    pub(super) shared: &'a mut Shared,
    pub(super) outputs: &'a mut Vec<Output>,
}

impl Shared {
    pub(super) fn new(seed: u64, stream: &str, listening: bool, local: Local) -> Shared {
        Shared {
            random: Stream::new(seed, stream),
            links: 0,
            requests: 0,
            recent: VecDeque::new(),
            listeners: Listeners {
                main: listening,
                others: BTreeSet::new(),
            },
            local,
            expired: None,
            lost: None,
            leaving: BTreeMap::new(),
        }
    }
}

impl Listeners {
    /// Registering twice is registering once (I21).
    pub(super) fn add(&mut self, name: String) {
        match name.as_str() {
            MAIN => self.main = true,
            _ => drop(self.others.insert(name)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        match name {
            MAIN => self.main = false,
            name => drop(self.others.remove(name)),
        }
    }
}

impl Speaker<'_> {
    /// Does the client break the rules in this way?
    pub(super) fn deviates(&self, how: impl Into<Option<Deviation>>) -> bool {
        how.into().is_some_and(|how| self.setup.rules.deviates(how))
    }

    /// Tells everybody who listens now; nothing is kept for later (T-AMB-38).
    pub(super) fn tell(&mut self, happening: Happening) {
        let Listeners { main, others } = &self.shared.listeners;
        let others = others.iter().map(|name| Some(name.clone()));
        let main = *main || self.deviates(Deviation::ToldWithoutListening);
        let again = self.shared.links > 1;
        if again && self.deviates(Deviation::SilentAfterTheFirstLink) {
            return;
        }
        let twice = again && self.deviates(Deviation::TwiceAfterTheFirstLink);
        for listener in main.then_some(None).into_iter().chain(others) {
            let callback = Output::Callback {
                listener,
                callback: Callback::Neutral(happening.clone()),
            };
            self.outputs.extend(twice.then(|| callback.clone()));
            self.outputs.push(callback);
        }
    }

    pub(super) fn send(&mut self, link: LinkId, message: &FromClient) {
        let bytes = encode(message);
        self.outputs.push(Output::Send { link, bytes });
    }

    /// The number of the next request.
    pub(super) fn request(&mut self) -> u32 {
        self.shared.requests += 1;
        self.shared.requests
    }

    /// Is the app within its rate? Then the request counts.
    pub(super) fn may_request(&mut self) -> bool {
        let limit = self.setup.rules.link.requests_per_second;
        let recent = &mut self.shared.recent;
        while recent
            .front()
            .is_some_and(|at| *at + Millis::seconds(1) <= self.now)
        {
            recent.pop_front();
        }
        let may = !limit.is_exceeded_by(recent.len() + 1);
        if may && limit != crate::rules::Limit::Unlimited {
            recent.push_back(self.now);
        }
        may
    }

    /// A logout will be complete when so many sessions have left.
    pub(super) fn leaves(&mut self, call: CallId, sessions: usize) {
        self.shared.leaving.insert(call, sessions);
    }

    /// One of them has.
    pub(super) fn has_left(&mut self, call: CallId) {
        let Some(left) = self.shared.leaving.get_mut(&call) else {
            return;
        };
        *left -= 1;
        if *left == 0 {
            self.shared.leaving.remove(&call);
            match self.deviates(Deviation::LogoutFails) {
                true => self.outputs.push(failed(call, ErrorWord::TimedOut)),
                false if self.deviates(Deviation::LogoutNeverAnswered) => {}
                false => self.outputs.push(done(call)), // TIM-062
            }
            if self.deviates(Deviation::LogoutAnsweredTwice) {
                self.outputs.push(done(call));
            }
        }
    }
}
