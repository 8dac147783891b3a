//! I20: online is told of accepted sessions only, and the calls that need one succeed only then
//! (ZIM-020, ZIM-024, TIM-003, TIM-042, EXP-002).

use session::time::Time;
use session::words::{Event, State};

use super::each::Each;
use super::few::Map;
use super::follow::Told;
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::SessionWord;
use crate::transcript::{CallMade, Entry, What};

/// Online is told, and the server knows of no such session.
const ONLINE: &str = "online";
/// Something is published or played without a session.
const PUBLISH: &str = "publish";
/// Another call succeeds that needs a session.
const CALL: &str = "call";
/// One that needs the link, while it is being restored.
const WITHOUT_LINK: &str = "without-link";
/// Another call succeeds after a kick.
const KICKED: &str = "after-kick";
/// After the end of the ticket.
const EXPIRED: &str = "after-expiry";
/// After a failed reconnection.
const GIVEN_UP: &str = "after-failed-reconnection";

/// Who is accepted, and what is asked for.
#[derive(Debug, Default)]
pub(super) struct OnlineMeansAccepted {
    /// Does the server tell of its sessions at all?
    server_tells: bool,
    /// The entry with which each device was accepted last.
    accepted: Each<usize>,
    /// When each session began to reconnect.
    reconnecting: Each<usize>,
    /// Calls that need a session and were made without one.
    calls: Map<u32, (String, &'static str)>,
}

impl Rule for OnlineMeansAccepted {
    fn id(&self) -> &'static str {
        "I20"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[
            ONLINE,
            PUBLISH,
            CALL,
            WITHOUT_LINK,
            KICKED,
            EXPIRED,
            GIVEN_UP,
        ]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::SESSION | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        let into_room = about.rules.login.into_room;
        match &entry.what {
            What::Session(seen) => {
                self.server_tells = true;
                if matches!(seen.is, SessionWord::Opened | SessionWord::Resumed) {
                    let room = seen.room.clone().filter(|_| into_room);
                    let place = (seen.device.clone(), room.unwrap_or_default());
                    self.accepted.insert(&place, index);
                }
            }
            What::Event(event) => {
                self.event(index, event.event, about, found);
            }
            What::Call(call) => {
                if let Some(aspect) = without_session(&entry.actor, call, about.told()) {
                    self.calls.insert(call.id, (entry.actor.clone(), aspect));
                }
            }
            What::Result(answer) => {
                if let Some((device, aspect)) = self.calls.remove(&answer.id)
                    && answer.ok
                    && !is_online(&device, about.told())
                {
                    found.violations.push(Violation {
                        aspect,
                        entry: index,
                        actor: device,
                        expected: format!("{} fails without an accepted session", answer.api),
                        seen: format!("call #{} succeeds", answer.id),
                    });
                }
            }
            What::App { .. } => self.calls.retain(|_, (device, _)| *device != entry.actor),
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (id, (device, _)) in self.calls.iter() {
            found.inconclusive.push(format!(
                "call #{id} of {device}, made without a session, was not answered when the record ended"
            ));
        }
    }
}

impl OnlineMeansAccepted {
    fn event(&mut self, index: usize, event: Option<Event>, about: &About<'_>, found: &mut Found) {
        let place = about.place();
        let since = match event {
            Some(Event::LoggedIn) => about.told().of(place).and_then(|known| known.began),
            Some(Event::Reconnected) => self.reconnecting.get(place).copied(),
            Some(Event::Reconnecting) => {
                self.reconnecting.insert(place, index);
                return;
            }
            _ => return,
        };
        let accepted = self.accepted.get(place);
        if let Some(since) = since.filter(|_| self.server_tells)
            && accepted.is_none_or(|accepted| *accepted < since)
        {
            found.violations.push(Violation {
                aspect: ONLINE,
                entry: index,
                actor: place.0.clone(),
                expected: "online is told once the server has accepted the session".into(),
                seen: "told, and nothing was accepted since it was asked for".into(),
            });
        }
    }
}

fn is_online(device: &str, told: &Told) -> bool {
    let mut known = told.of_device(device);
    known.any(|(_, known)| known.state == State::Online)
}

/// Is this a call that needs a session, and is there surely none? In which way, then?
fn without_session(device: &str, call: &CallMade, told: &Told) -> Option<&'static str> {
    let publishes = match call.api.as_str() {
        "start-publishing" | "start-playing" => true,
        "send-message"
        | "send-barrage"
        | "send-command"
        | "set-stream-extra-info"
        | "get-user-name" => false,
        _ => return None,
    };
    let known: Vec<_> = told.of_device(device).map(|(_, known)| known).collect();
    let newest = known.iter().max_by_key(|known| known.entry)?;
    let any = |state| known.iter().any(|known| known.state == state);
    if any(State::Online) {
        return None;
    }
    Some(match newest.event {
        _ if any(State::Reconnecting) => WITHOUT_LINK,
        _ if publishes => PUBLISH,
        Event::KickedOut => KICKED,
        Event::TokenExpired => EXPIRED,
        Event::ReconnectFailed => GIVEN_UP,
        _ => CALL,
    })
}

#[cfg(test)]
mod tests {
    use session::words::Event;

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    #[test]
    fn an_accepted_login_satisfies_it() {
        let lines = Lines::default().login_over(0, "phone", 1, "s1");
        let lines = lines.call(10, "phone", 2, "send-message");
        assert_eq!(violated("I20", lines.result(20, "phone", 2).end(99)), None);
    }

    #[test]
    fn online_without_a_session_violates_it() {
        let other = || Lines::default().opened(0, "s1", "bob", "tablet");
        let lines = other()
            .call(5, "phone", 1, "login")
            .event(5, "phone", Event::LoggingIn)
            .event(9, "phone", Event::LoggedIn);
        let at = lines.len() - 1;
        assert_eq!(violated("I20", lines.end(99)), Some(at));
        // Nor does a session of an earlier login count.
        let again = Lines::default()
            .login_over(0, "phone", 1, "s1")
            .event(10, "phone", Event::LoggingIn)
            .event(20, "phone", Event::LoggedIn);
        assert!(violated("I20", again.end(99)).is_some());
    }

    #[test]
    fn a_reconnection_is_accepted_anew() {
        let away = Lines::default().login_over(0, "phone", 1, "s1").event(
            10,
            "phone",
            Event::Reconnecting,
        );
        let resumed = away
            .clone()
            .resumed(20, "s1")
            .event(30, "phone", Event::Reconnected);
        assert_eq!(violated("I20", resumed.end(99)), None);
        let alone = away.event(30, "phone", Event::Reconnected);
        assert!(violated("I20", alone.end(99)).is_some());
    }

    #[test]
    fn a_server_that_tells_nothing_proves_nothing() {
        let lines = Lines::default().login(0, "phone", 1);
        assert_eq!(violated("I20", lines.end(99)), None);
    }

    #[test]
    fn an_offline_login_is_not_online() {
        let offline = Lines::default()
            .call(0, "phone", 1, "login")
            .event(0, "phone", Event::LoggingIn)
            .result(0, "phone", 1)
            .call(10, "phone", 2, "send-message")
            .result(20, "phone", 2);
        let at = offline.len() - 1;
        assert_eq!(violated("I20", offline.end(99)), Some(at));
    }

    #[test]
    fn a_call_after_a_kick_violates_it() {
        let kicked = Lines::default()
            .login(0, "phone", 1)
            .event(10, "phone", Event::KickedOut)
            .call(20, "phone", 2, "send-message");
        assert_eq!(violated("I20", kicked.clone().end(99)), None);
        assert!(violated("I20", kicked.result(30, "phone", 2).end(99)).is_some());
    }

    #[test]
    fn a_call_that_becomes_possible_meanwhile_may_succeed() {
        let lines = Lines::default()
            .event(0, "phone", Event::LoggingIn)
            .call(10, "phone", 2, "send-message")
            .event(20, "phone", Event::LoggedIn)
            .result(30, "phone", 2);
        assert_eq!(violated("I20", lines.end(99)), None);
    }

    #[test]
    fn nothing_is_known_of_a_deaf_app() {
        let deaf = Lines::default()
            .login(0, "phone", 1)
            .event(5, "phone", Event::Reconnecting);
        let sent = |lines: Lines| {
            lines
                .call(20, "phone", 3, "send-message")
                .result(30, "phone", 3)
        };
        assert!(violated("I20", sent(deaf.clone()).end(99)).is_some());
        let removed = deaf
            .call(10, "phone", 2, "remove-listener")
            .with("listener", "main");
        assert_eq!(violated("I20", sent(removed).end(99)), None);
        let never = sent(Lines::default().call(0, "phone", 1, "login"));
        assert_eq!(violated("I20", never.end(99)), None);
    }

    #[test]
    fn after_a_crash_nothing_is_known() {
        use crate::scenario::AppAct::Crashed;
        let lines = Lines::default()
            .login(0, "phone", 1)
            .event(5, "phone", Event::KickedOut)
            .app(6, "phone", Crashed)
            .call(20, "phone", 3, "send-message")
            .result(30, "phone", 3);
        assert_eq!(violated("I20", lines.end(99)), None);
    }

    #[test]
    fn a_call_without_a_session_and_an_answer_decides_nothing() {
        let lines = Lines::default()
            .login_over(0, "phone", 1, "s1")
            .event(10, "phone", Event::KickedOut)
            .call(20, "phone", 2, "send-message");
        assert_eq!(violated("I20", lines.clone().end(99)), None);
        assert!(inconclusive("I20", lines.end(99)));
    }
}
