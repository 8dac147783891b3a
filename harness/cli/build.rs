//! The built-in suite is part of the binary: build again when a file of it changes.

fn main() {
    for folder in [
        "scenarios",
        "fixtures/deviations",
        "fixtures/profiles",
        "fixtures/requirements",
        "fixtures/transcripts",
    ] {
        println!("cargo:rerun-if-changed=../../{folder}");
    }
}
