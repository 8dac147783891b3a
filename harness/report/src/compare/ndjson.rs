//! For programs: one JSON object a line, a header first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Column, Comparison, Question, Row, Special, Standing, Unknown, Word};

/// Raised whenever a field changes its meaning.
const FORMAT: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Head {
        format: u32,
        columns: &'a [Column],
    },
    Row(&'a Row),
    Special(&'a Special),
    NotKnownToAll(&'a Unknown),
    Word(&'a Word),
    Question {
        id: &'a str,
        question: &'a Question,
    },
    #[serde(rename_all = "kebab-case")]
    Portable {
        scenarios: Vec<&'a str>,
        where_it_applies: Vec<&'a str>,
    },
    #[serde(rename_all = "kebab-case")]
    Foot {
        columns: Vec<BTreeMap<Standing, usize>>,
        for_fewer_than_two: usize,
    },
}

/// The whole report.
pub fn render(comparison: &Comparison) -> String {
    let mut text = line(&Line::Head {
        format: FORMAT,
        columns: &comparison.columns,
    });
    let rows = comparison.rows.iter().map(Line::Row);
    let specials = comparison.specials.iter().map(Line::Special);
    let unknown = comparison.unknown.iter().map(Line::NotKnownToAll);
    let words = comparison.words.iter().map(Line::Word);
    for each in rows.chain(specials).chain(unknown).chain(words) {
        text.push_str(&line(&each));
    }
    for (id, question) in &comparison.questions {
        text.push_str(&line(&Line::Question { id, question }));
    }
    text.push_str(&line(&Line::Portable {
        scenarios: comparison
            .portable()
            .map(|row| row.scenario.as_str())
            .collect(),
        where_it_applies: comparison
            .portable_where_it_applies()
            .map(|row| row.scenario.as_str())
            .collect(),
    }));
    text.push_str(&line(&Line::Foot {
        columns: (0..comparison.columns.len())
            .map(|at| comparison.tally(at))
            .collect(),
        for_fewer_than_two: comparison.alone,
    }));
    text
}

fn line(line: &Line<'_>) -> String {
    // Structs, words and maps with plain keys: serialising them cannot fail.
    let mut text = serde_json::to_string(line).expect("a comparison is plain data");
    text.push('\n');
    text
}
