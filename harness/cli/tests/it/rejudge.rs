//! A stored transcript can be judged again: the judge needs no run, and agrees with the director.

use conformance::case::Case;
use conformance::judge::{self, Noticed, Stale};
use conformance::library::Library;
use conformance::plan;
use conformance::scenario::Scenario;
use conformance::transcript::{End, Transcript, What};

use crate::canary::{scenarios, sources};

#[test]
fn the_judge_and_the_director_agree_on_stored_transcripts() {
    let library = Library::read(
        &sources("fixtures/profiles"),
        &sources("fixtures/requirements"),
    )
    .expect("the data is sound");
    let mut judged = 0;
    let few = |scenario: &Scenario| scenario.clients.len() <= 20;
    for scenario in scenarios(&library).into_iter().filter(few) {
        for profile in library.profiles.runnable() {
            if plan::not_applicable(&scenario, profile).is_some() {
                continue;
            }
            // Another seed than the default one: other pauses, other orders.
            let case = Case::new(&scenario, profile, 11);
            let transcript = runner::run_case(&case).expect("the harness is sound");
            let again = Transcript::from_jsonl(&transcript.to_jsonl()).expect("it is readable");
            assert_eq!(again.to_jsonl(), transcript.to_jsonl());
            let verdict = judge::judge(&case, &again, &library.catalogue, &library.rules)
                .expect("it is of this very scenario");
            let complete = matches!(
                again.entries.last().map(|entry| &entry.what),
                Some(What::End(End::Complete))
            );
            let unmet = verdict
                .findings
                .iter()
                .any(|finding| matches!(finding.by, Noticed::Step(_)));
            // A step that nobody documents ends the script, too; a knob that the scenario depends on
            // does not.
            let undocumented = |said: &String| said.starts_with("step ");
            let stopped = unmet || verdict.undocumented.iter().any(undocumented);
            assert_eq!(complete, !stopped, "{} under {}", scenario.name, profile.id);
            judged += 1;
        }
    }
    assert!(judged > 90, "{judged}");
}

#[test]
fn a_transcript_of_another_version_is_refused() {
    let library = Library::read(
        &sources("fixtures/profiles"),
        &sources("fixtures/requirements"),
    )
    .expect("the data is sound");
    let scenario = scenarios(&library)
        .into_iter()
        .find(|scenario| scenario.profiles.is_empty())
        .expect("a neutral one");
    let profile = library.profiles.get("zego-zim").expect("it is there");
    let case = Case::new(&scenario, profile, 0);
    let transcript = runner::run_case(&case).expect("the harness is sound");
    let judge = |transcript: &Transcript| {
        judge::judge(&case, transcript, &library.catalogue, &library.rules)
    };
    let mut other = transcript.clone();
    other.header.scenario_hash = "0".repeat(16);
    assert!(matches!(judge(&other), Err(Stale::Scenario(_))));
    let mut other = transcript;
    other.header.profile_hash = "0".repeat(16);
    assert!(matches!(judge(&other), Err(Stale::Profile(_))));
}

#[test]
fn a_record_that_is_full_ends_the_run_with_a_finding() {
    let library = Library::read(
        &sources("fixtures/profiles"),
        &sources("fixtures/requirements"),
    )
    .expect("the data is sound");
    let scenario = scenarios(&library)
        .into_iter()
        .find(|scenario| scenario.profiles.is_empty())
        .expect("a neutral one");
    let profile = library.profiles.get("zego-zim").expect("it is there");
    let mut case = Case::new(&scenario, profile, 0);
    case.most_entries = 10;
    let transcript = runner::run_case(&case).expect("it ends by itself");
    let last = transcript.entries.last().map(|entry| &entry.what);
    assert_eq!(last, Some(&What::End(End::RecordLimit)));
    let verdict = judge::judge(&case, &transcript, &library.catalogue, &library.rules)
        .expect("it is of this very scenario");
    assert!(
        verdict
            .findings
            .iter()
            .any(|finding| finding.by == Noticed::Limit)
    );
}

#[test]
fn stored_transcripts_that_are_broken_are_told_by_line() {
    // The text view sets actors out in a column.
    let long_actor = format!(
        "{{\"format\":1,\"scenario\":\"\",\"scenario-hash\":\"\",\"profile\":\"\",\"profile-hash\":\"\",\"seed\":0,\"client-subject\":\"\",\"server-subject\":\"\"}}\n{{\"at\":0,\"actor\":\"{}\",\"what\":\"wake\"}}",
        "a".repeat(70_000)
    );
    for (text, line) in [
        ("", 1),
        ("{}", 1),
        (
            "{\"format\":99,\"scenario\":\"\",\"scenario-hash\":\"\",\"profile\":\"\",\"profile-hash\":\"\",\"seed\":0,\"client-subject\":\"\",\"server-subject\":\"\"}",
            1,
        ),
        (
            "{\"format\":1,\"scenario\":\"\",\"scenario-hash\":\"\",\"profile\":\"\",\"profile-hash\":\"\",\"seed\":0,\"client-subject\":\"\",\"server-subject\":\"\"}\n{\"at\":0,",
            2,
        ),
        (&long_actor, 2),
    ] {
        let wrong = Transcript::from_jsonl(text).expect_err("it is broken");
        assert_eq!(wrong.line, line, "{text}: {wrong}");
    }
}
