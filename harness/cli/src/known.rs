//! Failures that are known: a list that somebody keeps, held against what failed.
//!
//! - this file: the list, and what it explains
//! - [`writing`]: a list of what failed, with reasons to fill in

mod writing;

use std::path::Path;

use conformance::decode::{Broken, decode};
use conformance::diagnostic::{Diagnostic, closest, shown};
use conformance::library::Library;
use conformance::source::{Source, Span};
use conformance::yaml::{self, Node};
use globset::{Glob, GlobMatcher};
use report::results::{CaseResult, Kind, Known, Results, Shown, Status, known};
use serde::Deserialize;

pub use self::writing::{refuse_overwriting, write};

use crate::exit::Trouble;
use crate::suite;

/// The list.
#[derive(Debug)]
pub struct List {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    scenario: GlobMatcher,
    profile: GlobMatcher,
    check: GlobMatcher,
    fails: Fails,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`failures:` and a list of them")]
struct File {
    failures: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scenario: String,
    #[serde(default = "any")]
    profile: String,
    #[serde(default = "any")]
    check: String,
    #[serde(default)]
    fails: Fails,
    reason: String,
    link: Option<String>,
}

/// How it fails; what is not said may be as it likes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fails {
    #[serde(default)]
    rows: Vec<String>,
    rule: Option<String>,
    kind: Option<Kind>,
}

fn any() -> String {
    "*".into()
}

impl List {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or everything that is wrong with it, at its place.
    pub fn read(path: &Path, library: &Library) -> Result<List, Trouble> {
        let source = suite::read(path)?;
        List::of(&source, library).map_err(|diagnostics| {
            Trouble::Broken(vec![Broken {
                source,
                diagnostics,
            }])
        })
    }

    fn of(source: &Source, library: &Library) -> Result<List, Vec<Diagnostic>> {
        let file: File = decode(source)?;
        let node = yaml::parse(source)?;
        let mut entries = Vec::new();
        let mut wrong = Vec::new();
        for (index, written) in file.failures.into_iter().enumerate() {
            let index = index.to_string();
            let Some(node) = node.at_path(&["failures", &index]) else {
                continue;
            };
            let reader = Reader {
                node,
                source,
                library,
            };
            entries.extend(reader.entry(written, &mut wrong));
        }
        match wrong.is_empty() {
            true => Ok(List { entries }),
            false => Err(wrong),
        }
    }

    /// Says of every finding whether it is known, and of every case what that makes of it; and puts
    /// into the results what became of the entries.
    pub fn apply(&mut self, results: &mut Results) {
        for case in &mut results.cases {
            self.apply_to(case);
        }
        let head = &results.head;
        let is_part = head.again.is_some() || head.left_out > 0;
        let is_chosen = head.selection.filter.is_some()
            || !head.selection.tags.is_empty()
            || !head.selection.profiles.is_empty();
        for entry in &mut self.entries {
            let is_here = |scenario: &String| {
                entry.scenario.is_match(scenario)
                    && head.profiles.iter().any(|id| entry.profile.is_match(id))
            };
            entry.known.elsewhere = is_part || (is_chosen && !head.scenarios.iter().any(is_here));
        }
        results.known = self
            .entries
            .iter()
            .map(|entry| entry.known.clone())
            .collect();
    }

    fn apply_to(&mut self, case: &mut CaseResult) {
        if case.status == Status::NotApplicable {
            return;
        }
        let mut names = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.is_about(case)) {
            entry.known.cases += 1;
            entry.known.passed += usize::from(case.status == Status::Passed);
            names |= !known::is_pattern(&entry.known);
        }
        let mut explained = 0;
        for at in 0..case.findings.len() {
            let explains =
                |entry: &&mut Entry| entry.is_about(case) && entry.explains(&case.findings[at]);
            if let Some(entry) = self.entries.iter_mut().find(explains) {
                entry.known.findings += 1;
                explained += 1;
                case.findings[at].known = Some(entry.known.line);
            }
        }
        case.status = case
            .status
            .with_known(case.findings.len(), explained, names);
    }
}

impl Entry {
    fn is_about(&self, case: &CaseResult) -> bool {
        self.scenario.is_match(&case.scenario) && self.profile.is_match(&case.profile)
    }

    fn explains(&self, finding: &Shown) -> bool {
        let Fails { rows, rule, kind } = &self.fails;
        self.check.is_match(&finding.by)
            && kind.is_none_or(|kind| kind == finding.kind)
            && rule
                .as_ref()
                .is_none_or(|rule| finding.by == format!("rule {rule}"))
            && rows.iter().all(|row| finding.rows.contains_key(row))
    }
}

/// One entry and what surrounds it.
struct Reader<'a> {
    node: &'a Node,
    source: &'a Source,
    library: &'a Library,
}

impl Reader<'_> {
    fn entry(&self, written: Written, wrong: &mut Vec<Diagnostic>) -> Option<Entry> {
        let before = wrong.len();
        if written.reason.trim().is_empty() {
            let why = "a known failure has a reason";
            wrong.push(Diagnostic::new("no-reason", why).at(
                self.place(&["reason"]),
                "why does it fail, and who looks after it?",
            ));
        }
        for (index, row) in written.fails.rows.iter().enumerate() {
            let is_known =
                self.library.catalogue.get(row).is_some() || self.library.rules.get(row).is_some();
            if !is_known {
                let span = self.place(&["fails", "rows", &index.to_string()]);
                wrong.push(self.library.catalogue.unknown(row, span));
            }
        }
        if let Some(rule) = written
            .fails
            .rule
            .as_ref()
            .filter(|rule| self.library.rules.get(rule).is_none())
        {
            let message = format!("there is no rule `{}`", shown(rule));
            let span = self.place(&["fails", "rule"]);
            let diagnostic = Diagnostic::new("unknown-rule", message).at(span, "");
            let rules = self.library.rules.all().iter().map(|text| text.id.as_str());
            wrong.push(match closest(rule, rules) {
                Some(near) => diagnostic.suggest(span, near),
                None => diagnostic,
            });
        }
        let scenario = self.pattern(&written.scenario, "scenario", wrong);
        let profile = self.pattern(&written.profile, "profile", wrong);
        let check = self.pattern(&written.check, "check", wrong);
        if wrong.len() > before {
            return None;
        }
        let (line, _) = self.source.position(self.node.span);
        Some(Entry {
            known: Known {
                file: self.source.path.clone(),
                line,
                text: self.source.line(self.node.span).to_owned(),
                scenario: written.scenario,
                profile: written.profile,
                check: written.check,
                reason: written.reason,
                link: written.link,
                findings: 0,
                cases: 0,
                passed: 0,
                elsewhere: false,
            },
            scenario: scenario?,
            profile: profile?,
            check: check?,
            fails: written.fails,
        })
    }

    fn pattern(&self, text: &str, key: &str, wrong: &mut Vec<Diagnostic>) -> Option<GlobMatcher> {
        match Glob::new(text) {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(error) => {
                let message = format!("this is no pattern: {}", error.kind());
                wrong.push(Diagnostic::new("wrong-pattern", message).at(self.place(&[key]), ""));
                None
            }
        }
    }

    fn place(&self, path: &[&str]) -> Span {
        self.node.at_path(path).unwrap_or(self.node).span
    }
}

#[cfg(test)]
mod tests;
