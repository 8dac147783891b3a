//! Do the two engines agree?
//!
//! Each actor must go through the same calls, results, events and sessions. When is another
//! matter; known differences of the engines are:
//!
//! | what | event jumps | ticks |
//! |---|---|---|
//! | a connect takes | a round trip | one one-way trip |
//! | an end of an outage delivers | one one-way trip later | at once |
//! | the script acts | at the instant | with the next tick |
//! | a peer's sends arrive | at the instant | with the next tick |
//! | connects to a stopped server fail after | a round trip | one one-way trip |
//! | connects without a network | time out | time out |
//!
//! So frames and attempts to connect are left out, and times may differ by what these rows sum
//! up to. An attempt that falls on the very end of an outage can fail in one engine alone; then
//! the times of everything after it say so.

use std::fmt;

use conformance::transcript::{Entry, SessionSeen, Transcript, What};
use session::time::{Millis, Time};

use crate::simulated::DEFAULT_LATENCY;

/// How many ticks things may be late that take no connect and no step.
const A_FEW: u64 = 4;

/// A point where two runs of the same case do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Whose line it is.
    pub actor: String,
    /// What the event-jump engine has there.
    pub event_jump: Option<String>,
    /// What the tick-driven engine has there.
    pub ticked: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = "nothing more";
        let left = self.event_jump.as_deref().unwrap_or(nothing);
        let right = self.ticked.as_deref().unwrap_or(nothing);
        write!(f, "{}: event jumps: {left}; ticks: {right}", self.actor)
    }
}

/// Compares what every actor went through; `tick` is the tick of the second transcript.
///
/// Only the first difference of each actor is told: the rest follow from it.
pub fn compare(event_jump: &Transcript, ticked: &Transcript, tick: Millis) -> Vec<Difference> {
    let mut actors: Vec<&str> = event_jump
        .entries
        .iter()
        .chain(&ticked.entries)
        .map(|entry| entry.actor.as_str())
        .collect();
    actors.sort_unstable();
    actors.dedup();
    actors
        .into_iter()
        .filter_map(|actor| {
            let left = course(event_jump, actor, tick);
            let right = course(ticked, actor, tick);
            first_difference(actor, &left, &right)
        })
        .collect()
}

/// One thing an actor went through.
struct Station {
    at: Time,
    what: String,
    /// By how much the engines may differ by now.
    slack: Millis,
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ms", self.what, self.at.0)
    }
}

fn course(transcript: &Transcript, actor: &str, tick: Millis) -> Vec<Station> {
    let mut slack = tick.0 * A_FEW;
    let mut stations = Vec::new();
    for entry in &transcript.entries {
        match entry.what {
            // Whoever connects may have made somebody else late.
            What::Connect { .. } | What::Network { .. } => slack += DEFAULT_LATENCY.0 + tick.0,
            What::Step { .. } | What::Call(_) => slack += tick.0,
            _ => {}
        }
        if entry.actor == actor
            && let Some(what) = told(entry)
        {
            stations.push(Station {
                at: entry.at,
                what,
                slack: Millis(slack),
            });
        }
    }
    stations
}

/// What is compared of an entry.
fn told(entry: &Entry) -> Option<String> {
    match &entry.what {
        What::Connect { .. }
        | What::LinkUp { .. }
        | What::LinkDown { .. }
        | What::Close { .. }
        | What::Sent { .. } => None,
        // A session is named after the moment it began.
        What::Session(session) => Some(format!(
            "{:?}",
            SessionSeen {
                session: String::new(),
                ..session.clone()
            }
        )),
        what => Some(without_ticket_numbers(&format!("{what:?}"))),
    }
}

/// Tickets that are minted at different moments are different tickets.
fn without_ticket_numbers(text: &str) -> String {
    let mut parts = text.split("ticket#");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("ticket#");
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    plain
}

fn first_difference(actor: &str, left: &[Station], right: &[Station]) -> Option<Difference> {
    let longer = left.len().max(right.len());
    let differs = |index: &usize| match (left.get(*index), right.get(*index)) {
        (Some(l), Some(r)) => {
            let apart = l.at.since(r.at).max(r.at.since(l.at));
            l.what != r.what || apart > l.slack.max(r.slack)
        }
        _ => true,
    };
    let index = (0..longer).find(differs)?;
    Some(Difference {
        actor: actor.to_owned(),
        event_jump: left.get(index).map(Station::to_string),
        ticked: right.get(index).map(Station::to_string),
    })
}
