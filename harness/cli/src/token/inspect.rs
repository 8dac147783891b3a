//! `kickout token inspect`

use std::fmt::Write as _;

use conformance::diagnostic::shown;
use serde_json::{Value, json};
use session::ticket::{self, Format, Seen};

use super::sources::{date, distance};
use super::{InspectOptions, sources};
use crate::exit::{Exit, Trouble};
use crate::print;

const FRONT: &str = "\
The front is protected by nothing, and no server reads it. User, app, and the end that counts are
encrypted: only who has the secret can read them, and nothing proves that they were not altered.
";

const OPEN: &str = "\
Nothing of this is proven: anybody can write it. Only who has the secret can tell whether the
signature is right: kickout token verify.
";

pub(super) fn inspect(options: &InspectOptions) -> Result<Exit, Trouble> {
    let text = sources::ticket(options.ticket.as_deref())?;
    let now = sources::now(options.now);
    let length = text.len();
    let kind = Format::of(&text);
    let seen = match ticket::inspect(&text) {
        Ok(seen) => seen,
        Err(refused) => {
            let error = refused.error();
            print(&match options.json {
                false => format!("no ticket: {refused}\n"),
                true => format!(
                    "{}\n",
                    json!({ "ticket": false, "error": error, "reason": refused.to_string() })
                ),
            })?;
            return Ok(Exit::Findings);
        }
    };
    let shown = match options.json {
        false => lines(&seen, length, now),
        true => format!("{}\n", value(&seen, kind, length, now)),
    };
    print(&shown)?;
    Ok(Exit::Success)
}

fn lines(seen: &Seen, length: usize, now: i64) -> String {
    let mut text = String::new();
    let left = |ends: i64| distance(ends.saturating_sub(now));
    match seen {
        Seen::Token04 { ends, iv, sealed } => {
            let _ = writeln!(
                text,
                "token04 of {length} bytes, {sealed} of them encrypted"
            );
            let _ = writeln!(
                text,
                "  ends   {}, {}, by its front",
                date(*ends),
                left(*ends)
            );
            let _ = writeln!(text, "  IV     {}", hex(iv));
            text.push_str(FRONT);
        }
        Seen::UserSig {
            user,
            app,
            issued,
            ends,
            userbuf,
            inflated,
        } => {
            let _ = writeln!(text, "usersig of {length} bytes, {inflated} when inflated");
            let _ = writeln!(text, "  user   {}", shown(user));
            let _ = writeln!(text, "  app    {app}");
            let _ = writeln!(text, "  made   {}, {}", date(*issued), left(*issued));
            let _ = writeln!(
                text,
                "  ends   {}, {}, that second included",
                date(*ends),
                left(*ends)
            );
            if !userbuf.is_empty() {
                let _ = writeln!(text, "  buffer {}", room(userbuf));
            }
            text.push_str(OPEN);
        }
    }
    text
}

fn value(seen: &Seen, kind: Format, length: usize, now: i64) -> Value {
    let mut value = match seen {
        Seen::Token04 { ends, iv, sealed } => {
            json!({ "ends": ends, "iv": hex(iv), "encrypted": sealed })
        }
        Seen::UserSig {
            user,
            app,
            issued,
            ends,
            userbuf,
            inflated,
        } => json!({
            "user": user,
            "app": app,
            "issued": issued,
            "ends": ends,
            "userbuf": userbuf,
            "inflated": inflated,
        }),
    };
    let left = value["ends"].as_i64().map(|ends| ends.saturating_sub(now));
    value["ticket"] = true.into();
    value["kind"] = kind.word().into();
    value["bytes"] = length.into();
    value["left"] = left.into();
    value["proven"] = false.into();
    value
}

/// What a user buffer permits.
fn room(userbuf: &str) -> String {
    match ticket::Userbuf::read_text(userbuf) {
        None => "none that is known".to_owned(),
        Some(buffer) => format!(
            "user {}, app {}, room {}, until {}, privileges {}, account type {}",
            shown(&buffer.user),
            buffer.app,
            shown(&buffer.room),
            date(buffer.ends.into()),
            buffer.privileges,
            buffer.account_type,
        ),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
