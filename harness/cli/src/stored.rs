//! `kickout report` and `kickout merge`: stored results again.

use std::path::Path;

use report::ndjson::{self, MOST_BYTES, Problem};
use report::results::Results;

use crate::args::{MergeOptions, ReportOptions};
use crate::exit::{Exit, Trouble};
use crate::{files, tell};

/// `kickout report`
///
/// # Errors
/// Files that cannot be read or are no results, all of them at once; places that cannot be written.
pub fn report(options: &ReportOptions) -> Result<Exit, Trouble> {
    tell::writable(&options.report)?;
    let [file] = options.files.as_slice() else {
        return Err(Trouble::Usage(
            "these are several files; `kickout merge` joins them first".into(),
        ));
    };
    let results = read(file)?;
    tell::all(&results, &options.report)?;
    Ok(Exit::of_all(&results))
}

/// `kickout merge`
///
/// # Errors
/// Files that cannot be read, are no results, or do not belong together; places that cannot be
/// written.
pub fn merge(options: &MergeOptions) -> Result<Exit, Trouble> {
    report(&ReportOptions {
        files: options.files.clone(),
        report: options.report.clone(),
    })
}

/// Reads the stored results of a run.
///
/// # Errors
/// The file cannot be read or is no good.
pub fn read(path: &Path) -> Result<Results, Trouble> {
    let text = files::read(path, MOST_BYTES)?;
    ndjson::read(&text).map_err(|problems| no_good(path, &problems))
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
