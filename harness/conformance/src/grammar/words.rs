//! The closed lists of words, as the table refers to them.

use session::rules::{Authentication, DevicePolicy, KickedWhileAway, OnExpiry, SeveralRooms};
use session::ticket::Fault;
use session::words::{Api, EndCause, ErrorWord, Event, Notice, Platform, Reason, State};

use crate::scenario::{
    Activity, AppAct, Decision, Direction, GatewayWord, NetworkWord, RoomMode, SessionWord,
};

/// A closed list of words.
#[derive(Debug)]
pub struct Words {
    /// What kind of word it holds, such as `end cause`.
    pub kind: &'static str,
    /// Every word, with the sentence that explains it.
    pub all: fn() -> Vec<(&'static str, &'static str)>,
}

impl Words {
    /// The name of the list in the schema, such as `end-cause`.
    pub fn id(&self) -> String {
        self.kind.replace(' ', "-")
    }

    /// The list's own copy of `word`.
    pub fn find(&self, word: &str) -> Option<&'static str> {
        (self.all)()
            .into_iter()
            .map(|(known, _)| known)
            .find(|known| *known == word)
    }
}

/// Every list of words, in the order in which they are shown.
pub static WORDS: &[&Words] = &[
    &STATES,
    &EVENTS,
    &REASONS,
    &ERRORS,
    &CALLS,
    &PLATFORMS,
    &FAULTS,
    &POLICIES,
    &AWAY,
    &EXPIRIES,
    &SEVERAL_ROOMS,
    &AUTHENTICATIONS,
    &ROOM_MODES,
    &NETWORK_WORDS,
    &DIRECTIONS,
    &APP_ACTS,
    &SERVER_ACTS,
    &GATEWAY_WORDS,
    &NOTICES,
    &ACTIVITIES,
    &SESSION_WORDS,
    &END_CAUSES,
    &DECISIONS,
];

/// Makes a list of an enum of words.
macro_rules! words_of {
    ($name:ident, $type:ident, $kind:expr) => {
        pub(super) static $name: Words = Words {
            kind: $kind,
            all: || $type::ALL.iter().map(|w| (w.word(), w.means())).collect(),
        };
    };
    ($name:ident, $type:ident) => {
        words_of!($name, $type, $type::KIND);
    };
}

words_of!(STATES, State);
words_of!(EVENTS, Event);
words_of!(REASONS, Reason);
words_of!(ERRORS, ErrorWord);
words_of!(CALLS, Api);
words_of!(PLATFORMS, Platform);
words_of!(FAULTS, Fault);
words_of!(POLICIES, DevicePolicy);
words_of!(EXPIRIES, OnExpiry, "effect of expiry");
words_of!(NETWORK_WORDS, NetworkWord);
words_of!(DIRECTIONS, Direction);
words_of!(
    AWAY,
    KickedWhileAway,
    "effect of being displaced while away"
);
words_of!(SEVERAL_ROOMS, SeveralRooms, "use of several rooms");
words_of!(AUTHENTICATIONS, Authentication);
words_of!(ROOM_MODES, RoomMode);
words_of!(NOTICES, Notice);
words_of!(GATEWAY_WORDS, GatewayWord);
words_of!(ACTIVITIES, Activity);
words_of!(SESSION_WORDS, SessionWord);
words_of!(END_CAUSES, EndCause);
words_of!(DECISIONS, Decision);

// Those of `scenario::ServerAct` that stand alone; the others are keys of a map.
pub(super) static SERVER_ACTS: Words = Words {
    kind: "server act",
    all: || {
        vec![
            (
                "restart",
                "it stops and starts again at once; sessions in memory are lost",
            ),
            ("stop", "it stops; connects are refused"),
            ("start", "it starts"),
        ]
    },
};

/// The word of `app` that is a call and no act of the system.
pub const DESTROYED: &str = "destroyed";

pub(super) static APP_ACTS: Words = Words {
    kind: AppAct::KIND,
    all: || {
        let acts = AppAct::ALL.iter().map(|w| (w.word(), w.means()));
        let destroyed = (
            DESTROYED,
            "it destroys its client and waits for the result; the same as the call `destroy`",
        );
        acts.chain([destroyed]).collect()
    },
};
