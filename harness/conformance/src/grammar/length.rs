//! How a length of time is written in a scenario.
//!
//! `session::time` reads more forms than these. Here the form is a regular one, so that the pattern
//! in the JSON Schema says exactly what is accepted, the limit of 1,000 days apart.

use session::time::Millis;

/// The units from large to small, how many digits 1,000 days of it have, and how many decimals a
/// number of them may have.
const UNITS: &[(&str, usize, usize)] = &[
    ("d", 4, 0),
    ("h", 5, 0),
    ("m", 7, 0),
    ("s", 8, 3),
    ("ms", 11, 0),
];

/// The form as a regular expression.
pub fn pattern() -> String {
    format!("^{}$", form())
}

/// The form with an optional sign as a regular expression.
pub fn signed_pattern() -> String {
    format!("^[+-]?{}$", form())
}

/// Reads a length of time.
///
/// # Errors
/// What is wrong with it, in words that begin with the text itself.
pub fn parse(text: &str) -> Result<Millis, String> {
    let length: Millis = text
        .parse()
        .map_err(|bad: session::time::BadDuration| bad.0)?;
    match has_form(text) {
        true => Ok(length),
        false => Err(format!(
            "`{text}` has another form than 2d, 1h30m, 1.5s or 500ms: large units first, decimals only for seconds"
        )),
    }
}

/// Reads a length of time with an optional sign, in milliseconds.
///
/// # Errors
/// What is wrong with it.
pub fn parse_signed(text: &str) -> Result<i64, String> {
    let (sign, length) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = parse(length)?;
    // Never an error: the longest length is far below 2^63 milliseconds.
    i64::try_from(length.0)
        .map(|ms| sign * ms)
        .map_err(|error| error.to_string())
}

fn form() -> String {
    let mut out = "(?=[0-9])".to_owned();
    for (unit, digits, decimals) in UNITS {
        out.push_str(&format!("(?:[0-9]{{1,{digits}}}"));
        if *decimals > 0 {
            out.push_str(&format!("(?:\\.[0-9]{{1,{decimals}}})?"));
        }
        out.push_str(&format!("{unit})?"));
    }
    out
}

/// Does `text` match [`pattern`]?
fn has_form(text: &str) -> bool {
    let mut rest = text;
    for (unit, digits, decimals) in UNITS {
        rest = strip_part(rest, unit, *digits, *decimals).unwrap_or(rest);
    }
    rest.is_empty() && !text.is_empty()
}

/// What follows a number of `unit`s, if `text` begins with one.
fn strip_part<'a>(text: &'a str, unit: &str, digits: usize, decimals: usize) -> Option<&'a str> {
    let mut rest = strip_digits(text, digits)?;
    if let Some(after) = rest.strip_prefix('.') {
        rest = strip_digits(after, decimals)?;
    }
    let rest = rest.strip_prefix(unit)?;
    // `5ms` does not begin with five minutes.
    let ends = rest.bytes().next().is_none_or(|b| b.is_ascii_digit());
    ends.then_some(rest)
}

fn strip_digits(text: &str, most: usize) -> Option<&str> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=most).contains(&count).then(|| &text[count..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_forms_are_read() {
        for (text, ms) in [
            ("0s", 0),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("19m59s", 1_199_000),
            ("1h30m", 5_400_000),
            ("90m", 5_400_000),
            ("1000d", 86_400_000_000),
            ("86400000000ms", 86_400_000_000),
            ("1s5ms", 1_005),
        ] {
            assert_eq!(parse(text), Ok(Millis(ms)), "{text}");
        }
        assert_eq!(parse_signed("+2h"), Ok(7_200_000));
        assert_eq!(parse_signed("-2h"), Ok(-7_200_000));
        assert_eq!(parse_signed("2h"), Ok(7_200_000));
        assert!(parse_signed("--2h").is_err());
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "30m1h",
            "1.5h",
            "1.0005s",
            "000000001s",
            "5",
            "-5s",
            "",
            " 5s",
            "5s ",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    // The pattern and the reader are two descriptions of one form; these two hold them together.
    proptest! {
        #[test]
        fn what_the_pattern_allows_is_read(
            text in "([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,8}(\\.[0-9]{1,3})?s)?([0-9]{1,11}ms)?"
        ) {
            prop_assert_eq!(has_form(&text), !text.is_empty());
            if let Err(why) = parse(&text) {
                prop_assert!(text.is_empty() || why.contains("longest"), "{}", why);
            }
        }

        #[test]
        fn what_is_read_has_the_form(text in "[0-9dhms.]{0,9}") {
            prop_assert_eq!(parse(&text).is_ok(), has_form(&text) && text.parse::<Millis>().is_ok());
        }
    }

    #[test]
    fn the_pattern_is_the_one_tested() {
        assert_eq!(
            pattern(),
            "^(?=[0-9])(?:[0-9]{1,4}d)?(?:[0-9]{1,5}h)?(?:[0-9]{1,7}m)?(?:[0-9]{1,8}(?:\\.[0-9]{1,3})?s)?(?:[0-9]{1,11}ms)?$"
        );
    }
}
