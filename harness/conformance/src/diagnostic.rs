//! A complaint about a text, shown on the author's own line.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet,
};

use crate::source::{Source, Span};

/// How many diagnostics of one file are shown; nobody reads more at once.
pub const MOST_SHOWN: usize = 50;

/// The widest line of a rendered diagnostic that shows the author's text, in columns.
const WIDTH: usize = 120;

/// The longest text of the author that is repeated in a message, in characters.
const LONGEST_ECHO: usize = 80;

/// Something that is wrong with a text, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem it is, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// What to say under the caret.
    pub label: String,
    /// What else to say. Boxed, because diagnostics travel as errors.
    pub advice: Box<Advice>,
}

/// What else is said about a problem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advice {
    /// Other places that matter, each with what to say there.
    pub also: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// A replacement that would help.
    pub suggestion: Option<(Span, String)>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// A problem of the whole file, until [`Diagnostic::at`] gives it a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            span: None,
            label: String::new(),
            advice: Box::default(),
        }
    }

    /// Says where, and what to write under the caret.
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.span = Some(span);
        self.label = label.into();
        self
    }

    /// Points at another place.
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.advice.also.push((span, label.into()));
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.advice.help = Some(help.into());
        self
    }

    /// Offers `replacement` for the text at `span`.
    pub fn suggest(mut self, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.advice.suggestion = Some((span, replacement.into()));
        self
    }

    /// Says what else is worth knowing.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.advice.notes.push(note.into());
        self
    }
}

/// The diagnostics of one file as a terminal shows them.
pub fn render(source: &Source, diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = match color {
        true => Renderer::styled(),
        false => Renderer::plain(),
    }
    .term_width(WIDTH);
    let page = Page {
        path: clean(&source.path),
        text: same_length(&source.text),
    };
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        out.push_str(&renderer.render(&page.groups(diagnostic)));
        out.push_str("\n\n");
    }
    if let more @ 1.. = diagnostics.len().saturating_sub(MOST_SHOWN) {
        let title = Level::ERROR.primary_title(format!("and {more} more in {}", page.path));
        out.push_str(&renderer.render(&[Group::with_title(title)]));
        out.push_str("\n\n");
    }
    out
}

/// A text of the author as it may stand in a message: short, on one line, without control
/// characters.
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(LONGEST_ECHO).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    clean(&out).into_owned()
}

/// The candidate that was probably meant.
pub fn closest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a word of this length; comparing costs the product of both lengths.
    if text.len() > LONGEST_ECHO {
        return None;
    }
    let text = folded(text);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&text, &folded(candidate));
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= (text.chars().count().max(candidate.len()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Without the differences that come from habits of other languages.
fn folded(text: &str) -> String {
    text.to_lowercase().replace(['_', ' '], "-")
}

/// A source prepared for showing.
struct Page<'a> {
    path: Cow<'a, str>,
    text: Cow<'a, str>,
}

impl Page<'_> {
    fn groups<'b>(&'b self, diagnostic: &'b Diagnostic) -> Vec<Group<'b>> {
        let title = Level::ERROR
            .primary_title(clean(&diagnostic.message))
            .id(diagnostic.code);
        let mut group = match diagnostic.span {
            Some(span) => title.element(
                self.snippet()
                    .annotation(
                        AnnotationKind::Primary
                            .span(self.range(span))
                            .label(label(&diagnostic.label)),
                    )
                    .annotations(self.also(diagnostic, span)),
            ),
            None => title.element(Origin::path(self.path.as_ref())),
        };
        for note in &diagnostic.advice.notes {
            group = group.element(Level::NOTE.message(clean(note)));
        }
        let help = diagnostic.advice.help.as_deref().map(clean);
        let patch = diagnostic
            .advice
            .suggestion
            .as_ref()
            .filter(|(span, _)| self.is_short(*span));
        match (help, patch) {
            (Some(help), Some((span, replacement))) => vec![
                group,
                Level::HELP.secondary_title(help).element(
                    self.snippet()
                        .patch(Patch::new(self.range(*span), clean(replacement))),
                ),
            ],
            (Some(help), None) => vec![group.element(Level::HELP.message(help))],
            (None, _) => vec![group],
        }
    }

    fn snippet<'b, T: Clone>(&'b self) -> Snippet<'b, T> {
        Snippet::source(self.text.as_ref()).path(self.path.as_ref())
    }

    /// Patches are shown with their whole line, however long it is.
    fn is_short(&self, span: Span) -> bool {
        let Range { start, end } = self.range(span);
        let before = self.text[..start].rsplit('\n').next().unwrap_or_default();
        let after = self.text[end..].split('\n').next().unwrap_or_default();
        before.len() + (end - start) + after.len() <= WIDTH
    }

    /// Other places, without those that would stretch a long line from here to there.
    fn also<'b>(&'b self, diagnostic: &'b Diagnostic, span: Span) -> Vec<Annotation<'b>> {
        let primary = self.range(span);
        let near = |range: &Range<usize>| {
            let (first, last) = (range.start.min(primary.start), range.end.max(primary.end));
            last - first < WIDTH || self.text[first..last].contains('\n')
        };
        diagnostic
            .advice
            .also
            .iter()
            .map(|(span, text)| (self.range(*span), text))
            .filter(|(range, _)| near(range))
            .map(|(range, text)| AnnotationKind::Context.span(range).label(label(text)))
            .collect()
    }

    /// `span`, on character boundaries of the text whatever it was, and no wider than a line.
    fn range(&self, span: Span) -> Range<usize> {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end.min(start + WIDTH).clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

fn label(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| clean(text))
}

/// `text` on one line and without anything that a terminal would obey.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(commands) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if commands(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The text with other characters of the same length for those that a terminal would obey and the
/// renderer lets through, so that every place stays where it is. (It shows the rest in its own way.)
fn same_length(text: &str) -> Cow<'_, str> {
    let passes = |c: char| commands(c) && !c.is_ascii();
    if !text.chars().any(passes) {
        return Cow::Borrowed(text);
    }
    let replace = |c: char| match c {
        c if !passes(c) => c,
        c if c.len_utf8() == 2 => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(replace).collect())
}

/// Is it a character that is obeyed instead of shown: a control character, or one that changes
/// the direction or the order of what surrounds it, or one that cannot be seen?
fn commands(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "a.yaml".into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        let hostile = "\u{1b}[31m\u{9b}0m\u{202e}\u{7}\r\u{200b}x";
        let source = Source {
            path: format!("{hostile}.yaml"),
            text: format!("key: {hostile}\n"),
        };
        let diagnostic = Diagnostic::new("a-code", format!("m {hostile}"))
            .at(Span { start: 5, end: 8 }, hostile)
            .also(Span { start: 0, end: 3 }, hostile)
            .help(hostile)
            .suggest(Span { start: 5, end: 8 }, hostile)
            .note(hostile);
        let text = render(&source, &[diagnostic], false);
        let bad: Vec<char> = text
            .chars()
            .filter(|c| *c != '\n' && commands(*c))
            .collect();
        assert_eq!(bad, [], "{text}");
    }

    #[test]
    fn places_outside_the_text_are_survived() {
        for text in ["", "a", "爱", "a\r\nb", "\n\n"] {
            for start in 0..8 {
                for end in 0..8 {
                    let diagnostic = Diagnostic::new("a-code", "m")
                        .at(Span { start, end }, "here")
                        .help("h")
                        .suggest(Span { start, end }, "r");
                    assert!(render(&source(text), &[diagnostic], false).contains("a-code"));
                }
            }
        }
    }

    #[test]
    fn a_long_line_does_not_flood() {
        let text = format!("key: {}\n", "word ".repeat(100_000));
        let span = Span {
            start: 250_000,
            end: 250_004,
        };
        let diagnostic = Diagnostic::new("a-code", format!("no {}", shown(&text)))
            .at(span, "here")
            .also(Span { start: 0, end: 3 }, "under this key")
            .help("another")
            .suggest(span, "words");
        let shown = render(&source(&text), &[diagnostic], false);
        assert!(
            shown.lines().all(|line| line.chars().count() < 300),
            "{shown}"
        );
    }

    #[test]
    fn many_diagnostics_end_with_a_number() {
        let many = vec![Diagnostic::new("a-code", "m").at(Span::default(), "here"); 57];
        let text = render(&source("a"), &many, false);
        assert!(text.contains("and 7 more in a.yaml"));
        assert_eq!(text.matches("error[a-code]").count(), MOST_SHOWN);
    }

    #[test]
    fn habits_and_slips_are_understood() {
        let words = ["kicked-out", "logged-out", "logging-in"];
        for (typed, meant) in [
            ("kicked_out", Some("kicked-out")),
            ("KickedOut", Some("kicked-out")),
            ("loged-out", Some("logged-out")),
            ("loggin-in", Some("logging-in")),
            ("banana", None),
        ] {
            assert_eq!(closest(typed, words), meant, "{typed}");
        }
    }
}
