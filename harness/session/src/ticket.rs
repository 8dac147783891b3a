//! Tickets: proof, made by the app's own server, that a user may log in.
//!
//! The form is opaque to everybody but this module. Secrets never leave it.

use std::fmt::Write as _;

use crate::words;

/// The app ID every run uses unless a scenario says otherwise.
pub const APP_ID: u32 = 1_400_000_000;

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user it is for.
    pub user: String,
    /// The app it is for.
    pub app: u32,
    /// Unix milliseconds at which it was made.
    pub issued: u64,
    /// Unix milliseconds of the last moment it is good for; the end is inclusive
    /// (SOURCES tim B2.1).
    pub ends: u64,
}

words! {
    /// What is wrong with a ticket.
    Fault, "ticket fault" {
        Empty = "empty", "the text is empty";
        Malformed = "malformed", "the text is not a ticket";
        WrongKey = "wrong-key", "it was made with another secret";
        Expired = "expired", "it has run out";
        WrongUser = "wrong-user", "it belongs to another user";
        WrongApp = "wrong-app", "it belongs to another app";
    }
}

/// The longest ticket that is looked at, in bytes.
pub const LONGEST: usize = 8 * 1024;

const KEY: u64 = 0x6b69_636b_6f75_7421;
const OTHER_KEY: u64 = 0x6f74_6865_7220_6b65;

/// Makes a ticket.
pub fn mint(claims: &Claims) -> String {
    sealed(claims, KEY)
}

/// Makes a ticket with exactly this fault; `claims` are what it would say without.
pub fn mint_faulty(claims: &Claims, fault: Fault) -> String {
    let other = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        mint(&claims)
    };
    match fault {
        Fault::Empty => String::new(),
        Fault::Malformed => "not a ticket".to_owned(),
        Fault::WrongKey => sealed(claims, OTHER_KEY),
        Fault::Expired => other(|c| c.ends = c.issued.saturating_sub(1_000)),
        Fault::WrongUser => other(|c| c.user.push_str("-other")),
        Fault::WrongApp => other(|c| c.app += 1),
    }
}

/// Judges a ticket at `now` (Unix milliseconds) for a login of `user` to `app`.
///
/// # Errors
/// The first fault in the order malformed, wrong key, wrong app, wrong user, expired (T-AMB-41).
pub fn verify(now: u64, text: &str, app: u32, user: &str) -> Result<Claims, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let claims = read(text)?;
    if claims.app != app {
        return Err(Fault::WrongApp);
    }
    if claims.user != user {
        return Err(Fault::WrongUser);
    }
    if now > claims.ends {
        return Err(Fault::Expired);
    }
    Ok(claims)
}

/// The last moment a ticket claims to be good for, as anybody can see it without the secret;
/// `None` for a text that is no ticket.
pub fn claimed_end(text: &str) -> Option<u64> {
    let mut parts = text.get(..LONGEST.min(text.len()))?.split('.');
    parts.next().filter(|kind| *kind == "kt1")?;
    parts.nth(2)?.parse().ok()
}

/// What a ticket says, whether or not it has run out.
///
/// # Errors
/// `malformed` or `wrong-key`.
pub fn read(text: &str) -> Result<Claims, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::Malformed);
    }
    let (body, seal) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
    let mut parts = body.split('.');
    let mut next = || parts.next().ok_or(Fault::Malformed);
    if next()? != "kt1" {
        return Err(Fault::Malformed);
    }
    let app = next()?.parse().map_err(|_| Fault::Malformed)?;
    let issued = next()?.parse().map_err(|_| Fault::Malformed)?;
    let ends = next()?.parse().map_err(|_| Fault::Malformed)?;
    let user = unhex(next()?).ok_or(Fault::Malformed)?;
    if parts.next().is_some() {
        return Err(Fault::Malformed);
    }
    if seal != seal_of(body, KEY) {
        return Err(Fault::WrongKey);
    }
    Ok(Claims {
        user,
        app,
        issued,
        ends,
    })
}

fn sealed(claims: &Claims, key: u64) -> String {
    let mut body = format!("kt1.{}.{}.{}.", claims.app, claims.issued, claims.ends);
    for byte in claims.user.bytes() {
        let _ = write!(body, "{byte:02x}");
    }
    let seal = seal_of(&body, key);
    format!("{body}.{seal}")
}

/// A checksum that stands in for a signature: it tells keys apart and protects nothing.
fn seal_of(body: &str, key: u64) -> String {
    format!("{:016x}", crate::random::Stream::new(key, body).next_u64())
}

fn unhex(text: &str) -> Option<String> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alice() -> Claims {
        Claims {
            user: "alice".into(),
            app: APP_ID,
            issued: 1_000_000,
            ends: 1_060_000,
        }
    }

    fn judged(now: u64, text: &str) -> Result<Claims, Fault> {
        verify(now, text, APP_ID, "alice")
    }

    #[test]
    fn the_end_is_inclusive() {
        let text = mint(&alice());
        assert_eq!(judged(1_060_000, &text), Ok(alice()));
        assert_eq!(judged(1_060_001, &text), Err(Fault::Expired));
    }

    #[test]
    fn the_end_can_be_seen_without_the_secret() {
        let text = mint_faulty(&alice(), Fault::WrongKey);
        assert_eq!(claimed_end(&text), Some(1_060_000));
        assert_eq!(claimed_end("kt1"), None);
        assert_eq!(claimed_end("a.b.c.d"), None);
    }

    #[test]
    fn every_fault_is_told_apart() {
        for fault in Fault::ALL {
            let text = mint_faulty(&alice(), *fault);
            assert_eq!(judged(1_000_000, &text), Err(*fault));
        }
    }

    #[test]
    fn an_expired_ticket_of_somebody_else_belongs_to_somebody_else() {
        let text = mint(&alice());
        assert_eq!(
            verify(2_000_000, &text, APP_ID, "bob"),
            Err(Fault::WrongUser)
        );
        assert_eq!(verify(2_000_000, &text, 7, "bob"), Err(Fault::WrongApp));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}") {
            let _ = judged(0, &text);
            let _ = claimed_end(&text);
        }

        #[test]
        fn a_changed_character_is_never_accepted(at in 0usize..60, to in "[0-9a-f.]") {
            let mut text = mint(&alice());
            let at = at % text.len();
            if text[at..=at] != to {
                text.replace_range(at..=at, &to);
                prop_assert!(judged(1_000_000, &text) != Ok(alice()));
            }
        }
    }
}
