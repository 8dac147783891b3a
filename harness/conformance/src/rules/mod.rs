//! Invariants that watch every run: one file each, pure and streaming over the transcript.
//!
//! Where a login is a login into a room, a device has a session in each room, and what is said of
//! one is not said of another. What no entry names a room for (a connect, traffic) is judged only
//! where the device has no session in another room.
//!
//! A rule sees every entry once, keeps a bounded amount about each device, and says at the end
//! whether it held. Its sentence and the requirement rows it stands for are data
//! (`fixtures/requirements/rules.yaml`).

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
mod final_answers;
mod follow;
mod fresh_start;
mod keeps_trying;
mod kicked_stays_out;
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
use session::rules::Rules;
use session::time::Time;

use crate::case::Place;
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

    /// Does anything that is sent, or the time at which it is, say something to it? Most entries
    /// are heartbeats. What apps are asked to do is about calls.
    fn reads_traffic(&self) -> bool {
        self.party() != Party::App
    }

    /// Sees one entry.
    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found);

    /// The record ends at `at`; what is still open is inconclusive.
    fn end(&mut self, at: Time, about: &About<'_>, found: &mut Found);
}

/// The aspect of a rule that can be broken in one way only.
pub const WHOLE: &str = "whole";

/// What a rule may know besides the transcript.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Its rules with the scenario's console settings applied.
    pub rules: &'a Rules,
    /// Are networks and servers left broken at the end?
    pub leave_faults: bool,
    /// What all rules follow along the record.
    pub followed: &'a Followed,
}

/// What all rules follow along the record, once for them all, up to the present entry.
#[derive(Debug, Default)]
pub struct Followed {
    settings: Settings,
    told: follow::Told,
    /// The session that an event is about.
    place: Option<Place>,
}

impl Followed {
    fn follow(&mut self, index: usize, entry: &Entry, rules: &Rules) {
        self.settings.follow(&entry.what, rules);
        // What an extra listener hears is no second event.
        self.place = match is_extra(entry) {
            true => None,
            false => self.told.follow(index, entry, rules.login.into_room),
        };
    }
}

/// Is this what an extra listener hears?
fn is_extra(entry: &Entry) -> bool {
    matches!(&entry.what, What::Event(event) if event.listener.is_some())
}

/// Console settings that changed on the way. The server obeys them from then on, an app's process
/// from its next start on.
#[derive(Debug, Default)]
struct Settings {
    /// Each set of rules that was in force, once.
    ever: Vec<Rules>,
    /// The one in force now.
    now: usize,
}

impl Settings {
    /// Follows one entry; `first` is what is in force until settings change.
    fn follow(&mut self, what: &What, first: &Rules) {
        let Some(console) = what.settings() else {
            return;
        };
        if self.ever.is_empty() {
            self.ever.push(first.clone());
        }
        let mut rules = self.ever[self.now].clone();
        console.apply(&mut rules);
        let known = self.ever.iter().position(|known| *known == rules);
        self.now = known.unwrap_or(self.ever.len());
        if known.is_none() {
            self.ever.push(rules);
        }
    }
}

impl About<'_> {
    /// What the server obeys now.
    fn rules_now(&self) -> &Rules {
        let settings = &self.followed.settings;
        settings.ever.get(settings.now).unwrap_or(self.rules)
    }

    /// A knob of which everybody thinks the same, whenever their process started.
    fn settled<T: PartialEq>(&self, knob: impl Fn(&Rules) -> &T) -> Option<&T> {
        let first = knob(self.rules);
        let ever = &self.followed.settings.ever;
        let same = ever.iter().all(|rules| knob(rules) == first);
        same.then(|| knob(self.rules))
    }

    /// What apps were told last.
    fn told(&self) -> &follow::Told {
        &self.followed.told
    }

    /// The session that the present event is about; `None` of anything but an app's own event.
    fn place(&self) -> Option<&Place> {
        self.followed.place.as_ref()
    }

    /// Does anybody document this knob?
    fn documents(&self, knob: &str) -> bool {
        !self.profile.undocumented.contains(knob)
    }
}

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
    /// Who has to keep it in some aspects, where that is somebody else.
    pub others: BTreeMap<&'static str, Party>,
    /// What it found.
    pub found: Found,
}

impl Ruling {
    /// Who has to keep the rule in this aspect.
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
    /// Does it hear every listener?
    all: bool,
    /// Does it read traffic?
    traffic: bool,
    found: Found,
}

impl Watching {
    fn new(rule: Box<dyn Rule>) -> Watching {
        Watching {
            all: rule.hears_every_listener(),
            traffic: rule.reads_traffic(),
            found: Found::default(),
            rule,
        }
    }
}

/// Runs every rule over a transcript.
pub fn judge(transcript: &Transcript, about: &About<'_>) -> Vec<Ruling> {
    let mut rules: Vec<Watching> = all()
        .into_iter()
        .filter(|rule| {
            rule.knob()
                .is_none_or(|knob| !about.profile.undocumented.contains(knob))
        })
        .map(Watching::new)
        .collect();
    let mut followed = Followed::default();
    for (index, entry) in transcript.entries.iter().enumerate() {
        followed.follow(index, entry, about.rules);
        let about = About {
            followed: &followed,
            ..*about
        };
        let is_extra = is_extra(entry);
        let is_traffic = matches!(entry.what, What::Sent { .. });
        for Watching {
            rule,
            all,
            traffic,
            found,
        } in &mut rules
        {
            if (*all || !is_extra) && (*traffic || !is_traffic) {
                rule.entry(index, entry, &about, found);
            }
        }
    }
    let about = About {
        followed: &followed,
        ..*about
    };
    let end = transcript.entries.last().map_or(Time::START, |e| e.at);
    rules
        .into_iter()
        .map(|watching| {
            let Watching {
                mut rule,
                mut found,
                ..
            } = watching;
            rule.end(end, &about, &mut found);
            Ruling {
                rule: rule.id(),
                party: rule.party(),
                others: rule
                    .aspects()
                    .iter()
                    .map(|aspect| (*aspect, rule.party_in(aspect)))
                    .filter(|(_, party)| *party != rule.party())
                    .collect(),
                found,
            }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod hand_written;
