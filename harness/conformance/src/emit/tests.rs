use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::document::{Known, lower};

fn read(text: &str) -> Scenario {
    let source = Arc::new(Source {
        path: "t.yaml".into(),
        text: text.into(),
    });
    lower(source, "t", &Known::default()).unwrap_or_else(|wrong| panic!("{text}\n{wrong:?}"))
}

/// What is written, after it was read again.
fn there_and_back(scenario: &Scenario) -> Scenario {
    let written = self::scenario(scenario.clone(), "t.yaml", &[]);
    let again = read(&written.source.text);
    let spans = |scenario: &Scenario| scenario.steps.iter().map(|s| s.span).collect::<Vec<_>>();
    assert_eq!(spans(&again), spans(&written), "{}", written.source.text);
    assert_eq!(again.hash, written.hash);
    again
}

#[test]
fn steps_are_written_as_people_write_them() {
    let text = r#"title: "All of it, in one: place"
server: { device-policy: multi, per-platform: 2, reconnect-window: 5m }
clients:
  phone: { user: alice, platform: android }
  fleet: { count: 3, platform: web }
steps:
  - login: phone
    covers: []
  - login: { client: fleet, token: { valid-for: 1m } }
  - start: { login: phone, as: c1 }
  - network: { client: phone, is: black-hole, direction: to-server }
  - on: { client: phone, event: kicked-out, do: [{ login: {} }, { call: { api: get-login-user } }], times: 2 }
  - clock: { client: phone, skew: -2h }
  - server: restart
  - server: { delay: kicked-out, by: 3s, client: phone, times: 4 }
  - token-provider: { client: phone, answers: { fault: expired, after: 2s } }
  - watch: { for: 5s, all: [{ never: { client: phone, event: kicked-out, for: 5s } }, { expect: { client: phone, event: logged-in, user: "a b" } }] }
  - result: { of: c1, ok: true }
  - mark: here
  - count: { client: phone, event: message, at-least: 1, at-most: 3, since: here }
"#;
    let text = text.replace("    covers: []\n", "");
    let scenario = read(&text);
    let written = self::scenario(scenario.clone(), "t.yaml", &[]);
    assert_eq!(written.source.text, text);
    assert_eq!(there_and_back(&scenario).steps, written.steps);
}

#[test]
fn rounds_that_give_the_same_names_are_told_apart() {
    let text = r"title: T
clients: { a: {}, b: {} }
steps:
  - mark: in-2
  - repeat:
      times: 2
      steps:
        - mark: in
        - start: { login: a, as: c }
        - never: { client: a, event: kicked-out, since: in }
        - result: { of: c, ok: true }
  - watch: { for: 1s, all: [{ never: { client: b, event: message, since: in } }] }
";
    let written = self::scenario(read(text), "t.yaml", &[]);
    let marks_and_uses: Vec<_> = ["mark: ", "as: ", "since: ", "of: "]
        .iter()
        .map(|key| {
            let found = written.source.text.split(key).skip(1);
            let name = |rest: &str| rest.split([' ', ',', '\n']).next().map(str::to_owned);
            found.filter_map(name).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        marks_and_uses,
        ["in-2 in in-3", "c c-2", "in in-3 in-3", "c c-2"]
    );
    assert_eq!(there_and_back(&written).steps, written.steps);
}

#[test]
fn the_longest_name_is_told_apart_too() {
    let name = "n".repeat(crate::grammar::LONGEST_NAME);
    let text = format!(
        "title: T\nclients: {{ a: {{}} }}\nsteps:\n  - repeat: {{ times: 12, steps: [{{ mark: {name} }}] }}\n"
    );
    assert_eq!(there_and_back(&read(&text)).steps.len(), 12);
}

#[test]
fn remarks_cannot_become_anything_else() {
    let scenario = read("title: T\nclients: { a: {} }\nsteps: [{ login: a }]\n");
    let remarks = ["why\nsteps: []".to_owned()];
    let written = self::scenario(scenario, "t.yaml", &remarks);
    assert!(
        written
            .source
            .text
            .starts_with("# why steps: []\ntitle: T\n")
    );
    read(&written.source.text);
}

proptest! {
    #[test]
    fn any_text_is_read_back(text in any::<String>(), user in "\\PC{1,20}|no|on|1e3|0x1f|~|-|12:30|=|null") {
        let mut scenario = read("title: T\nclients: { a: {} }\nsteps:\n- send-message: { client: a, to: bob, text: x }\n");
        scenario.clients[0].user = user;
        let Action::Act(crate::scenario::Act::Call { call, .. }) = &mut scenario.steps[0].action else {
            unreachable!()
        };
        call.text = Some(text);
        let again = there_and_back(&scenario);
        prop_assert_eq!(&again.clients, &scenario.clients);
        prop_assert_eq!(&again.steps[0].action, &scenario.steps[0].action);
    }
}
