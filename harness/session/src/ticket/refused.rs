//! Why a ticket is refused.

use super::Format;
use crate::words::ErrorWord;

/// What a field of a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The app.
    App,
    /// The user.
    User,
    /// The random number.
    Nonce,
    /// When it was made.
    Issued,
    /// When it ends, or how long it lasts.
    End,
    /// The payload, or the user buffer.
    Payload,
    /// The signature.
    Signature,
}

/// Why a ticket is refused. Shown, it is a sentence about the ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// The text is longer than any ticket.
    #[error("it is longer than {} bytes", super::LONGEST)]
    TooLong,
    /// Its form is wrong.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// Its end is missing.
    #[error("it is cut short: {0}")]
    Truncated(&'static str),
    /// It is of another version of the format.
    #[error("it is of version {0}, which is not accepted")]
    WrongVersion(String),
    /// It cannot be read with this secret, or its signature is not of this secret.
    #[error("it was made with another secret, or altered: {0}")]
    WrongKey(&'static str),
    /// A field has a type it must not have, or is missing.
    #[error("its field `{name}` is not {wanted}")]
    WrongType {
        /// Which field.
        field: Field,
        /// What the field is called in the ticket.
        name: &'static str,
        /// What it has to be.
        wanted: &'static str,
        /// The format of the ticket.
        format: Format,
    },
    /// It is of another app.
    #[error("it is for app {is}, not for {wanted}")]
    WrongApp {
        /// What it says.
        is: i64,
        /// The app of the login.
        wanted: u32,
    },
    /// It is of another user.
    #[error("it is for user `{}`, not for `{}`", shown(.is), shown(.wanted))]
    WrongUser {
        /// What it says.
        is: String,
        /// Who logs in.
        wanted: String,
    },
    /// It has run out.
    #[error("it has run out")]
    Expired {
        /// Unix seconds of its end.
        ends: i64,
    },
    /// Its payload cannot be read.
    #[error("its payload is not JSON")]
    BadPayload,
    /// Its payload does not allow to log in.
    #[error("its payload does not allow a login")]
    LoginForbidden,
    /// Its payload is for another room.
    #[error("its payload is for room `{}`, not for `{}`", shown(.is), shown(.wanted))]
    WrongRoom {
        /// What it says.
        is: String,
        /// The room of the login.
        wanted: String,
    },
}

impl Refused {
    /// What a server answers.
    pub fn error(&self) -> ErrorWord {
        match self {
            Refused::Empty => ErrorWord::TokenMissing,
            Refused::TooLong
            | Refused::Malformed(_)
            | Refused::Truncated(_)
            | Refused::BadPayload => ErrorWord::TokenMalformed,
            Refused::WrongVersion(_) => ErrorWord::TokenWrongVersion,
            Refused::WrongKey(_) => ErrorWord::TokenWrongKey,
            // SOURCES express 2.3: the same number for a wrong value and a wrong type of these.
            Refused::WrongType {
                field,
                format: Format::Token04,
                ..
            } => match field {
                Field::App => ErrorWord::TokenWrongApp,
                Field::User => ErrorWord::TokenWrongUser,
                Field::End => ErrorWord::TokenExpired,
                _ => ErrorWord::TokenWrongTypes,
            },
            Refused::WrongType { .. } => ErrorWord::TokenWrongTypes,
            Refused::WrongApp { .. } => ErrorWord::TokenWrongApp,
            Refused::WrongUser { .. } => ErrorWord::TokenWrongUser,
            Refused::Expired { .. } => ErrorWord::TokenExpired,
            Refused::LoginForbidden | Refused::WrongRoom { .. } => ErrorWord::TokenForbids,
        }
    }
}

/// A name out of a ticket is anybody's text: control characters are shown as such, and little of
/// it.
fn shown(text: &str) -> String {
    const MOST: usize = 64;
    let mut shown: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
