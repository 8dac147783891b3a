use proptest::prelude::*;

use super::*;
use crate::words::ErrorWord;

const NOW: i64 = 1_800_000_000;

fn alice() -> Claims {
    Claims {
        user: "alice".into(),
        app: APP_ID,
        issued: NOW,
        ends: NOW + 60,
        payload: String::new(),
    }
}

fn draws() -> Draws {
    Draws {
        nonce: -7,
        iv: *b"0123456789abcdef",
    }
}

fn judged(text: &str, format: Format, now: i64) -> Result<Claims, Refused> {
    let expected = Expected {
        app: APP_ID,
        user: "alice",
        room: Some("room-1"),
        now,
        end: format.end(),
        payload: PayloadUse::Judged,
    };
    verify(text, &Secret::of_app(format, APP_ID), &expected)
}

#[test]
fn the_second_of_the_end_counts_or_not() {
    for (format, last) in [(Format::Token04, NOW + 59), (Format::UserSig, NOW + 60)] {
        let text = mint(&alice(), &Secret::of_app(format, APP_ID), draws());
        assert_eq!(judged(&text, format, last), Ok(alice()));
        let ends = NOW + 60;
        assert_eq!(
            judged(&text, format, last + 1),
            Err(Refused::Expired { ends })
        );
    }
}

#[test]
fn every_fault_has_its_word() {
    use ErrorWord::*;
    for (fault, token04, usersig) in [
        (Fault::Empty, Some(TokenMissing), Some(TokenMissing)),
        (Fault::Malformed, Some(TokenMalformed), Some(TokenMalformed)),
        (Fault::Truncated, Some(TokenMalformed), Some(TokenMalformed)),
        (
            Fault::WrongVersion,
            Some(TokenWrongVersion),
            Some(TokenWrongVersion),
        ),
        (Fault::WrongKey, Some(TokenWrongKey), Some(TokenWrongKey)),
        (
            Fault::WrongTypes,
            Some(TokenWrongTypes),
            Some(TokenWrongTypes),
        ),
        (Fault::AppAsText, Some(TokenWrongApp), Some(TokenWrongTypes)),
        (
            Fault::UserAsNumber,
            Some(TokenWrongUser),
            Some(TokenWrongTypes),
        ),
        (Fault::EndAsText, Some(TokenExpired), Some(TokenWrongTypes)),
        (Fault::Expired, Some(TokenExpired), Some(TokenExpired)),
        (Fault::RaisedEnd, Some(TokenExpired), Some(TokenWrongKey)),
        (Fault::Revoked, None, None),
        (Fault::WrongUser, Some(TokenWrongUser), Some(TokenWrongUser)),
        (Fault::WrongApp, Some(TokenWrongApp), Some(TokenWrongApp)),
        (Fault::BadPayload, Some(TokenMalformed), None),
        (Fault::LoginForbidden, Some(TokenForbids), None),
        (Fault::OtherRoom, Some(TokenForbids), None),
    ] {
        for (format, word) in [(Format::Token04, token04), (Format::UserSig, usersig)] {
            let secret = Secret::of_app(format, APP_ID);
            let text = mint_faulty(&alice(), &secret, draws(), fault);
            let error = judged(&text, format, NOW).err().map(|r| r.error());
            assert_eq!(error, word, "{format} {fault}");
        }
    }
}

#[test]
fn secrets_are_never_shown() {
    let text = "fa94dd0f974cf2e293728a526b028271";
    for format in Format::ALL {
        let secret = Secret::new(*format, text).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(not shown)");
    }
    let bad = Secret::new(Format::Token04, "too short").unwrap_err();
    assert!(!bad.to_string().contains("too short"));
    assert!(Secret::new(Format::Token04, &"é".repeat(16)).is_err());
    assert!(Secret::new(Format::UserSig, "").is_err());
}

#[test]
fn a_signature_of_an_app_is_its_own() {
    assert!(is_app_sign(7, &app_sign(7)));
    for wrong in [app_sign(8), String::new(), "not base64!".into()] {
        assert!(!is_app_sign(7, &wrong));
    }
}

fn claims() -> impl Strategy<Value = Claims> {
    let times = (0..4_000_000_000_i64, 0..400_000_000_i64);
    (".{0,40}", any::<u32>(), times, "[ -~]{0,80}").prop_map(
        |(user, app, (issued, life), payload)| Claims {
            user,
            app,
            issued,
            ends: issued + life,
            payload,
        },
    )
}

proptest! {
    #[test]
    fn what_was_made_is_read(
        claims in claims(),
        nonce in any::<i64>(),
        iv in any::<[u8; 16]>(),
    ) {
        for format in Format::ALL {
            let secret = Secret::of_app(*format, claims.app);
            let text = mint(&claims, &secret, Draws { nonce, iv });
            prop_assert_eq!(read(&text, &secret), Ok(claims.clone()));
            let other = Secret::of_app(*format, claims.app ^ 1);
            prop_assert!(matches!(read(&text, &other), Err(Refused::WrongKey(_))));
        }
    }

    #[test]
    fn any_text_is_looked_at_without_panic(
        text in prop_oneof![".{0,200}", "04[A-Za-z0-9+/=]{0,200}", "eJ[A-Za-z0-9*_-]{0,200}"],
    ) {
        let _ = inspect(&text);
        for format in Format::ALL {
            let _ = judged(&text, *format, NOW);
        }
    }

    #[test]
    fn any_bytes_are_looked_at_without_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let token04 = format!("04{}", STANDARD.encode(&bytes));
        let usersig: String = STANDARD.encode(&bytes);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 1);
        let packed = STANDARD.encode(packed);
        for text in [token04, usersig, packed] {
            let letters = text.replace('+', "*").replace('/', "-").replace('=', "_");
            for text in [text, letters] {
                let _ = inspect(&text);
                for format in Format::ALL {
                    prop_assert!(judged(&text, *format, NOW).is_err());
                }
            }
        }
        let _ = Userbuf::read(&bytes);
    }
}
