//! YAML text to a tree of nodes, each with its place in the text.
//!
//! Scenarios and profiles are both read through here; only [`reader`] knows which library does it.

mod node;
mod reader;
#[cfg(test)]
mod tests;

pub use node::{Key, Node, Place, Value};

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// The largest file that is looked at, in bytes. A scenario written by hand has a few thousand.
pub const LARGEST: usize = 1024 * 1024;

/// Turns the bytes of a file into a text.
///
/// # Errors
/// The file is too large or not UTF-8.
pub fn read(path_shown: &str, bytes: Vec<u8>) -> Result<Source, Diagnostic> {
    // Before anything else: nothing below has to be quick on a file of any size.
    refuse_large(bytes.len())?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source {
            path: path_shown.to_owned(),
            // A byte order mark is no part of the text: columns would be off by one.
            text: match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            },
        }),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..offset).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
            Err(Diagnostic::new(
                "not-utf-8",
                format!(
                    "this is not UTF-8 text: byte 0x{byte:02x} at offset {offset}, in line {line}"
                ),
            )
            .help("save the file as UTF-8"))
        }
    }
}

/// Reads one YAML document.
///
/// # Errors
/// Everything that is wrong with it as YAML. A syntax error ends the reading, so it is alone.
pub fn parse(source: &Source) -> Result<Node, Vec<Diagnostic>> {
    refuse_large(source.text.len()).map_err(|diagnostic| vec![diagnostic])?;
    reader::parse(&source.text)
}

fn refuse_large(bytes: usize) -> Result<(), Diagnostic> {
    if bytes <= LARGEST {
        return Ok(());
    }
    Err(Diagnostic::new(
        "too-large",
        format!(
            "the file has {bytes} bytes; at most {} KiB are read",
            LARGEST / 1024
        ),
    )
    .help("one behaviour per file; split it"))
}

/// `span`, no further than the end of its first line, so that a caret under it stays readable.
fn first_line(text: &str, span: Span) -> Span {
    let inside = text.get(span.start..span.end).unwrap_or_default();
    let line = inside.lines().next().unwrap_or_default();
    Span {
        start: span.start,
        end: span.start + line.trim_end().len(),
    }
}
