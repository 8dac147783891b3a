//! The parameters a session obeys. A vendor, at one version, is a value of [`Rules`].
//!
//! Every field is a knob that any profile may set. The sources of a vendor's values stand in its
//! profile.
//!
//! - `choices`: what the knobs that are choices choose from
//! - `amounts`: lengths of time and numbers that may also be absent

mod amounts;
mod choices;

use serde::{Deserialize, Serialize};

pub use self::amounts::*;
pub use self::choices::*;
use crate::deviation::Deviations;
use crate::ticket::Format;
use crate::time::Millis;
use crate::words::{ErrorWord, Platform};

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
    /// Rooms, where a login is a login into one.
    pub rooms: Rooms,
    /// What is kept on the device.
    pub local: Local,
    /// What a user or a room may be called.
    pub identifiers: Identifiers,
    /// The rules that are broken on purpose; no profile can say so.
    #[serde(skip)]
    pub deviations: Deviations,
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
    /// A login this soon after the last one fails with `login-too-soon`; `none` for no such rule.
    pub least_gap: Wait,
    /// A login without a network, from what is stored.
    pub offline: OfflineLogin,
    /// How long after the login the other calls work; until then they fail with `not-ready`.
    pub ready_after: Wait,
    /// After so many failed logins in a row a user has to wait.
    pub most_failures: Limit,
    /// How long; a login meanwhile fails with `too-many-failures`.
    pub lockout: Millis,
    /// A login that is refused because of a session: is the app told with `login-failed`, too?
    pub refusal: Telling,
    /// A login whose ticket has run out: is the app told with `token-expired`, too?
    pub expired_ticket: Telling,
    /// An offline login of a user who logged out before.
    pub offline_after_logout: OfflineAfterLogout,
    /// A login of another user after the reconnect window ended, without a logout.
    pub other_user_after_window: OtherUserAfterWindow,
    /// How a login proves that it may be.
    pub authentication: Authentication,
    /// Where that is by the signature of the app: a login with a wrong one.
    pub bad_app_sign: BadAppSign,
    /// A login of who is logged in that is refused: is the developer told with `misuse`
    /// (EXP-045)?
    pub again_reported: Telling,
}

/// Logging out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Logout {
    /// Without a session: `ok`, or `not-logged-in`.
    pub without_session: WithoutSession,
    /// Of a room the client is not in, while it is in others.
    pub unknown_room: WithoutSession,
    /// While reconnecting: is the app told with a callback?
    pub while_reconnecting: Telling,
    /// A session that is there when the client is destroyed.
    pub at_destroy: AtDestroy,
    /// After a failed login or reconnection, or a kick: does `logged-out` follow?
    pub after_an_end: Telling,
    /// Messages that arrive between the call and its result.
    pub messages_meanwhile: MessagesMeanwhile,
}

/// One device's own links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// How long a connect may take.
    #[serde(deserialize_with = "crate::time::not_zero")]
    pub connect_timeout: Millis,
    /// How long the server may take to answer a request.
    #[serde(deserialize_with = "crate::time::not_zero")]
    pub answer_timeout: Millis,
    /// How many requests a client makes within a second; further ones fail with `too-frequent`.
    pub requests_per_second: Limit,
    /// How many gateways there are (1 to 4); a client whose link breaks goes on with the next.
    pub gateways: u8,
}

/// Signs of life, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Heartbeat {
    /// How often the client sends one.
    #[serde(deserialize_with = "crate::time::not_zero")]
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
    /// How long the client keeps trying (Z-AMB-02).
    pub window: Window,
    /// From when on.
    pub window_from: WindowFrom,
    /// The pause after the first failed attempt; it doubles from there.
    #[serde(deserialize_with = "crate::time::not_zero")]
    pub first_delay: Millis,
    /// The longest pause.
    #[serde(deserialize_with = "crate::time::not_zero")]
    pub longest_delay: Millis,
    /// How much of each pause is drawn at random, in percent (0 to 100).
    #[serde(deserialize_with = "amounts::percent")]
    pub jitter_percent: u64,
    /// Does the window go on while the process stands still?
    pub sleep: Sleep,
}

/// Tickets and their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Token {
    /// The form of tickets.
    pub format: Format,
    /// Is the payload of a ticket judged?
    pub payload: PayloadUse,
    /// How finely the vendor numbers what is wrong with a ticket.
    pub codes: TokenCodes,
    /// The life of a ticket when a scenario does not say.
    pub default_life: Millis,
    /// How long before the end the app is warned; `none` for vendors without a warning.
    pub warning_lead: WarningLead,
    /// What the end of the ticket does to an established session.
    pub on_expiry: OnExpiry,
    /// How the end is noticed.
    pub noticed: Noticed,
    /// A ticket that a login brings with less left than the warning lead.
    pub short_at_login: ShortTicket,
    /// The same for a renewal.
    pub short_at_renewal: ShortTicket,
    /// A ticket that was made in the future.
    pub from_the_future: FromTheFuture,
    /// The longest life of a ticket that is accepted.
    pub longest_life: Wait,
    /// Does the second in which a ticket ends count?
    pub end_counts: EndCounts,
    /// A renewal after the ticket ran out and ended the session.
    pub renewal_after_expiry: RenewalAfterExpiry,
    /// Does an administrator's kick make the tickets of the user worthless (T-AMB-44)?
    pub after_server_kick: AfterServerKick,
}

/// Several devices of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Devices {
    /// Which platforms may be online together.
    pub policy: DevicePolicy,
    /// How many instances of one native platform.
    pub per_platform: Limit,
    /// How many web instances.
    pub on_web: Limit,
    /// How many native devices in total.
    pub native_in_total: Limit,
    /// Platforms that exclude each other although the policy admits both.
    pub exclude_each_other: Vec<Vec<Platform>>,
    /// Who goes when there are too many instances.
    pub victim: Victim,
    /// A login that finds no place.
    pub newcomer: Newcomer,
    /// What a device that was displaced while it was away is told at its next login.
    pub kicked_while_away: KickedWhileAway,
    /// A device that comes back and finds a newer login: who goes?
    pub returning: Returning,
    /// How a device that returns and loses is told.
    pub returning_loser_told: ReturningLoserTold,
}

/// Rooms, where a login is a login into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rooms {
    /// May a client that chose so be in several rooms at once?
    pub several: SeveralRooms,
    /// In how many.
    pub most: Limit,
    /// How many logins a second one room takes; further ones fail with `too-frequent`.
    pub logins_per_second: Limit,
    /// What the others in the room hear when a newer login of a member takes its place there.
    pub takeover_told: TakeoverTold,
}

/// What is kept on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Local {
    /// When conversations and their history can be read from it.
    pub conversations: Conversations,
}

/// What a user or a room may be called. Lengths are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identifiers {
    /// The longest user ID.
    pub user_longest: usize,
    /// What a user ID may hold besides ASCII letters and digits.
    pub user_punctuation: String,
    /// The longest name of a user.
    pub name_longest: usize,
    /// A login with an empty name.
    pub empty_name: EmptyName,
    /// The longest room ID.
    pub room_longest: usize,
    /// What a room ID may hold besides ASCII letters and digits.
    pub room_punctuation: String,
}

/// The settings of one scenario: what a console offers, and how large the service is; each left
/// out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Console {
    /// Which platforms may be online together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_policy: Option<DevicePolicy>,
    /// How many instances of one native platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_platform: Option<u32>,
    /// How many web instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_web: Option<u32>,
    /// How many native devices in total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_in_total: Option<u32>,
    /// Platforms that exclude each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_each_other: Option<Vec<Platform>>,
    /// What a device that was displaced while it was away is told at its next login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kicked_while_away: Option<KickedWhileAway>,
    /// What the end of a ticket does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_token_expiry: Option<OnExpiry>,
    /// The length of the reconnect window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect_window: Option<Window>,
    /// May a client be in several rooms?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub several_rooms: Option<SeveralRooms>,
    /// How many gateways there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateways: Option<u8>,
    /// How a login proves that it may be; from the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// How finely the vendor numbers what is wrong with a ticket; from the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_codes: Option<TokenCodes>,
}

impl Console {
    /// Changes `rules` to what the settings say.
    pub fn apply(&self, rules: &mut Rules) {
        fn set<T: Clone, S: From<T>>(wanted: &Option<T>, setting: &mut S) {
            if let Some(wanted) = wanted {
                *setting = wanted.clone().into();
            }
        }
        let devices = &mut rules.devices;
        set(&self.device_policy, &mut devices.policy);
        set(&self.per_platform, &mut devices.per_platform);
        set(&self.on_web, &mut devices.on_web);
        set(&self.native_in_total, &mut devices.native_in_total);
        set(&self.kicked_while_away, &mut devices.kicked_while_away);
        if let Some(platforms) = &self.exclude_each_other {
            devices.exclude_each_other = vec![platforms.clone()];
        }
        set(&self.on_token_expiry, &mut rules.token.on_expiry);
        set(&self.reconnect_window, &mut rules.reconnect.window);
        set(&self.several_rooms, &mut rules.rooms.several);
        set(&self.gateways, &mut rules.link.gateways);
        set(&self.authentication, &mut rules.login.authentication);
        set(&self.token_codes, &mut rules.token.codes);
    }
}

impl Devices {
    /// May devices of these two platforms be online together (T-AMB-32, T-AMB-33, Z-AMB-50)?
    pub fn admits_both(&self, one: Platform, other: Platform) -> bool {
        if one == other {
            return true;
        }
        let excluded = self
            .exclude_each_other
            .iter()
            .any(|group| group.contains(&one) && group.contains(&other));
        !excluded && self.policy.class(one) != self.policy.class(other)
    }

    /// How many instances of this platform may be online together.
    pub fn instances(&self, platform: Platform) -> Limit {
        match platform {
            Platform::Web => self.on_web,
            _ => self.per_platform,
        }
    }
}

impl DevicePolicy {
    /// Of each class only one platform is online at a time.
    fn class(self, platform: Platform) -> &'static str {
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
    /// What is wrong with this user ID, if something is.
    pub fn refuse_user(&self, user: &str) -> Option<ErrorWord> {
        match fault(user, self.user_longest, &self.user_punctuation)? {
            Misnamed::Empty => Some(ErrorWord::UserIdEmpty),
            Misnamed::TooLong => Some(ErrorWord::UserIdTooLong),
            Misnamed::Character => Some(ErrorWord::UserIdInvalid),
        }
    }

    /// What is wrong with this room ID, if something is.
    pub fn refuse_room(&self, room: &str) -> Option<ErrorWord> {
        match fault(room, self.room_longest, &self.room_punctuation)? {
            Misnamed::Empty => Some(ErrorWord::RoomIdEmpty),
            Misnamed::TooLong => Some(ErrorWord::RoomIdTooLong),
            Misnamed::Character => Some(ErrorWord::RoomIdInvalid),
        }
    }

    /// What is wrong with this name of a user, if something is.
    pub fn refuse_name(&self, name: &str) -> Option<ErrorWord> {
        if name.is_empty() && self.empty_name == EmptyName::Refused {
            return Some(ErrorWord::UserNameEmpty);
        }
        (name.len() > self.name_longest).then_some(ErrorWord::UserNameTooLong)
    }
}

enum Misnamed {
    Empty,
    TooLong,
    Character,
}

/// The length is judged first.
fn fault(text: &str, longest: usize, punctuation: &str) -> Option<Misnamed> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || punctuation.contains(c);
    if text.is_empty() {
        Some(Misnamed::Empty)
    } else if text.len() > longest {
        Some(Misnamed::TooLong)
    } else {
        (!text.chars().all(allowed)).then_some(Misnamed::Character)
    }
}
