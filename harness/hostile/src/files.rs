//! The repository's own files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use conformance::library::Library;
use conformance::scenario::Scenario;
use conformance::source::Source;

/// The files below a folder of the repository whose names end so, sorted by path.
///
/// # Panics
/// The folder cannot be read.
pub fn below(folder: &str, ending: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).expect("a text file"),
        path: path
            .strip_prefix(root())
            .expect("below the root")
            .display()
            .to_string(),
    };
    paths.into_iter().map(read).collect()
}

/// The scenario files.
pub fn scenario_files() -> &'static [Source] {
    static FILES: OnceLock<Vec<Source>> = OnceLock::new();
    FILES.get_or_init(|| below("scenarios", ".yaml"))
}

/// The profile files.
pub fn profile_files() -> &'static [Source] {
    static FILES: OnceLock<Vec<Source>> = OnceLock::new();
    FILES.get_or_init(|| below("fixtures/profiles", ".yaml"))
}

/// The requirements and the files that speak of them.
pub fn requirement_files() -> &'static [Source] {
    static FILES: OnceLock<Vec<Source>> = OnceLock::new();
    FILES.get_or_init(|| below("fixtures/requirements", ".yaml"))
}

/// Profiles, requirements and rules as they stand in the repository.
///
/// # Panics
/// They are no good.
pub fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        Library::read(profile_files(), requirement_files()).expect("the data is sound")
    })
}

/// The scenarios that are over soon: few steps, few devices.
pub fn short_scenarios() -> &'static [Scenario] {
    static SHORT: OnceLock<Vec<Scenario>> = OnceLock::new();
    SHORT.get_or_init(|| {
        let files = scenario_files().iter().filter(|file| file.text.len() < 900);
        let read = |file: &Source| {
            let name = file.path.trim_start_matches("scenarios/");
            let name = name.trim_end_matches(".yaml");
            library().scenario(Arc::new(file.clone()), name)
        };
        files
            .map(|file| read(file).expect("the suite is sound"))
            .filter(|scenario| scenario.clients.len() <= 4 && scenario.steps.len() <= 14)
            .collect()
    })
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path),
        }
    }
}
