//! What the table made of a map: values of their types under their keys.

use std::str::FromStr;

use session::time::Millis;

use crate::grammar::Field;
use crate::scenario::{Devices, ProfileSelector};
use crate::source::Span;

use super::decode::Site;

/// A value of the type its key wants.
#[derive(Debug)]
pub(super) enum Typed {
    Text(String),
    Client(Devices),
    Length(Millis),
    Skew(i64),
    Word(&'static str),
    Number(u64),
    Flag(bool),
    Code(i64),
    Arguments(Vec<(String, serde_json::Value)>),
    Profile(ProfileSelector),
    Many(Vec<Typed>),
    Record(Filled),
    Clients(Vec<(String, Filled)>),
    Steps(Vec<ReadStep>),
}

/// One step as the table sees it.
#[derive(Debug)]
pub(super) struct ReadStep {
    /// The act or observation with its value, as far as one line goes.
    pub(super) span: Span,
    /// Its key in the table; `None` when it has none, or several.
    pub(super) word: Option<&'static Field>,
    /// Is that key an observation?
    pub(super) is_observation: bool,
    /// Its value; `None` when it is not as the table says.
    pub(super) typed: Option<Typed>,
    /// The requirements it decides.
    pub(super) covers: Vec<String>,
    /// Names the step would give to something, if it were right: they are not to be missed later.
    pub(super) names: Vec<String>,
}

impl ReadStep {
    /// Where the value of `name` stands, or the step itself.
    pub(super) fn place(&self, name: &str) -> Span {
        match &self.typed {
            Some(Typed::Record(filled)) => filled.place(name).unwrap_or(self.span),
            _ => self.span,
        }
    }
}

/// A map with the keys of a record.
#[derive(Debug)]
pub(super) struct Filled {
    /// What stands for the whole of it.
    pub(super) at: Span,
    pub(super) entries: Vec<Entry>,
}

/// One key of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) key: Span,
    /// The value; the key, where there is none.
    pub(super) place: Span,
    /// `None` when it is not what the key wants; that was complained about.
    pub(super) typed: Option<Typed>,
}

impl Filled {
    /// A record of which only one key is written, without naming it.
    pub(super) fn short(name: &'static str, site: Site<'_>, typed: Option<Typed>) -> Filled {
        Filled {
            at: site.key,
            entries: vec![Entry {
                name,
                key: site.key,
                place: site.place(),
                typed,
            }],
        }
    }

    /// Is the key there, with whatever value?
    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Where the value of `name` stands; also inside the call that is started, and in an item of
    /// a watch.
    pub(super) fn place(&self, name: &str) -> Option<Span> {
        fn inside(typed: &Typed, name: &str) -> Option<Span> {
            match typed {
                Typed::Record(inner) => inner.place(name),
                Typed::Many(items) => items.iter().find_map(|item| inside(item, name)),
                _ => None,
            }
        }
        self.entry(name).map(|entry| entry.place).or_else(|| {
            let typed = self.entries.iter().filter_map(|entry| entry.typed.as_ref());
            typed.filter_map(|typed| inside(typed, name)).next()
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Typed> {
        self.entry(name)?.typed.as_ref()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Typed::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The devices under `client`.
    pub(super) fn client(&self) -> Option<Devices> {
        match self.get("client")? {
            Typed::Client(client) => Some(*client),
            _ => None,
        }
    }

    pub(super) fn length(&self, name: &str) -> Option<Millis> {
        match self.get(name)? {
            Typed::Length(length) => Some(*length),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Typed::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Typed::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn word<W: FromStr>(&self, name: &str) -> Option<W> {
        match self.get(name)? {
            Typed::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn record(&self, name: &str) -> Option<&Filled> {
        match self.get(name)? {
            Typed::Record(filled) => Some(filled),
            _ => None,
        }
    }

    /// The items of a list, or the one value that stands for a list.
    pub(super) fn items(&self, name: &str) -> &[Typed] {
        match self.get(name) {
            Some(Typed::Many(items)) => items,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let text = |item: &Typed| match item {
            Typed::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.items(name).iter().filter_map(text).collect()
    }

    pub(super) fn words<W: FromStr>(&self, name: &str) -> Vec<W> {
        let word = |item: &Typed| match item {
            Typed::Word(word) => word.parse().ok(),
            _ => None,
        };
        self.items(name).iter().filter_map(word).collect()
    }

    pub(super) fn codes(&self, name: &str) -> Vec<i64> {
        let code = |item: &Typed| match item {
            Typed::Code(code) => Some(*code),
            _ => None,
        };
        self.items(name).iter().filter_map(code).collect()
    }

    pub(super) fn profiles(&self, name: &str) -> Vec<ProfileSelector> {
        let profile = |item: &Typed| match item {
            Typed::Profile(profile) => Some(profile.clone()),
            _ => None,
        };
        self.items(name).iter().filter_map(profile).collect()
    }
}
