//! The reference client.
//!
//! - [`Client`]: the app's calls, and what is true without a session
//! - `session`: one login from its call to its end; a new login is a new value, so nothing of an
//!   old link, answer or timer can reach it
//! - `timers`: what a session waits for

mod session;
mod timers;

use self::session::{Session, Speaker};
use crate::peer::{
    Answer, Call, CallId, Happening, Input, LinkId, LoginCall, Outcome, Output, Peer, Store,
};
use crate::random::Stream;
use crate::rules::{AgainOtherUser, AgainSameUser, Rules, WhileLoggingIn, WithoutSession};
use crate::time::{Now, Time};
use crate::words::{ErrorWord, Event, Platform, Reason, State};

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
    session: Option<Session>,
    /// What outlives a session: the numbers of links and requests, and the random stream.
    shared: Shared,
    /// The wake that was last asked for.
    asked_for: Option<Time>,
}

#[derive(Debug)]
struct Shared {
    random: Stream,
    links: u32,
    requests: u32,
}

/// What a device stores on which `user` was logged in before and never logged out.
pub fn saved(user: &str) -> Store {
    Store::from([(LAST_USER.to_owned(), user.to_owned())])
}

/// Where the user is stored who was online here last.
const LAST_USER: &str = "user";

impl Client {
    /// A fresh process; the client in it is not initialised yet.
    pub fn new(setup: Setup) -> Client {
        let stream = format!("client:{}:{}", setup.device, setup.incarnation);
        let random = Stream::new(setup.seed, &stream);
        Client {
            setup,
            created: false,
            session: None,
            shared: Shared {
                random,
                links: 0,
                requests: 0,
            },
            asked_for: None,
        }
    }
}

impl Peer for Client {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        match input {
            Input::Call { id, call } => self.call(now, id, call, outputs),
            Input::Order(_) | Input::Lifecycle(_) => {}
            Input::Wake => {
                // The carrier has used up the wish.
                self.asked_for = None;
                self.with_session(now, outputs, Session::wake);
            }
            Input::Reachable(up) => {
                self.with_session(now, outputs, |session, say| session.reachable(up, say));
            }
            Input::LinkOpened { link, .. } => {
                self.on_link(now, link, outputs, Session::link_opened)
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
        if self.session.as_ref().is_some_and(Session::is_over) {
            self.session = None;
        }
        let next = self.session.as_ref().and_then(Session::wakes_at);
        if next != self.asked_for {
            self.asked_for = next;
            outputs.push(Output::WakeAt(next));
        }
    }
}

impl Client {
    fn with_session(
        &mut self,
        now: Now,
        outputs: &mut Vec<Output>,
        act: impl FnOnce(&mut Session, &mut Speaker<'_>),
    ) {
        if let Some(session) = &mut self.session {
            act(
                session,
                &mut Speaker {
                    now: now.at,
                    setup: &self.setup,
                    shared: &mut self.shared,
                    outputs,
                },
            );
        }
    }

    /// Acts only when `link` is the one the session lives on: whatever comes from an older link
    /// belongs to an older generation and changes nothing.
    fn on_link(
        &mut self,
        now: Now,
        link: LinkId,
        outputs: &mut Vec<Output>,
        act: impl FnOnce(&mut Session, &mut Speaker<'_>),
    ) {
        if self.session.as_ref().and_then(Session::link) == Some(link) {
            self.with_session(now, outputs, act);
        }
    }

    fn call(&mut self, now: Now, id: CallId, call: Call, outputs: &mut Vec<Output>) {
        if !self.created && call != Call::Initialise {
            // EXP-012, TIM-001: nothing works before the client is created.
            outputs.push(failed(id, ErrorWord::NotInitialised));
            return;
        }
        match call {
            Call::Initialise => {
                self.created = true;
                outputs.push(done(id));
            }
            Call::Destroy => self.destroy(now, id, outputs),
            Call::Login(login) => self.login(now, id, login, outputs),
            Call::Logout { .. } => self.logout(now, id, outputs),
            Call::RenewToken { ticket, .. } => {
                if self.session.is_some() {
                    self.with_session(now, outputs, |session, say| session.renew(id, ticket, say));
                } else {
                    outputs.push(failed(id, ErrorWord::NotLoggedIn));
                }
            }
            Call::SendMessage { to, text, .. } => {
                if self.session.is_some() {
                    self.with_session(now, outputs, |session, say| {
                        session.send_message(id, to, text, say);
                    });
                } else {
                    // EXP-002, ZIM-036, ZIM-043, ZIM-054, TIM-003
                    outputs.push(failed(id, ErrorWord::NotLoggedIn));
                }
            }
            Call::GetLoginUser => {
                // TIM-037, TIM-038, T-AMB-47: empty until the login has succeeded.
                let user = self
                    .session
                    .as_ref()
                    .filter(|session| session.state() != State::LoggingIn)
                    .map(|session| session.user().to_owned());
                outputs.push(result(id, Outcome::Ok(Answer::User(user))));
            }
            Call::GetLoginStatus => {
                // TIM-039
                let state = self.state();
                outputs.push(result(id, Outcome::Ok(Answer::State(state))));
            }
            _ => outputs.push(failed(id, ErrorWord::Unsupported)),
        }
    }

    fn state(&self) -> State {
        self.session
            .as_ref()
            .map_or(State::LoggedOut, Session::state)
    }

    fn login(&mut self, now: Now, id: CallId, login: LoginCall, outputs: &mut Vec<Output>) {
        let LoginCall {
            user, ticket, room, ..
        } = login;
        let rules = &self.setup.rules;
        // EXP-052…055, TIM-013, TIM-014: checked here, before anything leaves the device.
        let room = room.filter(|_| rules.login.into_room);
        let bad_user = rules.identifiers.refuse_user(&user);
        let bad_room = room.as_ref().and_then(|r| rules.identifiers.refuse_room(r));
        if let Some(error) = bad_user.or(bad_room) {
            outputs.push(failed(id, error));
            return;
        }
        if let Some(session) = &self.session {
            let same_user = session.user() == user;
            match session.state() {
                // A logout is under way: the login waits for nothing and finishes it.
                _ if session.is_leaving() => {}
                State::LoggingIn => match rules.login.while_logging_in {
                    // T-AMB-16, Z-AMB-26: the first call is unaffected.
                    WhileLoggingIn::Refused => {
                        outputs.push(failed(id, ErrorWord::LoginInProgress));
                        return;
                    }
                    WhileLoggingIn::Supersede => {}
                },
                _ if same_user => match rules.login.again_same_user {
                    // EXP-044, Z-AMB-26: the session is untouched.
                    AgainSameUser::Refused => {
                        outputs.push(failed(id, ErrorWord::AlreadyLoggedIn));
                        return;
                    }
                    // T-AMB-17: no new session, no kick.
                    AgainSameUser::Repeat => {
                        outputs.push(done(id));
                        return;
                    }
                },
                _ => match rules.login.again_other_user {
                    AgainOtherUser::Refused => {
                        outputs.push(failed(id, ErrorWord::AlreadyLoggedIn));
                        return;
                    }
                    // TIM-063…065: the old account is logged out by the client itself.
                    AgainOtherUser::Switch => {}
                    AgainOtherUser::Repeat => {
                        outputs.push(done(id));
                        return;
                    }
                },
            }
            self.with_session(now, outputs, Session::give_way);
            self.session = None;
        }
        let mut say = Speaker {
            now: now.at,
            setup: &self.setup,
            shared: &mut self.shared,
            outputs,
        };
        self.session = Some(Session::begin(id, user, ticket, room, &mut say));
    }

    fn logout(&mut self, now: Now, id: CallId, outputs: &mut Vec<Output>) {
        if self.session.is_some() {
            self.with_session(now, outputs, |session, say| session.log_out(id, say));
            return;
        }
        let outcome = match self.setup.rules.logout.without_session {
            WithoutSession::Ok => Outcome::Ok(Answer::Done),
            WithoutSession::NotLoggedIn => Outcome::Failed(ErrorWord::NotLoggedIn),
        };
        outputs.push(result(id, outcome));
    }

    /// EXP-051: a session is logged out on the way; nothing is told to the app any more.
    fn destroy(&mut self, now: Now, id: CallId, outputs: &mut Vec<Output>) {
        self.with_session(now, outputs, Session::give_way);
        self.session = None;
        self.created = false;
        outputs.push(done(id));
    }
}

fn result(id: CallId, outcome: Outcome) -> Output {
    Output::Result { id, outcome }
}

fn done(id: CallId) -> Output {
    result(id, Outcome::Ok(Answer::Done))
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
