use conformance::profile::Profiles;
use conformance::transcript::{Transcript, What};
use hostile::{files, seeds, transcripts};
use session::time::Time;

/// A client beat, tried or asked again without end, inside of one call.
#[test]
fn a_profile_that_does_something_again_at_once_is_refused() {
    let mut files = files::profile_files().to_vec();
    let at = files
        .iter()
        .position(|file| file.text.contains("heartbeat:"));
    let at = at.expect("one of them sets heartbeats");
    let sound = files[at].text.clone();
    let mut tried = 0;
    for key in [
        "interval",
        "connect-timeout",
        "answer-timeout",
        "first-delay",
        "longest-delay",
    ] {
        let Some((before, rest)) = sound.split_once(&format!(" {key}: ")) else {
            continue;
        };
        let end = rest.find([',', '}', '\n', ' ']).expect("more follows");
        files[at].text = format!("{before} {key}: 0s{}", &rest[end..]);
        let broken = Profiles::read(&files).expect_err(key);
        let said = &broken[0].diagnostics[0].message;
        assert!(said.contains("must not be 0"), "{key}: {said}");
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
}

/// Seconds were turned into milliseconds beyond what a number holds.
#[test]
fn a_run_at_the_end_of_time_is_judged() {
    let mut judged = 0;
    for run in seeds::transcripts() {
        let is_login = |what: &What| matches!(what, What::Call(call) if call.api == "login");
        let Some(at) = run.entries.iter().position(|entry| is_login(&entry.what)) else {
            continue;
        };
        let mut run: Transcript = run.clone();
        run.entries[at].at = Time(u64::MAX);
        transcripts::judged(run);
        judged += 1;
    }
    assert!(judged > 30, "{judged}");
}
