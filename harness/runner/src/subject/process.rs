//! A program behind pipes: a line to it, its line back.
//!
//! Neither a thread nor a runtime: pipes do not block, and whoever waits for an answer waits for
//! all three of them with `poll`, until its patience is at an end. That is cheaper than handing
//! each line to a reader's thread, and a child that holds a pipe open cannot hold the harness.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use adapter::input::Input;
use adapter::line::{Answered, Asked};
use adapter::output::Output;
use adapter::setup::Setup;
use adapter::{LONGEST_LINE, PROTOCOL};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use session::time::Now;

use super::mark::{self, Mark};
use super::tail::{Dialogue, Tail, shown};

/// How long a subject may take to answer, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first line of a process; some programs start slowly.
    pub first: Duration,
    /// Any other line.
    pub usual: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            first: Duration::from_secs(30),
            usual: Duration::from_secs(10),
        }
    }
}

impl Patience {
    /// The same for every line.
    pub fn of(length: Duration) -> Patience {
        Patience {
            first: length,
            usual: length,
        }
    }
}

/// How long a process may take to end when its input has.
const GOODBYE: Duration = Duration::from_millis(300);

const CHUNK: usize = 64 << 10;

/// How [`Broke::Gone`] begins, when its process is.
const ENDED: &str = "ended by itself";

/// How [`Broke::Silent`] begins.
pub(super) const SILENT: &str = "no answer within";

/// How a subject broke the protocol.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broke {
    #[error("cannot be started: {0}")]
    Start(std::io::Error),
    #[error("{SILENT} {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Gone(String),
    #[error("a line of more than {LONGEST_LINE} bytes")]
    TooLong,
    #[error("spoke out of turn: {0}")]
    OutOfTurn(String),
    #[error("this is no line of the protocol: {0}")]
    NoLine(String),
    #[error("{0}")]
    Wrong(String),
}

/// A running program.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Closed when it is to end.
    to: Option<ChildStdin>,
    from: ChildStdout,
    /// Closed when the program closed it.
    noise: Option<ChildStderr>,
    patience: Patience,
    played: bool,
    /// The number of the line that is answered next.
    n: u64,
    line: Vec<u8>,
    answer: Vec<u8>,
    /// Room for what one read brings.
    chunk: Vec<u8>,
    tail: Tail,
    dialogue: Dialogue,
    /// Every line both ways, where somebody wants them.
    record: Option<Vec<String>>,
    /// What it calls itself.
    name: String,
}

impl Process {
    pub(super) fn spawn(
        words: &[String],
        mark: &Mark,
        patience: Patience,
    ) -> Result<Process, Broke> {
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        mark.put_on(&mut command);
        let mut child = command.spawn().map_err(Broke::Start)?;
        mark::born(&child);
        let piped = "it was started with pipes";
        let to = child.stdin.take().expect(piped);
        let from = child.stdout.take().expect(piped);
        let noise = child.stderr.take().expect(piped);
        for pipe in [to.as_fd(), from.as_fd(), noise.as_fd()] {
            rustix::io::ioctl_fionbio(pipe, true).map_err(|error| Broke::Start(error.into()))?;
        }
        Ok(Process {
            child,
            to: Some(to),
            from,
            noise: Some(noise),
            patience,
            played: false,
            n: 0,
            line: Vec::new(),
            answer: Vec::new(),
            chunk: vec![0; CHUNK],
            tail: Tail::default(),
            dialogue: Dialogue::default(),
            record: None,
            name: String::new(),
        })
    }

    /// Has it been told of a run?
    pub(super) fn has_played(&self) -> bool {
        self.played
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, now: Now, setup: Setup) -> Result<(), Broke> {
        self.n = 0;
        self.tail.clear();
        self.dialogue.clear();
        let setup = Box::new(setup);
        let (input, patience) = match self.played {
            true => (Input::Reset(setup), self.patience.usual),
            false => (Input::Hello(setup), self.patience.first),
        };
        self.played = true;
        let outputs = self.exchange_within(now, input, patience)?;
        match outputs.as_slice() {
            [Output::Ready { protocol, name }] if *protocol == PROTOCOL => {
                self.name = name.clone().unwrap_or_default();
                Ok(())
            }
            [Output::Ready { protocol, .. }] => Err(Broke::Wrong(format!(
                "speaks protocol {protocol}, and this is protocol {PROTOCOL}"
            ))),
            _ => Err(Broke::Wrong(
                "`hello` and `reset` are answered with one output, `ready`".into(),
            )),
        }
    }

    /// One input, and all it causes.
    pub(super) fn exchange(&mut self, now: Now, input: Input) -> Result<Vec<Output>, Broke> {
        self.exchange_within(now, input, self.patience.usual)
    }

    fn exchange_within(
        &mut self,
        now: Now,
        input: Input,
        patience: Duration,
    ) -> Result<Vec<Output>, Broke> {
        self.line.clear();
        let asked = Asked {
            n: self.n,
            now: now.at.0,
            wall: now.wall,
            input,
        };
        // Plain data, written into memory: that cannot fail.
        serde_json::to_writer(&mut self.line, &asked).expect("lines are plain data");
        self.answer_to_line(patience)
    }

    /// A line that is none of those there are.
    pub(super) fn exchange_json(
        &mut self,
        now: Now,
        mut line: serde_json::Value,
    ) -> Result<Vec<Output>, Broke> {
        for (key, value) in [("n", self.n), ("now", now.at.0), ("wall", now.wall)] {
            line[key] = value.into();
        }
        self.line.clear();
        self.line.extend_from_slice(line.to_string().as_bytes());
        self.answer_to_line(self.patience.usual)
    }

    fn answer_to_line(&mut self, patience: Duration) -> Result<Vec<Output>, Broke> {
        let n = self.n;
        self.n += 1;
        self.line.push(b'\n');
        self.dialogue.asked(&self.line);
        let deadline = Deadline::after(patience);
        self.write(&deadline)?;
        let length = self.read(&deadline)?;
        let line = &self.answer[..length];
        if let Some(record) = &mut self.record {
            for (way, line) in [('→', &self.line[..self.line.len() - 1]), ('←', line)] {
                record.push(format!("{way} {}", String::from_utf8_lossy(line)));
            }
        }
        let answered: Answered =
            serde_json::from_slice(line).map_err(|error| Broke::NoLine(error.to_string()))?;
        if answered.n != n {
            let said = format!("line {n} was asked, and line {} is answered", answered.n);
            return Err(Broke::OutOfTurn(said));
        }
        let more = &self.answer[length + 1..];
        if !more.is_empty() {
            let said = format!(
                "one line was asked, and after its answer came `{}`",
                shown(more)
            );
            return Err(Broke::OutOfTurn(said));
        }
        Ok(answered.outputs)
    }

    fn write(&mut self, deadline: &Deadline) -> Result<(), Broke> {
        let mut written = 0;
        while written < self.line.len() {
            let Some(to) = &mut self.to else {
                break;
            };
            match to.write(&self.line[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(PollFlags::OUT, deadline)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It closed its input. It may still have something to say.
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Reads a line into `answer`; its length without the end.
    fn read(&mut self, deadline: &Deadline) -> Result<usize, Broke> {
        self.answer.clear();
        loop {
            self.wait(PollFlags::IN, deadline)?;
            let read = match self.from.read(&mut self.chunk) {
                Ok(read) => read,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::Interrupted => continue,
                    _ => return Err(Broke::Gone(format!("its output cannot be read: {error}"))),
                },
            };
            let new = &self.chunk[..read];
            let end = new.iter().position(|byte| *byte == b'\n');
            let end = end.map(|end| self.answer.len() + end);
            self.answer.extend_from_slice(new);
            let upto = end.unwrap_or(self.answer.len());
            if upto > LONGEST_LINE || end.is_some() || read == 0 {
                self.dialogue.answered(&self.answer[..upto]);
            }
            if upto > LONGEST_LINE {
                return Err(Broke::TooLong);
            }
            if let Some(end) = end {
                return Ok(end);
            }
            if read == 0 {
                return Err(self.gone());
            }
        }
    }

    /// Waits until the program reads or has written, and takes in its standard error meanwhile.
    fn wait(&mut self, what: PollFlags, deadline: &Deadline) -> Result<(), Broke> {
        loop {
            let Some(left) = deadline.left() else {
                // Where it has ended, a child of it holds its pipes.
                return Err(match self.has_ended() {
                    Some(status) => Broke::Gone(format!("{ENDED}: {status}")),
                    None => Broke::Silent(deadline.patience),
                });
            };
            let pipe = match &self.to {
                Some(to) if what == PollFlags::OUT => to.as_fd(),
                _ => self.from.as_fd(),
            };
            let mut pipes = [
                PollFd::new(&pipe, what),
                PollFd::new(&pipe, PollFlags::empty()),
            ];
            let mut many = 1;
            if let Some(noise) = &self.noise {
                pipes[1] = PollFd::new(noise, PollFlags::IN);
                many = 2;
            }
            match poll(&mut pipes[..many], Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Broke::Gone(format!("its pipes are broken: {error}"))),
            }
            let ready = !pipes[0].revents().is_empty();
            if !pipes[1].revents().is_empty() {
                self.hear_noise();
            }
            if ready {
                return Ok(());
            }
        }
    }

    /// Takes in what there is of standard error, up to one chunk.
    fn hear_noise(&mut self) {
        if let Some(noise) = &mut self.noise {
            match noise.read(&mut self.chunk) {
                Ok(0) => self.noise = None,
                Ok(read) => self.tail.add(&self.chunk[..read]),
                Err(_) => {}
            }
        }
    }

    /// Its output has ended: how?
    fn gone(&mut self) -> Broke {
        let ended = self.ends_within(GOODBYE);
        Broke::Gone(match ended {
            Some(status) => format!("{ENDED}: {status}"),
            None => "closed its standard output".into(),
        })
    }

    /// What it calls itself.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Writes every line down from now on.
    pub(super) fn record(&mut self) {
        self.record = Some(Vec::new());
    }

    pub(super) fn recorded(&mut self) -> Vec<String> {
        self.record.take().unwrap_or_default()
    }

    pub(super) fn forget_record(&mut self) {
        self.record = None;
    }

    /// The last line to it, and its answer.
    pub(super) fn last_exchange(&self) -> Vec<String> {
        let lines = self.dialogue.lines();
        lines[lines.len().saturating_sub(2)..].to_vec()
    }

    /// A note of the subject for whoever reads about a failure.
    pub(super) fn note(&mut self, text: &str) {
        self.tail.add(format!("log: {text}\n").as_bytes());
    }

    /// The end of the dialogue and of standard error. It is killed first, so that nothing more
    /// comes.
    pub(super) fn last_words(&mut self) -> (Vec<String>, Vec<String>) {
        mark::kill(&self.child);
        // A descendant outside of the group may go on writing.
        for _ in 0..64 {
            self.hear_noise();
        }
        (self.dialogue.lines(), self.tail.lines())
    }

    /// Its input ends.
    pub(super) fn say_goodbye(&mut self) {
        self.to = None;
    }

    /// Gives it the time to end by itself.
    pub(super) fn wait_a_little(&mut self) {
        self.ends_within(GOODBYE);
    }

    pub(super) fn ends_within(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let deadline = Deadline::after(patience);
        loop {
            self.hear_noise();
            if let Some(status) = self.has_ended() {
                return Some(status);
            }
            deadline.left()?;
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn has_ended(&mut self) -> Option<std::process::ExitStatus> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        // Looking does not reap it: its number, and so its group, stays its own.
        let pid = rustix::process::Pid::from_child(&self.child);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), options) {
            Ok(Some(_)) => {
                // Its children go with it, and only then its number is free.
                mark::kill(&self.child);
                self.child.wait().ok()
            }
            _ => None,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        mark::kill(&self.child);
        let _ = self.child.wait();
    }
}

/// When patience is at an end. Programs are real, and so is the time they take; none of it
/// reaches a transcript.
struct Deadline {
    at: Instant,
    patience: Duration,
}

impl Deadline {
    #[allow(clippy::disallowed_methods)]
    fn after(patience: Duration) -> Deadline {
        Deadline {
            at: Instant::now() + patience,
            patience,
        }
    }

    #[allow(clippy::disallowed_methods)]
    fn left(&self) -> Option<Timespec> {
        let left = self.at.checked_duration_since(Instant::now())?;
        Timespec::try_from(left).ok()
    }
}
