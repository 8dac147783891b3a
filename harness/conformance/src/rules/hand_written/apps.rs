//! What apps do: calls with arguments, from inside callbacks, and how they fail.

use session::rules::Rules;
use session::words::{ErrorWord, Event};

use super::{Lines, plain_profile, ruling_under};
use crate::transcript::{EventSeen, Said, Transcript, What};

impl Lines {
    /// The last line is a call from inside this callback.
    pub(crate) fn inside(mut self, callback: &str) -> Lines {
        if let Some(What::Call(call)) = self.entries.last_mut().map(|entry| &mut entry.what) {
            call.inside = Some(callback.into());
        }
        self
    }

    /// A whole login of this user that succeeds at once.
    pub(crate) fn login_of(self, at: u64, actor: &str, id: u32, user: &str) -> Lines {
        self.call(at, actor, id, "login")
            .with("user", user)
            .event(at, actor, Event::LoggingIn)
            .event(at, actor, Event::LoggedIn)
            .answer(at, actor, id, "login")
    }

    /// An event that stands for an error.
    pub(crate) fn event_for(self, at: u64, actor: &str, event: Event, error: ErrorWord) -> Lines {
        let seen = EventSeen {
            event: Some(event),
            state: event.leads_to(),
            error: Some(error),
            ..EventSeen::blank(Said::Neutral)
        };
        self.add(at, actor, What::Event(seen))
    }

    /// Any other line.
    pub(crate) fn line(self, at: u64, actor: &str, what: What) -> Lines {
        self.add(at, actor, what)
    }
}

/// The aspects in which the rule is violated, with the entries, under changed rules of a service.
pub(crate) fn aspects_violated_under(
    rule: &str,
    transcript: Transcript,
    change: fn(&mut Rules),
) -> Vec<(&'static str, usize)> {
    let mut profile = plain_profile();
    change(&mut profile.rules);
    let violations = ruling_under(rule, &transcript, &profile, false)
        .found
        .violations;
    violations.iter().map(|v| (v.aspect, v.entry)).collect()
}
