//! The end of what a subject said.

use std::collections::VecDeque;

/// How much of standard error is kept, in bytes.
const MOST_BYTES: usize = 64 << 10;

/// How many lines of standard error are shown, and of the dialogue.
const SHOWN: usize = 12;

/// How much of a line is shown, in bytes.
const LONGEST_SHOWN: usize = 600;

/// The end of standard error.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        // Seldom, so that it costs little.
        if self.0.len() > 2 * MOST_BYTES {
            self.0.drain(..self.0.len() - MOST_BYTES);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The last lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let from = self.0.len().saturating_sub(MOST_BYTES);
        let text = String::from_utf8_lossy(&self.0[from..]);
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(SHOWN);
        lines[from..]
            .iter()
            .map(|line| shown(line.as_bytes()))
            .collect()
    }
}

/// The last lines of the dialogue, both ways.
#[derive(Debug, Default)]
pub(super) struct Dialogue(VecDeque<(char, Vec<u8>)>);

impl Dialogue {
    pub(super) fn asked(&mut self, line: &[u8]) {
        self.add('→', line);
    }

    pub(super) fn answered(&mut self, line: &[u8]) {
        self.add('←', line);
    }

    fn add(&mut self, way: char, line: &[u8]) {
        let mut kept = match self.0.len() {
            SHOWN => self.0.pop_front().map(|(_, room)| room).unwrap_or_default(),
            _ => Vec::new(),
        };
        kept.clear();
        kept.extend_from_slice(&line[..line.len().min(LONGEST_SHOWN + 4)]);
        self.0.push_back((way, kept));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.0.iter();
        lines
            .map(|(way, line)| format!("{way} {}", shown(line)))
            .collect()
    }
}

/// A line as it may be shown: cut, without control characters.
pub(super) fn shown(line: &[u8]) -> String {
    let cut = line.len() > LONGEST_SHOWN;
    let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST_SHOWN)]);
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut text: String = text.trim_end().chars().map(plain).collect();
    if cut {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        for n in 0..100_000 {
            tail.add(format!("line {n}\n").as_bytes());
        }
        assert!(tail.0.len() <= 2 * MOST_BYTES);
        assert_eq!(tail.lines().len(), SHOWN);
        assert_eq!(tail.lines()[SHOWN - 1], "line 99999");
    }

    #[test]
    fn what_is_shown_is_short_and_plain() {
        let mut dialogue = Dialogue::default();
        for _ in 0..100 {
            dialogue.asked(&vec![b'x'; 1 << 20]);
            dialogue.answered(b"\x1b[31mred\xff\n");
        }
        let lines = dialogue.lines();
        assert_eq!(lines.len(), SHOWN);
        assert!(lines[0].len() < LONGEST_SHOWN + 10, "{}", lines[0].len());
        assert_eq!(lines[1], "← \u{fffd}[31mred\u{fffd}");
    }
}
