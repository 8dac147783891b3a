//! The scenario language as one table: every key, what it takes, and a sentence about it.
//!
//! Reading a file ([`crate::document`]), the JSON Schema ([`crate::schema`]) and the reference page
//! ([`crate::language`]) are all functions of [`table::SCENARIO`]; there is no other list of keys. What the table cannot
//! say (an order of steps, a comparison of two values) is in `document`.

pub mod calls;
pub mod length;
// One line a key: a table is read in columns.
#[rustfmt::skip]
pub mod table;
pub mod words;

pub use table::{ACTS, COVERS, OBSERVATIONS, SCENARIO};
pub use words::{WORDS, Words};

/// A key, what it takes, and a sentence about it.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Must it be there?
    pub required: bool,
    /// What it means, in one sentence.
    pub doc: &'static str,
    /// A value, as it is written.
    pub example: &'static str,
}

/// A map with given keys.
#[derive(Debug)]
pub struct Record {
    /// Its keys, in groups that records share.
    pub groups: &'static [&'static [Field]],
    /// Which keys go together, in groups that records share.
    pub rules: &'static [&'static [Rule]],
}

/// Which keys of a record go together.
#[derive(Debug)]
pub enum Rule {
    /// One of them, and only one.
    ExactlyOne(&'static [&'static str]),
    /// One of them, or several.
    AtLeastOne(&'static [&'static str]),
    /// Not two of them.
    AtMostOne(&'static [&'static str]),
    /// The first only beside one of the others.
    Beside(&'static str, &'static [&'static str]),
    /// Where the first is, the second must be.
    Together(&'static str, &'static str),
}

/// What a key takes.
#[derive(Debug)]
pub enum Kind {
    /// A sentence on one line.
    Line,
    /// A text of any number of lines.
    Prose,
    /// A user ID that is good enough to begin with.
    User,
    /// Any text, because a scenario may send nonsense on purpose.
    Text {
        /// The longest, in bytes.
        longest: usize,
    },
    /// A name that this file gives to something, or uses again.
    Name,
    /// The name of one of the clients.
    Client,
    /// A length of time.
    Length,
    /// A length of time, or one word.
    LengthOr(&'static str),
    /// How far a clock is wrong: a length of time with a sign.
    Skew,
    /// A word of a closed list.
    Word(&'static Words),
    /// A whole number.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// `true` or `false`.
    Flag,
    /// `true`; the key alone is enough.
    True,
    /// A number of the vendor's own, which only a scenario for that vendor may name.
    Code,
    /// A name of the vendor's own, which only a scenario for that vendor may name.
    Callback,
    /// Arguments of such a callback.
    Arguments,
    /// A name that must exist elsewhere.
    Listed(Listing),
    /// A profile, or `=` and a profile.
    Profile,
    /// A list of any length.
    Series(&'static Kind),
    /// A list without repetitions.
    Many(&'static Kind),
    /// One, or a list without repetitions.
    OneOrMany(&'static Kind),
    /// A list of two.
    Pair(&'static Kind),
    /// A map with given keys.
    Record(&'static Record),
    /// A map with given keys, or a value for the one key named here.
    Short(&'static str, &'static Record),
    /// Something that is no map, or a map with given keys.
    Either(&'static Kind, &'static Record),
    /// The clients: a map from names that this file gives to maps with given keys.
    Clients(&'static Record),
    /// A list of steps.
    Steps,
}

/// Where a name must exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// The catalogue of requirements.
    Requirement,
    /// The capabilities profiles may have.
    Capability,
    /// The knobs of a profile, as paths such as `reconnect.window`.
    Knob,
    /// The profiles.
    Profile,
    /// The callbacks of all profiles.
    Callback,
    /// The arguments of those callbacks.
    Argument,
}

/// The most clients a scenario has, every device of a fleet counted; each is a peer of its own.
pub const MOST_CLIENTS: usize = 1_024;

/// The most steps a scenario has, every round of a `repeat` counted.
pub const MOST_STEPS: usize = 10_000;

/// How deep `repeat` may stand in `repeat`.
pub const DEEPEST_REPEAT: usize = 4;

/// The longest name this file may give to something, in bytes.
pub const LONGEST_NAME: usize = 64;

/// The longest user ID a client may have, in bytes. A step may try a longer one.
pub const LONGEST_USER: usize = 256;

/// The longest title, in bytes.
pub const LONGEST_LINE: usize = 256;

/// Names that clients cannot have, because a transcript uses them.
pub const RESERVED: &[&str] = &[crate::transcript::SERVER, crate::transcript::SCRIPT];

impl Record {
    /// Its keys.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// Which keys go together.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + use<> {
        self.rules.iter().flat_map(|group| group.iter())
    }

    /// The key called `name`.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }
}

impl Kind {
    /// What it is, for "wants …".
    pub fn wants(&self) -> String {
        match self {
            Kind::Line => "a sentence on one line".into(),
            Kind::Prose | Kind::Text { .. } => "a text".into(),
            Kind::User => "a user ID".into(),
            Kind::Name => "a name of small letters, digits and `-`".into(),
            Kind::Client => "the name of a client".into(),
            Kind::Length => "a length of time".into(),
            Kind::LengthOr(word) => format!("a length of time, or `{word}`"),
            Kind::Skew => "a length of time, with `-` when the clock is behind".into(),
            Kind::Word(words) => format!("a word for the {}", words.kind),
            Kind::Number { least, most } => format!("a whole number from {least} to {most}"),
            Kind::Flag => "`true` or `false`".into(),
            Kind::True => "`true`".into(),
            Kind::Code => "a number".into(),
            Kind::Callback => "the name of a callback".into(),
            Kind::Arguments => "a map of arguments".into(),
            Kind::Listed(listing) => format!("the name of a {}", listing.kind()),
            Kind::Profile => "the name of a profile".into(),
            Kind::Series(kind) | Kind::Many(kind) => {
                format!("a list; each item is {}", kind.wants())
            }
            Kind::OneOrMany(kind) => format!("{}, or a list of them", kind.wants()),
            Kind::Pair(kind) => format!("a list of two; each is {}", kind.wants()),
            Kind::Record(_) | Kind::Clients(_) => "a map".into(),
            Kind::Short(name, record) => match record.field(name) {
                Some(field) => format!("{}, or a map", field.kind.wants()),
                None => "a map".into(),
            },
            Kind::Either(kind, _) => format!("{}, or a map", kind.wants()),
            Kind::Steps => "a list of steps".into(),
        }
    }
}

impl Listing {
    /// What is listed.
    pub fn kind(self) -> &'static str {
        match self {
            Listing::Requirement => "requirement",
            Listing::Capability => "capability",
            Listing::Knob => "knob",
            Listing::Profile => "profile",
            Listing::Callback => "callback",
            Listing::Argument => "argument of a callback",
        }
    }
}
