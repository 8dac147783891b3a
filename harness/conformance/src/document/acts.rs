//! Step by step: things done.

use session::words::{Api, State};

use crate::diagnostic::{Diagnostic, shown};
use crate::grammar::{ACTS, Field, Kind};
use crate::scenario::{
    Act, CallAct, CallName, Expected, NetworkChange, NetworkWord, ServerAct, Then, TokenAct,
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
        ("server", Typed::Record(filled)) => {
            let kick = filled.text("kick").map(ServerAct::Kick);
            let set = || filled.record("set").map(console).map(ServerAct::Set);
            kick.or_else(set).map(Act::Server)
        }
        ("network", Typed::Record(filled)) => network(decoder, filled),
        ("app", Typed::Record(filled)) => Some(Act::App {
            client: filled.client()?,
            is: filled.word("is")?,
        }),
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
        return answer(decoder, filled).map(Expected::OkWith);
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
    let inner = filled.entries.iter().find_map(|entry| match &entry.typed {
        Some(Typed::Record(inner)) => Some((entry.name, inner)),
        _ => None,
    });
    let (word, inner) = inner?;
    call(decoder, word, inner, Then::GoOn(filled.text("as")?))
}

/// The call that the act `word` makes.
fn call(decoder: &mut Decoder<'_>, word: &str, filled: &Filled, then: Then) -> Option<Act> {
    let api = match word {
        "switch-account" => CallName::SwitchAccount,
        "call" => {
            let api: Api = filled.word("api")?;
            takes(decoder, api, filled);
            CallName::Known(api)
        }
        word => CallName::Known(word.parse().ok()?),
    };
    // Kept for `server: { kick: ... }`.
    decoder.users.extend(filled.text("user"));
    Some(Act::Call {
        client: filled.client()?,
        call: CallAct {
            api,
            user: filled.text("user"),
            room: filled.text("room"),
            token: filled.record("token").and_then(token),
            to: filled.text("to"),
            text: filled.text("text"),
        },
        then,
    })
}

fn token(filled: &Filled) -> Option<TokenAct> {
    let fault = filled.word("fault").map(TokenAct::Fault);
    fault.or_else(|| filled.length("valid-for").map(TokenAct::ValidFor))
}

/// Complains about arguments that a call made by `call` does not take: those that its own act has
/// no key for.
fn takes(decoder: &mut Decoder<'_>, api: Api, filled: &Filled) {
    let own = ACTS.iter().find(|field| field.name == api.word());
    let has = |name: &str| match own.map(|field: &Field| &field.kind) {
        Some(Kind::Short(_, record) | Kind::Record(record)) => record.field(name).is_some(),
        _ => false,
    };
    for entry in &filled.entries {
        let is_argument = ["user", "room", "token", "to", "text"].contains(&entry.name);
        if is_argument && !has(entry.name) {
            decoder.complain(
                Diagnostic::new("keys-apart", format!("`{api}` takes no `{}`", entry.name))
                    .at(entry.key, "would be ignored"),
            );
        }
    }
}

/// The value that a question must be answered with.
fn answer(decoder: &mut Decoder<'_>, filled: &Filled) -> Option<String> {
    let entry = filled.entry("is")?;
    let text = filled.text("is")?;
    match filled.word("api")? {
        Api::GetLoginUser => Some(text),
        Api::GetLoginStatus if text.parse::<State>().is_ok() => Some(text),
        Api::GetLoginStatus => {
            let states: Vec<&str> = State::ALL.iter().map(|state| state.word()).collect();
            let diagnostic =
                Diagnostic::new("unknown-word", format!("`{}` is no state", shown(&text)))
                    .at(entry.place, "this question is answered with a state");
            decoder.complain(match text.as_str() {
                NOBODY => diagnostic.help("did you mean `logged-out`?"),
                text => decoder.advise(diagnostic, text, entry.place, &states),
            });
            None
        }
        api => {
            let questions = [Api::GetLoginUser.word(), Api::GetLoginStatus.word()];
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
    }
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
