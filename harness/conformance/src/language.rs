//! The reference page of the scenario language: one more view of [`crate::grammar`].
//!
//! What a table cannot say (time, anchors, the end of a run) is written by hand in `language.md`,
//! which comes first.

use std::fmt::Write as _;

use session::words::Api;

use crate::grammar::{
    ACTS, COVERS, Field, Kind, Listing, OBSERVATIONS, Record, Rule, SCENARIO, WORDS, Words, calls,
};
use crate::profile::Capability;

/// What is written by hand.
const INTRODUCTION: &str = include_str!("language.md");

/// The whole page.
pub fn page() -> String {
    let mut page = Page {
        text: INTRODUCTION.trim_end().to_owned(),
        maps: Vec::new(),
    };
    page.text.push_str("\n\n## A file\n\n");
    page.record(&SCENARIO);
    page.text.push_str("\n## Beside every step\n\n");
    page.table([&COVERS]);
    page.steps("Acts", ACTS);
    page.steps("Observations", OBSERVATIONS);
    page.calls();
    page.maps();
    page.words();
    page.text
}

struct Page {
    text: String,
    /// The maps that stand under keys, and the name of the first such key.
    maps: Vec<(&'static Record, &'static str)>,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn steps(&mut self, heading: &str, fields: &'static [Field]) {
        let _ = write!(self.text, "\n## {heading}\n");
        for field in fields {
            let Field {
                name, doc, example, ..
            } = field;
            let _ = write!(
                self.text,
                "\n### <a name=\"{name}\"></a>`{name}`\n\n{doc}\n\n```yaml\n- {name}: {example}\n```\n\n"
            );
            match &field.kind {
                Kind::Record(record) => self.record(record),
                Kind::Short(short, record) => {
                    let example = record.field(short).map_or("", |field| field.example);
                    let line = format!(
                        "A value that is no map is that of `{short}`: `{name}: {example}`.\n"
                    );
                    self.line(&line);
                    self.record(record);
                }
                Kind::Either(kind, record) => {
                    let line = format!("It takes {}:\n", takes(kind) + ", or a map");
                    self.line(&line);
                    self.record(record);
                }
                kind => {
                    let line = format!("It takes {}.", takes(kind));
                    self.line(&line);
                }
            }
        }
    }

    /// Every map that stands under a key, once.
    fn maps(&mut self) {
        self.text.push_str("\n## Maps inside\n");
        let mut at = 0;
        // Each may hold further ones.
        while let Some((record, name)) = self.maps.get(at).copied() {
            let _ = write!(
                self.text,
                "\n### <a name=\"map-{name}\"></a>Keys of `{name}`\n\n"
            );
            self.record(record);
            at += 1;
        }
    }

    fn record(&mut self, record: &'static Record) {
        self.table(record.fields());
        let rules: Vec<String> = record.rules().map(say).collect();
        if !rules.is_empty() {
            let _ = write!(self.text, "\n{}\n", rules.join(" "));
        }
    }

    fn table(&mut self, fields: impl IntoIterator<Item = &'static Field>) {
        self.line("| key | takes | means | example |");
        self.line("|---|---|---|---|");
        for field in fields {
            let must = if field.required {
                " (must be there)"
            } else {
                ""
            };
            let line = format!(
                "| `{}`{must} | {}{} | {} | `{}` |",
                field.name,
                cell(&takes(&field.kind)),
                self.keys(field),
                cell(field.doc),
                cell(field.example)
            );
            self.line(&line);
        }
    }

    /// Where the keys of the map under a key stand, if it takes one.
    fn keys(&mut self, field: &'static Field) -> String {
        let Some(record) = record_of(&field.kind) else {
            return String::new();
        };
        if let Some(act) = ACTS
            .iter()
            .chain(OBSERVATIONS)
            .find(|f| f.name == field.name)
            && let Some(whole) = record_of(&act.kind)
            && record
                .fields()
                .all(|field| whole.field(field.name).is_some())
        {
            let lacks = whole.fields().filter(|f| record.field(f.name).is_none());
            let lacks: Vec<&str> = lacks.map(|field| field.name).collect();
            let without = match lacks.is_empty() {
                true => String::new(),
                false => format!(", without {}", quoted(&lacks, ", ")),
            };
            return format!("; as [`{0}`](#{0}){without}", act.name);
        }
        let known = self
            .maps
            .iter()
            .find(|(known, _)| std::ptr::eq(*known, record));
        let name = match known {
            Some((_, name)) => name,
            None => {
                self.maps.push((record, field.name));
                field.name
            }
        };
        format!(" ([keys](#map-{name}))")
    }

    fn calls(&mut self) {
        self.text.push_str("\n## Calls\n\n");
        self.line("What the calls of `call` take beside `client` and `api`.\n");
        self.line("| call | means | needs | may have | `is` |");
        self.line("|---|---|---|---|---|");
        for api in Api::ALL {
            let takes = calls::takes(*api);
            let answers = if calls::answers(*api) { "yes" } else { "" };
            let line = format!(
                "| `{api}` | {} | {} | {} | {answers} |",
                cell(api.means()),
                quoted(takes.needs, ", "),
                quoted(takes.may, ", ")
            );
            self.line(&line);
        }
    }

    fn words(&mut self) {
        self.text.push_str("\n## Words\n");
        let version = session::words::VERSION;
        let _ = write!(
            self.text,
            "\nThe lists are closed; this is version {version} of them.\n"
        );
        for words in WORDS {
            let Words { kind, all } = words;
            let _ = write!(
                self.text,
                "\n### <a name=\"word-{}\"></a>{kind}\n\n| word | means |\n|---|---|\n",
                words.id()
            );
            for (word, means) in all() {
                let line = format!("| `{word}` | {} |", cell(means));
                self.line(&line);
            }
        }
        self.line(
            "\n### <a name=\"word-capability\"></a>capability\n\n| word | means |\n|---|---|",
        );
        for capability in Capability::ALL {
            let line = format!("| `{capability}` | {} |", cell(capability.means()));
            self.line(&line);
        }
    }
}

/// The record that stands under a key, also in the items of a list.
fn record_of(kind: &'static Kind) -> Option<&'static Record> {
    match kind {
        Kind::Record(record)
        | Kind::Short(_, record)
        | Kind::Either(_, record)
        | Kind::Clients(record) => Some(record),
        Kind::Series(kind) | Kind::Many(kind) | Kind::OneOrMany(kind) | Kind::Pair(kind) => {
            record_of(kind)
        }
        _ => None,
    }
}

/// What a key takes, with words as links to their lists.
fn takes(kind: &'static Kind) -> String {
    match kind {
        Kind::Word(words) => format!("a word for the [{}](#word-{})", words.kind, words.id()),
        Kind::Series(kind) | Kind::Many(kind) => format!("a list; each item is {}", takes(kind)),
        Kind::OneOrMany(kind) => format!("{}, or a list of them", takes(kind)),
        Kind::Pair(kind) => format!("a list of two; each is {}", takes(kind)),
        Kind::Either(kind, _) => format!("{}, or a map", takes(kind)),
        Kind::Clients(_) => "a map from names to maps".into(),
        Kind::Listed(Listing::Capability) => "a [capability](#word-capability)".into(),
        kind => kind.wants(),
    }
}

fn say(rule: &'static Rule) -> String {
    match rule {
        Rule::ExactlyOne(names) => format!("Exactly one of {}.", quoted(names, ", ")),
        Rule::AtLeastOne(names) => format!("At least one of {}.", quoted(names, ", ")),
        Rule::AtMostOne(names) => format!("At most one of {}.", quoted(names, ", ")),
        Rule::Together(name, other) => format!("`{name}` needs `{other}`."),
        Rule::Beside(name, others) => {
            format!("`{name}` only beside {}.", quoted(others, " or "))
        }
    }
}

fn quoted(names: &[&str], between: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(between)
}

/// Text that does not end the cell it stands in.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_word_is_on_the_page() {
        let page = page();
        for field in ACTS.iter().chain(OBSERVATIONS) {
            assert!(page.contains(&format!("</a>`{}`", field.name)));
            let Some(record) = record_of(&field.kind) else {
                continue;
            };
            for field in record.fields() {
                assert!(
                    page.contains(&format!("| `{}`", field.name)),
                    "{}",
                    field.name
                );
                assert!(page.contains(&cell(field.doc)), "{}", field.doc);
            }
        }
        for words in WORDS {
            for (word, means) in (words.all)() {
                assert!(
                    page.contains(&format!("| `{word}` | {}", cell(means))),
                    "{word}"
                );
            }
        }
    }
}
