//! The only file that knows the YAML library.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location, NonFiniteFloatPolicy, Options, Spanned};

use super::{Key, Node, Value, first_line};
use crate::diagnostic::{Diagnostic, shown};
use crate::source::Span;

// A scenario is written by hand. Whatever is beyond these is a mistake or an attack, and refusing
// it early keeps the worst file below half a second.
const DEEPEST: usize = 32;
const MOST_NODES: usize = 50_000;
const MOST_MERGE_KEYS: usize = 200;
const MOST_ALIASES: usize = 1_000;
const MOST_SCALAR_BYTES: usize = 4 * super::LARGEST;

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let document: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| vec![complaint(text, &error)])?;
    let mut tree = Tree {
        text,
        extents: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    let (node, _) = tree.node(document);
    match tree.diagnostics.is_empty() {
        true => Ok(node),
        false => Err(tree.diagnostics),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST_NODES,
            max_merge_keys: MOST_MERGE_KEYS,
            max_aliases: MOST_ALIASES,
            max_anchors: MOST_ALIASES,
            max_total_scalar_bytes: MOST_SCALAR_BYTES,
            max_recorded_anchor_bytes: MOST_SCALAR_BYTES,
            max_documents: 1,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        // A text, so that the complaint is ours: wherever a number is wanted, it is none.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// A value as the library gives it.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Raw, D::Error> {
        from.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        // Nothing we read counts so far; as a name it is still read as it was written.
        Ok(i64::try_from(value).map_or(Raw::Float(value as f64), Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Raw values on their way to nodes.
struct Tree<'a> {
    text: &'a str,
    /// Where containers that begin at a place end: what is inside an alias has the place of the
    /// alias, so this is known only from its anchor, which always comes first.
    extents: BTreeMap<usize, usize>,
    diagnostics: Vec<Diagnostic>,
}

impl Tree<'_> {
    /// The node, and where it ends.
    fn node(&mut self, raw: Spanned<Raw>) -> (Node, usize) {
        let span = place(self.text, &raw.defined);
        let used = Some(place(self.text, &raw.referenced)).filter(|used| *used != span);
        let written = match &raw.value {
            Raw::Null | Raw::Bool(_) | Raw::Int(_) | Raw::Float(_) => {
                self.text.get(span.start..span.end).unwrap_or_default()
            }
            Raw::Text(_) | Raw::List(_) | Raw::Map(_) => "",
        };
        let (value, first, end) = match raw.value {
            Raw::Null => (Value::Null, span, span.end),
            Raw::Bool(value) => (Value::Bool(value), span, span.end),
            Raw::Int(value) => (Value::Int(value), span, span.end),
            Raw::Float(value) => (Value::Float(value), span, span.end),
            Raw::Text(text) => (Value::Text(text), span, span.end),
            Raw::List(items) => {
                let (nodes, end) = self.list(span, items);
                let dash = Span {
                    start: span.start,
                    end: span.start + 1,
                };
                let (first, end) = self.extent(span, used, end, b']').unwrap_or((dash, end));
                (Value::List(nodes), first, end)
            }
            Raw::Map(entries) => {
                let (nodes, end) = self.map(span, entries);
                let key = nodes.first().map_or(span, |(key, _)| key.span);
                let (first, end) = self.extent(span, used, end, b'}').unwrap_or((key, end));
                (Value::Map(nodes), first, end)
            }
        };
        let node = Node {
            value,
            span: first_line(self.text, first),
            used: used.map(|used| first_line(self.text, used)),
            written: written.to_owned(),
        };
        (node, used.map_or(end, |used| used.end))
    }

    /// The items, and where the last one ends.
    fn list(&mut self, span: Span, items: Vec<Spanned<Raw>>) -> (Vec<Node>, usize) {
        let mut end = span.end;
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let (node, item_end) = self.node(item);
            end = end.max(item_end);
            nodes.push(node);
        }
        (nodes, end)
    }

    /// The entries, and where the last one ends.
    fn map(
        &mut self,
        span: Span,
        entries: Vec<(Spanned<Raw>, Spanned<Raw>)>,
    ) -> (Vec<(Key, Node)>, usize) {
        let mut end = span.end;
        let mut nodes: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for (key, value) in entries {
            let (key, key_end) = self.node(key);
            let (node, value_end) = self.node(value);
            end = end.max(key_end).max(value_end);
            let text = match &key.value {
                Value::Text(text) => text.clone(),
                Value::List(_) | Value::Map(_) => {
                    self.diagnostics.push(
                        Diagnostic::new("yaml", format!("{} is used as a key", key.kind()))
                            .at(key.span, "a key is one word"),
                    );
                    continue;
                }
                _ => key.written.clone(),
            };
            // The library compares values: to it, `5` and `"5"` are different keys.
            if let Some(first) = seen.get(&text) {
                let diagnostic = duplicate_key(&text, key.span).also(*first, "first here");
                self.diagnostics.push(diagnostic);
                continue;
            }
            seen.insert(text.clone(), key.span);
            let span = key.span;
            nodes.push((Key { text, span }, node));
        }
        (nodes, end)
    }

    /// The whole of a list or map in flow style, of which the library tells only the beginning, and
    /// where it ends. Its last part ends at `end`. `None` in block style.
    fn extent(
        &mut self,
        span: Span,
        used: Option<Span>,
        end: usize,
        closing: u8,
    ) -> Option<(Span, usize)> {
        let opening = self.text.as_bytes().get(span.start)?;
        if span.start == span.end || !matches!(opening, b'[' | b'{') {
            return None;
        }
        let end = match used {
            Some(_) => self.extents.get(&span.start).copied(),
            None => self.closing(end, closing),
        };
        let end = end.unwrap_or(span.end);
        self.extents.insert(span.start, end);
        let start = span.start;
        Some((Span { start, end }, end))
    }

    /// Behind the bracket that closes after `at`, with nothing but separators before it.
    fn closing(&self, mut at: usize, closing: u8) -> Option<usize> {
        loop {
            match self.text.as_bytes().get(at)? {
                byte if *byte == closing => return Some(at + 1),
                b'#' => at += self.text.get(at..)?.find('\n')?,
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => at += 1,
                _ => return None,
            }
        }
    }
}

/// The bytes a location stands for.
fn place(text: &str, location: &Location) -> Span {
    let span = location.span();
    let bytes = span.byte_offset().zip(span.byte_len());
    let (start, length) = match bytes.map(|(start, len)| (as_usize(start), as_usize(len))) {
        Some(bytes) => bytes,
        // The scanner counts characters.
        None => {
            let found = text.char_indices().nth(as_usize(span.offset()));
            (found.map_or(text.len(), |(at, _)| at), 0)
        }
    };
    Span {
        start: start.min(text.len()),
        end: (start + length).min(text.len()),
    }
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX / 2)
}

fn duplicate_key(key: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        "duplicate-key",
        format!("the key `{}` occurs twice", shown(key)),
    )
    .at(span, "the second time")
    .help("keep one of them")
}

/// The library's error in words for somebody who writes a scenario.
fn complaint(text: &str, error: &Error) -> Diagnostic {
    let span = error.location().map_or(
        Span {
            start: text.len(),
            end: text.len(),
        },
        |location| place(text, &location),
    );
    let mut cause = error;
    while let Error::AliasError { error, .. } | Error::WithSnippet { error, .. } = cause {
        cause = error;
    }
    match cause {
        Error::DuplicateMappingKey { key, .. } => {
            duplicate_key(key.as_deref().unwrap_or("?"), span)
        }
        Error::Budget { breach, .. } => over_budget(breach, span),
        Error::MultipleDocuments { .. } => second_document(span),
        Error::UnsupportedTag { tag, .. } => {
            // The place is that of the value behind it.
            let before = text.get(..span.start).unwrap_or_default();
            let span = before.rfind(tag).map_or(span, |start| Span {
                start,
                end: start + tag.len(),
            });
            Diagnostic::new("yaml", format!("unknown tag `{}`", shown(tag)))
                .at(span, "tags have no meaning here")
                .help("leave the tag out; put a text that begins with `!` in quotes")
        }
        Error::UnknownAnchor { .. } => Diagnostic::new("yaml", "this alias has no anchor")
            .at(span, "nothing above is marked with `&` and this name")
            .help("put a text that begins with `*` in quotes"),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            Diagnostic::new("yaml", "this alias stands for something that contains it")
                .at(span, "it would never end")
        }
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => too_much("aliases", MOST_ALIASES, span),
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            Diagnostic::new("yaml", "`<<` takes the alias of a map").at(span, "this is no map")
        }
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } => syntax(text, msg, span),
        _ => syntax(text, "", span),
    }
}

fn over_budget(breach: &BudgetBreach, span: Span) -> Diagnostic {
    match breach {
        BudgetBreach::Documents { .. } => second_document(span),
        BudgetBreach::Depth { .. } => too_deep(span),
        BudgetBreach::MergeKeys { .. } => too_much("merge keys", MOST_MERGE_KEYS, span),
        BudgetBreach::Aliases { .. } => too_much("aliases", MOST_ALIASES, span),
        BudgetBreach::Anchors { .. } => too_much("anchors", MOST_ALIASES, span),
        BudgetBreach::ScalarBytes { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            too_much("bytes of text", MOST_SCALAR_BYTES, span)
        }
        // Whatever else it counts, the file has too much of it.
        _ => too_much("values", MOST_NODES, span),
    }
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new("too-deep", format!("more than {DEEPEST} levels deep")).at(span, "too deep")
}

fn too_much(what: &str, most: usize, span: Span) -> Diagnostic {
    Diagnostic::new("too-much", format!("more than {most} {what}"))
        .at(span, "counted up to here")
        .note("what an alias stands for counts every time")
        .help("one behaviour per file; split it")
}

fn second_document(span: Span) -> Diagnostic {
    Diagnostic::new("second-document", "a second document begins in this file")
        .at(span, "everything from here on would be ignored")
        .help("one scenario per file; move it to a file of its own")
}

/// What the scanner's messages mean to an author: a part of the message, what is wrong, what to
/// write under the caret, what to do. The first that fits counts.
#[rustfmt::skip]
const SYNTAX: &[(&str, &str, &str, &str)] = &[
    ("tab", "a tab stands where only spaces may", "tab", "YAML is indented with spaces only"),
    ("did not find expected key", "this line fits nothing above it", "neither a new key nor a part of the value above", "keys of one map begin in the same column; check the line above too"),
    ("did not find expected '-'", "this line fits nothing above it", "neither a new `-` nor a part of the item above", "the items of one list begin in the same column"),
    ("mapping values are not allowed", "a `:` stands where no key can be", "this `:`", "put a text that holds `: ` in quotes; check the indentation here and the end of the line above"),
    ("multiline quoted scalar", "a quoted text does not end", "still inside the quotes", "close the quotes on the line they begin on"),
    ("unclosed quote", "a quoted text does not end", "begins here", "close the quotes on the line they begin on"),
    ("document indicator", "a quoted text does not end", "still inside the quotes", "close the quotes on the line they begin on"),
    ("invalid trailing content", "something follows the closing quotes", "after the text", "put the whole text in quotes; inside single quotes, write `''` for `'`"),
    ("unknown escape", "an unknown `\\` escape in a quoted text", "in this text", "write `\\\\` for a backslash, or use single quotes"),
    ("quoted scalar", "a bad `\\` escape in a quoted text", "in this text", "write `\\\\` for a backslash, or use single quotes"),
    ("unclosed bracket", "this bracket is never closed", "opened here", ""),
    ("mismatched bracket", "this bracket does not fit the one that is open", "closes the wrong one", ""),
    ("misplaced bracket", "a closing bracket without an opening one", "nothing to close", ""),
    ("expected ',' or '}'", "a `,` or `}` is missing", "before this", ""),
    ("expected ',' or ']'", "a `,` or `]` is missing", "before this", ""),
    ("simple key", "a `:` is missing", "after this key", ""),
    ("character: `\\u{", "this character cannot be written in YAML", "here", "remove it, or write it as an escape in double quotes"),
    ("unexpected character", "no value can begin with this character", "here", "put the text in quotes"),
    ("cannot start with '-'", "no value can begin with this character", "here", "put the text in quotes"),
    ("comments must be separated", "a comment needs a blank before its `#`", "here", "put a text that holds ` #` in quotes"),
    ("block sequence entries", "a list with `-` cannot begin here", "this `-`", "begin it on the next line"),
    ("only valid inside a block", "a list with `-` cannot begin inside brackets", "this `-`", "separate items with `,` there"),
    ("must be followed by", "a blank is missing after `-`", "here", ""),
    ("block scalar", "this block text is not indented as its first line is", "here", ""),
    ("directive", "lines that begin with `%` have no meaning here", "this line", "leave it out"),
    ("anchor or alias", "`&` and `*` need a name", "here", "put a text that begins with `&` or `*` in quotes"),
    ("invalid indentation", "this line fits nothing above it", "indented in another way", "keys of one map begin in the same column"),
    ("EOF", "the file ends too early", "here", ""),
    ("eof", "the file ends too early", "here", ""),
];

fn syntax(text: &str, message: &str, span: Span) -> Diagnostic {
    // The scanner is just behind the tab it complains about.
    let is_behind_tab = text.get(..span.start).is_some_and(|t| t.ends_with('\t'));
    let span = match message.contains("tab") && is_behind_tab {
        true => Span {
            start: span.start - 1,
            end: span.start,
        },
        false => span,
    };
    if message.contains("recursion limit") {
        return too_deep(span);
    }
    match SYNTAX.iter().find(|(part, ..)| message.contains(part)) {
        Some((_, wrong, label, "")) => Diagnostic::new("yaml", *wrong).at(span, *label),
        Some((_, wrong, label, help)) => {
            Diagnostic::new("yaml", *wrong).at(span, *label).help(*help)
        }
        None => Diagnostic::new("yaml", "this is not valid YAML").at(span, shown(message)),
    }
}
