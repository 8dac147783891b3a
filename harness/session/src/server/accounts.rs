//! What is known of a user beyond a session.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::peer::{Output, Store};
use crate::time::Time;
use crate::words::Platform;

/// All accounts, by app ID and user.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    known: BTreeMap<(u32, String), Account>,
}

/// One account. What does not outlive the server's process is skipped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    /// Did its user ever log in (TIM-010)? An administrator may act on an account before.
    pub(super) created: bool,
    pub(super) name: Option<String>,
    pub(super) banned: bool,
    /// Tickets made up to then, in Unix milliseconds, are worthless.
    pub(super) not_before: Option<u64>,
    /// The last day, in days since 1970, on which it was counted as active (TIM-029).
    pub(super) counted: Option<u64>,
    /// Failed logins in a row.
    #[serde(skip)]
    pub(super) failures: u32,
    #[serde(skip)]
    pub(super) locked_until: Time,
    /// Devices that fell silent while logged in.
    #[serde(skip)]
    pub(super) away: BTreeMap<String, Away>,
}

/// A device that fell silent while logged in.
#[derive(Debug, Clone)]
pub(super) struct Away {
    pub(super) platform: Platform,
    /// Has a newer login taken its place since?
    pub(super) displaced: bool,
}

impl Accounts {
    pub(super) fn stored(store: &Store) -> Accounts {
        let known = store.iter().filter_map(|(key, value)| {
            let (app, user) = key.strip_prefix("account/")?.split_once('/')?;
            let account = serde_json::from_str(value).ok()?;
            Some(((app.parse().ok()?, user.to_owned()), account))
        });
        Accounts {
            known: known.collect(),
        }
    }

    pub(super) fn get(&self, app: u32, user: &str) -> Option<&Account> {
        self.known.get(&(app, user.to_owned()))
    }

    pub(super) fn get_mut(&mut self, app: u32, user: &str) -> &mut Account {
        self.known.entry((app, user.to_owned())).or_default()
    }

    /// What has to be stored so that the next process knows it, too.
    pub(super) fn store(&self, app: u32, user: &str) -> Option<Output> {
        let account = self.get(app, user)?;
        Some(Output::Store {
            key: format!("account/{app}/{user}"),
            // Plain data: serialising it cannot fail.
            value: Some(serde_json::to_string(account).expect("an account is plain data")),
        })
    }
}
