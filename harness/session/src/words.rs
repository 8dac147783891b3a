//! The neutral words: one closed, versioned list.
//!
//! Scenarios, transcripts and profiles share these words; a profile maps them to the vendor's own
//! names and numbers. `kickout schema` prints the list.

/// Raised whenever a word is added, removed or changes its meaning.
pub const VERSION: u32 = 3;

#[doc(hidden)]
pub use serde;

/// Declares an enum whose variants are words, each with the sentence that explains it.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $kind:literal { $($variant:ident = $word:literal, $means:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $means] $variant,)*
        }

        impl $name {
            /// What kind of word this is, for messages.
            pub const KIND: &'static str = $kind;
            /// Every word of this kind, in the order of their declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word as it is written.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The sentence that explains it.
            pub const fn means(self) -> &'static str {
                match self { $($name::$variant => $means,)* }
            }
        }

        impl $crate::words::Word for $name {
            const ALL: &'static [$name] = $name::ALL;

            fn word(self) -> &'static str {
                $name::word(self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(text: &str) -> Result<$name, $crate::words::UnknownWord> {
                $name::ALL
                    .iter()
                    .copied()
                    .find(|w| w.word() == text)
                    .ok_or_else(|| $crate::words::UnknownWord {
                        kind: $kind,
                        text: text.to_owned(),
                    })
            }
        }

        impl $crate::words::serde::Serialize for $name {
            fn serialize<S: $crate::words::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }

        impl<'de> $crate::words::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::words::serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = <std::borrow::Cow<'_, str> as $crate::words::serde::Deserialize>::deserialize(from)?;
                text.parse().map_err($crate::words::serde::de::Error::custom)
            }
        }
    };
}

/// An enum that [`words!`](crate::words!) declares.
pub trait Word: Copy + std::str::FromStr + 'static {
    /// Every word of this kind, in the order of their declaration.
    const ALL: &'static [Self];

    /// The word as it is written.
    fn word(self) -> &'static str;
}

/// A text that is none of the words of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// Which kind of word was wanted.
    pub kind: &'static str,
    /// What was written.
    pub text: String,
}

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is not a known {}", self.text, self.kind)
    }
}

impl std::error::Error for UnknownWord {}

words! {
    /// The state of a login session as its app sees it.
    State, "state" {
        LoggedOut = "logged-out", "no session, and none under way";
        LoggingIn = "logging-in", "a login was called and has no outcome yet";
        Online = "online", "the session is accepted and its link is up";
        Reconnecting = "reconnecting", "the session is kept while its link is being restored";
    }
}

words! {
    /// Something a client tells its app.
    Event, "event" {
        LoggingIn = "logging-in", "a login has begun";
        LoggedIn = "logged-in", "the login succeeded";
        LoginFailed = "login-failed", "the login failed for good";
        Reconnecting = "reconnecting", "the link is lost and the client restores it by itself";
        Reconnected = "reconnected", "the session goes on over a new link";
        ReconnectFailed = "reconnect-failed", "the session could not be restored; the client stops trying";
        KickedOut = "kicked-out", "the session was ended from elsewhere";
        TokenWillExpire = "token-will-expire", "the ticket runs out soon";
        TokenExpired = "token-expired", "the ticket ran out and ended the session";
        LoggedOut = "logged-out", "the app's own logout is complete";
        Ready = "ready", "the calls that need the session work from now on";
        PeerJoined = "peer-joined", "another user entered the room";
        PeerLeft = "peer-left", "another user left the room, or is regarded as gone";
        StreamAdded = "stream-added", "another user publishes a stream in the room";
        StreamRemoved = "stream-removed", "a stream of another user in the room ended";
        StreamExtraInfo = "stream-extra-info", "the extra information of a stream in the room changed";
        Message = "message", "a message arrived";
        Barrage = "barrage", "a barrage message arrived in the room";
        Command = "command", "a custom command arrived in the room";
        Misuse = "misuse", "the developer is told, on the console, that a call was no right use of the client";
    }
}

words! {
    /// Why an event happened.
    Reason, "reason" {
        NewerLogin = "newer-login", "the same user logged in elsewhere later";
        Server = "server", "an administrator ended the session through the server";
        Banned = "banned", "an administrator shut the user out";
        TokenExpired = "token-expired", "the ticket ran out";
        LinkLost = "link-lost", "the link broke or fell silent";
        WindowEnded = "window-ended", "the reconnect window is used up";
        Refused = "refused", "the server refused the session";
        Logout = "logout", "the app asked for it";
    }
}

words! {
    /// Why a call failed.
    ErrorWord, "error" {
        NotInitialised = "not-initialised", "the client was not initialised, or was destroyed";
        NotLoggedIn = "not-logged-in", "the call needs a session and there is none";
        AlreadyLoggedIn = "already-logged-in", "a session exists; log out first";
        LoginInProgress = "login-in-progress", "a login is running";
        LoginCancelled = "login-cancelled", "a logout, destroy or other login ended this login first";
        LogOutFirst = "log-out-first", "the last session was lost; its user has to be logged out first";
        LoginTooSoon = "login-too-soon", "a login follows the last one too soon";
        LogoutInProgress = "logout-in-progress", "a logout is running";
        UserIdInvalid = "user-id-invalid", "the user ID is empty, too long or has a forbidden character";
        UserIdEmpty = "user-id-empty", "the user ID is empty";
        UserIdTooLong = "user-id-too-long", "the user ID is too long";
        UserNameEmpty = "user-name-empty", "the user name is empty";
        UserNameTooLong = "user-name-too-long", "the user name is too long";
        RoomIdInvalid = "room-id-invalid", "the room ID is empty, too long or has a forbidden character";
        RoomIdEmpty = "room-id-empty", "the room ID is empty";
        RoomIdTooLong = "room-id-too-long", "the room ID is too long";
        TokenMissing = "token-missing", "the ticket is empty";
        TokenInvalid = "token-invalid", "the ticket is malformed or its check failed";
        TokenMalformed = "token-malformed", "the ticket is no ticket, or not all of it";
        TokenWrongVersion = "token-wrong-version", "the ticket is of a version that is not accepted";
        TokenWrongKey = "token-wrong-key", "the ticket was made with another secret, or altered";
        TokenWrongTypes = "token-wrong-types", "a field of the ticket has a wrong type";
        TokenForbids = "token-forbids", "the ticket itself does not allow this login";
        TokenExpired = "token-expired", "the ticket has run out";
        TokenWrongUser = "token-wrong-user", "the ticket belongs to another user";
        TokenWrongApp = "token-wrong-app", "the ticket belongs to another app";
        TokenTooShort = "token-too-short", "the ticket runs out too soon";
        TokenRevoked = "token-revoked", "the ticket was made worthless by an administrator";
        AppSignInvalid = "app-sign-invalid", "the signature of the app is wrong";
        Banned = "banned", "an administrator shut the user out";
        TooManyFailures = "too-many-failures", "so many logins failed that the user has to wait";
        TooFrequent = "too-frequent", "calls follow each other too fast";
        TooManyDevices = "too-many-devices", "no further device is admitted";
        OfflineUserDiffers = "offline-user-differs", "an offline login is for the user who was online here last";
        NotReady = "not-ready", "the login succeeded, but calls have to wait a little";
        ConnectionLost = "connection-lost", "the link broke while the call was under way";
        TimedOut = "timed-out", "no answer in time";
        WindowEnded = "window-ended", "the time for connecting is used up";
        Displaced = "displaced", "the same user is logged in elsewhere by a newer login";
        NotMember = "not-member", "the caller is not in that room";
        RoomModeFixed = "room-mode-fixed", "the room mode is chosen before the client is created";
        SeveralRoomsRefused = "several-rooms-refused", "the app is not allowed several rooms at once";
        TooManyRooms = "too-many-rooms", "no further room can be entered";
        UserDiffers = "user-differs", "all rooms of one client are entered as the same user";
        NoSuchStream = "no-such-stream", "there is no such stream under this app ID";
        Unsupported = "unsupported", "the peer does not know this call";
    }
}

words! {
    /// A call an app makes on its client.
    Api, "call" {
        Initialise = "initialise", "creates the client";
        Destroy = "destroy", "destroys the client; a session ends by itself";
        Login = "login", "logs a user in; for some vendors into a room";
        Logout = "logout", "ends the session";
        RenewToken = "renew-token", "replaces the ticket of the session";
        SendMessage = "send-message", "sends a message to a user or a room";
        SendBarrage = "send-barrage", "sends a barrage message to a room";
        SendCommand = "send-command", "sends a custom command to a room, or to one user in it";
        SetRoomMode = "set-room-mode", "chooses between one room and several, before the client is created";
        SwitchRoom = "switch-room", "leaves a room and enters another in one call";
        StartPublishing = "start-publishing", "publishes a stream in the room";
        StopPublishing = "stop-publishing", "ends a stream of one's own";
        StartPlaying = "start-playing", "plays a stream, of whatever room under the same app ID";
        StopPlaying = "stop-playing", "stops playing a stream";
        SetStreamExtraInfo = "set-stream-extra-info", "sets the extra information of a stream of one's own";
        GetConversations = "get-conversations", "answers with whom there were conversations, the last one first";
        GetHistory = "get-history", "answers the messages of a conversation";
        GetUserName = "get-user-name", "answers the name of a user";
        GetLoginUser = "get-login-user", "answers who is logged in";
        GetLoginStatus = "get-login-status", "answers the state of the session";
        AddListener = "add-listener", "registers a listener";
        RemoveListener = "remove-listener", "removes a listener";
    }
}

words! {
    /// Why the server ended a session.
    EndCause, "end cause" {
        NewerLogin = "newer-login", "displaced by a newer login under the device policy";
        Server = "server", "ended by an administrator";
        Banned = "banned", "its user was shut out by an administrator";
        TokenExpired = "token-expired", "its ticket ran out";
        Logout = "logout", "the client logged out";
        Silent = "silent", "nothing was heard for the heartbeat limit";
        LinkClosed = "link-closed", "its link closed, and this service ends a session then";
    }
}

words! {
    /// What a device is.
    Platform, "platform" {
        Android = "android", "a phone with Android";
        Iphone = "iphone", "an iPhone";
        Ipad = "ipad", "an iPad";
        Windows = "windows", "a computer with Windows";
        Mac = "mac", "a computer with macOS";
        Linux = "linux", "a computer with Linux";
        Web = "web", "a page in a browser, or a mini-program";
    }
}

words! {
    /// A notice of the server that can be delayed, lost or overtaken.
    Notice, "notice" {
        Answer = "answer", "the answer to a request";
        KickedOut = "kicked-out", "the news of a kick";
        TokenExpired = "token-expired", "the news of an expiry";
        PeerJoined = "peer-joined", "the news that somebody entered the room";
        PeerLeft = "peer-left", "the news that somebody left the room";
        Message = "message", "a message of any kind";
    }
}

words! {
    /// What the operating system does to an app.
    Lifecycle, "lifecycle" {
        Frozen = "frozen", "the process is about to stand still";
        Resumed = "resumed", "the process goes on after it stood still";
        Background = "background", "the app is no longer in front";
        Foreground = "foreground", "the app is in front again";
    }
}

impl ErrorWord {
    /// Is it `wanted`, or a finer word for it?
    pub fn is_a(self, wanted: ErrorWord) -> bool {
        self == wanted
            || matches!(
                (self, wanted),
                (
                    ErrorWord::UserIdEmpty | ErrorWord::UserIdTooLong,
                    ErrorWord::UserIdInvalid
                ) | (
                    ErrorWord::RoomIdEmpty | ErrorWord::RoomIdTooLong,
                    ErrorWord::RoomIdInvalid
                ) | (
                    ErrorWord::TokenMalformed
                        | ErrorWord::TokenWrongVersion
                        | ErrorWord::TokenWrongKey
                        | ErrorWord::TokenWrongTypes
                        | ErrorWord::TokenForbids,
                    ErrorWord::TokenInvalid
                )
            )
    }
}

impl Event {
    /// The state a session is in after this event; `None` leaves it as it was.
    pub const fn leads_to(self) -> Option<State> {
        match self {
            Event::LoggingIn => Some(State::LoggingIn),
            Event::LoggedIn | Event::Reconnected => Some(State::Online),
            Event::Reconnecting => Some(State::Reconnecting),
            Event::LoginFailed
            | Event::ReconnectFailed
            | Event::KickedOut
            | Event::TokenExpired
            | Event::LoggedOut => Some(State::LoggedOut),
            Event::TokenWillExpire
            | Event::Ready
            | Event::PeerJoined
            | Event::PeerLeft
            | Event::StreamAdded
            | Event::StreamRemoved
            | Event::StreamExtraInfo
            | Event::Message
            | Event::Barrage
            | Event::Command
            | Event::Misuse => None,
        }
    }
}
