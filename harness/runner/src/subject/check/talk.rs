//! A dialogue that any client, or any server, can have: what is done next hangs on what was said.

use std::collections::BTreeMap;

use adapter::setup::{Role, Setup};
use session::Peer;
use session::peer::{
    Call, CallId, Closed, Gateway, Input, LinkId, LoginCall, MessageKind, Order, Output, Recipient,
};
use session::ticket::{self, Claims, Draws, Secret};
use session::time::{EPOCH_UNIX_MS, Now, Time};
use session::words::Lifecycle;

/// No dialogue is longer, in inputs.
const MOST_INPUTS: u32 = 2_000;

/// When it ends, in virtual milliseconds.
const END: u64 = 60_000;

/// How long a link takes to open.
const LATENCY: u64 = 60;

pub(super) struct Talk {
    /// By when they are due and in which order they were put in.
    due: BTreeMap<(u64, u32), Input>,
    inputs: u32,
    wake_at: Option<u64>,
    links: Vec<LinkId>,
}

impl Talk {
    /// What is said, whatever is answered.
    pub(super) fn new(setup: &Setup) -> Talk {
        let mut talk = Talk {
            due: BTreeMap::new(),
            inputs: 0,
            wake_at: None,
            links: Vec::new(),
        };
        match setup.role {
            Role::Client => talk.with_client(setup),
            Role::Server => talk.with_server(setup),
        }
        talk
    }

    fn with_client(&mut self, setup: &Setup) {
        let room = setup.rules.login.into_room.then(|| "room-1".to_owned());
        let login = LoginCall {
            room: room.clone(),
            ..LoginCall::new("alice", &ticket_of(setup))
        };
        let to = match &room {
            Some(_) => Recipient::Room { room, user: None },
            None => Recipient::User("bob".into()),
        };
        let message = Call::SendMessage {
            kind: MessageKind::Message,
            to,
            text: "hello".into(),
        };
        let calls = [
            (0, Call::Initialise),
            (0, Call::Login(login.clone())),
            (1_000, Call::GetLoginStatus),
            (1_000, Call::GetLoginUser),
            (6_000, message),
            (6_000, Call::Other(super::UNHEARD_OF.into())),
            (20_000, Call::Logout { room: None }),
            (25_000, Call::Login(login)),
            (50_000, Call::Destroy),
        ];
        for (id, (at, call)) in (1..).zip(calls) {
            let id = CallId(id);
            let inside = None;
            self.put(at, Input::Call { id, call, inside });
        }
        self.put(2_000, Input::Lifecycle(Lifecycle::Background));
        self.put(3_000, Input::Lifecycle(Lifecycle::Foreground));
        self.put(4_000, Input::Reachable(false));
        self.put(5_000, Input::Reachable(true));
    }

    fn with_server(&mut self, setup: &Setup) {
        for link in [1, 2] {
            let link = LinkId(link);
            let gateway = Gateway::FIRST;
            let at = u64::from(link.0) * 1_000;
            self.put(at, Input::LinkOpened { link, gateway });
            let hello = serde_json::json!({
                "type": "login", "id": 1, "app": ticket::APP_ID, "user": "alice",
                "ticket": ticket_of(setup), "device": format!("device-{}", link.0),
                "platform": "android", "room": setup.rules.login.into_room.then_some("room-1"),
            });
            let line = format!("{hello}\n").into_bytes();
            let (front, back) = line.split_at(line.len() / 2);
            for bytes in [front.to_vec(), back.to_vec()] {
                self.put(at + LATENCY, Input::LinkReceived { link, bytes });
            }
        }
        let user = || "alice".to_owned();
        let kick = Order::Kick {
            user: user(),
            room: None,
            device: None,
        };
        self.put(10_000, Input::Order(kick));
        self.put(11_000, Input::Order(Order::Ban { user: user() }));
        self.put(12_000, Input::Order(Order::Unban { user: user() }));
        for link in [LinkId(1), LinkId(2)] {
            let how = Closed::Reset;
            self.put(20_000, Input::LinkClosed { link, how });
        }
    }

    fn put(&mut self, at: u64, input: Input) {
        self.inputs += 1;
        self.due.insert((at, self.inputs), input);
    }

    /// Goes through it, until nothing is left or `is_over` says so.
    pub(super) fn all(&mut self, peer: &mut dyn Peer, is_over: impl Fn() -> bool) {
        let mut now = 0;
        while self.inputs < MOST_INPUTS && !is_over() {
            let next = self.due.first_key_value().map(|((at, _), _)| *at);
            let rings = self.wake_at.map(|at| at.max(now)).filter(|at| *at <= END);
            let input = match (next, rings) {
                (Some(next), Some(rings)) if rings < next => None,
                (Some(_), _) => self.due.pop_first(),
                (None, Some(_)) => None,
                (None, None) => break,
            };
            let input = match input {
                Some(((at, _), input)) => {
                    now = at.max(now);
                    input
                }
                None => {
                    now = rings.unwrap_or(now);
                    self.wake_at = None;
                    self.inputs += 1;
                    Input::Wake
                }
            };
            let mut outputs = Vec::new();
            peer.handle(Now::at(Time(now)), input, &mut outputs);
            for output in outputs {
                self.answer(now, output);
            }
        }
    }

    /// What comes of what was said.
    fn answer(&mut self, now: u64, output: Output) {
        match output {
            Output::Connect { link, gateway } => {
                self.links.push(link);
                // The second link never opens.
                match self.links.len() {
                    2 => self.put(now + LATENCY, Input::LinkRefused { link }),
                    _ => self.put(now + LATENCY, Input::LinkOpened { link, gateway }),
                }
            }
            Output::Close { link } => self.due.retain(|_, input| match input {
                Input::LinkOpened { link: of, .. } | Input::LinkRefused { link: of } => *of != link,
                _ => true,
            }),
            Output::WakeAt(at) => self.wake_at = at.map(|at| at.0),
            Output::AskToken { ask, .. } => {
                let ticket = "a ticket".into();
                self.put(now, Input::Token { ask, ticket });
            }
            _ => {}
        }
    }
}

fn ticket_of(setup: &Setup) -> String {
    let issued = (EPOCH_UNIX_MS / 1_000) as i64;
    let claims = Claims {
        user: "alice".into(),
        app: ticket::APP_ID,
        issued,
        ends: issued + 86_400,
        payload: String::new(),
    };
    let secret = Secret::of_app(setup.rules.token.format, ticket::APP_ID);
    let draws = Draws {
        nonce: 1,
        iv: [7; 16],
    };
    ticket::mint(&claims, &secret, draws)
}
