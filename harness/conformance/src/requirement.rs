//! The requirement catalogue: one numbered statement of a vendor's documentation each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decode::decode;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
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
    /// The versions it holds for.
    pub versions: Option<String>,
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

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    catalogue: String,
    document: String,
    #[serde(default)]
    source: String,
    requirements: Vec<Row>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
                statement: row.statement,
                place: row.place,
                strength: row.strength,
                implied: row.implied,
                party: row.party,
                note: row.note,
                versions: row.versions,
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

    /// Does the row stand in this catalogue, and hold for these versions?
    pub fn holds_for(&self, id: &str, catalogue: &str, versions: &str) -> bool {
        self.get(id).is_some_and(|row| {
            let wanted = row.versions.as_deref();
            row.catalogue == catalogue && wanted.is_none_or(|row| versions::overlap(row, versions))
        })
    }
}
