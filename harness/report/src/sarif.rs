//! For code scanning: SARIF 2.1.0. A requirement is a rule, with the vendor's page as its help; each
//! requirement that a finding breaks is a result, on the line of the scenario that noticed.

use std::collections::BTreeMap;

use conformance::decode::hash;
use conformance::requirement::Strength;
use serde_json::{Value, json};

use crate::results::{CaseResult, Known, Results, Shown, Status};
use crate::safe::{lines, one_line};

/// Where the schema is that the report keeps to.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The rule of entries of the list of known failures that are none.
const STALE: &str = "stale-known-failure";

/// The whole report.
pub fn render(results: &Results) -> String {
    let mut rules = Rules::default();
    let mut all = Vec::new();
    for case in &results.cases {
        match case.status {
            Status::UnexpectedlyPassed => {
                let said = case.status.means();
                all.push(result(
                    &mut rules,
                    results,
                    case.status.word(),
                    case,
                    None,
                    said,
                ));
            }
            _ => all.extend(findings(&mut rules, results, case)),
        }
    }
    all.extend(results.stale().iter().map(|stale| {
        let known = stale.known;
        rules.index(results, STALE);
        json!({
            "ruleId": STALE,
            "level": "error",
            "message": { "text": one_line(&format!("{}: {}", stale.why, known.text.trim())) },
            "locations": [location(&known.file, Some((known.line, 1)))],
        })
    }));
    let broke = results
        .cases
        .iter()
        .filter(|case| case.status == Status::HarnessError);
    let notifications: Vec<Value> = broke
        .map(|case| {
            let reason = case.reason.as_deref().unwrap_or(case.status.means());
            json!({
                "level": "error",
                "message": { "text": lines(reason) },
                "locations": [location(&case.file, None)],
            })
        })
        .collect();
    let version = results.head.build.split('+').next().unwrap_or_default();
    let sarif = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kickout",
                "version": one_line(&results.head.build),
                "semanticVersion": one_line(version),
                "rules": rules.described,
            }},
            "automationDetails": { "id": format!("kickout/{}", one_line(&results.head.suite)) },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": all,
        }],
    });
    format!("{sarif:#}\n")
}

/// The rules that results name, each described once.
#[derive(Default)]
struct Rules {
    described: Vec<Value>,
    at: BTreeMap<String, usize>,
}

impl Rules {
    fn index(&mut self, results: &Results, id: &str) -> usize {
        if let Some(at) = self.at.get(id) {
            return *at;
        }
        self.described.push(described(results, id));
        self.at.insert(id.to_owned(), self.described.len() - 1);
        self.described.len() - 1
    }
}

fn described(results: &Results, id: &str) -> Value {
    let Some(row) = results.requirement(id) else {
        let said = match results.rule(id) {
            Some(rule) => rule.statement.clone(),
            None if id == STALE => "an entry of the list of known failures that is none".into(),
            None => match id.parse::<crate::results::Kind>() {
                Ok(kind) => kind.means().to_owned(),
                Err(_) => id.to_owned(),
            },
        };
        return json!({ "id": one_line(id), "shortDescription": { "text": one_line(&said) } });
    };
    let said = one_line(&format!("{} ({})", row.statement, row.strength));
    let place = one_line(&format!("{}: {}", row.document, row.place));
    let mut rule = json!({
        "id": row.id,
        "shortDescription": { "text": one_line(&row.statement) },
        "fullDescription": { "text": said },
        "help": { "text": place },
        "defaultConfiguration": { "level": level(row.strength) },
        "properties": {
            "tags": [row.catalogue, row.strength.word()],
            "party": row.party.iter().map(|party| party.word()).collect::<Vec<_>>(),
        },
    });
    if let Some(page) = row.page() {
        rule["helpUri"] = page.into();
    }
    rule
}

fn level(strength: Strength) -> &'static str {
    match strength {
        Strength::Must => "error",
        Strength::Should => "warning",
        Strength::May | Strength::Info => "note",
    }
}

/// One result for each requirement that a finding breaks. A rule that breaks rows is named by them;
/// what breaks none is named by its kind.
fn findings(rules: &mut Rules, results: &Results, case: &CaseResult) -> Vec<Value> {
    let mut all = Vec::new();
    for finding in &case.findings {
        let rows = finding.rows.keys();
        let (rows, others): (Vec<&String>, Vec<&String>) =
            rows.partition(|id| results.requirement(id).is_some());
        let named: Vec<&str> = match (rows.is_empty(), others.first()) {
            (false, _) => rows.iter().map(|id| id.as_str()).collect(),
            (true, Some(rule)) => vec![rule.as_str()],
            (true, None) => vec![finding.kind.word()],
        };
        for id in named {
            let said = said(finding, case);
            all.push(result(rules, results, id, case, Some(finding), &said));
        }
    }
    all
}

fn said(finding: &Shown, case: &CaseResult) -> String {
    let mut text = format!(
        "{} under {}: {}",
        case.scenario,
        case.profile,
        finding.in_short()
    );
    for (id, sentence) in &finding.rows {
        text.push_str(&format!("\n{id}: {sentence}"));
    }
    text.push_str(&format!("\nrepeat: {}", finding.repeat));
    text
}

fn result(
    rules: &mut Rules,
    results: &Results,
    id: &str,
    case: &CaseResult,
    finding: Option<&Shown>,
    said: &str,
) -> Value {
    let index = rules.index(results, id);
    let level = results
        .requirement(id)
        .map_or("error", |row| level(row.strength));
    let by = finding.map_or("", |finding| finding.by.as_str());
    let print = hash(&format!("{} {} {by} {id}", case.scenario, case.profile));
    let mut result = json!({
        "ruleId": one_line(id),
        "ruleIndex": index,
        "level": level,
        "message": { "text": lines(said) },
        "locations": [location(&case.file, finding.and_then(|finding| finding.line))],
        "partialFingerprints": { "kickout/v1": print },
        "properties": { "profile": case.profile, "seed": case.seed },
    });
    if let Some(finding) = finding {
        result["properties"]["fault"] = finding.fault.word().into();
        if let Some(line) = finding.known {
            let known = results.known.iter().find(|known| known.line == line);
            result["suppressions"] = json!([suppressed(known)]);
        }
    }
    result
}

fn suppressed(known: Option<&Known>) -> Value {
    let reason = known.map_or("", |known| known.reason.as_str());
    json!({ "kind": "external", "justification": one_line(reason) })
}

fn location(file: &str, place: Option<(usize, usize)>) -> Value {
    let mut at = json!({ "artifactLocation": { "uri": uri(file) } });
    if let Some((line, column)) = place {
        at["region"] = json!({ "startLine": line.max(1), "startColumn": column.max(1) });
    }
    json!({ "physicalLocation": at })
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    match out.strip_prefix('/') {
        Some(_) => format!("file://{out}"),
        None => out,
    }
}
