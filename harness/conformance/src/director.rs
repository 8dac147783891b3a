//! Interprets a scenario: what is seen goes in, what is to be done comes out.

mod calls;
mod record;
#[cfg(test)]
mod tests;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use session::peer::{AskId, Call, CallId, Disturbance, Disturbed, Gateway, LinkId, Order, Output};
use session::time::{Millis, Time};

use self::calls::Apps;
use self::record::Record;
use crate::case::Case;
use crate::scenario::{
    Act, Action, AppAct, ClientIndex, Devices, GatewayWord, NetworkChange, ServerAct, Step,
};
use crate::script::Script;
use crate::transcript::{End, LinkEnd, RESTART, SERVER, SET, STOP, StopReason, Transcript, What};
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
        /// The callback that it is made from inside of.
        inside: Option<String>,
    },
    /// Give the device's peer the ticket it asked for.
    Token {
        /// The device.
        client: ClientIndex,
        /// The question.
        ask: AskId,
        /// The ticket.
        ticket: String,
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
    /// How many tickets were made.
    tickets: u32,
    apps: Apps,
    /// The gateways that were stopped.
    stopped: BTreeSet<Gateway>,
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
            tickets: 0,
            apps: Apps::default(),
            stopped: BTreeSet::new(),
            end: End::Complete,
        }
    }

    /// The bytes on the wire are written by programs that nobody here made: what they mean does
    /// not hang on blanks between words, or is nobody's business (`opaque`).
    pub fn reads_foreign_bytes(&mut self, opaque: bool) {
        self.record.reads_foreign_bytes(opaque);
    }

    /// Acts that are due when an instant begins, before anything else happens in it.
    pub fn instant_begins(&mut self, now: Time) -> Vec<Command> {
        self.make_due_calls(now);
        self.answer_asks(now);
        // What an app has called comes before what the script does next, such as a crash.
        if self.commands.is_empty()
            && let Doing::Watching(watch) = &self.doing
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
        if full {
            self.give_up(now, End::RecordLimit);
        }
        // What the apps do from inside their callbacks comes before anything else of the script.
        self.react(now);
        self.answer_asks(now);
        if !self.commands.is_empty() {
            return std::mem::take(&mut self.commands);
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

    /// Is nothing more to be done but to come to rest?
    fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Finished) || self.end == End::CallLimit
    }

    fn give_up(&mut self, now: Time, end: End) {
        if !matches!(self.doing, Doing::Finished) {
            self.end = end;
            self.doing = Doing::Settling(now);
        }
    }

    /// The next instant that must not be jumped over.
    pub fn wakes_at(&self) -> Option<Time> {
        let step = self.step_wakes_at();
        let call = self.apps.next_call();
        let ticket = self.apps.next_ticket();
        step.into_iter().chain(call).chain(ticket).min()
    }

    fn step_wakes_at(&self) -> Option<Time> {
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
        if let (Actor::Client(client), Fact::Output(Output::Callback { listener: None, .. })) =
            (actor, fact)
        {
            self.heard(client);
        }
        if let (Actor::Client(client), Fact::Output(Output::AskToken { ask, user })) = (actor, fact)
        {
            self.asked_for_ticket(now, client, *ask, user);
        }
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
        let what = What::Step {
            step: self.next,
            text: self.text_of(step),
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

    /// The first line of a step, and which round of a `repeat` it is.
    fn text_of(&self, step: &Step) -> String {
        let source = &self.case.scenario.source;
        let mut line = source.line(step.span).trim();
        while let Some(rest) = line.strip_prefix("- ") {
            line = rest;
        }
        let own = source.text.get(step.span.start..step.span.end);
        let own = own.and_then(|own| own.lines().next()).unwrap_or_default();
        // Several steps may stand on one line.
        let text = if line.starts_with(own) { line } else { own };
        match step.say_round() {
            Some(round) => format!("{text} ({round})"),
            None => text.to_owned(),
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
            for client in self.apps.frozen() {
                self.act_on_app(now, client, AppAct::Resumed);
            }
            self.commands.push(Command::LiftFaults);
            for gateway in std::mem::take(&mut self.stopped) {
                let is = GatewayWord::Started;
                self.act_on_server(now, &ServerAct::Gateway { gateway, is });
            }
        }
        self.doing = Doing::Settling(now + self.case.profile.bounds.settle);
    }

    fn act(&mut self, now: Time, act: &Act) {
        match act {
            Act::Call { client, call, .. } => {
                for client in client.each() {
                    let id = self.call_from_script(now, client, call);
                    self.script.call_numbered(client, id.0);
                }
            }
            Act::Advance(_) => {}
            Act::Network { client, change } => {
                for client in client.each() {
                    let change = *change;
                    self.record.network(now, client, &change);
                    self.commands.push(Command::Network { client, change });
                }
            }
            Act::App { client, is } => {
                for client in client.each() {
                    self.act_on_app(now, client, *is);
                }
            }
            Act::Clock { client, skew } => {
                for client in client.each() {
                    let skew = *skew;
                    self.record.client(now, client, What::Clock { skew });
                    self.commands.push(Command::Clock { client, skew });
                }
            }
            Act::Server(act) => self.act_on_server(now, act),
            Act::On { client, reaction } => {
                for client in client.each() {
                    self.apps.arm(client, reaction);
                }
            }
            Act::TokenProvider { client, provider } => {
                for client in client.each() {
                    self.apps.provide(client, provider);
                }
            }
        }
    }

    fn act_on_app(&mut self, now: Time, client: ClientIndex, is: AppAct) {
        self.record.client(now, client, What::App { is });
        self.commands.push(Command::App { client, is });
        match is {
            AppAct::Crashed => self.forget_calls(now, client),
            AppAct::Frozen => self.apps.freeze(client),
            AppAct::Resumed => {
                self.apps.resume(client);
                self.make_due_calls(now);
            }
            AppAct::Started if self.case.client(client).initialised => {
                self.call(now, client, Call::Initialise);
            }
            AppAct::Started | AppAct::Background | AppAct::Foreground => {}
        }
    }

    fn act_on_server(&mut self, now: Time, act: &ServerAct) {
        let (said, commands) = match act {
            ServerAct::Restart => (
                RESTART.to_owned(),
                vec![Command::StopServer, Command::StartServer],
            ),
            ServerAct::Stop => (STOP.to_owned(), vec![Command::StopServer]),
            ServerAct::Start => ("start".to_owned(), vec![Command::StartServer]),
            ServerAct::Kick { user, room, client } => {
                let mut said = format!("kick {user}");
                if let Some(room) = room {
                    said.push_str(&format!(" in {room}"));
                }
                let kick = |device: Option<String>| {
                    Command::Order(Order::Kick {
                        user: user.clone(),
                        room: room.clone(),
                        device,
                    })
                };
                let commands = self.for_each(*client, kick);
                (said + &self.say_on(*client), commands)
            }
            ServerAct::Ban(user) => {
                let user = user.clone();
                let said = format!("ban {user}");
                (said, vec![Command::Order(Order::Ban { user })])
            }
            ServerAct::Unban(user) => {
                let user = user.clone();
                let said = format!("unban {user}");
                (said, vec![Command::Order(Order::Unban { user })])
            }
            ServerAct::Revoke(user) => {
                let user = user.clone();
                let said = format!("revoke the tickets of {user}");
                (said, vec![Command::Order(Order::Revoke { user })])
            }
            ServerAct::Gateway { gateway, is } => {
                match is {
                    GatewayWord::Stopped => self.stopped.insert(*gateway),
                    GatewayWord::Started => self.stopped.remove(gateway),
                };
                let order = Order::Gateway {
                    gateway: *gateway,
                    works: *is == GatewayWord::Started,
                };
                let said = format!("gateway {} {is}", gateway.0);
                (said, vec![Command::Order(order)])
            }
            ServerAct::Disturb {
                notice,
                client,
                times,
                how,
            } => {
                let disturb = |device: Option<String>| {
                    Command::Order(Order::Disturb(Disturbance {
                        notice: *notice,
                        device,
                        times: *times,
                        how: *how,
                    }))
                };
                let commands = self.for_each(*client, disturb);
                let mut said = match how {
                    Disturbed::Delayed(by) => format!("delay {notice} by {by}"),
                    Disturbed::Dropped => format!("drop {notice}"),
                    Disturbed::Reordered => format!("reorder {notice}"),
                };
                if *times > 1 {
                    said.push_str(&format!(" ×{times}"));
                }
                (said + &self.say_on(*client), commands)
            }
            ServerAct::Set(console) => {
                // Plain data: serialising it cannot fail.
                let said = serde_json::to_string(console).expect("console settings are plain data");
                (
                    format!("{SET}{said}"),
                    vec![Command::Order(Order::Set(console.clone()))],
                )
            }
        };
        self.record.push(now, SERVER, What::Server { act: said });
        self.commands.extend(commands);
    }

    /// One order for each of these devices, or one for all there are.
    fn for_each(
        &self,
        clients: Option<Devices>,
        order: impl Fn(Option<String>) -> Command,
    ) -> Vec<Command> {
        match clients {
            None => vec![order(None)],
            Some(clients) => clients
                .each()
                .map(|client| order(Some(self.case.client(client).name.clone())))
                .collect(),
        }
    }

    fn say_on(&self, clients: Option<Devices>) -> String {
        let on = |clients| format!(" on {}", self.case.name_of(clients));
        clients.map(on).unwrap_or_default()
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
