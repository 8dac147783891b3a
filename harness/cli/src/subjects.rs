//! Programs that take the place of the reference client or server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use conformance::profile::Profile;
use conformance::requirement::Party;
use runner::live::Live;
use runner::subject::{Patience, Subjects, TCP, end_all};
use runner::{HarnessError, subject};

use crate::args::SubjectOptions;
use crate::exit::Trouble;

/// The subjects that are asked for, after each was said hello to under this profile.
///
/// # Errors
/// One cannot be started, or is no subject.
pub fn subjects(options: &SubjectOptions, profile: &Profile) -> Result<Arc<Subjects>, Trouble> {
    if options
        .server
        .as_deref()
        .is_some_and(|server| server.starts_with(TCP))
    {
        let why = "--server: only `kickout run` plays against a server on a port";
        return Err(Trouble::Usage(why.into()));
    }
    started(options, profile).map(Arc::new)
}

/// The same for a run, which may be in real time, and against a server on a port.
///
/// # Errors
/// As [`subjects`], or an address that is none.
pub fn of_run(
    options: &SubjectOptions,
    time_scale: Option<u32>,
    profile: &Profile,
) -> Result<Arc<Subjects>, Trouble> {
    let address = options
        .server
        .as_deref()
        .and_then(|server| server.strip_prefix(TCP));
    let Some(address) = address else {
        let subjects = started(options, profile)?;
        return Ok(Arc::new(match time_scale {
            Some(pace) => subjects.in_real_time(Live::at_pace(pace)),
            None => subjects,
        }));
    };
    let client = SubjectOptions {
        server: None,
        ..options.clone()
    };
    let live = Live {
        pace: time_scale.unwrap_or(1),
        server: gateways(address, profile.rules.link.gateways)?,
    };
    Ok(Arc::new(started(&client, profile)?.in_real_time(live)))
}

/// `HOST:PORT` of every gateway, with commas; those that are left out have the ports that follow.
fn gateways(text: &str, gateways: u8) -> Result<Vec<SocketAddr>, Trouble> {
    let wrong = |why: String| Trouble::Usage(format!("--server {TCP}{text}: {why}"));
    let mut found = Vec::new();
    for one in text.split(',') {
        let mut addresses = one.to_socket_addrs().map_err(|e| wrong(e.to_string()))?;
        found.push(
            addresses
                .next()
                .ok_or_else(|| wrong("no such address".into()))?,
        );
    }
    while let [.., last] = found.as_slice()
        && found.len() < usize::from(gateways)
    {
        let port = last.port().checked_add(1);
        let port = port.ok_or_else(|| wrong("there is no port after 65535".into()))?;
        found.push(SocketAddr::new(last.ip(), port));
    }
    Ok(found)
}

fn started(options: &SubjectOptions, profile: &Profile) -> Result<Subjects, Trouble> {
    let launch = |command: &Option<String>, flag: &str| {
        let parsed = command.as_deref().map(str::parse::<subject::Launch>);
        parsed
            .transpose()
            .map_err(|why| Trouble::Usage(format!("{flag}: {why}")))
    };
    let subjects = Subjects::new(
        launch(&options.client, "--client")?,
        launch(&options.server, "--server")?,
        options.answer_within.map(Patience::of).unwrap_or_default(),
    );
    if !subjects.is_empty() {
        leave_nothing_behind();
        subjects.try_out(profile).map_err(trouble)?;
    }
    Ok(subjects)
}

/// An interrupted program takes its subjects with it: they are in process groups of their own.
fn leave_nothing_behind() {
    let set = ctrlc::set_handler(|| {
        end_all();
        std::process::exit(130);
    });
    // Only the first of several is needed.
    drop(set);
}

/// Why nothing can be played.
pub fn trouble(error: HarnessError) -> Trouble {
    match error {
        HarnessError::Subject(error) => Trouble::Subject(error.to_string()),
        other => Trouble::Harness(other.to_string()),
    }
}

/// What a command that repeats a case needs to say of them.
pub fn repeated(subjects: &Subjects) -> String {
    let mut said = String::new();
    if let Some(pace) = subjects.pace() {
        said.push_str(&format!(" --time-scale {pace}"));
    }
    for (flag, party) in [("--client", Party::Client), ("--server", Party::Server)] {
        if let Some(command) = subjects.command(party) {
            // Only a zero byte cannot be quoted, and no argument holds one.
            let quoted = shlex::try_quote(&command).unwrap_or_default();
            said.push_str(&format!(" {flag} {quoted}"));
        }
    }
    said
}
