//! A vendor at one version, as data.
//!
//! - this file: the profile and its vocabulary
//! - `offer`: what its console offers
//! - `derived`: capabilities that follow from the rules
//! - `load`: files to profiles, with `extends` and all complaints at their place
//! - `native`: neutral words to the vendor's own and back
//! - `promise`: what a profile promises at each point where vendors decide differently
//! - `with`: a profile with some values changed

mod derived;
mod load;
mod native;
mod offer;
mod promise;
mod with;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::rules::Rules;
use session::time::Millis;
use session::words::{Api, ErrorWord, Event, Reason, State};

pub use self::load::{ProfileText, Profiles};
pub use self::native::ReasonBy;
pub use self::offer::ConsoleOffer;
pub use self::promise::Promise;

/// A profile, resolved: what it extends is merged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Its name, such as `acme-2`.
    pub id: String,
    /// What it builds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Is it only there to be extended?
    #[serde(default)]
    pub r#abstract: bool,
    /// Who makes the product.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// The versions it describes.
    pub versions: String,
    /// What it is, in a sentence or two.
    #[serde(default)]
    pub about: String,
    /// The requirement catalogue whose rows a case of this profile can decide.
    pub catalogue: String,
    /// What the product can do.
    pub capabilities: BTreeSet<Capability>,
    /// What a scenario's `server:` may set.
    pub console: ConsoleOffer,
    /// The parameters of its sessions.
    pub rules: Rules,
    /// How long things may take.
    pub bounds: Bounds,
    /// The vendor's name for each call it has.
    pub calls: BTreeMap<Api, String>,
    /// The vendor's name and number for each state.
    pub states: BTreeMap<State, NativeState>,
    /// The vendor's number for each error.
    pub errors: BTreeMap<ErrorWord, NativeError>,
    /// The vendor's callback for each event.
    pub events: BTreeMap<Event, NativeEvent>,
    /// Where the values come from: a dotted path, or the start of one, to its source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Provenance>,
    /// Positions taken where the vendor's documents are silent or contradict each other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub positions: BTreeMap<String, String>,
    /// Its ancestors, nearest first.
    #[serde(skip)]
    pub ancestors: Vec<String>,
    /// The knobs that nobody documents; the reference peers use the ancestor's value.
    #[serde(skip)]
    pub undocumented: BTreeSet<String>,
    /// First 16 hexadecimal digits of the SHA-256 of the resolved values.
    #[serde(skip)]
    pub hash: String,
}

session::words! {
    /// What a product can do.
    Capability, "capability" {
        Accounts = "accounts", "one user on several devices is one account";
        Rooms = "rooms", "a login is a login into a room, with member notices and room messages";
        UserMessages = "user-messages", "messages from user to user";
        TokenRenewal = "token-renewal", "a ticket can be replaced while logged in";
        TokenWarning = "token-warning", "the app is warned before its ticket runs out";
        ExpiryEndsSession = "expiry-ends-session", "an established session ends with its ticket";
        AccountSwitch = "account-switch", "a login of another user replaces the session";
        BoundedWindow = "bounded-window", "reconnecting ends after a time";
        UnlimitedWindow = "unlimited-window", "reconnecting never ends by time";
        LoginRetry = "login-retry", "a login without a network is retried";
        ServerKick = "server-kick", "an administrator can end a user's sessions";
        StatusQuery = "status-query", "the app can ask for the user and state of the login";
        SeveralRooms = "several-rooms", "a client can be in several rooms at once";
        Streams = "streams", "streams are published and played in rooms";
        RoomMessages = "room-messages", "barrage messages and custom commands in rooms";
        OfflineLogin = "offline-login", "the last user can log in without a network";
        LocalConversations = "local-conversations", "conversations and their history are kept on the device";
        Bans = "bans", "an administrator can shut a user out, and admit the user again";
        Revocation = "revocation", "an administrator can make the tickets of a user worthless";
        DeviceLimits = "device-limits", "the console limits how many devices of a user are online";
        UserNames = "user-names", "a login can say what the user is to be called";
        Listeners = "listeners", "an app registers and removes listeners as it likes";
        ReadyEvent = "ready-event", "the app is told when the calls after a login work";
    }
}

/// How long things may take before that is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bounds {
    /// A login.
    pub login: Millis,
    /// Any other call.
    pub call: Millis,
    /// How long a run goes on after its script.
    pub settle: Millis,
    /// How far from its due time a timed event may be.
    pub tolerance: Millis,
}

/// A state in the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NativeState {
    /// Its name.
    pub name: String,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

/// An error in the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NativeError {
    /// Its number.
    pub code: i64,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its number where the vendor numbers each fault of a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<i64>,
    /// Other numbers for the same thing, by call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_call: BTreeMap<Api, i64>,
    /// Further numbers that mean the same to an app; understood, and never said by the reference
    /// peers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<i64>,
}

/// An event in the vendor's words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NativeEvent {
    /// The callback; absent where the vendor has none for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// Its arguments; `$code`, `$room`, `$user`, `$text`, `$stream`, `$by`, `$reason` and
    /// `$seconds-left` stand for the event's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Value>,
    /// Codes that go with a reason instead of an error.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<Reason, i64>,
    /// What `$reason` says for a reason, such as `newer-login`, or for a reason and what the
    /// other device is, such as `newer-login-by-web`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<ReasonBy, String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provenance {
    /// The document, or why there is none.
    pub from: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// The recorded position, where documents are silent or contradict each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

session::words! {
    /// How sure a value is.
    Confidence, "confidence" {
        High = "high", "several official sources agree";
        Medium = "medium", "one official source, or agreement with a wrinkle";
        Low = "low", "inferred, or sources clash";
        Ours = "ours", "nobody documents it; chosen by this project";
    }
}

impl Profile {
    /// Is it `id`, or does it extend it?
    pub fn descends_from(&self, id: &str) -> bool {
        self.id == id || self.ancestors.iter().any(|ancestor| ancestor == id)
    }

    /// The same with the numbers that are called strict.
    pub fn with_strict_codes(&self) -> Profile {
        let mut profile = self.clone();
        for native in profile.errors.values_mut() {
            if let Some(strict) = native.strict {
                native.code = strict;
                native.name = None;
            }
        }
        profile
    }

    /// Where the value at this dotted path comes from: the nearest path above it that says so.
    pub fn provenance(&self, path: &str) -> Option<&Provenance> {
        let mut path = path;
        loop {
            if let Some(provenance) = self.sources.get(path) {
                return Some(provenance);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    /// How long this call may take.
    pub fn bound_of(&self, api: Option<Api>) -> Millis {
        match api {
            Some(Api::Login) => self.bounds.login,
            _ => self.bounds.call,
        }
    }
}
