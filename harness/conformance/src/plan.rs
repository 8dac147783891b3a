//! Which scenarios apply to which profiles, and why not.

use crate::profile::{Capability, Profile};
use crate::scenario::{Act, Action, Scenario};

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
    if let Some(why) = profile.refuses(&scenario.console) {
        return Some(why);
    }
    for step in &scenario.steps {
        if let Action::Act(Act::Call { call, .. }) = &step.action
            && let Some(api) = call.api.api()
            && !profile.calls.contains_key(&api)
        {
            return Some(format!("the profile has no call {api}"));
        }
    }
    None
}
