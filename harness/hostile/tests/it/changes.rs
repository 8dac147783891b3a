//! Ways to change a file that leave most of it as it was, so that what reads it comes far.

use proptest::prelude::*;
use proptest::sample::Index;

/// Values that are wrong nearly everywhere, or that cost something.
const NASTY: &[&str] = &[
    "0",
    "-1",
    "1000d",
    "0s",
    "1ms",
    "99999999999999999999",
    "18446744073709551615",
    "9223372036854775807",
    "4294967295",
    "1e309",
    ".nan",
    "~",
    "''",
    "[]",
    "{}",
    "[[[[]]]]",
    "{a: {a: {a: }}}",
    "\"\\0\"",
    "\"\\ud800\"",
    "&a",
    "*a",
    "<<",
    "!!binary x",
    "|",
    ">-",
    "- -",
    "undocumented",
    "unlimited",
    "null",
    "true",
    "\u{feff}",
    "\u{202e}",
    "é",
    "爱",
    "😀",
    "%",
    "@",
    "\t",
    "\r",
    "---",
    "...",
    "# ",
    "?",
];

/// One change.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// So many bytes are cut out.
    Cut(Index, usize),
    /// Everything behind is gone.
    End(Index),
    /// A line is there so many times more.
    Again(Index, usize),
    /// A line is gone.
    Gone(Index),
    /// A line stands elsewhere.
    Moved(Index, Index),
    /// A line is indented more, or less.
    Indented(Index, bool),
    /// Two words are exchanged.
    Exchanged(Index, Index),
    /// A word is another.
    Replaced(Index, &'static str),
    /// A word is very long.
    Long(Index, usize),
    /// Random bytes stand in between.
    Bytes(Index, Vec<u8>),
    /// A bit is flipped.
    Bit(Index, u8),
}

/// A few changes; in half of all cases only one.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let one = any::<Index>;
    let change = prop_oneof![
        1 => (one(), 1..200_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => one().prop_map(Change::End),
        1 => (one(), 1..4_usize).prop_map(|(at, times)| Change::Again(at, times)),
        1 => one().prop_map(Change::Gone),
        1 => (one(), one()).prop_map(|(from, to)| Change::Moved(from, to)),
        1 => (one(), any::<bool>()).prop_map(|(at, more)| Change::Indented(at, more)),
        4 => (one(), one()).prop_map(|(a, b)| Change::Exchanged(a, b)),
        4 => (one(), prop::sample::select(NASTY)).prop_map(|(at, word)| Change::Replaced(at, word)),
        1 => (one(), 1..70_000_usize).prop_map(|(at, length)| Change::Long(at, length)),
        1 => (one(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, it)| Change::Bytes(at, it)),
        1 => (one(), 0..8_u8).prop_map(|(at, bit)| Change::Bit(at, bit)),
    ];
    prop_oneof![
        prop::collection::vec(change.clone(), 1),
        prop::collection::vec(change, 1..6),
    ]
}

/// The file with these changes.
pub(crate) fn changed(file: &[u8], changes: &[Change]) -> Vec<u8> {
    changes.iter().fold(file.to_vec(), one)
}

fn one(mut file: Vec<u8>, change: &Change) -> Vec<u8> {
    if file.is_empty() {
        return file;
    }
    match change {
        Change::Cut(at, length) => {
            let at = at.index(file.len());
            let end = file.len().min(at + length);
            file.drain(at..end);
        }
        Change::End(at) => file.truncate(at.index(file.len())),
        Change::Bytes(at, bytes) => {
            let at = at.index(file.len());
            file.splice(at..at, bytes.iter().copied());
        }
        Change::Bit(at, bit) => {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        Change::Again(at, times) => with_lines(&mut file, |lines| {
            let at = at.index(lines.len());
            let line = lines[at].clone();
            lines.splice(at..at, vec![line; *times]);
        }),
        Change::Gone(at) => with_lines(&mut file, |lines| {
            lines.remove(at.index(lines.len()));
        }),
        Change::Moved(from, to) => with_lines(&mut file, |lines| {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
        }),
        Change::Indented(at, more) => with_lines(&mut file, |lines| {
            let at = at.index(lines.len());
            let line = &mut lines[at];
            match more {
                true => drop(line.splice(0..0, *b"  ")),
                false => drop(line.drain(..line.len().min(2))),
            }
        }),
        Change::Exchanged(a, b) => {
            let words = words(&file);
            if let Some((first, second)) = pair(&words, a, b) {
                let (left, right) = (file[first.clone()].to_vec(), file[second.clone()].to_vec());
                file.splice(second, left);
                file.splice(first, right);
            }
        }
        Change::Replaced(at, word) => replace(&mut file, at, word.bytes()),
        Change::Long(at, length) => {
            replace(&mut file, at, std::iter::repeat_n(b'x', *length));
        }
    }
    file
}

fn with_lines(file: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let mut lines: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
    change(&mut lines);
    *file = lines.concat();
}

fn replace(file: &mut Vec<u8>, at: &Index, by: impl Iterator<Item = u8>) {
    let words = words(file);
    if !words.is_empty() {
        file.splice(at.get(&words).clone(), by);
    }
}

type Range = std::ops::Range<usize>;

/// Two different words, the earlier one first.
fn pair(words: &[Range], a: &Index, b: &Index) -> Option<(Range, Range)> {
    if words.is_empty() {
        return None;
    }
    let (a, b) = (a.index(words.len()), b.index(words.len()));
    (a != b).then(|| (words[a.min(b)].clone(), words[a.max(b)].clone()))
}

/// Where the words are: names, numbers and lengths of time.
fn words(file: &[u8]) -> Vec<Range> {
    let is_word =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$');
    let mut found = Vec::new();
    let mut start = None;
    for (at, byte) in file.iter().chain([&b' ']).enumerate() {
        match (start, is_word(*byte)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found
}
