//! Is an adapter right? What is asked here has one right answer, whatever the adapter stands for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use adapter::output::{CallResult, Output};
use adapter::setup::{Role, Setup};
use conformance::profile::Profile;
use serde_json::json;
use session::Peer;
use session::rules::Console;
use session::time::{Millis, Now, Time};
use session::words::ErrorWord;

use super::peer::{Left, SubjectPeer, Trouble};
use super::peers::setup;
use super::process::{Broke, Process};
use super::tail::shown;
use super::{Launch, Patience, Place, SubjectError, Subjects};
use crate::error::HarnessError;

mod talk;

use self::talk::Talk;

/// A call that nobody knows.
const UNHEARD_OF: &str = "make-coffee";

/// How long the speed is measured.
const MEASURED: Duration = Duration::from_secs(1);

/// Something an adapter must do, and whether it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// In a word.
    pub name: &'static str,
    /// What must be true.
    pub must: &'static str,
    /// What was found; `Err` when it is not true.
    pub found: Result<String, Wrong>,
}

/// What is wrong, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What was seen, with the lines that show it.
    pub seen: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Checks a program; what comes after something that hangs on it is not there.
pub fn check(launch: Launch, role: Role, profile: &Profile, patience: Patience) -> Vec<Checked> {
    let subjects = match role {
        Role::Client => Subjects::new(Some(launch), None, patience),
        Role::Server => Subjects::new(None, Some(launch), patience),
    };
    let Some(place) = subjects.client.as_ref().or(subjects.server.as_ref()) else {
        return Vec::new();
    };
    let bench = Bench {
        place,
        role,
        profile,
    };
    let mut all = Vec::new();
    // Whatever fails here leaves nothing to ask further.
    let _ = bench.check_all(&mut all);
    all
}

struct Bench<'a> {
    place: &'a Place,
    role: Role,
    profile: &'a Profile,
}

/// Nothing further can be asked.
struct Enough;

impl Bench<'_> {
    fn check_all(&self, all: &mut Vec<Checked>) -> Result<(), Enough> {
        let mut say = |name, must, found: Result<String, Wrong>| {
            let enough = found.is_err();
            all.push(Checked { name, must, found });
            enough
        };
        let must = "`hello` is answered with `ready`";
        let first = match self.begin(None) {
            Ok(process) => process,
            Err(error) => {
                say("handshake", must, Err(handshake(*error)));
                return Err(Enough);
            }
        };
        say("handshake", must, Ok(first.name().to_owned()));

        let must = "every line is answered with one, and every call with one result at most";
        let advice = "the lines that lead there are above; the page says what each may hold";
        let (first, once) = match self.talk(first) {
            Ok(done) => done,
            Err(error) => {
                let seen = error.to_string();
                say("dialogue", must, Err(Wrong { seen, advice }));
                return Err(Enough);
            }
        };
        if say("dialogue", must, said(&once)) {
            return Err(Enough);
        }

        let must = "the same lines get the same answers, in every process";
        let again = self.begin(None).and_then(|process| self.talk(process));
        let advice = "seed every generator with seed, actor and incarnation; use no clock, no hash \
                      order, no addresses, no threads";
        say(
            "determinism",
            must,
            same(&once, again.map(|(_, said)| said), advice),
        );

        let must = "`reset` makes it forget everything";
        let again = self
            .begin(Some(first))
            .and_then(|process| self.talk(process));
        let (first, again) = match again {
            Ok((process, said)) => (Some(process), Ok(said)),
            Err(error) => (None, Err(error)),
        };
        let advice = "make everything anew on `reset`, as on `hello`: timers, links, sessions, \
                      generators, what was stored";
        say("reset", must, same(&once, again, advice));

        let Some(process) = first else {
            return Err(Enough);
        };
        let mut process = self.reset(process, &mut say)?;
        let must = "a call nobody knows gets `unsupported`, and nothing else happens";
        if say("unknown call", must, unknown_call(&mut process)) {
            return Err(Enough);
        }
        let must = "inputs and fields nobody knows are ignored";
        if say("unknown input", must, unknown_input(&mut process)) {
            return Err(Enough);
        }
        let must = "a long line is read whole";
        if say("long line", must, long_line(&mut process)) {
            return Err(Enough);
        }
        say(
            "speed",
            "it is fast enough for thousands of cases",
            speed(&mut process),
        );
        let must = "it ends when its input ends";
        process.say_goodbye();
        let advice = "leave the loop at the end of standard input";
        let ended = match process.ends_within(MEASURED) {
            Some(status) => Ok(status.to_string()),
            None => Err(Wrong {
                seen: format!("it is still there {MEASURED:?} later"),
                advice,
            }),
        };
        say("goodbye", must, ended);
        Ok(())
    }

    fn setup(&self) -> Setup {
        let actor = match self.role {
            Role::Client => "phone",
            Role::Server => "server",
        };
        let rules = &self.profile.rules;
        setup(self.role, actor, self.profile, rules, &Console::default())
    }

    /// A process at the beginning of a run: a new one, or this one again.
    fn begin(&self, process: Option<Process>) -> Result<Process, Box<SubjectError>> {
        let role = self.role.word();
        let mut process = match process {
            Some(process) => process,
            None => {
                let spawned = self.place.spawn();
                spawned.map_err(|broke| self.error(role, &broke, None))?
            }
        };
        process.record();
        match process.begin(Now::at(Time::START), self.setup()) {
            Ok(()) => Ok(process),
            Err(broke) => Err(self.error(role, &broke, Some(process))),
        }
    }

    fn reset(
        &self,
        process: Process,
        say: &mut impl FnMut(&'static str, &'static str, Result<String, Wrong>) -> bool,
    ) -> Result<Process, Enough> {
        self.begin(Some(process)).map_err(|error| {
            let must = "`reset` is answered with `ready`";
            say("reset", must, Err(handshake(*error)));
            Enough
        })
    }

    /// The usual dialogue; every line of it, and every answer.
    fn talk(&self, process: Process) -> Result<(Process, Vec<String>), Box<SubjectError>> {
        let left: Rc<RefCell<Left>> = Rc::default();
        let setup = self.setup();
        let actor = &setup.actor;
        let mut peer = match self.role {
            Role::Client => SubjectPeer::client(process, actor, Rc::clone(&left)),
            Role::Server => SubjectPeer::server(process, actor, Rc::clone(&left)),
        };
        let is_over = || left.borrow().trouble.is_some();
        let mut talk = Talk::new(&setup);
        talk.all(&mut peer as &mut dyn Peer, is_over);
        drop(peer);
        let mut left = left.borrow_mut();
        match left.trouble.take() {
            Some(Trouble::Broke(_, broke, process)) => {
                return Err(self.error(actor, &broke, Some(*process)));
            }
            // Not to know an administrator's call is no fault.
            Some(Trouble::Lacks(..)) | None => {}
        }
        let process = left.processes.pop().map(|(_, process)| process);
        let mut process = process.ok_or_else(|| {
            let gone = Broke::Gone("its process is gone".into());
            self.error(actor, &gone, None)
        })?;
        let lines = process.recorded();
        Ok((process, lines))
    }

    fn error(&self, actor: &str, broke: &Broke, process: Option<Process>) -> Box<SubjectError> {
        match self.place.error(actor, broke, process) {
            HarnessError::Subject(error) => error,
            other => unreachable!("{other}: a subject's errors are its own"),
        }
    }
}

fn handshake(error: SubjectError) -> Wrong {
    Wrong {
        seen: error.to_string(),
        advice: "answer each line with one line, flush, and print nothing else on standard output",
    }
}

/// Was every call answered, and once? Results that are missing are told, not held against it.
fn said(lines: &[String]) -> Result<String, Wrong> {
    let mut results: BTreeMap<u32, usize> = BTreeMap::new();
    for answer in lines.iter().filter_map(|line| line.strip_prefix("← ")) {
        let Ok(answered) = serde_json::from_str::<adapter::line::Answered>(answer) else {
            continue;
        };
        for output in answered.outputs {
            if let Output::Result(CallResult { id, .. }) | Output::Unsupported { id } = output {
                let many = results.entry(id).or_default();
                *many += 1;
                if *many > 1 {
                    return Err(Wrong {
                        seen: format!(
                            "call {id} has {many} results, the last in\n  {}",
                            shown(answer.as_bytes())
                        ),
                        advice: "answer every call exactly once",
                    });
                }
            }
        }
    }
    Ok(format!(
        "{} lines, {} results",
        lines.len() / 2,
        results.len()
    ))
}

/// Are both dialogues the same? The first line of a process differs in a word.
fn same(
    once: &[String],
    again: Result<Vec<String>, Box<SubjectError>>,
    advice: &'static str,
) -> Result<String, Wrong> {
    let again = again.map_err(|error| Wrong {
        seen: error.to_string(),
        advice,
    })?;
    let lines = once.iter().zip(&again).enumerate();
    for (at, (one, other)) in lines.skip(2) {
        if one != other {
            let asked = &once[at - at % 2];
            let seen = format!(
                "to\n  {}\nit answered once\n  {}\nand then\n  {}",
                shown(asked.as_bytes()),
                shown(one.as_bytes()),
                shown(other.as_bytes())
            );
            return Err(Wrong { seen, advice });
        }
    }
    match once.len() == again.len() {
        true => Ok(format!("{} lines", once.len() / 2)),
        false => Err(Wrong {
            seen: format!(
                "once there were {} lines, and then {}",
                once.len() / 2,
                again.len() / 2
            ),
            advice,
        }),
    }
}

fn unknown_call(process: &mut Process) -> Result<String, Wrong> {
    let advice = "answer any `api` you do not know with \
                  {\"output\":\"unsupported\",\"id\":…}, and nothing besides";
    let line =
        json!({ "input": "call", "id": 4242, "api": UNHEARD_OF, "args": { "text": "black" } });
    let outputs = ask(process, line, advice)?;
    let right = match outputs.as_slice() {
        [Output::Unsupported { id: 4242 }] => true,
        [Output::Result(result)] => {
            result.id == 4242 && result.error == Some(ErrorWord::Unsupported)
        }
        _ => false,
    };
    match right {
        true => Ok(String::new()),
        false => Err(last_lines(process, advice)),
    }
}

fn unknown_input(process: &mut Process) -> Result<String, Wrong> {
    let advice = "answer an `input` you do not know with no outputs";
    let line = json!({ "input": "full-moon", "phase": 4 });
    let outputs = ask(process, line, advice)?;
    match outputs.is_empty() {
        true => Ok(String::new()),
        false => Err(last_lines(process, advice)),
    }
}

fn long_line(process: &mut Process) -> Result<String, Wrong> {
    let advice = "read up to the end of the line, however long it takes; a line has up to 1 MiB";
    // For a link that never was: nothing comes of it.
    let text = "x".repeat(900_000);
    ask(
        process,
        json!({ "input": "received", "link": u32::MAX, "text": text }),
        advice,
    )?;
    Ok("900,000 bytes".into())
}

fn ask(
    process: &mut Process,
    line: serde_json::Value,
    advice: &'static str,
) -> Result<Vec<Output>, Wrong> {
    let now = Now::at(Time(60_000));
    process.exchange_json(now, line).map_err(|broke| {
        let mut wrong = last_lines(process, advice);
        wrong.seen = format!("{broke}\n{}", wrong.seen);
        wrong
    })
}

fn last_lines(process: &mut Process, advice: &'static str) -> Wrong {
    let lines = process.last_exchange();
    Wrong {
        seen: lines.join("\n"),
        advice,
    }
}

/// How many lines it answers in a second, told and not judged.
#[allow(clippy::disallowed_methods)]
fn speed(process: &mut Process) -> Result<String, Wrong> {
    let advice =
        "this dialogue is nothing but `wake`; answer it with no outputs, if nothing is due";
    process.forget_record();
    let began = Instant::now();
    let mut now = Time(120_000);
    let mut exchanges = 0_u32;
    while began.elapsed() < MEASURED {
        for _ in 0..100 {
            now = now + Millis(1);
            ask_wake(process, now).map_err(|broke| Wrong {
                seen: broke.to_string(),
                advice,
            })?;
        }
        exchanges += 100;
    }
    let rate = f64::from(exchanges) / began.elapsed().as_secs_f64();
    Ok(format!("{rate:.0} lines a second"))
}

fn ask_wake(process: &mut Process, now: Time) -> Result<(), Broke> {
    let outputs = process.exchange(Now::at(now), adapter::input::Input::Wake)?;
    drop(outputs);
    Ok(())
}
