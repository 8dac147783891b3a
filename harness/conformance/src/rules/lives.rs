//! How long the ticket of each session lasts, as far as the record tells.
//!
//! The label of a ticket says how long it is good for from the call that brings it. Which of
//! several renewals is in force may be unknown for a while: the end then lies between two moments.

use session::time::Time;
use session::words::{ErrorWord, Event, State};

use super::each::{Each, changes_hearing};
use super::few::Map;
use crate::case::Place;
use crate::scenario::AppAct;
use crate::transcript::{CallAnswered, CallMade, Entry, EventSeen, What};

/// The ticket a session lives on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// When it ends, not before the first and not after the second.
    pub(super) ends: (Time, Time),
    /// Since when the client can know that.
    pub(super) since: Time,
    /// Was the session online on it, or on one before it? Until then a device that logged in
    /// offline has only its own clock to count by.
    pub(super) accepted: bool,
    /// Is it sure that the client heard in time how long it lasts? A process that stood still
    /// may have read an old answer.
    pub(super) sure: bool,
    /// Did it take the place of an earlier one?
    pub(super) renewed: bool,
    pub(super) state: State,
    /// Which call brought it, in the order in which they were made.
    pub(super) call: u32,
    /// Did the process stand still since the link was lost?
    stood_still: bool,
}

/// The tickets of all sessions.
#[derive(Debug, Default)]
pub(super) struct Lives {
    of: Each<Life>,
    /// The calls that bring tickets and have no result yet.
    open: Map<u32, Brings>,
    /// How many such calls were made. Numbers of calls do not tell which was later: one that
    /// waits for its ticket has its number before it is made.
    made: u32,
    until_now: Option<UntilNow>,
    changed: bool,
}

/// What was known of a session's ticket before the present event.
#[derive(Debug, Clone, Copy)]
pub(super) struct UntilNow {
    pub(super) life: Life,
    /// As [`Lives::ends`] said.
    pub(super) ends: Option<(Time, Time)>,
    pub(super) is_renewing: bool,
}

/// What is followed besides, and is known of the present entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present<'a> {
    /// The session that an event is about; with one room at a time a device has only one.
    pub(super) session: &'a Place,
    /// When the ticket is over that a call brings.
    pub(super) over: Option<Time>,
    /// Can this device have several sessions?
    pub(super) several: bool,
}

#[derive(Debug)]
struct Brings {
    made: u32,
    device: String,
    /// The room; `None` where the call leaves it open.
    room: Option<String>,
    is_renewal: bool,
    ends: Option<(Time, Time)>,
    stood_still: bool,
}

impl Lives {
    /// Follows one entry.
    pub(super) fn follow(&mut self, entry: &Entry, present: Present<'_>) {
        let device = &entry.actor;
        self.changed = true;
        match &entry.what {
            What::Event(event) => self.event(entry, event, present.session),
            What::Call(call) => self.call(entry, call, present),
            What::Result(answer) => self.result(entry, answer),
            What::App {
                is: AppAct::Crashed,
            } => {
                self.of.forget(device);
                self.open.retain(|_, brings| brings.device != *device);
            }
            What::App { is: AppAct::Frozen } => {
                for (_, life) in self.of.of_mut(device) {
                    life.sure = false;
                    life.stood_still = true;
                }
                let brings = self.open.values_mut();
                for brings in brings.filter(|brings| brings.device == *device) {
                    brings.stood_still = true;
                }
            }
            _ => self.changed = false,
        }
    }

    /// Can something have changed with the present entry about its actor's sessions?
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// What was known, before the present event, of the session it is about.
    pub(super) fn until_now(&self) -> Option<&UntilNow> {
        self.until_now.as_ref()
    }

    pub(super) fn of(&self, device: &str) -> impl Iterator<Item = (&String, &Life)> {
        self.of.of(device)
    }

    /// When the ticket of a session ends, if a renewal under way may count already; `None` where
    /// one of those has a fault.
    pub(super) fn ends(&self, place: &Place) -> Option<(Time, Time)> {
        let life = self.of.get(place)?;
        self.later_renewals(place, life.call)
            .try_fold(life.ends, |ends, later| Some(hull(ends, later?)))
    }

    /// Is a renewal of this session under way?
    pub(super) fn is_renewing(&self, place: &Place) -> bool {
        self.renewals(place).next().is_some()
    }

    fn renewals<'a>(
        &'a self,
        (device, room): &'a Place,
    ) -> impl Iterator<Item = (u32, &'a Brings)> {
        let open = self.open.values().map(|brings| (brings.made, brings));
        open.filter(move |(_, brings)| {
            brings.is_renewal
                && brings.device == *device
                && brings.room.as_ref().is_none_or(|of| of == room)
        })
    }

    /// What renewals bring that were asked for after this call: the last one counts.
    fn later_renewals<'a>(
        &'a self,
        place: &'a Place,
        call: u32,
    ) -> impl Iterator<Item = Option<(Time, Time)>> {
        let later = self.renewals(place).filter(move |(later, _)| *later > call);
        later.map(|(_, brings)| brings.ends)
    }

    fn event(&mut self, entry: &Entry, event: &EventSeen, place: &Place) {
        self.until_now = self.of.get(place).map(|life| UntilNow {
            life: *life,
            ends: self.ends(place),
            is_renewing: self.is_renewing(place),
        });
        let Some(state) = event.state else { return };
        if event.event == Some(Event::LoggingIn) {
            return self.begins(place, entry.at);
        }
        if state == State::LoggedOut {
            self.of.remove(place);
            return;
        }
        let Some(life) = self.of.get_mut(place) else {
            return;
        };
        match event.event {
            Some(Event::LoggedIn | Event::Reconnected) => {
                life.accepted = true;
                life.sure |= !life.stood_still;
                life.since = entry.at;
            }
            Some(Event::Reconnecting) => life.stood_still = false,
            _ => {}
        }
        life.state = state;
    }

    /// A session begins with the ticket of a call under way; with one of them, if several are. Where
    /// one of those has a fault, nobody can tell. A renewal that was called after the login is
    /// answered as a renewal, whether or not the login carries it.
    fn begins(&mut self, place: &Place, at: Time) {
        self.of.remove(place);
        let is_here = |brings: &&Brings| {
            brings.device == place.0 && brings.room.as_ref().is_none_or(|room| *room == place.1)
        };
        let brings: Vec<&Brings> = self.open.values().filter(is_here).collect();
        let ends: Option<Vec<_>> = brings.iter().map(|brings| brings.ends).collect();
        let last = |renewals: bool| {
            let such = brings.iter().filter(|brings| brings.is_renewal == renewals);
            such.map(|brings| brings.made).max()
        };
        let (Some(ends), Some(call)) = (
            ends.and_then(|ends| ends.into_iter().reduce(hull)),
            last(false).or_else(|| last(true)),
        ) else {
            return;
        };
        let life = Life {
            ends,
            since: at,
            accepted: false,
            sure: true,
            renewed: false,
            state: State::LoggingIn,
            call,
            stood_still: false,
        };
        self.of.insert(place, life);
    }

    fn call(&mut self, entry: &Entry, call: &CallMade, present: Present<'_>) {
        let device = &entry.actor;
        let Present { over, several, .. } = present;
        match call.api.as_str() {
            "login" | "switch-room" | "renew-token" => {
                self.made += 1;
                let room = match several {
                    true => call.args.get("room").cloned(),
                    false => Some(String::new()),
                };
                let brings = Brings {
                    made: self.made,
                    device: device.clone(),
                    room,
                    is_renewal: call.api == "renew-token",
                    ends: over.map(|over| (over, over)),
                    stood_still: false,
                };
                self.open.insert(call.id, brings);
            }
            // The app takes over; what becomes of the session need not be told.
            "logout" => match call.args.get("room").filter(|_| several) {
                Some(room) => drop(self.of.remove(&(device.clone(), room.clone()))),
                None => drop(self.of.forget(device)),
            },
            "destroy" => drop(self.of.forget(device)),
            _ if changes_hearing(call) => drop(self.of.forget(device)),
            _ => {}
        }
        if call.api == "switch-room" {
            match call.args.get("from").filter(|_| several) {
                Some(room) => drop(self.of.remove(&(device.clone(), room.clone()))),
                None => drop(self.of.forget(device)),
            }
        }
    }

    fn result(&mut self, entry: &Entry, answer: &CallAnswered) {
        if answer.api == "destroy" && answer.ok {
            self.of.forget(&entry.actor);
        }
        let Some(brings) = self.open.remove(&answer.id).filter(|b| b.is_renewal) else {
            return;
        };
        // The server may have taken it all the same.
        let unknown = matches!(
            answer.error,
            None | Some(ErrorWord::TimedOut | ErrorWord::ConnectionLost)
        );
        let Some(ends) = brings.ends else {
            // With a fault, and perhaps taken all the same: nobody can tell when that one ends.
            if answer.ok || unknown {
                self.of.forget(&brings.device);
            }
            return;
        };
        let Some(room) = brings.room else {
            // It may be about any of them.
            self.of.forget(&brings.device);
            return;
        };
        let place = (brings.device, room);
        let Some(life) = self.of.get_mut(&place) else {
            return;
        };
        if answer.ok && brings.made > life.call {
            life.ends = ends;
            life.since = entry.at;
            life.sure = !brings.stood_still;
            life.renewed = true;
            life.call = brings.made;
        } else if !answer.ok && unknown {
            life.ends = hull(life.ends, ends);
        }
    }
}

fn hull(one: (Time, Time), other: (Time, Time)) -> (Time, Time) {
    (one.0.min(other.0), one.1.max(other.1))
}
