//! Interprets a scenario: what is seen goes in, what is to be done comes out.

mod record;

use std::collections::BTreeMap;

use session::peer::{Call, CallId, LinkId, LoginCall, MessageKind, Order, Output, Recipient};
use session::ticket::{self, APP_ID, Claims};
use session::time::{EPOCH_UNIX_MS, Millis, Time};
use session::words::Api;

use self::record::Record;
use crate::case::{Case, DEFAULT_ROOM};
use crate::scenario::{
    Act, Action, AppAct, CallAct, CallName, ClientIndex, NetworkChange, ServerAct, TokenAct,
};
use crate::script::Script;
use crate::transcript::{End, LinkEnd, SERVER, StopReason, Transcript, What};
use crate::watch::{Status, Watch};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A device of the scenario.
    Client(ClientIndex),
    /// The server.
    Server,
}

/// What the runner is to do now, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Give this call to the device's peer.
    Call {
        /// The device.
        client: ClientIndex,
        /// The call's number.
        id: CallId,
        /// The call.
        call: Call,
    },
    /// Give this order to the server's peer.
    Order(Order),
    /// Change the device's network.
    Network {
        /// The device.
        client: ClientIndex,
        /// The change.
        change: NetworkChange,
    },
    /// Kill or start the device's process.
    App {
        /// The device.
        client: ClientIndex,
        /// Which.
        is: AppAct,
    },
    /// Stop the server's process: links break, connects are refused.
    StopServer,
    /// Start the server's process anew.
    StartServer,
    /// Set the device's clock.
    Clock {
        /// The device.
        client: ClientIndex,
        /// Milliseconds ahead of the truth.
        skew: i64,
    },
    /// Set every network right and start the server if it is stopped.
    LiftFaults,
    /// The run is over.
    Finish,
}

/// Something a runner has to report.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// The peer caused this.
    Output(&'a Output),
    /// A link came up at this peer.
    LinkUp(LinkId),
    /// A link of this peer is gone, or never came up.
    LinkDown(LinkId, LinkEnd),
}

/// One run in progress.
#[derive(Debug)]
pub struct Director<'a> {
    case: &'a Case<'a>,
    record: Record<'a>,
    script: Script,
    /// The next step to begin.
    next: usize,
    doing: Doing,
    /// How many entries the watch of this step has seen.
    fed: usize,
    commands: Vec<Command>,
    calls: u32,
    end: End,
}

#[derive(Debug)]
enum Doing {
    /// Creating the clients that the scenario wants created.
    Creating,
    /// Between two steps.
    Between,
    Watching(Box<Watch>),
    /// The script is over; what it started comes to rest.
    Settling(Time),
    Finished,
}

impl<'a> Director<'a> {
    /// A run of this case that has not begun. `client_subject` and `server_subject` say who
    /// plays them.
    pub fn new(case: &'a Case<'a>, client_subject: &str, server_subject: &str) -> Director<'a> {
        Director {
            case,
            record: Record::new(case, client_subject, server_subject),
            script: Script::default(),
            next: 0,
            doing: Doing::Creating,
            fed: 0,
            commands: Vec::new(),
            calls: 0,
            end: End::Complete,
        }
    }

    /// Acts that are due when an instant begins, before anything else happens in it.
    pub fn instant_begins(&mut self, now: Time) -> Vec<Command> {
        if let Doing::Watching(watch) = &self.doing
            && watch.ends_at_the_start_of().is_some_and(|end| now >= end)
        {
            self.doing = Doing::Between;
            self.begin_step(now);
        }
        std::mem::take(&mut self.commands)
    }

    /// Everything that was going to happen at this instant has happened and was reported. What
    /// is to be done now? Call it again after that has been done, until it returns nothing.
    pub fn instant_over(&mut self, now: Time) -> Vec<Command> {
        let full = self.record.entries().len() >= self.case.most_entries;
        if full && !matches!(self.doing, Doing::Finished) {
            self.end = End::RecordLimit;
            self.doing = Doing::Settling(now);
        }
        loop {
            match &mut self.doing {
                Doing::Creating => {
                    self.doing = Doing::Between;
                    self.create_clients(now);
                }
                Doing::Between => self.begin_step(now),
                Doing::Watching(watch) => {
                    for (index, entry) in self.record.entries().iter().enumerate().skip(self.fed) {
                        watch.entry(index, entry, self.case, &mut self.script.taken);
                    }
                    self.fed = self.record.entries().len();
                    watch.instant_over(now, self.case);
                    match watch.status() {
                        Status::Open(_) => break,
                        Status::Met(_) => self.doing = Doing::Between,
                        Status::Undocumented(_) => self.stop(now, StopReason::Undocumented),
                        Status::Unmet(_) => self.stop(now, StopReason::Unmet),
                    }
                }
                Doing::Settling(until) => {
                    if now < *until {
                        break;
                    }
                    self.record.script(now, What::End(self.end));
                    self.doing = Doing::Finished;
                    self.commands.push(Command::Finish);
                }
                Doing::Finished => break,
            }
            if !self.commands.is_empty() {
                break;
            }
        }
        std::mem::take(&mut self.commands)
    }

    /// The next instant that must not be jumped over.
    pub fn wakes_at(&self) -> Option<Time> {
        match &self.doing {
            Doing::Watching(watch) => match watch.status() {
                Status::Open(until) => *until,
                _ => None,
            },
            Doing::Settling(until) => Some(*until),
            Doing::Creating | Doing::Between | Doing::Finished => None,
        }
    }

    /// Reports what happened.
    pub fn report(&mut self, now: Time, actor: Actor, fact: Fact<'_>) {
        self.record.fact(now, actor, fact);
    }

    /// The virtual time a run may take is used up.
    pub fn time_is_up(&mut self, now: Time) {
        self.record.script(now, What::End(End::TimeLimit));
        self.doing = Doing::Finished;
    }

    /// The record, once [`Command::Finish`] was given or time was up.
    pub fn into_transcript(self) -> Transcript {
        self.record.into_transcript()
    }

    // ---- steps -------------------------------------------------------------------------------

    fn create_clients(&mut self, now: Time) {
        for (index, client) in self.case.scenario.clients.iter().enumerate() {
            if client.initialised {
                self.call(now, ClientIndex(index), Call::Initialise);
            }
        }
    }

    fn begin_step(&mut self, now: Time) {
        let Some(step) = self.case.scenario.steps.get(self.next) else {
            self.settle(now);
            return;
        };
        let index = self.record.entries().len();
        let source = &self.case.scenario.source;
        let text = source.line(step.span).trim().trim_start_matches("- ");
        let what = What::Step {
            step: self.next,
            text: text.to_owned(),
        };
        self.record.script(now, what);
        let watch = self
            .script
            .begin(step, index, now, self.case, self.record.states());
        self.next += 1;
        self.fed = watch.first_entry().unwrap_or(index);
        self.doing = Doing::Watching(Box::new(watch));
        if let Action::Act(act) = &step.action {
            self.act(now, act);
        }
    }

    fn stop(&mut self, now: Time, why: StopReason) {
        self.end = End::Stopped;
        let step = self.next.saturating_sub(1);
        self.record.script(now, What::Stopped { step, why });
        self.settle(now);
    }

    fn settle(&mut self, now: Time) {
        if !self.case.scenario.leave_faults {
            self.commands.push(Command::LiftFaults);
        }
        self.doing = Doing::Settling(now + self.case.profile.bounds.settle);
    }

    fn act(&mut self, now: Time, act: &Act) {
        match act {
            Act::Call { client, call, .. } => {
                let call = self.resolve(now, *client, call);
                let id = self.call(now, *client, call);
                let device = &self.case.client(*client).name;
                self.script.call_made(device, id.0);
            }
            Act::Advance(_) => {}
            Act::Network { client, change } => {
                self.record.network(now, *client, change);
                self.commands.push(Command::Network {
                    client: *client,
                    change: *change,
                });
            }
            Act::App { client, is } => {
                self.record.client(now, *client, What::App { is: *is });
                self.commands.push(Command::App {
                    client: *client,
                    is: *is,
                });
                if *is == AppAct::Started && self.case.client(*client).initialised {
                    self.call(now, *client, Call::Initialise);
                }
            }
            Act::Clock { client, skew } => {
                self.record
                    .client(now, *client, What::Clock { skew: *skew });
                self.commands.push(Command::Clock {
                    client: *client,
                    skew: *skew,
                });
            }
            Act::Server(act) => self.act_on_server(now, act),
        }
    }

    fn act_on_server(&mut self, now: Time, act: &ServerAct) {
        let (said, commands) = match act {
            ServerAct::Restart => (
                "restart".to_owned(),
                vec![Command::StopServer, Command::StartServer],
            ),
            ServerAct::Stop => ("stop".to_owned(), vec![Command::StopServer]),
            ServerAct::Start => ("start".to_owned(), vec![Command::StartServer]),
            ServerAct::Kick(user) => (
                format!("kick {user}"),
                vec![Command::Order(Order::Kick {
                    user: user.clone(),
                    room: None,
                    device: None,
                })],
            ),
            ServerAct::Set(console) => {
                // Plain data: serialising it cannot fail.
                let said = serde_json::to_string(console).expect("console settings are plain data");
                (
                    format!("set {said}"),
                    vec![Command::Order(Order::Set(console.clone()))],
                )
            }
        };
        self.record.push(now, SERVER, What::Server { act: said });
        self.commands.extend(commands);
    }

    fn call(&mut self, now: Time, client: ClientIndex, call: Call) -> CallId {
        self.calls += 1;
        let id = CallId(self.calls);
        self.record.call(now, client, id, &call);
        self.commands.push(Command::Call { client, id, call });
        id
    }

    /// A call as the script wants it, with what it leaves open filled in.
    fn resolve(&mut self, now: Time, index: ClientIndex, call: &CallAct) -> Call {
        let client = self.case.client(index);
        let user = call.user.clone().unwrap_or_else(|| client.user.clone());
        let into_room = self.case.rules.login.into_room;
        let room = call.room.clone().unwrap_or_else(|| DEFAULT_ROOM.to_owned());
        match call.api.api() {
            Some(Api::Initialise) => Call::Initialise,
            Some(Api::Destroy) => Call::Destroy,
            Some(Api::Login) => Call::Login(LoginCall {
                room: into_room.then_some(room),
                ..LoginCall::new(&user, &self.mint(now, &user, call.token.as_ref()))
            }),
            Some(Api::Logout) => Call::Logout { room: None },
            Some(Api::RenewToken) => Call::RenewToken {
                ticket: self.mint(now, &user, call.token.as_ref()),
                room: None,
            },
            Some(Api::SendMessage) => Call::SendMessage {
                kind: MessageKind::Message,
                // Where a login is a login into a room, a message goes to the room.
                to: match &call.to {
                    _ if into_room => Recipient::Room {
                        room: Some(room),
                        user: None,
                    },
                    Some(user) => Recipient::User(user.clone()),
                    None => Recipient::User(user),
                },
                text: call.text.clone().unwrap_or_else(|| "hello".to_owned()),
            },
            Some(Api::GetLoginUser) => Call::GetLoginUser,
            Some(Api::GetLoginStatus) => Call::GetLoginStatus,
            _ => Call::Other(call.api.name().to_owned()),
        }
    }

    /// The app's own server makes a ticket; its clock is right.
    fn mint(&mut self, now: Time, user: &str, token: Option<&TokenAct>) -> String {
        let issued = EPOCH_UNIX_MS + now.0;
        let life = match token {
            Some(TokenAct::ValidFor(life)) => *life,
            _ => self.case.rules.token.default_life,
        };
        let claims = Claims {
            user: user.to_owned(),
            app: APP_ID,
            issued,
            ends: issued + life.0,
        };
        let (text, about) = match token {
            Some(TokenAct::Fault(fault)) => {
                let text = ticket::mint_faulty(&claims, *fault);
                (text, format!("{user}, {fault}"))
            }
            _ => (ticket::mint(&claims), format!("{user}, ends +{life}")),
        };
        self.record.ticket(&text, &about);
        text
    }
}

impl CallName {
    /// The call of the closed list that is made.
    pub fn api(&self) -> Option<Api> {
        match self {
            CallName::Known(api) => Some(*api),
            CallName::SwitchAccount => Some(Api::Login),
        }
    }

    /// As it is written.
    pub fn name(&self) -> &str {
        match self {
            CallName::Known(api) => api.word(),
            CallName::SwitchAccount => "switch-account",
        }
    }
}

/// Quality of a network change as it is recorded.
fn quality(change: &NetworkChange) -> BTreeMap<String, String> {
    let mut quality = BTreeMap::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            quality.insert(name.to_owned(), value);
        }
    };
    add("latency", change.latency.map(|l: Millis| l.to_string()));
    add("jitter", change.jitter.map(|j| j.to_string()));
    add("loss", change.loss.map(|l| format!("{l}%")));
    quality
}
