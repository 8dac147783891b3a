use super::*;
use crate::results::sample;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The text with one line changed; none takes it out.
fn with(text: &str, line: usize, other: Option<&str>) -> String {
    let mut all = lines(text);
    match other {
        Some(other) => all[line - 1] = other.to_owned(),
        None => drop(all.remove(line - 1)),
    }
    all.join("\n") + "\n"
}

fn problems(text: &str) -> Vec<String> {
    let wrong = read(text).expect_err("it is no good");
    wrong
        .iter()
        .map(|problem| format!("{}: {}", problem.line, problem.message))
        .collect()
}

#[test]
fn what_is_written_is_read_again() {
    let results = sample::results();
    let text = render(&results);
    assert_eq!(read(&text).expect("it is good"), results);
    assert_eq!(of(&text).expect("it is good"), crate::results::Of::Run);
}

#[test]
fn every_line_is_valid_under_the_schema() {
    let schema = jsonschema::validator_for(&schema()).expect("a schema");
    for line in render(&sample::results()).lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Err(wrong) = schema.validate(&line) {
            panic!("{wrong}: {line}");
        }
    }
    let wrong = serde_json::json!({ "case": { "status": "fine" } });
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn the_page_and_the_schema_are_those_of_the_types() {
    let schema = serde_json::to_string_pretty(&schema()).expect("plain data") + "\n";
    for (file, now) in [
        ("RESULTS.md", page::page()),
        ("results.schema.json", schema),
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(file);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &now).expect("it can be written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == now,
            "{file} is stale; BLESS=1 cargo test -p report writes it"
        );
    }
}

#[test]
fn other_files_are_refused() {
    for (text, said) in [
        ("", "nothing in it"),
        ("\n", "nothing in it"),
        ("title: x\n", "no results of kickout"),
        (
            "{\"format\":1,\"scenario\":\"x\"}\n",
            "no results of kickout",
        ),
        (
            "{\"head\":{\"format\":1,\"seed\":0}}\n",
            "of format 1; this build reads format 2",
        ),
        (
            "{\"head\":{\"format\":2,\"of\":\"dreams\"}}\n",
            "no results of `dreams`",
        ),
        (
            "{\"head\":{\"format\":2,\"of\":\"fuzz\"}}\n",
            "results of `run` are wanted",
        ),
        (
            "{\"head\":{\"format\":2,\"of\":\"run\"}}\n",
            "missing field",
        ),
        ("\u{1b}[31m\u{202e}\n", "no results of kickout"),
    ] {
        let wrong = problems(text);
        assert_eq!(wrong.len(), 1, "{text:?}: {wrong:?}");
        assert!(wrong[0].contains(said), "{text:?}: {wrong:?}");
        assert!(!wrong[0].contains(['\u{1b}', '\u{202e}']), "{wrong:?}");
    }
}

#[test]
fn what_is_cut_short_anywhere_is_noticed() {
    let text = render(&sample::results());
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        // Without the last end of line nothing is missing.
        let is_whole = end + 1 == text.len();
        assert_eq!(read(&text[..end]).is_ok(), is_whole, "cut at {end}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let text = render(&sample::results());
    let all = lines(&text);
    let at = |kind: &str| {
        let begin = format!("{{\"{kind}\":");
        all.iter()
            .position(|line| line.starts_with(&begin))
            .expect(kind)
            + 1
    };
    let (case, foot) = (at("case"), all.len());
    let cases = sample::results().cases.len();

    let wrong = problems(&with(&text, case, None));
    let fewer = cases - 1;
    assert_eq!(
        wrong,
        [format!(
            "{}: the last line counts {cases} cases, and there are {fewer}",
            foot - 1
        )]
    );

    let twice = format!("{}\n{}", all[case - 1], all[case - 1]);
    let wrong = problems(&with(&text, case, Some(&twice)));
    assert!(
        wrong[0].starts_with(&format!("{}: a second case of ", case + 1)),
        "{wrong:?}"
    );

    let wrong = problems(&with(&text, at("scenario"), None));
    assert!(wrong[0].contains("the scenario of "), "{wrong:?}");

    let stranger = all[case - 1].replace("\"profile\":\"acme\"", "\"profile\":\"nobody\"");
    let wrong = problems(&with(&text, case, Some(&stranger)));
    assert!(
        wrong[0].contains("that the header does not name"),
        "{wrong:?}"
    );

    let two = with(&text, case, Some("{\"case\":{\"colour\":1}}"));
    let wrong = problems(&with(&two, case + 1, Some("nonsense")));
    assert!(wrong.len() >= 2, "{wrong:?}");
    assert!(
        wrong[0].starts_with(&format!("{case}: unknown field `colour`")),
        "{wrong:?}"
    );
    assert!(
        wrong[1].starts_with(&format!("{}: ", case + 1)),
        "{wrong:?}"
    );

    let wrong = problems(&format!("{text}{text}"));
    assert!(wrong[0].contains("`kickout merge` joins"), "{wrong:?}");
}

#[test]
fn many_problems_end() {
    let text = render(&sample::results());
    let many = with(&text, 2, Some(&"nonsense\n".repeat(5_000)));
    let wrong = problems(&many);
    assert_eq!(wrong.len(), 51);
    assert!(wrong[50].contains("not looked at"), "{:?}", wrong[50]);
}
