//! Scenario, profile and transcript to a verdict. Pure: a stored transcript can be judged again.

use std::collections::{BTreeMap, BTreeSet};

use session::words::ErrorWord;

use crate::case::{Case, States};
use crate::requirement::{Catalogue, Party};
use crate::rules::{self, About, Followed, RuleTexts, Violation};
use crate::scenario::{Action, Observation, Seen};
use crate::script::Script;
use crate::source::Span;
use crate::transcript::{CallMade, CallMeant, End, SCRIPT, Transcript, What};
use crate::watch::{Status, Unmet, Watch};

/// The name under which the reference peers play.
pub const REFERENCE: &str = "reference";

session::words! {
    /// What a case has come to, from best to worst.
    Grade, "verdict" {
        Passed = "passed", "everything was as it must be";
        Unsupported = "unsupported", "the subject does not know a call the case needs";
        Undocumented = "undocumented", "nobody documents what the case hangs on";
        Failed = "failed", "something was not as it must be";
    }
}

session::words! {
    /// Whose fault a finding is.
    Fault, "fault" {
        App = "app", "the app called in a way the vendor forbids";
        Client = "client", "the client under test";
        Server = "server", "the server under test";
        Profile = "profile", "the profile contradicts its own rows";
        Harness = "harness", "a reference peer of this harness";
    }
}

/// What a case has come to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub grade: Grade,
    /// Everything that was not as it must be.
    pub findings: Vec<Finding>,
    /// What nobody documents.
    pub undocumented: Vec<String>,
    /// What could not be decided.
    pub inconclusive: Vec<String>,
    /// The rows this case decided: by what, and whether they held.
    pub decided: BTreeMap<String, BTreeMap<Means, bool>>,
    /// What the steps that only observe wrote down.
    pub observed: Vec<Observed>,
}

/// By what a row was decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// A step that covers it was met or not; counted from 0.
    Step(usize),
    /// A rule saw it kept where it could have been broken, or saw it broken.
    Rule(String),
    /// The script broke it on purpose, and this rule noticed.
    OnPurpose(String),
}

/// What a step wrote down without judging it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The step, counted from 0.
    pub step: usize,
    /// The name of the notes.
    pub name: String,
    /// What each device was told and answered, in neutral words.
    pub lines: Vec<String>,
}

/// Something that was not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What noticed it.
    pub by: Noticed,
    /// The rows of that step or rule that belong to the profile's vendor.
    pub rows: Vec<String>,
    /// Whose fault it is.
    pub fault: Fault,
    /// What was to be seen.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// The entry of the transcript that showed it.
    pub entry: Option<usize>,
    /// Where in the scenario.
    pub span: Option<Span>,
}

/// What noticed a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// A step, counted from 0.
    Step(usize),
    /// A rule.
    Rule(String),
    /// Rows the script says it violates, and nobody noticed.
    Violates,
    /// The run used up its virtual time, filled its record, or an app called without end.
    Limit,
}

/// Why a stored transcript cannot be judged here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// The scenario has changed since.
    #[error("the transcript was made from another version of scenario {0}")]
    Scenario(String),
    /// The profile has changed since.
    #[error("the transcript was made with another version of profile {0}")]
    Profile(String),
}

/// Judges a run.
///
/// # Errors
/// The transcript belongs to another version of the scenario or profile.
pub fn judge(
    case: &Case<'_>,
    transcript: &Transcript,
    catalogue: &Catalogue,
    texts: &RuleTexts,
) -> Result<Verdict, Stale> {
    let header = &transcript.header;
    if header.scenario_hash != case.scenario.hash {
        return Err(Stale::Scenario(header.scenario.clone()));
    }
    if header.profile_hash != case.profile.hash {
        return Err(Stale::Profile(header.profile.clone()));
    }
    let mut judgement = Judgement {
        case,
        transcript,
        catalogue,
        verdict: Verdict {
            grade: Grade::Passed,
            findings: Vec::new(),
            undocumented: Vec::new(),
            inconclusive: Vec::new(),
            decided: BTreeMap::new(),
            observed: Vec::new(),
        },
        unsupported: false,
    };
    judgement.steps();
    judgement.knobs();
    judgement.rules(texts);
    judgement.limits();
    Ok(judgement.close())
}

/// The first violation of each actor in each aspect, and how many follow it: what comes later is more of the same.
fn first_of_each_actor(violations: Vec<Violation>) -> Vec<(Violation, usize)> {
    let mut first: Vec<(Violation, usize)> = Vec::new();
    for violation in violations {
        let same = |v: &Violation| v.actor == violation.actor && v.aspect == violation.aspect;
        match first.iter_mut().find(|(v, _)| same(v)) {
            Some((_, more)) => *more += 1,
            None => first.push((violation, 0)),
        }
    }
    first
}

struct Judgement<'a> {
    case: &'a Case<'a>,
    transcript: &'a Transcript,
    catalogue: &'a Catalogue,
    verdict: Verdict,
    unsupported: bool,
}

impl Judgement<'_> {
    /// Watches every step again, over the same entries as the director did.
    fn steps(&mut self) {
        let entries = &self.transcript.entries;
        let mut script = Script::default();
        let mut states = States::new(self.case.rules.login.into_room);
        let mut watching: Option<(usize, Watch)> = None;
        for (index, entry) in entries.iter().enumerate() {
            let boundary = entry.actor == SCRIPT;
            if boundary && let Some((step, watch)) = watching.take() {
                let watch = self.feed(watch, &mut script, index);
                self.step(step, &watch);
            }
            match &entry.what {
                What::Step { step, .. } => {
                    if let Some(plan) = self.case.scenario.steps.get(*step) {
                        let watch = script.begin(plan, index, entry.at, self.case, &states);
                        watching = Some((*step, watch));
                    }
                }
                What::Call(CallMade { id, inside, .. })
                | What::Asks(CallMeant { id, inside, .. })
                    if inside.is_none() =>
                {
                    if let Some(client) = self.case.find(&entry.actor) {
                        script.call_numbered(client, *id);
                    }
                }
                _ => {}
            }
            states.follow(entry);
        }
        if let Some((step, watch)) = watching {
            let watch = self.feed(watch, &mut script, entries.len());
            self.step(step, &watch);
        }
    }

    /// Knobs the scenario says its outcome hangs on.
    fn knobs(&mut self) {
        for knob in &self.case.scenario.depends {
            let knob = format!("rules.{knob}");
            if self.case.profile.undocumented.contains(&knob) {
                let said = format!("nobody documents {knob}");
                self.verdict.undocumented.push(said);
            }
        }
    }

    fn feed(&self, mut watch: Watch, script: &mut Script, to: usize) -> Watch {
        let entries = &self.transcript.entries;
        let from = watch.first_entry().unwrap_or(to);
        let mut at = None;
        for (index, entry) in entries.iter().enumerate().take(to).skip(from) {
            // Time passes between two entries; what is decided by silence is decided then.
            if at.is_some_and(|at| at < entry.at) {
                watch.instant_over(at.unwrap_or_default(), self.case);
                while let Some(due) = watch.decides_before(entry.at) {
                    watch.instant_over(due, self.case);
                }
            }
            watch.entry(index, entry, self.case, &mut script.taken);
            at = Some(entry.at);
        }
        let end = entries.get(to).or(entries.last()).map(|entry| entry.at);
        watch.instant_over(end.unwrap_or_default(), self.case);
        watch
    }

    fn step(&mut self, index: usize, watch: &Watch) {
        let step = &self.case.scenario.steps[index];
        let rows = self.case.own_rows(&step.covers, self.catalogue);
        if let Action::Observe(Observation::Observe { name, .. }) = &step.action {
            self.verdict.observed.push(Observed {
                step: index,
                name: name.clone(),
                lines: watch.observed(),
            });
        }
        match watch.status() {
            Status::Met(_) => self.decide(&rows, &Means::Step(index), true),
            Status::Undocumented(knob) => {
                let place = format!("step {}: nobody documents {knob}", index + 1);
                self.verdict.undocumented.push(place);
            }
            Status::Unmet(unmet) => {
                if self.is_unsupported(unmet) {
                    self.unsupported = true;
                    return;
                }
                self.decide(&rows, &Means::Step(index), false);
                let fault = match self.is_never_called(unmet) {
                    true => Fault::App,
                    false => self.fault_of(&rows, &step.action),
                };
                let expected = match step.say_round() {
                    Some(round) => format!("{} ({round})", unmet.expected),
                    None => unmet.expected.clone(),
                };
                self.verdict.findings.push(Finding {
                    by: Noticed::Step(index),
                    rows: rows.into_iter().map(str::to_owned).collect(),
                    fault,
                    expected,
                    seen: unmet.seen.clone(),
                    entry: unmet.entry,
                    span: Some(step.span),
                });
            }
            Status::Open(_) => self
                .verdict
                .inconclusive
                .push(format!("step {} was still open", index + 1)),
        }
    }

    fn shown(&self, unmet: &Unmet) -> Option<&What> {
        let entry = self.transcript.entries.get(unmet.entry?)?;
        Some(&entry.what)
    }

    /// Did the app die before it made the call?
    fn is_never_called(&self, unmet: &Unmet) -> bool {
        matches!(self.shown(unmet), Some(What::NeverCalled(_)))
    }

    /// Does it hang on a call that a peer did not know? What such a call was to bring about never
    /// comes.
    fn is_unsupported(&self, unmet: &Unmet) -> bool {
        let unknown = |what: &What| matches!(what, What::Result(answer) if answer.error == Some(ErrorWord::Unsupported));
        let entries = &self.transcript.entries;
        let stopped = |what: &What| matches!(what, What::Stopped { .. });
        self.shown(unmet).is_some_and(unknown)
            || entries
                .iter()
                .take_while(|entry| !stopped(&entry.what))
                .any(|entry| unknown(&entry.what))
    }

    fn decide<Row: AsRef<str>>(&mut self, rows: &[Row], by: &Means, held: bool) {
        for row in rows {
            let row = row.as_ref().to_owned();
            let means = self.verdict.decided.entry(row).or_default();
            *means.entry(by.clone()).or_insert(true) &= held;
        }
    }

    fn rules(&mut self, texts: &RuleTexts) {
        let about = About {
            profile: &self.case.profile,
            rules: &self.case.rules,
            leave_faults: self.case.scenario.leave_faults,
            followed: &Followed::default(),
        };
        let mut app_rows_broken: BTreeMap<&str, Means> = BTreeMap::new();
        let case = self.case;
        let violates = case.own_rows(&case.scenario.violates, self.catalogue);
        let violates: BTreeSet<&str> = violates.into_iter().collect();
        for mut ruling in rules::judge(self.transcript, &about) {
            let found = std::mem::take(&mut ruling.found);
            // Most rules have nothing to say.
            if found.is_empty() {
                continue;
            }
            let text = texts.get(ruling.rule);
            let own = |aspect: &str| -> Vec<&str> {
                let rows = text.and_then(|text| text.rows.get(aspect));
                rows.map(|rows| self.case.own_rows(rows, self.catalogue))
                    .unwrap_or_default()
            };
            // What this vendor does not ask of its apps is no open question either.
            let is_asked = || {
                let mut aspects = text.into_iter().flat_map(|text| text.rows.keys());
                ruling.party != Party::App || aspects.any(|aspect| !own(aspect).is_empty())
            };
            if !found.inconclusive.is_empty() && is_asked() {
                let open = found.inconclusive.iter();
                let open = open.map(|open| format!("rule {}: {open}", ruling.rule));
                self.verdict.inconclusive.extend(open);
            }
            let by = Means::Rule(ruling.rule.to_owned());
            // That our own scripts keep what is asked of apps says nothing about the row.
            if ruling.party != Party::App {
                for aspect in &found.kept {
                    self.decide(&own(aspect), &by, true);
                }
            }
            for (violation, more) in first_of_each_actor(found.violations) {
                let rows = own(violation.aspect);
                if ruling.party == Party::App {
                    // What this vendor does not forbid its apps is no breach.
                    if rows.is_empty() {
                        continue;
                    }
                    let noticed = Means::OnPurpose(ruling.rule.to_owned());
                    let broken = rows.iter().map(|row| (*row, noticed.clone()));
                    app_rows_broken.extend(broken);
                    if rows.iter().any(|row| violates.contains(row)) {
                        continue;
                    }
                }
                let fault = match ruling.party_in(violation.aspect) {
                    Party::App => Fault::App,
                    party => self.blame(party),
                };
                self.decide(&rows, &by, false);
                self.verdict.findings.push(Finding {
                    by: Noticed::Rule(ruling.rule.to_owned()),
                    rows: rows.into_iter().map(str::to_owned).collect(),
                    fault,
                    expected: format!("{}: {}", violation.actor, violation.expected),
                    seen: match more {
                        0 => violation.seen,
                        more => format!("{}, and {more} times more later", violation.seen),
                    },
                    entry: Some(violation.entry),
                    span: None,
                });
            }
        }
        // A script that stopped early may not have come to what it breaks.
        let last = self.transcript.entries.last().map(|entry| &entry.what);
        let played = matches!(last, Some(What::End(End::Complete)));
        for row in violates {
            match app_rows_broken.get(row) {
                Some(noticed) => self.decide(&[row], noticed, true),
                None if !played => {}
                None => self.verdict.findings.push(Finding {
                    by: Noticed::Violates,
                    rows: vec![row.to_owned()],
                    fault: Fault::Harness,
                    expected: format!("a rule finds that the script breaks {row}"),
                    seen: "no rule did".into(),
                    entry: None,
                    span: None,
                }),
            }
        }
    }

    fn limits(&mut self) {
        let last = self.transcript.entries.last().map(|entry| &entry.what);
        // It is the script that has an app call without end.
        let fault = match last {
            Some(What::End(End::CallLimit)) => Fault::App,
            _ => Fault::Harness,
        };
        if let Some(What::End(end @ (End::TimeLimit | End::RecordLimit | End::CallLimit))) = last {
            self.verdict.findings.push(Finding {
                by: Noticed::Limit,
                rows: Vec::new(),
                fault,
                expected: "the run comes to an end".into(),
                seen: end.means().into(),
                entry: self.transcript.entries.len().checked_sub(1),
                span: None,
            });
        }
    }

    /// Whose fault is an unmet step? The first party, the app aside, that its rows name; without
    /// rows, the side the step looks at.
    fn fault_of(&self, rows: &[&str], action: &Action) -> Fault {
        let named = rows
            .iter()
            .filter_map(|row| self.catalogue.get(row))
            .flat_map(|row| row.party.iter().copied())
            .find(|party| *party != Party::App);
        let looks_at_server = match action {
            Action::Observe(
                Observation::Expect { what, .. }
                | Observation::Never { what, .. }
                | Observation::Count { what, .. },
            ) => matches!(what.seen, Seen::Session { .. }),
            _ => false,
        };
        self.blame(named.unwrap_or(match looks_at_server {
            true => Party::Server,
            false => Party::Client,
        }))
    }

    /// A breach of a reference peer is the harness's own.
    fn blame(&self, party: Party) -> Fault {
        let header = &self.transcript.header;
        let (subject, fault) = match party {
            Party::App => return Fault::App,
            Party::Client => (&header.client_subject, Fault::Client),
            Party::Server => (&header.server_subject, Fault::Server),
        };
        if subject == REFERENCE {
            Fault::Harness
        } else {
            fault
        }
    }

    fn close(mut self) -> Verdict {
        let verdict = &mut self.verdict;
        verdict.grade = if !verdict.findings.is_empty() {
            Grade::Failed
        } else if !verdict.undocumented.is_empty() {
            Grade::Undocumented
        } else if self.unsupported {
            Grade::Unsupported
        } else {
            Grade::Passed
        };
        self.verdict
    }
}
