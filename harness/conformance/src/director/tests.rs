//! Scripts against a toy: every call is answered a little later, in the order of the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use session::peer::{Answer, AskId, Call, CallId, Callback, Happening, Order, Outcome, Output};
use session::ticket::{Format, Secret};
use session::time::{Millis, Time};
use session::words::{Api, Event, Reason};

use super::{Actor, Command, Director, Fact};
use crate::case::{Case, States};
use crate::document::{Known, lower};
use crate::judge::{Grade, Noticed, Verdict, judge};
use crate::profile::Profile;
use crate::requirement::Catalogue;
use crate::rules::RuleTexts;
use crate::rules::hand_written::plain_profile;
use crate::scenario::{AppAct, ClientIndex, Scenario};
use crate::source::Source;
use crate::transcript::{End, Transcript, What};

/// How long the toy takes to answer.
const ANSWERS_AFTER: Millis = Millis(100);

/// What the toy does besides answering.
type Toy<'t> = &'t dyn Fn(ClientIndex, &Call) -> Vec<Happening>;

struct Played {
    transcript: Transcript,
    verdict: Verdict,
    orders: Vec<Order>,
}

fn profile() -> Profile {
    let mut profile = plain_profile();
    for api in Api::ALL {
        profile.calls.insert(*api, api.word().to_owned());
    }
    profile
}

fn scenario(steps: &str) -> Scenario {
    let text = format!(
        "title: T\nclients: {{ phone: {{ user: alice, app: 7 }}, fleet: {{ count: 3 }} }}\nsteps:\n{steps}"
    );
    let path = "t.yaml".to_owned();
    lower(Arc::new(Source { path, text }), "t", &Known::default()).unwrap_or_else(|wrong| {
        let said: Vec<&str> = wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        panic!("{said:?}")
    })
}

fn play(steps: &str, toy: Toy<'_>) -> Played {
    play_under(&profile(), steps, toy)
}

fn play_under(profile: &Profile, steps: &str, toy: Toy<'_>) -> Played {
    let scenario = scenario(steps);
    let case = Case::new(&scenario, profile, 0);
    let mut director = Director::new(&case, "toy", "toy");
    let mut due: BTreeMap<(Time, u32), (ClientIndex, Call)> = BTreeMap::new();
    let mut orders = Vec::new();
    let mut frozen = BTreeSet::new();
    let mut now = Time::START;
    'run: loop {
        let mut commands = director.instant_begins(now);
        for exchanges in 0.. {
            assert!(exchanges < 10_000, "the script does not come to rest");
            for command in commands {
                match command {
                    Command::Call {
                        client, id, call, ..
                    } => {
                        due.insert((now + ANSWERS_AFTER, id.0), (client, call));
                    }
                    Command::App { client, is } => match is {
                        AppAct::Frozen => {
                            frozen.insert(client);
                        }
                        _ => {
                            frozen.remove(&client);
                        }
                    },
                    Command::Order(order) => orders.push(order),
                    Command::Finish => break 'run,
                    _ => {}
                }
            }
            let awake = |client: &ClientIndex| !frozen.contains(client);
            let ready = |due: &BTreeMap<(Time, u32), (ClientIndex, Call)>| {
                let mut due = due.iter().take_while(|((at, _), _)| *at <= now);
                due.find(|(_, (client, _))| awake(client))
                    .map(|(key, _)| *key)
            };
            while let Some(key) = ready(&due)
                && let Some((client, call)) = due.remove(&key)
            {
                let id = key.1;
                answer(&mut director, now, client, id, &call, toy);
            }
            commands = director.instant_over(now);
            if commands.is_empty() {
                break;
            }
        }
        let next = due.keys().map(|(at, _)| *at).find(|at| *at > now);
        let wakes = director.wakes_at().filter(|at| *at > now);
        now = next.into_iter().chain(wakes).min().expect("it goes on");
    }
    let transcript = director.into_transcript();
    let read = Transcript::from_jsonl(&transcript.to_jsonl()).expect("it can be read again");
    assert_eq!(read, transcript);
    let texts = RuleTexts::default();
    let verdict = judge(&case, &transcript, &Catalogue::default(), &texts).expect("it is fresh");
    Played {
        transcript,
        verdict,
        orders,
    }
}

fn answer(
    director: &mut Director<'_>,
    now: Time,
    client: ClientIndex,
    id: u32,
    call: &Call,
    toy: Toy<'_>,
) {
    let actor = Actor::Client(client);
    for happening in toy(client, call) {
        let output = Output::Callback {
            listener: None,
            callback: Callback::Neutral(happening),
        };
        director.report(now, actor, Fact::Output(&output));
    }
    let answer = match call {
        Call::GetConversations => Answer::List(vec!["bob".into(), "carol".into()]),
        Call::GetHistory { .. } => Answer::List(Vec::new()),
        Call::GetUserName { user } => Answer::User(Some(user.to_uppercase())),
        _ => Answer::Done,
    };
    let output = Output::Result {
        id: CallId(id),
        outcome: Outcome::Ok(answer),
    };
    director.report(now, actor, Fact::Output(&output));
}

fn silent(_: ClientIndex, _: &Call) -> Vec<Happening> {
    Vec::new()
}

/// A login ends with a login and, at once, a kick.
fn kicks(_: ClientIndex, call: &Call) -> Vec<Happening> {
    match call {
        Call::Login(_) => {
            let kicked = Happening {
                reason: Some(Reason::NewerLogin),
                ..Happening::new(Event::KickedOut)
            };
            let told = [Event::LoggingIn, Event::LoggedIn].map(Happening::new);
            told.into_iter().chain([kicked]).collect()
        }
        _ => Vec::new(),
    }
}

fn logs_in(_: ClientIndex, call: &Call) -> Vec<Happening> {
    match call {
        Call::Login(login) => [Event::LoggingIn, Event::LoggedIn]
            .map(|event| Happening {
                room: login.room.clone(),
                ..Happening::new(event)
            })
            .into(),
        Call::Logout { room } => vec![Happening {
            room: room.clone(),
            ..Happening::new(Event::LoggedOut)
        }],
        _ => Vec::new(),
    }
}

impl Played {
    /// The calls of a device: when, which, and inside what.
    fn calls(&self, device: &str) -> Vec<(u64, &str, Option<&str>)> {
        let entries = self.transcript.entries.iter();
        entries
            .filter(|entry| entry.actor == device)
            .filter_map(|entry| match &entry.what {
                What::Call(call) if call.api != "initialise" => {
                    Some((entry.at.0, call.api.as_str(), call.inside.as_deref()))
                }
                _ => None,
            })
            .collect()
    }

    fn findings(&self) -> Vec<(&Noticed, &str, &str)> {
        let findings = self.verdict.findings.iter();
        findings
            .filter(|finding| !matches!(finding.by, Noticed::Rule(_)))
            .map(|f| (&f.by, f.expected.as_str(), f.seen.as_str()))
            .collect()
    }
}

#[test]
fn questions_are_answered_with_texts() {
    let played = play(
        "  - call: { client: phone, api: get-conversations, is: \"bob, carol\" }\n  \
         - call: { client: phone, api: get-history, with: bob, is: none }\n  \
         - call: { client: phone, api: get-user-name, is: ALICE }\n",
        &silent,
    );
    assert_eq!(played.findings(), []);
}

#[test]
fn calls_from_inside_a_callback_come_at_once_and_so_often() {
    let played = play(
        "  - on: { client: phone, event: kicked-out, reason: newer-login, times: 2, do: [{ login: {} }, { call: { api: get-login-user } }] }\n  \
         - login: phone\n  - advance: 10s\n",
        &kicks,
    );
    let inside = Some("onKicked");
    assert_eq!(
        played.calls("phone"),
        [
            (100, "login", None),
            (200, "login", inside),
            (200, "get-login-user", inside),
            (300, "login", inside),
            (300, "get-login-user", inside),
        ]
        .map(|(at, api, inside)| (at - 100, api, inside))
    );
    assert_eq!(played.findings(), []);
}

#[test]
fn an_app_that_calls_without_end_ends_the_run() {
    let played = play(
        "  - on: { client: phone, event: kicked-out, do: [{ login: {} }] }\n  - login: phone\n  - advance: 10h\n",
        &kicks,
    );
    let last = played.transcript.entries.last().map(|entry| &entry.what);
    assert_eq!(last, Some(&What::End(End::CallLimit)));
    assert_eq!(played.findings()[0].0, &Noticed::Limit);
}

#[test]
fn an_empty_reaction_ends_it() {
    let played = play(
        "  - on: { client: phone, event: kicked-out, do: [{ login: {} }] }\n  \
         - on: { client: phone, event: kicked-out, do: [] }\n  - login: phone\n",
        &kicks,
    );
    assert_eq!(played.calls("phone"), [(0, "login", None)]);
}

#[test]
fn a_call_waits_for_its_ticket() {
    let steps = "  - token-provider: { client: phone, answers: { valid-for: 60s, after: 40s } }\n  \
                 - login: phone\n  - renew-token: { client: phone, token: { valid-for: 5s } }\n";
    let played = play(steps, &logs_in);
    assert_eq!(
        played.calls("phone"),
        [(40_000, "login", None), (40_100, "renew-token", None)]
    );
    // The profile's bound for a login counts from the call.
    assert_eq!(played.findings(), []);
}

#[test]
fn a_process_that_dies_makes_no_call() {
    let steps = "  - token-provider: { client: phone, answers: { after: 40s } }\n  \
                 - start: { login: phone, as: first }\n  \
                 - app: { client: phone, is: crashed }\n  - result: { of: first, ok }\n";
    let played = play(steps, &logs_in);
    assert_eq!(played.calls("phone"), []);
    let [(Noticed::Step(3), _, seen)] = played.findings()[..] else {
        panic!("{:?}", played.findings())
    };
    assert!(seen.contains("never made"), "{seen}");
}

#[test]
fn a_process_that_stands_still_calls_when_it_goes_on() {
    let steps = "  - token-provider: { client: phone, answers: { after: 1s } }\n  \
                 - start: { login: phone, as: first }\n  \
                 - app: { client: phone, is: frozen }\n  - advance: 1m\n  \
                 - app: { client: phone, is: resumed }\n  - result: { of: first, ok }\n";
    let played = play(steps, &logs_in);
    assert_eq!(played.calls("phone"), [(60_000, "login", None)]);
    assert_eq!(played.findings(), []);
}

#[test]
fn an_answer_may_wait_while_the_process_stands_still() {
    let steps = |result: &str| {
        format!(
            "  - start: {{ logout: phone, as: slow }}\n  - app: {{ client: phone, is: frozen }}\n  \
             - advance: 1h\n  - app: {{ client: phone, is: resumed }}\n  - result: {result}\n"
        )
    };
    assert_eq!(play(&steps("{ of: slow, ok }"), &silent).findings(), []);
    let strict = play(&steps("{ of: slow, ok, within: 30s }"), &silent);
    assert_eq!(strict.findings().len(), 1);
}

#[test]
fn a_fleet_acts_as_one_and_each_is_looked_at() {
    let third = |client: ClientIndex, call: &Call| match client.0 {
        3 => Vec::new(),
        _ => logs_in(client, call),
    };
    let played = play(
        "  - login: fleet\n  - expect: { client: fleet-1, state: online }\n  \
         - expect: { client: fleet, event: logged-in, within: 2s }\n",
        &third,
    );
    let at_once: Vec<usize> = (1..=3)
        .map(|n| played.calls(&format!("fleet-{n}")).len())
        .collect();
    assert_eq!(at_once, [1, 1, 1]);
    let [(Noticed::Step(2), expected, seen)] = played.findings()[..] else {
        panic!("{:?}", played.findings())
    };
    assert!(expected.starts_with("fleet-3: logged-in"), "{expected}");
    assert!(seen.contains("1 of 3 devices"), "{seen}");
}

#[test]
fn a_fleet_in_lockstep_is_found() {
    let steps = |most: u64| {
        format!(
            "  - login: fleet\n  - count: {{ client: fleet, event: logged-in, in-any: 1s, at-most: {most} }}\n"
        )
    };
    assert_eq!(play(&steps(3), &logs_in).findings(), []);
    let played = play(&steps(2), &logs_in);
    let [(_, expected, seen)] = played.findings()[..] else {
        panic!("{:?}", played.findings())
    };
    assert!(expected.contains("in any 1s"), "{expected}");
    assert!(seen.starts_with("3 times"), "{seen}");
}

#[test]
fn a_watch_ends_with_its_first_unmet_item() {
    let played = play(
        "  - start: { login: phone, as: first }\n  - watch:\n      for: 1h\n      all:\n        \
         - expect: { client: phone, event: message }\n        \
         - never: { client: phone, event: logged-in }\n        \
         - count: { client: fleet, event: message, is: 0 }\n",
        &logs_in,
    );
    let [(Noticed::Step(1), expected, _)] = played.findings()[..] else {
        panic!("{:?}", played.findings())
    };
    assert_eq!(expected, "never phone: logged-in (item 2 of the watch)");
    let stopped = |what: &What| matches!(what, What::Stopped { .. });
    let mut entries = played.transcript.entries.iter();
    let at = entries.find(|entry| stopped(&entry.what)).map(|e| e.at);
    assert_eq!(at, Some(Time(100)));
}

#[test]
fn a_watch_is_met_when_every_item_is() {
    let played = play(
        "  - start: { login: phone, as: first }\n  - watch:\n      for: 1h\n      all:\n        \
         - expect: { client: phone, event: logged-in }\n        \
         - never: { client: phone, event: kicked-out, for: 1m }\n        \
         - count: { client: fleet, event: message, is: 0, for: 2m }\n  - mark: after\n",
        &logs_in,
    );
    assert_eq!(played.findings(), []);
    let mut steps = played.transcript.entries.iter();
    let last = steps.find(|entry| matches!(entry.what, What::Step { step: 2, .. }));
    assert_eq!(last.map(|entry| entry.at), Some(Time(120_000)));
}

#[test]
fn what_is_observed_is_noted_and_not_judged() {
    let played = play(
        "  - advance: 1s\n  - login: phone\n  - observe: { client: phone, for: 10s, as: notes }\n",
        &logs_in,
    );
    assert_eq!(played.verdict.grade, Grade::Passed);
    let observed = &played.verdict.observed[0];
    assert_eq!((observed.step, observed.name.as_str()), (2, "notes"));
    assert_eq!(
        observed.lines,
        [
            "phone: event logging-in",
            "phone: event logged-in",
            "phone: login succeeds"
        ]
    );
}

#[test]
fn each_room_has_a_state_of_its_own() {
    let mut profile = profile();
    profile.rules.login.into_room = true;
    let played = play_under(
        &profile,
        "  - login: { client: phone, room: one }\n  - join-room: { client: phone, room: two }\n  \
         - leave-room: { client: phone, room: one }\n  \
         - expect: { client: phone, state: logged-out, room: one }\n  \
         - expect: { client: phone, state: online, room: two }\n  \
         - expect: { client: phone, state: logged-out }\n",
        &logs_in,
    );
    assert_eq!(played.findings(), []);
    let mut states = States::new(true);
    for entry in &played.transcript.entries {
        states.follow(entry);
    }
    let place = |room: &str| ("phone".to_owned(), room.to_owned());
    assert!(states.is_elsewhere(&place("one")) && !states.is_elsewhere(&place("two")));
}

#[test]
fn a_finding_says_which_round_it_is_of() {
    let second = std::cell::Cell::new(0);
    let toy = |_: ClientIndex, call: &Call| match call {
        Call::Logout { .. } => {
            second.set(second.get() + 1);
            match second.get() {
                1 => vec![Happening::new(Event::LoggedOut)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    let played = play(
        "  - repeat:\n      times: 5\n      steps:\n        - logout: phone\n        \
         - expect: { client: phone, event: logged-out }\n",
        &toy,
    );
    let [(Noticed::Step(3), expected, _)] = played.findings()[..] else {
        panic!("{:?}", played.findings())
    };
    assert!(expected.ends_with("(round 2)"), "{expected}");
}

#[test]
fn orders_reach_the_server() {
    let played = play(
        "  - login: phone\n  - server: { kick: alice, client: fleet }\n  - server: { ban: alice }\n  \
         - server: { gateway: 2, is: stopped }\n  - server: { delay: answer, by: 3s, client: phone }\n",
        &logs_in,
    );
    let kicked: Vec<Option<&str>> = played
        .orders
        .iter()
        .filter_map(|order| match order {
            Order::Kick { device, .. } => Some(device.as_deref()),
            _ => None,
        })
        .collect();
    assert_eq!(kicked, ["fleet-1", "fleet-2", "fleet-3"].map(Some));
    // The last one lifts a fault: the gateway works again.
    assert_eq!(played.orders.len(), 7);
    assert!(matches!(
        played.orders[6],
        Order::Gateway { works: true, .. }
    ));
    assert!(matches!(&played.orders[3], Order::Ban { user } if user == "alice"));
}

#[test]
fn a_ticket_is_for_the_app_of_its_device() {
    let seen = std::cell::RefCell::new(Vec::new());
    let toy = |_: ClientIndex, call: &Call| {
        if let Call::Login(login) = call {
            let secret = Secret::of_app(Format::Token04, 7);
            let claims = session::ticket::read(&login.ticket, &secret).expect("it is of app 7");
            seen.borrow_mut().push((claims.app, claims.user));
        }
        Vec::new()
    };
    play("  - login: phone\n", &toy);
    assert_eq!(seen.into_inner(), [(7, "alice".to_owned())]);
}

#[test]
fn a_client_that_asks_gets_a_ticket_of_its_apps_source_when_that_has_one() {
    let steps = "  - token-provider: { client: phone, answers: { valid-for: 60s, after: 3s } }\n  \
                 - advance: 10s\n";
    let (scenario, profile) = (scenario(steps), profile());
    let case = Case::new(&scenario, &profile, 0);
    let mut director = Director::new(&case, "toy", "toy");
    let settled = |director: &mut Director<'_>, now: Time| {
        let mut all = director.instant_begins(now);
        loop {
            let more = director.instant_over(now);
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    };
    let phone = ClientIndex(0);
    settled(&mut director, Time::START);
    let ask = AskId(5);
    let user = "bob".to_owned();
    let output = Output::AskToken { ask, user };
    director.report(Time::START, Actor::Client(phone), Fact::Output(&output));
    let is_token = |command: &Command| matches!(command, Command::Token { .. });
    assert!(!settled(&mut director, Time::START).iter().any(is_token));
    assert_eq!(director.wakes_at(), Some(Time(3_000)));
    let commands = settled(&mut director, Time(3_000));
    let Some(Command::Token {
        client,
        ask,
        ticket,
    }) = commands.iter().find(|c| is_token(c))
    else {
        panic!("no ticket in {commands:?}");
    };
    assert_eq!((*client, *ask), (phone, AskId(5)));
    let secret = Secret::of_app(Format::Token04, 7);
    let claims = session::ticket::read(ticket, &secret).expect("it is a ticket");
    assert_eq!(
        (claims.user.as_str(), claims.ends - claims.issued),
        ("bob", 60)
    );
    let entries = director.into_transcript().entries;
    let about = |what: &What| matches!(what, What::TicketGiven { ask: 5, ticket } if ticket == "ticket#1 (bob, ends +1m)");
    assert!(
        entries.iter().any(|entry| about(&entry.what)),
        "{entries:?}"
    );
}
