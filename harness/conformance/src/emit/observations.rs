//! What must, or must not, be seen.

use session::time::Millis;

use super::Names;
use super::acts::{numbers, outcome};
use super::flow::{Flow, Map};
use crate::scenario::{EventPattern, Expected, Observation, Pattern, Seen, When};

/// The key and the value of an observation.
pub(super) fn written(observation: &Observation, names: &Names<'_>) -> (&'static str, Flow) {
    let since = |since: &Option<String>| since.as_deref().map(Flow::text);
    let lasting = |length: &Option<Millis>| length.map(Flow::bare);
    let (word, map) = match observation {
        Observation::Expect {
            what,
            when,
            since: from,
        } => {
            let map = pattern(what, names).and(match when {
                // How long the `watch` around it lasts is said there.
                When::Already | When::FromNow(_) => Map::default(),
                When::Within(length) => Map::default().with("within", Flow::bare(length)),
                When::Between(first, last) => {
                    let both = Flow::List(vec![Flow::bare(first), Flow::bare(last)]);
                    Map::default().with("between", both)
                }
            });
            ("expect", map.maybe("since", since(from)))
        }
        Observation::Never {
            what,
            lasting: length,
            since: from,
        } => {
            let map = pattern(what, names).maybe("for", lasting(length));
            ("never", map.maybe("since", since(from)))
        }
        Observation::Count {
            what,
            least,
            most,
            lasting: length,
            in_any,
            since: from,
        } => {
            let map = pattern(what, names);
            let map = match (least, most) {
                (least, most) if least == most => map.with("is", Flow::bare(least)),
                (least, most) => map
                    .maybe("at-least", (*least > 0).then(|| Flow::bare(least)))
                    .maybe("at-most", (*most < u64::MAX).then(|| Flow::bare(most))),
            };
            let map = map
                .maybe("for", lasting(length))
                .maybe("in-any", lasting(in_any));
            ("count", map.maybe("since", since(from)))
        }
        Observation::Result {
            of,
            expected,
            within,
        } => {
            let ok = (*expected == Expected::Ok).then(|| Flow::bare(true));
            let map = Map::default()
                .with("of", Flow::text(of))
                .maybe("ok", ok)
                .and(outcome(expected));
            ("result", map.maybe("within", lasting(within)))
        }
        Observation::Watch(all) => {
            let length = all.iter().find_map(|one| match one {
                Observation::Expect {
                    when: When::FromNow(length),
                    ..
                } => Some(Flow::bare(length)),
                _ => None,
            });
            let items = all.iter().map(|one| {
                let (word, value) = written(one, names);
                Flow::Map(Map::default().with(word, value))
            });
            let map = Map::default().maybe("for", length);
            ("watch", map.with("all", Flow::List(items.collect())))
        }
        Observation::Observe {
            client,
            lasting: length,
            name,
            since: from,
        } => {
            let map = Map::default()
                .with("client", names.of(*client))
                .maybe("for", lasting(length))
                .with("as", Flow::text(name));
            ("observe", map.maybe("since", since(from)))
        }
    };
    (word, Flow::Map(map))
}

fn pattern(pattern: &Pattern, names: &Names<'_>) -> Map {
    let map = Map::default().with("client", names.of(pattern.client));
    let text = |text: &Option<String>| text.as_deref().map(Flow::text);
    match &pattern.seen {
        Seen::Event(event) => map.and(happened(event)),
        Seen::Callback {
            name,
            args,
            listener,
        } => {
            let args = args.iter().fold(Map::default(), |map, (name, value)| {
                map.with(name.clone(), Flow::Json(value.clone()))
            });
            let args = (!args.is_empty()).then_some(Flow::Map(args));
            map.with("callback", Flow::text(name))
                .maybe("args", args)
                .maybe("listener", text(listener))
        }
        Seen::State { is, room } => map.with("state", Flow::bare(is)).maybe("room", text(room)),
        Seen::OutcomeOf(decision) => map.with("outcome-of", Flow::bare(decision)),
        Seen::Activity(activity) => map.with("activity", Flow::bare(activity)),
        Seen::Session { is, cause, room } => map
            .with("session", Flow::bare(is))
            .maybe("cause", cause.map(Flow::bare))
            .maybe("room", text(room)),
    }
}

fn happened(event: &EventPattern) -> Map {
    let text = |text: &Option<String>| text.as_deref().map(Flow::text);
    let codes = (!event.codes.is_empty()).then(|| numbers(&event.codes));
    Map::default()
        .with("event", Flow::bare(event.event))
        .maybe("reason", event.reason.map(Flow::bare))
        .maybe("error", event.error.map(Flow::bare))
        .maybe("code", codes)
        .maybe("room", text(&event.room))
        .maybe("user", text(&event.user))
        .maybe("text", text(&event.text))
        .maybe("stream", text(&event.stream))
        .maybe("by", event.by.map(Flow::bare))
        .maybe("listener", text(&event.listener))
}
