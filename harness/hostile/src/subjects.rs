//! What a program in a peer's place says.
//!
//! A script is lines. Its first byte chooses the profile and scenario; the rest is one list of outputs a line, in
//! the words of the adapter protocol: the first line answers the first input of whichever process
//! hears one first, and so on. What is no such line is an answer without outputs.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::OnceLock;

use adapter::call::Wants;
use adapter::output::{Output as Said, Understood};
use conformance::case::Case;
use conformance::director::Director;
use conformance::judge;
use conformance::plan;
use conformance::profile::Profile;
use conformance::scenario::{ClientIndex, Scenario};
use conformance::text;
use conformance::transcript::Transcript;
use runner::HarnessError;
use runner::peers::{Peers, ReferencePeers};
use runner::simulated;
use serde_json::Value;
use session::Peer;
use session::peer::{Input, Order, Output, Store};
use session::time::Now;
use session::words::State;

use crate::files;

/// How many choices a byte has.
const CHOICES: usize = 256;

/// Whose place the script takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// That of every device.
    Client,
    /// That of the server.
    Server,
}

/// Plays a run with the script on one side and the reference peers on the other, and judges it.
///
/// # Panics
/// A promise is broken.
pub fn played(script: &[u8], side: Side) {
    let (choice, script) = script.split_first().unwrap_or((&0, &[]));
    let lines = script.split(|byte| *byte == b'\n').map(understood);
    let voice = Voice::Reads(Rc::new(RefCell::new(lines.collect())));
    let (scenario, profile) = chosen(*choice);
    let case = Case::new(scenario, profile, 0);
    match run(&case, side, voice) {
        Ok(transcript) => {
            let _ = text::render(&transcript);
            let again = Transcript::from_jsonl(&transcript.to_jsonl()).expect("it can be read");
            assert_eq!(again, transcript);
            let library = files::library();
            judge::judge(&case, &transcript, &library.catalogue, &library.rules)
                .expect("it is of this version");
        }
        Err(HarnessError::Panicked { actor, message }) => panic!("{actor} panicked: {message}"),
        // A peer that never rests, or stores too much, has no transcript.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What the reference peers say on this side under every profile, in some of its scenarios.
pub fn scripts(side: Side) -> Vec<Vec<u8>> {
    let choices = (0..=u8::MAX).step_by(5);
    let written = choices.map(|choice| {
        let (scenario, profile) = chosen(choice);
        let record = Rc::new(RefCell::new(vec![choice]));
        let voice = Voice::Writes(Rc::clone(&record));
        let case = Case::new(scenario, profile, 0);
        run(&case, side, voice).expect("the suite is sound");
        record.take()
    });
    written.collect()
}

fn run(case: &Case<'_>, side: Side, voice: Voice) -> Result<Transcript, HarnessError> {
    let director = Director::new(case, "a script", "a script");
    let mut peers = OneSide {
        reference: ReferencePeers::new(case),
        side,
        voice,
    };
    simulated::run(case, director, &mut peers)
}

/// A scenario that applies to a profile, and that profile.
type Choice = (&'static Scenario, &'static Profile);

/// The profile of this number, and one of its scenarios: the first is that in which most happens.
fn chosen(choice: u8) -> Choice {
    static ALL: OnceLock<Vec<Choice>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut scenarios: Vec<&Scenario> = files::short_scenarios().iter().collect();
        scenarios.sort_by_key(|scenario| std::cmp::Reverse(scenario.steps.len()));
        let profiles: Vec<&Profile> = files::library().profiles.runnable().collect();
        let rounds = CHOICES.div_ceil(profiles.len());
        let of = |round: usize, profile: &'static Profile| {
            let fit = |scenario: &&&Scenario| plan::not_applicable(scenario, profile).is_none();
            let fits: Vec<_> = scenarios.iter().filter(fit).collect();
            (*fits[round * fits.len() / rounds], profile)
        };
        let of_round = |round| profiles.iter().map(move |profile| of(round, profile));
        (0..rounds).flat_map(of_round).collect()
    });
    all[usize::from(choice)]
}

fn understood(line: &[u8]) -> Vec<Output> {
    let said: Vec<Said> = serde_json::from_slice(line).unwrap_or_default();
    let understood = said.into_iter().filter_map(|output| {
        let wants = match &output {
            Said::Result(result) => match &result.value {
                Some(Value::Array(_)) => Wants::List,
                Some(Value::String(text)) if text.parse::<State>().is_ok() => Wants::State,
                Some(_) => Wants::Text,
                None => Wants::Nothing,
            },
            _ => Wants::Nothing,
        };
        match output.understood(|_| wants) {
            Ok(Understood::Output(output)) => Some(output),
            _ => None,
        }
    });
    understood.collect()
}

#[derive(Clone)]
enum Voice {
    /// Says the lines of a script.
    Reads(Rc<RefCell<VecDeque<Vec<Output>>>>),
    /// Says what a reference peer says, and writes it down.
    Writes(Rc<RefCell<Vec<u8>>>),
}

struct OneSide<'c> {
    reference: ReferencePeers<'c>,
    side: Side,
    voice: Voice,
}

struct Spoken {
    voice: Voice,
    reference: Box<dyn Peer>,
}

impl Peer for Spoken {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        match &self.voice {
            Voice::Reads(lines) => {
                outputs.extend(lines.borrow_mut().pop_front().unwrap_or_default());
            }
            Voice::Writes(record) => {
                self.reference.handle(now, input, outputs);
                let said: Vec<Said> = outputs.iter().cloned().map(Said::written).collect();
                let mut record = record.borrow_mut();
                serde_json::to_writer(&mut *record, &said).expect("lines are plain data");
                record.push(b'\n');
            }
        }
    }
}

impl OneSide<'_> {
    fn voiced(&self, side: Side, reference: Box<dyn Peer>) -> Box<dyn Peer> {
        match side == self.side {
            true => Box::new(Spoken {
                voice: self.voice.clone(),
                reference,
            }),
            false => reference,
        }
    }
}

impl Peers for OneSide<'_> {
    fn client(&mut self, device: ClientIndex, incarnation: u32, store: Store) -> Box<dyn Peer> {
        let reference = self.reference.client(device, incarnation, store);
        self.voiced(Side::Client, reference)
    }

    fn server(&mut self, incarnation: u32, store: Store) -> Box<dyn Peer> {
        let reference = self.reference.server(incarnation, store);
        self.voiced(Side::Server, reference)
    }

    fn saved(&self, device: ClientIndex) -> Store {
        self.reference.saved(device)
    }

    fn gateways(&self) -> u8 {
        self.reference.gateways()
    }

    fn ordered(&mut self, order: &Order) {
        self.reference.ordered(order);
    }
}
