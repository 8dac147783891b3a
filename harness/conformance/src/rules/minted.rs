//! When tickets end, as what they are called tells.

use session::rules::{Authentication, EndCounts, Rules};
use session::time::{Millis, Time};

use super::few::Map;
use crate::transcript::CallMade;

/// What stands between the user and the life of a ticket in what it is called.
const LIFE: &str = ", ends +";

/// When each ticket was first seen. Its life counts from there.
#[derive(Debug, Default)]
pub(super) struct Minted {
    first_seen: Map<String, Time>,
}

impl Minted {
    /// The first moment at which the ticket that a call brings is over; `None` where it has a
    /// fault, or where no ticket decides.
    pub(super) fn over(&mut self, call: &CallMade, at: Time, rules: &Rules) -> Option<Time> {
        let label = call.args.get("ticket")?;
        let (_, life) = label.rsplit_once(LIFE)?;
        let life: Millis = life.strip_suffix(')')?.parse().ok()?;
        if rules.login.authentication == Authentication::AppSign {
            return None;
        }
        let since = *self.first_seen.or_insert(label, || at);
        // Tickets are made at, and good for, whole seconds.
        let seconds = since.0 / 1_000 + life.0 / 1_000;
        Some(
            Time::START
                + Millis::seconds(match rules.token.end_counts {
                    EndCounts::Excluded => seconds,
                    EndCounts::Included => seconds + 1,
                }),
        )
    }
}
