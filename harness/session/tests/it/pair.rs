//! Clients and a server joined by a queue: the next thing to happen is taken, time jumps to it.

use std::collections::BTreeMap;

use session::client::{Client, Setup};
use session::peer::{
    Call, CallId, Callback, Closed, Input, LinkId, LoginCall, Order, Outcome, Output, Peer,
    SessionEvent, Store,
};
use session::rules::*;
use session::server::Server;
use session::ticket::{self, APP_ID, Claims, Draws, Format, Secret};
use session::time::{EPOCH_UNIX_MS, Millis, Now, Time};
use session::words::{Event, Platform};

const LATENCY: Millis = Millis(30);

/// Who is meant: a client by its number, or the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Client(usize),
    Server,
}

/// A small world.
pub(crate) struct World {
    pub(crate) now: Time,
    clients: Vec<Client>,
    server: Server,
    /// What will happen, in order.
    queue: BTreeMap<(Time, u64), (Who, Input)>,
    serial: u64,
    wakes: BTreeMap<Who, Time>,
    /// The server's link for each link of a client.
    links: BTreeMap<(usize, LinkId), LinkId>,
    accepted: u32,
    calls: u32,
    /// While true nothing passes.
    pub(crate) cut: bool,
    /// What was told to whom.
    pub(crate) events: Vec<(Time, usize, Event)>,
    pub(crate) results: BTreeMap<u32, Outcome>,
    pub(crate) sessions: Vec<SessionEvent>,
    pub(crate) breaches: Vec<(Who, String)>,
    pub(crate) connects: usize,
}

/// Rules of no vendor.
pub(crate) fn rules() -> Rules {
    Rules {
        login: Login {
            into_room: false,
            timeout: Millis::seconds(60),
            retried_for_window: false,
            again_same_user: AgainSameUser::Refused,
            again_other_user: AgainOtherUser::Refused,
            while_logging_in: WhileLoggingIn::Refused,
            least_gap: Wait::None,
            offline: OfflineLogin::None,
            ready_after: Wait::None,
            most_failures: Limit::Unlimited,
            lockout: Millis::seconds(60),
            refusal: Telling::Silent,
            expired_ticket: Telling::Silent,
            offline_after_logout: OfflineAfterLogout::Allowed,
            other_user_after_window: OtherUserAfterWindow::Accepted,
            authentication: Authentication::Token,
            bad_app_sign: BadAppSign::Refused,
            again_reported: Telling::Silent,
        },
        logout: Logout {
            without_session: WithoutSession::Ok,
            unknown_room: WithoutSession::NotLoggedIn,
            while_reconnecting: Telling::Told,
            at_destroy: AtDestroy::LogsOut,
            after_an_end: Telling::Silent,
            messages_meanwhile: MessagesMeanwhile::Dropped,
        },
        link: Link {
            connect_timeout: Millis::seconds(5),
            answer_timeout: Millis::seconds(10),
            requests_per_second: Limit::Unlimited,
            gateways: 1,
        },
        heartbeat: Heartbeat {
            interval: Millis::seconds(10),
            answer_within: Millis::seconds(9),
            server_limit: Millis::seconds(100),
            on_link_close: OnLinkClose::Keep,
        },
        reconnect: Reconnect {
            window: Window::Bounded(Millis::seconds(1_200)),
            window_from: WindowFrom::Reconnecting,
            first_delay: Millis(500),
            longest_delay: Millis::seconds(20),
            jitter_percent: 50,
            sleep: Sleep::Counts,
        },
        token: Token {
            format: Format::Token04,
            payload: PayloadUse::Ignored,
            codes: TokenCodes::Coarse,
            default_life: Millis::seconds(86_400),
            warning_lead: WarningLead::Before(Millis::seconds(30)),
            on_expiry: OnExpiry::Disconnect,
            noticed: Noticed::Timer,
            short_at_login: ShortTicket::Accepted,
            short_at_renewal: ShortTicket::Accepted,
            from_the_future: FromTheFuture::Accepted,
            longest_life: Wait::None,
            end_counts: EndCounts::Excluded,
            renewal_after_expiry: RenewalAfterExpiry::Refused,
            after_server_kick: AfterServerKick::Good,
        },
        devices: Devices {
            policy: DevicePolicy::Single,
            per_platform: Limit::Most(1),
            on_web: Limit::Most(1),
            native_in_total: Limit::Unlimited,
            exclude_each_other: Vec::new(),
            victim: Victim::Oldest,
            newcomer: Newcomer::Displaces,
            kicked_while_away: KickedWhileAway::Silent,
            returning: Returning::Loses,
            returning_loser_told: ReturningLoserTold::KickedOut,
        },
        rooms: Rooms {
            several: SeveralRooms::Refused,
            most: Limit::Unlimited,
            logins_per_second: Limit::Unlimited,
            takeover_told: TakeoverTold::LeaveAndJoin,
        },
        local: Local {
            conversations: Conversations::Never,
        },
        identifiers: Identifiers {
            user_longest: 32,
            user_punctuation: "_-".into(),
            name_longest: 256,
            empty_name: EmptyName::Allowed,
            room_longest: 127,
            room_punctuation: "_-".into(),
        },
        deviations: Default::default(),
    }
}

impl World {
    pub(crate) fn new(rules: Rules, clients: usize) -> World {
        World::of(rules, &vec![Platform::Android; clients])
    }

    /// A device of each of these platforms.
    pub(crate) fn of(rules: Rules, platforms: &[Platform]) -> World {
        let client = |number: usize| {
            Client::new(Setup {
                rules: rules.clone(),
                device: format!("device-{number}"),
                platform: platforms[number],
                app: session::ticket::APP_ID,
                app_sign: (rules.login.authentication == Authentication::AppSign)
                    .then(|| session::ticket::app_sign(session::ticket::APP_ID)),
                listening: true,
                store: Store::new(),
                seed: 7,
                incarnation: 0,
            })
        };
        let mut world = World {
            now: Time::START,
            clients: (0..platforms.len()).map(client).collect(),
            server: Server::new(rules, &Store::new()),
            queue: BTreeMap::new(),
            serial: 0,
            wakes: BTreeMap::new(),
            links: BTreeMap::new(),
            accepted: 0,
            calls: 0,
            cut: false,
            events: Vec::new(),
            results: BTreeMap::new(),
            sessions: Vec::new(),
            breaches: Vec::new(),
            connects: 0,
        };
        for number in 0..platforms.len() {
            world.call(number, Call::Initialise);
        }
        world
    }

    pub(crate) fn call(&mut self, client: usize, call: Call) -> u32 {
        self.calls += 1;
        let id = CallId(self.calls);
        self.give(
            Who::Client(client),
            Input::Call {
                id,
                call,
                inside: None,
            },
        );
        self.calls
    }

    /// A ticket of this user, good from now on for this long.
    pub(crate) fn ticket(&self, user: &str, life: Millis) -> String {
        let seconds = |ms: u64| (ms / 1_000) as i64;
        let issued = seconds(EPOCH_UNIX_MS + self.now.0);
        let claims = Claims {
            user: user.into(),
            app: APP_ID,
            issued,
            ends: issued + seconds(life.0),
            payload: String::new(),
        };
        // Two tickets of one second differ.
        let draws = Draws {
            nonce: i64::from(self.calls),
            iv: [7; 16],
        };
        ticket::mint(&claims, &Secret::of_app(Format::Token04, APP_ID), draws)
    }

    pub(crate) fn login(&mut self, client: usize, user: &str) -> u32 {
        let ticket = self.ticket(user, Millis::seconds(86_400));
        let user = user.to_owned();
        let room = None;
        self.call(
            client,
            Call::Login(LoginCall {
                room,
                ..LoginCall::new(&user, &ticket)
            }),
        )
    }

    pub(crate) fn order(&mut self, order: Order) {
        self.give(Who::Server, Input::Order(order));
    }

    /// Gives an input now.
    pub(crate) fn give(&mut self, who: Who, input: Input) {
        let now = Now::at(self.now);
        let mut outputs = Vec::new();
        match who {
            Who::Client(number) => self.clients[number].handle(now, input, &mut outputs),
            Who::Server => self.server.handle(now, input, &mut outputs),
        }
        for output in outputs {
            self.perform(who, output);
        }
    }

    /// Lets this long pass.
    pub(crate) fn pass(&mut self, length: Millis) {
        let until = self.now + length;
        loop {
            let queued = self.queue.keys().next().map(|(at, _)| *at);
            let wake = self.wakes.iter().map(|(who, at)| (*at, *who)).min();
            let next = queued.into_iter().chain(wake.map(|(at, _)| at)).min();
            let Some(at) = next.filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            if queued == Some(at) {
                let (_, (who, input)) = self.queue.pop_first().expect("it was there");
                self.give(who, input);
            } else if let Some((_, who)) = wake {
                self.wakes.remove(&who);
                self.give(who, Input::Wake);
            }
        }
        self.now = until;
    }

    /// The events one client was told, in order.
    pub(crate) fn told(&self, client: usize) -> Vec<Event> {
        self.events
            .iter()
            .filter(|(_, who, _)| *who == client)
            .map(|(_, _, event)| *event)
            .collect()
    }

    pub(crate) fn later(&mut self, who: Who, input: Input) {
        self.serial += 1;
        self.queue
            .insert((self.now + LATENCY, self.serial), (who, input));
    }

    fn perform(&mut self, who: Who, output: Output) {
        match (who, output) {
            (who, Output::WakeAt(Some(at))) => {
                self.wakes.insert(who, at);
            }
            (who, Output::WakeAt(None)) => {
                self.wakes.remove(&who);
            }
            (Who::Client(number), Output::Connect { link, gateway }) => {
                self.connects += 1;
                if !self.cut {
                    self.accepted += 1;
                    let there = LinkId(self.accepted);
                    self.links.insert((number, link), there);
                    self.later(
                        Who::Server,
                        Input::LinkOpened {
                            link: there,
                            gateway,
                        },
                    );
                    self.later(Who::Client(number), Input::LinkOpened { link, gateway });
                }
            }
            (_, Output::Send { .. } | Output::Close { .. }) if self.cut => {}
            (who, Output::Send { link, bytes }) => {
                if let Some((who, link)) = self.across(who, link) {
                    self.later(who, Input::LinkReceived { link, bytes });
                }
            }
            (who, Output::Close { link }) => {
                if let Some((who, link)) = self.across(who, link) {
                    let how = Closed::Finished;
                    self.later(who, Input::LinkClosed { link, how });
                }
            }
            (
                Who::Client(number),
                Output::Callback {
                    callback: Callback::Neutral(happening),
                    ..
                },
            ) => {
                self.events.push((self.now, number, happening.event));
            }
            (_, Output::Result { id, outcome }) => {
                let earlier = self.results.insert(id.0, outcome);
                assert_eq!(earlier, None, "call {} has two results", id.0);
            }
            (_, Output::Session(event)) => self.sessions.push(event),
            (who, Output::Breach { what, .. }) => self.breaches.push((who, what)),
            (_, Output::Store { .. }) => {}
            (who, output) => panic!("{who:?} cannot do {output:?}"),
        }
    }

    fn across(&self, who: Who, link: LinkId) -> Option<(Who, LinkId)> {
        match who {
            Who::Client(number) => Some((Who::Server, *self.links.get(&(number, link))?)),
            Who::Server => self
                .links
                .iter()
                .find(|(_, there)| **there == link)
                .map(|((number, here), _)| (Who::Client(*number), *here)),
        }
    }
}
