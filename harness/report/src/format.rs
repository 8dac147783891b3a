//! The forms in which a run is told. A new one is a line of [`Format`], its arm in
//! [`Format::render`], and its module.

use crate::results::Results;
use crate::terminal::{self, Paint};
use crate::{github, html, junit, markdown, ndjson, sarif};

session::words! {
    /// A form.
    Format, "format" {
        Terminal = "terminal", "for people at a terminal, without colours";
        Html = "html", "a page to look things up in, for a browser";
        Junit = "junit", "for CI servers, as Jenkins reads it";
        Markdown = "markdown", "for pull requests and summaries of jobs";
        Sarif = "sarif", "for code scanning, version 2.1.0";
        Github = "github", "annotations of GitHub Actions, on the lines of scenarios";
        Ndjson = "ndjson", "for programs, one JSON object a line; what is read again";
    }
}

impl Format {
    /// The whole report.
    pub fn render(self, results: &Results) -> String {
        match self {
            Format::Terminal => terminal::render(results, Paint { color: false }),
            Format::Html => html::render(results),
            Format::Junit => junit::render(results),
            Format::Markdown => markdown::render(results),
            Format::Sarif => sarif::render(results),
            Format::Github => github::render(results),
            Format::Ndjson => ndjson::render(results),
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod xsd;
