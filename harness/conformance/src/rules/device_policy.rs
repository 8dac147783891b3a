//! I1: the sessions of a user obey the device policy (EXP-059…061, ZIM-040, TIM-046…053).

use std::collections::BTreeSet;

use session::rules::{DevicePolicy, Devices, Limit};
use session::time::Time;
use session::words::Platform;

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::SessionWord;
use crate::transcript::{Entry, SessionSeen, What};

/// One device is online at a time.
const SINGLE: &str = "single";
/// The same, and they are in different rooms.
const OTHER_ROOM: &str = "single-other-room";
/// Native and web may be online together.
const DUAL: &str = "dual-with-web";
/// Another policy, or platforms that exclude each other.
const OTHER: &str = "other-policy";
/// Too many instances of one platform.
const INSTANCES: &str = "instances";
/// Too many native devices in total.
const IN_TOTAL: &str = "native-in-total";

/// Who is online, as the server knows it.
#[derive(Debug, Default)]
pub(super) struct DevicePolicyHolds {
    online: Map<Whose, Map<String, Online>>,
    /// New logins beside which somebody still is who cannot stay, by when that must be over.
    due: Set<(Time, Whose, String)>,
}

/// An app ID and a user.
type Whose = (Option<u32>, String);

#[derive(Debug)]
struct Online {
    device: String,
    platform: Platform,
    room: Option<String>,
    /// What counted when it was opened; sessions are not judged anew when settings change
    /// (T-AMB-37).
    rules: Devices,
}

impl Rule for DevicePolicyHolds {
    fn id(&self) -> &'static str {
        "I1"
    }

    fn party(&self) -> Party {
        Party::Server
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[SINGLE, OTHER_ROOM, DUAL, OTHER, INSTANCES, IN_TOTAL]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn knob(&self) -> Option<&'static str> {
        Some("rules.devices.policy")
    }

    fn reads(&self) -> Kinds {
        Kinds::SESSION | Kinds::SERVER
    }

    fn due(&self) -> Option<Time> {
        self.due.first().map(|(due, ..)| *due)
    }

    fn overdue(&mut self, index: usize, now: Time, _: &About<'_>, found: &mut Found) {
        while let Some((due, ..)) = self.due.first()
            && *due < now
            && let Some((_, whose, session)) = self.due.pop_first()
        {
            let all = self.online.get(&whose);
            let breach = all.and_then(|all| Some((breach(all, &session)?, all.get(&session)?)));
            if let Some(((aspect, seen), online)) = breach {
                found.violations.push(Violation {
                    aspect,
                    entry: index,
                    actor: online.device.clone(),
                    expected: format!("nobody beside it who cannot stay ({})", online.rules.policy),
                    seen: format!("{seen} of {} online as well", whose.1),
                });
            }
        }
    }

    fn entry(&mut self, _: usize, entry: &Entry, about: &About<'_>, _: &mut Found) {
        match &entry.what {
            // A process that ends knows nothing of its sessions any more.
            what if what.stops_server() => {
                self.online.clear();
                self.due.clear();
            }
            What::Session(seen) => match seen.is {
                SessionWord::Opened | SessionWord::Resumed => self.opened(entry.at, seen, about),
                SessionWord::Ended => self.ended(seen),
                SessionWord::Registered | SessionWord::Counted => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (_, (_, user), session) in self.due.iter() {
            let said = format!("others of {user} may still make room for session {session}");
            found.inconclusive.push(said);
        }
    }
}

impl DevicePolicyHolds {
    fn opened(&mut self, at: Time, seen: &SessionSeen, about: &About<'_>) {
        let whose = (seen.app, seen.user.clone());
        let all = self.online.or_default(&whose);
        if all.contains_key(&seen.session) {
            return;
        }
        let online = Online {
            device: seen.device.clone(),
            platform: seen.platform,
            room: seen.room.clone(),
            rules: known(about),
        };
        all.insert(seen.session.clone(), online);
        if breach(all, &seen.session).is_some() {
            let due = at + about.profile.bounds.tolerance;
            self.due.insert((due, whose, seen.session.clone()));
        }
    }

    fn ended(&mut self, seen: &SessionSeen) {
        let whose = (seen.app, seen.user.clone());
        if let Some(all) = self.online.get_mut(&whose) {
            all.remove(&seen.session);
            if !self.due.is_empty() {
                self.due
                    .retain(|(_, user, session)| *user != whose || breach(all, session).is_some());
            }
            if all.is_empty() {
                self.online.remove(&whose);
            }
        }
    }
}

/// The policy in force; what nobody documents limits nothing.
fn known(about: &About<'_>) -> Devices {
    let mut rules = about.rules_now().devices.clone();
    for (knob, limit) in [
        ("rules.devices.per-platform", &mut rules.per_platform),
        ("rules.devices.on-web", &mut rules.on_web),
        ("rules.devices.native-in-total", &mut rules.native_in_total),
    ] {
        if !about.documents(knob) {
            *limit = Limit::Unlimited;
        }
    }
    rules
}

/// Who is online beside this session and cannot be.
fn breach(all: &Map<String, Online>, session: &str) -> Option<(&'static str, String)> {
    let own = all.get(session)?;
    let others = || all.values().filter(|other| other.device != own.device);
    let excluded = others().find(|other| !own.rules.admits_both(own.platform, other.platform));
    // Under a policy for one device two of the same platform are two devices.
    let single = own.rules.policy == DevicePolicy::Single;
    let count = |counts: &dyn Fn(Platform) -> bool| {
        let devices: BTreeSet<&str> = others()
            .filter(|other| counts(other.platform))
            .map(|other| other.device.as_str())
            .collect();
        devices.len()
    };
    if let Some(other) = excluded {
        let aspect = match own.rules.policy {
            DevicePolicy::Single => single_in(own, other),
            DevicePolicy::DualWithWeb if own.rules.exclude_each_other.is_empty() => DUAL,
            _ => OTHER,
        };
        return Some((aspect, other.device.clone()));
    }
    let alike = count(&|platform| platform == own.platform);
    if alike > 0 && own.rules.instances(own.platform).is_exceeded_by(alike + 1) {
        let other = others().find(|other| other.platform == own.platform)?;
        let aspect = match single {
            true => single_in(own, other),
            false => INSTANCES,
        };
        return Some((aspect, format!("{alike} more on {}", own.platform)));
    }
    let native = count(&|platform| platform != Platform::Web);
    let is_native = own.platform != Platform::Web;
    if is_native && native > 0 && own.rules.native_in_total.is_exceeded_by(native + 1) {
        return Some((IN_TOTAL, format!("{native} more native devices")));
    }
    None
}

fn single_in(own: &Online, other: &Online) -> &'static str {
    match own.room == other.room {
        true => SINGLE,
        false => OTHER_ROOM,
    }
}

#[cfg(test)]
mod tests {
    use session::words::{EndCause, Platform};

    use crate::rules::hand_written::{Lines, inconclusive, violated};

    fn two() -> Lines {
        Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(5_000, "s2", "alice", "tablet")
    }

    #[test]
    fn the_older_session_ends_in_time() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .ended(5_000, "s1", EndCause::NewerLogin)
            .opened(5_000, "s2", "alice", "tablet");
        assert_eq!(violated("I1", lines.end(9_000)), None);
        let later = two().ended(5_900, "s1", EndCause::NewerLogin);
        assert_eq!(violated("I1", later.end(9_000)), None);
    }

    #[test]
    fn two_at_once_violate_it_when_the_bound_is_over() {
        let lines = two().connect(5_500, "phone", 1).connect(6_001, "phone", 2);
        let at = lines.len() - 1;
        assert_eq!(violated("I1", lines.end(9_000)), Some(at));
    }

    #[test]
    fn inside_the_bound_nothing_is_decided() {
        assert_eq!(violated("I1", two().end(5_500)), None);
        assert!(inconclusive("I1", two().end(5_500)));
    }

    #[test]
    fn another_app_is_another_user() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(5_000, "s2", "alice", "tablet")
            .under_app(7);
        assert_eq!(violated("I1", lines.end(9_000)), None);
    }

    #[test]
    fn the_ghost_of_a_device_is_no_other_device() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .opened(5_000, "s2", "alice", "phone");
        assert_eq!(violated("I1", lines.end(9_000)), None);
    }

    #[test]
    fn a_server_that_stops_forgets_its_sessions() {
        let lines = Lines::default()
            .opened(0, "s1", "alice", "phone")
            .server(1_000, "restart")
            .opened(5_000, "s2", "alice", "tablet");
        assert_eq!(violated("I1", lines.end(9_000)), None);
    }

    #[test]
    fn settings_count_from_the_next_login_on() {
        let set = |lines: Lines, policy| {
            lines.server(1_000, &format!("set {{\"device-policy\":\"{policy}\"}}"))
        };
        let web = |lines: Lines| lines.opened(2_000, "s2", "alice", "page").on(Platform::Web);
        let first = Lines::default().opened(0, "s1", "alice", "phone");
        assert!(violated("I1", web(first.clone()).end(9_000)).is_some());
        let both = web(set(first, "dual-with-web"));
        assert_eq!(violated("I1", both.clone().end(9_000)), None);
        // Those who are online are not judged anew.
        let again = set(both, "single");
        assert_eq!(violated("I1", again.clone().end(9_000)), None);
        let third = again.opened(3_000, "s3", "alice", "tablet");
        assert!(violated("I1", third.end(9_000)).is_some());
    }

    #[test]
    fn instances_and_native_devices_are_counted() {
        let many = |settings: &str| {
            Lines::default()
                .server(0, &format!("set {settings}"))
                .opened(1, "s1", "alice", "one")
                .opened(2, "s2", "alice", "two")
        };
        let two = many(r#"{"device-policy":"multi","per-platform":2}"#);
        assert_eq!(violated("I1", two.end(9_000)), None);
        let one = many(r#"{"device-policy":"multi","per-platform":1}"#);
        assert!(violated("I1", one.end(9_000)).is_some());
        let total = many(r#"{"device-policy":"multi","per-platform":2,"native-in-total":1}"#);
        assert!(violated("I1", total.end(9_000)).is_some());
    }
}
