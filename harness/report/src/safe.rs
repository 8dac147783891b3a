//! Texts of others, made fit to stand in a report. Whatever is in them is shown and not obeyed.

use std::borrow::Cow;

use conformance::diagnostic::clean;

/// The longest text that is shown on one line, in characters.
pub(crate) const LONGEST: usize = 2_000;

/// On one line, not too long, and without anything that is obeyed.
pub(crate) fn one_line(text: &str) -> String {
    clean(&cut(text)).into_owned()
}

/// The same on as many lines as it has.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n")
}

/// For XML: without the characters that no XML may have.
pub(crate) fn xml(text: &str) -> Cow<'_, str> {
    let fits = |c: char| {
        matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
            && !matches!(c, '\u{7f}'..='\u{9f}')
    };
    match text.chars().all(fits) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().filter(|c| fits(*c)).collect()),
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
    }
}
