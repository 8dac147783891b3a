//! Programs that take the place of the reference client or server.

use std::sync::Arc;

use conformance::profile::Profile;
use conformance::requirement::Party;
use runner::subject::{Patience, Subjects, end_all};
use runner::{HarnessError, subject};

use crate::args::SubjectOptions;
use crate::exit::Trouble;

/// The subjects that are asked for, after each was said hello to under this profile.
///
/// # Errors
/// One cannot be started, or is no subject.
pub fn subjects(options: &SubjectOptions, profile: &Profile) -> Result<Arc<Subjects>, Trouble> {
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
    Ok(Arc::new(subjects))
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
    for (flag, party) in [("--client", Party::Client), ("--server", Party::Server)] {
        if let Some(command) = subjects.command(party) {
            // Only a zero byte cannot be quoted, and no argument holds one.
            let quoted = shlex::try_quote(command).unwrap_or_default();
            said.push_str(&format!(" {flag} {quoted}"));
        }
    }
    said
}
