//! `list`, `schema` and `explain`.

use std::fmt::Write as _;

use conformance::diagnostic::closest;
use conformance::library::Library;
use conformance::plan;
use conformance::requirement::Requirement;
use conformance::rules;
use conformance::scenario::Scenario;
use conformance::schema;
use session::words::Event;

use crate::args::{ExplainOptions, ListOptions, Selection};
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// `kickout list`
///
/// # Errors
/// Files that are no good, or nothing selected.
pub fn list(options: &ListOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&options.selection)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    let members = suite::scenarios(&options.selection, &library)?;
    let mut text = String::new();
    for member in &members {
        let scenario = &member.scenario;
        let _ = writeln!(text, "{}\n    {}", scenario.name, scenario.title);
        for profile in &profiles {
            let why = match plan::not_applicable(scenario, profile) {
                None => "applies".to_owned(),
                Some(why) => format!("not applicable: {why}"),
            };
            let _ = writeln!(text, "    {}: {why}", profile.id);
        }
    }
    print(&text)?;
    Ok(Exit::Success)
}

/// `kickout schema`
///
/// # Errors
/// Standard output cannot be written.
pub fn schema() -> Result<Exit, Trouble> {
    let schema = schema::json_schema();
    print(&format!("{schema:#}\n"))?;
    Ok(Exit::Success)
}

/// `kickout explain`
///
/// # Errors
/// The word is not known.
pub fn explain(options: &ExplainOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&Selection::default())?;
    let members = suite::scenarios(&Selection::default(), &library)?;
    let scenarios: Vec<&Scenario> = members.iter().map(|member| &member.scenario).collect();
    let what = options.what.trim();
    let mut text = String::new();
    if let Some(row) = library.catalogue.get(what) {
        requirement(row, &library, &scenarios, &mut text);
    } else if let Some(rule) = library.rules.get(what) {
        let _ = writeln!(
            text,
            "{}  rule that watches every run\n{}",
            rule.id, rule.statement
        );
        if rules::all()
            .iter()
            .any(|r| r.id() == what && r.own_record_suffices())
        {
            let _ = writeln!(text, "one device's own record is enough to judge it");
        }
        for (aspect, rows) in &rule.rows {
            let _ = writeln!(text, "rows ({aspect}): {}", rows.join(", "));
        }
    } else if let Ok(code) = what.parse::<i64>() {
        explain_code(code, &library, &mut text);
    } else if let Ok(event) = what.parse::<Event>() {
        explain_event(event, &library, &mut text);
    }
    if text.is_empty() {
        let known = library
            .catalogue
            .all()
            .map(|row| row.id.as_str())
            .chain(library.rules.all().iter().map(|rule| rule.id.as_str()))
            .chain(Event::ALL.iter().map(|event| event.word()));
        let near = closest(what, known)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        let shown = conformance::diagnostic::shown(what);
        return Err(Trouble::Usage(format!(
            "`{shown}` is no requirement, rule, vendor code or event that is known here{near}"
        )));
    }
    print(&text)?;
    Ok(Exit::Success)
}

fn requirement(row: &Requirement, library: &Library, scenarios: &[&Scenario], text: &mut String) {
    let party: Vec<&str> = row.party.iter().map(|party| party.word()).collect();
    let implied = if row.implied { ", implied" } else { "" };
    let _ = writeln!(
        text,
        "{}  {}{implied}, {}",
        row.id,
        row.strength,
        party.join(" and ")
    );
    let _ = writeln!(text, "{}", row.statement);
    let _ = writeln!(text, "source: {}, {}", row.document, row.place);
    for (label, value) in [("note", &row.note), ("versions", &row.versions)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{label}: {value}");
        }
    }
    for rule in library.rules.all() {
        if rule.all_rows().any(|id| *id == row.id) {
            let _ = writeln!(text, "rule {}: {}", rule.id, rule.statement);
        }
    }
    let mut any = false;
    for scenario in scenarios {
        let decided = scenario
            .steps
            .iter()
            .any(|step| step.covers.contains(&row.id))
            || scenario.violates.contains(&row.id);
        if decided {
            any = true;
            let _ = writeln!(text, "decided by {}: {}", scenario.name, scenario.title);
        }
    }
    if !any {
        let _ = writeln!(text, "decided by no scenario of the built-in suite");
    }
}

fn explain_code(code: i64, library: &Library, text: &mut String) {
    for profile in library.profiles.runnable() {
        for (error, native) in &profile.errors {
            let here = native.code == code
                || native.also.contains(&code)
                || native.by_call.values().any(|other| *other == code);
            if here {
                let name = native.name.as_deref().unwrap_or("no name");
                let _ = writeln!(text, "{}: {error} ({name}): {}", profile.id, error.means());
            }
        }
        for (event, native) in &profile.events {
            for (reason, other) in &native.codes {
                if *other == code {
                    let callback = native.callback.as_deref().unwrap_or("no callback");
                    let _ = writeln!(
                        text,
                        "{}: {event} by {reason} ({callback}): {}",
                        profile.id,
                        reason.means()
                    );
                }
            }
        }
    }
}

fn explain_event(event: Event, library: &Library, text: &mut String) {
    let _ = writeln!(text, "{event}: {}", event.means());
    for profile in library.profiles.runnable() {
        let said = match profile.native(event) {
            None => "not an event of this product".to_owned(),
            Some(native) => match &native.callback {
                None => "no callback; told by the result of the call".to_owned(),
                Some(callback) => {
                    let args: Vec<String> = native
                        .args
                        .iter()
                        .map(|(name, value)| match value.as_str() {
                            Some(text) => format!("{name}: {text}"),
                            None => format!("{name}: {value}"),
                        })
                        .collect();
                    let codes: Vec<String> = native
                        .codes
                        .iter()
                        .map(|(reason, code)| format!("{code} by {reason}"))
                        .collect();
                    let codes = match codes.is_empty() {
                        true => String::new(),
                        false => format!(", code {}", codes.join(", ")),
                    };
                    format!("{callback}({}){codes}", args.join(", "))
                }
            },
        };
        let _ = writeln!(text, "    {}: {said}", profile.id);
    }
}
