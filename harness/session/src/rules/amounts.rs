//! Lengths of time and numbers that may also be absent.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// How long the client keeps trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// This long.
    Bounded(Millis),
    /// For ever.
    Unlimited,
}

/// How long before the end of a ticket the app is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningLead {
    /// Never.
    None,
    /// This long before.
    Before(Millis),
}

/// A duration, or one word that stands for its absence.
macro_rules! duration_or_word {
    ($name:ident, $some:ident, $none:ident, $word:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self {
                    $name::$some(length) => length.serialize(to),
                    $name::$none => to.serialize_str($word),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::time::BadDuration;
            fn from_str(text: &str) -> Result<$name, crate::time::BadDuration> {
                match text {
                    $word => Ok($name::$none),
                    text => text.parse().map($name::$some),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $name::$some(length) => length.fmt(f),
                    $name::$none => f.write_str($word),
                }
            }
        }
    };
}

/// A length of time, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// None.
    None,
    /// This long.
    For(Millis),
}

/// A number of something, or as many as there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// At most so many.
    Most(u32),
    /// As many as there are.
    Unlimited,
}

const UNLIMITED: &str = "unlimited";

impl Limit {
    /// Is `number` more than is allowed?
    pub fn is_exceeded_by(self, number: usize) -> bool {
        match self {
            Limit::Most(most) => number > most as usize,
            Limit::Unlimited => false,
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Limit::Most(most) => to.serialize_u32(*most),
            Limit::Unlimited => to.serialize_str(UNLIMITED),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Limit, D::Error> {
        from.deserialize_any(LimitVisitor)
    }
}

struct LimitVisitor;

impl serde::de::Visitor<'_> for LimitVisitor {
    type Value = Limit;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a number, or `{UNLIMITED}`")
    }

    fn visit_u64<E: serde::de::Error>(self, most: u64) -> Result<Limit, E> {
        u32::try_from(most)
            .map(Limit::Most)
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(most), &self))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Limit, E> {
        match text {
            UNLIMITED => Ok(Limit::Unlimited),
            text => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

impl From<u32> for Limit {
    fn from(most: u32) -> Limit {
        Limit::Most(most)
    }
}

duration_or_word!(Wait, For, None, "none");
duration_or_word!(Window, Bounded, Unlimited, "unlimited");
duration_or_word!(WarningLead, Before, None, "none");

/// Reads a part of a whole, in percent.
pub(super) fn percent<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    from.deserialize_u64(PercentVisitor)
}

struct PercentVisitor;

impl serde::de::Visitor<'_> for PercentVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a percentage from 0 to 100")
    }

    fn visit_u64<E: serde::de::Error>(self, percent: u64) -> Result<u64, E> {
        match percent {
            0..=100 => Ok(percent),
            more => Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(more),
                &self,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_its_word() {
        let read = |json: &str| serde_json::from_str::<Limit>(json);
        assert_eq!(read("3").unwrap(), Limit::Most(3));
        assert_eq!(read("\"unlimited\"").unwrap(), Limit::Unlimited);
        for bad in ["\"many\"", "-1", "4294967296", "[]"] {
            let said = read(bad).unwrap_err().to_string();
            assert!(said.contains("a number, or `unlimited`"), "{bad}: {said}");
        }
        for limit in [Limit::Most(3), Limit::Unlimited] {
            let text = serde_json::to_string(&limit).unwrap();
            assert_eq!(read(&text).unwrap(), limit);
        }
    }
}
