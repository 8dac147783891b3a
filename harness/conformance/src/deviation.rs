//! Deviations: named ways of breaking rules, which prove that the suite notices.
//!
//! A deviation is played by the reference peers of one party or both: with knobs that the profile
//! does not have, or with a switch in their code (`session::deviation`). The case is judged by the
//! honest profile all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use session::deviation::Deviation as Switch;
use session::rules::Rules;

use crate::decode::{Broken, decode, decode_json};
use crate::diagnostic::{Diagnostic, closest};
use crate::judge::{Fault, Finding, Noticed};
use crate::library::Library;
use crate::profile::Profile;
use crate::requirement::{Party, Requirement, Strength};
use crate::scenario::Scenario;
use crate::source::{Source, Span};
use crate::yaml::{self, Node};

/// The file among the deviations that holds the rows without one.
const UNPROVEN_FILE: &str = "unproven.yaml";

/// All deviations, and the rows that none can break.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    all: Vec<Deviation>,
    /// Rows that need no deviation, each with the reason.
    excepted: BTreeMap<String, String>,
}

/// A way of breaking a rule.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// Its name; that of the switch, where it is one.
    pub name: String,
    /// Who deviates.
    pub party: BTreeSet<Party>,
    /// What it does, in a sentence.
    pub does: String,
    /// The requirement rows that it breaks.
    pub rows: BTreeSet<String>,
    /// The rules that it breaks.
    pub rules: BTreeSet<String>,
    /// The profiles it is tried under, with all that extend them; all without one.
    pub profiles: Vec<String>,
    /// The reports it comes from, by their number.
    pub reports: Vec<u32>,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    Switch(Switch),
    Knobs(Value),
}

/// How the reference peers of a case play: by its rules, or with a deviation.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The name of the deviation.
    pub name: String,
    /// The rules of the client before any console setting.
    pub client: Option<Rules>,
    /// The rules of the server before any console setting.
    pub server: Option<Rules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deviations: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    party: BTreeSet<Party>,
    does: Option<String>,
    breaks: Breaks,
    #[serde(default)]
    profiles: Vec<String>,
    #[serde(default)]
    reports: Vec<u32>,
    rules: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Breaks {
    #[serde(default)]
    rows: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnprovenFile {
    unproven: Vec<Unproven>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unproven {
    row: String,
    reason: String,
}

impl Deviations {
    /// Reads the deviation files, and the file of the rows without one.
    ///
    /// # Errors
    /// Everything that is wrong with them, at its place: unknown rows, rules, profiles, switches
    /// and knobs, a switch that stands in no file, a deviation that breaks nothing, an exception
    /// for a row that needs none.
    pub fn read(sources: &[Source], library: &Library) -> Result<Deviations, Vec<Broken>> {
        let mut read = Deviations::default();
        let mut broken = Vec::new();
        // Exceptions speak of what the others prove.
        let (exceptions, files): (Vec<&Source>, Vec<&Source>) = sources
            .iter()
            .partition(|source| source.path.ends_with(UNPROVEN_FILE));
        for source in files {
            note(source, read.add(source, library), &mut broken);
        }
        for source in exceptions {
            note(source, read.except(source, library), &mut broken);
        }
        if let (Some(source), true) = (sources.first(), broken.is_empty()) {
            note(source, read.uses_every_switch(), &mut broken);
        }
        match broken.is_empty() {
            true => Ok(read),
            false => Err(broken),
        }
    }

    /// All of them, by file and then by place.
    pub fn all(&self) -> &[Deviation] {
        &self.all
    }

    /// The deviation of this name.
    pub fn get(&self, name: &str) -> Option<&Deviation> {
        self.all.iter().find(|deviation| deviation.name == name)
    }

    /// The rows that clients or servers must keep, and that no deviation breaks; each with the
    /// reason, where it is excepted.
    pub fn unproven<'a>(
        &'a self,
        library: &'a Library,
    ) -> impl Iterator<Item = (&'a Requirement, Option<&'a str>)> {
        let rows = library.catalogue.all().filter(|row| needs_one(row));
        rows.filter(|row| !self.proves(&row.id))
            .map(|row| (row, self.excepted.get(&row.id).map(String::as_str)))
    }

    fn proves(&self, row: &str) -> bool {
        self.all
            .iter()
            .any(|deviation| deviation.rows.contains(row))
    }

    fn add(&mut self, source: &Source, library: &Library) -> Result<(), Vec<Diagnostic>> {
        let file: File = decode(source)?;
        let node = yaml::parse(source)?;
        let mut wrong = Vec::new();
        for (index, line) in file.deviations.into_iter().enumerate() {
            let index = index.to_string();
            let Some(entry) = node.at_path(&["deviations", &index]) else {
                continue;
            };
            if self.get(&line.name).is_some() {
                let message = format!("deviation `{}` stands here a second time", line.name);
                let place = span(entry, &["name"]);
                wrong.push(Diagnostic::new("duplicate-deviation", message).at(place, ""));
            }
            match understood(line, entry, library) {
                Ok(deviation) => self.all.push(deviation),
                Err(all) => wrong.extend(all),
            }
        }
        ended(wrong)
    }

    fn except(&mut self, source: &Source, library: &Library) -> Result<(), Vec<Diagnostic>> {
        let file: UnprovenFile = decode(source)?;
        let node = yaml::parse(source)?;
        let mut wrong = Vec::new();
        for (index, line) in file.unproven.into_iter().enumerate() {
            let index = index.to_string();
            let place = span(&node, &["unproven", &index, "row"]);
            let needless = match library.catalogue.get(&line.row) {
                None => {
                    wrong.push(library.catalogue.unknown(&line.row, place));
                    continue;
                }
                Some(row) if !needs_one(row) => Some("needs no deviation"),
                Some(row) if self.proves(&row.id) => Some("is broken by a deviation"),
                Some(_) if line.reason.trim().is_empty() => Some("is excepted without a reason"),
                Some(_) => None,
            };
            if let Some(why) = needless {
                let message = format!("{} {why}", line.row);
                wrong.push(Diagnostic::new("idle-exception", message).at(place, ""));
            }
            self.excepted
                .insert(line.row, line.reason.trim().to_owned());
        }
        ended(wrong)
    }

    fn uses_every_switch(&self) -> Result<(), Vec<Diagnostic>> {
        let unused = Switch::ALL
            .iter()
            .filter(|switch| self.get(switch.word()).is_none());
        let say = |switch: &Switch| {
            let message = format!("no file says what `{switch}` breaks");
            Diagnostic::new("unused-switch", message)
        };
        ended(unused.map(say).collect())
    }
}

impl Deviation {
    /// Does this finding name what the deviation breaks? A difference of snapshots is none, and
    /// neither is what an app does wrong.
    pub fn is_named_by(&self, finding: &Finding) -> bool {
        let by_rule = match &finding.by {
            Noticed::Rule(rule) => self.rules.contains(rule),
            Noticed::Step(_) | Noticed::Violates | Noticed::Limit => false,
        };
        let by_row = finding.rows.iter().any(|row| self.rows.contains(row));
        finding.fault != Fault::App && (by_rule || by_row)
    }

    /// Does the scenario look at what the deviation breaks?
    pub fn is_looked_at_by(&self, scenario: &Scenario) -> bool {
        let steps = scenario.steps.iter().flat_map(|step| &step.covers);
        let mut rows = steps.chain(&scenario.violates);
        rows.any(|row| self.rows.contains(row))
    }

    /// How the peers play under this profile; none where the deviation changes nothing there.
    pub fn subject(&self, profile: &Profile) -> Option<Subject> {
        let meant = |id: &String| profile.descends_from(id);
        if !self.profiles.is_empty() && !self.profiles.iter().any(meant) {
            return None;
        }
        let mut rules = profile.rules.clone();
        match &self.how {
            How::Switch(switch) => {
                rules.deviations.insert(*switch);
            }
            How::Knobs(knobs) => rules = changed(&rules, knobs).ok()?,
        }
        if rules == profile.rules {
            return None;
        }
        let of = |party| self.party.contains(&party).then(|| rules.clone());
        Some(Subject {
            name: self.name.clone(),
            client: of(Party::Client),
            server: of(Party::Server),
        })
    }
}

fn note(source: &Source, read: Result<(), Vec<Diagnostic>>, broken: &mut Vec<Broken>) {
    if let Err(diagnostics) = read {
        let source = source.clone();
        broken.push(Broken {
            source,
            diagnostics,
        });
    }
}

fn ended(wrong: Vec<Diagnostic>) -> Result<(), Vec<Diagnostic>> {
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong),
    }
}

/// Is it for a client or a server to keep, without fail?
fn needs_one(row: &Requirement) -> bool {
    let theirs = |party: &Party| matches!(party, Party::Client | Party::Server);
    row.strength == Strength::Must && row.party.iter().any(theirs)
}

fn span(node: &Node, path: &[&str]) -> Span {
    node.at_path(path).map_or(node.span, |place| place.span)
}

/// One entry, with everything that it names looked up.
fn understood(line: Line, entry: &Node, library: &Library) -> Result<Deviation, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    for (at, row) in line.breaks.rows.iter().enumerate() {
        if library.catalogue.get(row).is_none() {
            let place = span(entry, &["breaks", "rows", &at.to_string()]);
            wrong.push(library.catalogue.unknown(row, place));
        }
    }
    for (at, rule) in line.breaks.rules.iter().enumerate() {
        if library.rules.get(rule).is_none() {
            let place = span(entry, &["breaks", "rules", &at.to_string()]);
            let message = format!("there is no rule `{rule}`");
            wrong.push(Diagnostic::new("unknown-rule", message).at(place, ""));
        }
    }
    if line.breaks.rows.is_empty() && line.breaks.rules.is_empty() {
        let message = format!("`{}` breaks nothing", line.name);
        let place = span(entry, &["breaks"]);
        wrong.push(Diagnostic::new("idle-deviation", message).at(place, ""));
    }
    if line.party.is_empty() || line.party.contains(&Party::App) {
        let message = "who deviates is the client, the server or both";
        let place = span(entry, &["party"]);
        let help = "what an app does wrong is a scenario with `violates`";
        wrong.push(
            Diagnostic::new("wrong-party", message)
                .at(place, "")
                .help(help),
        );
    }
    for (at, id) in line.profiles.iter().enumerate() {
        if library.profiles.get(id).is_none() {
            let place = span(entry, &["profiles", &at.to_string()]);
            let message = format!("there is no profile `{id}`");
            wrong.push(Diagnostic::new("unknown-profile", message).at(place, ""));
        }
    }
    let how = how(&line, entry, library).map_err(|diagnostic| wrong.push(diagnostic));
    match how {
        Ok((how, does)) if wrong.is_empty() => Ok(Deviation {
            name: line.name,
            party: line.party,
            does,
            rows: line.breaks.rows.into_iter().collect(),
            rules: line.breaks.rules.into_iter().collect(),
            profiles: line.profiles,
            reports: line.reports,
            how,
        }),
        _ => Err(wrong),
    }
}

/// A switch says itself what it does; knobs need a sentence.
fn how(line: &Line, entry: &Node, library: &Library) -> Result<(How, String), Diagnostic> {
    let at = |key: &str| span(entry, &[key]);
    match (&line.rules, &line.does) {
        (None, None) => match line.name.parse::<Switch>() {
            Ok(switch) => Ok((How::Switch(switch), switch.means().to_owned())),
            Err(unknown) => {
                let message = format!("{unknown}, and there are no `rules`");
                let mut wrong = Diagnostic::new("unknown-deviation", message).at(at("name"), "");
                let known = Switch::ALL.iter().map(|switch| switch.word());
                if let Some(near) = closest(&line.name, known) {
                    wrong = wrong.suggest(at("name"), near);
                }
                Err(wrong)
            }
        },
        (Some(knobs), Some(does)) => {
            let node = entry.get("rules").unwrap_or(entry);
            for profile in library.profiles.runnable() {
                let _: Rules = decode_json(merged(&profile.rules, knobs), node)?;
            }
            Ok((How::Knobs(knobs.clone()), does.trim().to_owned()))
        }
        (Some(_), None) => {
            let message = format!("`{}` does not say what it does", line.name);
            Err(Diagnostic::new("missing-key", message).at(at("name"), ""))
        }
        (None, Some(_)) => {
            let message = "the switch says itself what it does";
            Err(Diagnostic::new("said-twice", message).at(at("does"), "leave it out"))
        }
    }
}

fn changed(rules: &Rules, knobs: &Value) -> Result<Rules, serde_json::Error> {
    serde_json::from_value(merged(rules, knobs))
}

fn merged(rules: &Rules, knobs: &Value) -> Value {
    fn lay(base: &mut Value, over: &Value) {
        match (base, over) {
            (Value::Object(base), Value::Object(over)) => {
                for (key, value) in over {
                    lay(base.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
            (base, over) => *base = over.clone(),
        }
    }
    // Plain data: serialising it cannot fail.
    let mut json = serde_json::to_value(rules).expect("rules are plain data");
    lay(&mut json, knobs);
    json
}
