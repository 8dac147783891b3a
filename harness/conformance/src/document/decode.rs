//! Key by key: what stands in the text against what the table says.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, MOST_SHOWN, closest, shown};
use crate::grammar::{self, ACTS, COVERS, Field, MOST_CLIENTS, OBSERVATIONS, Record, Rule};
use crate::scenario::Devices;
use crate::source::{Source, Span};
use crate::yaml::{Key, Node, Value};

use super::Known;
use super::filled::{Entry, Filled, ReadStep};

/// Turns nodes into values and collects what is wrong with them.
pub(super) struct Decoder<'a> {
    pub(super) known: &'a Known,
    /// The names of the clients, right or wrong, and the devices each stands for; `None` when the
    /// file does not tell.
    pub(super) clients: Option<BTreeMap<String, Devices>>,
    /// The users that steps log in.
    pub(super) users: BTreeSet<String>,
    source: &'a Source,
    diagnostics: Vec<Diagnostic>,
    /// Is the scenario for given vendors?
    has_profiles: bool,
}

/// A value on its way: under which key of the table it stands, and where.
#[derive(Clone, Copy)]
pub(super) struct Site<'n> {
    pub(super) field: &'static Field,
    pub(super) key: Span,
    pub(super) node: &'n Node,
}

impl Site<'_> {
    /// What to point at: a value that is not there cannot be seen.
    pub(super) fn place(&self) -> Span {
        match self.node.value {
            Value::Null => self.key,
            _ => self.node.span,
        }
    }

    /// A complaint about the value.
    pub(super) fn wrong(
        &self,
        code: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::new(code, message).at(self.place(), label);
        match self.node.used {
            Some(used) => diagnostic.also(used, "used here"),
            None => diagnostic,
        }
    }

    /// The complaint that it is something else than what the key wants.
    pub(super) fn wrong_type(&self) -> Diagnostic {
        let Field { name, example, .. } = self.field;
        let message = format!("`{name}` wants {}", self.field.kind.wants());
        let label = match self.node.value {
            Value::Null => "there is no value".to_owned(),
            _ => format!("this is {}", self.node.kind()),
        };
        self.wrong("wrong-type", message, label)
            .help(format!("for example `{name}: {example}`"))
    }
}

impl<'a> Decoder<'a> {
    pub(super) fn new(source: &'a Source, known: &'a Known, root: &Node) -> Decoder<'a> {
        // Steps may stand above the clients they name.
        let clients = match root.get("clients").map(|node| &node.value) {
            Some(Value::Map(entries)) if !entries.is_empty() => Some(devices(entries)),
            _ => None,
        };
        Decoder {
            known,
            clients,
            users: BTreeSet::new(),
            source,
            diagnostics: Vec::new(),
            has_profiles: root.get("profiles").is_some(),
        }
    }

    pub(super) fn complain(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The candidate that was probably meant. Nobody reads on after hundreds of complaints, and
    /// comparing every name of a hostile file with every name there is would take minutes.
    pub(super) fn closest<'c>(
        &self,
        text: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        match self.diagnostics.len() < 4 * MOST_SHOWN {
            true => closest(text, candidates),
            false => None,
        }
    }

    /// Adds the name that was probably meant, or else those there are.
    pub(super) fn advise(
        &self,
        diagnostic: Diagnostic,
        text: &str,
        span: Span,
        candidates: &[&str],
    ) -> Diagnostic {
        match self.closest(text, candidates.iter().copied()) {
            Some(meant) => diagnostic
                .help(format!("did you mean `{}`?", shown(meant)))
                .suggest(span, meant),
            None => diagnostic.help(all_of(candidates)),
        }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// A vendor's own word was used: right only where the vendor is given.
    pub(super) fn needs_profiles(&mut self, site: Site<'_>) {
        if self.has_profiles {
            return;
        }
        let name = site.field.name;
        self.complain(
            site.wrong(
                "native-word",
                format!("`{name}` is a vendor's own, but this scenario is for every vendor"),
                "means something else to another vendor, or nothing",
            )
            .help("name the vendors with `profiles: [...]`, or use a word that all share"),
        );
    }

    /// A map with the keys of `record`. `owner` names it in messages; `at` stands for it as a
    /// whole. `None` when it is no map.
    pub(super) fn record(
        &mut self,
        record: &'static Record,
        owner: &str,
        at: Span,
        node: &Node,
    ) -> Option<Filled> {
        let entries: &[(Key, Node)] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                self.complain(
                    Diagnostic::new("wrong-type", format!("{owner} is a map of keys and values"))
                        .at(node.span, format!("this is {}", node.kind())),
                );
                return None;
            }
        };
        let mut filled = Filled {
            at,
            entries: Vec::new(),
        };
        let mut unknown = Vec::new();
        for (key, node) in entries {
            let Some(field) = record.field(&key.text) else {
                unknown.push(key);
                continue;
            };
            let site = Site {
                field,
                key: key.span,
                node,
            };
            let typed = self.value(&field.kind, site);
            filled.entries.push(Entry {
                name: field.name,
                key: key.span,
                place: site.place(),
                typed,
            });
        }
        let meant = self.unknown(record, owner, &unknown);
        self.missing(record, owner, &filled, &meant);
        for rule in record.rules() {
            self.rule(rule, owner, &filled, !unknown.is_empty());
        }
        Some(filled)
    }

    /// Complains about keys that `record` does not have. Gives those that were probably meant.
    fn unknown(
        &mut self,
        record: &'static Record,
        owner: &str,
        keys: &[&Key],
    ) -> Vec<&'static str> {
        let names: Vec<&'static str> = record.fields().map(|field| field.name).collect();
        let mut meant = Vec::new();
        for key in keys {
            meant.extend(self.closest(&key.text, names.iter().copied()));
            let diagnostic = unknown_key(key, owner);
            self.complain(match key.text.as_str() {
                "covers" => {
                    diagnostic.help("`covers` stands beside the act or observation, not inside it")
                }
                text => self.advise(diagnostic, text, key.span, &names),
            });
        }
        meant
    }

    /// Complains about keys that are not there, except those that are there misspelt.
    fn missing(
        &mut self,
        record: &'static Record,
        owner: &str,
        filled: &Filled,
        misspelt: &[&str],
    ) {
        for field in record.fields().filter(|field| field.required) {
            let Field { name, example, .. } = field;
            if !filled.has(name) && !misspelt.contains(name) {
                self.complain(
                    Diagnostic::new("missing-key", format!("{owner} needs `{name}`"))
                        .at(filled.at, format!("`{name}` is missing"))
                        .help(format!("for example `{name}: {example}`")),
                );
            }
        }
    }

    fn rule(&mut self, rule: &'static Rule, owner: &str, filled: &Filled, has_unknown: bool) {
        // In the order of the text, so that the second of two is complained about.
        let present = |names: &'static [&'static str]| -> Vec<&Entry> {
            let named = |entry: &&Entry| names.contains(&entry.name);
            filled.entries.iter().filter(named).collect()
        };
        let (names, at_least, at_most) = match rule {
            Rule::ExactlyOne(names) => (names, 1, 1),
            Rule::AtLeastOne(names) => (names, 1, usize::MAX),
            Rule::AtMostOne(names) => (names, 0, 1),
            Rule::Together(name, other) => {
                if let (Some(entry), false) = (filled.entry(name), filled.has(other)) {
                    self.complain(
                        Diagnostic::new("missing-key", format!("`{name}` needs `{other}`"))
                            .at(entry.key, format!("there is no `{other}` here")),
                    );
                }
                return;
            }
            Rule::Beside(name, others) => {
                if let Some(entry) = filled.entry(name)
                    && present(others).is_empty()
                {
                    let others = listed(others, "or");
                    self.complain(
                        Diagnostic::new("keys-apart", format!("`{name}` goes only with {others}"))
                            .at(entry.key, format!("there is no {others} here")),
                    );
                }
                return;
            }
        };
        let entries = present(names);
        // One that was complained about may have been the one.
        if entries.len() < at_least && !has_unknown {
            let one = if at_most == 1 { "one" } else { "at least one" };
            self.complain(
                Diagnostic::new(
                    "missing-key",
                    format!("{owner} needs {one} of {}", listed(names, "and")),
                )
                .at(filled.at, "there is none"),
            );
        }
        if let [first, second, ..] = entries.as_slice()
            && at_most == 1
        {
            self.complain(
                Diagnostic::new(
                    "keys-together",
                    format!("`{}` and `{}` exclude each other", first.name, second.name),
                )
                .at(second.key, "the second")
                .also(first.key, "the first"),
            );
        }
    }

    /// One step: a map with one act or observation and, beside it, `covers`.
    pub(super) fn step(&mut self, node: &Node) -> ReadStep {
        let mut step = ReadStep {
            span: node.used.unwrap_or(node.span),
            word: None,
            is_observation: false,
            typed: None,
            covers: Vec::new(),
            names: names_given(node),
        };
        let Value::Map(entries) = &node.value else {
            self.complain(
                Diagnostic::new("wrong-type", "a step is a map with one act or observation")
                    .at(node.span, format!("this is {}", node.kind()))
                    .help("for example `- login: phone`"),
            );
            return step;
        };
        let words: Vec<(Site<'_>, bool)> = entries.iter().filter_map(step_word).collect();
        match words.as_slice() {
            [] => self.no_word(node, entries),
            [(site, is_observation)] => {
                step.word = Some(site.field);
                step.is_observation = *is_observation;
                if node.used.is_none() {
                    step.span = self.extent(site.key, site.node);
                }
                step.typed = self.value(&site.field.kind, *site);
            }
            [(first, _), (second, _), ..] => {
                self.complain(
                    Diagnostic::new(
                        "two-acts",
                        format!(
                            "`{}` and `{}` stand in one step",
                            first.field.name, second.field.name
                        ),
                    )
                    .at(second.key, "the second")
                    .also(first.key, "the first")
                    .help(
                        "a step is one act or observation; begin the second with a `-` of its own",
                    ),
                );
            }
        }
        for entry in entries {
            let (key, node) = entry;
            if key.text == COVERS.name {
                let site = Site {
                    field: &COVERS,
                    key: key.span,
                    node,
                };
                let filled = Filled {
                    at: key.span,
                    entries: vec![Entry {
                        name: COVERS.name,
                        key: key.span,
                        place: site.place(),
                        typed: self.value(&COVERS.kind, site),
                    }],
                };
                step.covers = filled.texts(COVERS.name);
            } else if let [(site, _), ..] = words.as_slice()
                && step_word(entry).is_none()
            {
                self.beside(key, site.field);
            }
        }
        step
    }

    /// A step without a word of the language.
    fn no_word(&mut self, node: &Node, entries: &[(Key, Node)]) {
        let words = || ACTS.iter().chain(OBSERVATIONS);
        let names: Vec<&str> = words().map(|field| field.name).collect();
        let Some((key, _)) = entries.iter().find(|(key, _)| key.text != COVERS.name) else {
            let at = entries.first().map_or(node.span, |(key, _)| key.span);
            self.complain(
                Diagnostic::new("missing-key", "this step does nothing and observes nothing")
                    .at(at, "an act or observation is missing")
                    .help(format!("one of {}", listed(&names, "and"))),
            );
            return;
        };
        let diagnostic = Diagnostic::new(
            "unknown-act",
            format!("there is no act or observation `{}`", shown(&key.text)),
        )
        .at(key.span, "unknown");
        self.complain(self.advise(diagnostic, &key.text, key.span, &names));
    }

    /// A key beside the word of a step that is not `covers`.
    fn beside(&mut self, key: &Key, word: &'static Field) {
        let name = word.name;
        let inside = match &word.kind {
            grammar::Kind::Record(record)
            | grammar::Kind::Short(_, record)
            | grammar::Kind::Either(_, record) => record.field(&key.text),
            _ => None,
        };
        let diagnostic = unknown_key(key, "a step");
        self.complain(match inside {
            Some(field) => diagnostic.help(format!(
                "it belongs inside: `{name}: {{ ..., {}: {} }}`",
                field.name, field.example
            )),
            None => self.advise(diagnostic, &key.text, key.span, &[COVERS.name]),
        });
    }

    /// The step's key and its value, as far as the value stands on the same line.
    fn extent(&self, key: Span, node: &Node) -> Span {
        let end = node.used.unwrap_or(node.span).end;
        let between = self.source.text.get(key.end..end);
        match between {
            Some(between) if !between.contains('\n') => Span {
                start: key.start,
                end,
            },
            _ => key,
        }
    }
}

/// The devices that each name under `clients:` stands for, as far as they are allowed.
fn devices(entries: &[(Key, Node)]) -> BTreeMap<String, Devices> {
    let mut first = 0;
    let mut out = BTreeMap::new();
    for (key, node) in entries {
        let count = match node.get("count").map(|node| &node.value) {
            Some(Value::Int(count)) => usize::try_from(*count).unwrap_or(1).clamp(1, MOST_CLIENTS),
            _ => 1,
        };
        out.insert(key.text.clone(), Devices::fleet(first, count));
        first += count;
    }
    out
}

/// What there is instead, if a glance takes it in.
pub(super) fn all_of(names: &[&str]) -> String {
    match names {
        [] => "there are none".to_owned(),
        [one] => format!("there is only `{}`", shown(one)),
        names if names.len() <= 24 => format!("there are {}", listed(names, "and")),
        names => format!("there are {} others", names.len()),
    }
}

/// Names in a sentence.
pub(super) fn listed(names: &[&str], last: &str) -> String {
    let mut out = String::new();
    for (at, name) in names.iter().enumerate() {
        match at {
            0 => {}
            at if at + 1 == names.len() => out.push_str(&format!(" {last} ")),
            _ => out.push_str(", "),
        }
        out.push_str(&format!("`{}`", shown(name)));
    }
    out
}

fn unknown_key(key: &Key, owner: &str) -> Diagnostic {
    Diagnostic::new(
        "unknown-key",
        format!("unknown key `{}` in {owner}", shown(&key.text)),
    )
    .at(key.span, "unknown")
}

/// The act or observation an entry of a step is, and whether it is an observation.
fn step_word((key, node): &(Key, Node)) -> Option<(Site<'_>, bool)> {
    let find = |fields: &'static [Field]| fields.iter().find(|field| field.name == key.text);
    let (field, is_observation) = match find(ACTS) {
        Some(field) => (field, false),
        None => (find(OBSERVATIONS)?, true),
    };
    let site = Site {
        field,
        key: key.span,
        node,
    };
    Some((site, is_observation))
}

/// Every name that something in `node` could be meant to get.
fn names_given(node: &Node) -> Vec<String> {
    let mut names = Vec::new();
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        if let Value::Map(entries) = &node.value {
            for (key, node) in entries {
                if matches!(key.text.as_str(), "mark" | "as") {
                    names.extend(node.text().map(str::to_owned));
                }
                nodes.push(node);
            }
        }
        if let Value::List(items) = &node.value {
            nodes.extend(items);
        }
    }
    names
}
