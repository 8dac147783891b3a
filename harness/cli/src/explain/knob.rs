//! The values of profiles, and where they come from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance::profile::Profile;
use serde_json::Value;

use super::{Known, setting};

impl Known<'_> {
    /// A profile, or a knob by its path; `rules.` may be left out, as in a scenario.
    pub(super) fn knob(&self, what: &str) -> Option<String> {
        if let Some(profile) = self.library.profiles.get(what) {
            return Some(about(profile));
        }
        let path = [what.to_owned(), format!("rules.{what}")];
        let path = path.iter().find(|path| {
            let mut profiles = self.library.profiles.runnable();
            path.contains('.') && profiles.any(|profile| value_of(profile, path).is_some())
        })?;
        let mut text = format!("{path}  knob of a profile\n");
        for profile in self.library.profiles.runnable() {
            let Some(value) = value_of(profile, path) else {
                continue;
            };
            let undocumented = match profile.undocumented.contains(path) {
                true => "undocumented; the reference peers use ",
                false => "",
            };
            let value = value.as_str().map_or(value.to_string(), str::to_owned);
            let _ = writeln!(text, "    {}: {undocumented}{value}", profile.id);
            if let Some(from) = source_of(profile, path) {
                let _ = writeln!(text, "        {from}");
            }
        }
        for question in self.library.ambiguities.all() {
            for reading in &question.readings {
                if let Some(value) = reading.by.get(path) {
                    let by = setting(path, value);
                    let _ = writeln!(text, "{by} in {}: {}", question.id, reading.is);
                }
            }
        }
        Some(text)
    }

    pub(super) fn knob_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for profile in self.library.profiles.runnable() {
            names.insert(profile.id.clone());
            // Plain data: serialising it cannot fail.
            let rules = serde_json::to_value(&profile.rules).expect("rules are plain data");
            for (area, fields) in rules.as_object().into_iter().flatten() {
                let knobs = fields.as_object().into_iter().flatten();
                names.extend(knobs.map(|(knob, _)| format!("{area}.{knob}")));
            }
        }
        names
    }
}

fn about(profile: &Profile) -> String {
    let mut text = format!(
        "{}  profile of {}, {}",
        profile.id, profile.vendor, profile.product
    );
    let _ = writeln!(text, " ({})\n{}", profile.versions, profile.about.trim());
    if !profile.ancestors.is_empty() {
        let _ = writeln!(
            text,
            "extends {}",
            profile.ancestors.join(", which extends ")
        );
    }
    let has: Vec<&str> = profile.capabilities.iter().map(|c| c.word()).collect();
    let _ = writeln!(text, "has {}", has.join(", "));
    for knob in &profile.undocumented {
        let _ = writeln!(text, "undocumented: {knob}");
    }
    for (question, position) in &profile.positions {
        let _ = writeln!(text, "position {question}: {position}");
    }
    text
}

fn value_of(profile: &Profile, path: &str) -> Option<Value> {
    let mut value = serde_json::to_value(profile).ok()?;
    for part in path.split('.') {
        value = value.get_mut(part)?.take();
    }
    Some(value).filter(|value| !value.is_null())
}

/// The source of the nearest path that has one.
fn source_of(profile: &Profile, path: &str) -> Option<String> {
    let provenance = profile.provenance(path)?;
    let position = match &provenance.position {
        Some(position) => format!("; position {position}"),
        None => String::new(),
    };
    let (from, confidence) = (provenance.from.trim(), provenance.confidence);
    Some(format!("from {from} (confidence: {confidence}{position})"))
}
