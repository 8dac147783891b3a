//! YAML values on one line, written so that every reader understands the same by them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flow {
    /// A word, a name, a number or a length of time: nothing in it needs quotes.
    Bare(String),
    /// Any text.
    Text(String),
    /// Any JSON value; JSON is YAML.
    Json(serde_json::Value),
    List(Vec<Flow>),
    Map(Map),
}

/// Keys and values in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Map(Vec<(Cow<'static, str>, Flow)>);

impl Map {
    pub(super) fn with(mut self, key: impl Into<Cow<'static, str>>, value: Flow) -> Map {
        self.0.push((key.into(), value));
        self
    }

    pub(super) fn maybe(self, key: &'static str, value: Option<Flow>) -> Map {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Another map's keys after these.
    pub(super) fn and(mut self, other: Map) -> Map {
        self.0.extend(other.0);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`, when there is no other.
    pub(super) fn only(&self, key: &str) -> Option<&Flow> {
        match self.0.as_slice() {
            [(only, value)] if only == key => Some(value),
            _ => None,
        }
    }
}

impl Flow {
    pub(super) fn bare(value: impl std::fmt::Display) -> Flow {
        Flow::Bare(value.to_string())
    }

    pub(super) fn text(text: &str) -> Flow {
        Flow::Text(text.to_owned())
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Flow::Bare(word) => out.push_str(word),
            Flow::Text(text) if needs_no_quotes(text) => out.push_str(text),
            Flow::Text(text) => quote(text, out),
            Flow::Json(value) => {
                // Writing to a text cannot fail.
                let _ = write!(out, "{value}");
            }
            Flow::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    item.write(out);
                }
                out.push(']');
            }
            Flow::Map(map) if map.is_empty() => out.push_str("{}"),
            Flow::Map(Map(entries)) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if index == 0 { "{ " } else { ", " });
                    out.push_str(key);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push_str(" }");
            }
        }
    }
}

/// Is this text read as itself wherever it stands?
fn needs_no_quotes(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(fits);
    let means_something = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    is_word && !means_something
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // What YAML calls not printable, and what looks like the end of a line.
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                let _ = match u32::from(c) {
                    code if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
