//! A scenario as a text: the inverse of [`crate::document`].
//!
//! What is written reads back as the same scenario, place by place. Rounds of a `repeat` are
//! written out, and a name that each round gives anew gets a number. One line a step, as in the scenarios written by hand; that takes a writer of our
//! own, which also knows where each step stands without reading the text again.

mod acts;
mod flow;
mod names;
mod observations;

use std::sync::Arc;

use session::rules::{Console, Window};

use self::flow::{Flow, Map};
use crate::case::DEFAULT_ROOM;
use crate::document::hash;
use crate::scenario::{Action, AppSign, Client, Devices, Scenario, Step};
use crate::source::{Source, Span};

/// The scenario with a text of its own at `path`, and every step in its place there. `remarks`
/// stand above it as comments, a line each.
pub fn scenario(mut scenario: Scenario, path: &str, remarks: &[String]) -> Scenario {
    let mut text = String::new();
    for remark in remarks {
        text.push_str("# ");
        text.extend(remark.chars().map(|c| if c.is_control() { ' ' } else { c }));
        text.push('\n');
    }
    names::told_apart(&mut scenario.steps);
    head(&scenario, &mut text);
    text.push_str("steps:\n");
    let names = Names(&scenario.clients);
    let mut spans = Vec::with_capacity(scenario.steps.len());
    for step in &scenario.steps {
        text.push_str("  - ");
        spans.push(self::step(step, &names, &mut text));
    }
    for (step, span) in scenario.steps.iter_mut().zip(spans) {
        step.span = span;
        step.rounds.clear();
    }
    scenario.hash = hash(&text);
    scenario.source = Arc::new(Source {
        path: path.to_owned(),
        text,
    });
    scenario
}

fn head(scenario: &Scenario, text: &mut String) {
    let mut line = |key: &str, value: Flow| {
        text.push_str(key);
        text.push_str(": ");
        value.write(text);
        text.push('\n');
    };
    line("title", Flow::text(&scenario.title));
    if let Some(about) = &scenario.about {
        line("about", Flow::text(about));
    }
    for (key, names) in [
        ("tags", &scenario.tags),
        ("needs", &scenario.needs),
        ("depends", &scenario.depends),
        ("covers", &scenario.covers),
        ("violates", &scenario.violates),
    ] {
        if !names.is_empty() {
            line(key, list(names));
        }
    }
    if !scenario.profiles.is_empty() {
        let selected = scenario
            .profiles
            .iter()
            .map(|profile| match profile.exactly {
                true => Flow::text(&format!("={}", profile.id)),
                false => Flow::text(&profile.id),
            });
        line("profiles", Flow::List(selected.collect()));
    }
    if scenario.leave_faults {
        line("leave-faults", Flow::bare(true));
    }
    let console = console(&scenario.console);
    if !console.is_empty() {
        line("server", Flow::Map(console));
    }
    text.push_str("clients:\n");
    let names = Names(&scenario.clients);
    let mut next = 0;
    while let Some(first) = scenario.clients.get(next) {
        let count = fleet(&scenario.clients[next..]);
        let devices = Devices::fleet(next, count);
        text.push_str("  ");
        names.of(devices).write(text);
        text.push_str(": ");
        Flow::Map(client(first, count)).write(text);
        text.push('\n');
        next += count;
    }
}

/// How many of `clients` are the devices of one fleet that begins with the first; 1 for a device
/// of its own.
fn fleet(clients: &[Client]) -> usize {
    let Some(first) = clients.first() else {
        return 0;
    };
    let Some(name) = first
        .name
        .strip_suffix("-1")
        .filter(|_| first.room == first.name)
    else {
        return 1;
    };
    clients
        .iter()
        .zip(1..)
        .take_while(|(client, number)| {
            client.name == format!("{name}-{number}") && client.room == client.name
        })
        .count()
}

fn client(client: &Client, count: usize) -> Map {
    let mut settings = Map::default();
    if count > 1 {
        settings = settings.with("count", Flow::bare(count));
    } else if client.user != client.name {
        settings = settings.with("user", Flow::text(&client.user));
    }
    debug_assert!(
        count > 1 || client.room == DEFAULT_ROOM,
        "only a fleet has rooms of its own"
    );
    let app_sign = (client.app_sign != AppSign::Right).then_some(client.app_sign);
    let app = (client.app != session::ticket::APP_ID).then_some(client.app);
    settings
        .with("platform", Flow::bare(client.platform))
        .maybe(
            "initialised",
            (!client.initialised).then(|| Flow::bare(false)),
        )
        .maybe("app", app.map(Flow::bare))
        .maybe("app-sign", app_sign.map(Flow::bare))
        .maybe("listening", (!client.listening).then(|| Flow::bare(false)))
        .maybe("saved", client.saved.then(|| Flow::bare(true)))
}

fn console(console: &Console) -> Map {
    fn word(value: &Option<impl std::fmt::Display>) -> Option<Flow> {
        value.as_ref().map(Flow::bare)
    }
    let platforms = |platforms: &Vec<_>| Flow::List(platforms.iter().map(Flow::bare).collect());
    Map::default()
        .maybe("device-policy", word(&console.device_policy))
        .maybe("per-platform", word(&console.per_platform))
        .maybe("on-web", word(&console.on_web))
        .maybe("native-in-total", word(&console.native_in_total))
        .maybe(
            "exclude-each-other",
            console.exclude_each_other.as_ref().map(platforms),
        )
        .maybe("kicked-while-away", word(&console.kicked_while_away))
        .maybe("on-token-expiry", word(&console.on_token_expiry))
        .maybe(
            "reconnect-window",
            console
                .reconnect_window
                .as_ref()
                .map(|window| match window {
                    Window::Bounded(length) => Flow::bare(length),
                    Window::Unlimited => Flow::bare("unlimited"),
                }),
        )
        .maybe("several-rooms", word(&console.several_rooms))
        .maybe("gateways", word(&console.gateways))
        .maybe("authentication", word(&console.authentication))
        .maybe("token-codes", word(&console.token_codes))
}

/// Writes a step; where its act or observation stands.
fn step(step: &Step, names: &Names<'_>, text: &mut String) -> Span {
    let start = text.len();
    let (word, value) = match &step.action {
        Action::Act(act) => acts::written(act, names),
        Action::Observe(observation) => observations::written(observation, names),
        Action::Mark(name) => ("mark", Flow::text(name)),
    };
    text.push_str(word);
    text.push_str(": ");
    value.write(text);
    let end = text.len();
    text.push('\n');
    if !step.covers.is_empty() {
        text.push_str("    covers: ");
        list(&step.covers).write(text);
        text.push('\n');
    }
    Span { start, end }
}

fn list(names: &[String]) -> Flow {
    Flow::List(names.iter().map(|name| Flow::text(name)).collect())
}

/// The devices, to be called by their names.
struct Names<'a>(&'a [Client]);

impl Names<'_> {
    fn of(&self, devices: Devices) -> Flow {
        let first = &self.0[devices.first().0].name;
        Flow::text(match devices.count() {
            1 => first,
            _ => first.strip_suffix("-1").unwrap_or(first),
        })
    }
}

#[cfg(test)]
mod tests;
