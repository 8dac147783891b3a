use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conformance::document::{Known, lower};
use conformance::scenario::Scenario;
use conformance::source::Source;
use session::time::Millis;
use session::words::Event;

use super::seen::{Departs, Seen, StepSeen, Told};
use super::{
    Cell, Column, Comparison, Open, Played, Question, Standing, html, markdown, ndjson, terminal,
};
use crate::terminal::Paint;

fn scenario(title: &str) -> Scenario {
    let text = format!(
        "title: {title:?}\nclients: {{ phone: {{}} }}\nsteps:\n  - login: phone\n  - advance: 1m\n"
    );
    let path = "kick/t.yaml".to_owned();
    lower(Arc::new(Source { path, text }), "kick/t", &Known::default()).expect("it is sound")
}

fn column(name: &str) -> Column {
    Column {
        name: name.into(),
        product: "a product".into(),
        tolerance: Millis(1_000),
        events: BTreeSet::from([Event::KickedOut, Event::Reconnecting]),
        callbacks: BTreeMap::new(),
        recorded: None,
        rules: BTreeMap::new(),
    }
}

fn told(event: Event, after: u64, native: &str) -> Told {
    Told {
        after: Millis(after),
        event: Some(event),
        is_essential: event != Event::TokenWillExpire,
        neutral: event.word().into(),
        kind: event.word().into(),
        native: native.into(),
    }
}

/// One step in which the phone is told these things.
fn seen(things: &[Told]) -> Seen {
    let step = StepSeen {
        text: "- advance: 1m".into(),
        told: BTreeMap::from([("phone".to_owned(), things.to_vec())]),
    };
    Seen {
        steps: BTreeMap::from([(1, step)]),
        ..Seen::default()
    }
}

/// Played with every seed and with halved times alike.
fn steady(things: &[Told]) -> Cell {
    Cell {
        seen: seen(things),
        seeds: vec![seen(things)],
        halved: Some(seen(things)),
        ..Cell::default()
    }
}

fn compared(cells: Vec<Cell>) -> Comparison {
    compared_as("T", cells)
}

fn compared_as(title: &str, cells: Vec<Cell>) -> Comparison {
    let scenario = scenario(title);
    let columns = (0..cells.len())
        .map(|at| column(&format!("p{at}")))
        .collect();
    let cells = cells
        .into_iter()
        .map(|cell| Played::Seen(Box::new(cell)))
        .collect();
    let question = |id: &str| {
        let asked = Question {
            asks: "what then?".into(),
            gap: true,
            positions: BTreeMap::new(),
        };
        (id.to_owned(), asked)
    };
    Comparison::of(
        columns,
        vec![(&scenario, cells)],
        BTreeMap::from([question("Q-1")]),
    )
}

fn kicked(native: &str) -> Cell {
    steady(&[told(Event::KickedOut, 0, native)])
}

#[test]
fn other_native_words_for_the_same_are_a_difference_in_code() {
    let comparison = compared(vec![
        kicked("onKicked()"),
        kicked("onKicked()"),
        kicked("onState(4)"),
    ]);
    let row = &comparison.rows[0];
    assert_eq!(
        row.cells,
        [Standing::Same, Standing::Same, Standing::InCode]
    );
    assert!(row.steps.is_empty(), "{:?}", row.steps);
    assert_eq!(comparison.portable().count(), 1);
    assert_eq!(
        comparison.words[0].native[&2],
        BTreeSet::from(["onState(4)".to_owned()])
    );
}

#[test]
fn other_neutral_words_are_a_difference_in_behaviour() {
    let other = steady(&[told(Event::Reconnecting, 0, "onState(3)")]);
    let comparison = compared(vec![other, kicked("a"), kicked("b")]);
    let row = &comparison.rows[0];
    assert_eq!(
        row.cells,
        [Standing::InBehaviour, Standing::Same, Standing::InCode]
    );
    assert_eq!(row.letters, [Some('B'), Some('A'), Some('A')]);
    assert_eq!(row.steps[0].number, Some(2));
    assert_eq!(comparison.portable().count(), 0);
    let special = &comparison.specials[0];
    assert_eq!(special.groups[0].columns, [1, 2]);
    assert_eq!(special.groups[0].wordings.len(), 2);
}

#[test]
fn a_time_that_a_rule_sets_is_behaviour() {
    let at = |after| steady(&[told(Event::KickedOut, after, "a")]);
    let far = compared(vec![at(300_000), at(1_200_000)]);
    assert_eq!(far.rows[0].cells[1], Standing::InBehaviour);
    assert_eq!(
        far.rows[0].steps[0].groups[0].lines[0].after,
        Some(Millis(300_000))
    );
    let near = compared(vec![at(300_000), at(300_900)]);
    assert_eq!(near.rows[0].cells[1], Standing::Same);
}

#[test]
fn stored_times_are_compared_under_the_same_profile_and_seed_only() {
    let scenario = scenario("T");
    let stored = |after| {
        let seen = seen(&[told(Event::KickedOut, after, "a")]);
        Played::Seen(Box::new(Cell {
            seen,
            ..Cell::default()
        }))
    };
    let standing = |one: &str, two: &str| {
        let columns = [one, two].map(|of| Column {
            recorded: Some(of.into()),
            ..column(of)
        });
        let cells = vec![stored(60_000), stored(300_000)];
        Comparison::of(columns.into(), vec![(&scenario, cells)], BTreeMap::new()).rows[0].cells[1]
    };
    assert_eq!(standing("acme 0", "acme 0"), Standing::InBehaviour);
    assert_eq!(standing("acme 0", "acme 7"), Standing::Same);
}

#[test]
fn a_time_that_chance_sets_is_nobodys() {
    let mut by_chance = steady(&[told(Event::KickedOut, 5_000, "a")]);
    by_chance.seeds = vec![seen(&[told(Event::KickedOut, 9_000, "a")])];
    let fixed = steady(&[told(Event::KickedOut, 60_000, "a")]);
    assert_eq!(
        compared(vec![by_chance, fixed]).rows[0].cells[1],
        Standing::Same
    );
}

#[test]
fn a_time_that_moves_with_undocumented_lengths_is_nobodys() {
    let mut ours = steady(&[told(Event::KickedOut, 20_000, "a")]);
    ours.halved = Some(seen(&[told(Event::KickedOut, 10_000, "a")]));
    let fixed = steady(&[told(Event::KickedOut, 60_000, "a")]);
    assert_eq!(compared(vec![ours, fixed]).rows[0].cells[1], Standing::Same);
}

#[test]
fn what_another_seed_makes_equal_is_equal() {
    let mut either = kicked("a");
    either.seeds = vec![seen(&[told(Event::Reconnecting, 0, "b")])];
    let other = steady(&[told(Event::Reconnecting, 0, "b")]);
    assert_eq!(
        compared(vec![either, other]).rows[0].cells,
        [Standing::Same, Standing::InCode]
    );
}

/// A kick, and what would be seen under the other reading of a question.
fn asked(gap: bool, otherwise: &[Told]) -> Cell {
    let mut cell = kicked("a");
    cell.open = vec![Open {
        id: "Q-1".into(),
        gap,
        seen: seen(otherwise),
    }];
    cell
}

#[test]
fn what_no_document_answers_is_not_documented() {
    let otherwise = [told(Event::Reconnecting, 0, "b")];
    let comparison = compared(vec![kicked("a"), asked(true, &otherwise)]);
    let row = &comparison.rows[0];
    assert_eq!(row.cells, [Standing::Same, Standing::NotDocumented]);
    assert_eq!(row.steps[0].open[&1], ["Q-1"]);
    assert_eq!(comparison.portable().count(), 0);
    assert!(comparison.questions.contains_key("Q-1"));
}

#[test]
fn what_documents_dispute_or_another_reading_adds_to_has_a_position() {
    let disputed = asked(false, &[told(Event::Reconnecting, 0, "b")]);
    let more = [
        told(Event::KickedOut, 0, "a"),
        told(Event::Reconnecting, 0, "b"),
    ];
    for cell in [disputed, asked(true, &more)] {
        let comparison = compared(vec![kicked("a"), cell]);
        assert_eq!(comparison.rows[0].cells, [Standing::Same, Standing::Same]);
    }
}

#[test]
fn a_script_that_stops_for_lack_of_documents_is_not_documented() {
    let mut stopped = kicked("a");
    stopped.seen.steps.clear();
    stopped.seen.undocumented_from = Some(1);
    let comparison = compared(vec![kicked("a"), stopped]);
    assert_eq!(comparison.rows[0].cells[1], Standing::NotDocumented);
}

#[test]
fn an_event_that_not_all_know_is_left_out_and_listed() {
    let scenario = scenario("T");
    let mut knows_more = column("more");
    knows_more.events.insert(Event::TokenWillExpire);
    let warned = steady(&[
        told(Event::TokenWillExpire, 0, "onWarn"),
        told(Event::KickedOut, 0, "a"),
    ]);
    let cells = [warned, kicked("a")].map(|cell| Played::Seen(Box::new(cell)));
    let comparison = Comparison::of(
        vec![knows_more, column("less")],
        vec![(&scenario, cells.into())],
        BTreeMap::new(),
    );
    assert_eq!(comparison.rows[0].cells, [Standing::Same, Standing::Same]);
    assert_eq!(comparison.unknown[0].event, Event::TokenWillExpire);
    assert!(comparison.unknown[0].told_by.contains_key(&0));
}

#[test]
fn a_scenario_for_one_profile_alone_is_no_row() {
    let scenario = scenario("T");
    let cells = vec![
        Played::Seen(Box::new(kicked("a"))),
        Played::NotApplicable("the profile has no rooms".into()),
    ];
    let columns = vec![column("one"), column("two")];
    let comparison = Comparison::of(columns, vec![(&scenario, cells)], BTreeMap::new());
    assert_eq!((comparison.rows.len(), comparison.alone), (0, 1));
}

#[test]
fn a_departure_is_what_an_app_can_hear() {
    let base = seen(&[told(Event::KickedOut, 0, "onKicked()")]);
    let shared = BTreeSet::from([Event::KickedOut]);
    let departs = |things: &[Told]| {
        let departures = base.departures(&seen(things), &shared, Millis(1_000));
        departures.get(&1).copied()
    };
    let kicked = |after, native| told(Event::KickedOut, after, native);
    assert_eq!(departs(&[kicked(0, "onKicked()")]), None);
    assert_eq!(departs(&[kicked(0, "onState(4)")]), Some(Departs::InCode));
    assert_eq!(
        departs(&[kicked(9_000, "onKicked()")]),
        Some(Departs::InTime)
    );
    let more = told(Event::LoggedOut, 0, "onOut()");
    assert_eq!(
        departs(&[kicked(0, "onKicked()"), more]),
        Some(Departs::ByMore)
    );
    let unheard = told(Event::LoggedOut, 0, "no callback");
    assert_eq!(departs(&[kicked(0, "onKicked()"), unheard]), None);
    assert_eq!(departs(&[]), Some(Departs::InWords));
}

#[test]
fn hostile_names_stay_text_in_every_form() {
    let title = "</script><script>alert(1)</script><img src=x onerror=alert(2)> | x`";
    let other = steady(&[told(Event::Reconnecting, 0, "<b>on|State</b>")]);
    let comparison = compared_as(title, vec![kicked("<i>a</i>"), other]);
    let page = html::render(&comparison);
    for raw in ["<script>alert", "<img src=x", "<b>on", "<i>a"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert_eq!(
        page.matches("</script>").count(),
        2,
        "the packed case and the page's own script"
    );
    for line in markdown::render(&comparison)
        .lines()
        .filter(|line| line.starts_with("| &lt;"))
    {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 4, "{line}");
    }
    for line in ndjson::render(&comparison).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    assert!(
        terminal::render(&comparison, Paint { color: false }).contains("p1: phone: reconnecting")
    );
}

#[test]
fn rules_that_differ_are_listed_where_a_document_has_one_of_them() {
    let rule = |is: &str, documented| super::Value {
        is: is.into(),
        documented,
    };
    let with = |name: &str, window: super::Value, pause: super::Value| {
        let rules = [
            ("reconnect.window", window),
            ("reconnect.first-delay", pause),
        ];
        Column {
            rules: rules.map(|(knob, value)| (knob.to_owned(), value)).into(),
            ..column(name)
        }
    };
    let columns = vec![
        with("one", rule("20m", true), rule("1s", false)),
        with("two", rule("5m", false), rule("2s", false)),
    ];
    let comparison = Comparison::of(columns, Vec::new(), BTreeMap::new());
    let differing = comparison.differing_rules();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0].0, "reconnect.window");
    assert_eq!(differing[0].1[1].to_string(), "(5m)");
}
