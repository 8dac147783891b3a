//! Every code and callback of every profile stands literally in a step that covers a requirement, so
//! that a wrong digit is caught by a requirement and not only by a transcript. (That it is caught is
//! `canary`'s to show.)

use std::collections::BTreeSet;

use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profile;
use conformance::scenario::Scenario;
use conformance::written::Written;
use serde_json::Value;
use session::words::Api;

use crate::canary::{scenarios, sources};

/// Why no step with a requirement says something, and what.
const UNSAID: &[(&str, &[&str])] = &[
    (
        "No sentence of the seed speaks of a request that the end of the link cut off, or that came too fast, or too often in vain.",
        &[
            "tencent-im-web: errors.too-many-failures: 70050",
            "tencent-im: errors.too-frequent: 9506",
            "tencent-im: errors.too-many-failures: 70050",
            "zego-express-2.18: errors.too-frequent: 1002072",
            "zego-express-web: errors.connection-lost: 1000017",
            "zego-express-web: errors.too-frequent: 1002072",
            "zego-express: errors.too-frequent: 1002072",
            "zego-zim-2.8: errors.connection-lost: 6000009",
            "zego-zim: errors.connection-lost: 6000009",
        ],
    ),
    (
        "The seed has no word about a wrong signature of the app; only an error table does (Z-AMB-53).",
        &[
            "zego-express-2.18: errors.app-sign-invalid: 1001005",
            "zego-express: errors.app-sign-invalid: 1001005",
        ],
    ),
    (
        "The seed has no word about bans; only error tables do.",
        &["tencent-im-web: errors.banned: 70051"],
    ),
    (
        "The callback is told of the link and not of the login, and the seed does not name it.",
        &[
            "tencent-im-web: events.reconnected: netStateChange state: connected",
            "tencent-im-web: events.reconnecting: netStateChange state: connecting",
            "tencent-im: events.reconnected: onConnectSuccess",
            "tencent-im: events.reconnecting: onConnecting",
        ],
    ),
    (
        "The seed says \"may receive\": that it does not come would be no breach, so no step can decide it.",
        &[
            "tencent-im-web: events.kicked-out.reasons.token-expired: userSigExpired",
            "tencent-im: events.token-expired: onUserSigExpired",
        ],
    ),
    (
        "The seed is the guide of the native SDKs; what only the web has is in no sentence.",
        &["tencent-im-web: events.ready: sdkStateReady"],
    ),
    (
        "Which status an outage has is a position (T-AMB-14), not a sentence.",
        &["tencent-im: states.reconnecting: 1"],
    ),
    (
        "The seed has no word about a renewal or a warning; they are from the API reference.",
        &[
            "zego-express-2.18: errors.not-logged-in: 1002002",
            "zego-express-2.18: events.token-will-expire: onRoomTokenWillExpire",
            "zego-express-web: errors.not-logged-in: 1002002",
            "zego-express-web: events.token-will-expire: tokenWillExpire",
            "zego-express: errors.not-logged-in: 1002002",
            "zego-express: events.token-will-expire: onRoomTokenWillExpire",
        ],
    ),
    (
        "Leaving or switching from a room one is not in is from the error table (Z-AMB-20, Z-AMB-21).",
        &[
            "zego-express-2.18: errors.not-member: 1002002",
            "zego-express-web: errors.not-member: 1002002",
            "zego-express: errors.not-member: 1002002",
        ],
    ),
    (
        "How several rooms go together is from the vendor's page about them (Z-AMB-20).",
        &[
            "zego-express-2.18: errors.too-many-rooms: 1002037",
            "zego-express-2.18: errors.user-differs: 1002018",
            "zego-express: errors.too-many-rooms: 1002037",
            "zego-express: errors.user-differs: 1002018",
        ],
    ),
    (
        "What a missing or garbled token gets is from the error table; the seed speaks only of a token that does not fit its user.",
        &[
            "zego-express-2.18: errors.token-missing: 1002067",
            "zego-express-web: errors.token-invalid: 1102016",
            "zego-express-web: errors.token-missing: 1102016",
            "zego-express: errors.token-missing: 1002067",
        ],
    ),
    (
        "The limits of user IDs and names are from the API reference; the seed has those of room IDs.",
        &[
            "zego-express-2.18: errors.user-id-invalid: 1002006",
            "zego-express-2.18: errors.user-id-too-long: 1002007",
            "zego-express-2.18: errors.user-name-empty: 1002008",
            "zego-express-2.18: errors.user-name-too-long: 1002010",
            "zego-express-web: errors.user-id-invalid: 1002006",
            "zego-express-web: errors.user-id-too-long: 1002007",
            "zego-express-web: errors.user-name-too-long: 1002010",
            "zego-express: errors.user-id-invalid: 1002006",
            "zego-express: errors.user-id-too-long: 1002007",
            "zego-express: errors.user-name-too-long: 1002010",
        ],
    ),
    (
        "Kicks by the vendor's server, or for an expired token, are from the FAQ and the error table; the seed knows one cause.",
        &[
            "zego-express-2.18: events.kicked-out.codes.server: 1002055",
            "zego-express-2.18: events.kicked-out.codes.token-expired: 1002056",
            "zego-express-web: events.kicked-out.codes.server: 1002055",
            "zego-express: events.kicked-out.codes.server: 1002055",
            "zego-express: events.kicked-out.codes.token-expired: 1002056",
        ],
    ),
    (
        "A second login while one is running is from the web error table; the seed speaks of one after a success.",
        &["zego-express-web: errors.login-in-progress: 1102012"],
    ),
    (
        "From an error table: the seed names neither a longest window (Z-AMB-31) nor a shortest token (Z-AMB-27).",
        &[
            "zego-zim-2.8: errors.log-out-first: 6000123",
            "zego-zim-2.8: errors.token-too-short: 6000108",
            "zego-zim: errors.token-too-short: 6000108",
        ],
    ),
    (
        "The state is documented, the event that goes with it is not (Z-AMB-25, Z-AMB-35).",
        &[
            "zego-zim-2.8: events.logged-out: onConnectionStateChanged event: 0 state: 0",
            "zego-zim-2.8: events.logging-in: onConnectionStateChanged event: 1 state: 1",
            "zego-zim: events.logged-out: onConnectionStateChanged event: 0 state: 0",
            "zego-zim: events.logging-in: onConnectionStateChanged event: 1 state: 1",
            "zego-zim: events.login-failed: onConnectionStateChanged event: 2 state: 0",
        ],
    ),
];

#[test]
fn every_native_code_and_callback_stands_in_a_step() {
    let (profiles, requirements) = (
        sources("fixtures/profiles"),
        sources("fixtures/requirements"),
    );
    let library = Library::read(&profiles, &requirements).expect("the data is sound");
    let scenarios = scenarios(&library);
    let mut unsaid = BTreeSet::new();
    let mut many = 0;
    for profile in library.profiles.runnable() {
        let steps = steps(profile, &scenarios, &library);
        for term in terms(profile) {
            many += 1;
            if !steps
                .iter()
                .any(|step| term.said.iter().all(|said| step.says(said)))
            {
                unsaid.insert(format!("{}: {}", profile.id, term.name));
            }
        }
    }
    assert!(many > 200, "{many}");
    let known = UNSAID.iter().flat_map(|(_, terms)| terms.iter());
    let known: BTreeSet<String> = known.map(|term| (*term).to_owned()).collect();
    let new: Vec<&String> = unsaid.difference(&known).collect();
    let stale: Vec<&String> = known.difference(&unsaid).collect();
    assert!(
        new.is_empty(),
        "said by no step with a requirement:\n{new:#?}"
    );
    assert!(stale.is_empty(), "said after all, or gone:\n{stale:#?}");
}

/// The steps that decide a requirement under this profile.
fn steps<'s>(profile: &Profile, scenarios: &'s [Scenario], library: &Library) -> Vec<Written<'s>> {
    let decides = |step: &Written<'_>| {
        let mut rows = step.covers.iter();
        rows.any(|row| library.catalogue.holds_for(row, profile))
    };
    scenarios
        .iter()
        .filter(|scenario| plan::not_applicable(scenario, profile).is_none())
        .flat_map(Scenario::written)
        .filter(decides)
        .collect()
}

/// Something of the vendor's, and what a step says that says it.
struct Term {
    name: String,
    said: Vec<String>,
}

fn terms(profile: &Profile) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |name: String, said: Vec<String>| terms.push(Term { name, said });
    for (error, native) in &profile.errors {
        for code in native.by_call.values().chain([&native.code]) {
            add(format!("errors.{error}: {code}"), vec![code.to_string()]);
        }
    }
    for (event, native) in &profile.events {
        let Some(callback) = &native.callback else {
            continue;
        };
        let mut said = vec![callback.clone()];
        for (arg, value) in &native.args {
            match value {
                Value::String(text) if text.starts_with('$') => {}
                Value::String(text) => said.push(format!("{arg}: {text}")),
                value => said.push(format!("{arg}: {value}")),
            }
        }
        add(format!("events.{event}: {}", said.join(" ")), said);
        for (reason, code) in &native.codes {
            let said = vec![callback.clone(), code.to_string()];
            add(format!("events.{event}.codes.{reason}: {code}"), said);
        }
        for (by, name) in &native.reasons {
            let said = vec![callback.clone(), name.clone()];
            add(
                format!("events.{event}.reasons.{}: {name}", by.reason),
                said,
            );
        }
    }
    // The numbers of states are told by a question alone; elsewhere they are only shown.
    if profile.calls.contains_key(&Api::GetLoginStatus) {
        for (state, native) in &profile.states {
            if let Some(value) = native.value {
                let said = vec![format!("is: {state}"), format!("code: {value}")];
                add(format!("states.{state}: {value}"), said);
            }
        }
    }
    terms
}

/// A scenario names a call by its neutral word; the vendor's name is only shown.
#[test]
fn every_call_is_made() {
    let (profiles, requirements) = (
        sources("fixtures/profiles"),
        sources("fixtures/requirements"),
    );
    let library = Library::read(&profiles, &requirements).expect("the data is sound");
    let scenarios = scenarios(&library);
    let mut unmade = Vec::new();
    for profile in library.profiles.runnable() {
        let own = scenarios
            .iter()
            .filter(|s| plan::not_applicable(s, profile).is_none());
        let steps: Vec<Written<'_>> = own.flat_map(Scenario::written).collect();
        for api in profile.calls.keys() {
            // Every client is initialised, unless its scenario does it, and most are destroyed so.
            let words: &[&str] = match api {
                Api::Initialise => continue,
                Api::Destroy => &["destroyed", "destroy"],
                Api::Login => &["login", "switch-account", "join-room"],
                Api::Logout => &["logout", "leave-room"],
                other => &[other.word()],
            };
            if !steps
                .iter()
                .any(|step| words.iter().any(|word| step.says(word)))
            {
                unmade.push(format!("{}: {api}", profile.id));
            }
        }
    }
    assert_eq!(unmade, [""; 0], "called by no step");
}
