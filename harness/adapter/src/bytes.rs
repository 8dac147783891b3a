//! Bytes in JSON: `text` where they are UTF-8, else `base64`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The two fields, one of them filled.
pub(crate) fn written(bytes: Vec<u8>) -> (Option<String>, Option<String>) {
    match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    }
}

/// # Errors
/// Not exactly one field is there, or that is no base64.
pub(crate) fn read(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, String> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => STANDARD
            .decode(base64)
            .map_err(|error| format!("`base64` is none: {error}")),
        _ => Err("give either `text` or `base64`".into()),
    }
}
