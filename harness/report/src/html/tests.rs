use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::render;
use crate::results::sample;

const HOSTILE: &str =
    "</script><script>alert(1)</script>\u{202e}<img src=x onerror=alert(2)>\"'&\u{1}";

/// What is packed for the scenarios, in their order.
fn packed(page: &str) -> Vec<serde_json::Value> {
    let scripts = page.split("<script class=\"packed\"").skip(1);
    let unpack = |script: &str| {
        let data = script.split_once('>').unwrap().1.split_once('<').unwrap().0;
        let small = STANDARD.decode(data).expect("base64");
        let json = miniz_oxide::inflate::decompress_to_vec_zlib(&small).expect("zlib");
        let mut text = String::new();
        json.as_slice().read_to_string(&mut text).expect("text");
        serde_json::from_str(&text).expect("JSON")
    };
    scripts.map(unpack).collect()
}

#[test]
fn every_case_has_a_link_and_is_packed() {
    let results = sample::results();
    let page = render(&results);
    for case in &results.cases {
        let link = format!("href=\"#{}/{}\"", case.scenario, case.profile);
        let is_for = case.status != crate::results::Status::NotApplicable;
        assert_eq!(page.contains(&link), is_for, "{link}");
    }
    let packed = packed(&page);
    assert_eq!(packed.len(), 2);
    assert_eq!(packed[0]["yaml"], results.scenarios[0].text);
    let failed = results.failures().next().expect("one failed");
    let column = &packed[0]["columns"][&failed.profile];
    assert_eq!(
        column["findings"][0]["expected"],
        failed.findings[0].expected
    );
}

#[test]
fn nothing_is_asked_of_the_network() {
    let page = render(&sample::results());
    for asks in ["src=\"", "@import", "url(", "<link", "fetch("] {
        assert!(!page.contains(asks), "{asks}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn hostile_names_stay_text() {
    let mut results = sample::results();
    for scenario in &mut results.scenarios {
        scenario.title = HOSTILE.into();
        scenario.about = HOSTILE.into();
        scenario.text = HOSTILE.into();
    }
    for case in &mut results.cases {
        case.title = HOSTILE.into();
        case.reason = Some(HOSTILE.into());
        for finding in &mut case.findings {
            finding.expected = HOSTILE.into();
            finding.around = HOSTILE.into();
            finding.repeat = HOSTILE.into();
        }
    }
    results.head.build = HOSTILE.into();
    results.requirements[0].statement = HOSTILE.into();
    results.requirements[0].page = Some("javascript:alert(3)".into());
    let page = render(&results);
    assert!(!page.contains("<script>alert"), "no script of theirs");
    assert!(!page.contains("<img"), "no element of theirs");
    assert!(!page.contains("href=\"javascript"), "no address that runs");
    // Two packed scenarios and the page's own script.
    assert_eq!(page.matches("</script>").count(), 3);
    assert_eq!(packed(&page)[0]["title"], HOSTILE);
}

#[test]
fn a_very_long_word_is_kept_whole() {
    let mut results = sample::results();
    let long = "x".repeat(10_000);
    results.cases[0].title = long.clone();
    assert!(render(&results).contains(&long));
}

#[test]
fn the_kept_score_is_a_part_of_the_page() {
    let page = render(&sample::results());
    assert!(page.contains("caught for the right reason"));
    assert!(page.contains("<td>older-left-online</td>"));
}
