//! What comes over links: to a client that is logging in or logged in, and to a server.
//!
//! An input is a script. Its first byte chooses the rules; the rest is pieces with a zero byte
//! between them. The first byte of a piece says what it is: a digit gives the rest of it to that
//! link, `c` closes a link, `w` lets seconds pass, other letters make calls; anything else is
//! given to the first link, or newest, whole. `$alice` and `$bob` stand for good tickets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use session::client::{Client, Setup};
use session::peer::{
    Call, CallId, Closed, Gateway, Input, LinkId, LoginCall, MessageKind, Order, Output, Peer,
    Recipient, Store,
};
use session::rules::Rules;
use session::server::Server;
use session::ticket::{self, APP_ID, Claims, Draws, Secret};
use session::time::{EPOCH_UNIX_MS, Millis, Now, Time};
use session::words::Platform;

use crate::files;

/// The longest that one script lets pass.
const LONGEST: Millis = Millis::seconds(2 * 3_600);

/// More wakes at one instant than this are a peer that never rests.
const MOST_WAKES: usize = 100;

/// More wakes in a script than this are a peer that hardly rests.
const MOST_WAKES_IN_ALL: usize = 50_000;

/// The longest thing that is said of a broken protocol, in bytes.
const LONGEST_BREACH: usize = 4 * 1024;

const USERS: [&str; 2] = ["alice", "bob"];

/// Frames and silences for a client that logs in.
///
/// # Panics
/// A promise is broken.
pub fn client(script: &[u8]) {
    let (choice, script) = script.split_first().unwrap_or((&0, &[]));
    let (rules, tickets) = rules_of(*choice);
    let into_room = rules.login.into_room;
    let client = Client::new(Setup {
        rules,
        device: "phone".into(),
        platform: Platform::Android,
        app: APP_ID,
        app_sign: None,
        listening: true,
        store: Store::new(),
        seed: 7,
        incarnation: 0,
    });
    let mut carried = Carried::new(client);
    carried.call(Call::Initialise);
    let login = |user: usize| {
        Call::Login(LoginCall {
            room: into_room.then(|| "room-1".to_owned()),
            ..LoginCall::new(USERS[user], &tickets[user])
        })
    };
    carried.call(login(0));
    for piece in script.split(|byte| *byte == 0) {
        match piece {
            [b'w', rest @ ..] => carried.pass(seconds(rest)),
            [b'c', ..] => carried.close_newest(),
            [b'l', ..] => carried.call(login(0)),
            [b'b', ..] => carried.call(login(1)),
            [b'o', ..] => carried.call(Call::Logout { room: None }),
            [b'r', ..] => carried.call(Call::RenewToken {
                ticket: tickets[0].clone(),
                room: None,
            }),
            [b's', ..] => carried.call(Call::SendMessage {
                kind: MessageKind::Message,
                to: Recipient::User("bob".into()),
                text: "hello".into(),
            }),
            [b'd', ..] => carried.give(Input::Reachable(false)),
            [b'u', ..] => carried.give(Input::Reachable(true)),
            [digit @ b'0'..=b'9', rest @ ..] => {
                carried.receive(
                    LinkId(u32::from(digit - b'0')),
                    with_tickets(rest, &tickets),
                );
            }
            piece => {
                let newest = carried.open.last().copied().unwrap_or(LinkId(1));
                carried.receive(newest, with_tickets(piece, &tickets));
            }
        }
    }
    carried.pass(Millis::seconds(60));
}

/// Frames and silences for a server.
///
/// # Panics
/// A promise is broken.
pub fn server(script: &[u8]) {
    let (choice, script) = script.split_first().unwrap_or((&0, &[]));
    let (rules, tickets) = rules_of(*choice);
    let mut carried = Carried::new(Server::new(rules, &Store::new()));
    for piece in script.split(|byte| *byte == 0) {
        match piece {
            [b'w', rest @ ..] => carried.pass(seconds(rest)),
            [b'c', digit @ b'0'..=b'9', ..] => carried.close(LinkId(u32::from(*digit))),
            [b'k', ..] => carried.give(Input::Order(Order::Kick {
                user: "alice".into(),
                room: None,
                device: None,
            })),
            [digit @ b'0'..=b'9', rest @ ..] => {
                let link = LinkId(u32::from(*digit));
                carried.open(link);
                carried.receive(link, with_tickets(rest, &tickets));
            }
            piece => {
                carried.open(LinkId(0));
                carried.receive(LinkId(0), with_tickets(piece, &tickets));
            }
        }
    }
    carried.pass(Millis::seconds(200));
}

/// How many choices of rules there are.
pub fn choices() -> usize {
    all_rules().len()
}

/// The choice of the rules of this profile.
pub fn choice_of(profile: &str) -> Option<u8> {
    let mut profiles = files::library().profiles.runnable();
    let at = profiles.position(|one| one.id == profile)?;
    u8::try_from(at).ok()
}

/// A peer, and what has become of its links.
struct Carried<P> {
    peer: P,
    now: Time,
    wake: Option<Time>,
    wakes: usize,
    /// Those that are open, in their order.
    open: BTreeSet<LinkId>,
    /// Closed ones never come back.
    closed: BTreeSet<LinkId>,
    calls: u32,
    answered: BTreeMap<CallId, usize>,
    /// How many bytes it was given, and how many it gave.
    received: usize,
    sent: usize,
    links: usize,
}

impl<P: Peer> Carried<P> {
    fn new(peer: P) -> Carried<P> {
        Carried {
            peer,
            now: Time::START,
            wake: None,
            wakes: 0,
            open: BTreeSet::new(),
            closed: BTreeSet::new(),
            calls: 0,
            answered: BTreeMap::new(),
            received: 0,
            sent: 0,
            links: 0,
        }
    }

    fn call(&mut self, call: Call) {
        self.calls += 1;
        let id = CallId(self.calls);
        self.give(Input::Call {
            id,
            call,
            inside: None,
        });
    }

    fn open(&mut self, link: LinkId) {
        if !self.closed.contains(&link) && self.open.insert(link) {
            self.links += 1;
            let gateway = Gateway::FIRST;
            self.give(Input::LinkOpened { link, gateway });
        }
    }

    fn close(&mut self, link: LinkId) {
        if self.open.remove(&link) {
            self.closed.insert(link);
            let how = Closed::Finished;
            self.give(Input::LinkClosed { link, how });
        }
    }

    fn close_newest(&mut self) {
        if let Some(link) = self.open.last() {
            self.close(*link);
        }
    }

    /// Bytes for a link; a carrier has none for one that is closed.
    fn receive(&mut self, link: LinkId, bytes: Vec<u8>) {
        if self.open.contains(&link) {
            self.received += bytes.len();
            self.give(Input::LinkReceived { link, bytes });
        }
    }

    fn give(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.peer.handle(Now::at(self.now), input, &mut outputs);
        let mut opened = Vec::new();
        for output in outputs {
            match output {
                Output::Connect { link, .. } => opened.push(link),
                Output::Send { bytes, .. } => self.sent += bytes.len(),
                Output::Close { link } => {
                    self.open.remove(&link);
                    self.closed.insert(link);
                }
                Output::WakeAt(at) => self.wake = at,
                Output::Result { id, .. } => {
                    let times = self.answered.entry(id).or_default();
                    *times += 1;
                    assert_eq!(*times, 1, "call {} has two results", id.0);
                }
                Output::Breach { what, .. } => assert!(
                    what.len() <= LONGEST_BREACH,
                    "{} bytes are said of a breach",
                    what.len()
                ),
                Output::Callback { .. }
                | Output::Store { .. }
                | Output::Session(_)
                | Output::AskToken { .. } => {}
            }
        }
        // What was said once may be told again to each link, and each link and wake costs a little.
        let most = (self.links + 2) * (4 * self.received + 16 * 1024) + 1024 * self.wakes;
        let most = most + 16 * 1024 * self.calls as usize;
        assert!(
            self.sent <= most,
            "{} bytes for {}",
            self.sent,
            self.received
        );
        for link in opened {
            self.open(link);
        }
    }

    fn pass(&mut self, length: Millis) {
        let until = self.now + length;
        let until = until.min(Time::START + LONGEST);
        let mut at_once = 0;
        while let Some(at) = self.wake.filter(|at| *at <= until) {
            at_once = match at > self.now {
                true => 0,
                false => at_once + 1,
            };
            self.wakes += 1;
            assert!(at_once <= MOST_WAKES, "it never rests");
            assert!(self.wakes <= MOST_WAKES_IN_ALL, "it hardly rests");
            self.now = self.now.max(at);
            self.wake = None;
            self.give(Input::Wake);
        }
        self.now = self.now.max(until);
    }
}

/// Rules, and a ticket for each user under them.
type Choice = (Rules, [String; 2]);

fn rules_of(choice: u8) -> Choice {
    let all = all_rules();
    all[usize::from(choice) % all.len()].clone()
}

fn all_rules() -> &'static [Choice] {
    static ALL: OnceLock<Vec<Choice>> = OnceLock::new();
    ALL.get_or_init(|| {
        let profiles = files::library().profiles.runnable();
        profiles
            .map(|profile| {
                let rules = profile.rules.clone();
                let tickets = USERS.map(|user| ticket_for(user, &rules));
                (rules, tickets)
            })
            .collect()
    })
}

fn ticket_for(user: &str, rules: &Rules) -> String {
    let issued = (EPOCH_UNIX_MS / 1_000) as i64;
    let claims = Claims {
        user: user.to_owned(),
        app: APP_ID,
        issued,
        ends: issued + 3_600,
        payload: String::new(),
    };
    let draws = Draws {
        nonce: 5,
        iv: [7; 16],
    };
    ticket::mint(&claims, &Secret::of_app(rules.token.format, APP_ID), draws)
}

fn with_tickets(piece: &[u8], tickets: &[String; 2]) -> Vec<u8> {
    if !piece.contains(&b'$') {
        return piece.to_vec();
    }
    let mut out = Vec::with_capacity(piece.len());
    let mut rest = piece;
    'next: while let Some((first, behind)) = rest.split_first() {
        for (user, ticket) in USERS.iter().zip(tickets) {
            if *first == b'$' && behind.starts_with(user.as_bytes()) {
                out.extend(ticket.as_bytes());
                rest = &behind[user.len()..];
                continue 'next;
            }
        }
        out.push(*first);
        rest = behind;
    }
    out
}

fn seconds(text: &[u8]) -> Millis {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let seconds = text.parse().unwrap_or(1_u64);
    Millis::seconds(seconds.min(LONGEST.0 / 1_000))
}
