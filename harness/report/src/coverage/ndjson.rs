//! For programs: one JSON object a line, a header first.

use serde::Serialize;

use super::{Coverage, FORMAT, Row, Tally};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Head { format: u32, seed: u64 },
    Row(&'a Row),
    Foot { binding: Tally, other: Tally },
}

/// The whole report.
pub fn render(coverage: &Coverage, seed: u64) -> String {
    let mut text = line(&Line::Head {
        format: FORMAT,
        seed,
    });
    for row in &coverage.rows {
        text.push_str(&line(&Line::Row(row)));
    }
    text.push_str(&line(&Line::Foot {
        binding: coverage.binding(None),
        other: coverage.other(None),
    }));
    text
}

fn line(line: &Line<'_>) -> String {
    // Structs, words and string keys only: serialising them cannot fail.
    let mut text = serde_json::to_string(line).expect("rows are plain data");
    text.push('\n');
    text
}
