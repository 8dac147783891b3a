//! Scenarios that are a little smaller than another one.

use conformance::scenario::{
    Act, Action, AppSign, CallAct, Client, ClientIndex, Devices, Scenario, ServerAct, TokenAct,
};
use session::peer::{Disturbed, Gateway};
use session::rules::Console;
use session::time::Millis;
use session::words::Platform;

/// The scenario without the device at `at` and all that is done to it.
pub(super) fn without_device(scenario: &Scenario, at: usize) -> Scenario {
    let mut smaller = scenario.clone();
    smaller.clients.remove(at);
    smaller.steps.retain_mut(|step| match &mut step.action {
        Action::Act(act) => moved(act, at),
        _ => true,
    });
    smaller
}

/// The scenario in which all that is done to the device at `at` is done to another one instead.
pub(super) fn merged(scenario: &Scenario, at: usize, into: usize) -> Scenario {
    let mut all_on_one = scenario.clone();
    for step in &mut all_on_one.steps {
        if let Action::Act(act) = &mut step.action {
            each_device(act, |devices| {
                if devices.first().0 == at {
                    *devices = ClientIndex(into).into();
                }
                true
            });
        }
    }
    without_device(&all_on_one, at)
}

/// Renumbers the devices of an act; `false` when it was about the one that is gone.
fn moved(act: &mut Act, gone: usize) -> bool {
    each_device(act, |devices| {
        let index = devices.first().0;
        *devices = ClientIndex(if index > gone { index - 1 } else { index }).into();
        index != gone
    })
}

/// Changes the device an act is about, if it is about one; `false` when `change` says so.
fn each_device(act: &mut Act, change: impl Fn(&mut Devices) -> bool) -> bool {
    match act {
        Act::Call { client, .. }
        | Act::Network { client, .. }
        | Act::App { client, .. }
        | Act::Clock { client, .. }
        | Act::On { client, .. }
        | Act::TokenProvider { client, .. } => change(client),
        Act::Server(ServerAct::Kick { client, .. } | ServerAct::Disturb { client, .. }) => {
            client.as_mut().is_none_or(change)
        }
        Act::Server(_) | Act::Advance(_) => true,
    }
}

/// Scenarios in which one client has one peculiarity less.
pub(super) fn simpler_clients(scenario: &Scenario) -> Vec<Scenario> {
    let edits: [fn(&mut Client); 6] = [
        |client| client.app_sign = AppSign::Right,
        |client| client.saved = false,
        |client| client.listening = true,
        |client| client.initialised = true,
        |client| client.user = "alice".into(),
        |client| client.platform = Platform::Android,
    ];
    let mut all = Vec::new();
    for at in 0..scenario.clients.len() {
        for edit in edits {
            let mut simpler = scenario.clone();
            edit(&mut simpler.clients[at]);
            if simpler.clients != scenario.clients {
                all.push(simpler);
            }
        }
    }
    all
}

/// Scenarios with one console setting less.
pub(super) fn simpler_settings(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    for console in fewer(&scenario.console) {
        all.push(Scenario {
            console,
            ..scenario.clone()
        });
    }
    if scenario.leave_faults {
        all.push(Scenario {
            leave_faults: false,
            ..scenario.clone()
        });
    }
    all
}

/// The settings without one of them.
fn fewer(console: &Console) -> Vec<Console> {
    let edits: [fn(&mut Console); 12] = [
        |c| c.authentication = None,
        |c| c.token_codes = None,
        |c| c.device_policy = None,
        |c| c.per_platform = None,
        |c| c.on_web = None,
        |c| c.native_in_total = None,
        |c| c.exclude_each_other = None,
        |c| c.kicked_while_away = None,
        |c| c.on_token_expiry = None,
        |c| c.reconnect_window = None,
        |c| c.several_rooms = None,
        |c| c.gateways = None,
    ];
    let mut all = Vec::new();
    for edit in edits {
        let mut fewer = console.clone();
        edit(&mut fewer);
        if fewer != *console {
            all.push(fewer);
        }
    }
    all
}

/// Scenarios in which step `at` says a little less.
pub(super) fn simpler_steps(scenario: &Scenario, at: usize) -> Vec<Scenario> {
    let Some(Action::Act(act)) = scenario.steps.get(at).map(|step| &step.action) else {
        return Vec::new();
    };
    let mut acts = Vec::new();
    match act {
        Act::Call { client, call, then } => {
            for call in simpler_calls(call) {
                acts.push(Act::Call {
                    client: *client,
                    call: Box::new(call),
                    then: then.clone(),
                });
            }
        }
        Act::Network { client, change } => {
            let edits: [fn(&mut conformance::scenario::NetworkChange); 4] = [
                |change| change.direction = None,
                |change| change.jitter = None,
                |change| change.loss = None,
                |change| change.latency = None,
            ];
            for edit in edits {
                let mut simpler = *change;
                edit(&mut simpler);
                let says_something = simpler.is.is_some()
                    || simpler.latency.is_some()
                    || simpler.jitter.is_some()
                    || simpler.loss.is_some();
                if simpler != *change && says_something {
                    acts.push(Act::Network {
                        client: *client,
                        change: simpler,
                    });
                }
            }
        }
        Act::On { client, reaction } => {
            let mut with = |calls: Vec<CallAct>, times| {
                let mut simpler = reaction.clone();
                simpler.calls = calls;
                simpler.times = times;
                acts.push(Act::On {
                    client: *client,
                    reaction: simpler,
                });
            };
            for at in 0..reaction.calls.len() {
                let mut fewer = reaction.calls.clone();
                fewer.remove(at);
                if !fewer.is_empty() {
                    with(fewer, reaction.times);
                }
                for call in simpler_calls(&reaction.calls[at]) {
                    let mut simpler = reaction.calls.clone();
                    simpler[at] = call;
                    with(simpler, reaction.times);
                }
            }
            if reaction.times.is_some_and(|times| times > 1) {
                with(reaction.calls.clone(), Some(1));
            }
        }
        Act::Server(order) => acts.extend(simpler_orders(order).into_iter().map(Act::Server)),
        Act::TokenProvider { client, provider } => {
            let mut simpler = provider.clone();
            simpler.token = None;
            if simpler != *provider && simpler.after > Millis::ZERO {
                acts.push(Act::TokenProvider {
                    client: *client,
                    provider: simpler,
                });
            }
        }
        Act::Clock { .. } | Act::App { .. } | Act::Advance(_) => {}
    }
    acts.into_iter()
        .map(|act| {
            let mut simpler = scenario.clone();
            simpler.steps[at].action = Action::Act(act);
            simpler
        })
        .collect()
}

fn simpler_calls(call: &CallAct) -> Vec<CallAct> {
    let edits: [fn(&mut CallAct); 8] = [
        |call| call.token = None,
        |call| call.user = None,
        |call| call.room = None,
        |call| call.to = None,
        |call| call.name = None,
        |call| call.offline = false,
        |call| call.notify = true,
        |call| call.gateway = Gateway::FIRST,
    ];
    let needs_room = conformance::grammar::calls::takes(call.api.api())
        .needs
        .contains(&"room");
    let mut all = Vec::new();
    for edit in edits {
        let mut simpler = call.clone();
        edit(&mut simpler);
        if simpler != *call && !(needs_room && simpler.room.is_none()) {
            all.push(simpler);
        }
    }
    all
}

fn simpler_orders(order: &ServerAct) -> Vec<ServerAct> {
    match order {
        ServerAct::Disturb {
            notice,
            client,
            times,
            how,
        } => {
            let with = |client, times, how| ServerAct::Disturb {
                notice: *notice,
                client,
                times,
                how,
            };
            let mut all = Vec::new();
            if *times > 1 {
                all.push(with(*client, 1, *how));
            }
            if client.is_some() {
                all.push(with(None, *times, *how));
            }
            if matches!(how, Disturbed::Reordered | Disturbed::Delayed(_)) {
                all.push(with(*client, *times, Disturbed::Dropped));
            }
            all
        }
        ServerAct::Kick {
            user,
            room: Some(_),
            client,
        } => vec![ServerAct::Kick {
            user: user.clone(),
            room: None,
            client: *client,
        }],
        ServerAct::Set(console) => fewer(console)
            .into_iter()
            .filter(|fewer| *fewer != Console::default())
            .map(ServerAct::Set)
            .collect(),
        _ => Vec::new(),
    }
}

/// Scenarios in which one pause is left out and another one is so much longer.
pub(super) fn pauses_joined(scenario: &Scenario) -> Vec<Scenario> {
    let pause = |at: usize| match &scenario.steps[at].action {
        Action::Act(Act::Advance(length)) => Some(*length),
        _ => None,
    };
    let pauses: Vec<(usize, Millis)> = (0..scenario.steps.len())
        .filter_map(|at| Some((at, pause(at)?)))
        .collect();
    let mut all = Vec::new();
    for (gone, length) in pauses.iter().rev() {
        for (kept, before) in pauses.iter().filter(|(kept, _)| kept != gone) {
            let mut joined = scenario.clone();
            joined.steps[*kept].action = Action::Act(Act::Advance(*before + *length));
            joined.steps.remove(*gone);
            all.push(joined);
        }
    }
    all
}

/// The length of time number `which` of step `at`.
pub(super) fn length(scenario: &Scenario, at: usize, which: usize) -> Option<Millis> {
    let mut scenario = scenario.clone();
    lengths(&mut scenario, at)
        .into_iter()
        .nth(which)
        .map(|length| *length)
}

/// Sets it.
pub(super) fn set_length(scenario: &mut Scenario, at: usize, which: usize, to: Millis) {
    if let Some(length) = lengths(scenario, at).into_iter().nth(which) {
        *length = to;
    }
}

fn lengths(scenario: &mut Scenario, at: usize) -> Vec<&mut Millis> {
    let Some(Action::Act(act)) = scenario.steps.get_mut(at).map(|step| &mut step.action) else {
        return Vec::new();
    };
    match act {
        Act::Advance(length) => vec![length],
        Act::Call { call, .. } => lives(&mut call.token),
        Act::On { reaction, .. } => reaction
            .calls
            .iter_mut()
            .flat_map(|call| lives(&mut call.token))
            .collect(),
        Act::Network { change, .. } => change
            .latency
            .iter_mut()
            .chain(&mut change.jitter)
            .collect(),
        Act::TokenProvider { provider, .. } => {
            let after = (provider.after > Millis::ZERO).then_some(&mut provider.after);
            after
                .into_iter()
                .chain(lives(&mut provider.token))
                .collect()
        }
        Act::Server(ServerAct::Disturb {
            how: Disturbed::Delayed(by),
            ..
        }) => vec![by],
        Act::Server(_) | Act::App { .. } | Act::Clock { .. } => Vec::new(),
    }
}

fn lives(token: &mut Option<TokenAct>) -> Vec<&mut Millis> {
    match token {
        Some(TokenAct::ValidFor(life)) => vec![life],
        _ => Vec::new(),
    }
}
