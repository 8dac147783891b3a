//! Every process of a subject carries a mark in its environment, and so does whatever it starts;
//! so even those are found that left its process group.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};

/// The environment variable of the mark.
const VARIABLE: &str = "KICKOUT_SUBJECT";

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// The process groups that live.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Kills every process of every subject, for a program that is about to end.
pub fn end_all() {
    for group in groups().iter() {
        kill_group(*group);
    }
    sweep(&format!("{VARIABLE}={}-", std::process::id()));
}

/// What the processes of one subject carry.
#[derive(Debug)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Mark {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Mark(format!("{}-{number}-", std::process::id()))
    }

    pub(super) fn put_on(&self, command: &mut std::process::Command) {
        command.env(VARIABLE, &self.0);
    }

    /// Kills whatever carries it.
    pub(super) fn sweep(&self) {
        sweep(&format!("{VARIABLE}={}", self.0));
    }
}

/// A group that `child` leads lives.
pub(super) fn born(child: &std::process::Child) {
    groups().insert(child.id().cast_signed());
}

/// Kills the group that `child` leads. The child must not have been waited for: until then nobody
/// else can have its number.
pub(super) fn kill(child: &std::process::Child) {
    let group = child.id().cast_signed();
    if groups().remove(&group) {
        kill_group(group);
    }
}

fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill_group(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

/// Where there is no `/proc`, process groups have to do.
fn sweep(mark: &str) {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(environment) = std::fs::read(process.path().join("environ")) else {
            continue;
        };
        let carries = environment
            .split(|byte| *byte == 0)
            .any(|variable| variable.starts_with(mark.as_bytes()));
        if carries && let Some(pid) = Pid::from_raw(pid) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}
