use std::collections::BTreeSet;

use proptest::prelude::*;
use session::rules::{Authentication, DevicePolicy, TokenCodes};
use session::ticket::Fault;
use session::time::Millis;
use session::words::{Api, EndCause, ErrorWord, Event, Reason, State};

use super::*;
use crate::diagnostic::{MOST_SHOWN, render};
use crate::grammar::{ACTS, COVERS, Field, Kind, OBSERVATIONS, Record, Rule, SCENARIO};
use crate::scenario::{
    Act, Activity, AppAct, AppSign, CallName, ClientIndex, Decision, Devices, Direction,
    EventPattern, Expected, NetworkWord, Observation, Pattern, Seen, ServerAct, SessionWord, Then,
    TokenAct, When,
};

/// Every word of the language at least once.
const FULL: &str = include_str!("full.yaml");

#[test]
fn the_whole_language_is_understood() {
    let scenario = lowered(FULL);
    assert_eq!(scenario.title, "Everything the language has");
    assert_eq!(scenario.needs, ["accounts"]);
    assert_eq!(scenario.depends, ["reconnect.window"]);
    assert_eq!(scenario.console.device_policy, Some(DevicePolicy::Single));
    let users: Vec<&str> = scenario.clients.iter().map(|c| c.user.as_str()).collect();
    assert_eq!(
        users,
        [
            "alice", "tablet", "007", "watch", "fleet-1", "fleet-2", "fleet-3"
        ]
    );
    let watch = &scenario.clients[3];
    assert_eq!(
        (watch.app, watch.listening, watch.saved),
        (u32::MAX, false, true)
    );
    assert_eq!(scenario.console.native_in_total, Some(4));
    assert_eq!(scenario.console.gateways, Some(2));
    assert_eq!(scenario.console.token_codes, Some(TokenCodes::Strict));
    let by_app = Some(Authentication::AppSign);
    assert_eq!(scenario.console.authentication, by_app);
    assert_eq!(watch.app_sign, AppSign::Wrong);
    assert_eq!(scenario.clients[0].app_sign, AppSign::Right);
    let together = vec![Platform::Android, Platform::Iphone];
    assert_eq!(scenario.console.exclude_each_other, Some(together));
    assert!(!scenario.clients[1].initialised);
    assert_eq!(scenario.steps[0].covers, ["ABC-042"]);
    assert!(scenario.leave_faults);
    assert_eq!(scenario.hash.len(), 16);
}

#[test]
fn a_scenario_uses_every_key() {
    let root = yaml::parse(&source(FULL)).unwrap();
    let mut used = BTreeSet::new();
    keys(&root, &mut used);
    for record in records() {
        for field in record.fields() {
            assert!(used.contains(field.name), "`{}` is not tried", field.name);
        }
    }
}

#[test]
fn acts_mean_what_they_say() {
    let tablet = Devices::from(ClientIndex(1));
    let phone = Devices::from(ClientIndex(0));
    let call = |act: &Act| match act {
        Act::Call { client, call, then } => (*client, (**call).clone(), then.clone()),
        act => panic!("{act:?}"),
    };

    let (client, login, then) = call(&act("login: tablet"));
    assert_eq!((client, login.api), (tablet, CallName::Known(Api::Login)));
    assert_eq!((login.user, then), (None, Then::Wait(Expected::Ok)));

    let (_, login, then) = call(&act(
        "login: { client: phone, user: '', token: { fault: wrong-user }, fails: user-id-invalid }",
    ));
    assert_eq!(login.user.as_deref(), Some(""));
    assert_eq!(login.token, Some(TokenAct::Fault(Fault::WrongUser)));
    assert_eq!(then, Then::Wait(Expected::Fails(ErrorWord::UserIdInvalid)));

    let (_, _, then) = call(&act("login: { client: phone, fails: { code: 1001 } }"));
    assert_eq!(then, Then::Wait(Expected::FailsWithCode(vec![1001])));

    let (_, _, then) = call(&act("login: { client: phone, outcome-of: second-login }"));
    assert_eq!(then, Then::Wait(Expected::OutcomeOf(Decision::SecondLogin)));

    let (_, switch, _) = call(&act("switch-account: { client: phone, user: 5 }"));
    assert_eq!(switch.api, CallName::SwitchAccount);
    assert_eq!(switch.user.as_deref(), Some("5"));

    let (_, question, then) = call(&act(
        "call: { client: phone, api: get-login-status, is: online }",
    ));
    assert_eq!(question.api, CallName::Known(Api::GetLoginStatus));
    assert_eq!(
        then,
        Then::Wait(Expected::OkWith {
            value: "online".into(),
            codes: Vec::new()
        })
    );

    let (client, renew, then) = call(&act(
        "start: { renew-token: { client: tablet, token: { valid-for: 1m } }, as: x }",
    ));
    assert_eq!(client, tablet);
    assert_eq!(renew.token, Some(TokenAct::ValidFor(Millis(60_000))));
    assert_eq!(then, Then::GoOn("x".into()));

    assert_eq!(act("advance: 1.5s"), Act::Advance(Millis(1_500)));
    assert_eq!(act("server: restart"), Act::Server(ServerAct::Restart));
    assert_eq!(
        act("server: { kick: alice }"),
        Act::Server(ServerAct::Kick {
            user: "alice".into(),
            room: None,
            client: None,
        })
    );
    assert_eq!(
        act("server: { set: { reconnect-window: unlimited } }"),
        Act::Server(ServerAct::Set(Console {
            reconnect_window: Some(Window::Unlimited),
            ..Console::default()
        }))
    );
    let is = AppAct::Crashed;
    assert_eq!(
        act("app: { client: phone, is: crashed }"),
        Act::App { client: phone, is }
    );
    let skew = -7_200_000;
    assert_eq!(
        act("clock: { client: phone, skew: -2h }"),
        Act::Clock {
            client: phone,
            skew
        }
    );
    let Act::Network { change, .. } =
        act("network: { client: phone, is: black-hole, direction: to-client, loss: 20 }")
    else {
        panic!()
    };
    assert_eq!(change.is, Some(NetworkWord::BlackHole));
    assert_eq!(change.direction, Some(Direction::ToClient));
    assert_eq!((change.latency, change.loss), (None, Some(20)));
}

#[test]
fn fleets_are_many_devices() {
    let text = "title: T\nclients: { one: {}, fleet: { count: 3, platform: web }, last: {} }\nsteps:\n  - login: fleet\n  - login: fleet-3\n  - login: last\n";
    let scenario = lowered(text);
    let names: Vec<&str> = scenario.clients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["one", "fleet-1", "fleet-2", "fleet-3", "last"]);
    let devices: Vec<Devices> = scenario
        .steps
        .iter()
        .map(|step| match &step.action {
            Action::Act(Act::Call { client, .. }) => *client,
            action => panic!("{action:?}"),
        })
        .collect();
    let one = |at| Devices::from(ClientIndex(at));
    assert_eq!(devices, [Devices::fleet(1, 3), one(3), one(4)]);

    let too_many = text.replace("count: 3", "count: 1023");
    assert_eq!(refused(&too_many)[0].code, "too-much");
    let twice = text.replace("last", "fleet-2");
    assert_eq!(refused(&twice)[0].code, "repeated");
    let unknown = text.replace("login: fleet-3", "login: fleet-4");
    assert_eq!(refused(&unknown)[0].code, "unknown-client");
    let with_user = text.replace("count: 3", "count: 3, user: bob");
    assert_eq!(refused(&with_user)[0].code, "keys-together");
}

#[test]
fn a_repeat_is_its_steps_again_and_again() {
    let text = with_steps(
        "  - repeat:\n      times: 2\n      steps:\n        - mark: round\n        - repeat: { times: 2, steps: [{ login: phone }] }\n        - never: { client: phone, event: message, since: round }\n  - logout: phone\n",
    );
    let scenario = lowered(&text);
    let rounds: Vec<Option<String>> = scenario.steps.iter().map(Step::say_round).collect();
    let rounds: Vec<&str> = rounds.iter().map(|r| r.as_deref().unwrap_or("-")).collect();
    assert_eq!(
        rounds,
        [
            "round 1",
            "round 1.1",
            "round 1.2",
            "round 1",
            "round 2",
            "round 2.1",
            "round 2.2",
            "round 2",
            "-"
        ]
    );
    // What is wrong only in a later round is found, once.
    let crash =
        with_steps("  - repeat: { times: 5, steps: [{ app: { client: phone, is: crashed } }] }\n");
    let diagnostics = refused(&crash);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0].code, "impossible");
}

#[test]
fn calls_from_inside_a_callback_are_its_devices_own() {
    let Act::On { client, reaction } = act(
        "on: { client: phone, event: kicked-out, times: 3, do: [{ login: phone }, { logout: {} }] }",
    ) else {
        panic!()
    };
    assert_eq!(client, ClientIndex(0).into());
    assert_eq!((reaction.times, reaction.calls.len()), (Some(3), 2));
    let other = "  - on: { client: phone, event: kicked-out, do: [{ login: tablet }] }\n";
    assert_eq!(refused(&with_steps(other))[0].code, "keys-apart");
    let fails =
        "  - on: { client: phone, event: kicked-out, do: [{ login: { fails: banned } }] }\n";
    assert_eq!(refused(&with_steps(fails))[0].code, "unknown-key");
}

#[test]
fn a_watch_lends_its_length_to_its_items() {
    let Action::Observe(Observation::Watch(all)) = step(
        "watch: { for: 1h, all: [{ expect: { client: phone, event: message } }, { never: { client: phone, event: message, for: 1m } }] }",
    )
    .action
    else {
        panic!()
    };
    assert!(matches!(
        &all[0],
        Observation::Expect {
            when: When::FromNow(Millis(3_600_000)),
            ..
        }
    ));
    assert!(matches!(
        &all[1],
        Observation::Never {
            lasting: Some(Millis(60_000)),
            ..
        }
    ));
}

#[test]
fn observations_mean_what_they_say() {
    let phone = |seen| Pattern {
        client: ClientIndex(0).into(),
        seen,
    };
    let event = |event| EventPattern::of(event, None, None);
    for (text, expected) in [
        (
            "expect: { client: phone, event: kicked-out, reason: newer-login, code: [1, -2] }",
            Observation::Expect {
                what: phone(Seen::Event(EventPattern {
                    reason: Some(Reason::NewerLogin),
                    codes: vec![1, -2],
                    ..event(Event::KickedOut)
                })),
                when: When::Already,
                since: None,
            },
        ),
        (
            "expect: { client: phone, state: online, within: 2s, since: outage }",
            Observation::Expect {
                what: phone(Seen::State {
                    is: State::Online,
                    room: None,
                }),
                when: When::Within(Millis(2_000)),
                since: Some("outage".into()),
            },
        ),
        (
            "expect: { client: phone, session: ended, cause: silent, between: [1s, 1s] }",
            Observation::Expect {
                what: phone(Seen::Session {
                    is: SessionWord::Ended,
                    cause: Some(EndCause::Silent),
                    room: None,
                }),
                when: When::Between(Millis(1_000), Millis(1_000)),
                since: None,
            },
        ),
        (
            "expect: { client: phone, callback: onKick, args: { reason: 5, why: [a] } }",
            Observation::Expect {
                what: phone(Seen::Callback {
                    name: "onKick".into(),
                    args: vec![
                        ("reason".into(), 5.into()),
                        ("why".into(), serde_json::json!(["a"])),
                    ],
                    listener: None,
                }),
                when: When::Already,
                since: None,
            },
        ),
        (
            "never: { client: phone, activity: connect }",
            Observation::Never {
                what: phone(Seen::Activity(Activity::Connect)),
                lasting: None,
                since: None,
            },
        ),
        (
            "count: { client: phone, event: message, at-least: 2, for: 1h }",
            Observation::Count {
                what: phone(Seen::Event(event(Event::Message))),
                least: 2,
                most: u64::MAX,
                lasting: Some(Millis(3_600_000)),
                in_any: None,
                since: None,
            },
        ),
        (
            "count: { client: phone, outcome-of: window-end, is: 0 }",
            Observation::Count {
                what: phone(Seen::OutcomeOf(Decision::WindowEnd)),
                least: 0,
                most: 0,
                lasting: None,
                in_any: None,
                since: None,
            },
        ),
        (
            "result: { of: first, ok }",
            Observation::Result {
                of: "first".into(),
                expected: Expected::Ok,
                within: None,
            },
        ),
    ] {
        match &step(text).action {
            Action::Observe(observation) => assert_eq!(*observation, expected, "{text}"),
            action => panic!("{text}: {action:?}"),
        }
    }
}

#[test]
fn the_step_of_the_design_page_is_found_where_it_stands() {
    let scenario = lowered(FULL);
    let source = &scenario.source;
    let (line, column) = source.position(scenario.steps[0].span);
    let text = &source.text[scenario.steps[0].span.start..scenario.steps[0].span.end];
    assert_eq!(text, "login: { client: phone, token: { valid-for: 60s } }");
    assert!(source.line(scenario.steps[0].span).contains(text));
    assert!(line > 1 && column == 5, "{line}:{column}");
}

#[test]
fn every_example_of_the_table_is_right() {
    for record in records() {
        record.fields().for_each(check_example);
    }
    check_example(&COVERS);
    for field in ACTS.iter().chain(OBSERVATIONS) {
        check_example(field);
        step(&format!("{}: {}", field.name, field.example));
    }
}

#[test]
fn the_table_is_in_order() {
    let all = records();
    for record in &all {
        let names: Vec<&str> = record.fields().map(|field| field.name).collect();
        let once: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), once.len(), "{names:?}");
        for rule in record.rules() {
            let used = match rule {
                Rule::ExactlyOne(names) | Rule::AtLeastOne(names) | Rule::AtMostOne(names) => {
                    names.to_vec()
                }
                Rule::Together(name, other) => vec![*name, *other],
                Rule::Beside(name, others) => [&[*name], *others].concat(),
            };
            assert!(
                used.iter().all(|name| once.contains(name)),
                "{rule:?} of {names:?}"
            );
        }
    }
    let fields = all.iter().flat_map(|record| record.fields());
    for field in fields.chain(ACTS).chain(OBSERVATIONS) {
        assert!(
            field.doc.ends_with(['.', '?']),
            "{}: {}",
            field.name,
            field.doc
        );
    }
}

#[test]
fn steps_may_stand_above_the_clients() {
    lowered("steps: [{ login: phone }]\ntitle: T\nclients: { phone: }\n");
}

#[test]
fn anchors_and_merges_work_and_point_home() {
    let text = "title: T\nclients: { phone: {} }\nsteps:\n  - &one\n    login: phone\n  - advance: 1s\n  - *one\n  - expect: &seen { client: phone, event: message }\n  - never: { <<: *seen, for: 1h }\n";
    let scenario = lowered(text);
    let places: Vec<(usize, usize)> = scenario
        .steps
        .iter()
        .map(|step| scenario.source.position(step.span))
        .collect();
    assert_eq!(places, [(5, 5), (6, 5), (7, 5), (8, 5), (9, 5)]);

    let wrong = text.replace("phone, event", "phnoe, event");
    let source = source(&wrong);
    let diagnostics = refused(&wrong);
    let shown = render(&source, &diagnostics, false);
    assert!(shown.contains("used here"), "{shown}");
}

#[test]
fn ten_thousand_wrong_steps_are_refused_in_bounds() {
    let text = with_steps(&"  - login: nobody\n".repeat(10_000));
    let diagnostics = refused(&text);
    // Each is wrong at a place of its own.
    assert_eq!(diagnostics.len(), 10_000);
    let shown = render(&source(&text), &diagnostics, true);
    assert!(shown.contains(&format!("and {} more", 10_000 - MOST_SHOWN)));
    assert!(shown.len() < 100_000);
    let more = with_steps(&"  - login: phone\n".repeat(10_001));
    assert_eq!(refused(&more)[0].code, "too-much");
}

#[test]
fn a_step_that_is_wrong_leads_to_no_complaint_about_another() {
    for text in [
        "  - start: { login: phnoe, as: first }\n  - result: { of: first, ok }\n",
        "  - mark: one\n    covres: [ABC-042]\n  - never: { client: phone, event: message, since: one }\n",
        "  - app: { client: phnoe, is: crashed }\n  - app: { client: phone, is: crashed }\n",
        "  - server: stpo\n  - server: start\n",
    ] {
        let text = with_steps(text);
        let diagnostics = refused(&text);
        let shown = render(&source(&text), &diagnostics, false);
        assert_eq!(diagnostics.len(), 1, "{shown}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in ".{0,200}") {
        survives(&text);
    }

    #[test]
    fn any_lines_are_survived(text in "([ \t]{0,6}(- )?[a-z\\-]{0,8}(: )?[\\[\\]{}&*!|>'\",#a-z0-9]{0,8}\n){0,12}") {
        survives(&text);
    }

    /// Parts of the language in any order.
    #[test]
    fn any_mixture_of_right_parts_is_survived(
        parts in proptest::collection::vec(0usize..1_000, 1..30),
        indents in proptest::collection::vec(0usize..4, 30),
    ) {
        let lines: Vec<&str> = FULL.lines().collect();
        let mut text = String::new();
        for (part, indent) in parts.iter().zip(indents) {
            let line = lines[part % lines.len()];
            text.push_str(&" ".repeat(indent));
            text.push_str(line);
            text.push('\n');
        }
        survives(&text);
    }

    /// The whole language with one piece cut out.
    #[test]
    fn any_cut_is_survived(start in 0usize..4_000, length in 1usize..200) {
        let start = start % FULL.len();
        let cut: String = FULL.chars().take(start).chain(FULL.chars().skip(start + length)).collect();
        survives(&cut);
    }
}

/// Refused with at least one complaint that can be shown, or understood; never a panic.
fn survives(text: &str) {
    let source = source(text);
    if let Err(diagnostics) = lower(Arc::clone(&source), "t", &known()) {
        assert!(!diagnostics.is_empty());
        assert!(!render(&source, &diagnostics, true).is_empty());
    }
}

fn check_example(field: &'static Field) {
    let text = format!("{}: {}\n", field.name, field.example);
    let node = yaml::parse(&source(&text)).unwrap();
    let value = node.get(field.name).unwrap();
    let source = source(&with_steps(""));
    let root = yaml::parse(&source).unwrap();
    let known = known();
    let mut decoder = Decoder::new(&source, &known, &root);
    let site = decode::Site {
        field,
        key: node.span,
        node: value,
    };
    let typed = decoder.value(&field.kind, site);
    let diagnostics = decoder.finish();
    assert!(
        typed.is_some() && diagnostics.is_empty(),
        "{text}{diagnostics:?}"
    );
}

/// Every record of the table.
fn records() -> Vec<&'static Record> {
    fn visit(kind: &'static Kind, out: &mut Vec<&'static Record>) {
        match kind {
            Kind::Series(kind) | Kind::Many(kind) | Kind::OneOrMany(kind) | Kind::Pair(kind) => {
                visit(kind, out)
            }
            Kind::Record(record) | Kind::Short(_, record) | Kind::Clients(record) => {
                add(record, out)
            }
            Kind::Either(kind, record) => {
                visit(kind, out);
                add(record, out);
            }
            _ => {}
        }
    }
    fn add(record: &'static Record, out: &mut Vec<&'static Record>) {
        if !out.iter().any(|known| std::ptr::eq(*known, record)) {
            out.push(record);
            record.fields().for_each(|field| visit(&field.kind, out));
        }
    }
    let mut out = Vec::new();
    add(&SCENARIO, &mut out);
    for field in ACTS.iter().chain(OBSERVATIONS) {
        visit(&field.kind, &mut out);
    }
    assert!(out.len() > 20, "{}", out.len());
    out
}

fn keys(node: &yaml::Node, out: &mut BTreeSet<String>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                out.insert(key.text.clone());
                keys(node, out);
            }
        }
        Value::List(items) => items.iter().for_each(|item| keys(item, out)),
        _ => {}
    }
}

fn act(text: &str) -> Act {
    match step(text).action {
        Action::Act(act) => act,
        action => panic!("{text}: {action:?}"),
    }
}

/// The step, after enough others that whatever it looks back to is there.
fn step(text: &str) -> Step {
    let before = "  - login: phone\n  - mark: outage\n  - start: { login: tablet, as: first }\n";
    lowered(&with_steps(&format!("{before}  - {text}\n")))
        .steps
        .pop()
        .unwrap()
}

fn with_steps(steps: &str) -> String {
    format!(
        "title: T\nprofiles: [a-vendor]\nclients: {{ phone: {{ user: alice }}, tablet: {{}} }}\nsteps:\n{steps}"
    )
}

fn lowered(text: &str) -> Scenario {
    let source = source(text);
    match lower(Arc::clone(&source), "an/example", &known()) {
        Ok(scenario) => scenario,
        Err(diagnostics) => panic!("{}", render(&source, &diagnostics, false)),
    }
}

fn refused(text: &str) -> Vec<Diagnostic> {
    lower(source(text), "an/example", &known()).unwrap_err()
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        path: "example.yaml".into(),
        text: text.into(),
    })
}

fn known() -> Known {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Known {
        requirements: set(&["ABC-042", "ABC-045"]),
        profiles: set(&["a-vendor"]),
        capabilities: set(&["accounts"]),
        knobs: set(&["reconnect.window"]),
        callbacks: set(&["onKick", "onKickedOut"]),
        arguments: set(&["reason", "why"]),
    }
}
