//! The reference server.
//!
//! - this file: what a server is, and when it wakes
//! - `links`: connections, gateways, and what is sent
//! - `logins`: who may come in, and who has to go for that
//! - `requests`: what goes over a session's link
//! - `ends`: how sessions end
//! - `sessions`: who is online
//! - `accounts`: what is known of a user beyond a session
//! - `late`: notices that are delayed, lost or overtaken

mod accounts;
mod ends;
mod late;
mod links;
mod logins;
mod requests;
mod sessions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::accounts::Accounts;
use self::late::Late;
use self::links::Link;
use self::sessions::{Session, Sessions};
use crate::deviation::Deviation;
use crate::peer::{Gateway, Input, LinkId, Order, Output, Peer, Store};
use crate::rules::{Noticed, OnExpiry, Rules};
use crate::time::{Millis, Now, Time};

/// How long an accepted link may take before it logs in. A peer that never does would otherwise
/// hold it for ever.
const FIRST_MESSAGE_WITHIN: Millis = Millis::seconds(30);

/// The reference server.
#[derive(Debug)]
pub struct Server {
    rules: Rules,
    links: BTreeMap<LinkId, Link>,
    stopped: BTreeSet<Gateway>,
    sessions: Sessions,
    accounts: Accounts,
    late: Late,
    /// The logins of the last second, by app and room.
    room_logins: BTreeMap<(u32, String), VecDeque<Time>>,
    /// Not later than the first thing that falls due. Signs of life only move things away from
    /// it, so it is computed anew when it is reached and not with every message.
    deadline: Option<Time>,
    /// The wake that was last asked for.
    asked_for: Option<Time>,
}

impl Server {
    /// A fresh process: no sessions; accounts as earlier processes stored them.
    pub fn new(rules: Rules, store: &Store) -> Server {
        Server {
            rules,
            links: BTreeMap::new(),
            stopped: BTreeSet::new(),
            sessions: Sessions::default(),
            accounts: Accounts::stored(store),
            late: Late::default(),
            room_logins: BTreeMap::new(),
            deadline: None,
            asked_for: None,
        }
    }
}

impl Peer for Server {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        let mut turn = Turn {
            now,
            server: self,
            outputs,
        };
        match input {
            Input::LinkOpened { link, gateway } => turn.link_opened(link, gateway),
            Input::LinkReceived { link, bytes } => turn.received(link, &bytes),
            Input::LinkClosed { link, .. } | Input::LinkRefused { link } => turn.link_closed(link),
            Input::Order(order) => turn.obey(order),
            Input::Wake => {
                turn.server.asked_for = None;
                turn.wake();
                self.deadline = self.first_deadline();
            }
            Input::Call { .. }
            | Input::Reachable(_)
            | Input::Lifecycle(_)
            | Input::Token { .. } => {}
        }
        if self.deadline != self.asked_for {
            self.asked_for = self.deadline;
            outputs.push(Output::WakeAt(self.deadline));
        }
    }
}

impl Server {
    fn first_deadline(&self) -> Option<Time> {
        let sessions = self.sessions.all().map(|session| self.due(session));
        let mute = self
            .links
            .values()
            .filter(|link| link.session.is_none())
            .map(|link| link.opened + FIRST_MESSAGE_WITHIN);
        sessions.chain(mute).chain(self.late.first_due()).min()
    }

    /// When a session ends if nothing is heard of it.
    fn due(&self, session: &Session) -> Time {
        let silent = session.heard + self.rules.heartbeat.server_limit;
        match session.ticket_over {
            Some(over) if self.expires_by_timer() => silent.min(over),
            _ => silent,
        }
    }

    fn wake_by(&mut self, at: Time) {
        self.deadline = Some(self.deadline.map_or(at, |earlier| earlier.min(at)));
    }

    fn expires_by_timer(&self) -> bool {
        self.rules.token.noticed == Noticed::Timer && self.expiry_ends_sessions()
    }

    fn expiry_ends_sessions(&self) -> bool {
        self.rules.token.on_expiry != OnExpiry::Stay
    }
}

/// One input being handled.
struct Turn<'a> {
    now: Now,
    server: &'a mut Server,
    outputs: &'a mut Vec<Output>,
}

impl Turn<'_> {
    /// Does the service break the rules in this way?
    fn deviates(&self, how: Deviation) -> bool {
        self.server.rules.deviates(how)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Kick { user, room, device } => {
                self.kick(&user, room.as_deref(), device.as_deref());
            }
            Order::Ban { user } => self.ban(&user),
            Order::Unban { user } => self.change_account(&user, |account| account.banned = false),
            Order::Revoke { user } => self.revoke(&user),
            Order::Set(console) => console.apply(&mut self.server.rules),
            Order::Gateway { gateway, works } => self.gateway(gateway, works),
            Order::Disturb(disturbance) => self.server.late.disturb(disturbance),
        }
    }

    fn wake(&mut self) {
        self.send_late();
        self.end_overdue();
    }
}
