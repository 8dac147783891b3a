//! Tickets: any text, and texts whose outer layers are right so that the inner ones are reached.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use session::rules::PayloadUse;
use session::ticket::{self, APP_ID, Expected, Format, Secret, Userbuf};

/// Unix seconds at which tickets are judged.
pub const NOW: i64 = 1_800_000_000;

/// The user they are judged for.
pub const USER: &str = "alice";

const KEY: &str = "fa94dd0f974cf2e293728a526b028271";

/// What is said of a ticket is no longer than this, in bytes.
const MOST_SAID: usize = 64 * 1024;

/// Reads `bytes` as a ticket, as what is inside of one, and as a user buffer.
///
/// # Panics
/// A promise is broken.
pub fn ticket(bytes: &[u8]) {
    judged(&String::from_utf8_lossy(bytes));
    judged(&token04_of(bytes));
    judged(&usersig_of(bytes));
    let _ = Userbuf::read(bytes);
}

/// The secret of the tickets that [`ticket`] makes.
///
/// # Panics
/// Never: it has the length that a secret has.
pub fn secret(format: Format) -> Secret {
    Secret::new(format, KEY).expect("32 characters")
}

fn judged(text: &str) {
    let said = match ticket::inspect(text) {
        Ok(seen) => format!("{seen:?}"),
        Err(refused) => format!("{refused}{}", refused.error()),
    };
    assert!(said.len() <= MOST_SAID, "{} bytes are said", said.len());
    for format in Format::ALL {
        let secret = secret(*format);
        for payload in [PayloadUse::Judged, PayloadUse::Ignored] {
            let expected = Expected {
                app: APP_ID,
                user: USER,
                room: Some("room-1"),
                now: NOW,
                end: format.end(),
                payload,
            };
            match ticket::verify(text, &secret, &expected) {
                Ok(claims) => assert_eq!((claims.app, claims.user.as_str()), (APP_ID, USER)),
                Err(refused) => assert!(refused.to_string().len() <= MOST_SAID),
            }
        }
        let _ = ticket::read(text, &secret);
        let _ = ticket::claimed_over(text, format.end());
    }
}

/// A Token04 whose secret is right and whose document is this.
fn token04_of(plain: &[u8]) -> String {
    let iv = [7; 16];
    let key: &[u8; 32] = KEY.as_bytes().try_into().expect("32 characters");
    let sealed =
        cbc::Encryptor::<Aes256>::new(key.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
    let mut bytes = (NOW + 60).to_be_bytes().to_vec();
    bytes.extend(16_u16.to_be_bytes());
    bytes.extend(iv);
    bytes.extend(
        u16::try_from(sealed.len())
            .unwrap_or(u16::MAX)
            .to_be_bytes(),
    );
    bytes.extend(sealed);
    format!("04{}", STANDARD.encode(bytes))
}

/// A UserSig whose document is this; the document holds its own signature.
fn usersig_of(plain: &[u8]) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(plain, 1);
    let text = STANDARD.encode(packed);
    text.replace('+', "*").replace('/', "-").replace('=', "_")
}
