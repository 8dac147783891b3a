//! Reports to where they are wanted.

use std::io::Write;

use report::format::Format;
use report::results::Results;
use report::terminal::{self, Paint};

use crate::args::{Form, Report};
use crate::exit::Trouble;
use crate::{files, print};

/// Tells people at the terminal, and writes the reports.
///
/// # Errors
/// A place that cannot be written.
pub fn all(results: &Results, reports: &[Report<Format>]) -> Result<(), Trouble> {
    // Colour is always put in; the stream takes it out where it is not wanted.
    let text = terminal::render(results, Paint { color: true });
    say_and_report(&text, reports, |format| format.render(results))
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
pub fn say_and_report<F: Form>(
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
    for report in reports {
        let text = render(report.format);
        match &report.path {
            Some(path) => files::write(path, &text)?,
            None => print(&text)?,
        }
    }
    Ok(())
}
