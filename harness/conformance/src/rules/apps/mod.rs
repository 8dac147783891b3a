//! Rules about apps: what an app calls, when, and because of what.
//!
//! A call is known to have an event for its cause when it is made from inside that event's
//! callback, directly or after the app had asked for a ticket. Of any other call nobody can say
//! from a record whether a person asked for it; what hangs on that is inconclusive.

mod abnormal_exit;
pub(super) mod causes;
mod credentials;
mod expired_ticket;
mod login_arguments;
mod needless_login;
mod offline_login;
mod order;
mod relogin;
mod renewal;
mod user_ids;

use super::{Found, Rule, Violation};
use crate::transcript::{CallMade, Entry};

/// All rules about apps but the first, fresh.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::<relogin::Relogin>::default(),
        Box::<expired_ticket::ExpiredTicket>::default(),
        Box::<abnormal_exit::AbnormalExit>::default(),
        Box::<order::Order>::default(),
        Box::<needless_login::NeedlessLogin>::default(),
        Box::<user_ids::UserIds>::default(),
        Box::<login_arguments::LoginArguments>::default(),
        Box::<offline_login::OfflineLogin>::default(),
        Box::<renewal::Renewal>::default(),
        Box::<credentials::Credentials>::default(),
    ]
}

/// Writes down a breach with the call that is one.
fn breach(
    found: &mut Found,
    aspect: &'static str,
    (index, entry): (usize, &Entry),
    expected: String,
    seen: String,
) {
    found.violations.push(Violation {
        aspect,
        entry: index,
        actor: entry.actor.clone(),
        expected,
        seen,
    });
}

fn say(call: &CallMade) -> String {
    match &call.inside {
        Some(inside) => format!("call #{} {} inside {inside}", call.id, call.api),
        None => format!("call #{} {}", call.id, call.api),
    }
}

/// The user a login is for.
fn user_of(call: &CallMade) -> &str {
    call.args.get("user").map_or("", String::as_str)
}
