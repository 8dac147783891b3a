//! `explain`: everything that is known under a name, whatever kind of name it is.
//!
//! - this file: rows, open questions, rules and scenarios
//! - `native`: words, and the vendors' codes and names for them
//! - `knob`: the values of profiles, and where they come from

mod knob;
mod native;

use std::fmt::Write as _;

use conformance::ambiguity::Ambiguity;
use conformance::diagnostic::{closest, shown};
use conformance::library::Library;
use conformance::plan;
use conformance::requirement::Requirement;
use conformance::rules::{self, RuleText};
use conformance::scenario::Scenario;

use crate::args::{ExplainOptions, Selection};
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// How many scenarios are named one by one.
const MOST_NAMED: usize = 40;

/// What can be looked up.
struct Known<'a> {
    library: &'a Library,
    scenarios: Vec<&'a Scenario>,
}

/// `kickout explain`
///
/// # Errors
/// The word is not known.
pub fn explain(options: &ExplainOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&Selection::default())?;
    let members = suite::scenarios(&Selection::default(), &library)?;
    let scenarios = members.iter().map(|member| &member.scenario).collect();
    let text = look_up(&options.what, &library, scenarios)?;
    print(&text)?;
    Ok(Exit::Success)
}

/// Everything that is known under a name.
///
/// # Errors
/// Nothing is.
pub fn look_up(
    what: &str,
    library: &Library,
    scenarios: Vec<&Scenario>,
) -> Result<String, Trouble> {
    let known = Known { library, scenarios };
    let what = what.trim();
    let text = known.all_about(what);
    if text.is_empty() {
        let names = known.names();
        let near = closest(what, names.iter().map(String::as_str))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        let what = shown(what);
        return Err(Trouble::Usage(format!(
            "`{what}` is no requirement, open question, rule, scenario, profile, knob or word, and no \
             vendor's code or name, that is known here{near}"
        )));
    }
    Ok(text)
}

impl Known<'_> {
    /// A name may be several things at once, such as an event and a state.
    fn all_about(&self, what: &str) -> String {
        let library = self.library;
        let mut parts = Vec::new();
        let row = library.catalogue.get(what);
        parts.extend(row.map(|row| self.requirement(row)));
        let question = library.ambiguities.get(what);
        parts.extend(question.map(|question| self.question(question)));
        parts.extend(library.rules.get(what).map(|rule| self.rule(rule)));
        let scenario = self.scenarios.iter().find(|scenario| scenario.name == what);
        parts.extend(scenario.map(|scenario| self.scenario(scenario)));
        parts.extend(self.native(what));
        parts.extend(self.knob(what));
        parts.join("\n")
    }

    /// Every name there is, to find the one that was meant.
    fn names(&self) -> Vec<String> {
        let library = self.library;
        let rows = library.catalogue.all().map(|row| row.id.clone());
        let questions = library
            .ambiguities
            .all()
            .map(|question| question.id.clone());
        let rules = library.rules.all().iter().map(|rule| rule.id.clone());
        let scenarios = self.scenarios.iter().map(|scenario| scenario.name.clone());
        let mut names: Vec<String> = rows
            .chain(questions)
            .chain(rules)
            .chain(scenarios)
            .collect();
        names.extend(self.native_names());
        names.extend(self.knob_names());
        names
    }

    fn requirement(&self, row: &Requirement) -> String {
        let mut text = String::new();
        let implied = if row.implied { ", implied" } else { "" };
        let party: Vec<&str> = row.party.iter().map(|party| party.word()).collect();
        let party = match party.is_empty() {
            true => String::new(),
            false => format!(", {}", party.join(" and ")),
        };
        let _ = writeln!(text, "{}  {}{implied}{party}", row.id, row.strength);
        let _ = writeln!(text, "{}", row.statement);
        let _ = writeln!(text, "source: {}, {}", row.document, row.place);
        for (label, value) in [("note", &row.note), ("versions", &row.versions)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{label}: {value}");
            }
        }
        if let Some(confidence) = row.confidence {
            let _ = writeln!(text, "confidence: {confidence}, {}", confidence.means());
        }
        for (profile, why) in &row.not_for {
            let _ = writeln!(text, "not for {profile}: {why}");
        }
        for question in self.library.ambiguities.about(&row.id) {
            let _ = writeln!(text, "open: {}: {}", question.id, question.question);
            self.positions(question, "    ", &mut text);
        }
        for rule in self.library.rules.all() {
            if rule.all_rows().any(|id| *id == row.id) {
                let _ = writeln!(text, "rule {}: {}", rule.id, rule.statement);
            }
        }
        if let Some(exception) = self.library.exceptions.get(&row.id) {
            let _ = writeln!(text, "excepted: {}", exception.reason);
        }
        self.deciders(row, &mut text);
        text
    }

    /// The steps that cover a row, and the scripts that break it on purpose.
    fn deciders(&self, row: &Requirement, text: &mut String) {
        let mut many = 0;
        for scenario in &self.scenarios {
            let steps = scenario.written();
            let lines: Vec<String> = steps
                .iter()
                .filter(|step| step.covers.contains(&row.id))
                .map(|step| step.line.to_string())
                .collect();
            let how = match lines.len() {
                0 if scenario.violates.contains(&row.id) => " on purpose".to_owned(),
                0 => continue,
                1 => format!(", line {}", lines.join("")),
                _ => format!(", lines {}", lines.join(", ")),
            };
            many += 1;
            if many <= MOST_NAMED {
                let _ = writeln!(
                    text,
                    "decided by {}{how}: {}",
                    scenario.name, scenario.title
                );
            }
        }
        match many {
            0 => text.push_str("decided by no scenario of the built-in suite\n"),
            many if many > MOST_NAMED => {
                let _ = writeln!(text, "and by {} more", many - MOST_NAMED);
            }
            _ => {}
        }
    }

    fn question(&self, question: &Ambiguity) -> String {
        let mut text = format!(
            "{}  open question: {}\n",
            question.id,
            question.kind.means()
        );
        let _ = writeln!(text, "{}", question.question);
        self.positions(question, "", &mut text);
        for reading in &question.readings {
            let by: Vec<String> = reading
                .by
                .iter()
                .map(|(knob, value)| setting(knob, value))
                .collect();
            let by = match by.is_empty() {
                true => "no knob selects it".to_owned(),
                false => by.join(", "),
            };
            let _ = writeln!(text, "reading: {} ({by})", reading.is);
            let mut profiles = self.library.profiles.runnable();
            let own = profiles
                .by_ref()
                .filter(|p| question.catalogues.contains(&p.catalogue));
            let takers: Vec<&str> = own
                .filter(|p| question.read_by(p).contains(&reading))
                .map(|p| p.id.as_str())
                .collect();
            if !takers.is_empty() {
                let _ = writeln!(text, "    taken by {}", takers.join(", "));
            }
        }
        if let Some(why) = &question.without_knob {
            let _ = writeln!(text, "without a knob: {why}");
        }
        for id in &question.rows {
            if let Some(row) = self.library.catalogue.get(id) {
                let _ = writeln!(text, "row {id}: {}", row.statement);
            }
        }
        text
    }

    /// The positions taken; profiles that take the same one stand together.
    fn positions(&self, question: &Ambiguity, indent: &str, text: &mut String) {
        if let Some(position) = &question.position {
            let _ = writeln!(text, "{indent}position: {position}");
        }
        let mut taken: Vec<(&str, Vec<&str>)> = Vec::new();
        for profile in self.library.profiles.runnable() {
            if !question.catalogues.contains(&profile.catalogue) {
                continue;
            }
            let Some(position) = profile.positions.get(&question.id) else {
                continue;
            };
            match taken.iter_mut().find(|(said, _)| said == position) {
                Some((_, profiles)) => profiles.push(&profile.id),
                None => taken.push((position, vec![&profile.id])),
            }
        }
        for (position, profiles) in taken {
            let profiles = profiles.join(", ");
            let _ = writeln!(text, "{indent}position of {profiles}: {position}");
        }
    }

    fn rule(&self, text_of: &RuleText) -> String {
        let mut text = format!("{}  rule that watches every run\n", text_of.id);
        let _ = writeln!(text, "{}", text_of.statement);
        if let Some(rule) = rules::all().iter().find(|rule| rule.id() == text_of.id) {
            let party = rule.party();
            let _ = writeln!(text, "it is for {party}: {}", party.means());
            if rule.own_record_suffices() {
                text.push_str("one device's own record is enough to judge it\n");
            }
        }
        for (aspect, rows) in &text_of.rows {
            let _ = writeln!(text, "rows ({aspect}): {}", rows.join(", "));
        }
        text
    }

    fn scenario(&self, scenario: &Scenario) -> String {
        let mut text = format!("{}  scenario\n{}\n", scenario.name, scenario.title);
        if let Some(about) = &scenario.about {
            let _ = writeln!(text, "{}", about.trim());
        }
        for profile in self.library.profiles.runnable() {
            let why = plan::not_applicable(scenario, profile);
            let why = why.map_or("applies".to_owned(), |why| format!("not applicable: {why}"));
            let _ = writeln!(text, "    {}: {why}", profile.id);
        }
        for step in scenario.written() {
            for id in step.covers {
                if let Some(row) = self.library.catalogue.get(id) {
                    let _ = writeln!(text, "line {} covers {id}: {}", step.line, row.statement);
                }
            }
        }
        for id in &scenario.violates {
            if let Some(row) = self.library.catalogue.get(id) {
                let _ = writeln!(text, "violates {id}: {}", row.statement);
            }
        }
        text
    }
}

fn setting(knob: &str, value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(value) => format!("{knob}: {value}"),
        None => format!("{knob}: {value}"),
    }
}
