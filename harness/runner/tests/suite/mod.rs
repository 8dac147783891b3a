//! The built-in scenarios and profiles, for tests and benchmarks.

#![allow(dead_code, reason = "every user needs another part")]
#![allow(unreachable_pub, reason = "shared by several programs")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance::case::{Case, DEFAULT_SEED};
use conformance::library::Library;
use conformance::plan::not_applicable;
use conformance::scenario::Scenario;
use conformance::source::Source;

/// Everything below the repository's root that a run needs.
pub struct Suite {
    pub library: Library,
    pub scenarios: Vec<Scenario>,
}

impl Suite {
    /// Reads it from disk.
    pub fn read() -> Suite {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let profiles = sources(&root, "fixtures/profiles");
        let requirements = sources(&root, "fixtures/requirements");
        let library = Library::read(&profiles, &requirements).expect("the fixtures are good");
        let scenarios = sources(&root, "scenarios")
            .into_iter()
            .map(|source| {
                let name = source.path.trim_start_matches("scenarios/");
                let name = name.trim_end_matches(".yaml").to_owned();
                understand(&library, source, &name)
            })
            .collect();
        Suite { library, scenarios }
    }

    /// Every case there is, with the default seed.
    pub fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = Vec::new();
        for scenario in &self.scenarios {
            for profile in self.library.profiles.runnable() {
                if not_applicable(scenario, profile).is_none() {
                    cases.push(Case::new(scenario, profile, DEFAULT_SEED));
                }
            }
        }
        cases
    }

    /// A scenario that is not in the suite.
    pub fn scenario(&self, text: &str) -> Scenario {
        let source = Source {
            path: "inline.yaml".into(),
            text: text.into(),
        };
        understand(&self.library, source, "inline")
    }

    /// That scenario under a profile.
    pub fn case<'a>(&'a self, scenario: &'a Scenario, profile: &str) -> Case<'a> {
        let profile = self.library.profiles.get(profile).expect("a profile");
        Case::new(scenario, profile, DEFAULT_SEED)
    }
}

fn understand(library: &Library, source: Source, name: &str) -> Scenario {
    let path = source.path.clone();
    match library.scenario(Arc::new(source), name) {
        Ok(scenario) => scenario,
        Err(wrong) => panic!("{path}: {wrong:?}"),
    }
}

/// The YAML files below `folder`, sorted by path.
fn sources(root: &Path, folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| Source {
        path: path
            .strip_prefix(root)
            .expect("below the root")
            .display()
            .to_string(),
        text: std::fs::read_to_string(path).expect("readable"),
    };
    paths.iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}
