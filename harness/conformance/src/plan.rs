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

/// Why this step does not apply to a profile; `None` when it does.
pub fn refused(action: &Action, profile: &Profile) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use session::words::Api;

    use super::*;
    use crate::document::{Known, lower};
    use crate::rules::hand_written::plain_profile;
    use crate::source::Source;

    fn why_not(steps: &str, has: &[Capability]) -> Option<String> {
        let text = format!("title: T\nclients: {{ phone: {{ user: alice }} }}\nsteps: [{steps}]\n");
        let path = "t.yaml".to_owned();
        let source = Arc::new(Source { path, text });
        let scenario = lower(source, "t", &Known::default()).expect("it is sound");
        let mut profile = plain_profile();
        profile.capabilities.extend(has);
        for api in [Api::Login, Api::Logout] {
            profile.calls.insert(api, api.word().to_owned());
        }
        not_applicable(&scenario, &profile)
    }

    #[test]
    fn what_a_profile_lacks_is_named() {
        for (steps, need) in [
            ("{ server: { kick: alice } }", Capability::ServerKick),
            ("{ server: { ban: alice } }", Capability::Bans),
            ("{ server: { unban: alice } }", Capability::Bans),
            ("{ server: { revoke: alice } }", Capability::Revocation),
            (
                "{ login: { client: phone, offline: true } }",
                Capability::OfflineLogin,
            ),
            (
                "{ join-room: { client: phone, room: two } }",
                Capability::Rooms,
            ),
            (
                "{ on: { client: phone, event: kicked-out, do: [{ leave-room: { room: two } }] } }",
                Capability::Rooms,
            ),
        ] {
            let why = format!("the profile has no {need}");
            assert_eq!(why_not(steps, &[]), Some(why), "{steps}");
            assert_eq!(why_not(steps, &[need]), None, "{steps}");
        }
    }

    #[test]
    fn a_setting_that_is_changed_on_the_way_must_be_on_offer() {
        let set = "{ server: { set: { device-policy: multi } } }";
        let why = "its console does not offer device-policy: multi";
        assert_eq!(why_not(set, &[]).as_deref(), Some(why));
        let size = "{ server: { gateway: 2, is: stopped } }";
        assert_eq!(why_not(size, &[]), None);
    }

    #[test]
    fn a_call_without_a_name_is_not_made() {
        let inside = "{ on: { client: phone, event: kicked-out, do: [{ call: { api: get-conversations } }] } }";
        let why = "the profile has no call get-conversations";
        assert_eq!(why_not(inside, &[]).as_deref(), Some(why));
    }
}
