//! Which rare situations a run went through: proof that the generator gets there.

use std::collections::{BTreeMap, BTreeSet};

use conformance::case::States;
use conformance::scenario::{AppAct, NetworkWord, SessionWord};
use conformance::transcript::{Entry, SERVER, Transcript, What};
use session::time::{Millis, Time};
use session::words::{EndCause, ErrorWord, Event, Reason, State};

session::words! {
    /// A rare situation.
    Mark, "mark" {
        KickWhileReconnecting = "kick-while-reconnecting", "a session is ended by a kick while its device is reconnecting";
        KickWhileLoggingIn = "kick-while-logging-in", "a session is ended by a kick before its device knows that it is logged in";
        KickWhileStandingStill = "kick-while-standing-still", "a session is ended by a kick while the process of its device stands still";
        LateKick = "late-kick", "a kicked device logs in again before it has heard of the kick of its old session";
        LogoutCrossesKick = "logout-crosses-kick", "a session is ended by a kick while its logout is under way";
        LostKick = "lost-kick", "the news of a kick never leaves the server";
        BanWhileReconnecting = "ban-while-reconnecting", "a user is banned while a device is reconnecting";
        RevokedTicket = "revoked-ticket", "a ticket is refused because it was made worthless";
        ExpiryWhileReconnecting = "expiry-while-reconnecting", "a ticket runs out while its device is reconnecting";
        ExpiryWithWrongClock = "expiry-with-wrong-clock", "a device with a wrong clock hears that its ticket runs out";
        RenewalCrossesExpiry = "renewal-crosses-expiry", "a ticket runs out while its renewal is under way";
        RenewalLosesItsLink = "renewal-loses-its-link", "a link is lost while a renewal is under way";
        SecondRenewal = "second-renewal", "a session is renewed for the second time";
        RenewalAfterWarning = "renewal-after-warning", "a session is renewed after its app was warned";
        WindowEnd = "window-end", "a reconnect window is used up";
        WindowEndRace = "window-end-race", "a link comes up within a second of the end of the window";
        ReconnectedLate = "reconnected-late", "a session comes back after more than half a minute";
        HalfOpen = "half-open", "a device notices a link that silently died";
        OldLinkReplaced = "old-link-replaced", "a session comes back over a new link while the server still holds the old one";
        LoginWhileLoggingIn = "login-while-logging-in", "a login is called while one is running";
        LoginWhileReconnecting = "login-while-reconnecting", "a login is called while reconnecting";
        LoginsAtOnce = "logins-at-once", "two devices log the same user in at the same instant";
        LoginInsideKick = "login-inside-kick", "a login is called from inside the callback of a kick";
        LoginOfAnother = "login-of-another", "another user logs in on a client that is online";
        LogoutWhileLoggingIn = "logout-while-logging-in", "a logout is called while a login is running";
        LogoutWhileReconnecting = "logout-while-reconnecting", "a logout is called while reconnecting";
        DestroyedInACall = "destroyed-in-a-call", "a client is destroyed while another call is open";
        CrashWhileLoggingIn = "crash-while-logging-in", "an app crashes while it logs in";
        CrashWhileReconnecting = "crash-while-reconnecting", "an app crashes while reconnecting";
        GhostFound = "ghost-found", "a device logs in while the server still has its old session";
        RestartWhileLoggingIn = "restart-while-logging-in", "the server stops while a login is under way";
        RestartWhileRenewing = "restart-while-renewing", "the server stops while a renewal is under way";
        SeveralRooms = "several-rooms", "a device is in two rooms at once";
        ResumedAfterRestart = "resumed-after-restart", "a session goes on at a server that was started anew";
    }
}

/// How many runs went through each situation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(BTreeMap<Mark, u64>);

impl Reach {
    /// Counts one more run.
    pub fn add(&mut self, marks: &BTreeSet<Mark>) {
        for mark in marks {
            *self.0.entry(*mark).or_default() += 1;
        }
    }

    /// Adds what somebody else counted.
    pub fn merge(&mut self, other: &Reach) {
        for (mark, runs) in &other.0 {
            *self.0.entry(*mark).or_default() += runs;
        }
    }

    /// Every situation and how many runs went through it.
    pub fn all(&self) -> impl Iterator<Item = (Mark, u64)> {
        Mark::ALL
            .iter()
            .map(|mark| (*mark, self.0.get(mark).copied().unwrap_or(0)))
    }
}

/// The situations that this run went through.
pub fn marks(transcript: &Transcript, into_room: bool) -> BTreeSet<Mark> {
    let mut follower = Follower {
        states: States::new(into_room),
        devices: BTreeMap::new(),
        losing_kicks: false,
        restarted: false,
        closed_at: None,
        logins: BTreeMap::new(),
        marks: BTreeSet::new(),
    };
    for entry in &transcript.entries {
        follower.follow(entry);
    }
    follower.marks
}

struct Follower {
    states: States,
    devices: BTreeMap<String, Box<Device>>,
    /// The server was told to lose the news of kicks.
    losing_kicks: bool,
    restarted: bool,
    /// When the server last closed a link.
    closed_at: Option<Time>,
    /// The users that were logged in at the last instant somebody was, and by whom.
    logins: BTreeMap<String, (Time, String)>,
    marks: BTreeSet<Mark>,
}

/// What is known of a device.
#[derive(Debug, Default)]
struct Device {
    /// Open calls by number.
    open: BTreeMap<u32, Open>,
    /// Who is logged in, as far as its own record tells.
    user: Option<String>,
    stands_still: bool,
    loses_everything: bool,
    skew: i64,
    /// When a link last came up.
    linked: Option<Time>,
    reconnecting_since: Option<Time>,
    warned: bool,
    renewals: u32,
    heard_kick_at: Option<Time>,
    /// The server ended its session, and it has not heard so.
    unheard_kick: bool,
    /// Sessions the server has for it, by room.
    sessions: BTreeMap<String, String>,
    rooms: BTreeSet<String>,
}

#[derive(Debug)]
struct Open {
    api: String,
    user: Option<String>,
}

impl Device {
    fn has_open(&self, api: &str) -> bool {
        self.open.values().any(|open| open.api == api)
    }
}

impl Follower {
    fn follow(&mut self, entry: &Entry) {
        let state = self.states.of(&entry.actor, None);
        if entry.actor == SERVER {
            self.server(entry);
        } else {
            let mut device = self.take(&entry.actor);
            self.device(entry, state, &mut device);
            self.put_back(&entry.actor, device);
        }
        self.states.follow(entry);
    }

    /// What is known of a device; an empty one keeps its place until it is put back.
    fn take(&mut self, name: &str) -> Box<Device> {
        let known = self.devices.get_mut(name);
        known.map(std::mem::take).unwrap_or_default()
    }

    fn put_back(&mut self, name: &str, device: Box<Device>) {
        match self.devices.get_mut(name) {
            Some(place) => *place = device,
            None => drop(self.devices.insert(name.to_owned(), device)),
        }
    }

    fn mark(&mut self, mark: Mark, happened: bool) {
        if happened {
            self.marks.insert(mark);
        }
    }

    fn server(&mut self, entry: &Entry) {
        match &entry.what {
            What::Session(session) => {
                let state = self.states.of(&session.device, None);
                let mut device = self.take(&session.device);
                match session.is {
                    SessionWord::Opened => {
                        let room = session.room.clone().unwrap_or_default();
                        let old = device.sessions.insert(room, session.session.clone());
                        self.mark(Mark::GhostFound, old.is_some());
                    }
                    SessionWord::Resumed => {
                        self.mark(Mark::ResumedAfterRestart, self.restarted);
                        self.mark(Mark::OldLinkReplaced, self.closed_at == Some(entry.at));
                    }
                    SessionWord::Ended => {
                        device
                            .sessions
                            .retain(|_, of_room| *of_room != session.session);
                        let kicked = matches!(
                            session.cause,
                            Some(EndCause::NewerLogin | EndCause::Server | EndCause::Banned)
                        );
                        if kicked {
                            device.unheard_kick = true;
                            self.mark(Mark::KickWhileReconnecting, state == State::Reconnecting);
                            self.mark(Mark::KickWhileLoggingIn, state == State::LoggingIn);
                            self.mark(Mark::KickWhileStandingStill, device.stands_still);
                            self.mark(Mark::LogoutCrossesKick, device.has_open("logout"));
                            self.mark(Mark::LostKick, self.losing_kicks);
                        }
                    }
                    SessionWord::Registered | SessionWord::Counted => {}
                }
                self.put_back(&session.device, device);
            }
            What::Close { .. } => self.closed_at = Some(entry.at),
            What::Server { act } => {
                if act.starts_with("drop kicked-out") {
                    self.losing_kicks = true;
                }
                if act.starts_with("ban ") {
                    let any = self.any(|_, state| state == State::Reconnecting);
                    self.mark(Mark::BanWhileReconnecting, any);
                }
                if matches!(act.as_str(), "restart" | "stop") {
                    self.restarted = true;
                    let logging_in = self.any(|_, state| state == State::LoggingIn);
                    let renewing = self.any(|device, _| device.has_open("renew-token"));
                    self.mark(Mark::RestartWhileLoggingIn, logging_in);
                    self.mark(Mark::RestartWhileRenewing, renewing);
                }
            }
            _ => {}
        }
    }

    fn any(&self, is: impl Fn(&Device, State) -> bool) -> bool {
        let mut devices = self.devices.iter();
        devices.any(|(name, device)| is(device, self.states.of(name, None)))
    }

    fn device(&mut self, entry: &Entry, state: State, device: &mut Device) {
        match &entry.what {
            What::Call(call) => {
                let user = call.args.get("user").cloned();
                self.called(
                    entry,
                    &call.api,
                    user.as_ref(),
                    call.inside.is_some(),
                    state,
                    device,
                );
                let open = Open {
                    api: call.api.clone(),
                    user,
                };
                device.open.insert(call.id, open);
            }
            What::Result(result) => {
                let open = device.open.remove(&result.id);
                self.mark(
                    Mark::RevokedTicket,
                    result.error == Some(ErrorWord::TokenRevoked),
                );
                if let Some(open) = open.filter(|_| result.ok) {
                    self.succeeded(open, device);
                }
            }
            What::Event(event) => {
                if let Some(word) = event.event {
                    self.heard(
                        entry,
                        word,
                        event.reason,
                        event.room.as_deref(),
                        state,
                        device,
                    );
                }
            }
            What::LinkUp { .. } => device.linked = Some(entry.at),
            What::LinkDown { .. } => {
                self.mark(Mark::RenewalLosesItsLink, device.has_open("renew-token"));
            }
            What::Network { is: Some(is), .. } => match is {
                NetworkWord::BlackHole => device.loses_everything = true,
                NetworkWord::Up => device.loses_everything = false,
                _ => {}
            },
            What::Clock { skew } => device.skew = *skew,
            What::App { is } => self.app(*is, state, device),
            _ => {}
        }
    }

    fn app(&mut self, is: AppAct, state: State, device: &mut Device) {
        match is {
            AppAct::Frozen => device.stands_still = true,
            AppAct::Resumed => device.stands_still = false,
            AppAct::Crashed => {
                self.mark(Mark::CrashWhileLoggingIn, state == State::LoggingIn);
                self.mark(Mark::CrashWhileReconnecting, state == State::Reconnecting);
                let sessions = std::mem::take(&mut device.sessions);
                *device = Device {
                    sessions,
                    skew: device.skew,
                    ..Device::default()
                };
            }
            AppAct::Started | AppAct::Background | AppAct::Foreground => {}
        }
    }

    fn called(
        &mut self,
        entry: &Entry,
        api: &str,
        user: Option<&String>,
        inside: bool,
        state: State,
        device: &mut Device,
    ) {
        match api {
            "login" => {
                self.mark(Mark::LoginWhileLoggingIn, state == State::LoggingIn);
                self.mark(Mark::LoginWhileReconnecting, state == State::Reconnecting);
                self.mark(Mark::LateKick, device.unheard_kick);
                self.mark(
                    Mark::LoginOfAnother,
                    state == State::Online && user != device.user.as_ref(),
                );
                if let Some(user) = user {
                    let before = self
                        .logins
                        .insert(user.clone(), (entry.at, entry.actor.clone()));
                    let at_once =
                        before.is_some_and(|(at, by)| at == entry.at && by != entry.actor);
                    self.mark(Mark::LoginsAtOnce, at_once);
                }
                self.mark(
                    Mark::LoginInsideKick,
                    inside && state == State::LoggedOut && device.heard_kick_at == Some(entry.at),
                );
            }
            "logout" => {
                self.mark(Mark::LogoutWhileLoggingIn, state == State::LoggingIn);
                self.mark(Mark::LogoutWhileReconnecting, state == State::Reconnecting);
            }
            "destroy" => self.mark(Mark::DestroyedInACall, !device.open.is_empty()),
            _ => {}
        }
    }

    fn succeeded(&mut self, open: Open, device: &mut Device) {
        match open.api.as_str() {
            "login" => {
                device.user = open.user;
                device.renewals = 0;
                device.warned = false;
            }
            "renew-token" => {
                device.renewals += 1;
                self.mark(Mark::SecondRenewal, device.renewals == 2);
                self.mark(Mark::RenewalAfterWarning, device.warned);
                device.warned = false;
            }
            _ => {}
        }
    }

    fn heard(
        &mut self,
        entry: &Entry,
        word: Event,
        reason: Option<Reason>,
        room: Option<&str>,
        state: State,
        device: &mut Device,
    ) {
        match word {
            Event::KickedOut => {
                device.unheard_kick = false;
                device.heard_kick_at = Some(entry.at);
            }
            Event::TokenWillExpire => {
                device.warned = true;
                self.mark(Mark::ExpiryWithWrongClock, device.skew != 0);
            }
            Event::TokenExpired => {
                self.mark(Mark::ExpiryWithWrongClock, device.skew != 0);
                self.mark(Mark::ExpiryWhileReconnecting, state == State::Reconnecting);
                self.mark(Mark::RenewalCrossesExpiry, device.has_open("renew-token"));
            }
            Event::Reconnecting => {
                device.reconnecting_since = Some(entry.at);
                self.mark(Mark::HalfOpen, device.loses_everything);
            }
            Event::Reconnected => {
                let late = |since: Time| entry.at.since(since) > Millis::seconds(30);
                self.mark(
                    Mark::ReconnectedLate,
                    device.reconnecting_since.take().is_some_and(late),
                );
            }
            Event::ReconnectFailed if reason == Some(Reason::WindowEnded) => {
                self.mark(Mark::WindowEnd, true);
                let just_now = |at: Time| entry.at.since(at) <= Millis::seconds(1);
                self.mark(Mark::WindowEndRace, device.linked.is_some_and(just_now));
            }
            Event::LoggedIn => {
                device.rooms.extend(room.map(str::to_owned));
                self.mark(Mark::SeveralRooms, device.rooms.len() > 1);
            }
            _ => {}
        }
        let ended = word.leads_to() == Some(State::LoggedOut);
        if ended {
            device.reconnecting_since = None;
            match room {
                Some(room) => {
                    device.rooms.remove(room);
                }
                None => device.rooms.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
