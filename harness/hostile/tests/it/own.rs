use conformance::requirement::Catalogue;
use conformance::source::Source;
use hostile::{files, frames, results, seeds, subjects, texts, tickets, transcripts};
use session::ticket::Format;

#[test]
fn every_file_of_the_repository_is_read_as_what_it_is() {
    assert!(files::scenario_files().len() > 100);
    assert!(files::profile_files().len() > 5);
    assert!(files::short_scenarios().len() > 50);
    for file in files::profile_files() {
        texts::profile(file.text.as_bytes());
    }
    let short = files::requirement_files()
        .iter()
        .filter(|file| file.text.len() < 12_000);
    for file in short {
        texts::requirements(file.text.as_bytes());
    }
    for file in files::scenario_files().iter().step_by(20) {
        texts::scenario(file.text.as_bytes());
    }
}

/// A part that is refused as a whole would test nothing but that.
#[test]
fn seeds_of_requirements_are_parts_of_them() {
    let parts = seeds::requirements();
    let read = parts.iter().filter(|part| {
        let text = String::from_utf8_lossy(part).into_owned();
        let path = "part.yaml".to_owned();
        Catalogue::default().add(&Source { path, text }).is_ok()
    });
    assert!(read.count() > 12, "{}", parts.len());
    assert!(parts.iter().all(|part| part.len() < 8 * 1024));
}

#[test]
fn seeds_of_tickets_are_good_ones_among_others() {
    let all = seeds::tickets();
    for format in Format::ALL {
        let good = all
            .iter()
            .filter(|seed| seeds::is_good(seed, *format).is_ok());
        assert!(good.count() >= 1, "{format}");
    }
    for seed in &all {
        tickets::ticket(seed);
    }
}

/// Numbers at the ends of their ranges, and words where they do not belong.
#[test]
fn a_subject_may_say_anything() {
    for (said, side) in [
        (
            r#"[{"output":"wake-at","at":18446744073709551615}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"connect","link":4294967295,"gateway":255}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"connect","link":1,"gateway":0},{"output":"close","link":1}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"callback","event":"token-will-expire","seconds-left":18446744073709551615}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"callback","native":"","args":{"a":[1e308,null,{"b":"\u0000"}]}}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"ask-token","ask":4294967295,"user":""},{"output":"ask-token","ask":4294967295,"user":"\u202e"}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"result","id":4294967295,"code":-9223372036854775808}]"#,
            subjects::Side::Client,
        ),
        (
            r#"[{"output":"connect","link":1},{"output":"account","is":"created","user":""}]"#,
            subjects::Side::Server,
        ),
        (
            r#"[{"output":"session","is":"ended","session":"","user":"","device":"","platform":"web","cause":"silent"}]"#,
            subjects::Side::Server,
        ),
        (
            r#"[{"output":"send","link":1,"base64":"AAECAwQ="},{"output":"send","link":1,"text":"{}\n"},{"output":"close","link":1}]"#,
            subjects::Side::Server,
        ),
        (
            r#"[{"output":"store","key":"","value":""},{"output":"ask-token","ask":0,"user":"alice"}]"#,
            subjects::Side::Server,
        ),
    ] {
        let lines = format!("{said}\n").repeat(300);
        for choice in 0..8 {
            let mut script = vec![choice];
            script.extend(lines.as_bytes());
            subjects::played(&script, side);
        }
    }
}

/// The lines of the reference peers say what a run needs.
#[test]
fn seeds_of_subjects_are_whole_runs() {
    for side in [subjects::Side::Client, subjects::Side::Server] {
        let scripts = subjects::scripts(side);
        assert!(scripts.len() > 40);
        let says =
            |script: &&Vec<u8>| String::from_utf8_lossy(script).contains("\"output\":\"send\"");
        let speak = scripts.iter().filter(says).count();
        assert!(speak > scripts.len() * 3 / 4, "{speak}");
        for script in scripts {
            subjects::played(&script, side);
        }
    }
}

/// Seeds that no peer understands would test nothing but the first refusal.
#[test]
fn seeds_of_frames_are_whole_conversations() {
    let runs = seeds::transcripts();
    let scripts = |side| runs.iter().map(move |run| seeds::script(run, side));
    let logged_in = |script: &Vec<u8>| String::from_utf8_lossy(script).contains("\"session\":");
    assert!(scripts(seeds::Side::Client).filter(logged_in).count() > runs.len() / 2);
    let tickets = |script: &Vec<u8>| String::from_utf8_lossy(script).contains("\"ticket\":\"$");
    assert!(scripts(seeds::Side::Server).filter(tickets).count() > runs.len() / 2);
    for run in runs.iter().step_by(4) {
        frames::client(&seeds::script(run, seeds::Side::Client));
        frames::server(&seeds::script(run, seeds::Side::Server));
        transcripts::transcript(run.to_jsonl().as_bytes());
    }
    assert!(frames::choices() >= 7);
}

#[test]
fn stored_results_are_read() {
    for text in seeds::results::results() {
        let kind = report::ndjson::of(&String::from_utf8_lossy(&text));
        assert!(kind.is_ok(), "{kind:?}");
        results::results(&text);
    }
}
