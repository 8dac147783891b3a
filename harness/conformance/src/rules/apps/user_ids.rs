//! A7: a user ID stands for one person and always the same one, and says nothing about them
//! (EXP-018, EXP-019, EXP-026, EXP-058).

use session::time::Time;
use session::words::State;

use super::{breach, say, user_of};
use crate::requirement::Party;
use crate::rules::few::{Map, Set};
use crate::rules::{About, Found, Kinds, Rule};
use crate::transcript::{Entry, What};

/// A device whose IDs never recur.
const RANDOM: &str = "random";
/// Two people under one ID.
const SHARED: &str = "shared";
/// An ID or name that is a phone number or the number of an identity card.
const SENSITIVE: &str = "sensitive";

/// So many logins in a row under as many IDs, and none of them a second time, are no accounts.
const ENOUGH: usize = 5;

/// Under which IDs each device logged in, and as whom.
#[derive(Debug, Default)]
pub(super) struct UserIds {
    calls: Map<u32, (String, Option<String>)>,
    logins: Map<String, Logins>,
    /// Who is logged in, and by what name.
    online: Map<String, (String, String)>,
}

#[derive(Debug, Default)]
struct Logins {
    ids: Set<String>,
    recurred: bool,
}

impl Rule for UserIds {
    fn id(&self) -> &'static str {
        "A7"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn aspects(&self) -> &'static [&'static str] {
        &[RANDOM, SHARED, SENSITIVE]
    }

    fn own_record_suffices(&self) -> bool {
        false
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::EVENT
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) if call.api == "login" => {
                let user = user_of(call).to_owned();
                let name = call.args.get("name").filter(|name| !name.is_empty());
                if is_personal(&user) || name.is_some_and(|name| is_personal(name)) {
                    let expected = "a user ID and a name that are no number of a person".to_owned();
                    breach(found, SENSITIVE, (index, entry), expected, say(call));
                }
                if let Some(name) = name {
                    let other = self.online.iter().find(|(other, (id, called))| {
                        *other != device && *id == user && called != name
                    });
                    if let Some((other, (_, called))) = other {
                        let expected = format!("an ID of their own for {name} and {called}");
                        let seen = format!("{user} on {device} and on {other}");
                        breach(found, SHARED, (index, entry), expected, seen);
                    }
                }
                self.calls.insert(call.id, (user, name.cloned()));
            }
            What::Call(call) if matches!(call.api.as_str(), "logout" | "destroy") => {
                self.online.remove(device);
            }
            What::Event(event) if event.state == Some(State::LoggedOut) => {
                self.online.remove(device);
            }
            What::Result(answer) if answer.ok => {
                let Some((user, name)) = self.calls.remove(&answer.id) else {
                    return;
                };
                let logins = self.logins.or_default(device);
                let undecided = !logins.recurred && logins.ids.len() < ENOUGH;
                logins.recurred |= undecided && !logins.ids.insert(user.clone());
                if undecided && logins.ids.len() == ENOUGH {
                    let expected = "user IDs that recur".to_owned();
                    let seen = format!("{ENOUGH} logins under {ENOUGH} IDs");
                    breach(found, RANDOM, (index, entry), expected, seen);
                }
                if let Some(name) = name {
                    self.online.insert(device.clone(), (user, name));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

/// Is it a phone number, or the number of an identity card? Names of people cannot be told from
/// other names.
fn is_personal(text: &str) -> bool {
    is_phone_number(text) || is_identity_card(text)
}

/// An international number, or a mobile one of mainland China.
fn is_phone_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.strip_prefix('+') {
        Some(rest) => digits(rest) && (8..=15).contains(&rest.len()),
        None => {
            let second = text.as_bytes().get(1);
            digits(text)
                && text.len() == 11
                && text.starts_with('1')
                && second.is_some_and(|b| *b >= b'3')
        }
    }
}

/// Eighteen characters whose last is the check digit of the others (ISO 7064, MOD 11-2), and a
/// date of birth in them.
fn is_identity_card(text: &str) -> bool {
    if text.len() != 18 || !text.is_ascii() {
        return false;
    }
    let (body, check) = text.split_at(17);
    if !body.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let number = |from: usize, to: usize| body[from..to].parse::<u32>().unwrap_or(0);
    let is_date = (1900..2100).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14));
    let sum = body
        .bytes()
        .fold(0, |sum, b| (sum + u32::from(b - b'0')) * 2 % 11);
    let due = (12 - sum) % 11;
    let said = match check {
        "X" | "x" => Some(10),
        digit => digit.parse().ok(),
    };
    is_date && said == Some(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, aspects_violated_under, violated};

    fn logins(users: &[&str]) -> Vec<(&'static str, usize)> {
        let lines = (1..)
            .zip(users)
            .fold(Lines::default(), |lines, (id, user)| {
                lines.login_of(u64::from(id) * 10, "phone", id, user)
            });
        aspects_violated_under("A7", lines.end(999), |_| {})
    }

    #[test]
    fn ids_that_never_recur_violate_it_at_the_fifth() {
        assert_eq!(logins(&["a", "b", "c", "d", "e", "f"]), [(RANDOM, 19)]);
        assert_eq!(logins(&["a", "b", "c", "d"]), []);
        assert_eq!(logins(&["a", "b", "a", "c", "d", "e", "f"]), []);
    }

    fn two(first: &str, second: &str) -> Option<usize> {
        let as_alice = |lines: Lines, at, device, id, name| {
            lines
                .call(at, device, id, "login")
                .with("user", "alice")
                .with("name", name)
                .result(at, device, id)
        };
        let lines = as_alice(Lines::default(), 0, "phone", 1, first);
        violated("A7", as_alice(lines, 5, "tablet", 2, second).end(99))
    }

    #[test]
    fn two_people_under_one_id_violate_it() {
        assert_eq!(two("Alice A.", "Alice B."), Some(2));
        assert_eq!(two("Alice A.", "Alice A."), None);
    }

    #[test]
    fn numbers_of_people_violate_it() {
        for (user, is_one) in [
            ("13812345678", true),
            ("+4915112345678", true),
            ("11010519491231002X", true),
            ("110105194912310021", false),
            ("12345678901", false),
            ("138123456789", false),
            ("+1234", false),
            ("alice-1", false),
        ] {
            assert_eq!(is_personal(user), is_one, "{user}");
        }
        assert_eq!(logins(&["13812345678"]), [(SENSITIVE, 0)]);
    }
}
