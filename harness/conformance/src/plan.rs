//! Which scenarios apply to which profiles, and why not.

use crate::profile::{Capability, Profile};
use crate::scenario::{Act, Action, CallAct, CallName, Scenario, ServerAct};

/// Why a scenario does not apply to a profile; `None` when it does.
pub fn not_applicable(scenario: &Scenario, profile: &Profile) -> Option<String> {
    let selected = scenario.profiles.is_empty()
        || scenario.profiles.iter().any(|selector| {
            profile.id == selector.id || (!selector.exactly && profile.descends_from(&selector.id))
        });
    if !selected {
        return Some("the scenario is for other profiles".into());
    }
    for need in &scenario.needs {
        let has = need
            .parse::<Capability>()
            .is_ok_and(|need| profile.capabilities.contains(&need));
        if !has {
            return Some(format!("the profile has no {need}"));
        }
    }
    profile.refuses(&scenario.console).or_else(|| {
        let actions = scenario.steps.iter().map(|step| &step.action);
        actions.filter_map(|action| refused(action, profile)).next()
    })
}

fn refused(action: &Action, profile: &Profile) -> Option<String> {
    match action {
        Action::Act(Act::Call { call, .. }) => call_refused(call, profile),
        Action::Act(Act::On { reaction, .. }) => reaction
            .calls
            .iter()
            .find_map(|call| call_refused(call, profile)),
        Action::Act(Act::Server(act)) => act_refused(act, profile),
        _ => None,
    }
}

fn call_refused(call: &CallAct, profile: &Profile) -> Option<String> {
    let api = call.api.api();
    if !profile.calls.contains_key(&api) {
        return Some(format!("the profile has no call {api}"));
    }
    let needs_rooms = matches!(call.api, CallName::JoinRoom | CallName::LeaveRoom);
    let rooms = needs_rooms.then_some(Capability::Rooms);
    let offline = call.offline.then_some(Capability::OfflineLogin);
    let mut needs = rooms.into_iter().chain(offline);
    needs.find_map(|need| lacks(need, profile))
}

fn act_refused(act: &ServerAct, profile: &Profile) -> Option<String> {
    match act {
        ServerAct::Kick { .. } => lacks(Capability::ServerKick, profile),
        ServerAct::Ban(_) | ServerAct::Unban(_) => lacks(Capability::Bans, profile),
        ServerAct::Revoke(_) => lacks(Capability::Revocation, profile),
        ServerAct::Set(console) => profile.refuses(console),
        ServerAct::Restart
        | ServerAct::Stop
        | ServerAct::Start
        | ServerAct::Gateway { .. }
        | ServerAct::Disturb { .. } => None,
    }
}

fn lacks(need: Capability, profile: &Profile) -> Option<String> {
    let has = profile.capabilities.contains(&need);
    (!has).then(|| format!("the profile has no {need}"))
}
