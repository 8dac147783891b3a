//! A digest of what the program is built from, so that results of different builds are told apart
//! wherever they were built, and from whatever kind of checkout.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What decides about a result and is not itself named in it.
const SOURCES: [&str; 10] = [
    "Cargo.lock",
    "harness/session/src",
    "harness/adapter/src",
    "harness/conformance/src",
    "harness/runner/src",
    "harness/fuzz/src",
    "harness/report/src",
    "harness/cli/src",
    "fixtures/requirements",
    "fixtures/deviations",
];

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut digest = Sha256::new();
    for source in SOURCES {
        let mut files = Vec::new();
        walk(&root.join(source), &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).unwrap_or(&file);
            digest.update(name.to_string_lossy().replace('\\', "/"));
            digest.update([0]);
            // A checkout may have other ends of lines.
            let text = std::fs::read(&file)?;
            digest.update(String::from_utf8_lossy(&text).replace("\r\n", "\n"));
            digest.update([0]);
        }
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let digits: String = digest
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env=KICKOUT_DIGEST={digits}");
    Ok(())
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        walk(&entry?.path(), files)?;
    }
    Ok(())
}
