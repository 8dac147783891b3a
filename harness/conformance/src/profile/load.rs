//! Files to profiles: what a profile extends is merged in, and every complaint has its place.
//!
//! Maps merge key by key; lists and scalars replace. `undocumented` keeps the ancestor's value
//! for the reference peers and marks the knob; a null removes what is inherited.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Profile;
use super::derived::derived;
use crate::decode::{Broken, decode_json, hash};
use crate::diagnostic::{Diagnostic, closest};
use crate::source::{Source, Span};
use crate::yaml::{self, Node};

/// What stands for a knob that nobody documents.
const UNDOCUMENTED: &str = "undocumented";

/// Keys that belong to one profile alone.
const NOT_INHERITED: [&str; 3] = ["id", "extends", "abstract"];

/// A profile file.
pub type ProfileText = Source;

/// All profiles, resolved.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    all: BTreeMap<String, Profile>,
}

#[derive(Clone)]
struct Resolved {
    json: Value,
    undocumented: BTreeSet<String>,
    ancestors: Vec<String>,
}

/// Something said about a value that no ancestor has; each with its path.
enum Idle {
    /// It is to be removed.
    Removal(String),
    /// It is undocumented, and there is nothing to fall back on.
    Undocumented(String),
}

struct File<'a> {
    source: &'a Source,
    node: Node,
    id: String,
    extends: Option<String>,
}

impl Profiles {
    /// Reads a set of files that may extend each other.
    ///
    /// # Errors
    /// Every file that is no good, each with its complaints.
    pub fn read(sources: &[ProfileText]) -> Result<Profiles, Vec<Broken>> {
        let mut broken = Vec::new();
        let mut files: BTreeMap<String, File<'_>> = BTreeMap::new();
        for source in sources {
            match open(source) {
                Ok(file) if files.contains_key(&file.id) => {
                    let message = format!("profile `{}` stands in two files", file.id);
                    let wrong = Diagnostic::new("duplicate-profile", message);
                    broken.push(broke(source, vec![wrong]));
                }
                Ok(file) => {
                    files.insert(file.id.clone(), file);
                }
                Err(diagnostics) => broken.push(broke(source, diagnostics)),
            }
        }
        let mut profiles = Profiles::default();
        let mut done = BTreeMap::new();
        for file in files.values() {
            let resolved = resolve(file, &files, &mut done, &mut Vec::new());
            match resolved.and_then(|resolved| finish(file, resolved)) {
                Ok(profile) => {
                    profiles.all.insert(profile.id.clone(), profile);
                }
                Err(wrong) => broken.push(broke(file.source, vec![wrong])),
            }
        }
        if broken.is_empty() {
            Ok(profiles)
        } else {
            Err(broken)
        }
    }

    /// The profile with this id.
    pub fn get(&self, id: &str) -> Option<&Profile> {
        self.all.get(id)
    }

    /// All profiles by id, those that are only there to be extended included.
    pub fn all(&self) -> impl Iterator<Item = &Profile> {
        self.all.values()
    }

    /// The profiles a scenario can be run under.
    pub fn runnable(&self) -> impl Iterator<Item = &Profile> {
        self.all().filter(|profile| !profile.r#abstract)
    }
}

impl Idle {
    fn complaint(&self, span: Span) -> Diagnostic {
        match self {
            Idle::Removal(path) => {
                let message = format!("`{path}` is empty, and no ancestor has it");
                Diagnostic::new("nothing-to-remove", message)
                    .at(span, "nothing to remove")
                    .help("give it a value, or leave it out")
            }
            Idle::Undocumented(path) => {
                let message = format!(
                    "`{path}` is undocumented, and no ancestor gives a value to fall back on"
                );
                Diagnostic::new("no-fallback", message)
                    .at(span, "the reference peers need some value")
                    .help("set it in a profile that this one extends")
            }
        }
    }
}

fn broke(source: &Source, diagnostics: Vec<Diagnostic>) -> Broken {
    Broken {
        source: source.clone(),
        diagnostics,
    }
}

fn open(source: &Source) -> Result<File<'_>, Vec<Diagnostic>> {
    let node = yaml::parse(source)?;
    let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let Some(id) = text("id") else {
        let wrong = Diagnostic::new("missing-key", "a profile needs an `id`").at(node.span, "");
        return Err(vec![wrong]);
    };
    let extends = text("extends");
    Ok(File {
        source,
        id,
        extends,
        node,
    })
}

fn resolve<'a>(
    file: &'a File<'_>,
    files: &'a BTreeMap<String, File<'_>>,
    done: &mut BTreeMap<String, Resolved>,
    path: &mut Vec<&'a str>,
) -> Result<Resolved, Diagnostic> {
    if let Some(resolved) = done.get(&file.id) {
        return Ok(resolved.clone());
    }
    let here = file.node.get("extends").map_or(file.node.span, |n| n.span);
    if path.contains(&file.id.as_str()) {
        let message = format!("`{}` extends itself by way of {}", file.id, path.join(", "));
        return Err(Diagnostic::new("extends-cycle", message).at(here, ""));
    }
    path.push(&file.id);
    let mut resolved = match &file.extends {
        None => Resolved {
            json: Value::Object(Map::new()),
            undocumented: BTreeSet::new(),
            ancestors: Vec::new(),
        },
        Some(parent) => {
            let Some(base) = files.get(parent) else {
                let known = files.keys().map(String::as_str);
                let mut wrong =
                    Diagnostic::new("unknown-profile", format!("there is no profile `{parent}`"))
                        .at(here, "");
                if let Some(near) = closest(parent, known) {
                    wrong = wrong.suggest(here, near);
                }
                return Err(wrong);
            };
            let mut resolved = resolve(base, files, done, path).map_err(|wrong| {
                let message = format!(
                    "`{parent}`, which this extends, is no good: {}",
                    wrong.message
                );
                Diagnostic::new(wrong.code, message).at(here, "")
            })?;
            resolved.ancestors.insert(0, parent.clone());
            if let Value::Object(fields) = &mut resolved.json {
                for key in NOT_INHERITED {
                    fields.remove(key);
                }
            }
            resolved
        }
    };
    path.pop();
    let mut wrong = Vec::new();
    merge(
        &mut resolved.json,
        file.node.to_json(),
        &mut String::new(),
        &mut resolved.undocumented,
        &mut wrong,
    );
    if let Some(idle) = wrong.first() {
        let (Idle::Removal(path) | Idle::Undocumented(path)) = idle;
        let parts: Vec<&str> = path.split('.').collect();
        let span = file.node.at_path(&parts).map_or(here, |node| node.span);
        return Err(idle.complaint(span));
    }
    done.insert(file.id.clone(), resolved.clone());
    Ok(resolved)
}

/// Lays `over` over `base`. Knobs marked undocumented keep the base's value.
fn merge(
    base: &mut Value,
    over: Value,
    path: &mut String,
    undocumented: &mut BTreeSet<String>,
    wrong: &mut Vec<Idle>,
) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                let length = path.len();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&key);
                if value.is_null() {
                    if base.remove(&key).is_none() {
                        wrong.push(Idle::Removal(path.clone()));
                    }
                } else if value == UNDOCUMENTED {
                    if base.contains_key(&key) {
                        undocumented.insert(path.clone());
                    } else {
                        wrong.push(Idle::Undocumented(path.clone()));
                    }
                } else {
                    let slot = base.entry(key).or_insert_with(|| match value {
                        Value::Object(_) => Value::Object(Map::new()),
                        _ => Value::Null,
                    });
                    merge(slot, value, path, undocumented, wrong);
                }
                path.truncate(length);
            }
        }
        (base, over) => {
            undocumented.remove(path.as_str());
            *base = over;
        }
    }
}

/// Adds the capabilities that follow from the rules; none of them may be listed.
fn derive(file: &File<'_>, profile: &mut Profile) -> Result<(), Diagnostic> {
    let mut listed = Vec::new();
    for (capability, holds, knob) in derived(&profile.rules) {
        if profile.capabilities.contains(&capability) {
            listed.push(format!("`{capability}` follows from {knob}"));
        } else if holds {
            profile.capabilities.insert(capability);
        }
    }
    let place = file.node.get("capabilities").or(file.node.get("id"));
    let place = place.map_or(file.node.span, |node| node.span);
    match listed.is_empty() {
        true => Ok(()),
        false => Err(Diagnostic::new("derived", listed.join(", and "))
            .at(place, "listed here or in what it extends")
            .help("leave out what follows from the rules")),
    }
}

fn finish(file: &File<'_>, resolved: Resolved) -> Result<Profile, Diagnostic> {
    let mut profile: Profile = decode_json(resolved.json, &file.node)?;
    derive(file, &mut profile)?;
    profile.ancestors = resolved.ancestors;
    profile.undocumented = resolved.undocumented;
    let mut values = profile.clone();
    values.sources.clear();
    values.positions.clear();
    values.about.clear();
    // Plain data with string keys: serialising it cannot fail.
    let text = serde_json::to_string(&values).expect("a profile is plain data");
    profile.hash = hash(&text);
    Ok(profile)
}
