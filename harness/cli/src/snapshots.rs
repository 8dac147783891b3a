//! Recorded transcripts: where they are, and whether they still hold.

use std::path::{Path, PathBuf};

use conformance::snapshot;
use similar::TextDiff;

use crate::exit::Trouble;
use crate::{files, suite};

/// Where a scenario's recorded transcripts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder and the beginning of the file's name; none when only the binary has them.
    disk: Option<(PathBuf, String)>,
    /// The built-in scenario they belong to.
    built_in: Option<String>,
    /// The scenario's file as it stands in the header.
    input_file: String,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// It is the recorded one, or has just been recorded.
    Same,
    /// There is none.
    Missing,
    /// It differs; a unified diff.
    Changed(String),
}

/// What to do about a transcript that is not the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Record it.
    Bless,
    /// Record what is missing; keep what differs beside the old one for review.
    Review,
    /// Write nothing: this is CI.
    Strict,
}

impl Policy {
    /// The policy of this machine.
    pub fn of(bless: bool) -> Policy {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        match (bless, ci) {
            (true, _) => Policy::Bless,
            (false, true) => Policy::Strict,
            (false, false) => Policy::Review,
        }
    }
}

impl Place {
    /// The transcripts of the built-in suite. In a checkout of this project they are on disk as
    /// well, where they can be recorded.
    pub fn built_in(name: &str) -> Place {
        let folder = Path::new("fixtures/transcripts");
        let checkout = folder.is_dir() && Path::new("scenarios").is_dir();
        Place {
            disk: checkout.then(|| (folder.join(name), String::new())),
            built_in: Some(name.to_owned()),
            input_file: format!("scenarios/{name}.yaml"),
        }
    }

    /// Do they belong to the built-in suite?
    pub fn is_built_in(&self) -> bool {
        self.built_in.is_some()
    }

    /// The transcripts of a scenario from disk: below `fixtures/transcripts` beside a folder
    /// `scenarios`, or else beside the file itself.
    pub fn on_disk(path: &Path, suite: Option<&Path>, name: &str) -> Place {
        let recorded = suite
            .map(|suite| suite.parent().unwrap_or(Path::new("")))
            .map(|root| root.join("fixtures/transcripts"))
            .filter(|folder| folder.is_dir());
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let (disk, input_file) = match recorded {
            Some(folder) => (
                (folder.join(name), String::new()),
                format!("scenarios/{name}.yaml"),
            ),
            None => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                let stem = path.file_stem().map(|n| n.to_string_lossy().into_owned());
                let begin = format!("{}.", stem.unwrap_or_default());
                ((folder, begin), file.unwrap_or_default())
            }
        };
        Place {
            disk: Some(disk),
            built_in: None,
            input_file,
        }
    }

    /// Compares a transcript with the recorded one, and writes what the policy allows.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn compare(&self, profile: &str, text: &str, policy: Policy) -> Result<Compared, Trouble> {
        let old = self.recorded(profile)?;
        let old = old.as_deref().and_then(snapshot::body);
        let text = text.trim_end();
        if old == Some(text) {
            return Ok(Compared::Same);
        }
        let path = self
            .disk
            .as_ref()
            .map(|(folder, begin)| folder.join(format!("{begin}{profile}.snap")));
        let whole = snapshot::write(&self.input_file, text);
        match (policy, old, path) {
            (Policy::Bless, _, Some(path)) | (Policy::Review, None, Some(path)) => {
                files::write(&path, &whole)?;
                Ok(Compared::Same)
            }
            (Policy::Bless, _, None) => Err(Trouble::Usage(
                "--bless records the built-in suite only in a checkout of this project; \
                 name scenario files to record your own"
                    .into(),
            )),
            (_, None, _) => Ok(Compared::Missing),
            (policy, Some(old), path) => {
                if let (Policy::Review, Some(path)) = (policy, path) {
                    files::write(&path.with_extension("snap.new"), &whole)?;
                }
                Ok(Compared::Changed(diff(old, text)))
            }
        }
    }

    fn recorded(&self, profile: &str) -> Result<Option<String>, Trouble> {
        if let Some((folder, begin)) = &self.disk {
            let path = folder.join(format!("{begin}{profile}.snap"));
            return match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Trouble::Unreadable(path.display().to_string(), error)),
            };
        }
        Ok(self
            .built_in
            .as_ref()
            .and_then(|name| suite::recorded(name, profile))
            .map(str::to_owned))
    }
}

/// The longest diff that is shown, in lines.
const LONGEST_DIFF: usize = 60;

fn diff(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(3).to_string();
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() > LONGEST_DIFF {
        lines.truncate(LONGEST_DIFF);
        lines.push("...");
    }
    lines.join("\n")
}
