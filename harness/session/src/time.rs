//! Virtual time: whole milliseconds.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest duration anybody may write: 1,000 days.
pub const LONGEST: Millis = Millis(1_000 * 24 * 3_600 * 1_000);

/// Unix milliseconds at which every run starts: 2026-01-01T00:00:00Z.
pub const EPOCH_UNIX_MS: u64 = 1_767_225_600_000;

/// A length of time in whole milliseconds, written as `90s`, `20m` or `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// No time at all.
    pub const ZERO: Millis = Millis(0);

    /// `n` seconds; the longest time there is where that is too many.
    pub const fn seconds(n: u64) -> Millis {
        Millis(n.saturating_mul(1_000))
    }

    /// The shorter remainder of `self - other`, never below zero.
    pub fn saturating_sub(self, other: Millis) -> Millis {
        Millis(self.0.saturating_sub(other.0))
    }
}

/// A moment of a run: milliseconds since it started.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// The start of the run.
    pub const START: Time = Time(0);

    /// How long after `earlier` this moment is; zero when it is not after.
    pub fn since(self, earlier: Time) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Millis {
    type Output = Millis;
    fn add(self, other: Millis) -> Millis {
        Millis(self.0.saturating_add(other.0))
    }
}

impl Add<Millis> for Time {
    type Output = Time;
    fn add(self, length: Millis) -> Time {
        Time(self.0.saturating_add(length.0))
    }
}

impl Sub<Millis> for Time {
    type Output = Time;
    fn sub(self, length: Millis) -> Time {
        Time(self.0.saturating_sub(length.0))
    }
}

/// The present, as one peer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since the run started; the same for everybody.
    pub at: Time,
    /// Unix milliseconds as *this device* believes them to be.
    pub wall: u64,
}

impl Now {
    /// A device whose clock is right.
    pub fn at(at: Time) -> Now {
        Now {
            at,
            wall: EPOCH_UNIX_MS + at.0,
        }
    }
}

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDuration(pub String);

impl fmt::Display for BadDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadDuration {}

impl FromStr for Millis {
    type Err = BadDuration;

    /// Reads `500ms`, `90s`, `19m59s`, `1h30m`, `2d`, `1.5s`. A bare number, a month, a year, a
    /// unit that occurs twice, a negative length and more than 1,000 days are refused.
    fn from_str(text: &str) -> Result<Millis, BadDuration> {
        let bad = |why: &str| Err(BadDuration(format!("`{text}` {why}")));
        if text.is_empty() {
            return bad("is empty; write a number and a unit, such as 90s or 20m");
        }
        if text.starts_with('-') {
            return bad("is negative; time only moves forward");
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return bad("has no unit; write 500ms, 90s, 20m, 1h30m or 2d");
        }
        let mut seen = Vec::new();
        for unit in text
            .split(|c: char| c.is_ascii_digit() || c == '.')
            .filter(|unit| !unit.is_empty())
        {
            if !["ms", "s", "m", "h", "d"].contains(&unit) {
                return bad(&format!(
                    "has the unit `{unit}`; the units are ms, s, m, h and d"
                ));
            }
            if seen.contains(&unit) {
                return bad(&format!("has the unit `{unit}` twice"));
            }
            seen.push(unit);
        }
        let length = humantime::parse_duration(text)
            .map_err(|e| BadDuration(format!("`{text}` is not a duration: {e}")))?;
        if length.subsec_nanos() % 1_000_000 != 0 {
            return bad("is finer than a millisecond");
        }
        match u64::try_from(length.as_millis()) {
            Ok(ms) if ms <= LONGEST.0 => Ok(Millis(ms)),
            _ => bad("is longer than 1000d, the longest duration there is"),
        }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
            ("ms", 1),
        ] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Millis {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads a length that something is done again after: without a pause that would never end.
pub(crate) fn not_zero<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
    match Millis::deserialize(from)? {
        Millis::ZERO => Err(serde::de::Error::custom(
            "must not be 0: what is done again after it would never end",
        )),
        length => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_the_same() {
        for text in [
            "500ms", "90ms", "1s", "19m59s", "20m", "1h30m", "2d", "1000d",
        ] {
            let length: Millis = text.parse().unwrap();
            assert_eq!(length.to_string().parse::<Millis>().unwrap(), length);
        }
        assert_eq!("90s".parse::<Millis>().unwrap().to_string(), "1m30s");
        assert_eq!("1.5s".parse::<Millis>().unwrap(), Millis(1_500));
    }

    #[test]
    fn nonsense_is_refused_with_advice() {
        for (text, why) in [
            ("", "empty"),
            ("90", "no unit"),
            ("-5s", "negative"),
            ("1M", "units are"),
            ("20mm", "units are"),
            ("20m20m", "twice"),
            ("1001d", "longest"),
            ("99999999999999999999d", "not a duration"),
            ("1y", "units are"),
        ] {
            let said = text.parse::<Millis>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
