//! What failed in the last runs of a folder, for `--last-failed`. It is kept in the user's folder for
//! state, not in the folder itself.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use conformance::decode::hash;
use report::results::{CaseName, Results};
use serde::{Deserialize, Serialize};

use crate::exit::Trouble;
use crate::{files, stored as results};

/// Raised whenever a field changes its meaning.
const FORMAT: u32 = 1;

/// The largest list that is opened, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Remembered {
    format: u32,
    failed: Vec<CaseName>,
}

/// The cases, each as its scenario and profile.
type Cases = BTreeSet<(String, String)>;

/// What failed in the last runs of this folder.
///
/// # Errors
/// Nothing is remembered, or it cannot be read.
pub fn remembered() -> Result<Cases, Trouble> {
    let nothing = || Trouble::Nothing("nothing failed in the last runs of this folder".into());
    let path = place().filter(|path| path.exists()).ok_or_else(nothing)?;
    let failed = recall(&path)?;
    match failed.is_empty() {
        true => Err(nothing()),
        false => Ok(failed),
    }
}

/// What failed in stored results.
///
/// # Errors
/// They cannot be read, or nothing failed.
pub fn stored(path: &Path) -> Result<Cases, Trouble> {
    let results = results::read(path)?;
    let failed: Cases = names(results.failures()).collect();
    match failed.is_empty() {
        true => {
            let shown = path.display();
            Err(Trouble::Nothing(format!("nothing failed in {shown}")))
        }
        false => Ok(failed),
    }
}

/// Remembers what failed; what was not played keeps its mark. On a machine of CI nothing is written.
pub fn remember(results: &Results) {
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let Some(path) = place().filter(|_| !is_ci) else {
        return;
    };
    let before = match path.exists() {
        true => recall(&path).unwrap_or_default(),
        false => Cases::new(),
    };
    let mut now = before.clone();
    for case in names(&results.cases) {
        now.remove(&case);
    }
    now.extend(names(results.failures()));
    if now == before {
        return;
    }
    let failed = now
        .into_iter()
        .map(|(scenario, profile)| CaseName { scenario, profile });
    let remembered = Remembered {
        format: FORMAT,
        failed: failed.collect(),
    };
    // Texts and a number: serialising them cannot fail.
    let text = serde_json::to_string(&remembered).expect("plain data");
    if let Err(trouble) = files::write(&path, &text) {
        // The run itself is as good without it.
        let _ = writeln!(
            anstream::stderr().lock(),
            "--last-failed will not know: {trouble}"
        );
    }
}

fn names<'a>(
    cases: impl IntoIterator<Item = &'a report::results::CaseResult>,
) -> impl Iterator<Item = (String, String)> {
    let name = |case: &report::results::CaseResult| (case.scenario.clone(), case.profile.clone());
    cases.into_iter().map(name)
}

fn recall(path: &Path) -> Result<Cases, Trouble> {
    let text = files::read(path, LARGEST)?;
    let stale = || {
        let shown = path.display();
        Trouble::Usage(format!(
            "{shown} was not written by this version; remove it"
        ))
    };
    let remembered: Remembered = serde_json::from_str(&text).map_err(|_| stale())?;
    if remembered.format != FORMAT {
        return Err(stale());
    }
    let failed = remembered.failed.into_iter();
    Ok(failed.map(|case| (case.scenario, case.profile)).collect())
}

/// Where it is kept for this folder; nowhere, where the user has no home.
fn place() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| Some(set("HOME")?.join(".local/state")))?;
    let name = hash(&folder.to_string_lossy());
    Some(
        state
            .join("kickout/last-failed")
            .join(format!("{name}.json")),
    )
}
