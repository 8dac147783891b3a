//! Data files to typed values, with complaints at their place.

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml::{self, Node};

/// A file that is no good, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub source: Source,
    /// Everything that is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a YAML file as a value of this type.
///
/// # Errors
/// All syntax errors, or else the first value that does not fit.
pub fn decode<T: DeserializeOwned>(source: &Source) -> Result<T, Vec<Diagnostic>> {
    let node = yaml::parse(source)?;
    decode_json(node.to_json(), &node).map_err(|wrong| vec![wrong])
}

/// Reads a value that was made from `node`, or mostly so.
pub(crate) fn decode_json<T: DeserializeOwned>(
    json: serde_json::Value,
    node: &Node,
) -> Result<T, Diagnostic> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let place = node.place_of(error.path());
        let message = error.inner().to_string();
        let code = if message.starts_with("unknown field") {
            "unknown-key"
        } else if message.starts_with("missing field") {
            "missing-key"
        } else {
            "wrong-value"
        };
        let span = match code {
            "unknown-key" => place.key.unwrap_or(place.value),
            _ => place.value,
        };
        Diagnostic::new(code, message.replace("field", "key"))
            .at(span, "")
            .note(format!("in `{}`", error.path()))
    })
}

/// The first 16 hexadecimal digits of the SHA-256 of a text.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
