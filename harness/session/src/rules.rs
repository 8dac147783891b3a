//! The parameters a session obeys. A vendor, at one version, is a value of [`Rules`].
//!
//! Every field is a knob that any profile may set. The sources of a vendor's values stand in its
//! profile.

use serde::{Deserialize, Serialize};

use crate::time::Millis;
use crate::words;
use crate::words::Platform;

/// Everything a reference peer needs to know about the vendor it plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rules {
    /// Logging in, again, and as somebody else.
    pub login: Login,
    /// Logging out.
    pub logout: Logout,
    /// One device's own links.
    pub link: Link,
    /// Signs of life.
    pub heartbeat: Heartbeat,
    /// Restoring a lost link.
    pub reconnect: Reconnect,
    /// Tickets and their end.
    pub token: Token,
    /// Several devices of one user.
    pub devices: Devices,
    /// What a user or a room may be called.
    pub identifiers: Identifiers,
}

/// Logging in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    /// Is a login always a login into a room?
    pub into_room: bool,
    /// How long a login may take before it fails with `timed-out`; not used when it is retried
    /// for the whole reconnect window.
    pub timeout: Millis,
    /// Is a first login that finds no network retried for the reconnect window?
    pub retried_for_window: bool,
    /// A second login of the same user while logged in.
    pub again_same_user: AgainSameUser,
    /// A login of another user while logged in.
    pub again_other_user: AgainOtherUser,
    /// A login while one is running.
    pub while_logging_in: WhileLoggingIn,
}

/// Logging out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Logout {
    /// Without a session: `ok`, or `not-logged-in`.
    pub without_session: WithoutSession,
}

/// One device's own links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// How long a connect may take.
    pub connect_timeout: Millis,
    /// How long the server may take to answer a request.
    pub answer_timeout: Millis,
}

/// Signs of life, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Heartbeat {
    /// How often the client sends one.
    pub interval: Millis,
    /// How long its answer may take before the client regards the link as lost.
    pub answer_within: Millis,
    /// How long the server hears nothing before it ends the session.
    pub server_limit: Millis,
    /// What the server does with a session whose link closes without a logout.
    pub on_link_close: OnLinkClose,
}

/// Restoring a lost link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reconnect {
    /// How long the client keeps trying, counted from the `reconnecting` event (Z-AMB-02).
    pub window: Window,
    /// The pause after the first failed attempt; it doubles from there.
    pub first_delay: Millis,
    /// The longest pause.
    pub longest_delay: Millis,
    /// How much of each pause is drawn at random, in percent (0 to 100).
    pub jitter_percent: u64,
}

/// Tickets and their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Token {
    /// The life of a ticket when a scenario does not say.
    pub default_life: Millis,
    /// How long before the end the app is warned; `none` for vendors without a warning.
    pub warning_lead: WarningLead,
    /// What the end of the ticket does to an established session.
    pub on_expiry: OnExpiry,
    /// How the end is noticed.
    pub noticed: Noticed,
}

/// Several devices of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Devices {
    /// Who may be online together.
    pub policy: DevicePolicy,
    /// A device that comes back and finds a newer login: who goes?
    pub returning: Returning,
    /// How a device that returns and loses is told.
    pub returning_loser_told: ReturningLoserTold,
}

/// What a user or a room may be called. Lengths are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identifiers {
    /// The longest user ID.
    pub user_longest: usize,
    /// What a user ID may hold besides ASCII letters and digits.
    pub user_punctuation: String,
    /// The longest room ID.
    pub room_longest: usize,
    /// What a room ID may hold besides ASCII letters and digits.
    pub room_punctuation: String,
}

/// The settings a console offers; each left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Console {
    /// Who may be online together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_policy: Option<DevicePolicy>,
    /// What the end of a ticket does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_token_expiry: Option<OnExpiry>,
    /// The length of the reconnect window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect_window: Option<Window>,
}

impl Console {
    /// Changes `rules` to what the console says.
    pub fn apply(&self, rules: &mut Rules) {
        if let Some(policy) = self.device_policy {
            rules.devices.policy = policy;
        }
        if let Some(on_expiry) = self.on_token_expiry {
            rules.token.on_expiry = on_expiry;
        }
        if let Some(window) = self.reconnect_window {
            rules.reconnect.window = window;
        }
    }
}

words! {
    /// A second login of the same user while logged in.
    AgainSameUser, "choice" {
        Refused = "refused", "fails with already-logged-in; the session is untouched";
        Repeat = "repeat", "succeeds without a new session";
    }
}

words! {
    /// A login of another user while logged in.
    AgainOtherUser, "choice" {
        Refused = "refused", "fails with already-logged-in; the session is untouched";
        Switch = "switch", "logs the old user out and the new one in";
    }
}

words! {
    /// A login while one is running.
    WhileLoggingIn, "choice" {
        Refused = "refused", "the second call fails with login-in-progress";
        Supersede = "supersede", "the first call ends with login-cancelled, the second proceeds";
    }
}

words! {
    /// A logout without a session.
    WithoutSession, "choice" {
        Ok = "ok", "succeeds and does nothing";
        NotLoggedIn = "not-logged-in", "fails with not-logged-in";
    }
}

words! {
    /// What a closed link does to its session.
    OnLinkClose, "choice" {
        Keep = "keep", "the session stays until the heartbeat limit";
        End = "end", "the session ends at once";
    }
}

words! {
    /// What the end of the ticket does to an established session.
    OnExpiry, "choice" {
        Stay = "stay", "nothing; only the next login is refused";
        Kick = "kick", "the server kicks the session out";
        Disconnect = "disconnect", "the session ends with token-expired";
    }
}

words! {
    /// How the end of a ticket is noticed.
    Noticed, "choice" {
        Timer = "timer", "at the very moment";
        Heartbeat = "heartbeat", "with the next heartbeat or request";
    }
}

words! {
    /// Who may be online together.
    DevicePolicy, "device policy" {
        Single = "single", "one device";
        DualWithWeb = "dual-with-web", "one phone, tablet or computer, and one web page";
        Triple = "triple", "one phone or tablet, one computer, and one web page";
        Multi = "multi", "one device of each platform";
    }
}

words! {
    /// A device that comes back and finds a newer login.
    Returning, "choice" {
        Loses = "loses", "the returning device is refused; the newer one is untouched";
        Wins = "wins", "the returning device displaces the newer one";
    }
}

words! {
    /// How a device that returns and loses is told.
    ReturningLoserTold, "choice" {
        KickedOut = "kicked-out", "by a kick";
        ReconnectFailed = "reconnect-failed", "by a failed reconnection";
    }
}

/// How long the client keeps trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// This long.
    Bounded(Millis),
    /// For ever.
    Unlimited,
}

/// How long before the end of a ticket the app is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningLead {
    /// Never.
    None,
    /// This long before.
    Before(Millis),
}

/// A duration, or one word that stands for its absence.
macro_rules! duration_or_word {
    ($name:ident, $some:ident, $none:ident, $word:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self {
                    $name::$some(length) => length.serialize(to),
                    $name::$none => to.serialize_str($word),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::time::BadDuration;
            fn from_str(text: &str) -> Result<$name, crate::time::BadDuration> {
                match text {
                    $word => Ok($name::$none),
                    text => text.parse().map($name::$some),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $name::$some(length) => length.fmt(f),
                    $name::$none => f.write_str($word),
                }
            }
        }
    };
}

duration_or_word!(Window, Bounded, Unlimited, "unlimited");
duration_or_word!(WarningLead, Before, None, "none");

impl DevicePolicy {
    /// Which platforms exclude each other under this policy: two devices of one user conflict
    /// when they fall into the same slot (T-AMB-32, T-AMB-33, Z-AMB-50).
    pub fn slot(self, platform: Platform) -> &'static str {
        let mobile = matches!(
            platform,
            Platform::Android | Platform::Iphone | Platform::Ipad
        );
        match (self, platform) {
            (DevicePolicy::Single, _) => "any",
            (DevicePolicy::DualWithWeb | DevicePolicy::Triple, Platform::Web) => "web",
            (DevicePolicy::DualWithWeb, _) => "native",
            (DevicePolicy::Triple, _) if mobile => "mobile",
            (DevicePolicy::Triple, _) => "desktop",
            (DevicePolicy::Multi, platform) => platform.word(),
        }
    }
}

impl Identifiers {
    /// Is this a user ID the service accepts?
    pub fn accepts_user(&self, user: &str) -> bool {
        accepts(user, self.user_longest, &self.user_punctuation)
    }

    /// Is this a room ID the service accepts?
    pub fn accepts_room(&self, room: &str) -> bool {
        accepts(room, self.room_longest, &self.room_punctuation)
    }
}

fn accepts(text: &str, longest: usize, punctuation: &str) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
}
