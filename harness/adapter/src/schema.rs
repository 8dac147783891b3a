//! The JSON Schema of all lines, made from their types.

use schemars::{Schema, SchemaGenerator, json_schema, schema_for};
use serde_json::{Value, json};
use session::words::{EndCause, ErrorWord, Event, Lifecycle, Notice, Platform, Reason};

use crate::call::How;
use crate::input::End;
use crate::line::{Answered, Asked};
use crate::output::{Account, SessionIs};
use crate::setup::Role;
use crate::{LONGEST_LINE, PROTOCOL};

/// The schema, JSON Schema 2020-12: a line is one of `$defs/in` (of the harness) and `$defs/out`
/// (of the subject).
pub fn json_schema() -> Value {
    let mut definitions = serde_json::Map::new();
    for (name, schema) in [("in", schema_for!(Asked)), ("out", schema_for!(Answered))] {
        let mut schema = schema.to_value();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            if let Some(Value::Object(inner)) = object.remove("$defs") {
                definitions.extend(inner);
            }
        }
        definitions.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("lines between kickout and a subject, protocol {PROTOCOL}"),
        "description": format!("One line each way, in turn; at most {LONGEST_LINE} bytes each."),
        "oneOf": [{ "$ref": "#/$defs/in" }, { "$ref": "#/$defs/out" }],
        "$defs": definitions,
    })
}

/// As it is kept beside the page.
pub fn text() -> String {
    // A tree of JSON: serialising it cannot fail.
    let mut text = serde_json::to_string_pretty(&json_schema()).expect("a schema is plain data");
    text.push('\n');
    text
}

/// Words of one kind, each with what it means.
macro_rules! words_of {
    ($($function:ident: $words:ty;)*) => {$(
        pub(crate) fn $function(_: &mut SchemaGenerator) -> Schema {
            let words: Vec<&str> = <$words>::ALL.iter().map(|word| word.word()).collect();
            json_schema!({ "type": "string", "enum": words })
        }
    )*};
}

words_of! {
    account: Account;
    cause: EndCause;
    disturbed: How;
    end: End;
    error: ErrorWord;
    event: Event;
    lifecycle: Lifecycle;
    notice: Notice;
    platform: Platform;
    reason: Reason;
    role: Role;
    session: SessionIs;
}

/// An object whose keys are another page's business.
pub(crate) fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

/// What a call answers.
pub(crate) fn value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": ["string", "null"] },
            { "type": "array", "items": { "type": "string" } }
        ]
    })
}
