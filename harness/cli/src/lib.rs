//! The program `kickout`: it knows the user and nothing else.
//!
//! - [`args`]: what was typed
//! - [`exit`]: outcomes and their exit codes
//! - [`subjects`]: programs that take the place of the reference peers
//! - [`suite`]: the built-in suite, and scenarios from disk
//! - [`run`]: plays cases and tells what became of them
//! - [`known`]: failures that are known
//! - [`last_failed`]: what failed in the last runs of a folder
//! - [`stored`]: `report` and `merge`: stored results again
//! - [`tell`]: reports to where they are wanted
//! - [`fuzzing`]: random scenarios, and what is kept of them
//! - [`replay`]: a kept failure or a stored transcript again
//! - [`mutants`]: what the suite catches of peers that break rules
//! - [`coverage`]: the same, requirement by requirement
//! - [`compare`]: profiles side by side
//! - [`serve`]: the reference server on a real port
//! - [`snapshots`]: recorded transcripts
//! - [`look_up`]: `list` and `schema`
//! - [`manual`]: `completions` and `man`
//! - [`explain`]: what is known about a row, a word, a number, a name
//! - [`adapter`]: `adapter check`, `reference` and `schema`
//! - [`token`]: `token mint`, `inspect` and `verify`
//! - [`files`]: files are written whole or not at all

pub mod adapter;
pub mod args;
pub mod compare;
pub mod coverage;
pub mod exit;
pub mod explain;
pub mod files;
pub mod fuzzing;
pub mod known;
pub mod last_failed;
pub mod look_up;
pub mod manual;
pub mod mutants;
pub mod replay;
pub mod run;
pub mod serve;
pub mod snapshots;
pub mod stored;
pub mod subjects;
pub mod suite;
pub mod tell;
pub mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::{Exit, Trouble};

/// The version, and a digest of what the program was built from.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("KICKOUT_DIGEST"));

/// Runs the program on the arguments it was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return exit.into();
        }
    };
    arguments.color.apply();
    let done = match &arguments.command {
        Command::Run(options) => run::run(options),
        Command::Fuzz(options) => fuzzing::fuzz(options),
        Command::Replay(options) => replay::replay(options),
        Command::Mutants(options) => mutants::mutants(options),
        Command::Coverage(options) => coverage::coverage(options),
        Command::Compare(options) => compare::compare(options),
        Command::Report(options) => stored::report(options),
        Command::Merge(options) => stored::merge(options),
        Command::Serve(options) => serve::serve(options),
        Command::List(options) => look_up::list(options),
        Command::Schema(options) => look_up::schema(options),
        Command::Completions(options) => manual::completions(options),
        Command::Man(options) => manual::man(options),
        Command::Explain(options) => explain::explain(options),
        Command::Token(command) => token::token(command),
        Command::Adapter(command) => adapter::adapter(command),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            let exit = trouble.exit();
            complain(&trouble);
            exit.into()
        }
    }
}

fn complain(trouble: &Trouble) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{}", trouble.shown());
}

/// Writes to standard output. A reader that has gone away, such as `head`, wants no more.
///
/// # Errors
/// Standard output cannot be written for another reason.
pub(crate) fn print(text: &str) -> Result<(), Trouble> {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Trouble::Unwritable("standard output".into(), error))
        }
        _ => Ok(()),
    }
}
