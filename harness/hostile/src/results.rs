//! Stored results: read, shown in every form, and joined.

use report::format::Format;
use report::merge::{self, Part};
use report::ndjson::{self, Problem};
use report::results::Of;
use report::terminal::Paint;
use report::{fuzzing, mutants};

/// Stored results of any kind.
///
/// # Panics
/// A promise is broken.
pub fn results(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match ndjson::of(&text) {
        Ok(Of::Run) => of_a_run(&text),
        Ok(Of::Fuzz) => of_random_scenarios(&text),
        Ok(Of::Mutants) => of_deviations(&text),
        Err(problem) => told(&[problem]),
    }
}

fn of_a_run(text: &str) {
    let results = match ndjson::read(text) {
        Ok(results) => results,
        Err(problems) => return told(&problems),
    };
    for format in Format::ALL {
        let _ = format.render(&results);
    }
    let again = ndjson::read(&Format::Ndjson.render(&results)).expect("it was read before");
    assert_eq!(again, results);
    joined(merge::runs(vec![part(results)]));
}

fn of_random_scenarios(text: &str) {
    let fuzzed = match fuzzing::read(text) {
        Ok(fuzzed) => fuzzed,
        Err(problems) => return told(&problems),
    };
    let _ = fuzzing::terminal(&fuzzed, Paint::default());
    let again = fuzzing::read(&fuzzing::ndjson(&fuzzed)).expect("it was read before");
    assert_eq!(again, fuzzed);
    joined(merge::fuzz::join(vec![part(fuzzed)]));
}

fn of_deviations(text: &str) {
    let all = match mutants::read(text) {
        Ok(all) => all,
        Err(problems) => return told(&problems),
    };
    let _ = mutants::terminal(&all, Paint::default());
    let _ = mutants::markdown(&all);
    let again = mutants::read(&mutants::ndjson(&all)).expect("it was read before");
    assert_eq!(again, all);
    joined(merge::mutants::join(vec![part(all)]));
}

fn part<T>(results: T) -> Part<T> {
    Part {
        file: "a.ndjson".into(),
        results,
    }
}

/// What cannot be joined is told.
fn joined<T>(whole: Result<T, Vec<String>>) {
    if let Err(wrong) = whole {
        assert!(!wrong.is_empty() && wrong.iter().all(|wrong| !wrong.is_empty()));
    }
}

/// Each problem has a line and a sentence, and there are not many.
fn told(problems: &[Problem]) {
    assert!(!problems.is_empty() && problems.len() < 100);
    for Problem { line, message } in problems {
        assert!(*line > 0 && !message.is_empty());
        assert!(
            message.len() < 2_000 && !message.chars().any(char::is_control),
            "{message:?}"
        );
    }
}
