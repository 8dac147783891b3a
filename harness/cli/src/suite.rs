//! The built-in suite, and scenarios from disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance::decode::Broken;
use conformance::deviation::{Deviation, Deviations};
use conformance::diagnostic::closest;
use conformance::library::Library;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::source::Source;
use conformance::yaml;
use globset::{Glob, GlobMatcher};
use include_dir::{Dir, include_dir};

use crate::args::Selection;
use crate::exit::Trouble;
use crate::snapshots::Place;

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../scenarios");
static PROFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/profiles");
static REQUIREMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/requirements");
static DEVIATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/deviations");
static TRANSCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/transcripts");

/// The largest scenario file that is opened, in bytes; the reader has the same limit and says so.
const LARGEST: u64 = 2 * 1024 * 1024;

/// Profiles, requirements and rules: the built-in ones, and the profiles in files that the
/// selection names.
///
/// # Errors
/// A file that cannot be read or is no good.
pub fn library(selection: &Selection) -> Result<Library, Trouble> {
    let mut profiles = embedded(&PROFILES, "fixtures/profiles")?;
    for path in selection.profile.iter().map(Path::new) {
        if is_yaml(path) {
            profiles.push(read(path)?);
        }
    }
    let requirements = embedded(&REQUIREMENTS, "fixtures/requirements")?;
    Library::read(&profiles, &requirements).map_err(Trouble::Broken)
}

/// The built-in deviations.
///
/// # Errors
/// A file that is no good.
pub fn deviations(library: &Library) -> Result<Deviations, Trouble> {
    let sources = embedded(&DEVIATIONS, "fixtures/deviations")?;
    Deviations::read(&sources, library).map_err(Trouble::Broken)
}

/// The built-in deviation of this name.
///
/// # Errors
/// There is none.
pub fn deviation(name: &str, library: &Library) -> Result<Deviation, Trouble> {
    let deviations = deviations(library)?;
    deviations.get(name).cloned().ok_or_else(|| {
        let names = deviations.all().iter().map(|known| known.name.as_str());
        let near = closest(name, names)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        Trouble::Usage(format!("there is no deviation `{name}`{near}"))
    })
}

/// A scenario, and where its recorded transcripts are.
#[derive(Debug, Clone)]
pub struct Member {
    /// The scenario.
    pub scenario: Scenario,
    /// Its recorded transcripts.
    pub snapshots: Place,
    /// How to name it on a command line.
    pub argument: String,
}

/// The selected scenarios, sorted by name.
///
/// # Errors
/// Files that cannot be read or are no good, all of them at once; or nothing selected.
pub fn scenarios(selection: &Selection, library: &Library) -> Result<Vec<Member>, Trouble> {
    let filter = selection.filter.as_deref().map(glob).transpose()?;
    let mut found = Vec::new();
    if selection.paths.is_empty() {
        for source in embedded(&SCENARIOS, "scenarios")? {
            let name = name_of(source.path.trim_start_matches("scenarios/"));
            found.push(Found {
                argument: format!("--filter '{name}'"),
                snapshots: Place::built_in(&name),
                name,
                source,
            });
        }
    }
    for path in &selection.paths {
        from_disk(path, &mut found)?;
    }
    found.retain(|found| filter.as_ref().is_none_or(|f| f.is_match(&found.name)));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let mut members = Vec::new();
    let mut broken = Vec::new();
    for found in found {
        match library.scenario(Arc::new(found.source.clone()), &found.name) {
            Ok(scenario) => members.push(Member {
                scenario,
                snapshots: found.snapshots,
                argument: found.argument,
            }),
            Err(diagnostics) => broken.push(Broken {
                source: found.source,
                diagnostics,
            }),
        }
    }
    if !broken.is_empty() {
        return Err(Trouble::Broken(broken));
    }
    members.retain(|member| {
        let tags = &member.scenario.tags;
        selection.tag.is_empty() || selection.tag.iter().any(|tag| tags.contains(tag))
    });
    if members.is_empty() {
        return Err(Trouble::Nothing(
            "nothing to run: no scenario is selected".into(),
        ));
    }
    Ok(members)
}

/// The selected profiles.
///
/// # Errors
/// A name that is none.
pub fn profiles<'a>(
    selection: &Selection,
    library: &'a Library,
) -> Result<Vec<&'a Profile>, Trouble> {
    let all: Vec<&Profile> = library.profiles.runnable().collect();
    if selection.profile.is_empty() || selection.profile.iter().any(|id| id == "all") {
        return Ok(all);
    }
    let wanted: Vec<String> = selection
        .profile
        .iter()
        .map(|wanted| match is_yaml(Path::new(wanted)) {
            true => id_in(Path::new(wanted)),
            false => Ok(wanted.clone()),
        })
        .collect::<Result<_, Trouble>>()?;
    for wanted in &wanted {
        if !all.iter().any(|profile| profile.id == *wanted) {
            let known: Vec<&str> = all.iter().map(|profile| profile.id.as_str()).collect();
            let near = closest(wanted, known.iter().copied())
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Err(Trouble::Usage(format!(
                "there is no profile `{wanted}`{near}\nthe profiles are {}",
                known.join(", ")
            )));
        }
    }
    Ok(all
        .into_iter()
        .filter(|profile| wanted.contains(&profile.id))
        .collect())
}

/// Is the profile part of the binary, and not one of the user's?
pub fn is_built_in(profile: &str) -> bool {
    PROFILES.get_file(format!("{profile}.yaml")).is_some()
}

/// The recorded transcript of a built-in scenario.
pub fn recorded(scenario: &str, profile: &str) -> Option<&'static str> {
    TRANSCRIPTS
        .get_file(format!("{scenario}/{profile}.snap"))?
        .contents_utf8()
}

fn id_in(path: &Path) -> Result<String, Trouble> {
    let source = read(path)?;
    let node = yaml::parse(&source).map_err(|diagnostics| {
        Trouble::Broken(vec![Broken {
            source,
            diagnostics,
        }])
    })?;
    let id = node.get("id").and_then(|id| id.text());
    Ok(id.unwrap_or_default().to_owned())
}

struct Found {
    name: String,
    source: Source,
    snapshots: Place,
    argument: String,
}

pub(crate) fn glob(text: &str) -> Result<GlobMatcher, Trouble> {
    Glob::new(text)
        .map(|glob| glob.compile_matcher())
        .map_err(|error| Trouble::Usage(format!("--filter: {error}")))
}

fn embedded(folder: &Dir<'_>, shown: &str) -> Result<Vec<Source>, Trouble> {
    let mut sources = Vec::new();
    for entry in folder.entries() {
        match entry {
            include_dir::DirEntry::Dir(folder) => sources.extend(embedded(folder, shown)?),
            include_dir::DirEntry::File(file) if is_yaml(file.path()) => {
                let path = format!("{shown}/{}", file.path().display());
                let source = yaml::read(&path, file.contents().to_vec());
                sources.push(source.map_err(|wrong| unread(&path, wrong))?);
            }
            include_dir::DirEntry::File(_) => {}
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn from_disk(path: &Path, found: &mut Vec<Found>) -> Result<(), Trouble> {
    let unreadable = |error| Trouble::Unreadable(path.display().to_string(), error);
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if about.is_file() {
        found.push(open(path, path.parent().unwrap_or(Path::new("")))?);
        return Ok(());
    }
    if !about.is_dir() {
        let shown = path.display();
        return Err(Trouble::Usage(format!(
            "{shown} is neither a file nor a folder"
        )));
    }
    let mut files = Vec::new();
    walk(path, &mut files).map_err(unreadable)?;
    files.sort();
    for file in files {
        found.push(open(&file, path)?);
    }
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if is_yaml(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// A text from disk.
///
/// # Errors
/// It cannot be read, or is no text.
pub(crate) fn read(path: &Path) -> Result<Source, Trouble> {
    let shown = path.display().to_string();
    let unreadable = |error| Trouble::Unreadable(shown.clone(), error);
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    // A file beyond the limit is not read whole only to be refused.
    let bytes = if size > LARGEST {
        use std::io::Read;
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        // The limit may cut a character in two.
        String::from_utf8_lossy(&bytes).into_owned().into_bytes()
    } else {
        std::fs::read(path).map_err(unreadable)?
    };
    yaml::read(&shown, bytes).map_err(|wrong| unread(&shown, wrong))
}

fn open(path: &Path, below: &Path) -> Result<Found, Trouble> {
    let source = read(path)?;
    // Below a folder `scenarios` of a checkout the name is the one of the built-in suite.
    let suite = path
        .ancestors()
        .find(|folder| folder.ends_with("scenarios"))
        .map(Path::to_owned);
    let relative = path
        .strip_prefix(suite.as_deref().unwrap_or(below))
        .unwrap_or(path);
    let name = name_of(&relative.display().to_string());
    Ok(Found {
        snapshots: Place::on_disk(path, suite.as_deref(), &name),
        argument: source.path.clone(),
        name,
        source,
    })
}

fn unread(path: &str, wrong: conformance::diagnostic::Diagnostic) -> Trouble {
    let source = Source {
        path: path.to_owned(),
        text: String::new(),
    };
    Trouble::about(source, wrong)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

fn name_of(relative: &str) -> String {
    relative
        .trim_end_matches(".yaml")
        .trim_end_matches(".yml")
        .replace('\\', "/")
}
