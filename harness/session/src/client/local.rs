//! What is kept on the device: who was online last, and conversations, each user's apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::peer::{Output, Store};

/// Where the user is stored who was online here last.
const LAST_USER: &str = "user";

/// How much is kept of each user and each conversation.
const MOST_CONVERSATIONS: usize = 100;
const MOST_TEXTS: usize = 50;

/// What a device stores on which `user` was logged in before and never logged out.
pub fn saved(user: &str) -> Store {
    Store::from([(LAST_USER.to_owned(), user.to_owned())])
}

#[derive(Debug, Default)]
pub(super) struct Local {
    last_online: Option<String>,
    /// The user of the last login call since the client was created (T-AMB-28).
    last_called: Option<String>,
    of: BTreeMap<String, Vec<Conversation>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Conversation {
    with: String,
    texts: Vec<String>,
}

impl Local {
    pub(super) fn stored(store: &Store) -> Local {
        let of = store.iter().filter_map(|(key, value)| {
            let user = key.strip_prefix("conversations/")?;
            Some((user.to_owned(), serde_json::from_str(value).ok()?))
        });
        Local {
            last_online: store.get(LAST_USER).cloned(),
            last_called: None,
            of: of.collect(),
        }
    }

    pub(super) fn last_online(&self) -> Option<&str> {
        self.last_online.as_deref()
    }

    pub(super) fn last_called(&self) -> Option<&str> {
        self.last_called.as_deref()
    }

    pub(super) fn login_called(&mut self, user: &str) {
        self.last_called = Some(user.to_owned());
    }

    /// The client was destroyed; what is stored stays.
    pub(super) fn forget_calls(&mut self) {
        self.last_called = None;
    }

    pub(super) fn came_online(&mut self, user: &str) -> Option<Output> {
        if self.last_online.as_deref() == Some(user) {
            return None;
        }
        self.last_online = Some(user.to_owned());
        Some(Output::Store {
            key: LAST_USER.to_owned(),
            value: self.last_online.clone(),
        })
    }

    /// The user logged out; nobody is taken for the last one any more.
    pub(super) fn forget_last_online(&mut self) -> Option<Output> {
        self.last_online.take().map(|_| Output::Store {
            key: LAST_USER.to_owned(),
            value: None,
        })
    }

    /// A message of `user` to or from somebody.
    pub(super) fn keep(&mut self, user: &str, with: &str, text: &str) -> Output {
        let all = self.of.entry(user.to_owned()).or_default();
        let mut conversation = match all.iter().position(|c| c.with == with) {
            Some(at) => all.remove(at),
            None => Conversation {
                with: with.to_owned(),
                texts: Vec::new(),
            },
        };
        conversation.texts.push(text.to_owned());
        let too_many = conversation.texts.len().saturating_sub(MOST_TEXTS);
        conversation.texts.drain(..too_many);
        all.insert(0, conversation);
        all.truncate(MOST_CONVERSATIONS);
        Output::Store {
            key: format!("conversations/{user}"),
            // Plain data: serialising it cannot fail.
            value: Some(serde_json::to_string(all).expect("conversations are plain data")),
        }
    }

    /// With whom `user` had conversations, the last one first.
    pub(super) fn conversations(&self, user: &str) -> Vec<String> {
        let all = self.of.get(user).into_iter().flatten();
        all.map(|conversation| conversation.with.clone()).collect()
    }

    /// What was said in one of them, the oldest text first.
    pub(super) fn history(&self, user: &str, with: &str) -> Vec<String> {
        let mut all = self.of.get(user).into_iter().flatten();
        all.find(|conversation| conversation.with == with)
            .map(|conversation| conversation.texts.clone())
            .unwrap_or_default()
    }
}
