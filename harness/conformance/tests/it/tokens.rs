use conformance::profile::Profile;
use serde_json::Value;
use session::rules::TokenCodes;
use session::words::{Api, ErrorWord};

use crate::files;
use crate::profiles::profiles;

/// The numbers a login may fail with, by the error texts, are those of the profiles.
#[test]
fn every_fault_of_a_ticket_has_a_number_its_vendor_allows() {
    let profiles = profiles();
    let mut compared = 0;
    for file in files("fixtures/tokens", ".json") {
        let data: Value = serde_json::from_str(&file.text).expect("sound data");
        for case in data["cases"].as_array().expect("a list") {
            let Some(codes) = case["codes"].as_object() else {
                continue;
            };
            let error: ErrorWord = case["error"].as_str().unwrap().parse().unwrap();
            for (id, allowed) in codes {
                let profile = profiles.get(id).expect("the profile is there");
                let code = finest(profile).code_of(error, Some(Api::Login));
                let allowed: Vec<i64> = serde_json::from_value(allowed.clone()).unwrap();
                let is_allowed = code.is_some_and(|code| allowed.contains(&code));
                assert!(is_allowed, "{id}: {}: {code:?}", case["name"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared}");
}

fn finest(profile: &Profile) -> Profile {
    match profile.console.token_codes.contains(&TokenCodes::Strict) {
        true => profile.with_strict_codes(),
        false => profile.clone(),
    }
}
