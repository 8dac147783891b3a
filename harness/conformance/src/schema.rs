//! The JSON Schema of the scenario language, for editors: another view of [`crate::grammar`].
//!
//! It says what one key may hold and which keys go together. What depends on the order of steps or
//! on names outside the file is left to [`crate::document`].

use serde_json::{Map, Value, json};

use crate::grammar::{
    ACTS, COVERS, Field, Kind, LONGEST_LINE, LONGEST_NAME, LONGEST_USER, MOST_CLIENTS, MOST_STEPS,
    OBSERVATIONS, RESERVED, Record, Rule, SCENARIO, WORDS, Words, length,
};

/// The schema, JSON Schema 2020-12, with the closed list of words under `x-words`.
pub fn json_schema() -> Value {
    let mut schema = record(&SCENARIO);
    let lists: Map<String, Value> = WORDS
        .iter()
        .map(|words| (words.id(), means(words)))
        .collect();
    set(
        &mut schema,
        "$schema",
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    set(&mut schema, "title", json!("kickout scenario"));
    set(&mut schema, "$defs", definitions());
    set(
        &mut schema,
        "x-words",
        json!({ "version": session::words::VERSION, "lists": lists }),
    );
    schema
}

/// What several keys take.
fn definitions() -> Value {
    let mut out = json!({
        "name": {
            "description": "Small letters, digits and `-`.",
            "type": ["string", "number"],
            "pattern": format!("^[a-z0-9-]{{1,{LONGEST_NAME}}}$"),
        },
        "length": {
            "description": "A length of time: large units first, decimals only for seconds; at most 1000d.",
            "type": "string",
            "pattern": length::pattern(),
            "examples": ["500ms", "1.5s", "90s", "20m", "1h30m", "2d"],
        },
        "skew": {
            "description": "A length of time with a sign: `-` is behind the truth.",
            "type": "string",
            "pattern": length::signed_pattern(),
            "examples": ["+2h", "-90s"],
        },
        "step": {
            "description": "One act or observation and, beside it, `covers`.",
            "oneOf": ACTS
                .iter()
                .chain(OBSERVATIONS)
                .map(step)
                .collect::<Vec<_>>(),
        },
    });
    for words in WORDS {
        let names: Vec<&str> = (words.all)().into_iter().map(|(word, _)| word).collect();
        let list = json!({ "enum": names, "x-words": means(words) });
        set(&mut out, &words.id(), list);
    }
    out
}

fn means(words: &Words) -> Value {
    let pair = |(word, means): (&str, &str)| json!({ "word": word, "means": means });
    (words.all)().into_iter().map(pair).collect()
}

/// The variant of a step that has this key.
fn step(word: &'static Field) -> Value {
    json!({
        "title": word.name,
        "type": "object",
        "properties": { word.name: field(word), COVERS.name: field(&COVERS) },
        "required": [word.name],
        "additionalProperties": false,
    })
}

fn field(field: &'static Field) -> Value {
    let mut out = kind(&field.kind);
    set(&mut out, "description", json!(field.doc));
    out
}

fn record(record: &'static Record) -> Value {
    let properties: Map<String, Value> = record
        .fields()
        .map(|one| (one.name.to_owned(), field(one)))
        .collect();
    let mut out = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    let required: Vec<&str> = record
        .fields()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    if !required.is_empty() {
        set(&mut out, "required", json!(required));
    }
    let rules: Vec<Value> = record.rules().map(rule).collect();
    if !rules.is_empty() {
        set(&mut out, "allOf", json!(rules));
    }
    out
}

fn rule(rule: &Rule) -> Value {
    match rule {
        Rule::ExactlyOne(names) => json!({ "oneOf": each_required(names) }),
        Rule::AtLeastOne(names) => json!({ "anyOf": each_required(names) }),
        Rule::AtMostOne(names) => {
            let pairs: Vec<Value> = names
                .iter()
                .enumerate()
                .flat_map(|(at, first)| names[at + 1..].iter().map(move |second| (first, second)))
                .map(|(first, second)| json!({ "required": [first, second] }))
                .collect();
            json!({ "not": { "anyOf": pairs } })
        }
        Rule::Together(name, other) => json!({ "dependentRequired": { *name: [other] } }),
        Rule::Beside(name, others) => {
            json!({ "if": { "required": [name] }, "then": { "anyOf": each_required(others) } })
        }
    }
}

fn each_required(names: &[&str]) -> Vec<Value> {
    names
        .iter()
        .map(|name| json!({ "required": [name] }))
        .collect()
}

fn kind(of: &'static Kind) -> Value {
    match of {
        Kind::Line => {
            json!({ "type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_LINE })
        }
        Kind::Prose => json!({ "type": ["string", "number"] }),
        Kind::User => {
            json!({ "type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_USER })
        }
        Kind::Text { longest } => json!({ "type": ["string", "number"], "maxLength": longest }),
        Kind::Name | Kind::Client => json!({ "$ref": "#/$defs/name" }),
        Kind::Length => json!({ "$ref": "#/$defs/length" }),
        Kind::LengthOr(word) => {
            json!({ "anyOf": [{ "const": word }, { "$ref": "#/$defs/length" }] })
        }
        Kind::Skew => json!({ "$ref": "#/$defs/skew" }),
        Kind::Word(words) => json!({ "$ref": format!("#/$defs/{}", words.id()) }),
        Kind::Number { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::True => json!({ "enum": [true, null] }),
        Kind::Code => json!({ "type": "integer" }),
        Kind::Callback | Kind::Listed(_) | Kind::Profile => {
            json!({ "type": ["string", "number"], "minLength": 1 })
        }
        Kind::Arguments => json!({ "type": "object", "minProperties": 1 }),
        Kind::Series(item) => json!({ "type": "array", "items": kind(item) }),
        Kind::Many(item) => many(item),
        Kind::OneOrMany(item) => json!({ "anyOf": [kind(item), many(item)] }),
        Kind::Pair(item) => {
            json!({ "type": "array", "items": kind(item), "minItems": 2, "maxItems": 2 })
        }
        Kind::Record(fields) => record(fields),
        Kind::Short(name, fields) => match fields.field(name) {
            Some(field) => json!({ "anyOf": [kind(&field.kind), record(fields)] }),
            None => record(fields),
        },
        Kind::Either(scalar, fields) => json!({ "anyOf": [kind(scalar), record(fields)] }),
        Kind::Clients(client) => {
            let mut settings = record(client);
            // `phone:` without a value is a client with nothing to say about it.
            set(&mut settings, "type", json!(["object", "null"]));
            json!({
                "type": "object",
                "propertyNames": { "$ref": "#/$defs/name", "not": { "enum": RESERVED } },
                "additionalProperties": settings,
                "minProperties": 1,
                "maxProperties": MOST_CLIENTS,
            })
        }
        Kind::Steps => json!({
            "type": "array",
            "items": { "$ref": "#/$defs/step" },
            "minItems": 1,
            "maxItems": MOST_STEPS,
        }),
    }
}

fn many(item: &'static Kind) -> Value {
    json!({ "type": "array", "items": kind(item), "minItems": 1, "uniqueItems": true })
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of a schema.
    fn references(of: &Value, out: &mut Vec<String>) {
        match of {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    out.push(reference.clone());
                }
                map.values().for_each(|value| references(value, out));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, out)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = json_schema();
        let mut all = Vec::new();
        references(&schema, &mut all);
        assert!(all.len() > 50, "{}", all.len());
        for reference in all {
            let pointer = reference.strip_prefix('#').unwrap_or_default();
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_key_is_in_it_with_its_sentence() {
        let text = json_schema().to_string();
        for field in SCENARIO.fields().chain(ACTS).chain(OBSERVATIONS) {
            let is_there = text.contains(&json!(field.doc).to_string());
            assert!(is_there, "{}", field.name);
        }
    }

    #[test]
    fn every_word_is_in_it_with_its_sentence() {
        let lists = &json_schema()["x-words"]["lists"];
        for (id, word, means) in [
            (
                "event",
                "kicked-out",
                "the session was ended from elsewhere",
            ),
            ("server-act", "stop", "it stops; connects are refused"),
        ] {
            let list = lists[id].as_array().unwrap();
            assert!(
                list.contains(&json!({ "word": word, "means": means })),
                "{list:?}"
            );
        }
        assert_eq!(json_schema()["x-words"]["version"], session::words::VERSION);
    }
}
