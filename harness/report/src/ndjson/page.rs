//! The page that describes the stored form, made from the types that read it.

use std::fmt::Write as _;

use serde_json::Value;

use super::{MOST_BYTES, schema};
use crate::results::record::MOST_ENTRIES;

/// What is said about the fields, and where they go.
const PAGE: &str = include_str!("../results.md");

/// The page.
pub fn page() -> String {
    PAGE.replace("{{fields}}", fields(&schema()).trim_end())
        .replace("{{most-entries}}", &MOST_ENTRIES.to_string())
        .replace("{{most-bytes}}", &(MOST_BYTES / 1024 / 1024).to_string())
}

/// A table for each kind of line and each object in one.
fn fields(schema: &Value) -> String {
    let mut text = String::new();
    let objects = schema["$defs"].as_object().into_iter().flatten();
    for (name, object) in objects.filter(|(_, object)| object["properties"].is_object()) {
        let said = object["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "## {name}\n\n{}\n", said.replace('\n', " "));
        text.push_str("| field | what | always there |\n|---|---|---|\n");
        let required: Vec<&str> = object["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (field, about) in object["properties"].as_object().into_iter().flatten() {
            let said = about["description"].as_str().unwrap_or_default();
            let mut said = said.replace('\n', " ").replace('|', "\\|");
            if let Some(words) = about["enum"].as_array() {
                let words: Vec<String> = words
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|word| format!("`{word}`"))
                    .collect();
                let _ = write!(said, " ({})", words.join(", "));
            }
            let always = if required.contains(&field.as_str()) {
                "yes"
            } else {
                ""
            };
            let _ = writeln!(text, "| `{field}` | {said} | {always} |");
        }
        text.push('\n');
    }
    text
}
