//! One case and what became of it.

use std::collections::BTreeMap;

use conformance::judge::{Fault, Finding, Means, Noticed, Verdict};
use conformance::library::Library;
use conformance::scenario::Scenario;
use conformance::text;
use conformance::transcript::{Transcript, What};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Record;
use super::words;

/// How many entries of the transcript are shown before and after the one that matters.
const AROUND: usize = 6;

/// One case and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseResult {
    /// The scenario.
    pub scenario: String,
    /// Its file.
    pub file: String,
    /// What must be true.
    pub title: String,
    /// The profile.
    pub profile: String,
    /// The seed.
    pub seed: u64,
    /// What became of it.
    #[schemars(schema_with = "words::status")]
    pub status: Status,
    /// Why it is not applicable, or what broke in the harness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was not as it must be.
    pub findings: Vec<Shown>,
    /// What nobody documents.
    pub undocumented: Vec<String>,
    /// What could not be decided.
    pub inconclusive: Vec<String>,
    /// The rows this case decided, and how.
    pub decided: BTreeMap<String, bool>,
    /// By what each of them was decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// What steps wrote down without judging it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Notes>,
    /// Virtual milliseconds it took.
    pub virtual_ms: u64,
    /// Entries in its transcript.
    pub entries: usize,
    /// Microseconds of the clock on the wall that it took, where somebody asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_us: Option<u64>,
    /// Its transcript, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Record>,
}

/// By what one row was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Decision {
    /// The row.
    pub row: String,
    /// What kind of thing decided it.
    #[schemars(schema_with = "words::by")]
    pub by: By,
    /// The rule, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The line of the scenario on which the step stands, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Did it hold?
    pub held: bool,
}

session::words! {
    /// What kind of thing decided a row.
    By, "means" {
        Step = "step", "a step that covers it";
        Rule = "rule", "a rule that watches every run";
        OnPurpose = "on-purpose", "a rule that noticed what the script broke on purpose";
    }
}

/// What a step wrote down to compare vendors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Notes {
    /// The step, counted from 1.
    pub step: usize,
    /// The name of the notes.
    pub name: String,
    /// What each device was told and answered, in neutral words.
    pub lines: Vec<String>,
}

session::words! {
    /// What became of a case.
    Status, "status" {
        Passed = "passed", "everything was as it must be";
        Failed = "failed", "something was not as it must be";
        KnownFailure = "known-failure", "it failed, and the list of known failures says so";
        UnexpectedlyPassed = "unexpectedly-passed", "it passed, and the list of known failures says that it fails";
        Undocumented = "undocumented", "nobody documents what it hangs on";
        Unsupported = "unsupported", "the subject does not know a call it needs";
        NotApplicable = "not-applicable", "the scenario is not for this profile";
        SubjectError = "subject-error", "the subject could not be started, or broke the adapter protocol";
        HarnessError = "harness-error", "the harness itself broke";
    }
}

/// A finding with everything somebody needs to understand and repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Shown {
    /// What noticed it: `step 3`, `rule I2`, `violates`, `snapshot`, `limit`.
    pub by: String,
    /// What kind of finding it is.
    #[schemars(schema_with = "words::kind")]
    pub kind: Kind,
    /// Whose fault it is.
    #[schemars(schema_with = "words::fault")]
    pub fault: Fault,
    /// What was to be seen.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// The rows that are broken, with the sentence of each.
    pub rows: BTreeMap<String, String>,
    /// Where in the scenario: line and column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<(usize, usize)>,
    /// The bytes of the scenario that are meant: the first, and the one after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// The transcript around it.
    pub around: String,
    /// The command that repeats it.
    pub repeat: String,
    /// The line of the list of known failures that says it is one, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<usize>,
}

session::words! {
    /// What kind of finding it is.
    Kind, "kind of finding" {
        StepUnmet = "step-unmet", "a step was not met";
        RuleViolated = "rule-violated", "a rule that watches every run was broken";
        ViolationMissed = "violation-missed", "the script breaks a row and nobody noticed";
        LimitReached = "limit-reached", "the run did not come to an end";
        TranscriptChanged = "transcript-changed", "the transcript is not the recorded one";
        TranscriptMissing = "transcript-missing", "there is no recorded transcript";
    }
}

impl CaseResult {
    /// A case that was judged.
    pub fn judged(
        scenario: &Scenario,
        transcript: &Transcript,
        verdict: Verdict,
        library: &Library,
        repeat: &str,
    ) -> CaseResult {
        let findings = verdict
            .findings
            .iter()
            .map(|finding| show(finding, scenario, transcript, library, repeat))
            .collect();
        CaseResult {
            status: match verdict.grade {
                conformance::judge::Grade::Passed => Status::Passed,
                conformance::judge::Grade::Unsupported => Status::Unsupported,
                conformance::judge::Grade::Undocumented => Status::Undocumented,
                conformance::judge::Grade::Failed => Status::Failed,
            },
            findings,
            undocumented: verdict.undocumented,
            inconclusive: verdict.inconclusive,
            decided: verdict
                .decided
                .iter()
                .map(|(row, means)| (row.clone(), means.values().all(|held| *held)))
                .collect(),
            decisions: decisions(&verdict.decided, scenario),
            observed: verdict
                .observed
                .into_iter()
                .map(|observed| Notes {
                    step: observed.step + 1,
                    name: observed.name,
                    lines: observed.lines,
                })
                .collect(),
            virtual_ms: transcript.entries.last().map_or(0, |entry| entry.at.0),
            entries: transcript.entries.len(),
            ..CaseResult::unplayed(
                scenario,
                &transcript.header.profile,
                transcript.header.seed,
                Status::Passed,
                None,
            )
        }
    }

    /// A case that was not played, or not to its end.
    pub fn unplayed(
        scenario: &Scenario,
        profile: &str,
        seed: u64,
        status: Status,
        reason: Option<String>,
    ) -> CaseResult {
        CaseResult {
            scenario: scenario.name.clone(),
            file: scenario.source.path.clone(),
            title: scenario.title.clone(),
            profile: profile.to_owned(),
            seed,
            status,
            reason,
            findings: Vec::new(),
            undocumented: Vec::new(),
            inconclusive: Vec::new(),
            decided: BTreeMap::new(),
            decisions: Vec::new(),
            observed: Vec::new(),
            virtual_ms: 0,
            entries: 0,
            wall_us: None,
            transcript: None,
        }
    }

    /// Adds a finding about the recorded transcript. It never counts as a catch of a
    /// requirement.
    pub fn transcript_differs(&mut self, kind: Kind, seen: String, around: String, repeat: &str) {
        self.status = match self.status {
            Status::HarnessError => Status::HarnessError,
            _ => Status::Failed,
        };
        self.findings.push(Shown {
            by: "snapshot".into(),
            kind,
            fault: Fault::Harness,
            expected: "the recorded transcript".into(),
            seen,
            rows: BTreeMap::new(),
            line: None,
            span: None,
            around,
            repeat: repeat.to_owned(),
            known: None,
        });
    }
}

impl Shown {
    /// All of it in a sentence.
    pub fn in_short(&self) -> String {
        let rows: Vec<&str> = self.rows.keys().map(String::as_str).collect();
        let rows = match rows.is_empty() {
            true => String::new(),
            false => format!(" ({})", rows.join(", ")),
        };
        format!("{}: {}, seen: {}{rows}", self.by, self.expected, self.seen)
    }
}

/// By what each row was decided. The rounds of a `repeat` are one step.
fn decisions(
    decided: &BTreeMap<String, BTreeMap<Means, bool>>,
    scenario: &Scenario,
) -> Vec<Decision> {
    let mut all: BTreeMap<(String, By, Option<String>, Option<usize>), bool> = BTreeMap::new();
    for (row, means) in decided {
        for (means, held) in means {
            let (by, rule, step) = match means {
                Means::Step(step) => (By::Step, None, scenario.steps.get(*step)),
                Means::Rule(rule) => (By::Rule, Some(rule.clone()), None),
                Means::OnPurpose(rule) => (By::OnPurpose, Some(rule.clone()), None),
            };
            let line = step.map(|step| scenario.source.position(step.span).0);
            *all.entry((row.clone(), by, rule, line)).or_insert(true) &= held;
        }
    }
    all.into_iter()
        .map(|((row, by, rule, line), held)| Decision {
            row,
            by,
            rule,
            line,
            held,
        })
        .collect()
}

fn show(
    finding: &Finding,
    scenario: &Scenario,
    transcript: &Transcript,
    library: &Library,
    repeat: &str,
) -> Shown {
    let (by, kind) = match &finding.by {
        Noticed::Step(step) => (format!("step {}", step + 1), Kind::StepUnmet),
        Noticed::Rule(rule) => (format!("rule {rule}"), Kind::RuleViolated),
        Noticed::Violates => ("violates".into(), Kind::ViolationMissed),
        Noticed::Limit => ("limit".into(), Kind::LimitReached),
    };
    let mut rows: BTreeMap<String, String> = finding
        .rows
        .iter()
        .map(|id| (id.clone(), sentence(id, library)))
        .collect();
    if let Noticed::Rule(rule) = &finding.by
        && let Some(text) = library.rules.get(rule)
    {
        rows.insert(rule.clone(), text.statement.clone());
    }
    Shown {
        by,
        kind,
        fault: finding.fault,
        expected: finding.expected.clone(),
        seen: finding.seen.clone(),
        rows,
        line: finding.span.map(|span| scenario.source.position(span)),
        span: finding.span.map(|span| (span.start, span.end)),
        around: around(transcript, finding.entry),
        repeat: repeat.to_owned(),
        known: None,
    }
}

fn sentence(id: &str, library: &Library) -> String {
    library
        .catalogue
        .get(id)
        .map(|row| format!("{} ({})", row.statement, row.strength))
        .unwrap_or_default()
}

fn around(transcript: &Transcript, entry: Option<usize>) -> String {
    let entries = &transcript.entries;
    // Without an entry that shows it, the moment the script stopped is what matters.
    let at = entry.unwrap_or_else(|| {
        entries
            .iter()
            .position(|entry| matches!(entry.what, What::Stopped { .. }))
            .unwrap_or(entries.len())
    });
    let from = at.saturating_sub(AROUND).min(entries.len());
    let to = (at + AROUND / 2 + 1).min(entries.len());
    let mut said = String::new();
    text::render_entries(&entries[from..to], &mut said);
    let mut matters = String::new();
    if let Some(entry) = entries.get(at) {
        text::render_entries(std::slice::from_ref(entry), &mut matters);
    }
    // Names are padded to the longest of the lines shown, so lines are compared without blanks.
    let plain = |line: &str| line.split_whitespace().collect::<String>();
    let matters = plain(&matters);
    said.lines()
        .map(|line| match plain(line) == matters {
            true => format!("> {line}\n"),
            false => format!("  {line}\n"),
        })
        .collect()
}
