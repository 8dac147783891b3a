//! A suite that stops looking is noticed: every native number of every profile is changed by one
//! digit, and a step must say so. A changed transcript does not count. (That nothing is said where
//! nothing is wrong is the suite's own test.)

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use conformance::case::{Case, DEFAULT_SEED};
use conformance::judge::{self, Finding, Noticed};
use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profiles;
use conformance::scenario::Scenario;
use conformance::source::Source;

/// Numbers that no sentence of a seed speaks of, with the reason; steps without rows guard them.
const WITHOUT_A_ROW: &[&str] = &[
    // A request that the end of the link cut off, or that came too fast: only error tables know.
    "tencent-im-web: connection-lost: { code: 2800<, name: null }",
    "tencent-im: connection-lost: { code: 9508<, name: ERR_SDK_NET_DISCONNECT }",
    "tencent-im: too-frequent: { code: 9506<, name: ERR_SDK_NET_FREQ_LIMIT }",
    "tencent-im: too-many-failures: { code: 70050<, name: ERR_SVR_ACCOUNT_FREQ_LIMIT }",
    "zego-express-web: connection-lost: { code: 1000017<, name: null }",
    "zego-express: too-frequent: { code: 1002072< }",
    "zego-zim: connection-lost: { code: 6000009<, name: CommonModuleIMServerDisconnect }",
    // Told by other pages of the vendor than the seed.
    "tencent-im-web: login-too-soon: { code: 2025< }",
    "tencent-im-web: not-ready: { code: 2999< }",
    "zego-express-2.18: user-name-empty: { code: 1002008< }",
    "zego-express-web: login-in-progress: { code: 1102012<, name: null }",
    "zego-express-web: not-logged-in: { code: 1002014, name: null, by-call: { renew-token: 1002002< } }",
    "zego-express-web: token-invalid: { code: 1102016<, name: null }",
    "zego-express-web: token-missing: { code: 1102016<, name: null }",
    "zego-express-web: token-forbids: { code: 1102020< }",
    "zego-express-web: token-wrong-app: { code: 1102020<, name: null, strict: null }",
    "zego-express-web: token-wrong-key: { code: 1102020< }",
    "zego-express: app-sign-invalid: { code: 1001005<, name: EngineAppsignIncorrect }",
    "zego-express: by-call: { renew-token: 1002002< }",
    "zego-express: login-in-progress: { code: 1002001<, name: RoomCountExceed }",
    "zego-express: not-member: { code: 1002002<, name: RoomRoomidIncorrect }",
    "zego-express: server: 1002055<",
    "zego-express: token-expired: 1002056<",
    "zego-express: token-invalid: { code: 1002033<, name: RoomErrorAuthenticationFailed }",
    "zego-express: token-missing: { code: 1002067<, name: RoomNoToken }",
    "zego-express: token-malformed: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002075< }",
    "zego-express: token-malformed: { code: 1002033<, name: RoomErrorAuthenticationFailed, strict: 1002075 }",
    "zego-express: token-wrong-version: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002079< }",
    "zego-express: token-wrong-version: { code: 1002033<, name: RoomErrorAuthenticationFailed, strict: 1002079 }",
    "zego-express: token-wrong-types: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002080< }",
    "zego-express: token-wrong-types: { code: 1002033<, name: RoomErrorAuthenticationFailed, strict: 1002080 }",
    "zego-express: token-wrong-app: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002076< }",
    "zego-express: token-wrong-app: { code: 1002033<, name: RoomErrorAuthenticationFailed, strict: 1002076 }",
    "zego-express: token-wrong-user: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002077< }",
    "zego-express: token-expired: { code: 1002033, name: RoomErrorAuthenticationFailed, strict: 1002078< }",
    "zego-express: too-many-rooms: { code: 1002037<, name: RoomErrorExceedMaximumRoomCount }",
    "zego-express: user-differs: { code: 1002018<, name: RoomMultiRoomLoginUserNotSame }",
    "zego-express: user-id-invalid: { code: 1002006<, name: RoomUserIdInvalidCharacter }",
    "zego-express: user-id-too-long: { code: 1002007< }",
    "zego-express: user-name-too-long: { code: 1002010< }",
    "zego-zim-2.8: log-out-first: { code: 6000123<, name: NetworkModuleUserOffline }",
    "zego-zim-2.8: window-ended: { code: 6000104<, name: NetworkModuleNetworkError }",
    "zego-zim: token-too-short: { code: 6000108<, name: NetworkModuleTokenTimeIsTooShort }",
    // The state is documented, the event that goes with it is not (Z-AMB-35).
    "zego-zim: { callback: onConnectionStateChanged, args: { state: 0, event: 0< } }",
    "zego-zim: { callback: onConnectionStateChanged, args: { state: 0, event: 2< } }",
    "zego-zim: { callback: onConnectionStateChanged, args: { state: 1, event: 1< } }",
    "zego-zim: { callback: onConnectionStateChanged, args: { state: 1<, event: 1 } }",
];

#[test]
fn a_wrong_digit_is_caught_by_a_step() {
    let profiles = sources("fixtures/profiles");
    let mut library =
        Library::read(&profiles, &sources("fixtures/requirements")).expect("the data is sound");
    let scenarios = native(&library);
    let mut missed = Vec::new();
    let mut without_row = BTreeSet::new();
    for (index, source) in profiles.iter().enumerate() {
        for number in numbers(&source.text) {
            let mut changed = profiles.clone();
            changed[index]
                .text
                .replace_range(number.range.clone(), &number.other);
            let id = source.path.trim_end_matches(".yaml").rsplit('/').next();
            let name = format!("{}: {}", id.unwrap_or_default(), number.line);
            library.profiles = Profiles::read(&changed).expect("still sound profiles");
            // Only a file that names the number can notice.
            let named = scenarios
                .iter()
                .filter(|s| s.source.text.contains(&source.text[number.range.clone()]));
            let findings = findings(&library, named, id.unwrap_or_default());
            if findings.is_empty() {
                missed.push(name);
            } else if findings.iter().all(|finding| finding.rows.is_empty()) {
                without_row.insert(name);
            }
        }
    }
    assert_eq!(missed, [""; 0], "changed, and no step noticed");
    let known: BTreeSet<String> = WITHOUT_A_ROW.iter().map(|n| (*n).to_owned()).collect();
    assert_eq!(without_row, known, "caught, but no requirement was named");
}

/// What steps find under this profile, up to the first scenario that names a row.
fn findings<'s>(
    library: &Library,
    scenarios: impl Iterator<Item = &'s Scenario>,
    profile: &str,
) -> Vec<Finding> {
    let profile = library.profiles.get(profile).expect("it is there");
    let mut all = Vec::new();
    if profile.r#abstract {
        return all;
    }
    for scenario in scenarios {
        if plan::not_applicable(scenario, profile).is_some() {
            continue;
        }
        let case = Case::new(scenario, profile, DEFAULT_SEED);
        let transcript = runner::run_case(&case).expect("the harness is sound");
        let verdict = judge::judge(&case, &transcript, &library.catalogue, &library.rules)
            .expect("it is of this very scenario");
        let found = verdict.findings.into_iter();
        all.extend(found.filter(|finding| matches!(finding.by, Noticed::Step(_))));
        if all.iter().any(|finding| !finding.rows.is_empty()) {
            break;
        }
    }
    all
}

/// Only scenarios for given profiles may name a vendor's numbers; crowds never do.
fn native(library: &Library) -> Vec<Scenario> {
    let mut scenarios = scenarios(library);
    scenarios.retain(|scenario| !scenario.profiles.is_empty() && scenario.clients.len() <= 250);
    scenarios
}

pub(crate) fn scenarios(library: &Library) -> Vec<Scenario> {
    sources("scenarios")
        .into_iter()
        .map(|source| {
            let name = source.path.trim_end_matches(".yaml").to_owned();
            library
                .scenario(Arc::new(source), &name)
                .unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"))
        })
        .collect()
}

/// A number of the vendor in a profile.
struct Number {
    range: Range<usize>,
    /// The same number with another last digit.
    other: String,
    /// Its line, with the number pointed out.
    line: String,
}

/// The vendor's numbers in the errors and events of a profile.
fn numbers(text: &str) -> Vec<Number> {
    let from = text.find("\nerrors:").unwrap_or(text.len());
    let to = text.find("\nsources:").unwrap_or(text.len());
    let mut found = Vec::new();
    let mut at = from;
    for line in text[from..to].split_inclusive('\n') {
        let mut rest = line;
        let mut column = 0;
        while let Some(start) = rest.find(": ").map(|colon| colon + 2) {
            let digits = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                let number = &rest[start..start + digits];
                let range = at + column + start..at + column + start + digits;
                let mut line = line.trim().to_owned();
                let mark = column + start - (text[at..].len() - text[at..].trim_start().len());
                line.insert(mark + digits, '<');
                found.push(Number {
                    range,
                    other: other_digit(number),
                    line,
                });
            }
            column += start + digits;
            rest = &rest[start + digits..];
        }
        at += line.len();
    }
    found
}

fn other_digit(number: &str) -> String {
    let (rest, last) = number.split_at(number.len() - 1);
    let last = (last.parse::<u32>().expect("a digit") + 5) % 10;
    format!("{rest}{last}")
}

pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path: std::path::PathBuf| Source {
            text: std::fs::read_to_string(&path).expect("a text file"),
            path: path.display().to_string(),
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}
