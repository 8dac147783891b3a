//! The words of the schema: a list of what a text may be.

use conformance::judge::Fault;
use conformance::requirement::{Party, Strength};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{By, Kind, Of, Status};

macro_rules! words_of {
    ($($name:ident = $kind:ty;)*) => {$(
        pub(crate) fn $name(_: &mut SchemaGenerator) -> Schema {
            let words: Vec<&str> = <$kind>::ALL.iter().map(|word| word.word()).collect();
            json_schema!({ "type": "string", "enum": words })
        }
    )*};
}

words_of! {
    status = Status;
    by = By;
    kind = Kind;
    of = Of;
    fault = Fault;
    strength = Strength;
}

pub(crate) fn parties(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = Party::ALL.iter().map(|word| word.word()).collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": words } })
}

/// Entries of a transcript are described where transcripts are.
pub(crate) fn entries(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["at", "actor", "what"],
            "properties": { "at": { "type": "integer" }, "actor": { "type": "string" } }
        }
    })
}
