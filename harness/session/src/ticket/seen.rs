//! What anybody can see of a ticket, without the secret.

use super::{Format, LONGEST, Refused, token04, usersig};

/// What a ticket shows. None of it is to be trusted before the ticket is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Of a Token04 only the front is readable.
    Token04 {
        /// The end as it stands at the front, in Unix seconds. Nothing protects it, and no
        /// verifier reads it.
        ends: i64,
        /// What the encryption begins with.
        iv: [u8; 16],
        /// How many bytes are encrypted.
        sealed: usize,
    },
    /// Of a UserSig everything is readable.
    UserSig {
        /// The user it is for.
        user: String,
        /// The app it is for.
        app: i64,
        /// Unix seconds at which it was made.
        issued: i64,
        /// Unix seconds of its end, that second included.
        ends: i64,
        /// The user buffer in base64; empty where there is none.
        userbuf: String,
        /// How many bytes it was inflated to.
        inflated: usize,
    },
}

/// Looks at any text whatever.
///
/// # Errors
/// It is no ticket; the sentence says what is wrong with its form.
pub fn inspect(text: &str) -> Result<Seen, Refused> {
    if text.is_empty() {
        return Err(Refused::Empty);
    }
    if text.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    match Format::of(text) {
        Format::Token04 => {
            let parts = token04::parts(text)?;
            Ok(Seen::Token04 {
                ends: parts.ends,
                iv: parts.iv,
                sealed: parts.sealed.len(),
            })
        }
        Format::UserSig => {
            let document = usersig::unpack(text)?;
            let fields = document.fields()?;
            Ok(Seen::UserSig {
                user: fields.user.to_owned(),
                app: fields.app,
                issued: fields.time,
                ends: fields.ends,
                userbuf: fields.userbuf.to_owned(),
                inflated: document.inflated,
            })
        }
    }
}
