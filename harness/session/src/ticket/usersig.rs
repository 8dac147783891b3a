//! UserSig (SOURCES tim B2.1).
//!
//! A JSON object, deflated, in base64 with three letters of its own. Its signature is an
//! HMAC-SHA256 over a text made of its fields, so everything but the order and the spacing of the
//! JSON is protected; nothing is secret.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fdeflate::StoredOnlyCompressor;
use hmac::{Hmac, KeyInit, Mac};
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use super::{Claims, Expected, Field, Format, Refused};

const VERSION: &str = "2.0";

/// The most bytes that are inflated. The longest ticket could hold a thousand times its length.
const MOST_INFLATED: usize = 16 * 1024;

/// In the order in which one of the official generators writes it.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    #[serde(rename = "TLS.ver")]
    pub(super) version: &'a str,
    #[serde(rename = "TLS.identifier")]
    pub(super) user: Value,
    #[serde(rename = "TLS.sdkappid")]
    pub(super) app: Value,
    #[serde(rename = "TLS.time")]
    pub(super) time: Value,
    #[serde(rename = "TLS.expire")]
    pub(super) lasts: Value,
    #[serde(rename = "TLS.userbuf", skip_serializing_if = "str::is_empty")]
    pub(super) userbuf: &'a str,
    #[serde(rename = "TLS.sig")]
    pub(super) signature: String,
}

/// As it was read. Every field may have any type; one generator leaves zeros out (SOURCES tim
/// B2.2).
#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "TLS.ver", default)]
    version: Value,
    #[serde(rename = "TLS.identifier", default = "empty")]
    user: Value,
    #[serde(rename = "TLS.sdkappid", default = "zero")]
    app: Value,
    #[serde(rename = "TLS.time", default = "zero")]
    time: Value,
    #[serde(rename = "TLS.expire", default = "zero")]
    lasts: Value,
    #[serde(rename = "TLS.userbuf", default = "empty")]
    userbuf: Value,
    #[serde(rename = "TLS.sig", default)]
    signature: Value,
    /// How many bytes it was inflated to.
    #[serde(skip)]
    pub(super) inflated: usize,
}

fn empty() -> Value {
    Value::String(String::new())
}

fn zero() -> Value {
    Value::from(0)
}

/// The fields of a document, each of its type.
pub(super) struct Fields<'a> {
    pub(super) user: &'a str,
    pub(super) app: i64,
    pub(super) time: i64,
    pub(super) lasts: i64,
    pub(super) ends: i64,
    pub(super) userbuf: &'a str,
    signature: &'a str,
}

pub(super) fn mint(claims: &Claims, key: &[u8]) -> String {
    pack(&Written::of(claims, key))
}

impl<'a> Written<'a> {
    /// A document with its signature.
    pub(super) fn of(claims: &'a Claims, key: &[u8]) -> Written<'a> {
        let lasts = claims.ends.saturating_sub(claims.issued);
        let signed = signed_text(
            &claims.user,
            i64::from(claims.app),
            claims.issued,
            lasts,
            &claims.payload,
        );
        Written {
            version: VERSION,
            user: claims.user.as_str().into(),
            app: claims.app.into(),
            time: claims.issued.into(),
            lasts: lasts.into(),
            userbuf: &claims.payload,
            signature: STANDARD.encode(mac(key, &signed).finalize().into_bytes()),
        }
    }
}

pub(super) fn pack(document: &Written<'_>) -> String {
    // Plain data: serialising it cannot fail.
    let json = serde_json::to_vec(document).expect("a document is plain data");
    let text = STANDARD.encode(stored(&json));
    let letter = |c| match c {
        '+' => '*',
        '/' => '-',
        '=' => '_',
        c => c,
    };
    text.chars().map(letter).collect()
}

/// Deflated without being any smaller, as one of the official generators does it: verifiers take
/// any level.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut deflated = StoredOnlyCompressor::new(Cursor::new(Vec::new())).expect(MEMORY);
    deflated.write_data(bytes).expect(MEMORY);
    deflated.finish().expect(MEMORY).into_inner()
}

const MEMORY: &str = "writing to memory cannot fail";

pub(super) fn verify(text: &str, key: &[u8], expected: &Expected<'_>) -> Result<Claims, Refused> {
    let document = unpack(text)?;
    let fields = document.fields()?;
    // The order of the vendor's own verifier (T-AMB-41).
    if fields.app != i64::from(expected.app) {
        let wanted = expected.app;
        return Err(Refused::WrongApp {
            is: fields.app,
            wanted,
        });
    }
    if fields.user != expected.user {
        return Err(Refused::WrongUser {
            is: fields.user.to_owned(),
            wanted: expected.user.to_owned(),
        });
    }
    let now = u64::try_from(expected.now).unwrap_or(0);
    if now.saturating_mul(1_000) >= super::over(fields.ends, expected.end) {
        return Err(Refused::Expired { ends: fields.ends });
    }
    fields.judge_signature(key)?;
    fields.claims()
}

pub(super) fn read(text: &str, key: &[u8]) -> Result<Claims, Refused> {
    let document = unpack(text)?;
    let fields = document.fields()?;
    fields.judge_signature(key)?;
    fields.claims()
}

pub(super) fn unpack(text: &str) -> Result<Document, Refused> {
    let letter = |byte| match byte {
        b'*' => Some(b'+'),
        b'-' => Some(b'/'),
        b'_' => Some(b'='),
        b'+' | b'/' | b'=' => None,
        byte => Some(byte),
    };
    let standard: Option<Vec<u8>> = text.bytes().map(letter).collect();
    let standard = standard.ok_or(Refused::Malformed(
        "`+`, `/` and `=` of base64 are written `*`, `-` and `_` in it",
    ))?;
    let packed = STANDARD
        .decode(&standard)
        .map_err(|_| match standard.len() % 4 {
            0 => Refused::Malformed("it is not base64"),
            _ => Refused::Truncated("its base64 is not complete"),
        })?;
    let json = decompress_to_vec_zlib_with_limit(&packed, MOST_INFLATED).map_err(|error| {
        match error.status {
            TINFLStatus::HasMoreOutput => Refused::Malformed("it inflates to too much"),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => {
                Refused::Truncated("its deflated data is not complete")
            }
            TINFLStatus::Adler32Mismatch => {
                Refused::Malformed("the checksum of its deflated data is wrong")
            }
            _ => Refused::Malformed("it does not inflate"),
        }
    })?;
    let wrong = Refused::Malformed("it does not inflate to a JSON object");
    // A list would do for the fields, too.
    if json.first() != Some(&b'{') {
        return Err(wrong);
    }
    let mut document: Document = serde_json::from_slice(&json).map_err(|_| wrong)?;
    document.inflated = json.len();
    match document.version.as_str() {
        Some(VERSION) => Ok(document),
        Some(other) => Err(Refused::WrongVersion(other.chars().take(16).collect())),
        None => Err(Refused::Malformed("it names no version")),
    }
}

impl Document {
    pub(super) fn fields(&self) -> Result<Fields<'_>, Refused> {
        let text = |value: &'_ Value, field, name| match value {
            Value::String(_) => Ok(()),
            _ => Err(wrong_type(field, name, "a text")),
        };
        let number = |value: &Value, field, name| {
            let wrong = wrong_type(field, name, "a whole number");
            value.as_i64().ok_or(wrong)
        };
        text(&self.user, Field::User, "TLS.identifier")?;
        text(&self.userbuf, Field::Payload, "TLS.userbuf")?;
        text(&self.signature, Field::Signature, "TLS.sig")?;
        let time = number(&self.time, Field::Issued, "TLS.time")?;
        let lasts = number(&self.lasts, Field::End, "TLS.expire")?;
        Ok(Fields {
            user: self.user.as_str().unwrap_or_default(),
            app: number(&self.app, Field::App, "TLS.sdkappid")?,
            time,
            lasts,
            ends: time
                .checked_add(lasts)
                .ok_or(Refused::Malformed("its end is beyond all time"))?,
            userbuf: self.userbuf.as_str().unwrap_or_default(),
            signature: self.signature.as_str().unwrap_or_default(),
        })
    }
}

impl Fields<'_> {
    fn judge_signature(&self, key: &[u8]) -> Result<(), Refused> {
        let wrong = Refused::WrongKey("its signature is wrong");
        let Ok(signature) = STANDARD.decode(self.signature) else {
            return Err(wrong);
        };
        let signed = signed_text(self.user, self.app, self.time, self.lasts, self.userbuf);
        // Compares in constant time.
        mac(key, &signed)
            .verify_slice(&signature)
            .map_err(|_| wrong)
    }

    fn claims(&self) -> Result<Claims, Refused> {
        let wrong = wrong_type(Field::App, "TLS.sdkappid", "the number of an app");
        Ok(Claims {
            user: self.user.to_owned(),
            app: u32::try_from(self.app).map_err(|_| wrong)?,
            issued: self.time,
            ends: self.ends,
            payload: self.userbuf.to_owned(),
        })
    }
}

fn signed_text(user: &str, app: i64, time: i64, lasts: i64, userbuf: &str) -> String {
    let mut text =
        format!("TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{time}\nTLS.expire:{lasts}\n");
    if !userbuf.is_empty() {
        text.push_str("TLS.userbuf:");
        text.push_str(userbuf);
        text.push('\n');
    }
    text
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text.as_bytes());
    mac
}

fn wrong_type(field: Field, name: &'static str, wanted: &'static str) -> Refused {
    Refused::WrongType {
        field,
        name,
        wanted,
        format: Format::UserSig,
    }
}
