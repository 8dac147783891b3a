//! Token04 (SOURCES token 4.2, 4.3).
//!
//! `04`, then in base64: the end in Unix seconds (8 bytes), the length of the IV (2) and the IV,
//! the length of what is encrypted (2) and that: JSON under AES-256-CBC with PKCS#7 padding.
//! Nothing is authenticated: not the end at the front, which is ignored, and not the JSON, of
//! which only its shape tells whether the secret was the right one.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Claims, Draws, Expected, Field, Format, Refused};
use crate::rules::PayloadUse;

const VERSION: &str = "04";
const BLOCK: usize = 16;
/// What stands before the encrypted part.
const HEADER: usize = 8 + 2 + BLOCK + 2;

/// A ticket taken apart; nothing of it is to be trusted.
pub(super) struct Parts {
    /// The end as it stands at the front.
    pub(super) ends: i64,
    pub(super) iv: [u8; BLOCK],
    pub(super) sealed: Vec<u8>,
}

/// In the order in which most generators write it.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    pub(super) app_id: Value,
    pub(super) user_id: Value,
    pub(super) nonce: Value,
    pub(super) ctime: i64,
    pub(super) expire: Value,
    pub(super) payload: &'a str,
}

/// As it was read. Every field may have any type, and any order.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    app_id: Value,
    #[serde(default)]
    user_id: Value,
    #[serde(default)]
    nonce: Value,
    #[serde(default)]
    ctime: Value,
    #[serde(default)]
    expire: Value,
    /// Some generators leave it out (SOURCES token 4.3).
    payload: Option<Value>,
}

pub(super) fn mint(claims: &Claims, key: &[u8; 32], draws: Draws) -> String {
    let document = Written::of(claims, draws);
    seal(&document, claims.ends, key, draws.iv)
}

impl<'a> Written<'a> {
    pub(super) fn of(claims: &'a Claims, draws: Draws) -> Written<'a> {
        Written {
            app_id: claims.app.into(),
            user_id: claims.user.as_str().into(),
            nonce: draws.nonce.into(),
            ctime: claims.issued,
            expire: claims.ends.into(),
            payload: &claims.payload,
        }
    }
}

/// `ends` is what stands at the front.
pub(super) fn seal(document: &Written<'_>, ends: i64, key: &[u8; 32], iv: [u8; BLOCK]) -> String {
    // Plain data: serialising it cannot fail.
    let plain = serde_json::to_vec(document).expect("a document is plain data");
    let sealed =
        cbc::Encryptor::<Aes256>::new(key.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(&plain);
    // The format has no more room for it; such a ticket is refused when it is read.
    let length = u16::try_from(sealed.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(HEADER + sealed.len());
    bytes.extend(ends.to_be_bytes());
    bytes.extend((BLOCK as u16).to_be_bytes());
    bytes.extend(iv);
    bytes.extend(length.to_be_bytes());
    bytes.extend(sealed);
    let mut text = VERSION.to_owned();
    STANDARD.encode_string(bytes, &mut text);
    text
}

/// The two digits that a text begins with.
pub(super) fn version(text: &str) -> Option<&str> {
    text.get(..2)
        .filter(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(super) fn parts(text: &str) -> Result<Parts, Refused> {
    match version(text) {
        Some(VERSION) => {}
        Some(other) => return Err(Refused::WrongVersion(other.to_owned())),
        None => return Err(Refused::Malformed("it does not begin with a version")),
    }
    let body = &text[VERSION.len()..];
    let bytes = STANDARD.decode(body).map_err(|_| match body.len() % 4 {
        0 => Refused::Malformed("it is not base64"),
        _ => Refused::Truncated("its base64 is not complete"),
    })?;
    let Some((header, sealed)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(Refused::Truncated("it is shorter than its header"));
    };
    let (ends, rest) = header.split_first_chunk::<8>().expect("within the header");
    let number = |at: usize| u16::from_be_bytes([rest[at], rest[at + 1]]) as usize;
    if number(0) != BLOCK {
        return Err(Refused::Malformed("its IV is not of 16 bytes"));
    }
    let length = number(2 + BLOCK);
    if sealed.len() < length {
        return Err(Refused::Truncated("it holds less than it says"));
    }
    if sealed.len() > length {
        return Err(Refused::Malformed("it holds more than it says"));
    }
    if length == 0 || !length.is_multiple_of(BLOCK) {
        return Err(Refused::Malformed("it is not encrypted in whole blocks"));
    }
    Ok(Parts {
        ends: i64::from_be_bytes(*ends),
        iv: rest[2..2 + BLOCK].try_into().expect("as long as a block"),
        sealed: sealed.to_vec(),
    })
}

pub(super) fn verify(
    text: &str,
    key: &[u8; 32],
    expected: &Expected<'_>,
) -> Result<Claims, Refused> {
    let document = open(text, key)?;
    let app = document.app()?;
    if app != i64::from(expected.app) {
        let wanted = expected.app;
        return Err(Refused::WrongApp { is: app, wanted });
    }
    let user = document.user()?;
    if user != expected.user {
        return Err(Refused::WrongUser {
            is: user.to_owned(),
            wanted: expected.user.to_owned(),
        });
    }
    let claims = document.claims()?;
    let now = u64::try_from(expected.now).unwrap_or(0);
    if now.saturating_mul(1_000) >= claims.over(expected.end) {
        return Err(Refused::Expired { ends: claims.ends });
    }
    if expected.payload == PayloadUse::Judged {
        allows(&claims.payload, expected.room)?;
    }
    Ok(claims)
}

pub(super) fn read(text: &str, key: &[u8; 32]) -> Result<Claims, Refused> {
    open(text, key)?.claims()
}

fn open(text: &str, key: &[u8; 32]) -> Result<Document, Refused> {
    let parts = parts(text)?;
    let plain = cbc::Decryptor::<Aes256>::new(key.into(), &parts.iv.into())
        .decrypt_padded_vec::<Pkcs7>(&parts.sealed)
        .map_err(|_| Refused::WrongKey("its padding does not come out"))?;
    let wrong = Refused::WrongKey("it does not come out as a JSON object");
    // A list would do for the fields, too.
    if plain.first() != Some(&b'{') {
        return Err(wrong);
    }
    serde_json::from_slice(&plain).map_err(|_| wrong)
}

impl Document {
    fn app(&self) -> Result<i64, Refused> {
        self.app_id.as_i64().ok_or(wrong_type(Field::App, "app_id"))
    }

    fn user(&self) -> Result<&str, Refused> {
        let wrong = wrong_type(Field::User, "user_id");
        self.user_id.as_str().ok_or(wrong)
    }

    fn claims(self) -> Result<Claims, Refused> {
        let app = self.app()?;
        let user = self.user()?.to_owned();
        let Ok(app) = u32::try_from(app) else {
            return Err(wrong_type(Field::App, "app_id"));
        };
        // Z-AMB-51: negative ones were seen.
        if self.nonce.as_i64().is_none() {
            return Err(wrong_type(Field::Nonce, "nonce"));
        }
        let seconds = |value: &Value, field, name| value.as_i64().ok_or(wrong_type(field, name));
        Ok(Claims {
            user,
            app,
            issued: seconds(&self.ctime, Field::Issued, "ctime")?,
            ends: seconds(&self.expire, Field::End, "expire")?,
            payload: match self.payload {
                None => String::new(),
                Some(Value::String(payload)) => payload,
                Some(_) => return Err(wrong_type(Field::Payload, "payload")),
            },
        })
    }
}

fn wrong_type(field: Field, name: &'static str) -> Refused {
    let wanted = match field {
        Field::User | Field::Payload | Field::Signature => "a text",
        _ => "a whole number",
    };
    Refused::WrongType {
        field,
        name,
        wanted,
        format: Format::Token04,
    }
}

/// The right to log in that a payload can carry (SOURCES express 2.6).
fn allows(payload: &str, room: Option<&str>) -> Result<(), Refused> {
    if payload.is_empty() {
        return Ok(());
    }
    let payload: Value = serde_json::from_str(payload).map_err(|_| Refused::BadPayload)?;
    // Other JSON carries no right and forbids nothing.
    let room_id = payload.get("room_id").and_then(Value::as_str);
    let may_log_in = payload.pointer("/privilege/1").and_then(Value::as_i64);
    if may_log_in == Some(0) {
        return Err(Refused::LoginForbidden);
    }
    match (room_id, room) {
        (Some(is), Some(wanted)) if !is.is_empty() && is != wanted => Err(Refused::WrongRoom {
            is: is.to_owned(),
            wanted: wanted.to_owned(),
        }),
        _ => Ok(()),
    }
}
