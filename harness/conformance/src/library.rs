//! Everything a run knows before it begins: profiles, requirements and the sentences of the rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::decode::Broken;
use crate::diagnostic::Diagnostic;
use crate::document::{self, Known};
use crate::profile::{Capability, Profiles};
use crate::requirement::Catalogue;
use crate::rules::RuleTexts;
use crate::scenario::Scenario;
use crate::source::Source;

/// The file among the requirements that holds the sentences of the rules.
const RULES_FILE: &str = "rules.yaml";

/// Profiles, requirements and rules.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The vendors.
    pub profiles: Profiles,
    /// Their statements.
    pub catalogue: Catalogue,
    /// What the rules say.
    pub rules: RuleTexts,
    known: Known,
}

impl Library {
    /// Reads profile files and requirement files.
    ///
    /// # Errors
    /// Every file that is no good.
    pub fn read(profiles: &[Source], requirements: &[Source]) -> Result<Library, Vec<Broken>> {
        let mut broken = Vec::new();
        let mut library = Library::default();
        match Profiles::read(profiles) {
            Ok(profiles) => library.profiles = profiles,
            Err(wrong) => broken.extend(wrong),
        }
        for source in requirements {
            let read = if source.path.ends_with(RULES_FILE) {
                RuleTexts::read(source).map(|texts| library.rules = texts)
            } else {
                library.catalogue.add(source)
            };
            if let Err(diagnostics) = read {
                broken.push(Broken {
                    source: source.clone(),
                    diagnostics,
                });
            }
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        library.known = library.names();
        Ok(library)
    }

    /// Understands a scenario. `name` is its path below the scenario folder without `.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn scenario(&self, source: Arc<Source>, name: &str) -> Result<Scenario, Vec<Diagnostic>> {
        document::lower(source, name, &self.known)
    }

    fn names(&self) -> Known {
        let mut knobs = BTreeSet::new();
        let mut callbacks = BTreeSet::new();
        let mut arguments = BTreeSet::new();
        for profile in self.profiles.all() {
            for native in profile.events.values() {
                callbacks.extend(native.callback.clone());
                arguments.extend(native.args.keys().cloned());
            }
            // Plain data: serialising it cannot fail.
            let rules = serde_json::to_value(&profile.rules).expect("rules are plain data");
            leaves(&rules, "", &mut knobs);
        }
        Known {
            requirements: self.catalogue.all().map(|row| row.id.clone()).collect(),
            profiles: self.profiles.all().map(|p| p.id.clone()).collect(),
            capabilities: Capability::ALL
                .iter()
                .map(|c| c.word().to_owned())
                .collect(),
            knobs,
            callbacks,
            arguments,
        }
    }
}

fn leaves(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                leaves(value, &path, into);
            }
        }
        _ => {
            into.insert(path.to_owned());
        }
    }
}
