//! The requirement catalogue: one numbered statement of a vendor's documentation each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decode::decode;
use crate::diagnostic::{self, Diagnostic, closest};
use crate::profile::{Confidence, Profile};
use crate::source::{Source, Span};
use crate::versions;

/// Every requirement of every catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    rows: BTreeMap<String, Requirement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, such as `ACM-044`.
    pub id: String,
    /// The catalogue it stands in.
    pub catalogue: String,
    /// The document it is taken from.
    pub document: String,
    /// The address of that document, where it has one.
    pub page: Option<String>,
    /// What it says, in our words.
    pub statement: String,
    /// Where in the document.
    pub place: String,
    /// How strongly it says so.
    pub strength: Strength,
    /// Is it implied rather than said?
    pub implied: bool,
    /// Who has to keep it.
    pub party: Vec<Party>,
    /// What else is to be known.
    pub note: Option<String>,
    /// The versions it holds for, such as `>=2.9.0`.
    pub versions: Option<String>,
    /// How sure it is that the product behaves so, where other sources say something.
    pub confidence: Option<Confidence>,
    /// The profiles it does not hold for whatever their version, with all that extend them, each
    /// with the reason; `=` means only that one, as in a scenario.
    pub not_for: BTreeMap<String, String>,
}

session::words! {
    /// How strongly a requirement is put.
    Strength, "strength" {
        Must = "must", "it has to be so";
        Should = "should", "it is urgently advised";
        May = "may", "it is allowed";
        Info = "info", "it is told and asks for nothing";
    }
}

session::words! {
    /// Who has to keep a requirement, and whose fault it is when it is broken.
    Party, "party" {
        App = "app", "the app that calls the SDK";
        Client = "client", "the client, or SDK";
        Server = "server", "the service";
    }
}

impl Strength {
    /// Does it ask for something that has to be decided?
    pub fn is_binding(self) -> bool {
        matches!(self, Strength::Must | Strength::Should)
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    catalogue: String,
    document: String,
    #[serde(default)]
    source: String,
    page: Option<String>,
    requirements: Vec<Row>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Row {
    id: String,
    statement: String,
    #[serde(default)]
    place: String,
    strength: Strength,
    #[serde(default)]
    implied: bool,
    party: Vec<Party>,
    note: Option<String>,
    versions: Option<String>,
    confidence: Option<Confidence>,
    #[serde(default)]
    not_for: BTreeMap<String, String>,
}

impl Catalogue {
    /// Adds the rows of one file.
    ///
    /// # Errors
    /// Everything that is wrong with it, at its place.
    pub fn add(&mut self, source: &Source) -> Result<(), Vec<Diagnostic>> {
        let file: File = decode(source)?;
        let mut twice = Vec::new();
        for row in file.requirements {
            if self.rows.contains_key(&row.id) {
                twice.push(Diagnostic::new(
                    "duplicate-requirement",
                    format!("requirement `{}` stands here a second time", row.id),
                ));
                continue;
            }
            let requirement = Requirement {
                id: row.id.clone(),
                catalogue: file.catalogue.clone(),
                document: file.document.clone(),
                page: file.page.clone(),
                statement: row.statement,
                place: row.place,
                strength: row.strength,
                implied: row.implied,
                party: row.party,
                note: row.note,
                versions: row.versions,
                confidence: row.confidence,
                not_for: row.not_for,
            };
            self.rows.insert(row.id, requirement);
        }
        if twice.is_empty() { Ok(()) } else { Err(twice) }
    }

    /// The requirement with this id.
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.rows.get(id)
    }

    /// All requirements, by id.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.rows.values()
    }

    /// What to say about an id that names no row.
    pub fn unknown(&self, id: &str, span: Span) -> Diagnostic {
        let message = format!("there is no requirement `{}`", diagnostic::shown(id));
        let wrong = Diagnostic::new("unknown-requirement", message).at(span, "");
        match closest(id, self.rows.keys().map(String::as_str)) {
            Some(near) => wrong.suggest(span, near),
            None => wrong,
        }
    }

    /// Can a case of this profile decide the row?
    pub fn holds_for(&self, id: &str, profile: &Profile) -> bool {
        let row = self.get(id);
        row.is_some_and(|row| {
            row.catalogue == profile.catalogue && row.why_not_for(profile).is_none()
        })
    }
}

impl Requirement {
    /// Why it does not hold for this profile of its catalogue; `None` where it does.
    pub fn why_not_for(&self, profile: &Profile) -> Option<String> {
        let mut not_for = self.not_for.iter();
        let found = not_for.find(|(id, _)| match id.strip_prefix('=') {
            Some(exactly) => profile.id == exactly,
            None => profile.descends_from(id),
        });
        found.map(|(_, why)| why.clone()).or_else(|| {
            let versions = self.versions.as_ref()?;
            let holds = versions::overlap(versions, &profile.versions);
            (!holds).then(|| format!("it is of versions {versions}"))
        })
    }
}
