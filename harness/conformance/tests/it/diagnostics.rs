//! Every file in `fixtures/diagnostics/` against what is said about it.
//!
//! A file begins with the complaints it must lead to, `# wants: CODE at LINE:COLUMN; ...`, or
//! `# wants: nothing`. How it looks on a terminal is the snapshot beside it; accepting a snapshot
//! without thought does not make a wrong complaint right.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance::diagnostic::{Diagnostic, render};
use conformance::document::{Known, lower};
use conformance::source::Source;
use conformance::yaml;

#[test]
fn every_fixture_is_complained_about_as_it_wants() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut wrong = Vec::new();
    for path in fixtures() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        let wants = wants(&bytes);
        let (source, diagnostics) = complaints(name, bytes);
        let found = found(&source, &diagnostics);
        if !matches(&wants, &found) {
            wrong.push(format!("{name}: wants {wants:?}, but there is {found:?}"));
        }
        if !diagnostics.is_empty() {
            let text = render(&source, &diagnostics, false);
            assert!(text.len() < 40_000, "{name} floods");
            settings.bind(|| insta::assert_snapshot!(name, text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_a_fixture_for_every_code() {
    let all: Vec<String> = fixtures()
        .iter()
        .flat_map(|path| wants(&fs::read(path).unwrap()))
        .collect();
    for code in [
        "bad-length",
        "bad-name",
        "bad-number",
        "bad-text",
        "cannot-fail",
        "duplicate-key",
        "empty",
        "impossible",
        "keys-apart",
        "keys-together",
        "missing-key",
        "native-word",
        "no-effect",
        "not-utf-8",
        "repeated",
        "second-document",
        "too-deep",
        "too-long",
        "too-much",
        "two-acts",
        "unknown-act",
        "unknown-capability",
        "unknown-client",
        "unknown-key",
        "unknown-knob",
        "unknown-mark",
        "unknown-profile",
        "unknown-requirement",
        "unknown-start",
        "unknown-user",
        "unknown-word",
        "wrong-type",
        "yaml",
    ] {
        assert!(all.iter().any(|want| want.starts_with(code)), "{code}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/diagnostics")
}

fn fixtures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    paths.sort();
    assert!(paths.len() >= 30);
    paths
}

/// What the comment at the top of a file asks for.
fn wants(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let first = text.trim_start_matches('\u{feff}').lines().next().unwrap();
    let wants = first.strip_prefix("# wants: ").unwrap();
    wants
        .split("; ")
        .filter(|want| *want != "nothing")
        .map(str::to_owned)
        .collect()
}

fn complaints(name: &str, bytes: Vec<u8>) -> (Arc<Source>, Vec<Diagnostic>) {
    let shown = format!("{name}.yaml");
    match yaml::read(&shown, bytes) {
        Err(diagnostic) => {
            let source = Source {
                path: shown,
                text: String::new(),
            };
            (Arc::new(source), vec![diagnostic])
        }
        Ok(source) => {
            let source = Arc::new(source);
            let diagnostics = lower(Arc::clone(&source), name, &known()).err();
            (source, diagnostics.unwrap_or_default())
        }
    }
}

fn found(source: &Source, diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| match diagnostic.span {
            None => diagnostic.code.to_owned(),
            Some(span) => {
                let (line, column) = source.position(span);
                format!("{} at {line}:{column}", diagnostic.code)
            }
        })
        .collect()
}

/// `CODE at *` stands for any number of complaints with that code.
fn matches(wants: &[String], found: &[String]) -> bool {
    match wants {
        [one] if one.ends_with("at *") => found
            .iter()
            .all(|found| found.starts_with(one.trim_end_matches('*'))),
        wants => wants == found,
    }
}

/// The names the fixtures may use.
fn known() -> Known {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Known {
        requirements: set(&[
            "EXP-059", "EXP-060", "TIM-023", "ZIM-041", "ZIM-042", "ZIM-045",
        ]),
        profiles: set(&["tencent-im", "zego-express", "zego-zim"]),
        capabilities: set(&["accounts", "rooms"]),
        callbacks: set(&["onKickedOffline", "onRoomStateChanged"]),
        arguments: set(&["errorCode", "reason", "roomID"]),
        knobs: set(&[
            "login.again-same-user",
            "reconnect.window",
            "token.on-expiry",
        ]),
    }
}
