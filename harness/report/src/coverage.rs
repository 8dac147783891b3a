//! What a run has come to, requirement by requirement: which rows were decided, by what and under
//! which profiles, and which were not and why.
//!
//! - this file: the results of the cases to rows
//! - [`terminal`], [`markdown`], [`ndjson`]: rows to text

pub mod markdown;
pub mod ndjson;
pub mod terminal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use conformance::library::Library;
use conformance::profile::Profile;
use conformance::requirement::{Party, Requirement, Strength};
use conformance::rules;
use conformance::scenario::Scenario;
use serde::Serialize;

use crate::results::{By, CaseResult, Decision, Status};

/// Raised whenever a field changes its meaning.
pub const FORMAT: u32 = 1;

/// How many scenarios are named where a sentence says why a row is undecided.
const MOST_NAMED: usize = 3;

/// At most so many of a hundred rows that have to hold may be excepted.
pub const MOST_EXCEPTED_PERCENT: usize = 10;

/// Every row of the catalogues that the profiles belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The rows by catalogue, then id.
    pub rows: Vec<Row>,
    /// Rows that are excepted although they were decided.
    pub stale_exceptions: Vec<String>,
}

/// One row and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its catalogue.
    pub catalogue: String,
    /// What it says.
    pub statement: String,
    /// How strongly.
    pub strength: Strength,
    /// Is that implied rather than said?
    pub implied: bool,
    /// Who has to keep it.
    pub party: Vec<Party>,
    /// What became of it.
    pub standing: Standing,
    /// Why it is excepted, undecided or for none of the profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The profiles of its catalogue, and how it stands with each.
    pub profiles: BTreeMap<String, WithProfile>,
    /// The scenarios with a step that decided it, by the profiles under which it did.
    pub by_step: Deciders,
    /// The rules that saw it kept or broken, by profile.
    pub by_rule: Deciders,
    /// The scenarios that broke it on purpose, which a rule noticed, by profile.
    pub on_purpose: Deciders,
}

/// What decided a row: under each profile, did it hold?
pub type Deciders = BTreeMap<String, BTreeMap<String, bool>>;

session::words! {
    /// What became of a row.
    Standing, "standing" {
        Held = "held", "decided, and it held everywhere";
        Broken = "broken", "decided, and somewhere it did not hold";
        Undecided = "undecided", "nothing decided it";
        Excepted = "excepted", "nothing here can decide it";
        NotForThese = "not-for-these", "it is for none of the profiles";
    }
}

/// How a row stands with one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithProfile {
    /// Decided: did it hold?
    Decided(bool),
    /// Not decided under this profile.
    Undecided,
    /// It does not hold for this profile, and why.
    NotFor(String),
}

/// How many rows of one kind stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// All that are for some of the profiles.
    pub rows: usize,
    /// Held.
    pub held: usize,
    /// Broken.
    pub broken: usize,
    /// Undecided.
    pub undecided: usize,
    /// Excepted.
    pub excepted: usize,
}

impl Coverage {
    /// Sums up what these cases of these scenarios under these profiles have come to.
    pub fn of(
        results: &[CaseResult],
        scenarios: &[&Scenario],
        profiles: &[&Profile],
        library: &Library,
    ) -> Coverage {
        let catalogues: BTreeSet<&str> = profiles.iter().map(|p| p.catalogue.as_str()).collect();
        let mut rows: Vec<Row> = library
            .catalogue
            .all()
            .filter(|row| catalogues.contains(row.catalogue.as_str()))
            .map(|row| begin(row, profiles))
            .collect();
        rows.sort_by(|a, b| (&a.catalogue, &a.id).cmp(&(&b.catalogue, &b.id)));
        let mut by_id: BTreeMap<String, &mut Row> =
            rows.iter_mut().map(|row| (row.id.clone(), row)).collect();
        for result in results.iter().filter(|result| counts(result)) {
            for decision in &result.decisions {
                if let Some(row) = by_id.get_mut(&decision.row) {
                    row.take(decision, result);
                }
            }
        }
        let mut stale = Vec::new();
        for row in &mut rows {
            row.conclude();
            let Some(exception) = library.exceptions.get(&row.id) else {
                if row.standing == Standing::Undecided {
                    row.reason = Some(why_undecided(row, results, scenarios, library));
                }
                continue;
            };
            if row.standing == Standing::Undecided {
                row.standing = Standing::Excepted;
                row.reason = Some(exception.reason.clone());
            } else if row.is_decided() {
                stale.push(row.id.clone());
            }
        }
        Coverage {
            rows,
            stale_exceptions: stale,
        }
    }

    /// The names of the catalogues.
    pub fn catalogues(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.catalogue.as_str()).collect()
    }

    /// How the rows that have to hold stand; those of one catalogue, or all.
    pub fn binding(&self, catalogue: Option<&str>) -> Tally {
        self.tally(catalogue, |row| row.strength.is_binding())
    }

    /// How the rows stand that are allowed or only told.
    pub fn other(&self, catalogue: Option<&str>) -> Tally {
        self.tally(catalogue, |row| !row.strength.is_binding())
    }

    /// Is every row that has to hold decided and held, or excepted, and are few enough excepted?
    pub fn is_complete(&self) -> bool {
        let tally = self.binding(None);
        tally.broken == 0 && tally.undecided == 0 && tally.excepted <= tally.most_excepted()
    }

    fn tally(&self, catalogue: Option<&str>, wanted: impl Fn(&Row) -> bool) -> Tally {
        let mut tally = Tally::default();
        let rows = self.rows.iter().filter(|row| wanted(row));
        for row in rows.filter(|row| catalogue.is_none_or(|name| row.catalogue == name)) {
            match row.standing {
                Standing::Held => tally.held += 1,
                Standing::Broken => tally.broken += 1,
                Standing::Undecided => tally.undecided += 1,
                Standing::Excepted => tally.excepted += 1,
                Standing::NotForThese => continue,
            }
            tally.rows += 1;
        }
        tally
    }
}

impl Tally {
    /// How many of these rows may be excepted.
    pub fn most_excepted(&self) -> usize {
        self.rows * MOST_EXCEPTED_PERCENT / 100
    }
}

impl Row {
    /// Was it decided, one way or the other?
    pub fn is_decided(&self) -> bool {
        matches!(self.standing, Standing::Held | Standing::Broken)
    }

    fn take(&mut self, decision: &Decision, result: &CaseResult) {
        let (deciders, name) = match (decision.by, &decision.rule) {
            (By::Step, _) => (&mut self.by_step, &result.scenario),
            (By::Rule, Some(rule)) => (&mut self.by_rule, rule),
            (By::OnPurpose, _) => (&mut self.on_purpose, &result.scenario),
            (By::Rule, None) => return,
        };
        let profiles = deciders.entry(name.clone()).or_default();
        *profiles.entry(result.profile.clone()).or_insert(true) &= decision.held;
        let with = self.profiles.entry(result.profile.clone());
        let with = with.or_insert(WithProfile::Undecided);
        *with = match with {
            WithProfile::Decided(held) => WithProfile::Decided(*held && decision.held),
            _ => WithProfile::Decided(decision.held),
        };
    }

    fn conclude(&mut self) {
        let mut standing = Standing::NotForThese;
        for with in self.profiles.values() {
            standing = match (standing, with) {
                (Standing::Broken, _) | (_, WithProfile::Decided(false)) => Standing::Broken,
                (_, WithProfile::Decided(true)) => Standing::Held,
                (Standing::NotForThese, WithProfile::Undecided) => Standing::Undecided,
                (standing, _) => standing,
            };
        }
        self.standing = standing;
        if standing == Standing::NotForThese {
            let reasons: BTreeSet<&str> = self
                .profiles
                .values()
                .filter_map(|with| match with {
                    WithProfile::NotFor(why) => Some(why.as_str()),
                    _ => None,
                })
                .collect();
            self.reason = Some(reasons.into_iter().collect::<Vec<_>>().join("; "));
        }
    }
}

/// What hangs on something undocumented, or on a call that the subject lacks, decides nothing.
fn counts(result: &CaseResult) -> bool {
    matches!(
        result.status,
        Status::Passed | Status::Failed | Status::KnownFailure | Status::UnexpectedlyPassed
    )
}

fn begin(row: &Requirement, profiles: &[&Profile]) -> Row {
    let own = profiles.iter().filter(|p| p.catalogue == row.catalogue);
    Row {
        id: row.id.clone(),
        catalogue: row.catalogue.clone(),
        statement: row.statement.clone(),
        strength: row.strength,
        implied: row.implied,
        party: row.party.clone(),
        standing: Standing::Undecided,
        reason: None,
        profiles: own
            .map(|profile| {
                let with = match row.why_not_for(profile) {
                    Some(why) => WithProfile::NotFor(why),
                    None => WithProfile::Undecided,
                };
                (profile.id.clone(), with)
            })
            .collect(),
        by_step: Deciders::new(),
        by_rule: Deciders::new(),
        on_purpose: Deciders::new(),
    }
}

fn why_undecided(
    row: &Row,
    results: &[CaseResult],
    scenarios: &[&Scenario],
    library: &Library,
) -> String {
    let mut why = Vec::new();
    let mut silent: BTreeMap<Status, BTreeSet<&str>> = BTreeMap::new();
    for scenario in scenarios {
        let covers = scenario
            .steps
            .iter()
            .any(|step| step.covers.contains(&row.id));
        if !covers {
            continue;
        }
        let own = |result: &&CaseResult| {
            result.scenario == scenario.name && row.profiles.contains_key(&result.profile)
        };
        // The case that came nearest says most.
        let nearest = results.iter().filter(own).map(|result| result.status).min();
        let nearest = nearest.unwrap_or(Status::NotApplicable);
        silent.entry(nearest).or_default().insert(&scenario.name);
    }
    for (status, names) in silent {
        let named: Vec<&str> = names.iter().take(MOST_NAMED).copied().collect();
        let more = match names.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let so = match status {
            Status::Passed | Status::Failed => "the step was not reached or is for other profiles",
            status => status.word(),
        };
        why.push(format!("covered by {}{more}: {so}", named.join(", ")));
    }
    let about_apps: BTreeSet<&str> = rules::all()
        .iter()
        .filter(|rule| rule.party() == Party::App)
        .map(|rule| rule.id())
        .collect();
    for rule in library.rules.all() {
        if rule.all_rows().any(|id| *id == row.id) {
            why.push(match about_apps.contains(rule.id.as_str()) {
                true => format!(
                    "rule {} speaks of it, and no script breaks it on purpose",
                    rule.id
                ),
                false => format!("rule {} speaks of it, and its occasion never came", rule.id),
            });
        }
    }
    match why.is_empty() {
        true => "no step covers it, and no rule speaks of it".into(),
        false => why.join("; "),
    }
}
