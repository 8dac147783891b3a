//! The tickets that the vendors' own generators made, and what becomes of them when they are
//! changed. They are packed here once more, so that not only our own writer is read.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use serde_json::{Map, Value};
use session::rules::PayloadUse;
use session::ticket::{self, Claims, Draws, Expected, Format, Refused, Secret, Seen, Userbuf};

const TOKEN04: &str = include_str!("../../../../fixtures/tokens/token04.json");
const USERSIG: &str = include_str!("../../../../fixtures/tokens/usersig.json");

struct Vector {
    name: String,
    secret: String,
    claims: Claims,
    draws: Draws,
    texts: [String; 2],
}

fn data(text: &str) -> Value {
    serde_json::from_str(text).expect("sound data")
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn vectors(data: &Value) -> Vec<Vector> {
    let all = data["vectors"].as_array().expect("a list");
    all.iter()
        .map(|vector| Vector {
            name: text(vector, "name"),
            secret: text(vector, "secret"),
            claims: Claims {
                user: text(vector, "user"),
                app: vector["app"].as_u64().unwrap().try_into().unwrap(),
                issued: vector["issued"].as_i64().unwrap(),
                ends: vector["ends"].as_i64().unwrap(),
                payload: text(vector, "payload"),
            },
            draws: Draws {
                nonce: vector["nonce"].as_i64().unwrap_or_default(),
                iv: text(vector, "iv")
                    .into_bytes()
                    .try_into()
                    .unwrap_or_default(),
            },
            texts: [text(vector, "first"), text(vector, "second")],
        })
        .collect()
}

fn both() -> [(Format, Value); 2] {
    [
        (Format::Token04, data(TOKEN04)),
        (Format::UserSig, data(USERSIG)),
    ]
}

fn wanted(claims: &Claims, format: Format) -> Expected<'_> {
    Expected {
        app: claims.app,
        user: &claims.user,
        room: None,
        now: claims.issued,
        end: format.end(),
        payload: PayloadUse::Ignored,
    }
}

#[test]
fn what_the_generators_made_is_accepted() {
    for (format, data) in both() {
        let vectors = vectors(&data);
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let secret = Secret::new(format, &vector.secret).unwrap();
            for made in &vector.texts {
                let expected = wanted(&vector.claims, format);
                let read = ticket::verify(made, &secret, &expected);
                assert_eq!(read.as_ref(), Ok(&vector.claims), "{}", vector.name);
                assert_eq!(Format::of(made), format);
                let over = vector.claims.over(format.end());
                assert_eq!(ticket::claimed_over(made, format.end()), Some(over));
            }
        }
    }
}

/// A Token04 of ours is the vendor's to the byte; a UserSig differs in how it is packed, and holds
/// the same document.
#[test]
fn what_is_made_here_is_what_the_generators_make() {
    for (format, data) in both() {
        for (number, vector) in vectors(&data).into_iter().enumerate() {
            let secret = Secret::new(format, &vector.secret).unwrap();
            let made = ticket::mint(&vector.claims, &secret, vector.draws);
            match format {
                Format::Token04 => assert_eq!(made, vector.texts[0], "{}", vector.name),
                Format::UserSig => {
                    let document = |text: &str| -> Value {
                        serde_json::from_slice(&unpacked(text)).expect("an object")
                    };
                    assert_eq!(document(&made), document(&vector.texts[0]));
                    assert_eq!(document(&made), document(&vector.texts[1]));
                    let signature = text(&data["vectors"][number], "signature");
                    assert_eq!(text(&document(&made), "TLS.sig"), signature);
                }
            }
        }
    }
}

#[test]
fn the_user_buffer_of_a_room_is_read() {
    let data = data(USERSIG);
    let vector = &vectors(&data)[4];
    let Ok(Seen::UserSig { userbuf, .. }) = ticket::inspect(&vector.texts[0]) else {
        panic!("it can be read");
    };
    let read = Userbuf::read(&STANDARD.decode(userbuf).unwrap()).expect("a user buffer");
    assert_eq!(
        read,
        Userbuf {
            user: "alice".into(),
            app: 1_400_000_000,
            room: "10000".into(),
            ends: 1_700_000_300,
            privileges: 255,
            account_type: 0,
        }
    );
}

#[test]
fn every_change_is_told_for_what_it_is() {
    for (format, data) in both() {
        let first = &vectors(&data)[0];
        let cases = data["cases"].as_array().unwrap();
        assert!(cases.len() > 20);
        for case in cases {
            let changed = match format {
                Format::Token04 => changed_token04(first, &case["change"]),
                Format::UserSig => changed_usersig(first, &case["change"]),
            };
            let of = |key: &str| case.get(key).or_else(|| data["judged"].get(key));
            let secret = case["secret"].as_str().unwrap_or(&first.secret);
            let expected = Expected {
                app: of("app").map_or(first.claims.app, |app| app.as_u64().unwrap() as u32),
                user: case["user"].as_str().unwrap_or(&first.claims.user),
                room: of("room").and_then(Value::as_str),
                now: of("now").and_then(Value::as_i64).unwrap(),
                end: format.end(),
                payload: match of("payload").and_then(Value::as_str) {
                    Some("judged") => PayloadUse::Judged,
                    _ => PayloadUse::Ignored,
                },
            };
            let secret = Secret::new(format, secret).unwrap();
            let judged = ticket::verify(&changed, &secret, &expected);
            let error = judged.err().map(|refused| refused.error().word());
            assert_eq!(error, case["error"].as_str(), "{}", case["name"]);
        }
    }
}

fn changed_token04(vector: &Vector, change: &Value) -> String {
    let key: &[u8; 32] = vector.secret.as_bytes().try_into().unwrap();
    let mut bytes = STANDARD.decode(&vector.texts[0][2..]).unwrap();
    let iv: [u8; 16] = bytes[10..26].try_into().unwrap();
    let plain = cbc::Decryptor::<Aes256>::new(key.into(), &iv.into())
        .decrypt_padded_vec::<Pkcs7>(&bytes[28..])
        .unwrap();
    let mut document: Map<String, Value> = serde_json::from_slice(&plain).unwrap();
    edit(&mut document, change);
    if change.get("fields").is_some() || change.get("without").is_some() {
        let plain = serde_json::to_vec(&document).unwrap();
        let sealed = cbc::Encryptor::<Aes256>::new(key.into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(&plain);
        bytes.truncate(26);
        bytes.extend((sealed.len() as u16).to_be_bytes());
        bytes.extend(sealed);
    }
    if let Some(end) = change["shown-end"].as_i64() {
        bytes[..8].copy_from_slice(&end.to_be_bytes());
    }
    for (name, at) in [("iv-length", 8), ("sealed-length", 26)] {
        if let Some(length) = change[name].as_u64() {
            bytes[at..at + 2].copy_from_slice(&(length as u16).to_be_bytes());
        }
    }
    let prefix = change["prefix"].as_str().unwrap_or("04");
    let whole = format!("{prefix}{}", STANDARD.encode(bytes));
    cut(whole, change)
}

fn changed_usersig(vector: &Vector, change: &Value) -> String {
    let mut document: Map<String, Value> =
        serde_json::from_slice(&unpacked(&vector.texts[0])).unwrap();
    edit(&mut document, change);
    let json = match change["spaced"].as_bool() {
        Some(true) => serde_json::to_vec_pretty(&document),
        _ => serde_json::to_vec(&document),
    };
    let level = change["level"].as_u64().unwrap_or(6) as u8;
    let mut bytes = miniz_oxide::deflate::compress_to_vec_zlib(&json.unwrap(), level);
    if let Some(less) = change["text-from-first"].as_i64() {
        bytes.truncate(bytes.len() - less.unsigned_abs() as usize);
    }
    let letters = change["letters"].as_str().unwrap_or("*-_").as_bytes();
    let letter = |c| match c {
        '+' => char::from(letters[0]),
        '/' => char::from(letters[1]),
        '=' => char::from(letters[2]),
        c => c,
    };
    let whole = STANDARD.encode(bytes).chars().map(letter).collect();
    cut(whole, change)
}

fn edit(document: &mut Map<String, Value>, change: &Value) {
    for (name, value) in change["fields"].as_object().into_iter().flatten() {
        document.insert(name.clone(), value.clone());
    }
    for name in change["without"].as_array().into_iter().flatten() {
        document.remove(name.as_str().unwrap());
    }
}

fn cut(mut whole: String, change: &Value) -> String {
    if let Some(text) = change["text"].as_str() {
        return text.to_owned();
    }
    if let Some(length) = change["cut"].as_u64() {
        whole.truncate(length as usize);
    }
    whole
}

fn unpacked(text: &str) -> Vec<u8> {
    let standard = text.replace('*', "+").replace('-', "/").replace('_', "=");
    let packed = STANDARD.decode(standard).unwrap();
    miniz_oxide::inflate::decompress_to_vec_zlib(&packed).unwrap()
}

#[test]
fn no_byte_of_a_cut_ticket_is_missed() {
    for (format, data) in both() {
        for vector in vectors(&data) {
            let secret = Secret::new(format, &vector.secret).unwrap();
            for whole in &vector.texts {
                for length in 0..whole.len() {
                    let cut = &whole[..length];
                    let _ = ticket::inspect(cut);
                    let judged = ticket::verify(cut, &secret, &wanted(&vector.claims, format));
                    assert!(judged.is_err(), "{}: {length} bytes", vector.name);
                }
            }
        }
    }
}

/// Nothing authenticates a Token04, so of it only this is true: none of these flips changes what
/// an accepted ticket says. What flips can do is the next test.
#[test]
fn a_flipped_bit_never_changes_what_an_accepted_ticket_says() {
    for (format, data) in both() {
        for vector in vectors(&data) {
            let secret = Secret::new(format, &vector.secret).unwrap();
            for whole in &vector.texts {
                for bit in 0..whole.len() * 8 {
                    let mut bytes = whole.clone().into_bytes();
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    let Ok(flipped) = String::from_utf8(bytes) else {
                        continue;
                    };
                    let _ = ticket::inspect(&flipped);
                    let expected = wanted(&vector.claims, format);
                    if let Ok(claims) = ticket::verify(&flipped, &secret, &expected) {
                        assert_eq!(claims, vector.claims, "{}: bit {bit}", vector.name);
                    }
                }
            }
        }
    }
}

/// Whoever can choose the order of keys gets an end that can be moved without the secret: CBC hands
/// a flipped bit of the IV on to the first block as it is. A verifier cannot tell.
#[test]
fn a_token04_whose_end_stands_first_can_be_prolonged_unnoticed() {
    let secret = "0123456789abcdef0123456789abcdef";
    let key: &[u8; 32] = secret.as_bytes().try_into().unwrap();
    let plain = br#"{"expire": 1700000060,"app_id":1,"user_id":"u","nonce":1,"ctime":1700000000}"#;
    let mut iv = *b"0123456789abcdef";
    let sealed =
        cbc::Encryptor::<Aes256>::new(key.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
    // `1` of 1700000060 becomes `3`.
    iv[11] ^= b'1' ^ b'3';
    let mut bytes = 1_700_000_060_i64.to_be_bytes().to_vec();
    bytes.extend([0, 16]);
    bytes.extend(iv);
    bytes.extend((sealed.len() as u16).to_be_bytes());
    bytes.extend(sealed);
    let forged = format!("04{}", STANDARD.encode(bytes));
    let secret = Secret::new(Format::Token04, secret).unwrap();
    let read = ticket::read(&forged, &secret).expect("it looks sound");
    assert_eq!(read.ends, 3_700_000_060);
}

#[test]
fn nothing_inflates_without_limit() {
    for megabytes in [1, 5] {
        let zeros = vec![b' '; megabytes << 20];
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&zeros, 9);
        let text: String = STANDARD.encode(bomb).replace('+', "*").replace('/', "-");
        let text = text.replace('=', "_");
        assert!(text.len() < ticket::LONGEST, "{}", text.len());
        let Err(Refused::Malformed(why)) = ticket::inspect(&text) else {
            panic!("it is refused");
        };
        assert_eq!(why, "it inflates to too much");
    }
    let huge = "eJyr".repeat(2_500_000);
    assert_eq!(ticket::inspect(&huge), Err(Refused::TooLong));
    let huge = format!("04{}", "A".repeat(10_000_000));
    assert_eq!(ticket::inspect(&huge), Err(Refused::TooLong));
}

#[test]
fn a_list_is_no_document() {
    let secret = Secret::new(Format::UserSig, "k").unwrap();
    for json in [
        "[\"2.0\",\"a\",1,1,1,\"\",\"\"]",
        "null",
        "{",
        "{\"TLS.ver\":\"2.0\"}",
    ] {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 0);
        let text = STANDARD.encode(packed).replace('+', "*").replace('/', "-");
        assert!(
            ticket::read(&text.replace('=', "_"), &secret).is_err(),
            "{json}"
        );
    }
}
