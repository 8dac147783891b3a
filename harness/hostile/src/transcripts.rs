//! Stored runs: read, shown and judged again.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use conformance::case::Case;
use conformance::judge;
use conformance::scenario::Scenario;
use conformance::text;
use conformance::transcript::Transcript;

use crate::files;

/// A stored transcript. Lines that are no entries end the reading, as they must; what is right
/// among the others is judged all the same.
///
/// # Panics
/// A promise is broken.
pub fn transcript(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Transcript::from_jsonl(&text) {
        Ok(transcript) => {
            let again = Transcript::from_jsonl(&transcript.to_jsonl()).expect("it was read before");
            assert_eq!(again, transcript);
            judged(transcript);
        }
        Err(wrong) => {
            assert!(!wrong.to_string().is_empty());
            let mut lines = text.lines();
            let header = lines
                .next()
                .and_then(|line| serde_json::from_str(line).ok());
            if let Some(header) = header {
                let entries = lines.filter_map(|line| serde_json::from_str(line).ok());
                let entries = entries.collect();
                judged(Transcript { header, entries });
            }
        }
    }
}

/// Judges a run as one of the scenario and profile that it names, whatever version it is of.
///
/// # Panics
/// A promise is broken.
pub fn judged(mut transcript: Transcript) {
    let _ = text::render(&transcript);
    let library = files::library();
    let scenario = by_name().get(transcript.header.scenario.as_str());
    let profile = library.profiles.get(&transcript.header.profile);
    let (Some(scenario), Some(profile)) = (scenario, profile) else {
        return;
    };
    let case = Case::new(scenario, profile, transcript.header.seed);
    transcript.header.scenario_hash = scenario.hash.clone();
    transcript.header.profile_hash = profile.hash.clone();
    let judge = || judge::judge(&case, &transcript, &library.catalogue, &library.rules);
    let verdict = judge().expect("it is of this version");
    assert_eq!(verdict, judge().expect("as before"), "judged twice");
}

fn by_name() -> &'static BTreeMap<&'static str, &'static Scenario> {
    static NAMES: OnceLock<BTreeMap<&'static str, &'static Scenario>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let short = files::short_scenarios().iter();
        short.map(|one| (one.name.as_str(), one)).collect()
    })
}
