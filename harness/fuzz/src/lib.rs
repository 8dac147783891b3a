//! Random scenarios against every rule, and what is left of them when they find something.
//!
//! A seed and a profile give a scenario in our own language; it is played and judged like any
//! other. The way of one case through these modules:
//!
//! - [`alphabet`]: what can happen under a profile, and the lengths of time at which something turns
//! - [`feature`]: what one seed may use (swarm)
//! - [`generate`]: seed to scenario
//! - [`repair`]: what cannot be done is left out
//! - [`hunt`]: a case played and judged; what counts as a catch
//! - [`shrink`]: a scenario that breaks a rule to a small one that breaks the same rule
//! - [`keep`]: what was caught, as a file that people read
//! - [`reach`]: which rare situations a run went through
//!
//! Whoever carries the bytes is an argument ([`hunt::Play`]); nothing here knows a runtime.

pub mod alphabet;
pub mod feature;
pub mod generate;
pub mod hunt;
pub mod keep;
pub mod reach;
pub mod repair;
pub mod shrink;

/// The profiles, requirements and rules of the repository.
#[cfg(test)]
fn library() -> conformance::library::Library {
    use conformance::source::Source;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let read = |folder: &str| -> Vec<Source> {
        let entries = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        let mut paths: Vec<_> = entries
            .map(|entry| entry.expect("readable").path())
            .collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| Source {
                path: path.display().to_string(),
                text: std::fs::read_to_string(&path).expect("a text file"),
            })
            .collect()
    };
    conformance::library::Library::read(&read("profiles"), &read("requirements"))
        .expect("the data is sound")
}
