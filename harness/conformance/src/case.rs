//! One case: a scenario under a profile with a seed.

use session::rules::Rules;

use crate::scenario::Scenario;

/// One case, ready to run.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The seed everything random is drawn from.
    pub seed: u64,
    /// The profile's rules with the scenario's console settings applied.
    pub rules: Rules,
}
