//! Small peers and a small script, for tests and benchmarks of the engines alone.

#![allow(dead_code, reason = "every user needs another part")]
#![allow(unreachable_pub, reason = "shared by several programs")]

pub mod plan;

use std::collections::BTreeMap;

use conformance::scenario::ClientIndex;
use runner::peers::Peers;
use session::peer::{
    Answer, Call, CallId, Callback, Gateway, Happening, Input, LinkId, Outcome, Output, Peer, Store,
};
use session::random::Stream;
use session::time::{Millis, Now, Time};
use session::words::Event;

/// How toys behave.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub heartbeat: Millis,
    pub answer_within: Millis,
    pub connect_timeout: Millis,
    /// After a connect that failed; doubles up to `longest_pause`, half of it by chance.
    pub pause: Millis,
    pub longest_pause: Millis,
    pub server_limit: Millis,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits {
            heartbeat: Millis::seconds(30),
            answer_within: Millis::seconds(10),
            connect_timeout: Millis::seconds(10),
            pause: Millis::seconds(20),
            longest_pause: Millis::seconds(20),
            server_limit: Millis::seconds(90),
        }
    }
}

/// Connects when logged in, beats, and connects again when the link is lost.
pub struct ToyClient {
    habits: Habits,
    stage: Stage,
    last_link: u32,
    login: Option<CallId>,
    pause: Millis,
    draws: Stream,
}

enum Stage {
    Idle,
    Connecting(LinkId),
    /// Waits for the answer to a beat.
    Asking(LinkId),
    /// Waits for the time of the next beat.
    Online(LinkId),
    Pausing,
}

impl ToyClient {
    pub fn new(habits: Habits) -> ToyClient {
        ToyClient::on(0, habits)
    }

    /// With chances of its own.
    pub fn on(device: usize, habits: Habits) -> ToyClient {
        ToyClient {
            pause: habits.pause,
            draws: Stream::new(0, &format!("toy:{device}")),
            habits,
            stage: Stage::Idle,
            last_link: 0,
            login: None,
        }
    }

    fn connect(&mut self, now: Time, outputs: &mut Vec<Output>) {
        self.last_link += 1;
        let link = LinkId(self.last_link);
        self.stage = Stage::Connecting(link);
        outputs.push(connect(link));
        outputs.push(Output::WakeAt(Some(now + self.habits.connect_timeout)));
    }

    fn ask(&mut self, now: Time, link: LinkId, outputs: &mut Vec<Output>) {
        self.pause = self.habits.pause;
        self.stage = Stage::Asking(link);
        let bytes = b"beat\n".to_vec();
        outputs.push(Output::Send { link, bytes });
        outputs.push(Output::WakeAt(Some(now + self.habits.answer_within)));
    }

    fn pause(&mut self, now: Time, outputs: &mut Vec<Output>) {
        self.stage = Stage::Pausing;
        let longest = self.habits.longest_pause;
        let pause = match self.habits.pause < longest {
            true => {
                let half = self.pause.0 / 2;
                Millis(half + self.draws.up_to(half))
            }
            false => longest,
        };
        self.pause = longest.min(Millis(self.pause.0 * 2));
        outputs.push(Output::WakeAt(Some(now + pause)));
    }

    fn lost(&mut self, now: Time, outputs: &mut Vec<Output>) {
        outputs.push(happened(Event::Reconnecting));
        self.connect(now, outputs);
    }
}

/// Anything at all that reaches the script.
pub fn says(what: impl Into<String>) -> Output {
    Output::Breach {
        link: LinkId(0),
        what: what.into(),
    }
}

/// A connect to the gateway everybody uses.
pub fn connect(link: LinkId) -> Output {
    let gateway = Gateway::FIRST;
    Output::Connect { link, gateway }
}

fn happened(event: Event) -> Output {
    Output::Callback {
        listener: None,
        callback: Callback::Neutral(Happening::new(event)),
    }
}

impl Peer for ToyClient {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        let now = now.at;
        match (input, &self.stage) {
            (
                Input::Call {
                    id,
                    call: Call::Login(_),
                    ..
                },
                Stage::Idle,
            ) => {
                self.login = Some(id);
                outputs.push(happened(Event::LoggingIn));
                self.connect(now, outputs);
            }
            (Input::Call { id, .. }, _) => outputs.push(Output::Result {
                id,
                outcome: Outcome::Ok(Answer::Done),
            }),
            (Input::LinkOpened { link, .. }, Stage::Connecting(_)) => {
                self.ask(now, link, outputs);
            }
            (Input::LinkReceived { .. }, &Stage::Asking(link)) => {
                if let Some(id) = self.login.take() {
                    let outcome = Outcome::Ok(Answer::Done);
                    outputs.push(Output::Result { id, outcome });
                    outputs.push(happened(Event::LoggedIn));
                }
                self.stage = Stage::Online(link);
                outputs.push(Output::WakeAt(Some(now + self.habits.heartbeat)));
            }
            (Input::LinkRefused { .. }, Stage::Connecting(_)) => self.pause(now, outputs),
            (Input::LinkClosed { .. }, Stage::Asking(_) | Stage::Online(_)) => {
                self.lost(now, outputs);
            }
            (Input::Wake, &Stage::Connecting(link)) => {
                outputs.push(Output::Close { link });
                self.pause(now, outputs);
            }
            (Input::Wake, &Stage::Asking(link)) => {
                outputs.push(Output::Close { link });
                self.lost(now, outputs);
            }
            (Input::Wake, &Stage::Online(link)) => self.ask(now, link, outputs),
            (Input::Wake, Stage::Pausing) => self.connect(now, outputs),
            (Input::Reachable(reachable), _) => {
                outputs.push(says(format!("reachable {reachable}")))
            }
            _ => {}
        }
    }
}

/// Echoes, and closes links it has heard nothing of for too long.
pub struct ToyServer {
    habits: Habits,
    heard: BTreeMap<LinkId, Time>,
    wakes_at: Option<Time>,
}

impl ToyServer {
    pub fn new(habits: Habits) -> ToyServer {
        ToyServer {
            habits,
            heard: BTreeMap::new(),
            wakes_at: None,
        }
    }
}

impl Peer for ToyServer {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        let now = now.at;
        match input {
            Input::LinkOpened { link, .. } => {
                self.heard.insert(link, now);
            }
            Input::LinkReceived { link, bytes } => {
                self.heard.insert(link, now);
                outputs.push(Output::Send { link, bytes });
            }
            Input::LinkClosed { link, .. } => {
                self.heard.remove(&link);
            }
            Input::Wake => {
                self.wakes_at = None;
                let limit = self.habits.server_limit;
                self.heard.retain(|&link, heard| {
                    let silent = now.since(*heard) >= limit;
                    if silent {
                        outputs.push(Output::Close { link });
                    }
                    !silent
                });
            }
            _ => {}
        }
        if self.wakes_at.is_none() && !self.heard.is_empty() {
            self.wakes_at = Some(now + self.habits.server_limit);
            outputs.push(Output::WakeAt(self.wakes_at));
        }
    }
}

/// Toys on every device.
pub struct Toys(pub Habits);

impl Peers for Toys {
    fn client(&mut self, device: ClientIndex, _: u32, _: Store) -> Box<dyn Peer> {
        Box::new(ToyClient::on(device.0, self.0))
    }
    fn server(&mut self, _: u32, _: Store) -> Box<dyn Peer> {
        Box::new(ToyServer::new(self.0))
    }
}

/// Peers made by functions.
pub struct Made<C, S> {
    pub client: C,
    pub server: S,
}

impl<C, S> Peers for Made<C, S>
where
    C: FnMut(usize) -> Box<dyn Peer>,
    S: FnMut() -> Box<dyn Peer>,
{
    fn client(&mut self, device: ClientIndex, _: u32, _: Store) -> Box<dyn Peer> {
        (self.client)(device.0)
    }
    fn server(&mut self, _: u32, _: Store) -> Box<dyn Peer> {
        (self.server)()
    }
}

/// A peer that is one function.
pub struct Handler<H>(pub H);

impl<H: FnMut(Now, Input) -> Vec<Output>> Peer for Handler<H> {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        outputs.extend((self.0)(now, input));
    }
}

pub fn handler(handle: impl FnMut(Now, Input) -> Vec<Output> + 'static) -> Box<dyn Peer> {
    Box::new(Handler(handle))
}
