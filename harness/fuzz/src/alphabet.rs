//! What can happen under a profile, and the lengths of time at which something turns.

use std::collections::BTreeSet;

use conformance::profile::{Capability, Profile};
use session::rules::{Console, Limit, Wait, WarningLead, Window};
use session::ticket::Fault;
use session::time::Millis;
use session::words::Api;

/// Waits above this are long ones: two minutes.
pub const LONG: Millis = Millis::seconds(120);

/// The longest wait that is generated: an hour. What takes longer is for scenarios.
pub const LONGEST: Millis = Millis::seconds(3_600);

/// A profile as the generator sees it.
#[derive(Debug, Clone)]
pub struct Alphabet<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Lengths of time up to [`LONG`] at which something turns, sorted.
    pub turns: Vec<Millis>,
    /// The longer ones, up to [`LONGEST`].
    pub long_turns: Vec<Millis>,
    /// One console setting each that the profile offers and that is not the usual one.
    pub first_settings: Vec<Console>,
    /// Those of them that can change during a run.
    pub settings: Vec<Console>,
    /// Faults a ticket may have.
    pub faults: Vec<Fault>,
}

impl<'a> Alphabet<'a> {
    /// The alphabet of this profile.
    pub fn of(profile: &'a Profile) -> Alphabet<'a> {
        let (turns, long_turns) = turns(profile)
            .into_iter()
            .filter(|length| *length <= LONGEST)
            .partition(|length| *length <= LONG);
        Alphabet {
            profile,
            turns,
            long_turns,
            settings: offered(profile, changeable(profile)),
            first_settings: offered(
                profile,
                changeable(profile).into_iter().chain(fixed(profile)),
            ),
            faults: Fault::ALL.to_vec(),
        }
    }

    /// Has the profile this call?
    pub fn has_call(&self, api: Api) -> bool {
        self.profile.calls.contains_key(&api)
    }

    /// Has the profile this capability?
    pub fn has(&self, capability: Capability) -> bool {
        self.profile.capabilities.contains(&capability)
    }
}

/// Every length of time in the profile's rules.
fn turns(profile: &Profile) -> BTreeSet<Millis> {
    let rules = &profile.rules;
    let mut lengths = BTreeSet::from([
        rules.login.timeout,
        rules.login.lockout,
        rules.link.connect_timeout,
        rules.link.answer_timeout,
        rules.heartbeat.interval,
        rules.heartbeat.answer_within,
        rules.heartbeat.server_limit,
        rules.reconnect.first_delay,
        rules.reconnect.longest_delay,
    ]);
    if let Window::Bounded(length) = rules.reconnect.window {
        lengths.insert(length);
    }
    if let WarningLead::Before(length) = rules.token.warning_lead {
        lengths.insert(length);
    }
    for wait in [rules.login.least_gap, rules.login.ready_after] {
        if let Wait::For(length) = wait {
            lengths.insert(length);
        }
    }
    lengths
}

/// Settings that hold for a whole run.
fn fixed(profile: &Profile) -> Vec<Console> {
    let offer = &profile.console;
    let authentication = offer.authentication.iter().map(|wanted| Console {
        authentication: Some(*wanted),
        ..Console::default()
    });
    let codes = offer.token_codes.iter().map(|wanted| Console {
        token_codes: Some(*wanted),
        ..Console::default()
    });
    authentication.chain(codes).collect()
}

/// Those that are on offer and change something: a limit that nothing exceeds is no setting worth
/// trying.
fn offered(profile: &Profile, settings: impl IntoIterator<Item = Console>) -> Vec<Console> {
    let is_worth_it = |console: &Console| {
        let mut changed = profile.rules.clone();
        console.apply(&mut changed);
        changed != profile.rules && profile.refuses(console).is_none()
    };
    settings.into_iter().filter(is_worth_it).collect()
}

fn changeable(profile: &Profile) -> Vec<Console> {
    let usual = Console::default;
    let offer = &profile.console;
    let mut all = Vec::new();
    for policy in &offer.device_policy {
        all.push(Console {
            device_policy: Some(*policy),
            ..usual()
        });
    }
    for expiry in &offer.on_token_expiry {
        all.push(Console {
            on_token_expiry: Some(*expiry),
            ..usual()
        });
    }
    for told in &offer.kicked_while_away {
        all.push(Console {
            kicked_while_away: Some(*told),
            ..usual()
        });
    }
    for several in &offer.several_rooms {
        all.push(Console {
            several_rooms: Some(*several),
            ..usual()
        });
    }
    for group in &offer.exclude_each_other {
        all.push(Console {
            exclude_each_other: Some(group.clone()),
            ..usual()
        });
    }
    for most in [2, 3] {
        let at_most = |limit: u32| (limit >= most).then_some(most);
        for console in [
            Console {
                per_platform: at_most(offer.most_per_platform),
                ..usual()
            },
            Console {
                on_web: at_most(offer.most_on_web),
                ..usual()
            },
            Console {
                native_in_total: at_most(offer.most_native_in_total),
                ..usual()
            },
        ] {
            all.push(console);
        }
    }
    if offer.reconnect_window {
        for seconds in [30, 60, 90] {
            let window = Some(Window::Bounded(Millis::seconds(seconds)));
            all.push(Console {
                reconnect_window: window,
                ..usual()
            });
        }
    }
    all
}

/// How many gateways the profile's service has at least.
pub fn gateways(profile: &Profile) -> u8 {
    profile.rules.link.gateways
}

/// The most rooms a device may be in at once, as far as that matters here.
pub fn most_rooms(profile: &Profile) -> u32 {
    match profile.rules.rooms.most {
        Limit::Most(most) => most.min(3),
        Limit::Unlimited => 3,
    }
}
