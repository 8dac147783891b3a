//! Where tickets, secrets, times and random bytes come from.

use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use session::ticket::{Format, LONGEST, Secret};
use session::time::Millis;

use super::SecretFrom;
use crate::exit::Trouble;

/// The longest secret, in bytes.
const LONGEST_SECRET: u64 = 4 * 1024;

/// The first Unix second after the year 9999.
const END_OF_DATES: i64 = 253_402_300_800;

/// The ticket from the command line or standard input, without the space around it. What is
/// longer than any ticket is not read to its end.
pub(super) fn ticket(given: Option<&str>) -> Result<String, Trouble> {
    let text = match given {
        Some(text) => text.to_owned(),
        None => {
            let mut bytes = Vec::new();
            io::stdin()
                .take(2 * LONGEST as u64)
                .read_to_end(&mut bytes)
                .map_err(|error| Trouble::Unreadable("standard input".into(), error))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    Ok(text.trim().to_owned())
}

/// The secret. No error repeats it.
pub(super) fn secret(from: &SecretFrom, format: Format) -> Result<Secret, Trouble> {
    let (text, place) = match &from.secret_file {
        Some(path) => {
            let place = path.display().to_string();
            let unreadable = |error| Trouble::Unreadable(place.clone(), error);
            let mut text = String::new();
            File::open(path)
                .map_err(unreadable)?
                .take(LONGEST_SECRET)
                .read_to_string(&mut text)
                .map_err(unreadable)?;
            (without_line_break(text), place)
        }
        None => {
            let place = format!("the environment variable {}", from.secret_env);
            match std::env::var(&from.secret_env) {
                Ok(text) => (text, place),
                Err(std::env::VarError::NotPresent) => {
                    return Err(Trouble::Usage(format!(
                        "there is no secret: give --secret-file FILE, or set {}",
                        from.secret_env
                    )));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(Trouble::Usage(format!("{place} is not text")));
                }
            }
        }
    };
    Secret::new(format, &text).map_err(|bad| Trouble::Usage(format!("{place}: {bad}")))
}

fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// Unix seconds now, unless a time was given.
pub(super) fn now(given: Option<i64>) -> i64 {
    given.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs() as i64)
    })
}

/// Reads a time.
pub(super) fn time(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return match (0..END_OF_DATES).contains(&seconds) {
            true => Ok(seconds),
            false => Err("it is before 1970 or after 9999".to_owned()),
        };
    }
    let time = humantime::parse_rfc3339(text)
        .map_err(|_| "neither Unix seconds nor a time such as 2026-01-31T12:00:00Z".to_owned())?;
    let since = time.duration_since(UNIX_EPOCH);
    since
        .map(|since| since.as_secs() as i64)
        .map_err(|_| "it is before 1970".to_owned())
}

/// Reads an IV.
pub(super) fn iv(text: &str) -> Result<[u8; 16], String> {
    let wrong = || "32 hexadecimal digits are wanted".to_owned();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut iv = [0; 16];
    for (at, byte) in iv.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(iv)
}

/// Bytes that nobody can foresee.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Trouble::Usage(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// A time as it is shown.
pub(super) fn date(seconds: i64) -> String {
    match u64::try_from(seconds) {
        Ok(since) if seconds < END_OF_DATES => {
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(since)).to_string()
        }
        _ => format!("Unix second {seconds}"),
    }
}

/// How far away a moment is, seen from now.
pub(super) fn distance(seconds: i64) -> String {
    let length = Millis(seconds.unsigned_abs().saturating_mul(1_000));
    match seconds {
        0 => "this second".to_owned(),
        1.. => format!("in {length}"),
        _ => format!("{length} ago"),
    }
}
