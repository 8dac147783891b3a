//! A script that gives commands at fixed times.

use std::collections::BTreeMap;

use conformance::director::{Actor, Command, Fact};
use conformance::scenario::{AppAct, ClientIndex, NetworkChange, NetworkWord};
use runner::script::Script;
use session::peer::{Call, CallId, Callback, LoginCall, Output};
use session::time::{Millis, Time};

/// Gives commands at fixed times and writes down what it hears.
pub struct Plan {
    pub commands: BTreeMap<Time, Vec<Command>>,
    pub quiet: bool,
    pub lines: Vec<String>,
}

impl Plan {
    pub fn until(end: Millis) -> Plan {
        Plan {
            commands: BTreeMap::from([(Time::START + end, vec![Command::Finish])]),
            quiet: false,
            lines: Vec::new(),
        }
    }

    pub fn quiet(mut self) -> Plan {
        self.quiet = true;
        self
    }

    pub fn at(mut self, at: Millis, command: Command) -> Plan {
        let commands = self.commands.entry(Time::START + at).or_default();
        let before_finish = commands.iter().take_while(|c| **c != Command::Finish);
        commands.insert(before_finish.count(), command);
        self
    }

    /// The lines that contain one of `words`.
    pub fn with(&self, words: &[&str]) -> Vec<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines
            .filter(|line| words.iter().any(|word| line.contains(word)))
            .collect()
    }
}

impl Script for Plan {
    fn instant_begins(&mut self, now: Time) -> Vec<Command> {
        match self.commands.first_entry() {
            Some(first) if *first.key() <= now => first.remove(),
            _ => Vec::new(),
        }
    }

    fn instant_over(&mut self, _: Time) -> Vec<Command> {
        Vec::new()
    }

    fn time_is_up(&mut self, now: Time) {
        self.lines.push(format!("{} time is up", now.0));
    }

    fn wakes_at(&self) -> Option<Time> {
        self.commands.keys().next().copied()
    }

    fn report(&mut self, now: Time, actor: Actor, fact: Fact<'_>) {
        if self.quiet {
            return;
        }
        let who = match actor {
            Actor::Client(ClientIndex(n)) => format!("client {n}"),
            Actor::Server => "server".to_owned(),
        };
        let what = match fact {
            Fact::Output(Output::WakeAt(_)) => return,
            Fact::Output(Output::Callback {
                callback: Callback::Neutral(h),
                ..
            }) => h.event.to_string(),
            Fact::Output(Output::Connect { link, .. }) => format!("connect {}", link.0),
            Fact::Output(Output::Close { link }) => format!("close {}", link.0),
            Fact::Output(Output::Send { link, bytes }) => {
                format!("send {} {}", link.0, bytes.escape_ascii())
            }
            Fact::Output(Output::Breach { what, .. }) => what.clone(),
            Fact::Output(Output::Result { id, .. }) => format!("result {}", id.0),
            Fact::Output(output) => format!("{output:?}"),
            Fact::LinkUp(link) => format!("up {}", link.0),
            Fact::LinkDown(link, how) => format!("{how} {}", link.0),
        };
        self.lines.push(format!("{} {who}: {what}", now.0));
    }
}

pub fn devices(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("device-{n}")).collect()
}

pub fn login(client: usize) -> Command {
    Command::Call {
        client: ClientIndex(client),
        id: CallId(client as u32 + 1),
        call: Call::Login(LoginCall::new(&format!("user-{client}"), "")),
        inside: None,
    }
}

pub fn network(client: usize, is: NetworkWord) -> Command {
    change(
        client,
        NetworkChange {
            is: Some(is),
            ..NetworkChange::default()
        },
    )
}

pub fn change(client: usize, change: NetworkChange) -> Command {
    Command::Network {
        client: ClientIndex(client),
        change,
    }
}

pub fn app(client: usize, is: AppAct) -> Command {
    Command::App {
        client: ClientIndex(client),
        is,
    }
}
