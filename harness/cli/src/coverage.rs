//! `coverage`: plays the suite and tells which requirements were decided, by what, and which not.

use conformance::case::DEFAULT_SEED;
use conformance::diagnostic::Diagnostic;
use conformance::library::Library;
use conformance::scenario::Scenario;
use report::coverage::{Coverage, markdown, ndjson, terminal};
use report::terminal::Paint;

use crate::args::{CoverageFormat, CoverageOptions, RunOptions};
use crate::exit::{Exit, Trouble};
use crate::{run, suite, tell};

/// `kickout coverage`
///
/// # Errors
/// Files that are no good or cannot be read or written, nothing to play, or an exception for a row
/// that was decided.
pub fn coverage(options: &CoverageOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&options.selection)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    let members = suite::scenarios(&options.selection, &library)?;
    tell::writable(&options.report)?;
    let play = RunOptions {
        seed: DEFAULT_SEED,
        unrecorded: true,
        ..RunOptions::default()
    };
    let results = run::play(&members, &profiles, &library, &play)?;
    let scenarios: Vec<&Scenario> = members.iter().map(|member| &member.scenario).collect();
    let coverage = Coverage::of(&results, &scenarios, &profiles, &library);
    if coverage.rows.is_empty() {
        let none = "nothing to cover: no row is in the catalogues of these profiles";
        return Err(Trouble::Nothing(none.into()));
    }
    let text = terminal::render(&coverage, Paint { color: true });
    tell::say_and_report(&text, &options.report, |format| match format {
        CoverageFormat::Markdown => markdown::render(&coverage),
        CoverageFormat::Ndjson => ndjson::render(&coverage, play.seed),
    })?;
    refuse_stale(&coverage, &library)?;
    Ok(match Exit::of(&results) {
        Exit::Success if coverage.is_complete() => Exit::Success,
        Exit::Success => Exit::Findings,
        worse => worse,
    })
}

/// What is decided needs no exception; one that stays would hide the day it no longer is.
fn refuse_stale(coverage: &Coverage, library: &Library) -> Result<(), Trouble> {
    let stale = coverage.stale_exceptions.iter();
    let diagnostics: Vec<Diagnostic> = stale
        .filter_map(|row| library.exceptions.get(row))
        .map(|exception| {
            let message = format!("{} is excepted, and was decided", exception.row);
            Diagnostic::new("stale-exception", message)
                .at(exception.span, "take it out")
                .note(format!("kickout explain {} says by what", exception.row))
        })
        .collect();
    match library.exceptions.source() {
        Some(source) if !diagnostics.is_empty() => {
            Err(Trouble::about_all(source.clone(), diagnostics))
        }
        _ => Ok(()),
    }
}
