//! What a machine keeps for its processes.

use session::peer::Store;

use crate::error::HarnessError;

/// The most keys that one machine keeps.
pub const MOST_KEYS: usize = 10_000;

/// The most bytes that one machine keeps, keys included.
pub const MOST_BYTES: usize = 1 << 20;

/// The store of one machine; outlives its processes.
#[derive(Default)]
pub(crate) struct Kept {
    store: Store,
    bytes: usize,
    /// A process wanted more than there is room for.
    full: bool,
}

impl Kept {
    pub(crate) fn new(store: Store) -> Kept {
        let bytes = store.iter().map(|(key, value)| key.len() + value.len());
        Kept {
            bytes: bytes.sum(),
            store,
            full: false,
        }
    }

    /// What the next process finds.
    pub(crate) fn store(&self) -> Store {
        self.store.clone()
    }

    /// Keeps a value, or forgets it.
    pub(crate) fn keep(&mut self, key: &str, value: Option<&str>) {
        if let Some(before) = self.store.remove(key) {
            self.bytes -= key.len() + before.len();
        }
        let Some(value) = value else {
            return;
        };
        let bytes = self.bytes + key.len() + value.len();
        if self.store.len() == MOST_KEYS || bytes > MOST_BYTES {
            self.full = true;
            return;
        }
        self.bytes = bytes;
        self.store.insert(key.to_owned(), value.to_owned());
    }

    /// # Errors
    /// A process of `actor` wanted to keep more than there is room for.
    pub(crate) fn check(&self, actor: &str) -> Result<(), HarnessError> {
        match self.full {
            true => Err(HarnessError::StoreFull {
                actor: actor.to_owned(),
            }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_or_forgotten_takes_no_room() {
        let mut kept = Kept::default();
        let half = "x".repeat(MOST_BYTES / 2);
        for _ in 0..3 {
            kept.keep("a", Some(&half));
        }
        kept.keep("a", None);
        kept.keep("b", Some(&half));
        kept.check("phone").unwrap();
        kept.keep("c", Some(&half));
        let error = kept.check("phone").unwrap_err().to_string();
        assert_eq!(
            error,
            "phone wants to store more than 10000 keys or 1048576 bytes"
        );
    }

    #[test]
    fn keys_are_counted() {
        let mut kept = Kept::default();
        for key in 0..MOST_KEYS {
            kept.keep(&key.to_string(), Some(""));
        }
        kept.keep("7", Some("again"));
        kept.check("phone").unwrap();
        kept.keep("one more", Some(""));
        kept.check("phone").unwrap_err();
    }
}
