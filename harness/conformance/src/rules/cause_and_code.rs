//! I12: what an app is told about an end is what happened: a kick has its own cause, an expired
//! ticket is not confused with another fault, and the app's own logout is no kick (EXP-043,
//! ZIM-035, TIM-066).

use session::rules::OfflineLogin;
use session::time::Time;
use session::words::{EndCause, ErrorWord, Event, Reason, State};

use super::each::{Each, changes_hearing};
use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation};
use crate::case::Place;
use crate::requirement::Party;
use crate::scenario::{AppAct, SessionWord};
use crate::text;
use crate::transcript::{CallMade, Entry, EventSeen, SERVER, SessionSeen, What};

/// A cause that is not the true one.
const KICK: &str = "kick";
/// The same at a reconnection.
const RECONNECTION: &str = "reconnection";
/// The app's own logout, told as a kick.
const OWN_LOGOUT: &str = "own-logout";
/// A logout that the app did not ask for.
const LOGOUT: &str = "logout";
/// A ticket that had not run out is said to have.
const NOT_EXPIRED: &str = "not-expired";

/// What really happened to each session.
#[derive(Debug, Default)]
pub(super) struct CauseAndCode {
    sessions: Each<Truth>,
    /// The last act of an administrator on each user: the entry of each kind.
    acts: Map<String, Acts>,
    /// When each user last opened a session on each device, as the number of the entry.
    opened: Map<String, Map<String, usize>>,
    apps: Map<String, App>,
}

/// What the server did to the sessions of one device in one room.
#[derive(Debug, Default)]
struct Truth {
    user: String,
    /// The entry with which the login started, as far as the app was told.
    started: usize,
    state: Option<State>,
    /// Did the server open it? Until then the server's record says nothing.
    opened: bool,
    /// How it has ended since.
    displaced: bool,
    by_server: bool,
    banned: bool,
    last: Option<EndCause>,
}

#[derive(Debug, Default)]
struct Acts {
    kick: Option<usize>,
    ban: Option<usize>,
}

/// What the app asked for.
#[derive(Debug, Default)]
struct App {
    /// Calls that end sessions, without a result yet.
    leaving: Vec<u32>,
    /// Was one made since the last login succeeded?
    asked: bool,
    /// Logins under way, and when their ticket ends.
    logins: Map<u32, Time>,
}

impl Rule for CauseAndCode {
    fn id(&self) -> &'static str {
        "I12"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[KICK, RECONNECTION, OWN_LOGOUT, LOGOUT, NOT_EXPIRED]
    }

    /// The true cause is the server's to know.
    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::SESSION | Kinds::APP | Kinds::SERVER
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Session(seen) => self.session(index, seen, about),
            What::Server { act } if entry.actor == SERVER => self.act(index, act),
            What::Event(event) => {
                if let Some((aspect, expected)) = self.event(index, entry, event, about, found) {
                    found.violations.push(Violation {
                        aspect,
                        entry: index,
                        actor: device.clone(),
                        expected,
                        seen: text::say(entry),
                    });
                }
            }
            What::Call(call) => self.call(entry, call, about),
            What::Result(answer) => {
                let Some(app) = self.apps.get_mut(device) else {
                    return;
                };
                app.leaving.retain(|call| *call != answer.id);
                let ends = app.logins.remove(&answer.id);
                // With some vendors one number stands for several faults.
                let api = answer.api.parse().ok();
                let is_sure = || {
                    let code = answer.code;
                    code.is_none_or(|code| about.profile.errors_of(code, api).len() < 2)
                };
                if answer.error == Some(ErrorWord::TokenExpired)
                    && is_sure()
                    && ends.is_some_and(|ends| entry.at + about.profile.bounds.tolerance < ends)
                {
                    found.violations.push(Violation {
                        aspect: NOT_EXPIRED,
                        entry: index,
                        actor: device.clone(),
                        expected: "token-expired only for a ticket that has run out".into(),
                        seen: text::say(entry),
                    });
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.apps.remove(device);
                self.sessions.forget(device);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

impl CauseAndCode {
    fn session(&mut self, index: usize, seen: &SessionSeen, about: &About<'_>) {
        let room = seen.room.clone().filter(|_| about.rules.login.into_room);
        let place = (seen.device.clone(), room.unwrap_or_default());
        if self.sessions.get(&place).is_none() {
            self.sessions.insert(&place, Truth::default());
        }
        if seen.is == SessionWord::Opened {
            let devices = self.opened.or_default(&seen.user);
            devices.insert(seen.device.clone(), index);
        }
        let Some(truth) = self.sessions.get_mut(&place) else {
            return;
        };
        match seen.is {
            SessionWord::Opened => {
                // A login of its own that comes late may displace the session it has.
                let has_one = matches!(truth.state, Some(State::Online | State::Reconnecting));
                if !has_one {
                    truth.server_knows_nothing();
                }
                truth.user.clone_from(&seen.user);
                truth.opened = true;
            }
            SessionWord::Resumed | SessionWord::Registered | SessionWord::Counted => {}
            SessionWord::Ended => {
                truth.last = seen.cause;
                match seen.cause {
                    Some(EndCause::NewerLogin) => truth.displaced = true,
                    Some(EndCause::Server) => truth.by_server = true,
                    Some(EndCause::Banned) => truth.banned = true,
                    _ => {}
                }
            }
        }
    }

    fn act(&mut self, index: usize, act: &str) {
        // A kick may make tickets worthless, which a device that was away hears of later.
        let user_of = |what: &str| {
            let rest = act.strip_prefix(what)?;
            let user = rest.split(" in ").next()?.split(" on ").next()?;
            Some(user.to_owned())
        };
        if let Some(user) = user_of("kick ").or_else(|| user_of("revoke the tickets of ")) {
            self.acts.or_default(&user).kick = Some(index);
        } else if let Some(user) = user_of("ban ") {
            self.acts.or_default(&user).ban = Some(index);
        }
    }

    fn call(&mut self, entry: &Entry, call: &CallMade, about: &About<'_>) {
        let app = self.apps.or_default(&entry.actor);
        match call.api.as_str() {
            "logout" | "destroy" => {
                app.leaving.push(call.id);
                app.asked = true;
            }
            "login" | "switch-room" => {
                // A login that takes the place of a session may end it with a word of its own.
                app.asked = true;
                if call.api == "switch-room" {
                    app.leaving.push(call.id);
                }
                // Offline a device has its own clock only, which may be wrong.
                let offline = call.args.contains_key("offline")
                    && about.rules.login.offline != OfflineLogin::None;
                if let Some(ends) = about.over().filter(|_| !offline) {
                    app.logins.insert(call.id, ends);
                }
            }
            _ if changes_hearing(call) => {
                for (_, truth) in self.sessions.of_mut(&entry.actor) {
                    truth.started = 0;
                    truth.state = None;
                }
                app.asked = true;
            }
            _ => {}
        }
    }

    fn event(
        &mut self,
        index: usize,
        entry: &Entry,
        event: &EventSeen,
        about: &About<'_>,
        found: &mut Found,
    ) -> Option<(&'static str, String)> {
        let place = about.place();
        let state = event.state?;
        if self.sessions.get(place).is_none() {
            self.sessions.insert(place, Truth::default());
        }
        let was = {
            let truth = self.sessions.get_mut(place)?;
            if event.event == Some(Event::LoggingIn) {
                truth.started = index;
                truth.server_knows_nothing();
            }
            truth.state.replace(state)
        };
        let app = self.apps.or_default(&entry.actor);
        if event.event == Some(Event::LoggedIn) && app.leaving.is_empty() {
            app.asked = false;
        }
        if state != State::LoggedOut || was.is_none_or(|was| was == State::LoggedOut) {
            return None;
        }
        match (event.event, event.reason) {
            (Some(Event::LoggedOut), reason) => {
                let unasked = !app.asked && reason != Some(Reason::Server);
                unasked.then(|| (LOGOUT, "logged-out only for a logout of the app".into()))
            }
            (Some(Event::KickedOut | Event::ReconnectFailed), Some(reason)) => {
                self.kicked(place, was, reason, found)
            }
            _ => None,
        }
    }

    /// Did this cause happen to the session since its login?
    fn kicked(
        &self,
        place: &Place,
        was: Option<State>,
        reason: Reason,
        found: &mut Found,
    ) -> Option<(&'static str, String)> {
        if !matches!(reason, Reason::NewerLogin | Reason::Server | Reason::Banned) {
            return None;
        }
        let truth = self.sessions.get(place)?;
        if !truth.opened {
            let who = super::each::say(place);
            let said = format!("nobody knows what the server did to the session of {who}");
            found.inconclusive.push(said);
            return None;
        }
        let acts = self.acts.get(&truth.user);
        let since = |at: Option<usize>| at.is_some_and(|at| at > truth.started);
        let is_true = match reason {
            Reason::NewerLogin => truth.displaced || self.is_newer(place, truth),
            Reason::Server => truth.by_server || since(acts.and_then(|acts| acts.kick)),
            Reason::Banned => truth.banned || since(acts.and_then(|acts| acts.ban)),
            _ => true,
        };
        if is_true {
            return None;
        }
        let aspect = match (truth.last, was) {
            (Some(EndCause::Logout), _) => OWN_LOGOUT,
            (_, Some(State::Reconnecting)) => RECONNECTION,
            _ => KICK,
        };
        let told = match truth.last {
            Some(cause) => format!("the true cause, {cause}"),
            None => format!("{reason} only where that happened"),
        };
        Some((aspect, told))
    }

    /// A server that restarted knows of no end, but of a later session elsewhere.
    fn is_newer(&self, place: &Place, truth: &Truth) -> bool {
        let devices = self.opened.get(&truth.user).into_iter().flat_map(Map::iter);
        let mut others = devices.filter(|(device, _)| **device != place.0);
        others.any(|(_, at)| *at > truth.started)
    }
}

impl Truth {
    fn server_knows_nothing(&mut self) {
        self.opened = false;
        self.displaced = false;
        self.by_server = false;
        self.banned = false;
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, ErrorWord, Event, Reason};

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    fn online() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .opened_for(20, "phone", "alice")
            .event(40, "phone", Event::LoggedIn)
            .result(40, "phone", 1)
    }

    fn told(lines: Lines, reason: Reason) -> Lines {
        lines.event_because(1_100, "phone", Event::KickedOut, reason)
    }

    #[test]
    fn the_true_cause_satisfies_it() {
        for (cause, reason) in [
            (EndCause::NewerLogin, Reason::NewerLogin),
            (EndCause::Server, Reason::Server),
            (EndCause::Banned, Reason::Banned),
        ] {
            let lines = told(online().ended_for(1_050, "phone", cause), reason);
            assert_eq!(violated("I12", lines.clone().end(9_000)), None);
            assert!(!inconclusive("I12", lines.end(9_000)));
        }
    }

    #[test]
    fn another_cause_violates_it() {
        let ended = online().ended_for(1_050, "phone", EndCause::Server);
        let lines = told(ended, Reason::NewerLogin);
        let at = lines.len() - 1;
        assert_eq!(violated("I12", lines.end(9_000)), Some(at));
    }

    #[test]
    fn the_own_logout_as_a_kick_violates_it() {
        let left =
            online()
                .call(1_000, "phone", 2, "logout")
                .ended_for(1_050, "phone", EndCause::Logout);
        let lines = told(left.clone(), Reason::Server);
        let at = lines.len() - 1;
        assert_eq!(violated("I12", lines.end(9_000)), Some(at));
        let right = left.event_because(1_100, "phone", Event::LoggedOut, Reason::Logout);
        assert_eq!(violated("I12", right.end(9_000)), None);
    }

    #[test]
    fn a_logout_that_nobody_asked_for_violates_it() {
        let lines = online().event_because(1_100, "phone", Event::LoggedOut, Reason::Logout);
        let at = lines.len() - 1;
        assert_eq!(violated("I12", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_good_ticket_that_is_called_expired_violates_it() {
        let login = |life: &str| {
            Lines::default()
                .call(0, "phone", 1, "login")
                .with("ticket", &format!("ticket#1 (alice, ends +{life})"))
                .fails(5_000, "phone", 1, ErrorWord::TokenExpired)
        };
        assert_eq!(violated("I12", login("1m").end(9_000)), Some(1));
        assert_eq!(violated("I12", login("5s").end(9_000)), None);
    }

    #[test]
    fn without_the_servers_record_nobody_can_tell() {
        let lines = told(Lines::default().login(0, "phone", 1), Reason::Server);
        assert_eq!(violated("I12", lines.clone().end(9_000)), None);
        assert!(inconclusive("I12", lines.end(9_000)));
    }

    #[test]
    fn a_newer_session_elsewhere_is_reason_enough() {
        let lines = told(
            online().opened_for(1_000, "tablet", "alice"),
            Reason::NewerLogin,
        );
        assert_eq!(violated("I12", lines.end(9_000)), None);
        let other = told(
            online().opened_for(1_000, "tablet", "bob"),
            Reason::NewerLogin,
        );
        assert!(violated("I12", other.end(9_000)).is_some());
    }

    #[test]
    fn a_late_login_of_its_own_is_reason_enough() {
        let displaced = online()
            .ended_for(1_000, "phone", EndCause::NewerLogin)
            .opened_for(1_000, "phone", "alice")
            .ended_for(1_000, "phone", EndCause::Logout);
        let lines = told(displaced, Reason::NewerLogin);
        assert_eq!(violated("I12", lines.end(9_000)), None);
    }

    #[test]
    fn an_act_of_an_administrator_is_reason_enough() {
        for (act, reason) in [
            ("kick alice", Reason::Server),
            ("kick alice in room-1 on phone", Reason::Server),
            ("revoke the tickets of alice", Reason::Server),
            ("ban alice", Reason::Banned),
        ] {
            let lines = told(online().server(1_000, act), reason);
            assert_eq!(violated("I12", lines.end(9_000)), None, "{act}");
        }
        let other = told(online().server(1_000, "kick bob"), Reason::Server);
        assert!(violated("I12", other.end(9_000)).is_some());
    }

    #[test]
    fn what_happened_before_the_login_is_no_reason() {
        let again = told(
            online().ended_for(1_050, "phone", EndCause::Server),
            Reason::Server,
        )
        .call(2_000, "phone", 2, "login")
        .event(2_000, "phone", Event::LoggingIn)
        .opened_for(2_020, "phone", "alice")
        .event(2_040, "phone", Event::LoggedIn)
        .result(2_040, "phone", 2)
        .event_because(3_000, "phone", Event::KickedOut, Reason::Server);
        let at = again.len() - 1;
        assert_eq!(violated("I12", again.end(9_000)), Some(at));
    }

    #[test]
    fn an_app_that_begins_to_listen_knows_of_no_call() {
        let lines = online()
            .call(500, "phone", 5, "add-listener")
            .with("listener", "main")
            .event_because(1_100, "phone", Event::LoggedOut, Reason::Logout);
        assert_eq!(violated("I12", lines.end(9_000)), None);
    }

    #[test]
    fn offline_a_device_has_its_own_clock_only() {
        let lines = |offline: bool| {
            let lines = Lines::default()
                .call(0, "phone", 1, "login")
                .with("ticket", "ticket#1 (alice, ends +1m)");
            let lines = match offline {
                true => lines.with("offline", "true"),
                false => lines,
            };
            let lines = lines.fails(0, "phone", 1, ErrorWord::TokenExpired);
            crate::rules::hand_written::violated_under("I12", lines.end(9_000), |profile| {
                profile.rules.login.offline = session::rules::OfflineLogin::LastUser;
            })
        };
        assert_eq!(lines(true), None);
        assert!(lines(false).is_some());
    }
}
