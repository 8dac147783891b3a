//! One act.

use conformance::case::DEFAULT_ROOM;
use conformance::profile::Capability;
use conformance::scenario::{
    Act, AppAct, CallAct, CallName, ClientIndex, Devices, Direction, GatewayWord, NetworkChange,
    NetworkWord, Reaction, ServerAct, Then, TokenAct, TokenProvider,
};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use session::peer::{Disturbed, Gateway};
use session::time::Millis;
use session::words::{Api, Event, Notice};

use super::{USERS, if_on, lengths};
use crate::alphabet::Alphabet;
use crate::feature::{Feature, Features};

/// How the first login of a device is made; `None` for none.
pub(super) fn first_login(
    alphabet: &Alphabet<'_>,
    on: Features,
) -> BoxedStrategy<Option<(CallAct, Millis)>> {
    let login = option::weighted(0.3, token(alphabet, on)).prop_map(|token| CallAct {
        token: token.flatten(),
        ..CallAct::new(CallName::Known(Api::Login))
    });
    option::weighted(0.85, (login, lengths::pause(alphabet, on))).boxed()
}

/// A login at the beginning.
pub(super) fn logs_in(device: usize, login: Option<(CallAct, Millis)>) -> Option<(Act, Millis)> {
    let (call, pause) = login?;
    Some((calls(ClientIndex(device).into(), call), pause))
}

/// Anything a device, its owner or the server may do.
pub(super) fn act(alphabet: &Alphabet<'_>, on: Features, devices: usize) -> BoxedStrategy<Act> {
    let device = || (0..devices).prop_map(|at| Devices::from(ClientIndex(at)));
    let mut all: Vec<(u32, BoxedStrategy<Act>)> = Vec::new();
    let mut add = |weight, act: BoxedStrategy<Act>| all.push((weight, act));
    add(
        12,
        (device(), call(alphabet, on))
            .prop_map(|(client, call)| calls(client, call))
            .boxed(),
    );
    let network = network(on);
    if !network.is_empty() {
        let change = select(network);
        add(
            6,
            (device(), change)
                .prop_map(|(client, change)| Act::Network { client, change })
                .boxed(),
        );
    }
    if on.has(Feature::Quality) {
        let change = quality();
        add(
            2,
            (device(), change)
                .prop_map(|(client, change)| Act::Network { client, change })
                .boxed(),
        );
    }
    let app = app(on);
    if !app.is_empty() {
        add(
            4,
            (device(), select(app))
                .prop_map(|(client, is)| Act::App { client, is })
                .boxed(),
        );
    }
    if on.has(Feature::ServerStops) {
        let acts = [
            ServerAct::Restart,
            ServerAct::Stop,
            ServerAct::Start,
            ServerAct::Start,
        ];
        add(2, select(acts.to_vec()).prop_map(Act::Server).boxed());
    }
    if let Some(act) = administrator(alphabet, on) {
        add(3, act.prop_map(Act::Server).boxed());
    }
    if on.has(Feature::Notices) {
        add(
            3,
            disturbance(device().boxed()).prop_map(Act::Server).boxed(),
        );
    }
    if on.has(Feature::Gateways) {
        let act =
            (1u8..=2, select(GatewayWord::ALL)).prop_map(|(gateway, is)| ServerAct::Gateway {
                gateway: Gateway(gateway),
                is,
            });
        add(2, act.prop_map(Act::Server).boxed());
    }
    if on.has(Feature::Clocks) {
        let skew = select(&[-86_400_000i64, -3_600_000, -1_000, 1_000, 60_000, 3_600_000][..]);
        add(
            1,
            (device(), skew)
                .prop_map(|(client, skew)| Act::Clock { client, skew })
                .boxed(),
        );
    }
    if on.has(Feature::Reactions) {
        add(
            2,
            (device(), reaction(alphabet, on))
                .prop_map(|(client, reaction)| Act::On { client, reaction })
                .boxed(),
        );
    }
    if on.has(Feature::Providers) {
        add(
            1,
            (device(), provider(alphabet, on))
                .prop_map(|(client, provider)| Act::TokenProvider { client, provider })
                .boxed(),
        );
    }
    prop::strategy::Union::new_weighted(all).boxed()
}

/// A call nobody waits for. Its name is given when the scenario is whole.
fn calls(client: Devices, call: CallAct) -> Act {
    Act::Call {
        client,
        call: Box::new(call),
        then: Then::GoOn(String::new()),
    }
}

fn call(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<CallAct> {
    let mut all: Vec<(u32, BoxedStrategy<CallAct>)> =
        vec![(8, login(alphabet, on)), (4, logout(on))];
    let plain = |api| CallAct::new(CallName::Known(api));
    let mut simple = |weight, apis: &[Api]| {
        let apis: Vec<CallAct> = apis
            .iter()
            .filter(|api| alphabet.has_call(**api))
            .map(|api| plain(*api))
            .collect();
        if !apis.is_empty() {
            all.push((weight, select(apis).boxed()));
        }
    };
    if on.has(Feature::Lifetime) {
        simple(2, &[Api::Destroy, Api::Initialise]);
    }
    if on.has(Feature::Queries) {
        simple(
            2,
            &[
                Api::GetLoginStatus,
                Api::GetLoginUser,
                Api::GetConversations,
                Api::GetUserName,
            ],
        );
    }
    if on.has(Feature::Messages) {
        simple(
            3,
            &[
                Api::SendMessage,
                Api::SendMessage,
                Api::SendBarrage,
                Api::SendCommand,
            ],
        );
        if alphabet.has(Capability::UserMessages) && alphabet.has_call(Api::SendMessage) {
            let to = select(USERS.to_vec()).prop_map(move |to| CallAct {
                to: Some(to.to_owned()),
                ..plain(Api::SendMessage)
            });
            all.push((2, to.boxed()));
        }
    }
    if on.has(Feature::Streams) && alphabet.has(Capability::Streams) {
        let apis = [
            Api::StartPublishing,
            Api::StopPublishing,
            Api::StartPlaying,
            Api::StopPlaying,
            Api::SetStreamExtraInfo,
        ];
        let simple: Vec<CallAct> = apis
            .iter()
            .filter(|api| alphabet.has_call(**api))
            .map(|api| plain(*api))
            .collect();
        all.push((4, select(simple).boxed()));
    }
    if on.has(Feature::Listeners) && alphabet.has(Capability::Listeners) {
        let call = (
            select(&[Api::AddListener, Api::RemoveListener][..]),
            select(&["first", "second"][..]),
        );
        let call = call.prop_map(move |(api, name)| CallAct {
            listener: Some(name.to_owned()),
            ..plain(api)
        });
        all.push((3, call.boxed()));
    }
    if on.has(Feature::Renewals) && alphabet.has_call(Api::RenewToken) {
        let renewal = (option::weighted(0.7, token(alphabet, on)), room(on)).prop_map(
            move |(token, room)| CallAct {
                token: token.flatten(),
                room,
                ..plain(Api::RenewToken)
            },
        );
        all.push((5, renewal.boxed()));
    }
    if on.has(Feature::Rooms) && alphabet.has_call(Api::SwitchRoom) {
        let switch = room(on).prop_map(move |room| CallAct {
            room: Some(room.unwrap_or_else(|| DEFAULT_ROOM.to_owned())),
            ..plain(Api::SwitchRoom)
        });
        all.push((1, switch.boxed()));
    }
    prop::strategy::Union::new_weighted(all).boxed()
}

fn login(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<CallAct> {
    let offline = match alphabet.has(Capability::OfflineLogin) {
        true => if_on(on, Feature::Offline, 0.4),
        false => Just(false).boxed(),
    };
    let gateway = if on.has(Feature::Gateways) { 2 } else { 1 };
    let other_user = match on.has(Feature::Users) {
        true => option::weighted(0.3, select(USERS.to_vec())).boxed(),
        false => Just(None).boxed(),
    };
    (
        other_user,
        room(on),
        option::weighted(0.5, token(alphabet, on)),
        offline,
        1u8..=gateway,
        if_on(on, Feature::Rooms, 0.1),
    )
        .prop_map(|(user, room, token, offline, gateway, quiet)| CallAct {
            user: user.map(str::to_owned),
            room,
            token: token.flatten(),
            offline,
            gateway: Gateway(gateway),
            notify: !quiet,
            ..CallAct::new(CallName::Known(Api::Login))
        })
        .boxed()
}

fn logout(on: Features) -> BoxedStrategy<CallAct> {
    room(on)
        .prop_map(|room| CallAct {
            room,
            ..CallAct::new(CallName::Known(Api::Logout))
        })
        .boxed()
}

fn room(on: Features) -> BoxedStrategy<Option<String>> {
    match on.has(Feature::Rooms) {
        true => option::weighted(
            0.5,
            select(vec![
                DEFAULT_ROOM.to_owned(),
                "room-2".into(),
                "room-3".into(),
            ]),
        )
        .boxed(),
        false => Just(None).boxed(),
    }
}

/// A ticket other than the usual one, where there are such.
fn token(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<Option<TokenAct>> {
    let short = lengths::life(alphabet, on).prop_map(|life| Some(TokenAct::ValidFor(life)));
    let bad = select(alphabet.faults.clone()).prop_map(|fault| Some(TokenAct::Fault(fault)));
    match (on.has(Feature::ShortTickets), on.has(Feature::BadTickets)) {
        (true, true) => prop_oneof![4 => short, 1 => bad].boxed(),
        (true, false) => short.boxed(),
        (false, true) => prop_oneof![1 => Just(None), 1 => bad].boxed(),
        (false, false) => Just(None).boxed(),
    }
}

fn provider(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<TokenProvider> {
    let after = prop_oneof![
        2 => Just(Millis::ZERO),
        2 => (1u64..=50).prop_map(|tenths| Millis(tenths * 100)),
        1 => (5u64..=40).prop_map(Millis::seconds),
    ];
    let bad = select(alphabet.faults.clone()).prop_map(TokenAct::Fault);
    let token = prop_oneof![
        2 => Just(None),
        2 => lengths::life(alphabet, on).prop_map(|life| Some(TokenAct::ValidFor(life))),
        1 => bad.prop_map(Some),
    ];
    (token, after)
        .prop_map(|(token, after)| TokenProvider { token, after })
        .boxed()
}

fn reaction(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<Reaction> {
    let events = [
        Event::KickedOut,
        Event::TokenExpired,
        Event::TokenWillExpire,
        Event::Reconnecting,
        Event::Reconnected,
        Event::ReconnectFailed,
        Event::LoginFailed,
        Event::LoggedIn,
        Event::LoggedOut,
        Event::LoggingIn,
        Event::PeerLeft,
        Event::Message,
    ];
    let calls = proptest::collection::vec(call(alphabet, on), 0..=2);
    (select(events.to_vec()), calls, 1u64..=3)
        .prop_map(|(event, calls, times)| Reaction {
            event,
            reason: None,
            room: None,
            times: Some(times),
            calls,
        })
        .boxed()
}

/// What may become of a network; as often better as worse.
fn network(on: Features) -> Vec<NetworkChange> {
    let is = |word| NetworkChange {
        is: Some(word),
        ..NetworkChange::default()
    };
    let one_way = |direction| NetworkChange {
        direction: Some(direction),
        ..is(NetworkWord::BlackHole)
    };
    let mut all = Vec::new();
    if on.has(Feature::Outages) {
        all.extend([is(NetworkWord::Down), is(NetworkWord::Unreachable)]);
    }
    if on.has(Feature::HalfOpen) {
        all.extend([
            is(NetworkWord::BlackHole),
            one_way(Direction::ToClient),
            one_way(Direction::ToServer),
        ]);
    }
    let worse = all.len();
    all.extend(std::iter::repeat_n(is(NetworkWord::Up), worse));
    if on.has(Feature::Breaks) {
        all.extend([is(NetworkWord::Reset), is(NetworkWord::Switched)]);
    }
    all
}

fn quality() -> BoxedStrategy<NetworkChange> {
    let latency = select(&[1u64, 20, 100, 500, 2_000][..]).prop_map(Millis);
    let jitter = select(&[0u64, 10, 100, 1_000][..]).prop_map(Millis);
    let direction = option::weighted(0.2, select(Direction::ALL));
    (
        option::of(latency),
        option::of(jitter),
        option::of(select(&[0u64, 5, 30, 60][..])),
        direction,
    )
        .prop_map(|(latency, jitter, loss, direction)| NetworkChange {
            is: None,
            direction,
            latency: match (latency, jitter, loss) {
                (None, None, None) => Some(Millis(20)),
                _ => latency,
            },
            jitter,
            loss,
        })
        .boxed()
}

fn app(on: Features) -> Vec<AppAct> {
    let mut all = Vec::new();
    if on.has(Feature::Processes) {
        all.extend([AppAct::Crashed, AppAct::Started, AppAct::Started]);
    }
    if on.has(Feature::Standstill) {
        all.extend([AppAct::Frozen, AppAct::Resumed, AppAct::Resumed]);
    }
    if on.has(Feature::Background) {
        all.extend([AppAct::Background, AppAct::Foreground]);
    }
    all
}

fn administrator(alphabet: &Alphabet<'_>, on: Features) -> Option<BoxedStrategy<ServerAct>> {
    let mut all: Vec<ServerAct> = Vec::new();
    for user in USERS.map(str::to_owned) {
        if on.has(Feature::Kicks) && alphabet.has(Capability::ServerKick) {
            let kick = |room| ServerAct::Kick {
                user: user.clone(),
                room,
                client: None,
            };
            all.push(kick(None));
            if on.has(Feature::Rooms) && alphabet.has(Capability::Rooms) {
                all.push(kick(Some(DEFAULT_ROOM.to_owned())));
            }
        }
        if on.has(Feature::Bans) && alphabet.has(Capability::Bans) {
            all.extend([ServerAct::Ban(user.clone()), ServerAct::Unban(user.clone())]);
        }
        if on.has(Feature::Revocations) && alphabet.has(Capability::Revocation) {
            all.push(ServerAct::Revoke(user));
        }
    }
    if on.has(Feature::Settings) {
        all.extend(alphabet.settings.iter().cloned().map(ServerAct::Set));
    }
    (!all.is_empty()).then(|| select(all).boxed())
}

fn disturbance(device: BoxedStrategy<Devices>) -> BoxedStrategy<ServerAct> {
    let how = prop_oneof![
        2 => (1u64..=100).prop_map(|tenths| Disturbed::Delayed(Millis(tenths * 100))),
        2 => Just(Disturbed::Dropped),
        1 => Just(Disturbed::Reordered),
    ];
    (select(Notice::ALL), option::of(device), 1u64..=3, how)
        .prop_map(|(notice, client, times, how)| ServerAct::Disturb {
            notice,
            client,
            times,
            how,
        })
        .boxed()
}
