//! The data of the repository, checked against the code that reads it.
//!
//! - `ambiguities`: questions, readings and positions fit together
//! - `diagnostics`: what wrong files are told
//! - `emit`: the suite survives being written out
//! - `extends`: profiles that build on others
//! - `language`: the reference page is up to date
//! - `profiles`: every profile resolves, and every value says where it comes from
//! - `requirements`: every id that is named exists
//! - `tokens`: what is wrong with a ticket has a number that its vendor allows
//! - `vendors`: no vendor is named in code

mod ambiguities;
mod diagnostics;
mod emit;
mod extends;
mod language;
mod profiles;
mod requirements;
mod tokens;
mod vendors;

use std::path::{Path, PathBuf};

use conformance::source::Source;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a folder of the repository whose names end so, sorted.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
        .into_iter()
        .map(|path| Source {
            path: path
                .strip_prefix(root())
                .expect("below the root")
                .display()
                .to_string(),
            text: std::fs::read_to_string(&path).expect("a text file"),
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}
