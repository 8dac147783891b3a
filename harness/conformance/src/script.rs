//! What a script remembers between its steps; the director and the judge keep it alike.

use std::collections::{BTreeMap, BTreeSet};

use session::time::Time;

use crate::case::{Case, States};
use crate::scenario::{Act, Action, Observation, Step, Then};
use crate::watch::{Anchor, Beginning, Watch};

/// Anchors, marks, started calls and used-up entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    /// When the most recent act began.
    act: Anchor,
    marks: BTreeMap<String, Anchor>,
    /// Started calls by name: their number once it is known, their device, and when.
    started: BTreeMap<String, Started>,
    /// The name of the call that was started last and has no number yet.
    unnumbered: Option<String>,
    pub(crate) taken: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
struct Started {
    id: Option<u32>,
    device: String,
    at: Anchor,
    api: Option<session::words::Api>,
}

impl Script {
    /// Begins a step whose own entry is at `index`; what is to be watched for it?
    pub(crate) fn begin(
        &mut self,
        step: &Step,
        index: usize,
        now: Time,
        case: &Case<'_>,
        states: &States,
    ) -> Watch {
        let here = Anchor {
            at: now,
            entry: index,
        };
        match &step.action {
            Action::Mark(name) => {
                self.marks.insert(name.clone(), here);
                Watch::done(now)
            }
            Action::Act(act) => {
                self.act = here;
                self.begin_act(act, here, case)
            }
            Action::Observe(Observation::Result {
                of,
                expected,
                within,
            }) => match self.started.get(of) {
                Some(call) => {
                    let bound = within.unwrap_or_else(|| case.profile.bound_of(call.api));
                    Watch::answer(call.at, &call.device, call.id, expected.clone(), bound)
                }
                None => Watch::done(now),
            },
            Action::Observe(observation) => {
                let since = match observation {
                    Observation::Expect { since, .. }
                    | Observation::Never { since, .. }
                    | Observation::Count { since, .. } => since.as_ref(),
                    Observation::Result { .. } => None,
                };
                let anchor = since
                    .and_then(|name| self.marks.get(name))
                    .copied()
                    .unwrap_or(self.act);
                let beginning = Beginning {
                    case,
                    anchor,
                    now,
                    states,
                };
                Watch::observation(observation, &beginning)
            }
        }
    }

    fn begin_act(&mut self, act: &Act, here: Anchor, case: &Case<'_>) -> Watch {
        match act {
            Act::Call {
                client, call, then, ..
            } => {
                let device = &case.client(*client).name;
                let api = call.api.api();
                match then {
                    Then::Wait(expected) => {
                        let bound = case.profile.bound_of(api);
                        Watch::answer(here, device, None, expected.clone(), bound)
                    }
                    Then::GoOn(name) => {
                        let call = Started {
                            id: None,
                            device: device.clone(),
                            at: here,
                            api,
                        };
                        self.started.insert(name.clone(), call);
                        self.unnumbered = Some(name.clone());
                        Watch::done(here.at)
                    }
                }
            }
            Act::Advance(length) => Watch::advance(here.at, here.at + *length),
            _ => Watch::done(here.at),
        }
    }

    /// A call was made; if it is the one that was started, this is its number.
    pub(crate) fn call_made(&mut self, device: &str, id: u32) {
        if let Some(name) = &self.unnumbered
            && let Some(call) = self.started.get_mut(name)
            && call.device == device
        {
            call.id = Some(id);
            self.unnumbered = None;
        }
    }
}
