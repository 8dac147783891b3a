//! Reports to where they are wanted.

use std::io::Write;
use std::path::Path;

use report::format::Format;
use report::markdown;
use report::results::Results;
use report::terminal::{self, Paint};
use session::words::Word;

use crate::args::Report;
use crate::exit::Trouble;
use crate::{files, print};

/// The largest summary of a step that GitHub takes, in bytes.
const LARGEST_SUMMARY: usize = 1024 * 1024;

/// Tells people at the terminal, and writes the reports.
///
/// # Errors
/// A place that cannot be written.
pub fn all(results: &Results, reports: &[Report<Format>]) -> Result<(), Trouble> {
    // Colour is always put in; the stream takes it out where it is not wanted.
    let text = terminal::render(results, Paint { color: true });
    say_and_report(&text, reports, |format| format.render(results))
}

/// The same, and tells GitHub, where it runs this.
///
/// # Errors
/// A place that cannot be written.
pub fn all_and_github(results: &Results, reports: &[Report<Format>]) -> Result<(), Trouble> {
    all(results, reports)?;
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        // It reads both streams, and the other one may belong to a report.
        let commands = Format::Github.render(results);
        let _ = anstream::stderr().lock().write_all(commands.as_bytes());
    }
    match std::env::var_os("GITHUB_STEP_SUMMARY") {
        Some(path) if !path.is_empty() => summary(results, Path::new(&path)),
        _ => Ok(()),
    }
}

/// Appends to the summary of the step, which other commands write as well.
fn summary(results: &Results, path: &Path) -> Result<(), Trouble> {
    let unwritable = |error| Trouble::Unwritable(path.display().to_string(), error);
    let used = std::fs::metadata(path).map_or(0, |about| about.len());
    let left = LARGEST_SUMMARY.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX));
    let Some(text) = markdown::render_within(results, left.saturating_sub(1)) else {
        let full = "there is no room in the summary of the step for the results\n";
        let _ = anstream::stderr().lock().write_all(full.as_bytes());
        return Ok(());
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(unwritable)?;
    file.write_all(format!("{text}\n").as_bytes())
        .map_err(unwritable)
}

/// Reports must have a place before hours are spent on making them.
///
/// # Errors
/// One has none.
pub fn writable<F>(reports: &[Report<F>]) -> Result<(), Trouble> {
    for report in reports {
        if let Some(path) = &report.path {
            let unwritable = |error| Trouble::Unwritable(path.display().to_string(), error);
            if path.is_dir() {
                let error = std::io::Error::other("it is a folder");
                return Err(unwritable(error));
            }
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                _ => ".".into(),
            };
            std::fs::create_dir_all(&folder).map_err(unwritable)?;
            tempfile::tempfile_in(&folder).map_err(unwritable)?;
        }
    }
    Ok(())
}

/// Prints a text for people and writes the reports.
///
/// # Errors
/// A place that cannot be written.
pub fn say_and_report<F: Word>(
    text: &str,
    reports: &[Report<F>],
    render: impl Fn(F) -> String,
) -> Result<(), Trouble> {
    if reports.iter().any(|report| report.path.is_none()) {
        // Standard output belongs to the report; people read the other stream.
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    } else {
        print(text)?;
    }
    let mut done = Ok(());
    for report in reports {
        let text = render(report.format);
        let written = match &report.path {
            Some(path) => files::write(path, &text),
            None => print(&text),
        };
        // One place that is full loses no other report.
        done = done.and(written);
    }
    done
}
