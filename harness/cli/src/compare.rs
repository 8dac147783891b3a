//! `kickout compare`: profiles side by side, as they are now or as results were stored.
//!
//! - this file: columns, and what is made of them
//! - `playing`: plays every scenario, and again where that shows what nobody promises

mod playing;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use conformance::ambiguity::{Ambiguity, Kind};
use conformance::decode::Broken;
use conformance::library::Library;
use conformance::profile::{Confidence, Profile};
use conformance::scenario::Scenario;
use report::compare::seen::Seen;
use report::compare::{
    Cell, Column, Comparison, Played, Question, Value, html, markdown, ndjson, terminal,
};
use report::page::rows::Rows;
use report::results::{CaseResult, Results, Status};
use report::terminal::Paint;

use crate::args::{CompareFormat, CompareOptions};
use crate::exit::{Exit, Trouble};
use crate::{stored, suite, tell};

/// `kickout compare`
///
/// # Errors
/// Files that are no good or cannot be read or written, or nothing to compare.
pub fn compare(options: &CompareOptions) -> Result<Exit, Trouble> {
    tell::writable(&options.report)?;
    let comparison = match options.results.is_empty() {
        true => of_profiles(options)?,
        false => of_results(options)?,
    };
    if comparison.rows.is_empty() {
        let none = "nothing to compare: no scenario was played in two of these columns";
        return Err(Trouble::Nothing(none.into()));
    }
    let text = terminal::render(&comparison, Paint { color: true });
    tell::say_and_report(&text, &options.report, |format| match format {
        CompareFormat::Markdown => markdown::render(&comparison),
        CompareFormat::Html => html::render(&comparison),
        CompareFormat::Ndjson => ndjson::render(&comparison),
    })?;
    Ok(Exit::Success)
}

fn of_profiles(options: &CompareOptions) -> Result<Comparison, Trouble> {
    let library = suite::library(&options.selection)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    if profiles.len() < 2 {
        return Err(Trouble::Usage(
            "there is nothing to compare one profile with; name another".into(),
        ));
    }
    let members = suite::scenarios(&options.selection, &library)?;
    let scenarios: Vec<&Scenario> = members.iter().map(|member| &member.scenario).collect();
    let mut played = playing::all(&scenarios, &profiles, &library, options.jobs);
    let rows = scenarios.iter().map(|scenario| {
        let cells = played.by_ref().take(profiles.len()).collect();
        (*scenario, cells)
    });
    let columns = profiles
        .iter()
        .map(|profile| column(profile.id.clone(), profile));
    Ok(Comparison::of(
        columns.collect(),
        rows.collect(),
        questions(&profiles, &library),
    ))
}

/// Every profile of every file is a column of its own.
fn of_results(options: &CompareOptions) -> Result<Comparison, Trouble> {
    if !options.selection.paths.is_empty() {
        let both = "stored results hold their scenarios; leave out the files of scenarios";
        return Err(Trouble::Usage(both.into()));
    }
    let library = suite::library(&options.selection)?;
    let wanted = suite::profiles(&options.selection, &library)?;
    let filter = options
        .selection
        .filter
        .as_deref()
        .map(suite::glob)
        .transpose()?;
    let mut columns = Vec::new();
    let mut scenarios: BTreeMap<String, Scenario> = BTreeMap::new();
    let mut cells: Vec<BTreeMap<String, Played>> = Vec::new();
    for path in &options.results {
        let results = stored::read(path)?;
        let lacking = results
            .profiles
            .iter()
            .find(|profile| library.profiles.get(&profile.id).is_none());
        if let Some(profile) = lacking {
            let (shown, id) = (path.display(), &profile.id);
            return Err(Trouble::Usage(format!(
                "{shown} is about profile `{id}`, which is not known here; name its file with --profile"
            )));
        }
        for profile in wanted
            .iter()
            .filter(|profile| results.head.profiles.contains(&profile.id))
        {
            columns.push(Column {
                recorded: Some(format!("{} {}", profile.id, results.head.seed)),
                ..column(format!("{} {}", label(path), profile.id), profile)
            });
            cells.push(read(&results, profile, &library, &mut scenarios)?);
        }
    }
    if columns.len() < 2 {
        return Err(Trouble::Usage(
            "there is one column only; name another file with --results".into(),
        ));
    }
    scenarios.retain(|name, scenario| {
        let tags = &options.selection.tag;
        filter.as_ref().is_none_or(|filter| filter.is_match(name))
            && (tags.is_empty() || tags.iter().any(|tag| scenario.tags.contains(tag)))
    });
    let rows = scenarios.iter().map(|(name, scenario)| {
        let absent = || Played::NotApplicable("the results have no such case".into());
        let own = cells
            .iter_mut()
            .map(|column| column.remove(name).unwrap_or_else(absent));
        (scenario, own.collect())
    });
    Ok(Comparison::of(columns, rows.collect(), BTreeMap::new()))
}

/// The cases of one profile, by scenario.
fn read(
    results: &Results,
    profile: &Profile,
    library: &Library,
    scenarios: &mut BTreeMap<String, Scenario>,
) -> Result<BTreeMap<String, Played>, Trouble> {
    let mut cells = BTreeMap::new();
    for case in results
        .cases
        .iter()
        .filter(|case| case.profile == profile.id)
    {
        let Some(about) = results.scenario(&case.scenario) else {
            continue;
        };
        let source = Arc::new(about.source());
        let read = library
            .scenario(source.clone(), &about.name)
            .map_err(|diagnostics| {
                let source = (*source).clone();
                Trouble::Broken(vec![Broken {
                    source,
                    diagnostics,
                }])
            })?;
        cells.insert(case.scenario.clone(), played(case, &read, profile));
        match scenarios.get(&case.scenario) {
            // Steps of two versions of a scenario cannot be laid side by side.
            Some(known) if known.hash != read.hash => {
                let changed = Played::Broken("it is another version of the scenario".into());
                cells.insert(case.scenario.clone(), changed);
            }
            Some(_) => {}
            None => {
                scenarios.insert(case.scenario.clone(), read);
            }
        }
    }
    Ok(cells)
}

fn played(case: &CaseResult, scenario: &Scenario, profile: &Profile) -> Played {
    match (&case.status, &case.transcript) {
        (Status::NotApplicable, _) => {
            Played::NotApplicable(case.reason.clone().unwrap_or_default())
        }
        (Status::SubjectError | Status::HarnessError, _) => {
            Played::Broken(case.reason.clone().unwrap_or_default())
        }
        (_, None) => Played::Broken("no transcript was stored; run with --embed all".into()),
        (_, Some(record)) if record.left_out > 0 => {
            Played::Broken("its transcript is too long to be stored whole".into())
        }
        (_, Some(record)) => Played::Seen(Box::new(Cell {
            seen: Seen::of(&record.entries, scenario, profile),
            rows: Rows::of(record),
            undocumented: case.undocumented.clone(),
            ..Cell::default()
        })),
    }
}

/// What a file is called in a heading.
fn label(path: &Path) -> String {
    path.with_extension("").display().to_string()
}

fn column(name: String, profile: &Profile) -> Column {
    let callbacks = profile.events.iter();
    Column {
        name,
        product: format!(
            "{} {}, {}",
            profile.vendor, profile.product, profile.versions
        ),
        tolerance: profile.bounds.tolerance,
        events: profile.events.keys().copied().collect(),
        callbacks: callbacks
            .filter_map(|(event, native)| Some((*event, native.callback.clone()?)))
            .collect(),
        recorded: None,
        rules: rules(profile),
    }
}

fn rules(profile: &Profile) -> BTreeMap<String, Value> {
    // Plain data: serialising it cannot fail.
    let rules = serde_json::to_value(&profile.rules).expect("rules are plain data");
    let mut knobs = BTreeMap::new();
    for (area, fields) in rules.as_object().into_iter().flatten() {
        for (knob, value) in fields.as_object().into_iter().flatten() {
            let path = format!("rules.{area}.{knob}");
            let from = profile.provenance(&path);
            let is_ours = from.is_none_or(|from| from.confidence == Confidence::Ours);
            let value = Value {
                is: value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
                documented: !is_ours && !profile.undocumented.contains(&path),
            };
            knobs.insert(format!("{area}.{knob}"), value);
        }
    }
    knobs
}

/// The questions about these profiles, with the position each of them takes.
fn questions(profiles: &[&Profile], library: &Library) -> BTreeMap<String, Question> {
    let about = |ambiguity: &Ambiguity| {
        let own = profiles
            .iter()
            .filter(|profile| ambiguity.catalogues.contains(&profile.catalogue));
        let positions = own.filter_map(|profile| {
            let position = profile
                .positions
                .get(&ambiguity.id)
                .or(ambiguity.position.as_ref())?;
            Some((profile.id.clone(), position.clone()))
        });
        Question {
            asks: ambiguity.question.clone(),
            gap: ambiguity.kind == Kind::Gap,
            positions: positions.collect(),
        }
    };
    let all = library.ambiguities.all();
    all.map(|ambiguity| (ambiguity.id.clone(), about(ambiguity)))
        .collect()
}
