//! I19: what the app is told when it asks agrees with what it was told before, and with what its
//! next call finds (TIM-037…039, T-AMB-47).

use session::time::Time;
use session::words::{ErrorWord, Event, State};

use super::each::changes_hearing;
use super::few::Map;
use super::{About, Found, Kinds, Rule, Violation};
use crate::profile::Profile;
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallAnswered, CallMade, Entry, What};

const STATUS: &str = "status";
/// Nobody is said to be logged in, but somebody is.
const USER_MISSING: &str = "user-missing";
/// Somebody is said to be logged in, but nobody is.
const USER_LEFT: &str = "user-left";
/// The same after a login that failed.
const AFTER_FAILURE: &str = "after-failure";
/// The next call finds another state than the query.
const CALL: &str = "call";

/// What each app knows of its session.
#[derive(Debug, Default)]
pub(super) struct QueriesAgree {
    devices: Map<String, Device>,
}

#[derive(Debug)]
struct Device {
    state: State,
    /// Also possible: what a result told, where no event tells of it.
    or: Option<State>,
    last: Option<Event>,
    /// Does the app hear what happens, or did nothing happen yet?
    hears: bool,
    logins: usize,
    questions: Map<u32, Question>,
    /// What the last query said, as long as nothing has happened since.
    said: Option<State>,
    /// The calls made on the strength of that.
    tested: Map<u32, State>,
}

#[derive(Debug)]
struct Question {
    /// Every state between the call and its answer; `None` where nobody can tell.
    states: Option<Vec<State>>,
    asks_user: bool,
}

impl Rule for QueriesAgree {
    fn id(&self) -> &'static str {
        "I19"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[STATUS, USER_MISSING, USER_LEFT, AFTER_FAILURE, CALL]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        // Of a client in several rooms nobody says which one a query is about.
        if about.rules.login.into_room {
            return;
        }
        let name = &entry.actor;
        match &entry.what {
            What::Event(event) => {
                let device = self.devices.or_default(name);
                if let Some(state) = event.state {
                    device.hears = true;
                    device.last = event.event;
                    device.or = None;
                    device.is_now(state);
                }
            }
            What::Call(call) => self.devices.or_default(name).call(call),
            What::Result(answer) => {
                let Some(device) = self.devices.get_mut(name) else {
                    return;
                };
                let breach = device.answered(answer, about.profile);
                if let Some((aspect, expected)) = breach {
                    found.violations.push(Violation {
                        aspect,
                        entry: index,
                        actor: name.clone(),
                        expected,
                        seen: text::say(entry),
                    });
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => drop(self.devices.remove(name)),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, about: &About<'_>, found: &mut Found) {
        if about.rules.login.into_room {
            return;
        }
        for (name, device) in self.devices.iter() {
            for id in device.questions.keys() {
                found.inconclusive.push(format!(
                    "call #{id} of {name} for its state had no result when the record ended"
                ));
            }
        }
    }
}

impl Default for Device {
    fn default() -> Device {
        Device {
            state: State::LoggedOut,
            or: None,
            last: None,
            hears: true,
            logins: 0,
            questions: Map::default(),
            said: None,
            tested: Map::default(),
        }
    }
}

impl Device {
    fn is_now(&mut self, state: State) {
        self.state = state;
        self.said = None;
        self.tested.clear();
        self.add(state);
    }

    /// Possible from now on, too.
    fn or(&mut self, state: State) {
        self.or = Some(state);
        self.said = None;
        self.add(state);
    }

    fn add(&mut self, state: State) {
        let questions = self.questions.values_mut();
        for states in questions.filter_map(|question| question.states.as_mut()) {
            if !states.contains(&state) {
                states.push(state);
            }
        }
    }

    fn call(&mut self, call: &CallMade) {
        let query = matches!(call.api.as_str(), "get-login-status" | "get-login-user");
        if query {
            let mut states = vec![self.state];
            states.extend(self.or);
            // While a login is under way an app may not have been told that it began.
            states.extend((self.logins > 0).then_some(State::LoggingIn));
            states.dedup();
            let question = Question {
                states: self.hears.then_some(states),
                asks_user: call.api == "get-login-user",
            };
            self.questions.insert(call.id, question);
            return;
        }
        if changes_hearing(call) {
            self.hears = false;
            self.said = None;
            for question in self.questions.values_mut() {
                question.states = None;
            }
            return;
        }
        match (self.said.take(), call.api.as_str()) {
            (Some(state @ State::LoggedOut), "login") if self.logins == 0 => {
                self.tested.insert(call.id, state);
            }
            (Some(state @ State::Online), "send-message" | "get-user-name" | "logout") => {
                self.tested.insert(call.id, state);
            }
            _ => {}
        }
        if matches!(call.api.as_str(), "login" | "renew-token") {
            self.logins += 1;
            // Until an event is heard nobody knows whether this app hears any.
            if self.last.is_none() {
                self.hears = false;
            }
            self.add(State::LoggingIn);
        }
    }

    fn answered(
        &mut self,
        answer: &CallAnswered,
        profile: &Profile,
    ) -> Option<(&'static str, String)> {
        if let Some(question) = self.questions.remove(&answer.id) {
            return self.told(&question, answer, profile);
        }
        let tested = self.tested.remove(&answer.id);
        match answer.api.as_str() {
            "login" | "renew-token" => {
                self.logins = self.logins.saturating_sub(1);
                let because_of_a_session = matches!(
                    answer.error,
                    Some(ErrorWord::AlreadyLoggedIn | ErrorWord::LoginInProgress)
                );
                match (answer.ok, answer.api == "login") {
                    (true, true) => self.or(State::Online),
                    (false, true) if !because_of_a_session => self.or(State::LoggedOut),
                    _ => {}
                }
            }
            "logout" | "destroy" if answer.ok => {
                self.or = None;
                self.is_now(State::LoggedOut);
            }
            _ => {}
        }
        let wrong = matches!(
            (tested?, answer.error?),
            (
                State::LoggedOut,
                ErrorWord::AlreadyLoggedIn | ErrorWord::LoginInProgress
            ) | (State::Online, ErrorWord::NotLoggedIn)
        );
        wrong.then(|| (CALL, "what the query before it said".into()))
    }

    fn told(
        &mut self,
        question: &Question,
        answer: &CallAnswered,
        profile: &Profile,
    ) -> Option<(&'static str, String)> {
        let value = answer.value.as_deref().filter(|_| answer.ok)?;
        let states = question.states.as_ref()?;
        if !question.asks_user {
            let state: State = value.parse().ok()?;
            self.said = Some(state).filter(|said| *said == self.state);
            // Where a vendor has one word for two states, either will do.
            let native = |state: &State| profile.states.get(state);
            let agree = states.iter().any(|known| {
                *known == state || native(known).is_some() && native(known) == native(&state)
            });
            let known: Vec<&str> = states.iter().map(|state| state.word()).collect();
            return (!agree).then(|| (STATUS, known.join(" or ")));
        }
        let is_in = |state: &State| matches!(state, State::Online | State::Reconnecting);
        match value {
            "none" if states.iter().all(is_in) => {
                Some((USER_MISSING, "the user who is logged in".into()))
            }
            "none" => None,
            _ if states.iter().any(is_in) => None,
            _ if self.last == Some(Event::LoginFailed) => {
                Some((AFTER_FAILURE, "nobody, as the login failed".into()))
            }
            _ => Some((USER_LEFT, "nobody, as nobody is logged in".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated, violated_in_rooms};
    use crate::scenario::AppAct::Crashed;

    fn asks(lines: Lines, at: u64, what: &str, answer: &str) -> Lines {
        lines
            .call(at, "phone", 7, what)
            .answers(at, "phone", 7, answer)
    }

    fn status(lines: Lines, answer: &str) -> Lines {
        asks(lines, 5_000, "get-login-status", answer)
    }

    fn user(lines: Lines, answer: &str) -> Lines {
        asks(lines, 5_000, "get-login-user", answer)
    }

    fn online() -> Lines {
        Lines::default().login(0, "phone", 1)
    }

    fn failed() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .event(9, "phone", Event::LoginFailed)
            .fails(9, "phone", 1, ErrorWord::TokenInvalid)
    }

    #[test]
    fn answers_that_agree_satisfy_it() {
        let lines = user(status(online(), "online"), "alice");
        assert_eq!(violated("I19", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I19", lines.end(9_000)));
        let lines = user(status(failed(), "logged-out"), "none");
        assert_eq!(violated("I19", lines.end(9_000)), None);
        let lines = user(status(Lines::default(), "logged-out"), "none");
        assert_eq!(violated("I19", lines.end(9_000)), None);
    }

    #[test]
    fn answers_that_do_not_violate_it() {
        for lines in [
            status(online(), "logged-out"),
            status(failed(), "online"),
            user(online(), "none"),
            user(failed(), "alice"),
            user(Lines::default(), "alice"),
        ] {
            let at = lines.len() - 1;
            assert_eq!(violated("I19", lines.end(9_000)), Some(at));
        }
    }

    #[test]
    fn a_call_that_finds_otherwise_violates_it() {
        let lines = status(failed(), "logged-out")
            .call(6_000, "phone", 8, "login")
            .fails(6_000, "phone", 8, ErrorWord::AlreadyLoggedIn);
        let at = lines.len() - 1;
        assert_eq!(violated("I19", lines.end(9_000)), Some(at));
        let lines = status(online(), "online")
            .call(6_000, "phone", 8, "send-message")
            .fails(6_000, "phone", 8, ErrorWord::NotLoggedIn);
        let at = lines.len() - 1;
        assert_eq!(violated("I19", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_question_without_an_answer_decides_nothing() {
        let lines = online().call(5_000, "phone", 7, "get-login-status");
        assert!(inconclusive("I19", lines.end(9_000)));
    }

    #[test]
    fn what_happens_between_the_question_and_the_answer_counts() {
        let asked = |answer: &str| {
            online()
                .call(5_000, "phone", 7, "get-login-status")
                .event(5_010, "phone", Event::KickedOut)
                .answers(5_020, "phone", 7, answer)
                .end(9_000)
        };
        assert_eq!(violated("I19", asked("online")), None);
        assert_eq!(violated("I19", asked("logged-out")), None);
        assert!(violated("I19", asked("reconnecting")).is_some());
    }

    #[test]
    fn what_happens_between_the_answer_and_the_next_call_counts() {
        let lines = status(online(), "online")
            .event(5_500, "phone", Event::KickedOut)
            .call(6_000, "phone", 8, "send-message")
            .fails(6_000, "phone", 8, ErrorWord::NotLoggedIn);
        assert_eq!(violated("I19", lines.end(9_000)), None);
    }

    #[test]
    fn an_app_that_does_not_listen_knows_nothing() {
        let deaf = Lines::default()
            .call(0, "phone", 1, "login")
            .result(50, "phone", 1);
        assert_eq!(violated("I19", status(deaf, "logged-out").end(9_000)), None);
        let deaf = online()
            .call(1_000, "phone", 5, "remove-listener")
            .with("listener", "main");
        assert_eq!(violated("I19", status(deaf, "logged-out").end(9_000)), None);
    }

    #[test]
    fn a_logout_that_is_not_told_counts() {
        let lines = online()
            .event(1_000, "phone", Event::Reconnecting)
            .call(2_000, "phone", 2, "logout")
            .result(2_000, "phone", 2);
        assert_eq!(
            violated("I19", status(lines.clone(), "logged-out").end(9_000)),
            None
        );
        assert!(violated("I19", status(lines, "reconnecting").end(9_000)).is_some());
    }

    #[test]
    fn a_refused_login_changes_nothing() {
        let lines = online().refused(10, "phone", ErrorWord::AlreadyLoggedIn, "bob");
        assert_eq!(
            violated("I19", status(lines.clone(), "online").end(9_000)),
            None
        );
        assert!(violated("I19", status(lines, "logged-out").end(9_000)).is_some());
    }

    #[test]
    fn an_offline_login_leaves_the_state_at_logging_in() {
        let lines = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .result(0, "phone", 1);
        assert_eq!(
            violated("I19", status(lines, "logging-in").end(9_000)),
            None
        );
    }

    #[test]
    fn the_next_process_begins_anew() {
        let lines = online().app(1_000, "phone", Crashed);
        assert_eq!(
            violated("I19", status(lines, "logged-out").end(9_000)),
            None
        );
    }

    #[test]
    fn in_rooms_a_query_is_about_any_of_them() {
        let lines = status(Lines::default().join(0, "phone", 1, "one"), "logged-out");
        assert_eq!(violated_in_rooms("I19", lines.end(9_000)), None);
    }
}
