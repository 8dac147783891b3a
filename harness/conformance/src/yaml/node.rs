//! The tree that reading YAML gives.

use serde_path_to_error::{Path, Segment};

use crate::source::Span;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it is written, on one line: for a map or list in block style, its first key or dash.
    /// What an alias stands for has the place of the anchor.
    pub span: Span,
    /// Where the alias stands through which the value came here, if it did.
    pub used: Option<Span>,
    /// How a number, `true`, `false` or null was written; empty for everything else.
    pub(super) written: String,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`; `yes`, `no`, `on` and `off` are texts.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; never infinite.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the text; no key occurs twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The key the value stands under, if it stands under one.
    pub key: Option<Span>,
    /// The value.
    pub value: Span,
}

impl Node {
    /// A key as a value of its own, to judge it as one.
    pub fn of_key(key: &Key) -> Node {
        Node {
            value: Value::Text(key.text.clone()),
            span: key.span,
            used: None,
            written: String::new(),
        }
    }

    /// The text, where a text is wanted: numbers count as they were written (`5`, `012`).
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Int(_) | Value::Float(_) => Some(&self.written),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// How a number, `true`, `false` or null was written; empty for everything else.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The value under `key` of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The node that `path` leads to; a number leads into a list.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, part| match &node.value {
            Value::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => node.get(part),
        })
    }

    /// The place that `path` leads to, or the nearest one above it.
    pub fn place_of(&self, path: &Path) -> Place {
        let mut node = self;
        let mut place = Place {
            key: None,
            value: self.span,
        };
        for segment in path.iter() {
            let next = match segment {
                Segment::Seq { index } => match &node.value {
                    Value::List(items) => items.get(*index).map(|item| (None, item)),
                    _ => None,
                },
                Segment::Map { key } | Segment::Enum { variant: key } => {
                    node.entry(key).map(|(key, node)| (Some(key.span), node))
                }
                Segment::Unknown => None,
            };
            let Some((key, found)) = next else { break };
            place = Place {
                key,
                value: found.span,
            };
            node = found;
        }
        place
    }

    /// The same value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.text.clone(), node.to_json()))
                .collect(),
        }
    }

    fn entry(&self, wanted: &str) -> Option<(&Key, &Node)> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(key, node)| (key, node)),
            _ => None,
        }
    }
}
