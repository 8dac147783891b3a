//! Outcomes and their exit codes; troubles that end the program.

use std::process::ExitCode;

use conformance::decode::Broken;
use conformance::diagnostic::{self, Diagnostic};
use conformance::source::Source;
use report::fuzzing::{Broke, Fuzzed};
use report::mutants::Mutants;
use report::results::{CaseResult, Results, Status};

/// How the program ends. The codes are a contract; where several apply the first of this list
/// that does wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 2: usage, scenario, profile or file error.
    Usage,
    /// 3: the harness itself broke, or was not deterministic.
    Harness,
    /// 4: a subject could not be started, or broke the adapter protocol.
    Subject,
    /// 1: findings.
    Findings,
    /// 5: nothing was selected, or no case passed or failed.
    Nothing,
    /// 0: everything was as expected.
    Success,
}

impl Exit {
    /// What these results amount to.
    pub fn of(results: &[CaseResult]) -> Exit {
        let any = |status| results.iter().any(|result| result.status == status);
        if any(Status::HarnessError) {
            Exit::Harness
        } else if any(Status::SubjectError) {
            Exit::Subject
        } else if any(Status::Failed) || any(Status::UnexpectedlyPassed) {
            Exit::Findings
        } else if any(Status::Passed) || any(Status::KnownFailure) {
            Exit::Success
        } else {
            Exit::Nothing
        }
    }

    /// The same, with what is wrong with the list of known failures. That a part of the cases has
    /// none to decide is no trouble; the whole tells.
    pub fn of_all(results: &Results) -> Exit {
        match Exit::of(&results.cases) {
            Exit::Success | Exit::Nothing if !results.stale().is_empty() => Exit::Findings,
            Exit::Nothing if results.head.shard.is_some() => Exit::Success,
            exit => exit,
        }
    }

    /// What random scenarios amount to.
    pub fn of_fuzzed(fuzzed: &Fuzzed) -> Exit {
        if fuzzed.broke(Broke::Harness) {
            Exit::Harness
        } else if fuzzed.broke(Broke::Subject) {
            Exit::Subject
        } else if fuzzed.has_findings() {
            Exit::Findings
        } else {
            Exit::Success
        }
    }

    /// What deviations amount to.
    pub fn of_mutants(mutants: &Mutants) -> Exit {
        match mutants.is_complete() {
            true => Exit::Success,
            false => Exit::Findings,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Harness => 3,
            Exit::Subject => 4,
            Exit::Nothing => 5,
        })
    }
}

/// Why the program cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Files that are no good.
    #[error("some files are no good")]
    Broken(Vec<Broken>),
    /// A file or folder that cannot be read.
    #[error("cannot read {0}: {1}")]
    Unreadable(String, std::io::Error),
    /// A file that cannot be written.
    #[error("cannot write {0}: {1}")]
    Unwritable(String, std::io::Error),
    /// Stored results that are no good: the file, and what is wrong in which line.
    #[error("{0}")]
    Stored(String),
    /// The harness itself broke.
    #[error("the harness broke: {0}")]
    Harness(String),
    /// A subject could not be started, or broke the adapter protocol.
    #[error("{0}")]
    Subject(String),
    /// Nothing to do.
    #[error("{0}")]
    Nothing(String),
}

impl Trouble {
    /// A file with one complaint about it.
    pub fn about(source: Source, diagnostic: Diagnostic) -> Trouble {
        Trouble::about_all(source, vec![diagnostic])
    }

    /// A file with several.
    pub fn about_all(source: Source, diagnostics: Vec<Diagnostic>) -> Trouble {
        Trouble::Broken(vec![Broken {
            source,
            diagnostics,
        }])
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Trouble::Nothing(_) => Exit::Nothing,
            Trouble::Harness(_) => Exit::Harness,
            Trouble::Subject(_) => Exit::Subject,
            _ => Exit::Usage,
        }
    }

    /// As it is shown.
    pub fn shown(&self) -> String {
        match self {
            Trouble::Broken(files) => {
                let mut text = String::new();
                let mut problems = 0;
                for file in files {
                    text.push_str(&diagnostic::render(&file.source, &file.diagnostics, true));
                    problems += file.diagnostics.len();
                }
                let (s, files_s) = (plural(problems), plural(files.len()));
                let files = files.len();
                text.push_str(&format!("{problems} problem{s} in {files} file{files_s}\n"));
                text
            }
            Trouble::Stored(said) => said.clone(),
            other => format!("error: {other}\n"),
        }
    }
}

fn plural(many: usize) -> &'static str {
    if many == 1 { "" } else { "s" }
}
