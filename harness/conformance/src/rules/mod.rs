//! Invariants that watch every run: one file each, pure and streaming over the transcript.
//!
//! Where a login is a login into a room, a device has a session in each room, and what is said of
//! one is not said of another. What no entry names a room for (a connect, traffic) is judged only
//! where the device has no session in another room.
//!
//! A rule sees every entry of the kinds it reads once, is told when a moment went by that it waits
//! for, keeps a bounded amount about each device, and says at the end whether it held. What several
//! of them follow is followed once for all ([`Followed`]). Its sentence and the requirement rows it
//! stands for are data (`fixtures/requirements/rules.yaml`).

mod about;
mod apps;
mod cause_and_code;
mod comes_to_rest;
mod dead_members_leave;
mod destroyed_is_silent;
mod device_policy;
mod each;
mod each_listener_once;
mod every_call_one_result;
mod expiry_while_away;
mod few;
mod final_answers;
mod follow;
mod fresh_start;
mod keeps_trying;
mod kicked_stays_out;
mod kinds;
mod legal_transitions;
mod lives;
mod login_in_progress;
mod logout_is_final;
mod messages_once;
mod minted;
mod newest_ticket;
mod no_ping_pong;
mod one_end;
mod one_session;
mod one_user_at_a_time;
mod online_means_accepted;
mod own_generation;
mod queries_agree;
mod rooms_apart;
mod ticket_notices;
mod window_end;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use session::time::Time;

pub use self::about::{About, Followed};
pub use self::kinds::Kinds;
use crate::decode::decode;
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::requirement::{Catalogue, Party};
use crate::source::Source;
use crate::transcript::{Entry, Transcript, What};
use crate::yaml;

/// One invariant.
pub trait Rule {
    /// Its name, such as `I2`.
    fn id(&self) -> &'static str;

    /// Who has to keep it.
    fn party(&self) -> Party;

    /// Who has to keep it in this aspect.
    fn party_in(&self, _aspect: &str) -> Party {
        self.party()
    }

    /// The ways of breaking it that stand for different rows.
    fn aspects(&self) -> &'static [&'static str] {
        &[WHOLE]
    }

    /// Is one device's own record enough to judge it, as a log of a real SDK would be?
    fn own_record_suffices(&self) -> bool {
        true
    }

    /// The knob it hangs on; where nobody documents it the rule says nothing.
    fn knob(&self) -> Option<&'static str> {
        None
    }

    /// Does it see what extra listeners hear? To the others that is no second event.
    fn hears_every_listener(&self) -> bool {
        false
    }

    /// The kinds of entries that say something to it; it sees no others.
    fn reads(&self) -> Kinds;

    /// The moment after which silence says something to it, where it waits for one.
    fn due(&self) -> Option<Time> {
        None
    }

    /// That moment is over: the entry at `index`, of whatever kind, is the first after it. Comes
    /// before [`Rule::entry`], and once for each entry until it waits for a later moment or none.
    fn overdue(&mut self, _index: usize, _now: Time, _about: &About<'_>, _found: &mut Found) {}

    /// Sees one entry, of a kind that it reads.
    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found);

    /// The record ends at `at`; what is still open is inconclusive.
    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found);
}

/// Later than any run.
const NEVER: Time = Time(u64::MAX);

/// The aspect of a rule that can be broken in one way only.
pub const WHOLE: &str = "whole";

/// What a rule has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Breaches, in the order they became certain.
    pub violations: Vec<Violation>,
    /// What could not be decided.
    pub inconclusive: Vec<String>,
    /// The aspects that could have been broken here, and were kept. Silence alone keeps nothing.
    pub kept: BTreeSet<&'static str>,
}

impl Found {
    /// Has the rule nothing to say?
    pub fn is_empty(&self) -> bool {
        self.violations.is_empty() && self.inconclusive.is_empty() && self.kept.is_empty()
    }
}

/// One breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The entry with which the record first breaks the rule: the shortest violating prefix ends
    /// there. Breaches by silence end with the first entry after the bound.
    pub entry: usize,
    /// Which of the rule's aspects is broken.
    pub aspect: &'static str,
    /// Whose record.
    pub actor: String,
    /// What the rule wants here.
    pub expected: String,
    /// What happened.
    pub seen: String,
}

/// The outcome of one rule over one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The rule.
    pub rule: &'static str,
    /// Who has to keep it.
    pub party: Party,
    /// Who has to keep it in the aspects that are broken, where that is somebody else.
    pub others: BTreeMap<&'static str, Party>,
    /// What it found.
    pub found: Found,
}

impl Ruling {
    /// Who has to keep the rule in this aspect, which is broken.
    pub fn party_in(&self, aspect: &str) -> Party {
        self.others.get(aspect).copied().unwrap_or(self.party)
    }
}

/// A rule's sentence and rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleText {
    /// Its name.
    pub id: String,
    /// What it says.
    pub statement: String,
    /// The requirement rows it stands for, by aspect.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl RuleText {
    /// Every row, of all aspects.
    pub fn all_rows(&self) -> impl Iterator<Item = &String> {
        self.rows.values().flatten()
    }
}

/// Sentences and rows of all rules.
#[derive(Debug, Clone, Default)]
pub struct RuleTexts {
    texts: Vec<RuleText>,
}

impl RuleTexts {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place.
    pub fn read(source: &Source, catalogue: &Catalogue) -> Result<RuleTexts, Vec<Diagnostic>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rules: Vec<RuleText>,
        }
        let file: File = decode(source)?;
        let node = yaml::parse(source)?;
        let mut wrong = Vec::new();
        for (index, text) in file.rules.iter().enumerate() {
            for (aspect, rows) in &text.rows {
                for (at, row) in rows.iter().enumerate() {
                    if catalogue.get(row).is_none() {
                        let (index, at) = (index.to_string(), at.to_string());
                        let place = node.at_path(&["rules", &index, "rows", aspect, &at]);
                        let span = place.map_or(node.span, |place| place.span);
                        wrong.push(catalogue.unknown(row, span));
                    }
                }
            }
        }
        match wrong.is_empty() {
            true => Ok(RuleTexts { texts: file.rules }),
            false => Err(wrong),
        }
    }

    /// The text of one rule.
    pub fn get(&self, id: &str) -> Option<&RuleText> {
        self.texts.iter().find(|text| text.id == id)
    }

    /// All of them.
    pub fn all(&self) -> &[RuleText] {
        &self.texts
    }
}

/// All rules, fresh.
pub fn all() -> Vec<Box<dyn Rule>> {
    let mut rules: Vec<Box<dyn Rule>> = vec![
        Box::<device_policy::DevicePolicyHolds>::default(),
        Box::<kicked_stays_out::KickedStaysOut>::default(),
        Box::<no_ping_pong::NoPingPong>::default(),
        Box::<own_generation::OwnGeneration>::default(),
        Box::<every_call_one_result::EveryCallOneResult>::default(),
        Box::<one_session::OneSession>::default(),
        Box::<logout_is_final::LogoutIsFinal>::default(),
        Box::<destroyed_is_silent::DestroyedIsSilent>::default(),
        Box::<one_user_at_a_time::OneUserAtATime>::default(),
        Box::<legal_transitions::LegalTransitions>::default(),
        Box::<one_end::OneEnd>::default(),
        Box::<cause_and_code::CauseAndCode>::default(),
        Box::<final_answers::FinalAnswers>::default(),
        Box::<window_end::WindowEnd>::default(),
        Box::<keeps_trying::KeepsTrying>::default(),
        Box::<expiry_while_away::ExpiryWhileAway>::default(),
        Box::<ticket_notices::TicketNotices>::default(),
        Box::<newest_ticket::NewestTicket>::default(),
        Box::<queries_agree::QueriesAgree>::default(),
        Box::<online_means_accepted::OnlineMeansAccepted>::default(),
        Box::<each_listener_once::EachListenerOnce>::default(),
        Box::<messages_once::MessagesOnce>::default(),
        Box::<dead_members_leave::DeadMembersLeave>::default(),
        Box::<rooms_apart::RoomsApart>::default(),
        Box::<fresh_start::FreshStart>::default(),
        Box::<comes_to_rest::ComesToRest>::default(),
        Box::<login_in_progress::LoginInProgress>::default(),
    ];
    rules.extend(apps::all());
    rules
}

/// A rule at work.
struct Watching {
    rule: Box<dyn Rule>,
    found: Found,
}

/// Some of the rules: a bit for each.
type Group = u64;

/// All rules at work, and who of them sees what.
struct AtWork {
    rules: Vec<Watching>,
    /// Those that read each kind.
    readers: [Group; Kinds::COUNT],
    /// Those that hear every listener.
    hear_all: Group,
    /// What each said last that it waits for.
    due: Vec<Time>,
    /// None of these is earlier.
    earliest: Time,
}

impl AtWork {
    fn new(profile: &Profile) -> AtWork {
        let all = all();
        let mut at_work = AtWork {
            rules: Vec::with_capacity(all.len()),
            readers: [0; Kinds::COUNT],
            hear_all: 0,
            due: Vec::new(),
            earliest: NEVER,
        };
        let is_documented = |knob| !profile.undocumented.contains(knob);
        let rules = all.into_iter();
        let rules = rules.filter(|rule| rule.knob().is_none_or(is_documented));
        at_work.rules.extend(rules.map(|rule| Watching {
            rule,
            found: Found::default(),
        }));
        assert!(at_work.rules.len() <= Group::BITS as usize);
        for (number, Watching { rule, .. }) in at_work.rules.iter().enumerate() {
            let bit = 1 << number;
            let kinds = rule.reads().numbers();
            kinds.for_each(|kind| at_work.readers[kind] |= bit);
            at_work.hear_all |= if rule.hears_every_listener() { bit } else { 0 };
        }
        at_work.due.resize(at_work.rules.len(), NEVER);
        at_work
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>) {
        let hear = match is_extra(entry) {
            true => self.hear_all,
            false => Group::MAX,
        };
        if self.earliest < entry.at {
            let overdue = self.due.iter().enumerate();
            let overdue = overdue.filter(|(_, due)| **due < entry.at);
            let overdue = overdue.fold(0, |group, (number, _)| group | 1 << number);
            self.each(overdue & hear, |rule, found| {
                rule.overdue(index, entry.at, about, found);
            });
            self.earliest = self.due.iter().min().copied().unwrap_or(NEVER);
        }
        let readers = self.readers[Kinds::of(entry).number()];
        self.each(readers & hear, |rule, found| {
            rule.entry(index, entry, about, found);
        });
    }

    /// Shows something to each of these rules, and asks what it waits for then.
    fn each(&mut self, mut group: Group, show: impl Fn(&mut dyn Rule, &mut Found)) {
        while group != 0 {
            let number = group.trailing_zeros() as usize;
            group &= group - 1;
            let Watching { rule, found } = &mut self.rules[number];
            show(rule.as_mut(), found);
            let due = rule.due().unwrap_or(NEVER);
            self.due[number] = due;
            self.earliest = self.earliest.min(due);
        }
    }
}

/// Runs every rule over a transcript.
pub fn judge(transcript: &Transcript, about: &About<'_>) -> Vec<Ruling> {
    let mut at_work = AtWork::new(about.profile);
    let mut followed = Followed::default();
    for (index, entry) in transcript.entries.iter().enumerate() {
        if !is_extra(entry) {
            followed.follow(index, entry, about.rules);
        }
        let about = About {
            followed: &followed,
            ..*about
        };
        at_work.entry(index, entry, &about);
    }
    let about = About {
        followed: &followed,
        ..*about
    };
    let end = transcript.entries.last().map_or(Time::START, |e| e.at);
    let rules = at_work.rules.into_iter();
    rules
        .map(
            |Watching {
                 mut rule,
                 mut found,
             }| {
                rule.end(end, &about, &mut found);
                let broken = found.violations.iter().map(|violation| violation.aspect);
                let parties = broken.map(|aspect| (aspect, rule.party_in(aspect)));
                Ruling {
                    rule: rule.id(),
                    party: rule.party(),
                    others: parties
                        .filter(|(_, party)| *party != rule.party())
                        .collect(),
                    found,
                }
            },
        )
        .collect()
}

/// Is this what an extra listener hears?
fn is_extra(entry: &Entry) -> bool {
    matches!(&entry.what, What::Event(event) if event.listener.is_some())
}

#[cfg(test)]
pub(crate) mod hand_written;
