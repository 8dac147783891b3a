//! The reference client.
//!
//! - [`Client`]: what a device holds, and to whom of it an input goes
//! - `calls`: the app's calls, and what is true without a session
//! - `logins`: logging in, again, elsewhere and out
//! - `session`: one login from its call to its end; a new login is a new value, so nothing of an
//!   old link, answer or timer can reach it
//! - `local`: what is kept on the device
//! - `speaker`: the way out
//! - `timers`: what a session waits for

mod calls;
mod local;
mod logins;
mod session;
mod speaker;
mod timers;

use self::local::Local;
pub use self::local::saved;
use self::session::Session;
use self::speaker::{Shared, Speaker};
use crate::deviation::Deviation;
use crate::peer::{CallId, Happening, Input, LinkId, Outcome, Output, Peer, Store};
use crate::rules::{Rules, Sleep};
use crate::time::{Now, Time};
use crate::words::{ErrorWord, Event, Lifecycle, Platform, Reason};

/// What a client is made from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The vendor it plays.
    pub rules: Rules,
    /// The device's name.
    pub device: String,
    /// What the device is.
    pub platform: Platform,
    /// The app ID.
    pub app: u32,
    /// The signature its app was built with, if it was.
    pub app_sign: Option<String>,
    /// Does its app listen from the start?
    pub listening: bool,
    /// What earlier processes on this device stored.
    pub store: Store,
    /// The run's seed.
    pub seed: u64,
    /// How often the process was started before; separates the random streams of its lives.
    pub incarnation: u32,
}

/// The reference client.
#[derive(Debug)]
pub struct Client {
    setup: Setup,
    /// Was it initialised, and not destroyed since?
    created: bool,
    /// Did the app choose several rooms?
    several_rooms: bool,
    /// In the order of their logins; more than one only with several rooms.
    sessions: Vec<Session>,
    /// What outlives a session.
    shared: Shared,
    /// When the last login was called that has not succeeded.
    last_login: Option<Time>,
    frozen_since: Option<Time>,
    /// The wake that was last asked for.
    asked_for: Option<Time>,
}

impl Client {
    /// A fresh process; the client in it is not initialised yet.
    pub fn new(setup: Setup) -> Client {
        let stream = format!("client:{}:{}", setup.device, setup.incarnation);
        let local = Local::stored(&setup.store);
        Client {
            shared: Shared::new(setup.seed, &stream, setup.listening, local),
            created: false,
            several_rooms: setup.rules.deviates(Deviation::SeveralRoomsUnasked),
            sessions: Vec::new(),
            last_login: None,
            frozen_since: None,
            asked_for: None,
            setup,
        }
    }
}

impl Peer for Client {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        match input {
            Input::Call { id, call, .. } => self.call(now, id, call, outputs),
            // It has its tickets from the calls.
            Input::Order(_) | Input::Token { .. } => {}
            Input::Wake => {
                // The carrier has used up the wish.
                self.asked_for = None;
                self.with_each(now, outputs, Session::wake);
            }
            Input::Reachable(up) => {
                self.with_each(now, outputs, |session, say| session.reachable(up, say));
            }
            Input::Lifecycle(word) => self.lifecycle(now, word, outputs),
            Input::LinkOpened { link, .. } => {
                self.on_link(now, link, outputs, Session::link_opened);
            }
            Input::LinkReceived { link, bytes } => {
                self.on_link(now, link, outputs, |session, say| {
                    session.received(&bytes, say);
                });
            }
            Input::LinkClosed { link, .. } | Input::LinkRefused { link } => {
                self.on_link(now, link, outputs, Session::link_lost);
            }
        }
        if self.sessions.iter().any(Session::is_accepted) {
            self.last_login = None;
        }
        self.sessions.retain(|session| !session.is_over());
        let next = self.sessions.iter().filter_map(Session::wakes_at).min();
        if next != self.asked_for {
            self.asked_for = next;
            outputs.push(Output::WakeAt(next));
        }
    }
}

impl Client {
    fn speaker<'a>(&'a mut self, now: Now, outputs: &'a mut Vec<Output>) -> Speaker<'a> {
        Speaker {
            now: now.at,
            wall: now.wall,
            setup: &self.setup,
            shared: &mut self.shared,
            outputs,
        }
    }

    fn with_session(
        &mut self,
        at: usize,
        now: Now,
        outputs: &mut Vec<Output>,
        act: impl FnOnce(&mut Session, &mut Speaker<'_>),
    ) {
        if let Some(session) = self.sessions.get_mut(at) {
            let mut say = Speaker {
                now: now.at,
                wall: now.wall,
                setup: &self.setup,
                shared: &mut self.shared,
                outputs,
            };
            act(session, &mut say);
        }
    }

    fn with_each(
        &mut self,
        now: Now,
        outputs: &mut Vec<Output>,
        act: impl Fn(&mut Session, &mut Speaker<'_>),
    ) {
        for at in 0..self.sessions.len() {
            self.with_session(at, now, outputs, &act);
        }
    }

    /// Acts only when a session lives on `link`: whatever comes from an older link belongs to an
    /// older generation and changes nothing.
    fn on_link(
        &mut self,
        now: Now,
        link: LinkId,
        outputs: &mut Vec<Output>,
        act: impl FnOnce(&mut Session, &mut Speaker<'_>),
    ) {
        let lives_on_it = |session: &Session| session.link() == Some(link);
        if let Some(at) = self.sessions.iter().position(lives_on_it) {
            self.with_session(at, now, outputs, act);
        }
    }

    fn lifecycle(&mut self, now: Now, word: Lifecycle, outputs: &mut Vec<Output>) {
        match word {
            Lifecycle::Frozen => self.frozen_since = Some(now.at),
            Lifecycle::Resumed => {
                let slept = self.frozen_since.take().map(|since| now.at.since(since));
                if let Some(slept) = slept
                    && self.setup.rules.reconnect.sleep == Sleep::StandsStill
                {
                    for session in &mut self.sessions {
                        session.lengthen_window(slept);
                    }
                }
            }
            Lifecycle::Background => {}
            // Somebody looks: no pause is worth waiting for (SOURCES zim 3.7).
            Lifecycle::Foreground => self.with_each(now, outputs, Session::try_at_once),
        }
    }
}

fn result(id: CallId, outcome: Outcome) -> Output {
    Output::Result { id, outcome }
}

fn done(id: CallId) -> Output {
    result(id, Outcome::Ok(crate::peer::Answer::Done))
}

fn failed(id: CallId, error: ErrorWord) -> Output {
    result(id, Outcome::Failed(error))
}

/// An event with a reason or an error to it.
fn happening(event: Event, reason: Option<Reason>, error: Option<ErrorWord>) -> Happening {
    Happening {
        reason,
        error,
        ..Happening::new(event)
    }
}
