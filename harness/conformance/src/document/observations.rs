//! Step by step: what must, or must not, be seen.

use session::time::Millis;

use crate::diagnostic::Diagnostic;
use crate::scenario::{Action, EventPattern, Observation, Pattern, Seen, SessionWord, When};

use super::acts::expected;
use super::decode::Decoder;
use super::filled::{Filled, ReadStep, Typed};

pub(super) fn lower(decoder: &mut Decoder<'_>, step: &ReadStep, typed: &Typed) -> Option<Action> {
    let filled = match typed {
        Typed::Record(filled) => filled,
        Typed::Text(name) => return Some(Action::Mark(name.clone())),
        _ => return None,
    };
    let observation = match step.word?.name {
        "expect" => expect(decoder, filled),
        "never" => never(decoder, filled),
        "count" => count(decoder, filled),
        "watch" => watch(decoder, filled),
        "observe" => observe(decoder, filled),
        "result" => result(decoder, filled),
        _ => None,
    };
    observation.map(Action::Observe)
}

fn watch(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    let lasting = lasting(decoder, filled, "looks at what is past")?;
    filled.get("all")?;
    let mut all = Vec::new();
    for item in filled.items("all") {
        let Typed::Record(item) = item else { continue };
        let inner = |name: &str| item.record(name);
        let observation = if let Some(inner) = inner("expect") {
            expect(decoder, inner)
        } else if let Some(inner) = inner("never") {
            never(decoder, inner)
        } else if let Some(inner) = inner("count") {
            count(decoder, inner)
        } else {
            None
        };
        all.push(observation.map(|observation| lasts(observation, lasting)));
    }
    all.into_iter()
        .collect::<Option<_>>()
        .map(Observation::Watch)
}

/// The observation with the length of the `watch` it stands in, where it has none of its own.
fn lasts(mut observation: Observation, length: Option<Millis>) -> Observation {
    match &mut observation {
        Observation::Expect { when, .. } => {
            if let (When::Already, Some(length)) = (*when, length) {
                *when = When::FromNow(length);
            }
        }
        Observation::Never { lasting, .. } | Observation::Count { lasting, .. } => {
            *lasting = lasting.or(length);
        }
        _ => {}
    }
    observation
}

fn observe(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    let lasting = lasting(decoder, filled, "looks at what is past");
    Some(Observation::Observe {
        client: filled.client()?,
        lasting: lasting?,
        name: filled.text("as")?,
        since: filled.text("since"),
    })
}

fn expect(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    // All three are judged before one that is missing ends it.
    let when = when(decoder, filled);
    let what = pattern(decoder, filled);
    Some(Observation::Expect {
        what: what?,
        when: when?,
        since: filled.text("since"),
    })
}

fn when(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<When> {
    if filled.has("within") {
        return filled.length("within").map(When::Within);
    }
    let Some(entry) = filled.entry("between") else {
        return Some(When::Already);
    };
    if filled.has("state") {
        decoder.complain(
            Diagnostic::new("keys-together", "a state has no `between`")
                .at(entry.key, "a state is looked at once")
                .help("use `within`, or `advance` and look then"),
        );
    }
    let lengths: Vec<Millis> = filled
        .items("between")
        .iter()
        .filter_map(|item| match item {
            Typed::Length(length) => Some(*length),
            _ => None,
        })
        .collect();
    let &[first, last] = lengths.as_slice() else {
        return None;
    };
    if first > last {
        decoder.complain(
            Diagnostic::new(
                "impossible",
                format!("`between` ends at {last}, before it begins at {first}"),
            )
            .at(entry.place, "nothing lies between")
            .help("the earlier one first")
            .suggest(entry.place, format!("[{last}, {first}]")),
        );
    }
    Some(When::Between(first, last))
}

fn never(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    let lasting = lasting(decoder, filled, "looks at what is past");
    let what = pattern(decoder, filled);
    Some(Observation::Never {
        what: what?,
        lasting: lasting?,
        since: filled.text("since"),
    })
}

/// `for`; zero of it would be a wait that waits for nothing.
fn lasting(decoder: &mut Decoder<'_>, filled: &Filled, without: &str) -> Option<Option<Millis>> {
    let Some(entry) = filled.entry("for") else {
        return Some(None);
    };
    let length = filled.length("for")?;
    if length.0 == 0 {
        decoder.complain(
            Diagnostic::new("no-effect", "`for` no time at all waits for nothing")
                .at(entry.place, "no time passes")
                .help(format!("leave it out: a step without `for` {without}")),
        );
    }
    Some(Some(length))
}

fn count(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    let lasting = lasting(decoder, filled, "counts what is past");
    let times = times(decoder, filled);
    let what = pattern(decoder, filled);
    if let Some(entry) = filled.entry("state") {
        decoder.complain(
            Diagnostic::new("impossible", "a state cannot be counted")
                .at(entry.key, "lasts, and does not happen")
                .help("count the event that leads to it"),
        );
    }
    let (least, most) = times?;
    let lasting = lasting?;
    let in_any = in_any(decoder, filled, lasting)?;
    Some(Observation::Count {
        what: what?,
        least,
        most,
        lasting,
        in_any,
        since: filled.text("since"),
    })
}

/// `in-any`; a stretch longer than the whole is none.
fn in_any(
    decoder: &mut Decoder<'_>,
    filled: &Filled,
    lasting: Option<Millis>,
) -> Option<Option<Millis>> {
    let Some(entry) = filled.entry("in-any") else {
        return Some(None);
    };
    let length = filled.length("in-any")?;
    if length.0 == 0 {
        decoder.complain(
            Diagnostic::new("no-effect", "a stretch of no time at all holds nothing")
                .at(entry.place, "no time passes"),
        );
    }
    if let Some(lasting) = lasting.filter(|lasting| *lasting < length && !filled.has("since")) {
        decoder.complain(
            Diagnostic::new(
                "impossible",
                format!("a stretch of {length} is longer than the {lasting} that are counted"),
            )
            .at(entry.place, "longer than `for`"),
        );
    }
    Some(Some(length))
}

/// At least and at most how many times.
fn times(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<(u64, u64)> {
    if filled.has("is") {
        return filled.number("is").map(|times| (times, times));
    }
    let least = match filled.has("at-least") {
        true => filled.number("at-least")?,
        false => 0,
    };
    let most = match filled.has("at-most") {
        true => filled.number("at-most")?,
        false => u64::MAX,
    };
    if let Some(entry) = filled.entry("at-least") {
        if least > most {
            decoder.complain(
                Diagnostic::new(
                    "impossible",
                    format!("no number is at least {least} and at most {most}"),
                )
                .at(entry.place, "more than `at-most`"),
            );
        } else if least == 0 {
            decoder.complain(
                Diagnostic::new("cannot-fail", "`at-least: 0` is always true")
                    .at(entry.place, "every number is")
                    .help("say `is`, `at-most`, or a larger number"),
            );
        }
    }
    Some((least, most))
}

fn result(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Observation> {
    // `ok` says what is expected when nothing is said.
    let expected = expected(decoder, filled);
    let within = match filled.has("within") {
        true => Some(filled.length("within")?),
        false => None,
    };
    Some(Observation::Result {
        of: filled.text("of")?,
        expected: expected?,
        within,
    })
}

fn pattern(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Pattern> {
    let seen = seen(decoder, filled);
    Some(Pattern {
        client: filled.client()?,
        seen: seen?,
    })
}

fn seen(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Seen> {
    if let Some(event) = filled.word("event") {
        return Some(Seen::Event(EventPattern {
            event,
            reason: filled.word("reason"),
            error: filled.word("error"),
            codes: filled.codes("code"),
            room: filled.text("room"),
            user: filled.text("user"),
            text: filled.text("text"),
            stream: filled.text("stream"),
            by: filled.word("by"),
            listener: filled.text("listener"),
        }));
    }
    if let Some(is) = filled.word("session") {
        if let (Some(entry), true) = (filled.entry("cause"), is != SessionWord::Ended) {
            decoder.complain(
                Diagnostic::new("keys-apart", "only the end of a session has a `cause`")
                    .at(entry.key, format!("there is none for `{is}`")),
            );
        }
        let of_a_user = matches!(is, SessionWord::Counted | SessionWord::Registered);
        if let (Some(entry), true) = (filled.entry("room"), of_a_user) {
            decoder.complain(
                Diagnostic::new("keys-apart", "this is about a user, whatever the room")
                    .at(entry.key, format!("there is none for `{is}`")),
            );
        }
        return Some(Seen::Session {
            is,
            cause: filled.word("cause"),
            room: filled.text("room"),
        });
    }
    if let Some(name) = filled.text("callback") {
        let args = match filled.get("args") {
            Some(Typed::Arguments(args)) => args.clone(),
            _ => Vec::new(),
        };
        return Some(Seen::Callback {
            name,
            args,
            listener: filled.text("listener"),
        });
    }
    if let Some(is) = filled.word("state") {
        return Some(Seen::State {
            is,
            room: filled.text("room"),
        });
    }
    let outcome = || filled.word("outcome-of").map(Seen::OutcomeOf);
    let activity = || filled.word("activity").map(Seen::Activity);
    outcome().or_else(activity)
}
