//! Which columns do the same in a step, and which of them in the same words.

use std::collections::{BTreeMap, BTreeSet};

use conformance::scenario::Scenario;
use session::time::Millis;
use session::words::Event;

use super::face::Face;
use super::seen::Departs;
use super::{Cell, Column, Group, Played, Row, Standing, Step};

/// One scenario in all columns, at least two of which played it.
pub(super) fn row(scenario: &Scenario, cells: Vec<Played>, columns: &[Column]) -> Row {
    let seen: Vec<(usize, &Cell)> = cells
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| match cell {
            Played::Seen(cell) => Some((at, cell.as_ref())),
            _ => None,
        })
        .collect();
    let shared = shared_events(&seen, columns);
    let all: BTreeSet<usize> = seen
        .iter()
        .flat_map(|(_, cell)| cell.seen.steps.keys().copied())
        .collect();
    let mut steps = Vec::new();
    let mut known: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut signatures: BTreeMap<usize, Signature> = BTreeMap::new();
    let asked_of: BTreeMap<usize, _> = seen
        .iter()
        .map(|(at, cell)| (*at, asked(cell, &shared, columns[*at].tolerance)))
        .collect();
    let none = BTreeMap::new();
    for index in all {
        let asks = |column: usize| {
            asked_of
                .get(&column)
                .and_then(|all| all.get(&index))
                .unwrap_or(&none)
        };
        let step = Compared::of(index, &seen, &shared, columns, asks);
        for (at, _) in &seen {
            signatures.entry(*at).or_default().add(*at, &step);
        }
        let number = (index < scenario.steps.len()).then_some(index + 1);
        let step = step.close(number);
        let is_new = asks_anew(&step, &mut known);
        if step.groups.len() > 1 || is_new {
            steps.push(step);
        }
    }
    for (at, cell) in &seen {
        if !cell.undocumented.is_empty() || cell.seen.undocumented_from.is_some() {
            signatures.entry(*at).or_default().open = true;
        }
    }
    let (standings, letters) = stand(&cells, &signatures);
    let reasons = cells
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| match cell {
            Played::NotApplicable(why) | Played::Broken(why) => Some((at, why.clone())),
            Played::Seen(cell) if cell.undocumented.is_empty() => None,
            Played::Seen(cell) => Some((at, cell.undocumented.join("; "))),
        })
        .collect();
    let area = scenario.name.split_once('/').map_or("", |(area, _)| area);
    Row {
        scenario: scenario.name.clone(),
        area: area.to_owned(),
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        cells: standings,
        letters,
        reasons,
        steps,
        source: scenario.source.clone(),
        records: seen
            .iter()
            .map(|(at, cell)| (*at, cell.rows.clone()))
            .collect(),
    }
}

/// What only follows from a step that is open already says nothing new.
fn asks_anew(step: &Step, asked: &mut BTreeMap<usize, BTreeSet<String>>) -> bool {
    let mut anew = false;
    for (column, whys) in &step.open {
        for why in whys {
            anew |= asked.entry(*column).or_default().insert(why.clone());
        }
    }
    anew
}

/// What a column does in the whole scenario: in each step the group it is in and its wording.
#[derive(Default)]
struct Signature {
    groups: Vec<usize>,
    wordings: Vec<usize>,
    open: bool,
}

impl Signature {
    fn add(&mut self, column: usize, step: &Compared) {
        self.open |= step.open.contains_key(&column);
        let at = step
            .groups
            .iter()
            .position(|group| group.columns.contains(&column));
        let wordings = at.map(|at| &step.groups[at].wordings);
        let wording = wordings.and_then(|all| all.iter().position(|w| w.columns.contains(&column)));
        self.groups.push(at.unwrap_or(usize::MAX));
        self.wordings.push(wording.unwrap_or(usize::MAX));
    }
}

fn stand(
    cells: &[Played],
    signatures: &BTreeMap<usize, Signature>,
) -> (Vec<Standing>, Vec<Option<char>>) {
    let mut behaviours: Vec<(&Vec<usize>, Vec<usize>)> = Vec::new();
    for (column, signature) in signatures.iter().filter(|(_, signature)| !signature.open) {
        match behaviours
            .iter_mut()
            .find(|(groups, _)| **groups == signature.groups)
        {
            Some((_, columns)) => columns.push(*column),
            None => behaviours.push((&signature.groups, vec![*column])),
        }
    }
    behaviours.sort_by_key(|(_, columns)| (std::cmp::Reverse(columns.len()), columns[0]));
    let first = behaviours
        .first()
        .and_then(|(_, columns)| signatures.get(columns.first()?));
    let place = |column: usize| {
        behaviours
            .iter()
            .position(|(_, columns)| columns.contains(&column))
    };
    let standing = |(column, cell): (usize, &Played)| match cell {
        Played::NotApplicable(_) => Standing::NotApplicable,
        Played::Broken(_) => Standing::NotPlayed,
        Played::Seen(_) => match place(column) {
            None => Standing::NotDocumented,
            Some(0) => {
                let own = signatures.get(&column).map(|signature| &signature.wordings);
                match own == first.map(|signature| &signature.wordings) {
                    true => Standing::Same,
                    false => Standing::InCode,
                }
            }
            Some(_) => Standing::InBehaviour,
        },
    };
    let letter = |column: usize| {
        let place = u8::try_from(place(column)?)
            .ok()
            .filter(|place| *place < 26)?;
        Some(char::from(b'A' + place))
    };
    (
        cells.iter().enumerate().map(standing).collect(),
        (0..cells.len()).map(letter).collect(),
    )
}

/// The events that every column knows in which the scenario was played.
fn shared_events(seen: &[(usize, &Cell)], columns: &[Column]) -> BTreeSet<Event> {
    let known = |event: &Event| {
        seen.iter()
            .all(|(at, _)| columns[*at].events.contains(event))
    };
    Event::ALL.iter().copied().filter(known).collect()
}

/// A step while its columns are being sorted into groups.
struct Compared {
    text: String,
    groups: Vec<Group>,
    open: BTreeMap<usize, Vec<String>>,
    disputed: BTreeMap<usize, Vec<String>>,
}

impl Compared {
    fn of<'q>(
        index: usize,
        seen: &[(usize, &Cell)],
        shared: &BTreeSet<Event>,
        columns: &[Column],
        asks: impl Fn(usize) -> &'q BTreeMap<String, Asked>,
    ) -> Compared {
        let mut compared = Compared {
            text: String::new(),
            groups: Vec::new(),
            open: BTreeMap::new(),
            disputed: BTreeMap::new(),
        };
        let mut faces = Vec::new();
        for (column, cell) in seen {
            compared.note_questions(*column, asks(*column));
            if let Some(whys) = stops(index, cell) {
                compared.open.entry(*column).or_default().extend(whys);
            }
            let Some(step) = cell.seen.steps.get(&index) else {
                continue;
            };
            if compared.text.is_empty() {
                compared.text.clone_from(&step.text);
            }
            let times_are_asked = asks(*column)
                .values()
                .any(|asked| asked.gap && asked.departs == Departs::InTime);
            let face = Face::of(*column, &columns[*column], index, (step, cell), shared);
            faces.push(match times_are_asked {
                true => face.timeless(),
                false => face,
            });
        }
        let mut founders: Vec<&Face<'_>> = Vec::new();
        for face in &faces {
            let own = &columns[face.column];
            let tolerance = |other: &Column| {
                let comparable = own.recorded == other.recorded;
                comparable.then(|| own.tolerance.max(other.tolerance))
            };
            let home = founders
                .iter()
                .position(|founder| founder.agrees(face, tolerance(&columns[founder.column])));
            let at = home.unwrap_or_else(|| {
                founders.push(face);
                compared.groups.push(face.found());
                founders.len() - 1
            });
            face.join(&mut compared.groups[at], founders[at]);
        }
        // Columns whose behaviour is documented come first.
        let documented = |group: &Group| {
            let own = group
                .columns
                .iter()
                .filter(|column| !compared.open.contains_key(column));
            own.count()
        };
        let mut groups = std::mem::take(&mut compared.groups);
        groups.sort_by_key(|group| (std::cmp::Reverse(documented(group)), group.columns[0]));
        compared.groups = groups;
        compared
    }

    fn note_questions(&mut self, column: usize, asked: &BTreeMap<String, Asked>) {
        for (id, asked) in asked {
            match asked.departs {
                Departs::InWords if asked.gap => {
                    self.open.entry(column).or_default().push(id.clone())
                }
                _ => self.disputed.entry(column).or_default().push(id.clone()),
            }
        }
    }

    fn close(self, number: Option<usize>) -> Step {
        Step {
            number,
            text: self.text,
            groups: self.groups,
            open: self.open,
            disputed: self.disputed,
        }
    }
}

/// What nobody documents that a column stops at in this step, or at its end hangs on altogether.
fn stops(index: usize, cell: &Cell) -> Option<Vec<String>> {
    let said = |why: &String| {
        let why = why.split_once(": ").map_or(why.as_str(), |(_, why)| why);
        why.trim_start_matches("nobody documents ").to_owned()
    };
    let is_last = cell.seen.steps.keys().next_back() == Some(&index);
    let stops = match cell.seen.undocumented_from {
        Some(from) => from == index,
        None => is_last && !cell.undocumented.is_empty(),
    };
    let whys: BTreeSet<String> = cell.undocumented.iter().map(said).collect();
    stops.then(|| whys.into_iter().collect())
}

/// How far another reading of a question departs in a step.
struct Asked {
    gap: bool,
    departs: Departs,
}

/// The questions on which each step hangs in a cell.
fn asked(
    cell: &Cell,
    shared: &BTreeSet<Event>,
    tolerance: Millis,
) -> BTreeMap<usize, BTreeMap<String, Asked>> {
    let mut all: BTreeMap<usize, BTreeMap<String, Asked>> = BTreeMap::new();
    for open in &cell.open {
        for (step, departs) in cell.seen.departures(&open.seen, shared, tolerance) {
            let own = all.entry(step).or_default();
            let asked = own.entry(open.id.clone()).or_insert(Asked {
                gap: open.gap,
                departs,
            });
            asked.departs = departs.max(asked.departs);
        }
    }
    all
}
