//! What rules may know besides the entry they see, and what is followed once for them all.

use session::rules::Rules;
use session::time::{Millis, Time};

use super::apps::causes::{self, Causes};
use super::each::Frozen;
use super::few::Set;
use super::follow::{Links, Told};
use super::lives::{Lives, Present};
use super::minted::Minted;
use super::wire::{self, Says};
use crate::case::{Place, Places};
use crate::profile::Profile;
use crate::scenario::{AppAct, RoomMode};
use crate::transcript::{Entry, What};

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

/// What rules follow along the record, once for them all, up to and with the present entry.
#[derive(Debug, Default)]
pub struct Followed {
    settings: Settings,
    places: Places,
    /// The devices that chose to be in several rooms.
    several: Set<String>,
    /// The session that the present event or call is about, where a device may have several.
    session: Place,
    told: Told,
    causes: Causes,
    minted: Minted,
    over: Option<Time>,
    lives: Lives,
    says: Vec<Says>,
    links: Links,
    frozen: Frozen,
    stood_still: Option<Millis>,
}

impl Followed {
    /// Follows one entry. What an extra listener hears is no second event.
    pub(super) fn follow(&mut self, index: usize, entry: &Entry, rules: &Rules) {
        let into_room = rules.login.into_room;
        self.settings.follow(&entry.what, rules);
        self.stood_still = self.frozen.follow(entry);
        self.causes.follow(entry);
        wire::read(entry, &mut self.says);
        match &entry.what {
            What::Event(_) => self.is_about(entry, into_room),
            What::Call(call) => {
                if call.api == "set-room-mode"
                    && let Some(mode) = call.args.get("mode")
                    && mode == RoomMode::Several.word()
                {
                    self.several.insert(entry.actor.clone());
                }
                self.is_about(entry, into_room);
                self.over = self.minted.over(call, entry.at, rules);
            }
            What::App {
                is: AppAct::Crashed,
            } => drop(self.several.remove(&entry.actor)),
            _ => {}
        }
        let place = self.places.latest();
        self.told.follow(index, entry, place);
        self.links.follow(entry, place, &self.says, into_room);
        let present = Present {
            session: &self.session,
            over: self.over,
            several: into_room && self.several.contains(&entry.actor),
        };
        self.lives.follow(entry, present);
    }

    fn is_about(&mut self, entry: &Entry, into_room: bool) {
        let (device, room) = self.places.of(entry, into_room);
        self.session.0.clone_from(device);
        self.session.1.clear();
        if self.several.contains(device) {
            self.session.1.push_str(room);
        }
    }
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
    pub(super) fn rules_now(&self) -> &Rules {
        let settings = &self.followed.settings;
        settings.ever.get(settings.now).unwrap_or(self.rules)
    }

    /// A knob of which everybody thinks the same, whenever their process started.
    pub(super) fn settled<T: PartialEq>(&self, knob: impl Fn(&Rules) -> &T) -> Option<&T> {
        let first = knob(self.rules);
        let ever = &self.followed.settings.ever;
        let same = ever.iter().all(|rules| knob(rules) == first);
        same.then(|| knob(self.rules))
    }

    /// The session that the present event or call is about; of another entry this says nothing.
    pub(super) fn place(&self) -> &Place {
        self.followed.places.latest()
    }

    /// The same; of a device that is in one room at a time it is its only one, without a room.
    pub(super) fn session(&self) -> &Place {
        &self.followed.session
    }

    /// Did this device choose to be in several rooms?
    pub(super) fn is_in_several(&self, device: &str) -> bool {
        self.followed.several.contains(device)
    }

    /// What apps were told last.
    pub(super) fn told(&self) -> &Told {
        &self.followed.told
    }

    /// What the present call was made because of: the events it may be because of, several when
    /// one callback told several things at that instant.
    pub(super) fn causes(&self) -> &[causes::Told] {
        self.followed.causes.now()
    }

    /// The first moment at which the ticket that the present call brings is over; `None` where it
    /// has a fault, or where no ticket decides.
    pub(super) fn over(&self) -> Option<Time> {
        self.followed.over
    }

    /// How long the tickets of sessions last.
    pub(super) fn lives(&self) -> &Lives {
        &self.followed.lives
    }

    /// What is sent with the present entry, message by message.
    pub(super) fn says(&self) -> &[Says] {
        &self.followed.says
    }

    /// Which link is whose.
    pub(super) fn links(&self) -> &Links {
        &self.followed.links
    }

    /// Which processes stand still.
    pub(super) fn frozen(&self) -> &Frozen {
        &self.followed.frozen
    }

    /// How long the process stood still that goes on with the present entry.
    pub(super) fn stood_still(&self) -> Option<Millis> {
        self.followed.stood_still
    }

    /// Does anybody document this knob?
    pub(super) fn documents(&self, knob: &str) -> bool {
        !self.profile.undocumented.contains(knob)
    }
}
