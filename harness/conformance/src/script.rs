//! What a script remembers between its steps; the director and the judge keep it alike.

use std::collections::{BTreeMap, BTreeSet};

use session::time::Time;
use session::words::Api;

use crate::case::{Case, States};
use crate::scenario::{Act, Action, ClientIndex, Observation, Step, Then};
use crate::watch::{Anchor, Beginning, Bound, Watch};

/// Anchors, marks, started calls and used-up entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    /// When the most recent act began.
    act: Anchor,
    marks: BTreeMap<String, Anchor>,
    /// Started calls by name.
    started: BTreeMap<String, Started>,
    /// The name of the calls that were started last, while one of them has no number yet.
    unnumbered: Option<String>,
    pub(crate) taken: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
struct Started {
    /// The devices, and the numbers of their calls once they are known.
    calls: Vec<(ClientIndex, Option<u32>)>,
    at: Anchor,
    api: Api,
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
                    let usual = Bound::Usual(case.profile.bound_of(Some(call.api)));
                    let bound = within.map_or(usual, Bound::Strict);
                    Watch::answers(call.at, &call.calls, expected, bound, case)
                }
                None => Watch::done(now),
            },
            Action::Observe(observation) => {
                let beginning = Beginning { case, now, states };
                let all = match observation {
                    Observation::Watch(all) => all.as_slice(),
                    one => std::slice::from_ref(one),
                };
                let all = all.iter().map(|one| (one, self.anchor(one)));
                Watch::observations(all, &beginning)
            }
        }
    }

    /// What an observation counts from.
    fn anchor(&self, observation: &Observation) -> Anchor {
        let since = match observation {
            Observation::Expect { since, .. }
            | Observation::Never { since, .. }
            | Observation::Count { since, .. }
            | Observation::Observe { since, .. } => since.as_ref(),
            Observation::Watch(_) | Observation::Result { .. } => None,
        };
        let mark = since.and_then(|name| self.marks.get(name));
        mark.copied().unwrap_or(self.act)
    }

    fn begin_act(&mut self, act: &Act, here: Anchor, case: &Case<'_>) -> Watch {
        match act {
            Act::Call {
                client, call, then, ..
            } => {
                let api = call.api.api();
                let calls: Vec<_> = client.each().map(|client| (client, None)).collect();
                match then {
                    Then::Wait(expected) => {
                        let bound = Bound::Usual(case.profile.bound_of(Some(api)));
                        Watch::answers(here, &calls, expected, bound, case)
                    }
                    Then::GoOn(name) => {
                        let at = here;
                        self.started
                            .insert(name.clone(), Started { calls, at, api });
                        self.unnumbered = Some(name.clone());
                        Watch::done(here.at)
                    }
                }
            }
            Act::Advance(length) => Watch::advance(here.at, here.at + *length),
            _ => Watch::done(here.at),
        }
    }

    /// A call got its number; if it is the one that was started, this is it.
    pub(crate) fn call_numbered(&mut self, client: ClientIndex, id: u32) {
        let Some(name) = &self.unnumbered else {
            return;
        };
        let Some(started) = self.started.get_mut(name) else {
            return;
        };
        let mut open = started.calls.iter_mut().filter(|(_, id)| id.is_none());
        if let Some((_, number)) = open.find(|(device, _)| *device == client) {
            *number = Some(id);
        }
        if started.calls.iter().all(|(_, id)| id.is_some()) {
            self.unnumbered = None;
        }
    }
}
