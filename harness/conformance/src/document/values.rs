//! One value: what each kind of the table accepts, and what is said when it is something else.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, shown};
use crate::grammar::{
    Kind, LONGEST_LINE, LONGEST_NAME, LONGEST_USER, Listing, MOST_CLIENTS, MOST_STEPS, RESERVED,
    Record, Words, length,
};
use crate::scenario::{Devices, ProfileSelector};
use crate::source::Span;
use crate::yaml::{Node, Value};

use super::decode::{Decoder, Site, all_of};
use super::filled::{Filled, Typed};

impl Decoder<'_> {
    /// The value as `kind` wants it. `None` when it is something else; that was complained about.
    pub(super) fn value(&mut self, kind: &'static Kind, site: Site<'_>) -> Option<Typed> {
        match kind {
            Kind::Line => self.line(site),
            Kind::Prose => self.prose(site, usize::MAX),
            Kind::User => self.user(site),
            Kind::Text { longest } => self.prose(site, *longest),
            Kind::Name => self.name(site),
            Kind::Client => self.client(site),
            Kind::Length => self.length(site, length::parse).map(Typed::Length),
            Kind::LengthOr(word) => match site.node.text() {
                Some(text) if text == *word => Some(Typed::Word(word)),
                _ => self.length(site, length::parse).map(Typed::Length),
            },
            Kind::Skew => self.length(site, length::parse_signed).map(Typed::Skew),
            Kind::Word(words) => self.word(words, site),
            Kind::Number { least, most } => self.number(*least, *most, site),
            Kind::Flag => match site.node.value {
                Value::Bool(flag) => Some(Typed::Flag(flag)),
                _ => self.refuse(site.wrong_type()),
            },
            // `ok` alone in `{ of: first, ok }` is a key without a value.
            Kind::True => match site.node.value {
                Value::Bool(true) | Value::Null => Some(Typed::Flag(true)),
                _ => self.refuse(site.wrong_type()),
            },
            Kind::Code => {
                let Value::Int(code) = site.node.value else {
                    return self.refuse(site.wrong_type());
                };
                self.needs_profiles(site);
                Some(Typed::Code(code))
            }
            Kind::Callback => {
                self.needs_profiles(site);
                self.listed(Listing::Callback, site)
            }
            Kind::Arguments => match &site.node.value {
                Value::Map(entries) if !entries.is_empty() => {
                    for (key, _) in entries {
                        self.is_listed(Listing::Argument, &key.text, key.span, "");
                    }
                    Some(Typed::Arguments(
                        entries
                            .iter()
                            .map(|(key, node)| (key.text.clone(), node.to_json()))
                            .collect(),
                    ))
                }
                _ => self.refuse(site.wrong_type()),
            },
            Kind::Listed(listing) => self.listed(*listing, site),
            Kind::Profile => self.profile(site),
            Kind::Series(kind) => match &site.node.value {
                Value::List(items) => self.items(kind, site, items),
                _ => self.refuse(site.wrong_type()),
            },
            Kind::Many(kind) => self.many(kind, site),
            Kind::OneOrMany(kind) => match site.node.value {
                Value::List(_) => self.many(kind, site),
                _ => self.value(kind, site),
            },
            Kind::Pair(kind) => match &site.node.value {
                Value::List(items) if items.len() == 2 => self.items(kind, site, items),
                _ => self.refuse(site.wrong_type()),
            },
            Kind::Record(record) => self.filled(record, site),
            Kind::Short(name, record) => match (&site.node.value, record.field(name)) {
                (Value::Map(_), _) | (_, None) => self.filled(record, site),
                (_, Some(field)) => {
                    let typed = self.value(&field.kind, site);
                    Some(Typed::Record(Filled::short(field.name, site, typed)))
                }
            },
            Kind::Either(kind, record) => match site.node.value {
                Value::Map(_) => self.filled(record, site),
                _ => self.value(kind, site),
            },
            Kind::Clients(record) => self.clients(record, site),
            Kind::Steps => self.steps(site),
        }
    }

    fn refuse(&mut self, diagnostic: Diagnostic) -> Option<Typed> {
        self.complain(diagnostic);
        None
    }

    fn text<'n>(&mut self, site: Site<'n>) -> Option<&'n str> {
        if let Some(text) = site.node.text() {
            return Some(text);
        }
        let diagnostic = site.wrong_type();
        self.complain(match site.node.value {
            Value::Bool(_) => {
                let written = site.node.written();
                diagnostic
                    .help(format!("for the text `{written}`, use quotes"))
                    .suggest(site.place(), format!("\"{written}\""))
            }
            _ => diagnostic,
        });
        None
    }

    fn prose(&mut self, site: Site<'_>, longest: usize) -> Option<Typed> {
        let text = self.text(site)?;
        if text.len() > longest {
            return self.refuse(too_long(site, longest));
        }
        Some(Typed::Text(text.to_owned()))
    }

    fn some_text(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        if text.trim().is_empty() {
            let message = format!("`{}` is empty", site.field.name);
            return self.refuse(site.wrong("empty", message, "empty"));
        }
        Some(Typed::Text(text.to_owned()))
    }

    fn line(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        if text.len() > LONGEST_LINE {
            return self.refuse(too_long(site, LONGEST_LINE));
        }
        if let Some(bad) = text.trim_end().chars().find(|c| c.is_control()) {
            let message = format!("`{}` is one line of text", site.field.name);
            return self.refuse(match bad {
                '\n' => site
                    .wrong("bad-text", message, "has several lines")
                    .help("say more under `about:`"),
                bad => {
                    let label = format!("holds the control character {}", bad.escape_default());
                    site.wrong("bad-text", message, label)
                }
            });
        }
        match self.some_text(site)? {
            Typed::Text(text) => Some(Typed::Text(text.trim().to_owned())),
            typed => Some(typed),
        }
    }

    fn user(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        if text.is_empty() {
            let message = format!("`{}` is empty", site.field.name);
            let diagnostic = site.wrong("empty", message, "no user");
            return self.refuse(
                diagnostic.help("to try an empty user ID, say `user: \"\"` in a `login` step"),
            );
        }
        if text.len() > LONGEST_USER {
            return self.refuse(too_long(site, LONGEST_USER));
        }
        Some(Typed::Text(text.to_owned()))
    }

    fn name(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        self.check_name(text, site)
            .then(|| Typed::Text(text.to_owned()))
    }

    fn check_name(&mut self, name: &str, site: Site<'_>) -> bool {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits);
        if !good {
            let message = format!("`{}` is not a name", shown(name));
            self.complain(site.wrong(
                "bad-name",
                message,
                format!("names are 1 to {LONGEST_NAME} small letters, digits and `-`"),
            ));
        }
        good
    }

    fn client(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        // Without clients there is a complaint already, and one is enough.
        let clients = self.clients.as_ref()?;
        if let Some(devices) = clients.get(text).copied().or_else(|| one_of(clients, text)) {
            return Some(Typed::Client(devices));
        }
        let diagnostic = site.wrong(
            "unknown-client",
            format!("there is no client `{}`", shown(text)),
            "not under `clients:`",
        );
        let mut clients: Vec<(&String, &Devices)> = clients.iter().collect();
        clients.sort_by_key(|(_, devices)| devices.first());
        let clients: Vec<&str> = clients.iter().map(|(name, _)| name.as_str()).collect();
        let diagnostic = self.advise(diagnostic, text, site.node.span, &clients);
        self.refuse(diagnostic)
    }

    fn length<T>(&mut self, site: Site<'_>, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(text) = site.node.text() else {
            self.complain(site.wrong_type());
            return None;
        };
        match parse(text) {
            Ok(length) => Some(length),
            // The reasons repeat the text, and this one is too long to be repeated.
            Err(_) if text.len() > 40 => {
                let message = format!("`{}` is not a length of time", shown(text));
                self.complain(site.wrong("bad-length", message, "no length of time"));
                None
            }
            Err(why) => {
                let example = site.field.example;
                let diagnostic = site.wrong("bad-length", why, "no length of time");
                let name = site.field.name;
                self.complain(diagnostic.help(format!("for example `{name}: {example}`")));
                None
            }
        }
    }

    fn word(&mut self, words: &'static Words, site: Site<'_>) -> Option<Typed> {
        let Some(text) = site.node.text() else {
            return self.refuse(site.wrong_type());
        };
        if let Some(word) = words.find(text) {
            return Some(Typed::Word(word));
        }
        let diagnostic = site.wrong(
            "unknown-word",
            format!("`{}` is no {}", shown(text), words.kind),
            "no such word",
        );
        let names: Vec<&str> = (words.all)().into_iter().map(|(word, _)| word).collect();
        let diagnostic = self.advise(diagnostic, text, site.node.span, &names);
        self.refuse(diagnostic)
    }

    fn number(&mut self, least: u64, most: u64, site: Site<'_>) -> Option<Typed> {
        match site.node.value {
            Value::Int(number) => match u64::try_from(number) {
                Ok(number) if (least..=most).contains(&number) => Some(Typed::Number(number)),
                _ => {
                    let message = format!(
                        "`{}` is a number from {least} to {most}, not {number}",
                        site.field.name
                    );
                    self.refuse(site.wrong("bad-number", message, "out of range"))
                }
            },
            _ => self.refuse(site.wrong_type()),
        }
    }

    fn listed(&mut self, listing: Listing, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        let text = text.to_owned();
        self.is_listed(listing, &text, site.place(), "")
            .then_some(Typed::Text(text))
    }

    /// Complains, and says no, where a name that must exist elsewhere does not.
    fn is_listed(&mut self, listing: Listing, text: &str, at: Span, sign: &str) -> bool {
        let (known, code) = match listing {
            Listing::Requirement => (&self.known.requirements, "unknown-requirement"),
            Listing::Capability => (&self.known.capabilities, "unknown-capability"),
            Listing::Knob => (&self.known.knobs, "unknown-knob"),
            Listing::Profile => (&self.known.profiles, "unknown-profile"),
            Listing::Callback => (&self.known.callbacks, "unknown-callback"),
            Listing::Argument => (&self.known.arguments, "unknown-argument"),
        };
        if known.contains(text) {
            return true;
        }
        let kind = listing.kind();
        let message = format!("there is no {kind} `{}`", shown(text));
        let diagnostic = Diagnostic::new(code, message).at(at, format!("no {kind}"));
        let diagnostic = self.advise_from(diagnostic, text, at, sign, known);
        self.complain(diagnostic);
        false
    }

    fn profile(&mut self, site: Site<'_>) -> Option<Typed> {
        let text = self.text(site)?;
        let (exactly, id) = match text.strip_prefix('=') {
            Some(id) => (true, id),
            None => (false, text),
        };
        let sign = if exactly { "=" } else { "" };
        self.is_listed(Listing::Profile, id, site.place(), sign)
            .then(|| {
                Typed::Profile(ProfileSelector {
                    id: id.to_owned(),
                    exactly,
                })
            })
    }

    fn many(&mut self, kind: &'static Kind, site: Site<'_>) -> Option<Typed> {
        match &site.node.value {
            Value::List(items) if items.is_empty() => {
                let message = format!("`{}` is an empty list", site.field.name);
                let diagnostic = site.wrong("empty", message, "says nothing");
                self.refuse(diagnostic.help("leave it out"))
            }
            Value::List(items) => {
                let typed = self.items(kind, site, items);
                let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
                for item in items {
                    let Some(text) = item.text() else { continue };
                    match seen.get(text) {
                        Some(first) => {
                            let message = format!("`{}` stands twice in one list", shown(text));
                            self.complain(
                                Diagnostic::new("repeated", message)
                                    .at(item.span, "the second time")
                                    .also(*first, "first here"),
                            );
                        }
                        None => {
                            seen.insert(text, item.span);
                        }
                    }
                }
                typed
            }
            _ => {
                let diagnostic = site.wrong_type();
                let diagnostic = match site.node.text() {
                    Some(text) => diagnostic
                        .help("put it in brackets")
                        .suggest(site.place(), format!("[{text}]")),
                    None => diagnostic,
                };
                self.refuse(diagnostic)
            }
        }
    }

    /// The items of a list; `None` only when one of them is wrong.
    fn items(&mut self, kind: &'static Kind, site: Site<'_>, items: &[Node]) -> Option<Typed> {
        // Every item is looked at, whatever was wrong before.
        let typed: Vec<Option<Typed>> = items
            .iter()
            .map(|node| {
                // What is missing in a map is missing there, not at the key of the list.
                let key = match node.value {
                    Value::Map(_) => node.span,
                    _ => site.key,
                };
                self.value(kind, Site { node, key, ..site })
            })
            .collect();
        typed.into_iter().collect::<Option<_>>().map(Typed::Many)
    }

    fn filled(&mut self, record: &'static Record, site: Site<'_>) -> Option<Typed> {
        match site.node.value {
            Value::Map(_) => {
                let owner = format!("`{}`", site.field.name);
                self.record(record, &owner, site.key, site.node)
                    .map(Typed::Record)
            }
            _ => self.refuse(site.wrong_type()),
        }
    }

    fn clients(&mut self, record: &'static Record, site: Site<'_>) -> Option<Typed> {
        let Value::Map(entries) = &site.node.value else {
            return self.refuse(site.wrong_type());
        };
        if entries.is_empty() {
            let diagnostic = site.wrong("empty", "there are no clients", "nobody takes part");
            return self.refuse(diagnostic.help("for example `clients: { phone: {} }`"));
        }
        let total: usize = self
            .clients
            .iter()
            .flat_map(|clients| clients.values())
            .map(|devices| devices.count())
            .sum();
        if total > MOST_CLIENTS {
            let message = format!("there are {total} clients; {MOST_CLIENTS} are allowed");
            return self.refuse(site.wrong("too-much", message, "too many"));
        }
        let mut clients = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let name = &key.text;
            let key_node = Node::of_key(key);
            let at_key = Site {
                node: &key_node,
                ..site
            };
            if RESERVED.contains(&name.as_str()) {
                let message = format!("no client can be called `{name}`");
                self.complain(at_key.wrong("bad-name", message, "has a meaning in transcripts"));
            } else if self.check_name(name, at_key) && self.is_of_a_fleet(name) {
                let message = format!("a device of a fleet is called `{name}`");
                self.complain(at_key.wrong("repeated", message, "called the same"));
            }
            let owner = format!("client `{}`", shown(name));
            if let Some(filled) = self.record(record, &owner, key.span, node) {
                clients.push((name.clone(), filled));
            }
        }
        // One that is no map leaves a gap; then the indices do not fit.
        (clients.len() == entries.len()).then_some(Typed::Clients(clients))
    }

    fn is_of_a_fleet(&self, name: &str) -> bool {
        let clients = self.clients.as_ref();
        clients.is_some_and(|clients| one_of(clients, name).is_some())
    }

    fn steps(&mut self, site: Site<'_>) -> Option<Typed> {
        let Value::List(items) = &site.node.value else {
            return self.refuse(site.wrong_type());
        };
        if items.is_empty() {
            return self.refuse(site.wrong("empty", "there are no steps", "nothing happens"));
        }
        if items.len() > MOST_STEPS {
            let message = format!("there are {} steps; {MOST_STEPS} are allowed", items.len());
            return self.refuse(site.wrong("too-much", message, "too many"));
        }
        Some(Typed::Steps(
            items.iter().map(|node| self.step(node)).collect(),
        ))
    }

    /// Adds the name that was probably meant, or else all of a few.
    fn advise_from(
        &self,
        diagnostic: Diagnostic,
        text: &str,
        at: Span,
        sign: &str,
        known: &BTreeSet<String>,
    ) -> Diagnostic {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        match self.closest(text, names.iter().copied()) {
            // IDs that end in numbers are all alike; only a slip in writing one down is certain.
            Some(meant) if is_slip(text, meant) => diagnostic
                .help(format!("did you mean `{}`?", shown(meant)))
                .suggest(at, format!("{sign}{meant}")),
            _ => diagnostic.help(all_of(&names)),
        }
    }
}

/// The device of a fleet that `text` names by its number.
fn one_of(clients: &BTreeMap<String, Devices>, text: &str) -> Option<Devices> {
    let (fleet, number) = text.rsplit_once('-')?;
    let devices = clients.get(fleet).filter(|devices| devices.count() > 1)?;
    let at: usize = number.parse().ok()?;
    let is_plain = number == at.to_string();
    let device = devices.each().nth(at.checked_sub(1)?)?;
    is_plain.then(|| device.into())
}

fn too_long(site: Site<'_>, longest: usize) -> Diagnostic {
    let message = format!("`{}` has at most {longest} bytes", site.field.name);
    site.wrong("too-long", message, "too long")
}

/// Is the one the other but for its digits' leading zeros, its case, or letters?
fn is_slip(text: &str, meant: &str) -> bool {
    let number = |id: &str| -> Option<u64> {
        let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse().ok()
    };
    number(text) == number(meant)
}
