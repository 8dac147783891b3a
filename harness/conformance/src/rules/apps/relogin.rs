//! A2: an app does not log in again because of what its SDK tells it (ZIM-033, ZIM-039, ZIM-045,
//! ZIM-056, TIM-027, TIM-035).

use session::time::Time;
use session::words::{ErrorWord, Event, State};

use super::causes::Told;
use super::{breach, say, user_of};
use crate::case::Place;
use crate::requirement::Party;
use crate::rules::few::Map;
use crate::rules::{About, Found, Kinds, Rule};
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

/// The link is being restored, or was.
const NETWORK: &str = "network";
/// The SDK could not restore it.
const GIVEN_UP: &str = "given-up";
const KICKED: &str = "kicked";
const EXPIRED: &str = "expired";
/// A login failed, and not for an expired ticket.
const FAILED: &str = "failed";

/// Who is logged in, and what would be no reason to log in.
#[derive(Debug, Default)]
pub(super) struct Relogin {
    calls: Map<u32, (Place, String)>,
    sessions: Map<Place, Session>,
    /// The sessions that ended, until the next login.
    over: Map<Place, &'static str>,
}

#[derive(Debug)]
struct Session {
    user: String,
    reconnecting: bool,
}

impl Rule for Relogin {
    fn id(&self) -> &'static str {
        "A2"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[NETWORK, GIVEN_UP, KICKED, EXPIRED, FAILED]
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, about: &About<'_>, found: &mut Found) {
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let place = about.place();
                let user = user_of(call);
                let over = self.over.remove(place);
                let session = self.sessions.get(place);
                let is_restored = session.is_some_and(|s| s.reconnecting && s.user == user);
                let aspects: Vec<_> = about.causes().iter().map(|told| forbidden(*told)).collect();
                let cause = match aspects.as_slice() {
                    _ if is_restored => Some(NETWORK),
                    [Some(first), rest @ ..] if rest.iter().all(|a| a.is_some()) => Some(*first),
                    _ => None,
                };
                if let Some(aspect) = cause {
                    let expected = format!("no login because of this ({aspect})");
                    breach(found, aspect, (index, entry), expected, say(call));
                } else if let Some(over) = over {
                    // Whether a person asked for it does not show.
                    let why = format!("{}: who wanted {} ({over})?", entry.actor, say(call));
                    found.inconclusive.push(why);
                }
                self.calls.insert(call.id, (place.clone(), user.to_owned()));
            }
            What::Result(answer) if answer.api == "login" => {
                let Some((place, user)) = self.calls.remove(&answer.id) else {
                    return;
                };
                if answer.ok {
                    let reconnecting = false;
                    self.sessions.insert(place, Session { user, reconnecting });
                } else if answer.error != Some(ErrorWord::TokenExpired) {
                    self.over.insert(place, FAILED);
                }
            }
            What::Event(event) => {
                let place = about.place();
                if event.state == Some(State::LoggedOut) {
                    self.sessions.remove(place);
                    let error = event.error;
                    let told = event.event.map(|event| Told { event, error });
                    match told.and_then(forbidden) {
                        Some(aspect) => drop(self.over.insert(place.clone(), aspect)),
                        None => drop(self.over.remove(place)),
                    }
                } else if let (Some(state), Some(session)) =
                    (event.state, self.sessions.get_mut(place))
                {
                    session.reconnecting = state == State::Reconnecting;
                }
            }
            // No event tells of this end.
            What::App {
                is: AppAct::Crashed,
            } => {
                self.sessions
                    .retain(|(device, _), _| *device != entry.actor);
                self.over.retain(|(device, _), _| *device != entry.actor);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

/// Is this no reason to log in, and in which aspect?
fn forbidden(told: Told) -> Option<&'static str> {
    match told.event {
        Event::Reconnecting | Event::Reconnected => Some(NETWORK),
        Event::ReconnectFailed => Some(GIVEN_UP),
        Event::KickedOut => Some(KICKED),
        Event::TokenExpired => Some(EXPIRED),
        Event::LoginFailed if told.error != Some(ErrorWord::TokenExpired) => Some(FAILED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, aspects_violated_under, inconclusive, violated};
    use crate::transcript::CallMeant;

    fn online() -> Lines {
        Lines::default().login_of(0, "phone", 1, "alice")
    }

    #[test]
    fn a_login_from_inside_a_kick_violates_it_at_that_call() {
        let lines = online()
            .event(5, "phone", Event::KickedOut)
            .call(5, "phone", 2, "login")
            .with("user", "alice")
            .inside("kicked-out");
        let at = lines.len() - 1;
        let found = aspects_violated_under("A2", lines.end(9), |_| {});
        assert_eq!(found, [(KICKED, at)]);
    }

    #[test]
    fn so_does_one_that_asked_for_its_ticket_there() {
        let asks = CallMeant {
            id: 2,
            api: "login".into(),
            inside: Some("token-expired".into()),
        };
        let lines = online()
            .event(5, "phone", Event::TokenExpired)
            .line(5, "phone", What::Asks(asks))
            .call(60_000, "phone", 2, "login")
            .with("user", "alice")
            .inside("token-expired");
        let at = lines.len() - 1;
        let found = aspects_violated_under("A2", lines.end(90_000), |_| {});
        assert_eq!(found, [(EXPIRED, at)]);
    }

    #[test]
    fn of_a_login_that_somebody_may_have_asked_for_nothing_is_said() {
        let lines = || {
            online()
                .event(5, "phone", Event::KickedOut)
                .login_of(50, "phone", 2, "alice")
        };
        assert_eq!(violated("A2", lines().end(99)), None);
        assert!(inconclusive("A2", lines().end(99)));
    }

    #[test]
    fn a_login_while_the_sdk_reconnects_violates_it_whoever_asked() {
        let lines = online()
            .event(5, "phone", Event::Reconnecting)
            .call(50, "phone", 2, "login")
            .with("user", "alice");
        let at = lines.len() - 1;
        assert_eq!(
            aspects_violated_under("A2", lines.end(99), |_| {}),
            [(NETWORK, at)]
        );
    }

    #[test]
    fn another_user_who_logs_in_meanwhile_does_not() {
        let lines = online()
            .event(5, "phone", Event::Reconnecting)
            .call(50, "phone", 2, "login")
            .with("user", "bob");
        assert_eq!(violated("A2", lines.end(99)), None);
    }

    #[test]
    fn a_failed_login_is_no_reason_unless_its_ticket_had_run_out() {
        let again = |error| {
            Lines::default()
                .call(0, "phone", 1, "login")
                .event_for(5, "phone", Event::LoginFailed, error)
                .call(5, "phone", 2, "login")
                .inside("login-failed")
                .end(9)
        };
        let found = aspects_violated_under("A2", again(ErrorWord::TokenInvalid), |_| {});
        assert_eq!(found, [(FAILED, 2)]);
        assert_eq!(violated("A2", again(ErrorWord::TokenExpired)), None);
    }

    #[test]
    fn after_ones_own_logout_anybody_may_log_in() {
        let lines = online()
            .event(5, "phone", Event::LoggedOut)
            .call(5, "phone", 2, "login")
            .inside("logged-out");
        assert_eq!(violated("A2", lines.end(9)), None);
    }
}
