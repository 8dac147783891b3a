//! What the cases speak of.

use conformance::library::Library;
use conformance::requirement::{self, Party, Strength};
use conformance::{profile, rules, scenario};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// A profile that cases were played under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// A digest of its rules.
    pub hash: String,
    /// The vendor.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// The versions it is for.
    pub versions: String,
    /// The catalogue its requirements stand in.
    pub catalogue: String,
}

/// One statement of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Requirement {
    /// Its id, such as `ACM-044`.
    pub id: String,
    /// The catalogue it stands in.
    pub catalogue: String,
    /// What it says.
    pub statement: String,
    /// How strongly.
    #[schemars(schema_with = "words::strength")]
    pub strength: Strength,
    /// Who has to keep it.
    #[schemars(schema_with = "words::parties")]
    pub party: Vec<Party>,
    /// The vendor's document.
    pub document: String,
    /// Where in it.
    pub place: String,
    /// The address of the document, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// A rule that watched every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// Its id, such as `I2`.
    pub id: String,
    /// What it says.
    pub statement: String,
}

/// A scenario that there are cases of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// What must be true.
    pub title: String,
    /// What else its author says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A digest of its text.
    pub hash: String,
    /// Its text.
    pub text: String,
}

impl Profile {
    /// What is to be known of this one.
    pub fn of(profile: &profile::Profile) -> Profile {
        Profile {
            id: profile.id.clone(),
            hash: profile.hash.clone(),
            vendor: profile.vendor.clone(),
            product: profile.product.clone(),
            versions: profile.versions.clone(),
            catalogue: profile.catalogue.clone(),
        }
    }
}

impl Requirement {
    /// The rows of the catalogues of these profiles, by id.
    pub fn all(profiles: &[&profile::Profile], library: &Library) -> Vec<Requirement> {
        let meant = |row: &&requirement::Requirement| {
            profiles
                .iter()
                .any(|profile| profile.catalogue == row.catalogue)
        };
        let mut rows: Vec<Requirement> = library
            .catalogue
            .all()
            .filter(meant)
            .map(Requirement::of)
            .collect();
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows
    }

    /// The address of the document, where it is one that can be followed.
    pub fn page(&self) -> Option<&str> {
        let page = self.page.as_deref()?;
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte);
        let is_address = page.bytes().all(is_plain) && page.matches('#').count() < 2;
        (page.starts_with("https://") && is_address).then_some(page)
    }

    fn of(row: &requirement::Requirement) -> Requirement {
        Requirement {
            id: row.id.clone(),
            catalogue: row.catalogue.clone(),
            statement: row.statement.clone(),
            strength: row.strength,
            party: row.party.clone(),
            document: row.document.clone(),
            place: row.place.clone(),
            page: row.page.clone(),
        }
    }
}

impl Rule {
    /// All of them.
    pub fn all(library: &Library) -> Vec<Rule> {
        let of = |text: &rules::RuleText| Rule {
            id: text.id.clone(),
            statement: text.statement.clone(),
        };
        library.rules.all().iter().map(of).collect()
    }
}

impl Scenario {
    /// What is to be known of this one.
    pub fn of(scenario: &scenario::Scenario) -> Scenario {
        Scenario {
            name: scenario.name.clone(),
            file: scenario.source.path.clone(),
            title: scenario.title.clone(),
            about: scenario.about.clone().unwrap_or_default(),
            tags: scenario.tags.clone(),
            hash: scenario.hash.clone(),
            text: scenario.source.text.clone(),
        }
    }

    /// The text with its path, to point at places in it.
    pub fn source(&self) -> conformance::source::Source {
        conformance::source::Source {
            path: self.file.clone(),
            text: self.text.clone(),
        }
    }
}
