//! The forms in which a run is told. A new one is a line of [`Format`], its arm in
//! [`Format::render`], and its module.

use crate::ndjson;
use crate::results::Results;
use crate::terminal::{self, Paint};

session::words! {
    /// A form.
    Format, "format" {
        Terminal = "terminal", "for people at a terminal, without colours";
        Ndjson = "ndjson", "for programs, one JSON object a line; what is read again";
    }
}

impl Format {
    /// The whole report.
    pub fn render(self, results: &Results) -> String {
        match self {
            Format::Terminal => terminal::render(results, Paint { color: false }),
            Format::Ndjson => ndjson::render(results),
        }
    }
}
