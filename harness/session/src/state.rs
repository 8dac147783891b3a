//! Which transitions are legal, as one table.

use crate::words::{Event, State};

/// Every legal transition: in this state, this event may be seen.
///
/// Sources: the room-state diagram (SOURCES express 2.1; the edges it leaves out, Z-AMB-08 and
/// Z-AMB-09), the connection states (ZIM-024…026, ZIM-034…035) and the three login states
/// (TIM-041…044). A kick during a login is possible because a newer login may overtake it.
pub const TRANSITIONS: &[(State, Event)] = &[
    (State::LoggedOut, Event::LoggingIn),
    (State::LoggedOut, Event::LoggedOut),
    (State::LoggingIn, Event::LoggedIn),
    (State::LoggingIn, Event::LoginFailed),
    (State::LoggingIn, Event::LoggedOut),
    (State::LoggingIn, Event::KickedOut),
    // After an offline login the ticket counts before the link is there (Z-AMB-37).
    (State::LoggingIn, Event::TokenWillExpire),
    (State::LoggingIn, Event::TokenExpired),
    // An implicit switch, or a login that supersedes another, begins anew (T-AMB-19, T-AMB-21).
    (State::LoggingIn, Event::LoggingIn),
    (State::Online, Event::LoggingIn),
    (State::Reconnecting, Event::LoggingIn),
    (State::Online, Event::Reconnecting),
    (State::Online, Event::KickedOut),
    (State::Online, Event::TokenExpired),
    (State::Online, Event::LoggedOut),
    (State::Online, Event::TokenWillExpire),
    (State::Online, Event::PeerJoined),
    (State::Online, Event::PeerLeft),
    (State::Online, Event::Ready),
    (State::Online, Event::StreamAdded),
    (State::Online, Event::StreamRemoved),
    (State::Online, Event::StreamExtraInfo),
    (State::Online, Event::Message),
    (State::Online, Event::Barrage),
    (State::Online, Event::Command),
    // What a developer is told changes nothing for the app (EXP-044, EXP-045).
    (State::LoggedOut, Event::Misuse),
    (State::LoggingIn, Event::Misuse),
    (State::Online, Event::Misuse),
    (State::Reconnecting, Event::Misuse),
    (State::Reconnecting, Event::Reconnected),
    (State::Reconnecting, Event::ReconnectFailed),
    (State::Reconnecting, Event::KickedOut),
    (State::Reconnecting, Event::TokenExpired),
    (State::Reconnecting, Event::TokenWillExpire),
    (State::Reconnecting, Event::LoggedOut),
];

/// May `event` be seen in `state`?
pub fn is_legal(state: State, event: Event) -> bool {
    TRANSITIONS.contains(&(state, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_drawn_whole() {
        let drawn: Vec<String> = TRANSITIONS
            .iter()
            .map(|(from, event)| {
                let to = event.leads_to().unwrap_or(*from);
                format!("{from} --{event}--> {to}")
            })
            .collect();
        insta::assert_snapshot!(drawn.join("\n"));
    }
}
