//! Programs that take the place of the reference client or server (`harness/ADAPTERS.md`).
//!
//! - this file: who plays, and the processes that are kept for it
//! - `peer`: one process as a peer; `peers`: those of a run
//! - `process`: a program, a line to it and its line back
//! - `tail`: the end of what it said, for whoever has to mend it
//! - [`check`]: is an adapter right?
//! - `mark`: finding whatever a program left behind

pub mod check;
mod mark;
mod peer;
mod peers;
mod process;
mod tail;

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adapter::setup::{Role, Setup};
use conformance::case::Case;
use conformance::director::Director;
use conformance::profile::Profile;
use conformance::requirement::Party;
use conformance::scenario::Scenario;
use conformance::transcript::Transcript;
use session::rules::Console;
use session::time::{Now, Time};

use self::mark::Mark;
pub use self::mark::end_all;
use self::peers::{SubjectPeers, setup};
pub use self::process::Patience;
use self::process::{Broke, Process};
use crate::error::HarnessError;
use crate::run::{guarded, run_case};
use crate::simulated;

/// The most devices of a case that a subject plays; each is a process.
pub const MOST_DEVICES: usize = 64;

/// After so many answers that did not come in time no more is asked.
const MOST_SILENCES: u32 = 5;

/// A command that starts a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// As it was typed.
    pub command: String,
    words: Vec<String>,
}

impl FromStr for Launch {
    type Err = String;

    fn from_str(command: &str) -> Result<Launch, String> {
        let words = shlex::split(command).ok_or("a quotation mark is not closed")?;
        match words.is_empty() {
            true => Err("the command is empty".into()),
            false => Ok(Launch {
                command: command.to_owned(),
                words,
            }),
        }
    }
}

/// A subject that broke the protocol, or could not be started: no verdict about what it implements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectError {
    /// Whom it played.
    pub actor: String,
    /// The command that started it.
    pub command: String,
    /// What was wrong.
    pub what: String,
    /// The last lines of the dialogue.
    pub dialogue: Vec<String>,
    /// The last lines of its standard error.
    pub stderr: Vec<String>,
}

impl std::fmt::Display for SubjectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SubjectError {
            actor,
            command,
            what,
            ..
        } = self;
        write!(f, "{actor}, played by `{command}`: {what}")?;
        for (title, lines) in [
            ("the last lines of the dialogue:", &self.dialogue),
            ("the end of its standard error:", &self.stderr),
        ] {
            if !lines.is_empty() {
                write!(f, "\n  {title}")?;
            }
            for line in lines {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

/// Who takes the place of the reference peers, and their processes. Nobody, by default.
#[derive(Debug, Default)]
pub struct Subjects {
    client: Option<Place>,
    server: Option<Place>,
    silences: AtomicU32,
}

/// The place of one role.
#[derive(Debug)]
struct Place {
    launch: Launch,
    patience: Patience,
    mark: Mark,
    /// Processes that nobody plays with.
    idle: Mutex<Vec<Process>>,
    /// A process had to take the place of one that crashed; keep another one warm.
    crashes: AtomicBool,
}

impl Subjects {
    /// Subjects for these roles. An answer may take as long as `patience`.
    pub fn new(client: Option<Launch>, server: Option<Launch>, patience: Patience) -> Subjects {
        let place = |launch: Option<Launch>| {
            launch.map(|launch| Place {
                launch,
                patience,
                mark: Mark::new(),
                idle: Mutex::default(),
                crashes: AtomicBool::new(false),
            })
        };
        Subjects {
            client: place(client),
            server: place(server),
            silences: AtomicU32::new(0),
        }
    }

    /// The command that plays this party; `None` for a reference peer.
    pub fn command(&self, party: Party) -> Option<&str> {
        Some(&self.place(party)?.launch.command)
    }

    /// Does anybody take a place?
    pub fn is_empty(&self) -> bool {
        self.client.is_none() && self.server.is_none()
    }

    /// Why the subjects cannot play this scenario.
    pub fn not_applicable(&self, scenario: &Scenario) -> Option<String> {
        let devices = scenario.clients.len();
        let too_many = self.client.is_some() && devices > MOST_DEVICES;
        too_many.then(|| {
            format!("{devices} devices; of a client subject at most {MOST_DEVICES} are played")
        })
    }

    /// Starts a process for each role and says hello to it.
    ///
    /// # Errors
    /// One cannot be started, or is no subject.
    pub fn try_out(&self, profile: &Profile) -> Result<(), HarnessError> {
        for party in [Party::Client, Party::Server] {
            let Some(place) = self.place(party) else {
                continue;
            };
            let role = role(party);
            let setup = setup(
                role,
                role.word(),
                profile,
                &profile.rules,
                &Console::default(),
            );
            let process = place.start(Now::at(Time::START), setup, false, role.word())?;
            place.give_back(process);
        }
        Ok(())
    }

    /// Runs a case on the simulator, with the subjects in their places.
    ///
    /// # Errors
    /// The run came to no transcript.
    pub fn run(&self, case: &Case<'_>) -> Result<Transcript, HarnessError> {
        if self.is_empty() {
            return run_case(case);
        }
        if self.silences.load(Ordering::Relaxed) >= MOST_SILENCES {
            return Err(HarnessError::Subject(Box::new(self.gave_up())));
        }
        let mut peers = SubjectPeers::new(case, self);
        let name = |party| match self.command(party) {
            Some(command) => command.to_owned(),
            None => case.player(party),
        };
        let mut director = Director::new(case, &name(Party::Client), &name(Party::Server));
        director.reads_foreign_bytes(self.client.is_some() && self.server.is_some());
        let run = guarded("the harness", || simulated::run(case, director, &mut peers))
            .and_then(|run| run);
        let run = peers.close(run);
        if let Err(HarnessError::Subject(error)) = &run
            && error.what.starts_with(process::SILENT)
        {
            self.silences.fetch_add(1, Ordering::Relaxed);
        }
        run
    }

    fn gave_up(&self) -> SubjectError {
        let command = |party| self.command(party).map(str::to_owned);
        SubjectError {
            actor: "nobody".into(),
            command: command(Party::Client)
                .or(command(Party::Server))
                .unwrap_or_default(),
            what: format!("not played, after {MOST_SILENCES} cases without an answer in time"),
            dialogue: Vec::new(),
            stderr: Vec::new(),
        }
    }

    fn place(&self, party: Party) -> Option<&Place> {
        match party {
            Party::Server => self.server.as_ref(),
            Party::App | Party::Client => self.client.as_ref(),
        }
    }
}

fn role(party: Party) -> Role {
    match party {
        Party::Server => Role::Server,
        Party::App | Party::Client => Role::Client,
    }
}

impl Place {
    /// A process that is ready for a run; one that never played before, if it has to be `fresh`.
    fn start(
        &self,
        now: Now,
        setup: Setup,
        fresh: bool,
        actor: &str,
    ) -> Result<Process, HarnessError> {
        let mut process = match self.take(fresh) {
            Ok(process) => process,
            Err(broke) => return Err(self.error(actor, &broke, None)),
        };
        match process.begin(now, setup) {
            Ok(()) => Ok(process),
            Err(broke) => Err(self.error(actor, &broke, Some(process))),
        }
    }

    fn take(&self, fresh: bool) -> Result<Process, Broke> {
        let unused = {
            let mut idle = self.idle();
            let wanted = idle
                .iter()
                .rposition(|process| process.has_played() != fresh);
            match wanted {
                Some(at) => Some(idle.swap_remove(at)),
                None if !fresh => idle.pop(),
                None => None,
            }
        };
        let process = match unused {
            Some(process) => process,
            None => self.spawn()?,
        };
        if fresh {
            self.crashes.store(true, Ordering::Relaxed);
        }
        if self.crashes.load(Ordering::Relaxed) {
            let mut idle = self.idle();
            // Where it cannot be started, whoever needs it will say so.
            if idle.iter().all(Process::has_played)
                && let Ok(spare) = self.spawn()
            {
                idle.push(spare);
            }
        }
        Ok(process)
    }

    fn spawn(&self) -> Result<Process, Broke> {
        Process::spawn(&self.launch.words, &self.mark, self.patience)
    }

    fn give_back(&self, process: Process) {
        self.idle().push(process);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong, with the end of what the process said; it is killed.
    fn error(&self, actor: &str, broke: &Broke, process: Option<Process>) -> HarnessError {
        let (dialogue, stderr) = match process {
            Some(mut process) => process.last_words(),
            None => Default::default(),
        };
        HarnessError::Subject(Box::new(SubjectError {
            actor: actor.to_owned(),
            command: self.launch.command.clone(),
            what: broke.to_string(),
            dialogue,
            stderr,
        }))
    }
}

impl Drop for Place {
    /// Processes end when their input does; whoever does not is killed.
    fn drop(&mut self) {
        let mut idle = std::mem::take(&mut *self.idle());
        for process in &mut idle {
            process.say_goodbye();
        }
        for process in &mut idle {
            process.wait_a_little();
        }
        drop(idle);
        self.mark.sweep();
    }
}
