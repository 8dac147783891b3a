//! Rows that have to hold and that nothing here can decide, each with the reason.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::decode::decode;
use crate::diagnostic::Diagnostic;
use crate::requirement::Catalogue;
use crate::source::{Source, Span};
use crate::yaml;

/// All exceptions, and the file they stand in.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    source: Option<Source>,
    of: BTreeMap<String, Exception>,
}

/// One row that cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The row.
    pub row: String,
    /// Why nothing here can decide it.
    pub reason: String,
    /// Where the row is named.
    pub span: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    exceptions: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    row: String,
    reason: String,
}

impl Exceptions {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place: a row that does not exist, is excepted
    /// twice, or asks for nothing, and a reason that says nothing.
    pub fn read(source: &Source, catalogue: &Catalogue) -> Result<Exceptions, Vec<Diagnostic>> {
        let file: File = decode(source)?;
        let node = yaml::parse(source)?;
        let mut exceptions = Exceptions {
            source: Some(source.clone()),
            of: BTreeMap::new(),
        };
        let mut wrong = Vec::new();
        for (index, line) in file.exceptions.into_iter().enumerate() {
            let index = index.to_string();
            let place = |key| {
                let node = node.at_path(&["exceptions", &index, key]);
                node.map_or(Span::default(), |node| node.span)
            };
            let span = place("row");
            match catalogue.get(&line.row) {
                None => wrong.push(catalogue.unknown(&line.row, span)),
                Some(row) if !row.strength.is_binding() => {
                    let message = format!(
                        "{} is {} and has to be decided by nobody",
                        row.id, row.strength
                    );
                    wrong.push(Diagnostic::new("idle-exception", message).at(span, "leave it out"));
                }
                Some(_) => {}
            }
            if line.reason.trim().is_empty() {
                let message = format!("the exception for {} gives no reason", line.row);
                wrong.push(Diagnostic::new("no-reason", message).at(place("reason"), ""));
            }
            let exception = Exception {
                row: line.row.clone(),
                reason: line.reason.trim().to_owned(),
                span,
            };
            if let Some(first) = exceptions.of.insert(line.row, exception) {
                let message = format!("{} is excepted twice", first.row);
                let again = Diagnostic::new("duplicate-exception", message);
                wrong.push(again.at(span, "").also(first.span, "here already"));
            }
        }
        match wrong.is_empty() {
            true => Ok(exceptions),
            false => Err(wrong),
        }
    }

    /// The exception for this row.
    pub fn get(&self, row: &str) -> Option<&Exception> {
        self.of.get(row)
    }

    /// All of them, by row.
    pub fn all(&self) -> impl Iterator<Item = &Exception> {
        self.of.values()
    }

    /// The file they stand in.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }
}
