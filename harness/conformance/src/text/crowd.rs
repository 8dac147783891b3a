//! What is shown of a run with very many devices.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::transcript::{Entry, SCRIPT, SERVER, What};

/// With more devices than this only the first few are shown.
const CROWD: usize = 32;
const SHOWN: usize = 3;

/// The entries that are shown, and a sentence about the others, if there are any. Its digest
/// changes with any of them.
pub(super) fn shown(entries: &[Entry]) -> (Vec<&Entry>, Option<String>) {
    let mut devices: Vec<&str> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for entry in entries {
        let is_device = entry.actor != SCRIPT && entry.actor != SERVER;
        if is_device && known.insert(&entry.actor) {
            devices.push(&entry.actor);
        }
    }
    if devices.len() <= CROWD {
        return (entries.iter().collect(), None);
    }
    let (few, others) = devices.split_at(SHOWN);
    let few: BTreeSet<&str> = few.iter().copied().collect();
    let (shown, rest): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| match &entry.what {
            What::Session(session) => few.contains(session.device.as_str()),
            What::Server { .. } => true,
            _ => entry.actor == SCRIPT || few.contains(entry.actor.as_str()),
        });
    let about = format!(
        "{} more devices, and what the server did for them: {} lines, digest {}",
        others.len(),
        rest.len(),
        digest(&rest)
    );
    (shown, Some(about))
}

/// The first 16 hexadecimal digits of the SHA-256 of the entries in their canonical form.
fn digest(entries: &[&Entry]) -> String {
    let mut hash = Sha256::new();
    for entry in entries {
        // Structs, words and string keys only: serialising them cannot fail.
        hash.update(serde_json::to_vec(entry).expect("an entry is plain data"));
        hash.update(b"\n");
    }
    let mut digits = String::with_capacity(16);
    for byte in hash.finalize().iter().take(8) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use session::time::Time;

    use super::*;

    fn connects(devices: usize, link: u32) -> Vec<Entry> {
        let entry = |number: usize| Entry {
            at: Time(number as u64),
            actor: format!("fleet-{number}"),
            what: What::Connect { link },
        };
        (1..=devices).map(entry).collect()
    }

    #[test]
    fn a_few_devices_are_shown_whole() {
        let entries = connects(CROWD, 1);
        let (shown, about) = shown(&entries);
        assert_eq!((shown.len(), about), (CROWD, None));
    }

    #[test]
    fn of_a_crowd_the_first_are_shown_and_the_others_counted() {
        let entries = connects(100, 1);
        let (few, about) = shown(&entries);
        assert_eq!(few.len(), SHOWN);
        let about = about.unwrap();
        assert!(about.starts_with("97 more devices"), "{about}");
        let other = shown(&connects(100, 2)).1.unwrap();
        assert_ne!(about, other);
    }
}
