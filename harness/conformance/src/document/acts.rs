//! Step by step: things done.

use std::str::FromStr;

use session::peer::{Disturbed, Gateway};
use session::time::Millis;
use session::words::{Api, State};

use crate::diagnostic::{Diagnostic, shown};
use crate::grammar::calls;
use crate::grammar::words::DESTROYED;
use crate::scenario::{
    Act, CallAct, CallName, Devices, Expected, NetworkChange, NetworkWord, Reaction, ServerAct,
    Then, TokenAct, TokenProvider,
};

use super::console;
use super::decode::{Decoder, listed};
use super::filled::{Filled, ReadStep, Typed};

/// What an answer is called that names nobody.
const NOBODY: &str = "none";

pub(super) fn lower(decoder: &mut Decoder<'_>, step: &ReadStep, typed: &Typed) -> Option<Act> {
    let word = step.word?.name;
    match (word, typed) {
        ("advance", Typed::Length(length)) => {
            if length.0 == 0 {
                decoder.complain(
                    Diagnostic::new("no-effect", "`advance` by no time at all does nothing")
                        .at(step.span, "no time passes"),
                );
            }
            Some(Act::Advance(*length))
        }
        ("server", Typed::Word(word)) => Some(Act::Server(match *word {
            "restart" => ServerAct::Restart,
            "stop" => ServerAct::Stop,
            _ => ServerAct::Start,
        })),
        ("server", Typed::Record(filled)) => server(filled).map(Act::Server),
        ("network", Typed::Record(filled)) => network(decoder, filled),
        ("app", Typed::Record(filled)) => app(filled),
        ("on", Typed::Record(filled)) => on(decoder, filled),
        ("token-provider", Typed::Record(filled)) => {
            let answers = filled.record("answers");
            Some(Act::TokenProvider {
                client: filled.client()?,
                provider: TokenProvider {
                    token: answers.and_then(token),
                    after: answers
                        .and_then(|answers| answers.length("after"))
                        .unwrap_or(Millis::ZERO),
                },
            })
        }
        ("clock", Typed::Record(filled)) => Some(Act::Clock {
            client: filled.client()?,
            skew: match filled.get("skew")? {
                Typed::Skew(skew) => *skew,
                _ => return None,
            },
        }),
        ("start", Typed::Record(filled)) => started(decoder, filled),
        (word, Typed::Record(filled)) => {
            let expected = expected(decoder, filled);
            call(decoder, word, filled, Then::Wait(expected?))
        }
        _ => None,
    }
}

/// What a call must give; success, when nothing is said.
pub(super) fn expected(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Expected> {
    if filled.has("outcome-of") {
        return filled.word("outcome-of").map(Expected::OutcomeOf);
    }
    if filled.has("is") {
        return Some(Expected::OkWith {
            value: answer(decoder, filled)?,
            codes: filled.codes("code"),
        });
    }
    match filled.entry("fails") {
        None => Some(Expected::Ok),
        Some(entry) => match entry.typed.as_ref()? {
            Typed::Word(word) => word.parse().ok().map(Expected::Fails),
            Typed::Record(how) => {
                let codes = how.codes("code");
                (!codes.is_empty()).then_some(Expected::FailsWithCode(codes))
            }
            _ => None,
        },
    }
}

fn started(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Act> {
    let (word, inner) = only_record(filled)?;
    call(decoder, word, inner, Then::GoOn(filled.text("as")?))
}

/// The one key that holds a map.
fn only_record(filled: &Filled) -> Option<(&'static str, &Filled)> {
    filled.entries.iter().find_map(|entry| match &entry.typed {
        Some(Typed::Record(inner)) => Some((entry.name, inner)),
        _ => None,
    })
}

fn call(decoder: &mut Decoder<'_>, word: &str, filled: &Filled, then: Then) -> Option<Act> {
    let call = called(decoder, word, filled)?;
    Some(Act::Call {
        client: filled.client()?,
        call: Box::new(call),
        then,
    })
}

/// The call that the act `word` makes.
fn called(decoder: &mut Decoder<'_>, word: &str, filled: &Filled) -> Option<CallAct> {
    let api = match word {
        "switch-account" => CallName::SwitchAccount,
        "join-room" => CallName::JoinRoom,
        "leave-room" => CallName::LeaveRoom,
        "call" => {
            let api: Api = filled.word("api")?;
            takes(decoder, api, filled);
            CallName::Known(api)
        }
        word => CallName::Known(word.parse().ok()?),
    };
    one_recipient(decoder, api.api(), filled);
    // Kept for `server: { kick: ... }`.
    decoder.users.extend(filled.text("user"));
    Some(CallAct {
        user: filled.text("user"),
        room: filled.text("room"),
        token: filled.record("token").and_then(token),
        to: filled.text("to"),
        text: filled.text("text"),
        name: filled.text("name"),
        offline: filled.flag("offline").unwrap_or(false),
        notify: filled.flag("notify").unwrap_or(true),
        gateway: gateway(filled).unwrap_or(Gateway::FIRST),
        stream: filled.text("stream"),
        with: filled.text("with"),
        mode: filled.word("mode"),
        from: filled.text("from"),
        listener: filled.text("listener"),
        ..CallAct::new(api)
    })
}

fn token(filled: &Filled) -> Option<TokenAct> {
    let fault = filled.word("fault").map(TokenAct::Fault);
    fault.or_else(|| filled.length("valid-for").map(TokenAct::ValidFor))
}

fn gateway(filled: &Filled) -> Option<Gateway> {
    let number = filled.number("gateway")?;
    u8::try_from(number).ok().map(Gateway)
}

/// Complains about arguments that a call made by `call` does not take, or needs.
fn takes(decoder: &mut Decoder<'_>, api: Api, filled: &Filled) {
    let takes = calls::takes(api);
    for entry in &filled.entries {
        let beside = ["client", "api", "is", "code", "fails", "outcome-of"].contains(&entry.name);
        if !beside && !takes.has(entry.name) {
            decoder.complain(
                Diagnostic::new("keys-apart", format!("`{api}` takes no `{}`", entry.name))
                    .at(entry.key, "would be ignored"),
            );
        }
    }
    for name in takes.needs.iter().filter(|name| !filled.has(name)) {
        decoder.complain(
            Diagnostic::new("missing-key", format!("`{api}` needs `{name}`"))
                .at(filled.at, format!("`{name}` is missing")),
        );
    }
}

/// A message is for a user or for a room.
fn one_recipient(decoder: &mut Decoder<'_>, api: Api, filled: &Filled) {
    if let (Api::SendMessage, Some(to), Some(room)) =
        (api, filled.entry("to"), filled.entry("room"))
    {
        let (first, second) = match to.key.start < room.key.start {
            true => (to, room),
            false => (room, to),
        };
        let message = format!("`{}` and `{}` exclude each other", first.name, second.name);
        decoder.complain(
            Diagnostic::new("keys-together", message)
                .at(second.key, "the second")
                .also(first.key, "the first"),
        );
    }
}

/// What is done to a process; a destroyed client is a call that is waited for.
fn app(filled: &Filled) -> Option<Act> {
    let client = filled.client()?;
    match filled.get("is")? {
        Typed::Word(DESTROYED) => Some(Act::Call {
            client,
            call: Box::new(CallAct::new(CallName::Known(Api::Destroy))),
            then: Then::Wait(Expected::Ok),
        }),
        _ => Some(Act::App {
            client,
            is: filled.word("is")?,
        }),
    }
}

fn on(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Act> {
    let own = filled.client();
    let mut calls = Vec::new();
    for item in filled.items("do") {
        let Typed::Record(item) = item else { continue };
        let Some((word, inner)) = only_record(item) else {
            continue;
        };
        if let (Some(own), Some(other), Some(entry)) = (own, inner.client(), inner.entry("client"))
            && own != other
        {
            decoder.complain(
                Diagnostic::new("keys-apart", "a callback is answered on its own device")
                    .at(entry.place, "another device")
                    .help("leave `client` out: it is the one whose callback it is"),
            );
        }
        calls.push(called(decoder, word, inner));
    }
    filled.get("do")?;
    Some(Act::On {
        client: own?,
        reaction: Reaction {
            event: filled.word("event")?,
            reason: filled.word("reason"),
            room: filled.text("room"),
            times: filled.number("times"),
            calls: calls.into_iter().collect::<Option<_>>()?,
        },
    })
}

fn server(filled: &Filled) -> Option<ServerAct> {
    let disturb = |name: &str, how: Disturbed| {
        Some(ServerAct::Disturb {
            notice: filled.word(name)?,
            client: devices(filled)?,
            times: filled.number("times").unwrap_or(1),
            how,
        })
    };
    match filled
        .entries
        .iter()
        .find(|entry| is_order(entry.name))?
        .name
    {
        "kick" => Some(ServerAct::Kick {
            user: filled.text("kick")?,
            room: filled.text("room"),
            client: devices(filled)?,
        }),
        "ban" => filled.text("ban").map(ServerAct::Ban),
        "unban" => filled.text("unban").map(ServerAct::Unban),
        "revoke" => filled.text("revoke").map(ServerAct::Revoke),
        "set" => filled.record("set").map(console).map(ServerAct::Set),
        "gateway" => Some(ServerAct::Gateway {
            gateway: gateway(filled)?,
            is: filled.word("is")?,
        }),
        "delay" => disturb("delay", Disturbed::Delayed(filled.length("by")?)),
        "drop" => disturb("drop", Disturbed::Dropped),
        _ => disturb("reorder", Disturbed::Reordered),
    }
}

fn is_order(name: &str) -> bool {
    !["room", "client", "is", "by", "times"].contains(&name)
}

/// The devices under `client`, if it is there; `None` when it is wrong.
fn devices(filled: &Filled) -> Option<Option<Devices>> {
    match filled.has("client") {
        true => filled.client().map(Some),
        false => Some(None),
    }
}

/// The value that a question must be answered with.
fn answer(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<String> {
    let entry = filled.entry("is")?;
    let text = filled.text("is")?;
    let api: Api = filled.word("api")?;
    if api == Api::GetLoginStatus && State::from_str(&text).is_err() {
        let states: Vec<&str> = State::ALL.iter().map(|state| state.word()).collect();
        let diagnostic = Diagnostic::new("unknown-word", format!("`{}` is no state", shown(&text)))
            .at(entry.place, "this question is answered with a state");
        decoder.complain(match text.as_str() {
            NOBODY => diagnostic.help("did you mean `logged-out`?"),
            text => decoder.advise(diagnostic, text, entry.place, &states),
        });
        return None;
    }
    if calls::answers(api) {
        return Some(text);
    }
    let questions: Vec<&str> = Api::ALL
        .iter()
        .filter(|api| calls::answers(**api))
        .map(|api| api.word())
        .collect();
    decoder.complain(
        Diagnostic::new("keys-apart", format!("`{api}` answers with no value"))
            .at(entry.key, "nothing to compare with")
            .help(format!(
                "leave it out: without `fails` the call must succeed; only {} answer",
                listed(&questions, "and")
            )),
    );
    None
}

fn network(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<Act> {
    let is: Option<NetworkWord> = filled.word("is");
    if let (Some(entry), Some(is)) = (filled.entry("direction"), is)
        && is != NetworkWord::BlackHole
    {
        decoder.complain(
            Diagnostic::new("keys-apart", format!("`{is}` has no direction"))
                .at(entry.key, "would be ignored")
                .help("one way only goes `black-hole`, or `latency`, `jitter` and `loss` without `is`"),
        );
    }
    Some(Act::Network {
        client: filled.client()?,
        change: NetworkChange {
            is,
            direction: filled.word("direction"),
            latency: filled.length("latency"),
            jitter: filled.length("jitter"),
            loss: filled.number("loss"),
        },
    })
}
