//! The page for those who bring their own, its schema and the types of the lines are one thing.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use adapter::call::OrderApi;
use adapter::line::{Answered, Asked};
use adapter::output::Output;
use adapter::{LONGEST_LINE, PROTOCOL, reference, schema};
use kickout::args::Selection;
use kickout::suite;
use serde_json::Value;
use session::rules::Rules;
use session::ticket::{APP_ID, Claims, Draws, Secret, mint};
use session::time::EPOCH_UNIX_MS;
use session::words::{Api, EndCause};

fn beside_the_page(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name)
}

fn page() -> String {
    fs::read_to_string(beside_the_page("ADAPTERS.md")).unwrap()
}

/// Every fenced block of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block.to_owned())
        .collect()
}

/// The rules of the profile that the dialogues are played under.
fn rules() -> Rules {
    let library = suite::library(&Selection::default()).unwrap();
    library.profiles.get("tencent-im").unwrap().rules.clone()
}

/// Puts back what the page leaves out.
fn whole(line: &str, rules: &Rules) -> String {
    let issued = (EPOCH_UNIX_MS / 1_000) as i64;
    let claims = Claims {
        user: "alice".into(),
        app: APP_ID,
        issued,
        // What is told of it in the dialogue: 180 days.
        ends: issued + 180 * 86_400,
        payload: String::new(),
    };
    let secret = Secret::of_app(rules.token.format, APP_ID);
    let draws = Draws {
        nonce: 1,
        iv: [0; 16],
    };
    let ticket = mint(&claims, &secret, draws);
    let rules = serde_json::to_string(rules).unwrap();
    line.replace("\"rules\":{…}", &format!("\"rules\":{rules}"))
        .replace('…', &ticket)
}

/// The reference peers answer the lines of the page as the page says.
#[test]
fn the_dialogues_of_the_page_are_true() {
    let rules = rules();
    let mut dialogues = 0;
    for block in blocks(&page(), "text") {
        let lines: Vec<String> = block.lines().map(|line| whole(line, &rules)).collect();
        if !lines[0].contains("\"input\":\"hello\"") {
            continue;
        }
        dialogues += 1;
        let of = |way: &str| -> Vec<String> {
            let lines = lines.iter().filter_map(|line| line.strip_prefix(way));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        let (asked, answered) = (of("→"), of("←"));
        assert_eq!(asked.len(), answered.len());
        let mut said = Vec::new();
        reference::serve(asked.join("\n").as_bytes(), &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        for ((asked, answered), said) in asked.iter().zip(&answered).zip(said.lines()) {
            let _: Asked = serde_json::from_str(asked).unwrap();
            let answered: Answered = serde_json::from_str(answered).unwrap();
            let said: Answered = serde_json::from_str(said).unwrap();
            assert_eq!(answered, said, "to {asked}");
        }
    }
    assert_eq!(dialogues, 2);
}

#[test]
fn the_examples_of_the_page_are_outputs() {
    let mut examples = 0;
    for line in blocks(&page(), "json")
        .iter()
        .flat_map(|block| block.lines())
    {
        let output: Output = serde_json::from_str(line).unwrap();
        output.understood(|_| adapter::call::Wants::Text).unwrap();
        examples += 1;
    }
    assert!(examples >= 6, "{examples}");
}

/// The words that tell the kinds of a line apart, as the schema has them.
fn kinds(side: &str, tag: &str) -> BTreeSet<String> {
    fn collect(value: &Value, tag: &str, all: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(word) = fields.get(tag).and_then(|tag| tag.get("const")) {
                    all.insert(word.as_str().unwrap().to_owned());
                }
                fields.values().for_each(|value| collect(value, tag, all));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, tag, all)),
            _ => {}
        }
    }
    let schema = schema::json_schema();
    let mut all = BTreeSet::new();
    collect(&schema["$defs"][side], tag, &mut all);
    collect(&schema["$defs"], tag, &mut all);
    all
}

#[test]
fn the_page_names_everything_there_is() {
    let page = page();
    let inputs = kinds("in", "input");
    let outputs = kinds("out", "output");
    assert_eq!(inputs.len(), 11, "{inputs:?}");
    assert_eq!(outputs.len(), 14, "{outputs:?}");
    let apis = Api::ALL.iter().map(|word| word.word().to_owned());
    let orders = OrderApi::ALL.iter().map(|word| word.word().to_owned());
    let causes = EndCause::ALL.iter().map(|word| word.word().to_owned());
    for word in inputs
        .into_iter()
        .chain(outputs)
        .chain(apis)
        .chain(orders)
        .chain(causes)
    {
        assert!(
            page.contains(&format!("`{word}`")),
            "the page does not name `{word}`"
        );
    }
    let setup = schema::json_schema()["$defs"]["Setup"]["properties"].clone();
    for field in setup.as_object().unwrap().keys() {
        assert!(
            page.contains(&format!("| `{field}` |")),
            "the page does not name `{field}`"
        );
    }
    assert!(page.contains(&format!("protocol **{PROTOCOL}**")));
    assert_eq!(LONGEST_LINE, 1_048_576, "the page says so");
    assert!(page.contains("at most 1,048,576 bytes"));
}

/// `BLESS=1` writes it anew.
#[test]
fn the_schema_beside_the_page_is_that_of_the_types() {
    let path = beside_the_page("adapter.schema.json");
    let schema = schema::text();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == schema,
        "BLESS=1 cargo test -p kickout --test it adapters"
    );
}

/// References within the schema lead somewhere.
#[test]
fn the_schema_is_closed() {
    fn references(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get("$ref") {
                    all.push(to.clone());
                }
                fields.values().for_each(|value| references(value, all));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, all)),
            _ => {}
        }
    }
    let schema = schema::json_schema();
    let mut all = Vec::new();
    references(&schema, &mut all);
    assert!(!all.is_empty());
    for reference in all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(schema.pointer(pointer).is_some(), "{reference}");
    }
}
