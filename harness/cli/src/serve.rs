//! The reference server on a real port.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{SystemTime, UNIX_EPOCH};

use conformance::director::Fact;
use conformance::text;
use conformance::transcript::LinkEnd;
use runner::live::{self, Service};
use session::peer::{Output, SessionAbout, SessionEvent, Store};
use session::server::Server;
use session::time::EPOCH_UNIX_MS;

use crate::args::{Selection, ServeOptions};
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// `kickout serve`
///
/// # Errors
/// No such profile, an address that cannot be listened on, or a server that broke.
pub fn serve(options: &ServeOptions) -> Result<Exit, Trouble> {
    let selection = Selection {
        profile: vec![options.profile.clone()],
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let profiles = suite::profiles(&selection, &library)?;
    let [profile] = profiles.as_slice() else {
        return Err(Trouble::Usage("one server has one profile".into()));
    };
    let mut rules = profile.rules.clone();
    if let Some(name) = &options.deviation {
        let deviation = suite::deviation(name, &library)?;
        let subject = deviation.subject(profile);
        rules = subject.and_then(|subject| subject.server).ok_or_else(|| {
            let id = &profile.id;
            Trouble::Usage(format!("{name} changes nothing about a server of {id}"))
        })?;
    }
    let addresses = addresses(&options.listen, rules.link.gateways)?;
    let (id, pace) = (profile.id.clone(), options.time_scale);
    let mut links = 0;
    let served = live::serve(Service {
        peer: Box::new(Server::new(rules, &Store::new())),
        addresses,
        pace,
        epoch: wall(pace),
        most_connections: options.most_connections,
        listening: Box::new(move |addresses| {
            let all: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
            say(&format!(
                "listening on {} ({id}, {})",
                all.join(", "),
                times(pace)
            ));
        }),
        sink: Box::new(move |at, fact| {
            if let Some(line) = told(fact, &mut links) {
                say(&format!("{}  {line}", text::clock(at)));
            }
        }),
    });
    served.map_err(|error| match error {
        runner::HarnessError::Network(error) => {
            Trouble::Usage(format!("cannot listen on {}: {error}", options.listen))
        }
        other => Trouble::Harness(other.to_string()),
    })?;
    say("stopped");
    Ok(Exit::Success)
}

/// The present in the time of a server of this pace. It is the real one where time is not made
/// faster; else it runs ahead of it from the day on which every run starts, so that two programs
/// with the same pace agree without a word.
pub fn wall(pace: u32) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let since = now.saturating_sub(EPOCH_UNIX_MS);
    EPOCH_UNIX_MS.saturating_add(since.saturating_mul(u64::from(pace)))
}

/// The gateways listen on ports that follow each other.
fn addresses(listen: &str, gateways: u8) -> Result<Vec<SocketAddr>, Trouble> {
    let wrong = |why: String| Trouble::Usage(format!("--listen {listen}: {why}"));
    let mut found = listen.to_socket_addrs().map_err(|e| wrong(e.to_string()))?;
    let first = found
        .next()
        .ok_or_else(|| wrong("no such address".into()))?;
    (0..u16::from(gateways))
        .map(|gateway| {
            let port = match first.port() {
                0 => Some(0),
                port => port.checked_add(gateway),
            };
            let port = port.ok_or_else(|| wrong("there is no port after 65535".into()))?;
            Ok(SocketAddr::new(first.ip(), port))
        })
        .collect()
}

fn times(pace: u32) -> String {
    match pace {
        1 => "real time".to_owned(),
        pace => format!("{pace} times as fast as real time"),
    }
}

/// A line for what somebody at the server wants to know, with how many links there are.
fn told(fact: Fact<'_>, links: &mut usize) -> Option<String> {
    match fact {
        Fact::LinkUp(link) => {
            *links += 1;
            Some(format!("link {}: up; {links} now", link.0))
        }
        Fact::LinkDown(link, end) => {
            *links = links.saturating_sub(1);
            let how = match end {
                LinkEnd::Finished => "closed by the other side",
                LinkEnd::Reset => "broken",
                LinkEnd::Refused => "refused",
            };
            Some(format!("link {}: {how}; {links} now", link.0))
        }
        Fact::Output(Output::Close { link }) => {
            *links = links.saturating_sub(1);
            Some(format!(
                "link {}: closed by the server; {links} now",
                link.0
            ))
        }
        Fact::Output(Output::Breach { link, what }) => {
            Some(format!("link {}: breaks the protocol: {what}", link.0))
        }
        Fact::Output(Output::Session(event)) => match event {
            SessionEvent::Opened(about) => Some(format!("{} opened", session(about))),
            SessionEvent::Resumed(about) => Some(format!("{} resumed", session(about))),
            SessionEvent::Ended { about, cause } => {
                Some(format!("{} ended by {cause}", session(about)))
            }
            SessionEvent::AccountCreated { .. } | SessionEvent::Counted { .. } => None,
        },
        Fact::Output(_) => None,
    }
}

fn session(about: &SessionAbout) -> String {
    let room = about.room.as_deref().map(|room| format!(" in {room}"));
    let room = room.unwrap_or_default();
    let said = format!(
        "session {} of {} on {}{room}",
        about.session, about.user, about.device
    );
    // Names come from whoever connects.
    conformance::diagnostic::shown(&said)
}

/// A status line that cannot be written is not worth stopping for.
fn say(line: &str) {
    let _ = print(&format!("{line}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_listen_on_ports_that_follow_each_other() {
        let ports = |listen, gateways| -> Vec<u16> {
            let found = addresses(listen, gateways).expect("good addresses");
            found.iter().map(SocketAddr::port).collect()
        };
        assert_eq!(ports("127.0.0.1:9000", 3), [9000, 9001, 9002]);
        assert_eq!(ports("127.0.0.1:0", 2), [0, 0]);
        assert!(addresses("127.0.0.1:65535", 2).is_err());
        assert!(addresses("nowhere", 1).is_err());
    }

    #[test]
    fn a_session_that_ends_is_told() {
        let event = Output::Session(SessionEvent::AccountCreated { user: "a".into() });
        assert_eq!(told(Fact::Output(&event), &mut 0), None);
        let mut links = 1;
        let down = Fact::LinkDown(session::peer::LinkId(4), LinkEnd::Reset);
        assert_eq!(
            told(down, &mut links).as_deref(),
            Some("link 4: broken; 0 now")
        );
    }
}
