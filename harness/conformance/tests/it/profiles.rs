use conformance::diagnostic;
use conformance::profile::Profiles;
use serde_json::Value;

use crate::files;

pub(crate) fn profiles() -> Profiles {
    Profiles::read(&files("fixtures/profiles", ".yaml")).unwrap_or_else(|broken| {
        let shown: Vec<String> = broken
            .iter()
            .map(|file| diagnostic::render(&file.source, &file.diagnostics, false))
            .collect();
        panic!("{}", shown.join("\n"))
    })
}

#[test]
fn every_profile_resolves() {
    let ids: Vec<String> = profiles().runnable().map(|p| p.id.clone()).collect();
    for id in ["tencent-im", "zego-express", "zego-zim"] {
        assert!(ids.iter().any(|known| known == id), "{id} is missing");
    }
}

#[test]
fn every_value_says_where_it_comes_from() {
    let mut without = Vec::new();
    for profile in profiles().all() {
        let values = serde_json::to_value(profile).unwrap();
        for part in [
            "console", "rules", "bounds", "calls", "states", "errors", "events",
        ] {
            let mut leaves = Vec::new();
            collect(&values[part], part.to_owned(), &mut leaves);
            for leaf in leaves {
                let covered = profile
                    .sources
                    .keys()
                    .any(|path| leaf == *path || leaf.starts_with(&format!("{path}.")));
                if !covered {
                    without.push(format!("{}: {leaf}", profile.id));
                }
            }
        }
    }
    assert!(without.is_empty(), "no source for\n{}", without.join("\n"));
}

#[test]
fn every_source_that_is_cited_is_explained() {
    let explained = &files("fixtures", "SOURCES.md")[0].text;
    let mut unknown = Vec::new();
    let mut cited = 0;
    for profile in profiles().all() {
        for provenance in profile.sources.values() {
            for rest in provenance.from.split("SOURCES ").skip(1) {
                let end = |c: char| !(c.is_ascii_alphanumeric() || c == ' ' || c == '.');
                let key = rest.split(end).next().unwrap_or_default();
                let mut words = key.split(' ').map(|word| word.trim_end_matches('.'));
                let (area, section) = (words.next(), words.next());
                let key = match (area, section) {
                    (Some("gaps"), _) => "gaps".to_owned(),
                    (area, section) => {
                        format!(
                            "{} {}",
                            area.unwrap_or_default(),
                            section.unwrap_or_default()
                        )
                    }
                };
                cited += 1;
                if !explained.contains(&format!("| SOURCES {key} |")) {
                    unknown.push(format!("{}: {key}", profile.id));
                }
            }
        }
    }
    assert!(cited > 30, "{cited}");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_source_is_of_something() {
    let mut idle = Vec::new();
    for profile in profiles().all() {
        let values = serde_json::to_value(profile).unwrap();
        for path in profile.sources.keys() {
            let mut value = &values;
            for part in path.split('.') {
                value = &value[part];
            }
            // An empty map of calls or errors is a value, too.
            if value.is_null() {
                idle.push(format!("{}: {path}", profile.id));
            }
        }
    }
    assert!(idle.is_empty(), "no value for\n{}", idle.join("\n"));
}

fn collect(value: &Value, path: String, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, format!("{path}.{key}"), leaves);
            }
        }
        _ => leaves.push(path),
    }
}
