//! A transcript as the page draws it: a row for each line.

use std::collections::BTreeMap;

use conformance::text;
use conformance::transcript::{Entry, SCRIPT, SERVER, What};
use serde::Serialize;
use session::time::Time;

use crate::results::Record;

/// The longest text of a row, in characters; what is longer ends with `…`.
const LONGEST: usize = 600;

/// What the page draws of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Row>,
}

/// One line: when, whose, of what kind, in neutral words, in the vendor's, and to whom it goes.
/// An array rather than an object: there are a hundred thousand of them in a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row(
    /// Milliseconds since the run began.
    pub u64,
    /// The device, `server`, or `--` for the script.
    pub String,
    /// The kind.
    pub RowKind,
    /// In neutral words.
    pub String,
    /// In the vendor's words.
    pub Option<String>,
    /// Where a message goes, if that is certain.
    pub Option<String>,
);

session::words! {
    /// What kind of line it is.
    RowKind, "kind of line" {
        Step = "step", "a step of the script begins";
        Call = "call", "an app calls";
        Result = "result", "a call is answered";
        Event = "event", "an app is told something";
        Sent = "sent", "a message on the wire";
        Link = "link", "a link opens or ends";
        World = "world", "the network, a process or a clock changes";
        End = "end", "the script or the run ends";
    }
}

impl Rows {
    /// Draws a record.
    pub fn of(record: &Record) -> Rows {
        let mut links = Links::default();
        let mut rows = Vec::new();
        for (at, entry) in record.entries.iter().enumerate() {
            if record.gap() == Some(at) {
                rows.push(note(
                    entry.at,
                    format!("{} lines are not kept", record.left_out),
                ));
                links = Links::default();
            }
            links.follow(entry);
            rows.push(row(entry, &links));
        }
        let end = record.entries.last().map_or(Time::START, |entry| entry.at);
        if record.heartbeats > 0 {
            rows.push(note(
                end,
                format!("{} heartbeats are not shown", record.heartbeats),
            ));
        }
        if let Some(others) = &record.others {
            rows.push(note(end, others.clone()));
        }
        Rows { rows }
    }
}

fn note(at: Time, said: String) -> Row {
    Row(at.0, "--".into(), RowKind::End, said, None, None)
}

fn row(entry: &Entry, links: &Links) -> Row {
    let kind = match &entry.what {
        What::Step { .. } => RowKind::Step,
        What::Call(_) | What::Asks(_) | What::NeverCalled(_) => RowKind::Call,
        What::Result(_) => RowKind::Result,
        What::Event(_) => RowKind::Event,
        What::Sent { .. } | What::Breach { .. } => RowKind::Sent,
        What::Connect { .. } | What::LinkUp { .. } | What::LinkDown { .. } | What::Close { .. } => {
            RowKind::Link
        }
        What::Stopped { .. } | What::End(_) => RowKind::End,
        _ => RowKind::World,
    };
    let said = text::say(entry);
    let (words, native) = match kind {
        RowKind::Call | RowKind::Event => match said.split_once(" = ") {
            Some((words, native)) => (words.to_owned(), Some(short(native))),
            None => (said, None),
        },
        _ => (said, None),
    };
    let actor = match entry.actor.as_str() {
        SCRIPT => "--",
        actor => actor,
    };
    Row(
        entry.at.0,
        actor.to_owned(),
        kind,
        short(&words),
        native,
        links.target(entry),
    )
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Which device is at the other end of a link of the server's. Each side counts its own links, so
/// it is known only while a single link that came up at a device awaits its other end.
#[derive(Default)]
struct Links {
    waiting: Vec<(String, u32)>,
    device_of: BTreeMap<u32, String>,
}

impl Links {
    fn follow(&mut self, entry: &Entry) {
        match &entry.what {
            What::LinkUp { link } if entry.actor == SERVER => {
                if let [(device, _)] = self.waiting.as_slice() {
                    self.device_of.insert(*link, device.clone());
                }
                // With several, which of them it was shows in nothing that follows for certain.
                match self.waiting.len() {
                    1 => self.waiting.clear(),
                    0 => {}
                    _ => {
                        self.waiting.remove(0);
                    }
                }
            }
            What::LinkUp { link } => self.waiting.push((entry.actor.clone(), *link)),
            What::Close { link } | What::LinkDown { link, .. } => {
                self.waiting
                    .retain(|(device, own)| (device, own) != (&entry.actor, link));
            }
            _ => {}
        }
    }

    fn target(&self, entry: &Entry) -> Option<String> {
        let What::Sent { link, .. } = &entry.what else {
            return None;
        };
        match entry.actor == SERVER {
            true => self.device_of.get(link).cloned(),
            false => Some(SERVER.to_owned()),
        }
    }
}
