//! A seed to a scenario.
//!
//! All calls are started, none is waited for: what must come of them is for the rules to say.

mod acts;
mod lengths;

use std::sync::Arc;

use conformance::case::DEFAULT_ROOM;
use conformance::emit;
use conformance::scenario::{Act, Action, AppSign, Client, ProfileSelector, Scenario, Step};
use conformance::source::{Source, Span};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use session::random::Stream;
use session::rules::Console;
use session::time::Millis;
use session::words::Platform;

use crate::alphabet::Alphabet;
use crate::feature::{Feature, Features};
use crate::repair;

/// The most devices.
const MOST_DEVICES: usize = 4;

/// The most acts that are drawn; what cannot be done is left out.
const MOST_ACTS: usize = 24;

/// Changed whenever the same seed gives another scenario than before.
pub const VERSION: u32 = 2;

/// The users there are.
pub(crate) const USERS: [&str; 2] = ["alice", "bob"];

/// The scenario of `seed` under the profile; always the same one in this version.
pub fn scenario(alphabet: &Alphabet<'_>, seed: u64) -> Scenario {
    let mut stream = Stream::new(seed, &alphabet.profile.id);
    let features = Features::of_bits(stream.next_u64());
    let mut runner = runner(&mut stream);
    let tree = plot(alphabet, features).new_tree(&mut runner);
    // Nothing is filtered, so nothing can be drawn in vain.
    let plot = tree.expect("every draw is accepted").current();
    let scenario = Scenario {
        title: format!("Whatever seed {seed} brings about"),
        ..plot.scenario(&alphabet.profile.id)
    };
    let name = format!("seed-{seed}");
    let repaired = repair::repaired(scenario, alphabet.profile);
    Scenario {
        name: name.clone(),
        ..emit::scenario(repaired, &format!("{name}.yaml"), &[])
    }
}

/// Draws from the stream alone.
fn runner(stream: &mut Stream) -> TestRunner {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(8) {
        chunk.copy_from_slice(&stream.next_u64().to_le_bytes());
    }
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Who takes part and what is done, as drawn.
#[derive(Debug, Clone)]
struct Plot {
    clients: Vec<Client>,
    console: Vec<Console>,
    gateways: Option<u8>,
    leave_faults: bool,
    /// Acts, how often each is done at once, and how long nothing is done after it.
    acts: Vec<(Act, usize, Millis)>,
}

impl Plot {
    fn scenario(self, profile: &str) -> Scenario {
        let mut steps = Vec::new();
        for (act, times, pause) in self.acts {
            steps.extend(std::iter::repeat_n(step(act), times));
            if pause > Millis::ZERO {
                steps.push(step(Act::Advance(pause)));
            }
        }
        let mut console = self.console.into_iter().fold(Console::default(), combined);
        console.gateways = self.gateways;
        blank(profile, console, self.clients, steps, self.leave_faults)
    }
}

/// The settings of both; where both speak, the later ones.
fn combined(first: Console, later: Console) -> Console {
    Console {
        device_policy: later.device_policy.or(first.device_policy),
        per_platform: later.per_platform.or(first.per_platform),
        on_web: later.on_web.or(first.on_web),
        native_in_total: later.native_in_total.or(first.native_in_total),
        exclude_each_other: later.exclude_each_other.or(first.exclude_each_other),
        kicked_while_away: later.kicked_while_away.or(first.kicked_while_away),
        on_token_expiry: later.on_token_expiry.or(first.on_token_expiry),
        reconnect_window: later.reconnect_window.or(first.reconnect_window),
        several_rooms: later.several_rooms.or(first.several_rooms),
        gateways: later.gateways.or(first.gateways),
        authentication: later.authentication.or(first.authentication),
        token_codes: later.token_codes.or(first.token_codes),
    }
}

fn blank(
    profile: &str,
    console: Console,
    clients: Vec<Client>,
    steps: Vec<Step>,
    leave_faults: bool,
) -> Scenario {
    Scenario {
        name: String::new(),
        title: String::new(),
        about: None,
        tags: Vec::new(),
        needs: Vec::new(),
        profiles: vec![ProfileSelector {
            id: profile.to_owned(),
            exactly: true,
        }],
        depends: Vec::new(),
        console,
        clients,
        steps,
        covers: Vec::new(),
        violates: Vec::new(),
        leave_faults,
        hash: String::new(),
        source: Arc::new(Source {
            path: String::new(),
            text: String::new(),
        }),
    }
}

/// A step without a place yet.
pub(crate) fn step(act: Act) -> Step {
    Step {
        span: Span::default(),
        rounds: Vec::new(),
        covers: Vec::new(),
        action: Action::Act(act),
    }
}

fn plot<'a>(alphabet: &'a Alphabet<'a>, on: Features) -> impl Strategy<Value = Plot> + 'a {
    let most = if on.has(Feature::Devices) {
        MOST_DEVICES
    } else {
        1
    };
    let settings = if on.has(Feature::Settings) && !alphabet.first_settings.is_empty() {
        2
    } else {
        0
    };
    let gateways = match on.has(Feature::Gateways) {
        true => (2u8..=3).prop_map(Some).boxed(),
        false => Just(None).boxed(),
    };
    let clients = vec(client(on), most.min(2)..=most).prop_map(with_names);
    clients.prop_flat_map(move |clients| {
        let devices = clients.len();
        let console = match settings {
            0 => Just(Vec::new()).boxed(),
            most => vec(
                prop::sample::select(alphabet.first_settings.clone()),
                0..=most,
            )
            .boxed(),
        };
        // Most things worth seeing begin with somebody who is online.
        let logins = vec(acts::first_login(alphabet, on), devices);
        let acts = vec(
            (
                acts::act(alphabet, on, devices),
                if_on(on, Feature::Crossings, 0.1),
                lengths::pause(alphabet, on),
            ),
            1..=MOST_ACTS,
        );
        (
            Just(clients),
            console,
            gateways.clone(),
            prop::bool::weighted(0.05),
            logins,
            acts,
        )
            .prop_map(
                |(clients, console, gateways, leave_faults, logins, acts)| Plot {
                    acts: logins
                        .into_iter()
                        .enumerate()
                        .filter_map(|(device, login)| acts::logs_in(device, login))
                        .map(|(act, pause)| (act, 1, pause))
                        .chain(acts.into_iter().map(with_times))
                        .collect(),
                    clients,
                    console,
                    gateways,
                    leave_faults,
                },
            )
    })
}

/// A call may be made twice at once: an answer of one then meets the other.
fn with_times((act, again, pause): (Act, bool, Millis)) -> (Act, usize, Millis) {
    let twice = again && matches!(act, Act::Call { .. });
    (act, 1 + usize::from(twice), pause)
}

fn client(on: Features) -> impl Strategy<Value = Client> {
    let users: usize = if on.has(Feature::Users) { 2 } else { 1 };
    (
        prop::sample::select(Platform::ALL),
        0..users,
        if_on(on, Feature::Lifetime, 0.1),
        if_on(on, Feature::Listeners, 0.05),
        if_on(on, Feature::Saved, 0.4),
        match on.has(Feature::BadTickets) {
            true => prop::sample::select(AppSign::ALL).boxed(),
            false => Just(AppSign::Right).boxed(),
        },
    )
        .prop_map(
            |(platform, user, uninitialised, deaf, saved, app_sign)| Client {
                name: String::new(),
                user: USERS[user].to_owned(),
                platform,
                initialised: !uninitialised,
                app: session::ticket::APP_ID,
                app_sign,
                listening: !deaf,
                saved,
                room: DEFAULT_ROOM.to_owned(),
            },
        )
}

/// True so often, where the feature is on.
fn if_on(on: Features, feature: Feature, how_often: f64) -> BoxedStrategy<bool> {
    match on.has(feature) {
        true => prop::bool::weighted(how_often).boxed(),
        false => Just(false).boxed(),
    }
}

/// Every device gets a name that says what it is, and a number where there are several.
fn with_names(mut clients: Vec<Client>) -> Vec<Client> {
    for at in 0..clients.len() {
        let word = match clients[at].platform {
            Platform::Android => "phone",
            Platform::Iphone => "iphone",
            Platform::Ipad => "tablet",
            Platform::Windows => "desktop",
            Platform::Mac => "laptop",
            Platform::Linux => "workstation",
            Platform::Web => "page",
        };
        let same = clients[..at]
            .iter()
            .filter(|other| other.platform == clients[at].platform)
            .count();
        clients[at].name = match same {
            0 => word.to_owned(),
            // Two of a kind are no fleet, which would begin with 1.
            same => format!("{word}-{}", same + 1),
        };
    }
    clients
}

#[cfg(test)]
mod tests;
