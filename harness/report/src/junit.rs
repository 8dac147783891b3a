//! For CI servers: JUnit's XML, in the dialect that Jenkins describes (`junit-10.xsd`). A scenario is
//! a suite, a profile a case of it.
//!
//! Written element by element: quick-junit gives attributes and places for properties that this
//! schema does not allow.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::results::{CaseResult, Results, Scenario, Shown, Stale, Status};
use crate::safe::{self, one_line};
use crate::terminal::{self, Paint};

type Xml = Writer<Vec<u8>>;

/// The whole report. What is not for a profile is no test of it and is only counted.
pub fn render(results: &Results) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // What is written goes into memory, which takes everything.
    write(&mut xml, results).expect("memory takes everything");
    let mut text = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    text.push('\n');
    text
}

fn write(xml: &mut Xml, results: &Results) -> io::Result<()> {
    let stale = results.stale();
    let cases: Vec<&CaseResult> = results.cases.iter().filter(|case| is_test(case)).collect();
    let sums = Sums::of(&cases, stale.len());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "kickout"))
        .with_attribute(("time", sums.time.as_str()))
        .with_attributes(sums.attributes().iter().map(pair).take(3))
        .write_inner_content(|xml| {
            for of_one in cases.chunk_by(|a, b| a.scenario == b.scenario) {
                suite(xml, of_one, results)?;
            }
            if !stale.is_empty() {
                list(xml, &stale)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn suite(xml: &mut Xml, cases: &[&CaseResult], results: &Results) -> io::Result<()> {
    let Some(first) = cases.first() else {
        return Ok(());
    };
    let sums = Sums::of(cases, 0);
    xml.create_element("testsuite")
        .with_attribute(("name", safe::xml(&first.scenario).as_ref()))
        .with_attribute(("file", safe::xml(&first.file).as_ref()))
        .with_attribute(("time", sums.time.as_str()))
        .with_attributes(sums.attributes().iter().map(pair))
        .write_inner_content(|xml| {
            xml.create_element("properties")
                .write_inner_content(|xml| {
                    property(xml, "title", &first.title)?;
                    property(xml, "seed", &first.seed.to_string())?;
                    property(xml, "client", &results.head.client)?;
                    property(xml, "server", &results.head.server)?;
                    for case in cases {
                        // The schema has a place for properties in suites only.
                        let name = format!("virtual-time.{}", case.profile);
                        property(xml, &name, &seconds(case.virtual_ms))?;
                    }
                    Ok(())
                })?;
            for case in cases {
                test(xml, case, results)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn test(xml: &mut Xml, case: &CaseResult, results: &Results) -> io::Result<()> {
    let element = xml
        .create_element("testcase")
        .with_attribute(("name", safe::xml(&case.profile).as_ref()))
        .with_attribute((
            "classname",
            safe::xml(&case.scenario.replace('/', ".")).as_ref(),
        ))
        .with_attribute(("time", time(case.wall_us.unwrap_or(0)).as_str()));
    let (kind, word, message) = match case.status {
        Status::Passed => return element.write_empty().map(drop),
        Status::Failed => ("failure", kind_of(case), message(case)),
        Status::UnexpectedlyPassed => ("failure", case.status.word(), case.status.means().into()),
        Status::SubjectError | Status::HarnessError => ("error", case.status.word(), reason(case)),
        Status::KnownFailure => ("skipped", case.status.word(), message(case)),
        Status::Undocumented => ("skipped", case.status.word(), case.undocumented.join("; ")),
        Status::Unsupported | Status::NotApplicable => {
            ("skipped", case.status.word(), reason(case))
        }
    };
    element.write_inner_content(|xml| {
        let element = xml
            .create_element(kind)
            .with_attribute(("type", word))
            .with_attribute(("message", safe::xml(&one_line(&message)).as_ref()));
        match case.status.is_bad() {
            true => element.write_text_content(BytesText::new(&safe::xml(&all_of(case, results)))),
            false => element.write_empty(),
        }?;
        Ok(())
    })?;
    Ok(())
}

/// Entries of the list of known failures that are none.
fn list(xml: &mut Xml, stale: &[Stale<'_>]) -> io::Result<()> {
    let sums = Sums::of(&[], stale.len());
    xml.create_element("testsuite")
        .with_attribute(("name", "known failures"))
        .with_attribute(("time", sums.time.as_str()))
        .with_attributes(sums.attributes().iter().map(pair))
        .write_inner_content(|xml| {
            for stale in stale {
                let known = stale.known;
                let name = format!("{}:{}", known.file, known.line);
                xml.create_element("testcase")
                    .with_attribute(("name", safe::xml(&name).as_ref()))
                    .with_attribute(("classname", "known-failures"))
                    .write_inner_content(|xml| {
                        let text = format!("{}: {}", stale.why, known.text.trim());
                        xml.create_element("failure")
                            .with_attribute(("type", "stale-known-failure"))
                            .with_attribute(("message", safe::xml(&one_line(&text)).as_ref()))
                            .write_empty()
                            .map(drop)
                    })?;
            }
            Ok(())
        })?;
    Ok(())
}

fn property(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    xml.create_element("property")
        .with_attribute(("name", safe::xml(name).as_ref()))
        .with_attribute(("value", safe::xml(value).as_ref()))
        .write_empty()
        .map(drop)
}

fn pair<'a>((name, value): &'a (&str, String)) -> (&'a str, &'a str) {
    (name, value)
}

struct Sums {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: String,
}

impl Sums {
    fn of(cases: &[&CaseResult], stale: usize) -> Sums {
        let count = |wanted: &[Status]| {
            let ended = cases.iter().filter(|case| wanted.contains(&case.status));
            ended.count()
        };
        let skipped = [
            Status::KnownFailure,
            Status::Undocumented,
            Status::Unsupported,
        ];
        let wall_us = cases.iter().filter_map(|case| case.wall_us);
        Sums {
            tests: cases.len() + stale,
            failures: count(&[Status::Failed, Status::UnexpectedlyPassed]) + stale,
            errors: count(&[Status::SubjectError, Status::HarnessError]),
            skipped: count(&skipped),
            time: time(wall_us.fold(0, u64::saturating_add)),
        }
    }

    /// What suites have; only they have the last.
    fn attributes(&self) -> [(&'static str, String); 4] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
        ]
    }
}

fn is_test(case: &CaseResult) -> bool {
    case.status != Status::NotApplicable
}

fn kind_of(case: &CaseResult) -> &'static str {
    case.findings
        .first()
        .map_or("failed", |first| first.kind.word())
}

fn reason(case: &CaseResult) -> String {
    case.reason.clone().unwrap_or_default()
}

fn message(case: &CaseResult) -> String {
    let said: Vec<String> = case.findings.iter().map(Shown::in_short).collect();
    said.join("; ")
}

/// Everything that is known about a failure.
fn all_of(case: &CaseResult, results: &Results) -> String {
    let source = results.scenario(&case.scenario).map(Scenario::source);
    let source = source.unwrap_or_else(terminal::nowhere);
    terminal::failure(case, &source, Paint { color: false })
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn time(us: u64) -> String {
    seconds(us.div_ceil(1_000))
}
