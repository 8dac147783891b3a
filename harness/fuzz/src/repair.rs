//! What cannot be done is left out, so that a scenario is sound whatever was drawn or dropped.

use conformance::plan;
use conformance::profile::Profile;
use conformance::scenario::{
    Act, Action, AppAct, Client, Devices, Scenario, ServerAct, Step, Then,
};
use session::time::Millis;

/// The longest a generated scenario takes, in virtual time: three hours.
const LONGEST: Millis = Millis::seconds(3 * 3_600);

/// The scenario without what is impossible under `profile`: calls of apps that do not run, acts
/// on a server that stands, what the profile does not have. Started calls get their names, and
/// pauses that follow each other become one.
pub fn repaired(mut scenario: Scenario, profile: &Profile) -> Scenario {
    let mut world = World {
        apps: vec![Runs::Yes; scenario.clients.len()],
        server: true,
        started: 0,
        total: Millis::ZERO,
    };
    if profile.refuses(&scenario.console).is_some() {
        scenario.console = session::rules::Console::default();
    }
    let mut steps: Vec<Step> = Vec::with_capacity(scenario.steps.len());
    for mut step in std::mem::take(&mut scenario.steps) {
        if !world.admits(&mut step.action, &scenario.clients, profile) {
            continue;
        }
        let last = steps.last_mut().map(|step| &mut step.action);
        match (last, &step.action) {
            (Some(Action::Act(Act::Advance(before))), Action::Act(Act::Advance(more))) => {
                before.0 += more.0
            }
            _ => steps.push(step),
        }
    }
    // A scenario has at least one step.
    if steps.is_empty() {
        steps.push(crate::generate::step(Act::Advance(Millis::seconds(1))));
    }
    scenario.steps = steps;
    scenario
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    Yes,
    No,
    StandsStill,
}

/// The state of things before a step.
struct World {
    apps: Vec<Runs>,
    server: bool,
    started: u32,
    total: Millis,
}

impl World {
    fn admits(&mut self, action: &mut Action, clients: &[Client], profile: &Profile) -> bool {
        if plan::refused(action, profile).is_some() {
            return false;
        }
        let Action::Act(act) = action else {
            return true;
        };
        match act {
            Act::Call { client, then, .. } => {
                if !self.all(*client, Runs::Yes) {
                    return false;
                }
                if let Then::GoOn(name) = then {
                    self.started += 1;
                    *name = format!("c{}", self.started);
                }
                true
            }
            Act::Advance(length) => {
                let room = LONGEST.saturating_sub(self.total);
                length.0 = length.0.min(room.0);
                self.total.0 += length.0;
                length.0 > 0
            }
            Act::Server(act) => self.admits_order(act, clients),
            Act::App { client, is } => self.admits_app_act(*client, *is),
            Act::Network { .. }
            | Act::Clock { .. }
            | Act::On { .. }
            | Act::TokenProvider { .. } => true,
        }
    }

    fn all(&self, devices: Devices, state: Runs) -> bool {
        devices
            .each()
            .all(|device| self.apps.get(device.0) == Some(&state))
    }

    fn admits_app_act(&mut self, devices: Devices, is: AppAct) -> bool {
        let (possible, then) = match is {
            AppAct::Crashed => (!self.all(devices, Runs::No), Runs::No),
            AppAct::Started => (self.all(devices, Runs::No), Runs::Yes),
            AppAct::Frozen => (self.all(devices, Runs::Yes), Runs::StandsStill),
            AppAct::Resumed => (self.all(devices, Runs::StandsStill), Runs::Yes),
            AppAct::Background | AppAct::Foreground => (self.all(devices, Runs::Yes), Runs::Yes),
        };
        if possible {
            for device in devices.each() {
                self.apps[device.0] = then;
            }
        }
        possible
    }

    fn admits_order(&mut self, act: &ServerAct, clients: &[Client]) -> bool {
        // Something done to somebody nobody has heard of is refused as a slip of the pen.
        let known = |user: &String| clients.iter().any(|client| client.user == *user);
        let possible = match act {
            ServerAct::Start => !self.server,
            ServerAct::Kick { user, .. }
            | ServerAct::Ban(user)
            | ServerAct::Unban(user)
            | ServerAct::Revoke(user) => self.server && known(user),
            _ => self.server,
        };
        match act {
            ServerAct::Start if possible => self.server = true,
            ServerAct::Stop if possible => self.server = false,
            _ => {}
        }
        possible
    }
}
