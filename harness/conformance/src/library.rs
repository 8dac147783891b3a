//! Everything a run knows before it begins: profiles, requirements and the sentences of the rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::ambiguity::Ambiguities;
use crate::decode::Broken;
use crate::diagnostic::Diagnostic;
use crate::document::{self, Known};
use crate::exception::Exceptions;
use crate::profile::{Capability, Profiles};
use crate::requirement::Catalogue;
use crate::rules::RuleTexts;
use crate::scenario::Scenario;
use crate::source::Source;

/// The file among the requirements that holds the sentences of the rules.
const RULES_FILE: &str = "rules.yaml";

/// The file among them that holds the rows nothing can decide.
const EXCEPTIONS_FILE: &str = "exceptions.yaml";

/// The file among them that holds the open questions.
const AMBIGUITIES_FILE: &str = "ambiguities.yaml";

/// The files that speak of rows and hold none.
const ABOUT_ROWS: [&str; 3] = [RULES_FILE, EXCEPTIONS_FILE, AMBIGUITIES_FILE];

/// Profiles, requirements and rules.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The vendors.
    pub profiles: Profiles,
    /// Their statements.
    pub catalogue: Catalogue,
    /// What the rules say.
    pub rules: RuleTexts,
    /// The rows that nothing here can decide.
    pub exceptions: Exceptions,
    /// What the statements leave open.
    pub ambiguities: Ambiguities,
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
        let of_rows = |source: &&Source| !ABOUT_ROWS.iter().any(|file| source.path.ends_with(file));
        let mut note = |source: &Source, read: Result<(), Vec<Diagnostic>>| {
            if let Err(diagnostics) = read {
                let source = source.clone();
                broken.push(Broken {
                    source,
                    diagnostics,
                });
            }
        };
        for source in requirements.iter().filter(of_rows) {
            note(source, library.catalogue.add(source));
        }
        // These speak of rows, so the rows are read first.
        for source in requirements.iter().filter(|source| !of_rows(source)) {
            let catalogue = &library.catalogue;
            let read = if source.path.ends_with(RULES_FILE) {
                RuleTexts::read(source, catalogue).map(|texts| library.rules = texts)
            } else if source.path.ends_with(AMBIGUITIES_FILE) {
                Ambiguities::read(source, catalogue).map(|read| library.ambiguities = read)
            } else {
                Exceptions::read(source, catalogue).map(|read| library.exceptions = read)
            };
            note(source, read);
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
