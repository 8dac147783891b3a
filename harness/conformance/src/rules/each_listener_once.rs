//! I21: each event is delivered once to each registered listener, however often the app has
//! logged in (TIM-055, T-AMB-38).

use session::time::Time;
use session::words::Event;

use super::few::{Map, Set};
use super::{About, Found, Kinds, Rule, Violation};
use crate::requirement::Party;
use crate::scenario::AppAct;
use crate::text;
use crate::transcript::{CallMade, Entry, EventSeen, What};

const TWICE: &str = "twice";
/// A listener that is registered does not hear of a kick.
const MISSED_KICK: &str = "missed-kick";
const MISSED: &str = "missed";
/// A listener hears that is not registered.
const REMOVED: &str = "removed";

/// What the listener is called that an app has unless it says otherwise.
const MAIN: &str = "main";

/// So many events of one instant are compared.
const MOST_AT_ONCE: usize = 256;

/// Who is registered, and what each has heard at this instant.
#[derive(Debug, Default)]
pub(super) struct EachListenerOnce {
    devices: Map<String, Device>,
    /// The device that the last entry is of, and what it heard with it.
    last: Option<(String, EventSeen)>,
    /// The devices with something to compare once the instant is over, and that instant.
    open: Set<String>,
    at: Time,
}

#[derive(Debug, Default)]
struct Device {
    /// Those that may hear, and whether they must.
    listeners: Map<String, bool>,
    /// The calls under way: the listener, and whether it is added.
    calls: Map<u32, (String, bool)>,
    /// What was heard at this instant, in order, each by whom.
    heard: Map<String, Vec<EventSeen>>,
    count: usize,
}

impl Rule for EachListenerOnce {
    fn id(&self) -> &'static str {
        "I21"
    }

    fn party(&self) -> Party {
        Party::Client
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[TWICE, MISSED_KICK, MISSED, REMOVED]
    }

    fn hears_every_listener(&self) -> bool {
        true
    }

    fn reads(&self) -> Kinds {
        Kinds::ALL
    }

    fn due(&self) -> Option<Time> {
        (!self.open.is_empty()).then_some(self.at)
    }

    fn overdue(&mut self, index: usize, _: Time, _: &About<'_>, found: &mut Found) {
        for name in std::mem::take(&mut self.open) {
            self.compare(&name, index, found);
        }
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        if self.at < entry.at {
            self.at = entry.at;
            self.last = None;
        }
        let name = &entry.actor;
        if let What::Event(event) = &entry.what {
            self.again(index, entry, event, found);
            self.event(index, entry, event, found);
            return;
        }
        if self.last.as_ref().is_some_and(|(last, _)| last == name) {
            self.last = None;
        }
        match &entry.what {
            What::Call(call) if call.args.contains_key("listener") => {
                self.compare(name, index, found);
                self.devices.or_default(name).call(call);
            }
            What::Result(answer) => {
                // What was heard up to here, listeners that come or go with this did not change.
                if matches!(answer.api.as_str(), "add-listener" | "remove-listener") {
                    self.compare(name, index, found);
                }
                let Some(device) = self.devices.get_mut(name) else {
                    return;
                };
                if answer.api == "destroy" && answer.ok {
                    // Whether listeners outlive their client is documented nowhere.
                    device.listeners.values_mut().for_each(|must| *must = false);
                }
                if let Some((listener, added)) = device.calls.remove(&answer.id) {
                    match added {
                        true if answer.ok => drop(device.listeners.insert(listener, true)),
                        false if answer.ok => drop(device.listeners.remove(&listener)),
                        _ => {}
                    }
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                self.compare(name, index, found);
                self.devices.remove(name);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, found: &mut Found) {
        for (name, device) in self.devices.iter() {
            if device.count > 0 {
                found.inconclusive.push(format!(
                    "the record ended at the very instant at which {name} heard something"
                ));
            }
            for (listener, _) in device.calls.values() {
                found.inconclusive.push(format!(
                    "whether {listener} of {name} was registered was not answered when the record ended"
                ));
            }
        }
    }
}

impl EachListenerOnce {
    /// An app cannot tell a message from another one of the same text; of whatever else there is
    /// only one at a time.
    fn again(&mut self, index: usize, entry: &Entry, event: &EventSeen, found: &mut Found) {
        let may_repeat = matches!(
            event.event,
            None | Some(Event::Message | Event::Barrage | Event::Command | Event::StreamExtraInfo)
        );
        let same = |(last, heard): &(String, EventSeen)| *last == entry.actor && heard == event;
        if !may_repeat && self.last.as_ref().is_some_and(same) {
            found.violations.push(Violation {
                aspect: TWICE,
                entry: index,
                actor: entry.actor.clone(),
                expected: "each event once".into(),
                seen: format!("once more {}", text::say(entry)),
            });
        }
        self.last = Some((entry.actor.clone(), event.clone()));
    }

    fn event(&mut self, index: usize, entry: &Entry, event: &EventSeen, found: &mut Found) {
        let listener = event.listener.as_deref().unwrap_or(MAIN);
        let device = match (self.devices.get_mut(&entry.actor), &event.listener) {
            (Some(device), _) => device,
            // Only the app's own listener may be there without a call.
            (None, None) => return,
            (None, Some(_)) => self.devices.or_default(&entry.actor),
        };
        if !device.may_hear(listener) {
            found.violations.push(Violation {
                aspect: REMOVED,
                entry: index,
                actor: entry.actor.clone(),
                expected: "nothing for a listener that is not registered".into(),
                seen: text::say(entry),
            });
            return;
        }
        if device.listeners.is_empty() {
            return;
        }
        device.count += 1;
        if device.count <= MOST_AT_ONCE {
            let heard = EventSeen {
                listener: None,
                ..event.clone()
            };
            let by = device.heard.or_default(listener);
            by.push(heard);
        }
        self.open.insert(entry.actor.clone());
    }

    /// The instant is over, or the listeners change: have all heard the same?
    fn compare(&mut self, name: &str, index: usize, found: &mut Found) {
        let Some(device) = self.devices.get_mut(name) else {
            return;
        };
        self.open.remove(name);
        let heard = std::mem::take(&mut device.heard);
        let count = std::mem::take(&mut device.count);
        if count > MOST_AT_ONCE {
            let said = format!("{name} heard too much at one instant to compare");
            found.inconclusive.push(said);
            return;
        }
        let Some((fullest, most)) = heard.iter().max_by_key(|(_, heard)| heard.len()) else {
            return;
        };
        for (listener, must) in device.listeners.iter() {
            let own = heard.get(listener).map_or(&[][..], Vec::as_slice);
            let differs = own.iter().zip(most).position(|(own, other)| own != other);
            let missed = match differs {
                Some(at) => most.get(at),
                None => most.get(own.len()),
            };
            let Some(missed) = missed.filter(|_| *must) else {
                continue;
            };
            found.violations.push(Violation {
                aspect: match missed.event {
                    Some(Event::KickedOut) => MISSED_KICK,
                    _ => MISSED,
                },
                entry: index,
                actor: name.to_owned(),
                expected: format!("that {listener} hears what {fullest} hears, as often"),
                seen: match missed.event {
                    Some(event) => format!("it did not hear {event}"),
                    None => "it did not hear everything".into(),
                },
            });
        }
    }
}

impl Device {
    fn call(&mut self, call: &CallMade) {
        let Some(listener) = call.args.get("listener").cloned() else {
            return;
        };
        let added = call.api == "add-listener";
        match added {
            true => drop(self.listeners.or_insert(&listener, || false)),
            // Until the answer it may hear, or not.
            false => {
                let known = self.listeners.get_mut(&listener);
                known.into_iter().for_each(|must| *must = false);
            }
        }
        self.calls.insert(call.id, (listener, added));
    }

    /// The app's own listener may be there from the start, unless it was removed.
    fn may_hear(&self, listener: &str) -> bool {
        listener == MAIN || self.listeners.contains_key(listener)
    }
}

#[cfg(test)]
mod tests {
    use session::words::{ErrorWord, Event};

    use crate::rules::hand_written::{Lines, inconclusive, violated};
    use crate::scenario::AppAct::Crashed;

    /// An app with a second listener.
    fn two() -> Lines {
        Lines::default()
            .call(0, "phone", 1, "add-listener")
            .with("listener", "second")
            .result(0, "phone", 1)
    }

    fn both_hear(lines: Lines, at: u64, event: Event) -> Lines {
        lines
            .event(at, "phone", event)
            .event(at, "phone", event)
            .heard_by("second")
    }

    #[test]
    fn once_for_each_satisfies_it() {
        let lines = both_hear(two(), 10, Event::LoggingIn);
        let lines = both_hear(lines, 10, Event::LoggedIn);
        assert_eq!(violated("I21", lines.clone().end(9_000)), None);
        assert!(!inconclusive("I21", lines.end(9_000)));
    }

    #[test]
    fn twice_for_one_violates_it() {
        let lines = Lines::default().event(10, "phone", Event::LoggingIn).event(
            10,
            "phone",
            Event::LoggingIn,
        );
        assert_eq!(violated("I21", lines.end(9_000)), Some(1));
        let lines = both_hear(two(), 10, Event::Message)
            .event(10, "phone", Event::Message)
            .heard_by("second")
            .connect(20, "phone", 1);
        let at = lines.len() - 1;
        assert!(violated("I21", lines.clone().end(9_000)).is_none_or(|entry| entry == at));
    }

    #[test]
    fn a_listener_that_hears_nothing_violates_it_when_the_instant_is_over() {
        let lines = two()
            .event(10, "phone", Event::KickedOut)
            .heard_by("second")
            .call(20, "phone", 2, "add-listener")
            .with("listener", "third")
            .result(20, "phone", 2)
            .event(30, "phone", Event::Message)
            .heard_by("third");
        let at = lines.len();
        assert_eq!(violated("I21", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_listener_that_was_removed_and_hears_violates_it() {
        let lines = two()
            .call(20, "phone", 2, "remove-listener")
            .with("listener", "second")
            .result(20, "phone", 2)
            .event(30, "phone", Event::Message)
            .heard_by("second");
        let at = lines.len() - 1;
        assert_eq!(violated("I21", lines.end(9_000)), Some(at));
    }

    #[test]
    fn a_record_that_ends_at_that_instant_decides_nothing() {
        let lines = two().event(10, "phone", Event::KickedOut);
        assert_eq!(violated("I21", lines.clone().end(10)), None);
        assert!(inconclusive("I21", lines.end(10)));
    }

    #[test]
    fn an_app_may_have_no_listener_of_its_own() {
        let lines = two()
            .event(10, "phone", Event::KickedOut)
            .heard_by("second");
        assert_eq!(violated("I21", lines.end(9_000)), None);
    }

    #[test]
    fn two_messages_of_the_same_text_are_two() {
        let lines = both_hear(two(), 10, Event::Message);
        let lines = both_hear(lines, 10, Event::Message);
        assert_eq!(violated("I21", lines.end(9_000)), None);
        let alone =
            Lines::default()
                .event(10, "phone", Event::Message)
                .event(10, "phone", Event::Message);
        assert_eq!(violated("I21", alone.end(9_000)), None);
    }

    #[test]
    fn two_logins_at_one_instant_start_twice() {
        let lines = Lines::default()
            .event(10, "phone", Event::LoggingIn)
            .connect(10, "phone", 1)
            .event(10, "phone", Event::LoggingIn);
        assert_eq!(violated("I21", lines.end(9_000)), None);
    }

    #[test]
    fn while_it_is_added_or_removed_a_listener_may_hear_or_not() {
        let lines = two()
            .call(20, "phone", 2, "remove-listener")
            .with("listener", "second")
            .event(30, "phone", Event::Message)
            .event(40, "phone", Event::Message)
            .heard_by("second")
            .result(50, "phone", 2);
        assert_eq!(violated("I21", lines.end(9_000)), None);
        let refused = Lines::default()
            .call(0, "phone", 1, "add-listener")
            .with("listener", "second")
            .fails(0, "phone", 1, ErrorWord::Unsupported)
            .event(30, "phone", Event::Message);
        assert_eq!(violated("I21", refused.end(9_000)), None);
    }

    #[test]
    fn a_new_process_and_a_new_client_have_no_listeners_to_serve() {
        let crashed = two()
            .app(20, "phone", Crashed)
            .event(30, "phone", Event::LoggingIn);
        assert_eq!(violated("I21", crashed.end(9_000)), None);
        let destroyed = two()
            .call(20, "phone", 2, "destroy")
            .result(20, "phone", 2)
            .event(30, "phone", Event::LoggingIn);
        assert_eq!(violated("I21", destroyed.end(9_000)), None);
    }
}
