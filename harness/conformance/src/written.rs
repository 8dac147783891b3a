//! The steps of a scenario as they stand in its text, to find out what they literally say.

use crate::scenario::Scenario;

/// A step as it is written; the rounds of a `repeat` are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<'a> {
    /// The line it begins on, from 1.
    pub line: usize,
    /// The rows it covers.
    pub covers: &'a [String],
    text: &'a str,
}

impl Scenario {
    /// Its steps as they are written, in the order of the text.
    pub fn written(&self) -> Vec<Written<'_>> {
        let text = self.source.text.as_str();
        let mut steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| (step.span, &step.covers))
            .collect();
        steps.sort_by_key(|(span, _)| *span);
        steps.dedup_by_key(|(span, _)| *span);
        let starts = steps.iter().skip(1).map(|(span, _)| span.start);
        let ends: Vec<usize> = starts.chain([text.len()]).collect();
        steps
            .into_iter()
            .zip(ends)
            .map(|((span, covers), end)| Written {
                line: self.source.position(span).0,
                covers,
                text: text.get(span.start..end).unwrap_or_default(),
            })
            .collect()
    }
}

impl Written<'_> {
    /// Does the step itself say this name, word or number, as a whole and not in a comment?
    pub fn says(&self, wanted: &str) -> bool {
        // What stands at the margin belongs to the file again.
        let belongs = |line: &&str| line.is_empty() || line.starts_with([' ', '-', '#']);
        let mut lines = self.text.lines();
        let first = lines.next().into_iter();
        first
            .chain(lines.take_while(belongs))
            .any(|line| has(uncommented(line), wanted))
    }
}

fn uncommented(line: &str) -> &str {
    match line.trim_start().starts_with('#') {
        true => "",
        false => line.split(" #").next().unwrap_or(line),
    }
}

fn has(line: &str, wanted: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    line.match_indices(wanted).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + wanted.len()..]);
        !wanted.is_empty() && !joins(before.chars().next_back()) && !joins(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::document::{Known, lower};
    use crate::source::Source;

    const TEXT: &str = "\
title: T
profiles: [acme]
clients: { phone: {} }
steps:
  - login: phone  # not 1002001
  # nor 7501
  - repeat:
      times: 3
      steps:
        - login: { client: phone, fails: { code: 1002001 } }
        - expect:
            client: phone
            event: kicked-out
about: kicked-out-twice
";

    #[test]
    fn a_step_says_what_stands_in_it_and_nothing_else() {
        let (path, text) = ("t.yaml".to_owned(), TEXT.to_owned());
        let source = Arc::new(Source { path, text });
        let known = Known {
            profiles: ["acme".to_owned()].into(),
            ..Known::default()
        };
        let scenario = lower(source, "t", &known).expect("it is sound");
        let said_by = |what: &str| -> Vec<usize> {
            let steps = scenario.written();
            steps
                .iter()
                .filter(|step| step.says(what))
                .map(|step| step.line)
                .collect()
        };
        assert_eq!(
            said_by("1002001"),
            [10],
            "the rounds are one, a comment is none"
        );
        assert_eq!(said_by("7501"), [0; 0]);
        assert_eq!(said_by("kicked-out"), [11]);
        assert_eq!(said_by("kicked"), [0; 0], "a part of a word is not it");
        assert_eq!(said_by("kicked-out-twice"), [0; 0], "that is of the file");
    }
}
