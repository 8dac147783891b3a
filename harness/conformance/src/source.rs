//! A text somebody wrote, and places in it.

/// A file's text and the path it is shown under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user knows it.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A place in a text: byte offsets, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Source {
    /// The line and column (both from 1, the column in characters) at which `span` starts.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The line `span` starts on, without its end.
    pub fn line(&self, span: Span) -> &str {
        let start = span.start.min(self.text.len());
        let (Some(before), Some(after)) = (self.text.get(..start), self.text.get(start..)) else {
            return "";
        };
        let from = before.rfind('\n').map_or(0, |end| end + 1);
        let to = after.find('\n').map_or(self.text.len(), |end| start + end);
        let line = self.text.get(from..to).unwrap_or("");
        line.strip_suffix('\r').unwrap_or(line)
    }
}
