//! Tickets that are wrong on purpose, each in exactly one way.

use super::{Claims, Draws, Key, Secret, mint, token04, usersig};
use crate::words;

words! {
    /// What is wrong with a ticket.
    Fault, "ticket fault" {
        Empty = "empty", "the text is empty";
        Malformed = "malformed", "the text is not a ticket";
        Truncated = "truncated", "the second half of the text is missing";
        WrongVersion = "wrong-version", "it is of a version that is not accepted";
        WrongKey = "wrong-key", "it was made with another secret";
        WrongTypes = "wrong-types", "a number in it is written as a text";
        AppAsText = "app-as-text", "its app is written as a text";
        UserAsNumber = "user-as-number", "its user is written as a number";
        EndAsText = "end-as-text", "its end is written as a text";
        Expired = "expired", "it has run out";
        RaisedEnd = "raised-end", "it has run out, and the end it shows was raised afterwards without the secret";
        Revoked = "revoked", "it was made before the run began: worthless once an administrator has revoked, or kicked where that revokes, and good otherwise";
        WrongUser = "wrong-user", "it belongs to another user";
        WrongApp = "wrong-app", "it belongs to another app";
        BadPayload = "bad-payload", "its payload is not JSON; a format without a payload has a user buffer instead that is none";
        LoginForbidden = "login-forbidden", "its payload says that a login is not allowed";
        OtherRoom = "other-room", "its payload is for another room";
    }
}

/// How long a ticket with an end in the past has been over, and how much the end is raised.
const A_MINUTE: i64 = 60;

/// Makes a ticket with exactly this fault; `claims` are what it would say without.
pub fn mint_faulty(claims: &Claims, secret: &Secret, draws: Draws, fault: Fault) -> String {
    let good = |claims: &Claims| mint(claims, secret, draws);
    let other = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        good(&claims)
    };
    match fault {
        Fault::Empty => String::new(),
        Fault::Malformed => "not a ticket".to_owned(),
        Fault::Truncated => {
            let mut text = good(claims);
            text.truncate(text.len() / 2);
            text
        }
        Fault::WrongKey => mint(
            claims,
            &Secret::of_nobody(secret.format(), claims.app),
            draws,
        ),
        Fault::Expired => other(run_out),
        Fault::Revoked => other(|c| c.issued = c.issued.min(super::BEFORE_ALL_RUNS)),
        Fault::WrongUser => other(|c| c.user.push_str("-other")),
        Fault::WrongApp => other(|c| c.app ^= 1),
        Fault::BadPayload => other(|c| c.payload = "no JSON".into()),
        Fault::LoginForbidden => other(|c| c.payload = privileges("", 0)),
        Fault::OtherRoom => other(|c| c.payload = privileges("another-room", 1)),
        Fault::WrongVersion
        | Fault::WrongTypes
        | Fault::AppAsText
        | Fault::UserAsNumber
        | Fault::EndAsText
        | Fault::RaisedEnd => match &secret.0 {
            Key::Token04(key) => faulty_token04(claims, key, draws, fault),
            Key::UserSig(key) => faulty_usersig(claims, key, fault),
        },
    }
}

fn run_out(claims: &mut Claims) {
    claims.ends = claims.issued - A_MINUTE;
    claims.issued = claims.ends - A_MINUTE;
}

fn privileges(room: &str, login: u8) -> String {
    format!(r#"{{"room_id":"{room}","privilege":{{"1":{login},"2":1}},"stream_id_list":null}}"#)
}

fn faulty_token04(claims: &Claims, key: &[u8; 32], draws: Draws, fault: Fault) -> String {
    let mut claims = claims.clone();
    let shown = claims.ends;
    if fault == Fault::RaisedEnd {
        run_out(&mut claims);
    }
    let mut document = token04::Written::of(&claims, draws);
    match fault {
        Fault::WrongTypes => document.nonce = draws.nonce.to_string().into(),
        Fault::AppAsText => document.app_id = claims.app.to_string().into(),
        Fault::UserAsNumber => document.user_id = 1.into(),
        Fault::EndAsText => document.expire = claims.ends.to_string().into(),
        _ => {}
    }
    let mut text = token04::seal(&document, shown, key, draws.iv);
    if fault == Fault::WrongVersion {
        text.replace_range(..2, "03");
    }
    text
}

/// Where the change is one that the app's own server would make, it is signed.
fn faulty_usersig(claims: &Claims, key: &[u8], fault: Fault) -> String {
    let mut claims = claims.clone();
    let ends = claims.ends;
    if fault == Fault::RaisedEnd {
        run_out(&mut claims);
    }
    let mut document = usersig::Written::of(&claims, key);
    match fault {
        Fault::WrongVersion => document.version = "1.0",
        Fault::WrongTypes => document.time = claims.issued.to_string().into(),
        Fault::AppAsText => document.app = claims.app.to_string().into(),
        Fault::UserAsNumber => document.user = 1.into(),
        Fault::EndAsText => document.lasts = (ends - claims.issued).to_string().into(),
        Fault::RaisedEnd => document.lasts = (ends - claims.issued).into(),
        _ => {}
    }
    usersig::pack(&document)
}
