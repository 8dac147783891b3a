//! Things done.

use session::peer::{Disturbed, Gateway};
use session::words::Api;

use super::flow::{Flow, Map};
use super::{Names, console};
use crate::scenario::{
    Act, CallAct, CallName, Devices, Expected, NetworkChange, Reaction, ServerAct, Then, TokenAct,
    TokenProvider,
};

/// The key and the value of an act.
pub(super) fn written(act: &Act, names: &Names<'_>) -> (&'static str, Flow) {
    let on = |client: Devices| Map::default().with("client", names.of(client));
    match act {
        Act::Call { client, call, then } => {
            let (word, arguments) = called(call);
            let call = on(*client).and(arguments);
            match then {
                Then::Wait(expected) => (word, short(call.and(outcome(expected)))),
                Then::GoOn(name) => {
                    let started = Map::default().with(word, short(call));
                    ("start", Flow::Map(started.with("as", Flow::text(name))))
                }
            }
        }
        Act::Advance(length) => ("advance", Flow::bare(length)),
        Act::Network { client, change } => ("network", Flow::Map(on(*client).and(network(change)))),
        Act::Server(act) => ("server", server(act, names)),
        Act::App { client, is } => ("app", Flow::Map(on(*client).with("is", Flow::bare(is)))),
        Act::Clock { client, skew } => {
            let length = session::time::Millis(skew.unsigned_abs());
            let sign = if *skew < 0 { "-" } else { "+" };
            let skew = Flow::bare(format!("{sign}{length}"));
            ("clock", Flow::Map(on(*client).with("skew", skew)))
        }
        Act::On { client, reaction } => ("on", Flow::Map(on(*client).and(reacts(reaction)))),
        Act::TokenProvider { client, provider } => {
            let answers = Flow::Map(answers(provider));
            (
                "token-provider",
                Flow::Map(on(*client).with("answers", answers)),
            )
        }
    }
}

/// What a call must give; nothing, when it must succeed.
pub(super) fn outcome(expected: &Expected) -> Map {
    let map = Map::default();
    match expected {
        Expected::Ok => map,
        Expected::OkWith { value, codes } => {
            let codes = (!codes.is_empty()).then(|| numbers(codes));
            map.with("is", Flow::text(value)).maybe("code", codes)
        }
        Expected::Fails(error) => map.with("fails", Flow::bare(error)),
        Expected::FailsWithCode(codes) => map.with(
            "fails",
            Flow::Map(Map::default().with("code", numbers(codes))),
        ),
        Expected::OutcomeOf(decision) => map.with("outcome-of", Flow::bare(decision)),
    }
}

/// One number, or a list of them.
pub(super) fn numbers(numbers: &[i64]) -> Flow {
    match numbers {
        [one] => Flow::bare(one),
        many => Flow::List(many.iter().map(Flow::bare).collect()),
    }
}

/// A call on a device alone is written as the name of the device.
fn short(call: Map) -> Flow {
    match call.only("client") {
        Some(client) => client.clone(),
        None => Flow::Map(call),
    }
}

/// The act that makes a call, and its arguments.
fn called(call: &CallAct) -> (&'static str, Map) {
    let word = match &call.api {
        CallName::SwitchAccount => "switch-account",
        CallName::JoinRoom => "join-room",
        CallName::LeaveRoom => "leave-room",
        CallName::Known(api) => match api {
            Api::Login | Api::Logout | Api::RenewToken | Api::SendMessage => api.word(),
            _ => "call",
        },
    };
    let api = (word == "call").then(|| Flow::bare(call.api.api()));
    let text = |text: &Option<String>| text.as_deref().map(Flow::text);
    let arguments = Map::default()
        .maybe("api", api)
        .maybe("user", text(&call.user))
        .maybe("from", text(&call.from))
        .maybe("room", text(&call.room))
        .maybe("to", text(&call.to))
        .maybe("text", text(&call.text))
        .maybe("name", text(&call.name))
        .maybe("stream", text(&call.stream))
        .maybe("with", text(&call.with))
        .maybe("listener", text(&call.listener))
        .maybe("mode", call.mode.map(Flow::bare))
        .maybe("token", call.token.as_ref().map(|is| Flow::Map(token(is))))
        .maybe("offline", call.offline.then(|| Flow::bare(true)))
        .maybe("notify", (!call.notify).then(|| Flow::bare(false)))
        .maybe(
            "gateway",
            (call.gateway != Gateway::FIRST).then(|| Flow::bare(call.gateway.0)),
        );
    (word, arguments)
}

fn token(token: &TokenAct) -> Map {
    let map = Map::default();
    match token {
        TokenAct::ValidFor(length) => map.with("valid-for", Flow::bare(length)),
        TokenAct::Fault(fault) => map.with("fault", Flow::bare(fault)),
    }
}

fn answers(provider: &TokenProvider) -> Map {
    let good = provider.token.as_ref().map(token).unwrap_or_default();
    let after =
        (provider.after.0 > 0 || provider.token.is_none()).then(|| Flow::bare(provider.after));
    good.maybe("after", after)
}

fn reacts(reaction: &Reaction) -> Map {
    let calls = reaction.calls.iter().map(|call| {
        let (word, arguments) = called(call);
        Flow::Map(Map::default().with(word, Flow::Map(arguments)))
    });
    Map::default()
        .with("event", Flow::bare(reaction.event))
        .maybe("reason", reaction.reason.map(Flow::bare))
        .maybe("room", reaction.room.as_deref().map(Flow::text))
        .with("do", Flow::List(calls.collect()))
        .maybe("times", reaction.times.map(Flow::bare))
}

fn network(change: &NetworkChange) -> Map {
    Map::default()
        .maybe("is", change.is.map(Flow::bare))
        .maybe("direction", change.direction.map(Flow::bare))
        .maybe("latency", change.latency.map(Flow::bare))
        .maybe("jitter", change.jitter.map(Flow::bare))
        .maybe("loss", change.loss.map(Flow::bare))
}

fn server(act: &ServerAct, names: &Names<'_>) -> Flow {
    let map = Map::default();
    let on = |client: &Option<Devices>| client.map(|client| names.of(client));
    Flow::Map(match act {
        ServerAct::Restart => return Flow::bare("restart"),
        ServerAct::Stop => return Flow::bare("stop"),
        ServerAct::Start => return Flow::bare("start"),
        ServerAct::Kick { user, room, client } => map
            .with("kick", Flow::text(user))
            .maybe("room", room.as_deref().map(Flow::text))
            .maybe("client", on(client)),
        ServerAct::Ban(user) => map.with("ban", Flow::text(user)),
        ServerAct::Unban(user) => map.with("unban", Flow::text(user)),
        ServerAct::Revoke(user) => map.with("revoke", Flow::text(user)),
        ServerAct::Set(settings) => map.with("set", Flow::Map(console(settings))),
        ServerAct::Gateway { gateway, is } => map
            .with("gateway", Flow::bare(gateway.0))
            .with("is", Flow::bare(is)),
        ServerAct::Disturb {
            notice,
            client,
            times,
            how,
        } => {
            let map = match how {
                Disturbed::Delayed(by) => map
                    .with("delay", Flow::bare(notice))
                    .with("by", Flow::bare(by)),
                Disturbed::Dropped => map.with("drop", Flow::bare(notice)),
                Disturbed::Reordered => map.with("reorder", Flow::bare(notice)),
            };
            map.maybe("client", on(client))
                .maybe("times", (*times != 1).then(|| Flow::bare(times)))
        }
    })
}
