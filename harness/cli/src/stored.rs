//! `kickout report` and `kickout merge`: stored results again.

use std::path::{Path, PathBuf};

use report::format::Format;
use report::fuzzing::{self, Fuzzed};
use report::merge::{self, Part};
use report::mutants::{self, Mutants};
use report::ndjson::{self, MOST_BYTES, Problem};
use report::results::{Of, Results};
use report::terminal::Paint;
use session::words::Word;

use crate::args::{CoverageFormat, FuzzFormat, MergeOptions, Report, ReportOptions};
use crate::exit::{Exit, Trouble};
use crate::{files, tell};

/// `kickout report`
///
/// # Errors
/// The file cannot be read or is no results; places that cannot be written.
pub fn report(options: &ReportOptions) -> Result<Exit, Trouble> {
    tell::writable(&options.report)?;
    let text = files::read(&options.file, MOST_BYTES)?;
    let wrong = |problems: Vec<Problem>| no_good(&options.file, &problems);
    match ndjson::of(&text).map_err(|problem| wrong(vec![problem]))? {
        Of::Run => told(&ndjson::read(&text).map_err(wrong)?, &options.report),
        Of::Fuzz => told_fuzzed(&fuzzing::read(&text).map_err(wrong)?, &options.report),
        Of::Mutants => told_mutants(&mutants::read(&text).map_err(wrong)?, &options.report),
    }
}

/// `kickout merge`
///
/// # Errors
/// Files that cannot be read, are no results, or do not belong together, all of them at once;
/// places that cannot be written.
pub fn merge(options: &MergeOptions) -> Result<Exit, Trouble> {
    tell::writable(&options.report)?;
    let files: Vec<(&PathBuf, String)> = options
        .files
        .iter()
        .map(|file| Ok((file, files::read(file, MOST_BYTES)?)))
        .collect::<Result<_, Trouble>>()?;
    let Some((first, text)) = files.first() else {
        return Err(Trouble::Usage("there is nothing to join".into()));
    };
    match ndjson::of(text).map_err(|problem| no_good(first, &[problem]))? {
        Of::Run => {
            let joined = merge::runs(all(&files, ndjson::read)?).map_err(do_not_belong)?;
            told(&joined, &options.report)
        }
        Of::Fuzz => {
            let joined = merge::fuzz::join(all(&files, fuzzing::read)?).map_err(do_not_belong)?;
            told_fuzzed(&joined, &options.report)
        }
        Of::Mutants => {
            let joined =
                merge::mutants::join(all(&files, mutants::read)?).map_err(do_not_belong)?;
            told_mutants(&joined, &options.report)
        }
    }
}

/// Reads the stored results of a run.
///
/// # Errors
/// The file cannot be read or is no good.
pub fn read(path: &Path) -> Result<Results, Trouble> {
    let text = files::read(path, MOST_BYTES)?;
    ndjson::read(&text).map_err(|problems| no_good(path, &problems))
}

fn told(results: &Results, reports: &[Report<Format>]) -> Result<Exit, Trouble> {
    tell::all(results, reports)?;
    Ok(Exit::of_all(results))
}

fn told_fuzzed(fuzzed: &Fuzzed, reports: &[Report<Format>]) -> Result<Exit, Trouble> {
    let reports = in_forms::<FuzzFormat>(reports)?;
    let text = fuzzing::terminal(fuzzed, Paint { color: true });
    tell::say_and_report(&text, &reports, |format| match format {
        FuzzFormat::Ndjson => fuzzing::ndjson(fuzzed),
    })?;
    Ok(Exit::of_fuzzed(fuzzed))
}

fn told_mutants(all: &Mutants, reports: &[Report<Format>]) -> Result<Exit, Trouble> {
    crate::mutants::say(all, &in_forms::<CoverageFormat>(reports)?)?;
    Ok(Exit::of_mutants(all))
}

/// The same reports in forms that these results have.
fn in_forms<F: Word>(reports: &[Report<Format>]) -> Result<Vec<Report<F>>, Trouble> {
    let in_form = |report: &Report<Format>| {
        let format = report.format.word().parse().map_err(|_| {
            let known: Vec<&str> = F::ALL.iter().map(|form| form.word()).collect();
            let known = known.join(", ");
            Trouble::Usage(format!(
                "these results have no {} report; there is: {known}",
                report.format
            ))
        })?;
        Ok(Report {
            format,
            path: report.path.clone(),
        })
    };
    reports.iter().map(in_form).collect()
}

fn all<T>(
    files: &[(&PathBuf, String)],
    read: impl Fn(&str) -> Result<T, Vec<Problem>>,
) -> Result<Vec<Part<T>>, Trouble> {
    let mut parts = Vec::new();
    let mut wrong = String::new();
    for (file, text) in files {
        match read(text) {
            Ok(results) => parts.push(Part {
                file: file.display().to_string(),
                results,
            }),
            Err(problems) => wrong.push_str(&no_good(file, &problems).shown()),
        }
    }
    match wrong.is_empty() {
        true => Ok(parts),
        false => Err(Trouble::Stored(wrong)),
    }
}

fn do_not_belong(wrong: Vec<String>) -> Trouble {
    let lines = wrong.iter().map(|wrong| format!("error: {wrong}\n"));
    Trouble::Stored(lines.collect())
}

/// What is wrong with a file, line by line.
fn no_good(path: &Path, problems: &[Problem]) -> Trouble {
    let shown = path.display();
    let lines = problems.iter().map(|problem| {
        let Problem { line, message } = problem;
        format!("error: {shown}:{line}: {message}\n")
    });
    Trouble::Stored(lines.collect())
}
