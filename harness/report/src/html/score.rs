//! The mutation score that is kept with the suite, as `reports/mutation-score.md` has it.

use maud::{Markup, html};

const KEPT: &str = include_str!("../../../../reports/mutation-score.md");

/// The kept score. It is about the suite and not about this run.
pub(super) fn kept() -> Markup {
    of(KEPT)
}

/// Headings, paragraphs and tables of Markdown; nothing else is in it.
fn of(text: &str) -> Markup {
    let blocks = text
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    html! {
        @for block in blocks {
            @if let Some(heading) = block.strip_prefix('#') {
                h2 { (inline(heading.trim_start_matches('#').trim())) }
            } @else if block.starts_with('|') {
                (table(block))
            } @else {
                p { (inline(block)) }
            }
        }
    }
}

fn table(block: &str) -> Markup {
    let mut lines = block.lines();
    let head = lines.next().unwrap_or_default();
    html! {
        div.scroll { table {
            thead { tr { @for cell in cells(head) { th { (inline(cell)) } } } }
            tbody {
                @for line in lines.skip(1) { tr data-find="" { @for cell in cells(line) { td { (inline(cell)) } } } }
            }
        } }
    }
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split(" | ").map(str::trim)
}

/// Pieces between backquotes are code, and stars only make bold.
fn inline(text: &str) -> Markup {
    html! {
        @for (at, piece) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (piece) } } @else { (piece.replace("**", "")) }
        }
    }
}
