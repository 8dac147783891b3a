//! Tickets: proof, made by the app's own server, that a user may log in.
//!
//! Two formats that server libraries of vendors produce are made, read and judged here, to the
//! byte. Everything is a function of its arguments: what is random, and what time it is, is said
//! by the caller.
//!
//! - this file: what every ticket has in common
//! - `token04`, `usersig`: the two formats
//! - `refused`: why a ticket is refused, in a sentence and as a neutral word
//! - `fault`: tickets that are wrong on purpose
//! - `seen`: what anybody can see of a ticket, without the secret
//! - `userbuf`: the room permission that a UserSig can carry

mod fault;
mod refused;
mod seen;
mod token04;
mod userbuf;
mod usersig;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use self::fault::{Fault, mint_faulty};
pub use self::refused::{Field, Refused};
pub use self::seen::{Seen, inspect};
pub use self::userbuf::Userbuf;
use crate::rules::{EndCounts, PayloadUse};
use crate::time::EPOCH_UNIX_MS;
use crate::words;

/// Unix seconds of a moment before every run.
const BEFORE_ALL_RUNS: i64 = (EPOCH_UNIX_MS / 1_000) as i64 - 60;

/// The app ID every run uses unless a scenario says otherwise.
pub const APP_ID: u32 = 1_400_000_000;

/// The longest ticket that is looked at, in bytes of its text.
pub const LONGEST: usize = 8 * 1024;

words! {
    /// The form of a ticket.
    Format, "ticket format" {
        Token04 = "token04", "encrypted JSON behind the version `04`";
        UserSig = "usersig", "signed JSON, deflated";
    }
}

/// What a ticket says. Times are whole Unix seconds, as tickets have no finer ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user it is for.
    pub user: String,
    /// The app it is for.
    pub app: u32,
    /// When it was made.
    pub issued: i64,
    /// When it ends; `EndCounts` says whether that second counts.
    pub ends: i64,
    /// The payload of a Token04, usually JSON; the user buffer of a UserSig, in base64. Empty
    /// where there is none.
    pub payload: String,
}

/// What the maker of a ticket draws at random. A UserSig needs neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// A number that makes tickets differ.
    pub nonce: i64,
    /// What the encryption begins with.
    pub iv: [u8; 16],
}

/// What a login wants its ticket to say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The app of the login.
    pub app: u32,
    /// The user who logs in.
    pub user: &'a str,
    /// The room, where a login is into one.
    pub room: Option<&'a str>,
    /// Unix seconds of the judge's clock.
    pub now: i64,
    /// Does the second of the end count?
    pub end: EndCounts,
    /// Is the payload judged?
    pub payload: PayloadUse,
}

/// What an app and the vendor share. It is never shown: not when debugging, in no error.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Key);

#[derive(Clone, PartialEq, Eq)]
enum Key {
    /// The 32 ASCII bytes as they stand, not decoded from hexadecimal (SOURCES token 4.2).
    Token04([u8; 32]),
    /// The text as it stands (SOURCES tim B2.1).
    UserSig(Box<[u8]>),
}

/// A text that is no secret of its format; the text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// A Token04 needs exactly 32 bytes.
    #[error("the secret of a token04 is 32 bytes long, not {0}")]
    Length(usize),
    /// A Token04 needs ASCII.
    #[error("the secret of a token04 is ASCII")]
    NotAscii,
    /// Nothing can be signed with nothing.
    #[error("the secret is empty")]
    Empty,
}

impl Secret {
    /// The secret with this text.
    ///
    /// # Errors
    /// The format cannot use it.
    pub fn new(format: Format, text: &str) -> Result<Secret, BadSecret> {
        if text.is_empty() {
            return Err(BadSecret::Empty);
        }
        Ok(Secret(match format {
            Format::UserSig => Key::UserSig(text.as_bytes().into()),
            Format::Token04 if !text.is_ascii() => return Err(BadSecret::NotAscii),
            Format::Token04 => {
                let bytes = text.as_bytes();
                Key::Token04(
                    bytes
                        .try_into()
                        .map_err(|_| BadSecret::Length(bytes.len()))?,
                )
            }
        }))
    }

    /// The secret that an app has in every run. It protects nothing.
    pub fn of_app(format: Format, app: u32) -> Secret {
        Secret::numbered(format, "secret-of-app", app)
    }

    /// The text of that secret.
    pub fn text_of_app(app: u32) -> String {
        numbered("secret-of-app", app)
    }

    /// A secret that no app has.
    fn of_nobody(format: Format, app: u32) -> Secret {
        Secret::numbered(format, "secret-of-nobody", app)
    }

    fn numbered(format: Format, what: &str, app: u32) -> Secret {
        Secret::new(format, &numbered(what, app)).expect("32 ASCII bytes")
    }

    /// The format it is for.
    pub fn format(&self) -> Format {
        match self.0 {
            Key::Token04(_) => Format::Token04,
            Key::UserSig(_) => Format::UserSig,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

impl Claims {
    /// The first moment at which it is no longer good, in Unix milliseconds.
    pub fn over(&self, end: EndCounts) -> u64 {
        over(self.ends, end)
    }
}

fn over(ends: i64, end: EndCounts) -> u64 {
    let first_bad = match end {
        EndCounts::Excluded => ends,
        EndCounts::Included => ends.saturating_add(1),
    };
    u64::try_from(first_bad).unwrap_or(0).saturating_mul(1_000)
}

impl Format {
    /// Which format a text is meant to be in; what does not begin with a version is taken for a
    /// UserSig.
    pub fn of(text: &str) -> Format {
        match token04::version(text) {
            Some(_) => Format::Token04,
            None => Format::UserSig,
        }
    }

    /// Does the second of the end count, as the maker of the format has it
    /// (SOURCES token 4.6, tim B2.1)?
    pub fn end(self) -> EndCounts {
        match self {
            Format::Token04 => EndCounts::Excluded,
            Format::UserSig => EndCounts::Included,
        }
    }
}

/// Makes a ticket in the format of the secret.
pub fn mint(claims: &Claims, secret: &Secret, draws: Draws) -> String {
    match &secret.0 {
        Key::Token04(key) => token04::mint(claims, key, draws),
        Key::UserSig(key) => usersig::mint(claims, key),
    }
}

/// Judges a ticket in the format of the secret.
///
/// # Errors
/// The first thing that is wrong: its form, then its app, its user, its end, its payload. A
/// Token04 cannot be read with another secret, so that comes before; the signature of a UserSig
/// is judged last, as the vendor's own verifier does (T-AMB-41).
pub fn verify(text: &str, secret: &Secret, expected: &Expected<'_>) -> Result<Claims, Refused> {
    if text.is_empty() {
        return Err(Refused::Empty);
    }
    if text.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    match &secret.0 {
        Key::Token04(key) => token04::verify(text, key, expected),
        Key::UserSig(key) => usersig::verify(text, key, expected),
    }
}

/// What a ticket says, whoever it is for and whether or not it has run out.
///
/// # Errors
/// Its form is wrong, or it was made with another secret.
pub fn read(text: &str, secret: &Secret) -> Result<Claims, Refused> {
    if text.is_empty() {
        return Err(Refused::Empty);
    }
    if text.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    match &secret.0 {
        Key::Token04(key) => token04::read(text, key),
        Key::UserSig(key) => usersig::read(text, key),
    }
}

/// The first moment, in Unix milliseconds, at which a ticket claims to be no longer good. Anybody
/// can see it, and nothing protects it; `None` for a text that is no ticket.
pub fn claimed_over(text: &str, end: EndCounts) -> Option<u64> {
    let ends = match inspect(text).ok()? {
        Seen::Token04 { ends, .. } => ends,
        Seen::UserSig { ends, .. } => ends,
    };
    Some(over(ends, end))
}

/// The signature that an app is built with, in every run. It protects nothing.
pub fn app_sign(app: u32) -> String {
    STANDARD.encode(app_mac(app).finalize().into_bytes())
}

/// 32 bytes, of which at most 17 are words and 10 digits.
fn numbered(what: &str, app: u32) -> String {
    format!("{what}-{app:->w$}", w = 31 - what.len())
}

/// Is this the signature of that app? Compares in constant time.
pub fn is_app_sign(app: u32, text: &str) -> bool {
    let given = STANDARD.decode(text);
    given.is_ok_and(|given| app_mac(app).verify_slice(&given).is_ok())
}

fn app_mac(app: u32) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"app-sign").expect("any key will do");
    mac.update(&app.to_be_bytes());
    mac
}

#[cfg(test)]
mod tests;
