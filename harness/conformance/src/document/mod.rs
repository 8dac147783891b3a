//! From a text to a [`Scenario`]: every problem at once, each on the author's own line.
//!
//! Three passes over the same tree, all complaining into one list:
//! - [`decode`]: key by key as the table of the language says: types, words, names, unknown keys
//! - [`acts`], [`observations`]: step by step: what the table cannot say about one step
//! - [`unrolled`]: every round of a `repeat` as steps of its own
//! - [`timeline`]: from step to step: marks, labels, crashed apps, stopped servers, the sum of waits

mod acts;
mod decode;
mod filled;
mod observations;
#[cfg(test)]
mod tests;
mod timeline;
mod unrolled;
mod values;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use session::rules::{Console, Window};
use session::words::Platform;
use sha2::{Digest, Sha256};

use self::decode::Decoder;
use self::filled::{Filled, ReadStep, Typed};
use self::timeline::Moment;
use crate::case::DEFAULT_ROOM;
use crate::diagnostic::Diagnostic;
use crate::grammar;
use crate::scenario::{Action, Client, Scenario, Step};
use crate::source::Source;
use crate::yaml::{self, Value};

/// The names that exist outside the file.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The IDs of the catalogue of requirements.
    pub requirements: BTreeSet<String>,
    /// The IDs of the profiles.
    pub profiles: BTreeSet<String>,
    /// The capabilities a profile may have.
    pub capabilities: BTreeSet<String>,
    /// The knobs of a profile, as paths such as `reconnect.window`.
    pub knobs: BTreeSet<String>,
    /// The callbacks of the profiles.
    pub callbacks: BTreeSet<String>,
    /// The arguments of those callbacks.
    pub arguments: BTreeSet<String>,
}

/// Understands a scenario. `name` is its path below the scenario folder without `.yaml`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text; never empty.
pub fn lower(source: Arc<Source>, name: &str, known: &Known) -> Result<Scenario, Vec<Diagnostic>> {
    let root = yaml::parse(&source)?;
    if root.value == Value::Null {
        return Err(vec![
            Diagnostic::new(
                "empty",
                "there is nothing in this file but blanks and comments",
            )
            .help("a scenario has at least `title:`, `clients:` and `steps:`"),
        ]);
    }
    let mut decoder = Decoder::new(&source, known, &root);
    let scenario = decoder
        .record(&grammar::SCENARIO, "a scenario", root.span, &root)
        .and_then(|top| scenario(&mut decoder, &source, name, &top));
    let mut diagnostics = decoder.finish();
    match scenario {
        Some(scenario) if diagnostics.is_empty() => Ok(scenario),
        _ => {
            // A step of a `repeat` may be wrong in the same way in every round.
            let mut seen = BTreeSet::new();
            diagnostics.retain(|diagnostic| seen.insert(format!("{diagnostic:?}")));
            diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
            debug_assert!(!diagnostics.is_empty(), "refused without a reason");
            Err(diagnostics)
        }
    }
}

fn scenario(
    decoder: &mut Decoder<'_>,
    source: &Arc<Source>,
    name: &str,
    top: &Filled,
) -> Option<Scenario> {
    let clients: Vec<Client> = match top.get("clients") {
        Some(Typed::Clients(clients)) => clients.iter().flat_map(devices).collect(),
        _ => Vec::new(),
    };
    let read: &[ReadStep] = match top.get("steps") {
        Some(Typed::Steps(steps)) => steps,
        _ => &[],
    };
    let moments: Vec<Moment<'_>> = unrolled::moments(decoder, read);
    timeline::check(decoder, &clients, &moments);
    // A step that was not understood has left a complaint; the scenario is refused anyway.
    let steps = moments
        .into_iter()
        .filter_map(|moment| {
            Some(Step {
                span: moment.step.span,
                rounds: moment.rounds,
                covers: moment.step.covers.clone(),
                action: moment.action?,
            })
        })
        .collect();
    Some(Scenario {
        name: name.to_owned(),
        title: top.text("title")?,
        about: top.text("about"),
        tags: top.texts("tags"),
        needs: top.texts("needs"),
        profiles: top.profiles("profiles"),
        depends: top.texts("depends"),
        console: top.record("server").map(console).unwrap_or_default(),
        clients,
        steps,
        covers: top.texts("covers"),
        violates: top.texts("violates"),
        leave_faults: top.flag("leave-faults").unwrap_or(false),
        hash: hash(&source.text),
        source: Arc::clone(source),
    })
}

/// A client, or every device of a fleet.
fn devices((name, settings): &(String, Filled)) -> Vec<Client> {
    match settings.number("count") {
        None => {
            let user = settings.text("user").unwrap_or_else(|| name.clone());
            vec![client(
                name.clone(),
                user,
                DEFAULT_ROOM.to_owned(),
                settings,
            )]
        }
        Some(count) => (1..=count)
            .map(|number| {
                let name = format!("{name}-{number}");
                // A room for each: a thousand in one room would be news to each other.
                client(name.clone(), name.clone(), name, settings)
            })
            .collect(),
    }
}

fn client(name: String, user: String, room: String, settings: &Filled) -> Client {
    let app = settings.number("app").and_then(|app| app.try_into().ok());
    Client {
        name,
        user,
        platform: settings.word("platform").unwrap_or(Platform::Android),
        initialised: settings.flag("initialised").unwrap_or(true),
        app: app.unwrap_or(session::ticket::APP_ID),
        listening: settings.flag("listening").unwrap_or(true),
        saved: settings.flag("saved").unwrap_or(false),
        room,
    }
}

fn console(settings: &Filled) -> Console {
    let count = |name: &str| {
        settings
            .number(name)
            .and_then(|number| number.try_into().ok())
    };
    Console {
        device_policy: settings.word("device-policy"),
        per_platform: count("per-platform"),
        on_web: count("on-web"),
        native_in_total: count("native-in-total"),
        exclude_each_other: settings
            .has("exclude-each-other")
            .then(|| settings.words("exclude-each-other")),
        kicked_while_away: settings.word("kicked-while-away"),
        on_token_expiry: settings.word("on-token-expiry"),
        reconnect_window: match settings.get("reconnect-window") {
            Some(Typed::Length(length)) => Some(Window::Bounded(*length)),
            Some(Typed::Word(_)) => Some(Window::Unlimited),
            _ => None,
        },
        several_rooms: settings.word("several-rooms"),
        authentication: settings.word("authentication"),
        gateways: settings.number("gateways").and_then(|n| n.try_into().ok()),
    }
}

fn action(decoder: &mut Decoder<'_>, step: &ReadStep) -> Option<Action> {
    let typed = step.typed.as_ref()?;
    if step.is_observation {
        observations::lower(decoder, step, typed)
    } else {
        acts::lower(decoder, step, typed).map(Action::Act)
    }
}

/// The first 16 hexadecimal digits of the SHA-256 of the text.
fn hash(text: &str) -> String {
    let mut out = String::with_capacity(16);
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
