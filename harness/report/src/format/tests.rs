use std::sync::LazyLock;

use proptest::prelude::*;

use super::xsd::{Element, departures};
use super::*;
use crate::results::{CaseResult, Status, sample};

const JUNIT: &str = include_str!("../../../../fixtures/schemas/junit-10.xsd");
const SARIF: &str = include_str!("../../../../fixtures/schemas/sarif-2.1.0.json");

static SARIF_SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    // One pattern of it, of a field that is not used here, is none that strict readers take.
    let loose = "[a-zA-Z]{2}]?$";
    assert!(
        SARIF.contains(loose),
        "the schema needs no mending any more"
    );
    let mended = SARIF.replace(loose, "[a-zA-Z]{2}$");
    let schema = serde_json::from_str(&mended).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
});

fn sarif_of(results: &Results) -> serde_json::Value {
    let report: serde_json::Value =
        serde_json::from_str(&Format::Sarif.render(results)).expect("JSON");
    let wrong: Vec<String> = SARIF_SCHEMA
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    report
}

#[test]
fn junit_keeps_to_the_schema_that_jenkins_reads() {
    let mut results = sample::results();
    results.cases[0].wall_us = Some(1_234_567);
    let text = Format::Junit.render(&results);
    assert_eq!(departures(JUNIT, &text), [""; 0]);
    let root = Element::parse(&text);
    let suite = &root.children[0];
    assert_eq!(suite.attributes["time"], "1.235");
    assert_eq!(suite.attributes["skipped"], "2");
    let names: Vec<_> = suite.children[0]
        .children
        .iter()
        .map(|property| {
            (
                property.attributes["name"].as_str(),
                property.attributes["value"].as_str(),
            )
        })
        .collect();
    assert!(
        names.contains(&("virtual-time.acme", "300.120")),
        "{names:?}"
    );
    let failed = &suite.children[2];
    assert_eq!(failed.attributes["name"], "acme-web");
    assert_eq!(failed.children[0].name, "failure");
    assert_eq!(failed.children[0].attributes["type"], "step-unmet");
}

#[test]
fn the_schema_of_junit_is_not_kept_by_everything() {
    for (document, said) in [
        (
            "<testsuites skipped='1'/>",
            "testsuites has no attribute skipped",
        ),
        (
            "<testsuite name='a' tests='1' failures='0'/>",
            "testsuite lacks its attribute errors",
        ),
        (
            "<testsuites><testcase name='a'/></testsuites>",
            "testcase may not stand in testsuites",
        ),
        ("<testsuites>x</testsuites>", "testsuites has text: x"),
        (
            "<testsuites time='1.2345'/>",
            "time of testsuites is no time: 1.2345",
        ),
        ("<tests/>", "there is no element tests"),
    ] {
        assert_eq!(departures(JUNIT, document), [said]);
    }
}

#[test]
fn sarif_names_requirements_lines_and_pages() {
    let report = sarif_of(&sample::results());
    let run = &report["runs"][0];
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "ACM-042");
    assert_eq!(rule["helpUri"], "https://example.org/login?a=1&b=2");
    let failed = &run["results"][0];
    assert_eq!(failed["ruleId"], "ACM-042");
    let place = &failed["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "scenarios/kick/newer_wins.yaml"
    );
    assert_eq!(
        place["region"],
        serde_json::json!({ "startLine": 4, "startColumn": 5 })
    );
    assert!(failed.get("suppressions").is_none());
    let known = &run["results"][1];
    assert_eq!(
        known["suppressions"][0]["justification"],
        "the ticket is open"
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let named: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["ruleId"])
        .collect();
    assert_eq!(
        named,
        [
            "ACM-042",
            "ACM-042",
            "unexpectedly-passed",
            "stale-known-failure"
        ]
    );
}

#[test]
fn forms_are_as_they_were_looked_at() {
    let results = sample::results();
    for format in [
        Format::Terminal,
        Format::Markdown,
        Format::Github,
        Format::Junit,
    ] {
        insta::assert_snapshot!(format.word(), format.render(&results));
    }
}

#[test]
fn a_summary_has_a_largest_size() {
    let mut results = sample::results();
    let one = sample::case("kick/newer_wins", "acme", Status::Failed);
    results.cases = vec![one; 3_000];
    let whole = Format::Markdown.render(&results);
    let within = markdown::render_within(&results, 20_000).expect("names fit");
    assert!(within.len() <= 20_000 && whole.len() > 20_000);
    assert!(within.contains("more"), "what is left out is counted");
    assert_eq!(markdown::render_within(&results, 10), None);
}

/// Texts that somebody wrote who wants to be obeyed.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "</script>",
        "<script>alert(1)</script>",
        "]]>",
        "<!--",
        "&amp;",
        "\"",
        "'",
        "%0A",
        "\n",
        "\n::error file=x::y\n",
        "\r",
        "\u{1b}[31m",
        "\u{0}",
        "\u{7f}",
        "\u{9b}",
        "\u{202e}abc",
        "\u{fffe}",
        "\u{ffff}",
        "שלום",
        "مرحبا",
        "```\n",
        "|",
        "\\",
        "[a](javascript:b)",
        "@all",
        "# x",
        "爱",
        "\u{1f600}",
        "{\"head\":",
        " ",
        "a",
    ]);
    let long = Just("w".repeat(10_000));
    prop::collection::vec(
        prop_oneof![20 => parts.prop_map(str::to_owned), 1 => long],
        0..6,
    )
    .prop_map(|parts| parts.concat())
}

fn with(texts: &[String]) -> Results {
    let mut next = texts.iter().cycle().cloned();
    let mut text = || next.next().unwrap_or_default();
    let mut results = sample::results();
    let scenario = format!("kick/{}", text());
    results.head.client = text();
    results.head.scenarios[0].clone_from(&scenario);
    let row = &mut results.requirements[0];
    (row.statement, row.document, row.place) = (text(), text(), text());
    row.page = Some(format!("https://example.org/{}", text()));
    let about = &mut results.scenarios[0];
    about.name.clone_from(&scenario);
    (about.file, about.title, about.text) = (text(), text(), text());
    let file = about.file.clone();
    let change = |case: &mut CaseResult, text: &mut dyn FnMut() -> String| {
        case.scenario.clone_from(&scenario);
        case.file.clone_from(&file);
        (case.title, case.reason) = (text(), Some(text()));
        case.undocumented = vec![text()];
        for finding in &mut case.findings {
            (finding.expected, finding.seen) = (text(), text());
            (finding.around, finding.repeat, finding.by) = (text(), text(), text());
            finding.span = Some((3, 700));
            finding.rows.insert("ACM-042".into(), text());
        }
    };
    for case in &mut results.cases[..5] {
        change(case, &mut text);
    }
    for known in &mut results.known {
        (known.file, known.text, known.reason) = (text(), text(), text());
    }
    results.scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    results
}

fn obeyed(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_stands_in_a_text_every_form_stays_valid(
        texts in prop::collection::vec(hostile(), 1..40)
    ) {
        let results = with(&texts);
        prop_assert_eq!(departures(JUNIT, &Format::Junit.render(&results)), [""; 0]);
        sarif_of(&results);
        let stored = Format::Ndjson.render(&results);
        prop_assert_eq!(&ndjson::read(&stored).expect("it is good"), &results);
        for format in [Format::Terminal, Format::Markdown, Format::Github] {
            let text = format.render(&results);
            let bad: Vec<char> = text.chars().filter(|c| obeyed(*c)).collect();
            prop_assert!(bad.is_empty(), "{}: {:?}", format, bad);
        }
        let commands = Format::Github.render(&results);
        prop_assert!(commands.lines().all(|line| line.starts_with("::error file=")));
        // A failure, an unexpected pass, two cases that broke, and an entry of the list.
        prop_assert_eq!(commands.lines().count(), 5);
        // Outside of what is shown as it is, nothing is a tag or a fence.
        let markdown = Format::Markdown.render(&results);
        let mut fence: Option<String> = None;
        for line in markdown.lines() {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            match &fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if ticks.len() > 2 && line.ends_with("text") => fence = Some(ticks),
                None => {
                    let is_code = line.contains('`');
                    prop_assert!(is_code || !line.contains("<script"), "{}", line);
                }
            }
        }
        prop_assert_eq!(fence, None);
    }
}
