//! A case played and judged, and what counts as a catch.

use conformance::case::Case;
use conformance::judge::{self, Fault, Finding, Noticed, Verdict};
use conformance::library::Library;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::transcript::Transcript;

/// Makes a case happen.
pub type Play<'p> = dyn Fn(&Case<'_>) -> Result<Transcript, NotPlayed> + Sync + 'p;

/// Why there is no transcript, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPlayed {
    /// The harness broke.
    Harness(String),
    /// A subject broke the adapter protocol.
    Subject(String),
    /// A subject does not know a call of the case; there is nothing to judge.
    Unsupported,
}

impl From<&str> for NotPlayed {
    fn from(why: &str) -> NotPlayed {
        NotPlayed::Harness(why.to_owned())
    }
}

/// What was noticed. Two catches that are equal are the same failure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Catch {
    /// What noticed it.
    pub by: By,
    /// The requirement rows that are broken, which tells the ways of breaking a rule apart.
    pub rows: Vec<String>,
}

/// What noticed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A rule that watches every run.
    Rule(String),
    /// The run did not come to an end.
    Limit,
    /// There is no transcript: the harness broke. Only the first line counts.
    Broke(String),
    /// There is no transcript: a subject broke the adapter protocol.
    Subject(String),
}

/// A case after it was played.
#[derive(Debug)]
pub struct Played {
    /// What happened; `None` when the harness broke.
    pub record: Option<(Transcript, Verdict)>,
    /// What was noticed, each once, in the order of the verdict.
    pub catches: Vec<Catch>,
}

impl Played {
    /// The finding that is this catch.
    pub fn finding(&self, catch: &Catch) -> Option<&Finding> {
        let (_, verdict) = self.record.as_ref()?;
        let mut findings = verdict.findings.iter();
        findings.find(|finding| Catch::of(finding).as_ref() == Some(catch))
    }

    /// Was a step not met?
    pub fn is_stopped(&self) -> bool {
        self.record.as_ref().is_some_and(|(_, verdict)| {
            let mut findings = verdict.findings.iter();
            findings.any(|finding| matches!(finding.by, Noticed::Step(_)))
        })
    }
}

impl Catch {
    /// What an app does wrong is no catch: a random script does so all the time. Neither is a
    /// step that is not met: only the rules know what must come of a random script.
    pub fn of(finding: &Finding) -> Option<Catch> {
        let by = match &finding.by {
            _ if finding.fault == Fault::App => return None,
            Noticed::Rule(rule) => By::Rule(rule.clone()),
            Noticed::Limit => By::Limit,
            Noticed::Step(_) | Noticed::Violates => return None,
        };
        Some(Catch {
            by,
            rows: finding.rows.clone(),
        })
    }

    /// In a few words, such as `I14 (EXP-022)`.
    pub fn say(&self) -> String {
        let by = match &self.by {
            By::Rule(rule) => rule.clone(),
            By::Limit => "a run without end".into(),
            By::Broke(why) => format!("the harness broke: {why}"),
            By::Subject(why) => format!("not played: {why}"),
        };
        match self.rows.is_empty() {
            true => by,
            false => format!("{by} ({})", self.rows.join(", ")),
        }
    }

    /// What must be true, in one sentence.
    pub fn sentence(&self, library: &Library) -> String {
        match &self.by {
            By::Rule(rule) => match library.rules.get(rule) {
                Some(text) => text.statement.clone(),
                None => format!("Rule {rule} holds."),
            },
            By::Limit => "A run comes to an end.".into(),
            By::Broke(_) => "The harness plays every sound scenario.".into(),
            By::Subject(_) => "A subject keeps the adapter protocol.".into(),
        }
    }
}

/// Plays a scenario under a profile with the usual seed, so that the file that is kept of it needs
/// no other, and judges it.
pub fn play(scenario: &Scenario, profile: &Profile, library: &Library, play: &Play<'_>) -> Played {
    let case = Case::new(scenario, profile, conformance::case::DEFAULT_SEED);
    let first_line = |why: String| why.lines().next().unwrap_or_default().to_owned();
    let not_played = |by: Option<By>| Played {
        record: None,
        catches: by
            .into_iter()
            .map(|by| Catch {
                by,
                rows: Vec::new(),
            })
            .collect(),
    };
    let transcript = match play(&case) {
        Ok(transcript) => transcript,
        Err(NotPlayed::Harness(why)) => return not_played(Some(By::Broke(first_line(why)))),
        Err(NotPlayed::Subject(why)) => return not_played(Some(By::Subject(first_line(why)))),
        Err(NotPlayed::Unsupported) => return not_played(None),
    };
    let verdict = match judge::judge(&case, &transcript, &library.catalogue, &library.rules) {
        Ok(verdict) => verdict,
        Err(stale) => return not_played(Some(By::Broke(stale.to_string()))),
    };
    let mut catches = Vec::new();
    for catch in verdict.findings.iter().filter_map(Catch::of) {
        if !catches.contains(&catch) {
            catches.push(catch);
        }
    }
    Played {
        record: Some((transcript, verdict)),
        catches,
    }
}
