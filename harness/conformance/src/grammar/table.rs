//! The table: first the scenario, then the steps, then what they share.

use super::Kind::{
    Arguments, Callback, Client, Clients, Code, Either, Flag, Length, LengthOr, Line, Listed, Many,
    Name, Number, OneOrMany, Pair, Profile, Prose, Series, Short, Skew, Steps, Text, True, User, Word,
};
use super::Rule::{AtLeastOne, AtMostOne, Beside, ExactlyOne, Together};
use super::words::{
    ACTIVITIES, APP_ACTS, AUTHENTICATIONS, AWAY, CALLS, DECISIONS, DIRECTIONS, END_CAUSES, ERRORS, EVENTS, EXPIRIES,
    FAULTS, GATEWAY_WORDS, NETWORK_WORDS, NOTICES, PLATFORMS, POLICIES, REASONS, ROOM_MODES,
    SERVER_ACTS, SESSION_WORDS, SEVERAL_ROOMS, STATES,
};
use super::{Field, Kind, Listing, Record, Rule};

/// A scenario file.
pub static SCENARIO: Record = Record {
    groups: &[&[
        required("title", Line, "What must be true, in one sentence.", "A kicked device stays out"),
        optional("about", Prose, "Why it must be true, and what is worth knowing.", "Single-device policy."),
        optional("tags", Many(&Name), "Labels to select scenarios by.", "[kick, slow]"),
        optional("needs", Many(&Listed(Listing::Capability)), "Capabilities; profiles without them are not applicable.", "[accounts]"),
        optional("profiles", Many(&Profile), "The profiles it is for, with all that extend them; `=` means only that one.", "[=a-vendor]"),
        optional("depends", Many(&Listed(Listing::Knob)), "Knobs the outcome hangs on; where one is undocumented, so is the verdict.", "[reconnect.window]"),
        optional("server", Kind::Record(&CONSOLE), "Console settings of this scenario.", "{ device-policy: single }"),
        required("clients", Clients(&CLIENT), "Who takes part.", "{ phone: { user: alice, platform: android } }"),
        required("steps", Steps, "What happens, and what must and must not be seen.", "[{ login: phone }]"),
        optional("covers", Many(&Listed(Listing::Requirement)), "An index of requirements; only `covers` of a step decides.", "[ABC-042]"),
        optional("violates", Many(&Listed(Listing::Requirement)), "Requirements the script breaks on purpose; exactly these must be found.", "[ABC-045]"),
        optional("leave-faults", Flag, "Are networks and servers left broken at the end?", "true"),
    ]],
    rules: &[],
};

/// What may stand beside the act or observation of a step.
pub static COVERS: Field = optional(
    "covers",
    Many(&Listed(Listing::Requirement)),
    "The requirements this very step decides.",
    "[ABC-042]",
);

/// Things done.
pub static ACTS: &[Field] = &[
    optional("login", Short("client", &LOGIN), "Logs a user in and waits for the result.", "{ client: phone, token: { valid-for: 60s } }"),
    optional("logout", Short("client", &LOGOUT), "Ends the session and waits for the result.", "phone"),
    optional("renew-token", Short("client", &RENEW_TOKEN), "Replaces the ticket and waits for the result.", "{ client: phone, token: { fault: wrong-user }, fails: token-wrong-user }"),
    optional("switch-account", Kind::Record(&SWITCH_ACCOUNT), "Logs another user in as the vendor switches accounts.", "{ client: phone, user: bob }"),
    optional("join-room", Kind::Record(&JOIN_ROOM), "Logs in into one room more and waits for the result.", "{ client: phone, room: room-2 }"),
    optional("leave-room", Kind::Record(&LEAVE_ROOM), "Logs out from one room and waits for the result.", "{ client: phone, room: room-2 }"),
    optional("send-message", Short("client", &SEND_MESSAGE), "Sends a message and waits for the result.", "{ client: phone, to: bob, text: hello }"),
    optional("call", Kind::Record(&CALL), "Makes any call of the list and waits for the result.", "{ client: phone, api: get-login-user, is: none }"),
    optional("start", Kind::Record(&START), "Makes a call without waiting; `result` asks for its result.", "{ login: phone, as: second }"),
    optional("advance", Length, "Lets time pass.", "20m"),
    optional("network", Kind::Record(&NETWORK), "Changes the network of a device.", "{ client: phone, is: black-hole, direction: to-server }"),
    optional("server", Either(&Word(&SERVER_ACTS), &SERVER), "Does something to the server.", "{ kick: alice }"),
    optional("app", Kind::Record(&APP), "Does something to the process of an app.", "{ client: phone, is: crashed }"),
    optional("clock", Kind::Record(&CLOCK), "Sets the clock of a device wrong.", "{ client: phone, skew: -2h }"),
    optional("on", Kind::Record(&ON), "From now on the app makes these calls from inside the callback of an event; a later `on` for the same event replaces it.", "{ client: phone, event: kicked-out, do: [{ login: phone }] }"),
    optional("token-provider", Kind::Record(&TOKEN_PROVIDER), "How the app's source of tickets behaves from now on, for every call that names no `token`.", "{ client: phone, answers: { valid-for: 60s, after: 2s } }"),
    optional("repeat", Kind::Record(&REPEAT), "Plays steps again and again.", "{ times: 10, steps: [{ logout: phone }, { login: phone }] }"),
];

/// What must, or must not, be seen.
pub static OBSERVATIONS: &[Field] = &[
    optional("expect", Kind::Record(&EXPECT), "It must be seen; without `within` or `between`, by now.", "{ client: phone, event: kicked-out, reason: newer-login, within: 2s }"),
    optional("never", Kind::Record(&NEVER), "It must not be seen, from the most recent act on; with `for`, so long from now.", "{ client: phone, event: logging-in, for: 1h }"),
    optional("count", Kind::Record(&COUNT), "It must be seen so many times.", "{ client: phone, event: kicked-out, is: 1, for: 1h }"),
    optional("watch", Kind::Record(&WATCH), "Observes several things at once; the first that is not as it must be ends it.", "{ for: 1h, all: [{ never: { client: phone, event: kicked-out } }, { count: { client: tablet, event: message, is: 0 } }] }"),
    optional("result", Kind::Record(&RESULT), "The result of a call that was started.", "{ of: first, ok: true, within: 10s }"),
    optional("observe", Kind::Record(&OBSERVE), "Writes down what the app is told and answered, to compare vendors; judges nothing.", "{ client: phone, for: 10s, as: after-the-kick }"),
    optional("mark", Name, "Gives this moment a name for `since`.", "restored"),
];

static CONSOLE: Record = Record {
    groups: &[&[
        optional("device-policy", Word(&POLICIES), "Who may be online together.", "single"),
        optional("per-platform", INSTANCES, "How many instances of one native platform may be online.", "2"),
        optional("on-web", INSTANCES, "How many web instances may be online.", "2"),
        optional("native-in-total", INSTANCES, "How many native devices may be online in total.", "3"),
        optional("exclude-each-other", Many(&Word(&PLATFORMS)), "Platforms that exclude each other although the policy admits both.", "[android, iphone]"),
        optional("kicked-while-away", Word(&AWAY), "What a device that was displaced while it was away is told at its next login.", "told"),
        optional("on-token-expiry", Word(&EXPIRIES), "What the end of a ticket does to a session.", "kick"),
        optional("reconnect-window", LengthOr("unlimited"), "How long a client keeps trying to restore its link.", "20m"),
        optional("several-rooms", Word(&SEVERAL_ROOMS), "May a client be in several rooms?", "allowed"),
        optional("authentication", Word(&AUTHENTICATIONS), "How a login proves that it may come in.", "app-signature"),
        optional("gateways", GATEWAY, "How many gateways the service has.", "2"),
    ]],
    rules: &[&[AtLeastOne(&[
        "device-policy", "per-platform", "on-web", "native-in-total", "exclude-each-other",
        "kicked-while-away", "on-token-expiry", "reconnect-window", "several-rooms",
        "authentication", "gateways",
    ])]],
};

static CLIENT: Record = Record {
    groups: &[&[
        optional("user", User, "Who logs in on it unless a step says otherwise; its own name when left out.", "alice"),
        optional("platform", Word(&PLATFORMS), "What it is; `android` when left out.", "iphone"),
        optional("initialised", Flag, "Is the client created before the first step? `true` when left out.", "false"),
        optional("app", Number { least: 1, most: 4_294_967_295 }, "The app ID its app was built with, when it is not the usual one.", "1400000001"),
        optional("listening", Flag, "Does its app listen from the start? `true` when left out.", "false"),
        optional("saved", Flag, "Was its user logged in on it before, and never logged out? `false` when left out.", "true"),
        optional("count", Number { least: 2, most: super::MOST_CLIENTS as u64 }, "A fleet of so many devices, called by this name, `-` and a number from 1, each with a user and a room of its own of the same name.", "1000"),
    ]],
    rules: &[&[AtMostOne(&["user", "count"])]],
};

/// The records of a call: waited for, started, and made from inside a callback.
macro_rules! call_records {
    ($($waited:ident, $started:ident, $inside:ident, $fields:expr;)*) => {$(
        static $waited: Record = Record { groups: &[ON_CLIENT, $fields, OUTCOME], rules: &[OUTCOME_RULES] };
        static $started: Record = Record { groups: &[ON_CLIENT, $fields], rules: &[] };
        static $inside: Record = Record { groups: &[ON_THIS_CLIENT, $fields], rules: &[] };
    )*};
}

call_records! {
    LOGIN, STARTED_LOGIN, INSIDE_LOGIN, LOGIN_FIELDS;
    LOGOUT, STARTED_LOGOUT, INSIDE_LOGOUT, LOGOUT_FIELDS;
    RENEW_TOKEN, STARTED_RENEW_TOKEN, INSIDE_RENEW_TOKEN, RENEW_FIELDS;
    SWITCH_ACCOUNT, STARTED_SWITCH_ACCOUNT, INSIDE_SWITCH_ACCOUNT, SWITCH_FIELDS;
    JOIN_ROOM, STARTED_JOIN_ROOM, INSIDE_JOIN_ROOM, JOIN_FIELDS;
    LEAVE_ROOM, STARTED_LEAVE_ROOM, INSIDE_LEAVE_ROOM, LEAVE_FIELDS;
    SEND_MESSAGE, STARTED_SEND_MESSAGE, INSIDE_SEND_MESSAGE, MESSAGE_FIELDS;
}

static CALL: Record = Record {
    groups: &[ON_CLIENT, CALL_FIELDS, ANSWER, OUTCOME],
    rules: &[&[Beside("code", &["is"])], &[AtMostOne(&["fails", "outcome-of", "is"])]],
};

static STARTED_CALL: Record = Record { groups: &[ON_CLIENT, CALL_FIELDS], rules: &[] };

static INSIDE_CALL: Record = Record { groups: &[ON_THIS_CLIENT, CALL_FIELDS], rules: &[] };

static START: Record = Record {
    groups: &[&[
        optional("login", Short("client", &STARTED_LOGIN), "Logs a user in.", "phone"),
        optional("logout", Short("client", &STARTED_LOGOUT), "Ends the session.", "phone"),
        optional("renew-token", Short("client", &STARTED_RENEW_TOKEN), "Replaces the ticket.", "phone"),
        optional("switch-account", Kind::Record(&STARTED_SWITCH_ACCOUNT), "Logs another user in as the vendor switches accounts.", "{ client: phone, user: bob }"),
        optional("join-room", Kind::Record(&STARTED_JOIN_ROOM), "Logs in into one room more.", "{ client: phone, room: room-2 }"),
        optional("leave-room", Kind::Record(&STARTED_LEAVE_ROOM), "Logs out from one room.", "{ client: phone, room: room-2 }"),
        optional("send-message", Short("client", &STARTED_SEND_MESSAGE), "Sends a message.", "{ client: phone, to: bob }"),
        optional("call", Kind::Record(&STARTED_CALL), "Makes any call of the list.", "{ client: phone, api: get-login-user }"),
        required("as", Name, "The name under which `result` asks for it.", "second"),
    ]],
    rules: &[&[ExactlyOne(CALL_ACTS)]],
};

static INSIDE: Record = Record {
    groups: &[&[
        optional("login", Short("client", &INSIDE_LOGIN), "Logs a user in.", "phone"),
        optional("logout", Short("client", &INSIDE_LOGOUT), "Ends the session.", "phone"),
        optional("renew-token", Short("client", &INSIDE_RENEW_TOKEN), "Replaces the ticket.", "phone"),
        optional("switch-account", Kind::Record(&INSIDE_SWITCH_ACCOUNT), "Logs another user in as the vendor switches accounts.", "{ user: bob }"),
        optional("join-room", Kind::Record(&INSIDE_JOIN_ROOM), "Logs in into one room more.", "{ room: room-2 }"),
        optional("leave-room", Kind::Record(&INSIDE_LEAVE_ROOM), "Logs out from one room.", "{ room: room-2 }"),
        optional("send-message", Short("client", &INSIDE_SEND_MESSAGE), "Sends a message.", "{ to: bob }"),
        optional("call", Kind::Record(&INSIDE_CALL), "Makes any call of the list.", "{ api: get-login-user }"),
    ]],
    rules: &[&[ExactlyOne(CALL_ACTS)]],
};

static CALL_ACTS: &[&str] = &[
    "login", "logout", "renew-token", "switch-account", "join-room", "leave-room", "send-message", "call",
];

static ON: Record = Record {
    groups: &[ON_CLIENT, &[
        required("event", Word(&EVENTS), "The event whose callback it is.", "kicked-out"),
        optional("reason", Word(&REASONS), "Only when it happened for this reason.", "newer-login"),
        optional("room", IDENTIFIER, "Only when it is about this room.", "room-1"),
        required("do", Series(&Kind::Record(&INSIDE)), "The calls, in order, all on that client; `[]` ends it.", "[{ login: phone }]"),
        optional("times", Number { least: 1, most: 1_000 }, "How often; every time, when left out.", "1"),
    ]],
    rules: &[],
};

static TOKEN_PROVIDER: Record = Record {
    groups: &[ON_CLIENT, &[
        required("answers", Kind::Record(&ANSWERS), "What the app gets when it asks for a ticket.", "{ valid-for: 60s }"),
    ]],
    rules: &[],
};

static ANSWERS: Record = Record {
    groups: &[&[
        optional("valid-for", Length, "A good ticket, from then for this long; of the usual life, when left out.", "60s"),
        optional("fault", Word(&FAULTS), "A ticket with this fault.", "expired"),
        optional("after", Length, "How long the answer takes; the call is made so much later. At once, when left out.", "2s"),
    ]],
    rules: &[&[AtLeastOne(&["valid-for", "fault", "after"]), AtMostOne(&["valid-for", "fault"])]],
};

static REPEAT: Record = Record {
    groups: &[&[
        required("times", Number { least: 1, most: 10_000 }, "How often.", "10"),
        required("steps", Steps, "What is played again; names may be given anew in each round.", "[{ logout: phone }, { login: phone }]"),
    ]],
    rules: &[],
};

static NETWORK: Record = Record {
    groups: &[ON_CLIENT, &[
        optional("is", Word(&NETWORK_WORDS), "What becomes of it.", "down"),
        optional("direction", Word(&DIRECTIONS), "One way only.", "to-client"),
        optional("latency", Length, "The delay of every packet, one way.", "200ms"),
        optional("jitter", Length, "The most that is added to the delay at random.", "50ms"),
        optional("loss", Number { least: 0, most: 100 }, "Percent of packets lost; felt as delay.", "20"),
    ]],
    rules: &[&[AtLeastOne(&["is", "latency", "jitter", "loss"])]],
};

static SERVER: Record = Record {
    groups: &[&[
        optional("kick", User, "An administrator ends the sessions of this user.", "alice"),
        optional("ban", User, "An administrator shuts this user out.", "alice"),
        optional("unban", User, "An administrator admits this user again.", "alice"),
        optional("revoke", User, "An administrator makes every ticket of this user worthless that was made up to now.", "alice"),
        optional("set", Kind::Record(&CONSOLE), "Console settings change.", "{ device-policy: multi }"),
        optional("gateway", GATEWAY, "A gateway stops or starts.", "2"),
        optional("delay", Word(&NOTICES), "The next notices of this kind leave late.", "kicked-out"),
        optional("drop", Word(&NOTICES), "The next notices of this kind are lost.", "kicked-out"),
        optional("reorder", Word(&NOTICES), "The next notices of this kind leave after the next one on their link.", "kicked-out"),
        optional("room", IDENTIFIER, "Only the session in this room is ended.", "room-1"),
        optional("client", Client, "Only the session on this device is ended; only notices to it are meant.", "phone"),
        optional("is", Word(&GATEWAY_WORDS), "What becomes of the gateway.", "stopped"),
        optional("by", Length, "How late.", "3s"),
        optional("times", Number { least: 1, most: 1_000_000 }, "How many notices; 1 when left out.", "2"),
    ]],
    rules: &[&[
        ExactlyOne(&["kick", "ban", "unban", "revoke", "set", "gateway", "delay", "drop", "reorder"]),
        Beside("room", &["kick"]),
        Beside("client", &["kick", "delay", "drop", "reorder"]),
        Together("gateway", "is"),
        Beside("is", &["gateway"]),
        Together("delay", "by"),
        Beside("by", &["delay"]),
        Beside("times", &["delay", "drop", "reorder"]),
    ]],
};

static APP: Record = Record {
    groups: &[ON_CLIENT, &[
        required("is", Word(&APP_ACTS), "What happens to it.", "crashed"),
    ]],
    rules: &[],
};

static CLOCK: Record = Record {
    groups: &[ON_CLIENT, &[
        required("skew", Skew, "How far it is ahead of the truth.", "+2h"),
    ]],
    rules: &[],
};

static EXPECT: Record = Record {
    groups: &[ON_CLIENT, SEEN, &[
        optional("within", Length, "At the latest then, counted from the most recent act or `since`.", "2s"),
        optional("between", Pair(&Length), "Not before the first and not after the second.", "[19m59s, 20m1s]"),
    ], SINCE],
    rules: &[SEEN_RULES, &[AtMostOne(&["within", "between"])]],
};

static NEVER: Record = Record {
    groups: &[ON_CLIENT, SEEN, &[
        optional("for", Length, "How long it must not be seen from now on; without, only what is past counts.", "1h"),
    ], SINCE],
    rules: &[SEEN_RULES],
};

static COUNT: Record = Record {
    groups: &[ON_CLIENT, SEEN, &[
        optional("is", TIMES, "Exactly so many times.", "1"),
        optional("at-least", TIMES, "At least so many times.", "2"),
        optional("at-most", TIMES, "At most so many times.", "3"),
        optional("for", Length, "How long to go on counting from now.", "1h"),
        optional("in-any", Length, "So many times in any stretch of this length, over all devices of a fleet together.", "1s"),
    ], SINCE],
    rules: &[SEEN_RULES, &[
        AtLeastOne(&["is", "at-least", "at-most"]),
        AtMostOne(&["is", "at-least"]),
        AtMostOne(&["is", "at-most"]),
    ]],
};

static WATCH: Record = Record {
    groups: &[&[
        optional("for", Length, "How long, for every item that does not say it itself.", "1h"),
        required("all", Many(&Kind::Record(&WATCHED)), "What is observed, all at once from now.", "[{ never: { client: phone, event: kicked-out } }]"),
    ]],
    rules: &[],
};

static WATCHED: Record = Record {
    groups: &[&[
        optional("expect", Kind::Record(&EXPECT), "It must be seen.", "{ client: phone, event: kicked-out, within: 2s }"),
        optional("never", Kind::Record(&NEVER), "It must not be seen.", "{ client: phone, event: logging-in }"),
        optional("count", Kind::Record(&COUNT), "It must be seen so many times.", "{ client: phone, event: kicked-out, is: 1 }"),
    ]],
    rules: &[&[ExactlyOne(&["expect", "never", "count"])]],
};

static OBSERVE: Record = Record {
    groups: &[ON_CLIENT, &[
        optional("for", Length, "For how long from now on; without, only what is past counts.", "10s"),
        required("as", Name, "The name of the notes.", "after-the-kick"),
    ], SINCE],
    rules: &[],
};

static RESULT: Record = Record {
    groups: &[&[
        required("of", Name, "The name the call was started under.", "first"),
        optional("ok", True, "It must succeed.", "true"),
    ], OUTCOME, &[
        optional("within", Length, "At the latest then, counted from the call.", "10s"),
    ]],
    rules: &[&[ExactlyOne(&["ok", "fails", "outcome-of"])]],
};

static ON_CLIENT: &[Field] = &[
    required("client", Client, "On which device, or fleet of devices.", "phone"),
];

static ON_THIS_CLIENT: &[Field] = &[
    optional("client", Client, "The device whose callback it is; none else.", "phone"),
];

static LOGIN_FIELDS: &[Field] = &[
    optional("user", IDENTIFIER, "The user, when it is not the device's own.", "bob"),
    optional("room", IDENTIFIER, "The room, when it is not the device's own: `room-1`, or in a fleet one of its name.", "room-2"),
    TOKEN_FIELD,
    NAME_FIELD,
    NOTIFY_FIELD,
    OFFLINE_FIELD,
    GATEWAY_FIELD,
];

static LOGOUT_FIELDS: &[Field] = &[
    optional("room", IDENTIFIER, "Only from this room.", "room-2"),
];

static RENEW_FIELDS: &[Field] = &[
    TOKEN_FIELD,
    optional("room", IDENTIFIER, "Only for the session in this room.", "room-2"),
];

static SWITCH_FIELDS: &[Field] = &[
    required("user", IDENTIFIER, "The user to log in.", "bob"),
    optional("room", IDENTIFIER, "The room, when it is not the device's own: `room-1`, or in a fleet one of its name.", "room-2"),
    TOKEN_FIELD,
    NAME_FIELD,
];

static JOIN_FIELDS: &[Field] = &[
    required("room", IDENTIFIER, "The room.", "room-2"),
    optional("user", IDENTIFIER, "The user, when it is not the device's own.", "bob"),
    TOKEN_FIELD,
    NAME_FIELD,
    NOTIFY_FIELD,
    GATEWAY_FIELD,
];

static LEAVE_FIELDS: &[Field] = &[
    required("room", IDENTIFIER, "The room.", "room-2"),
];

static MESSAGE_FIELDS: &[Field] = &[
    optional("to", IDENTIFIER, "The user it is for; the device's own, when left out.", "bob"),
    optional("room", IDENTIFIER, "The room it is for, where a login is into one; `room-1` when left out.", "room-1"),
    optional("text", LONG_TEXT, "What it says; `hello` when left out.", "hello"),
];

static CALL_FIELDS: &[Field] = &[
    required("api", Word(&CALLS), "What is called. Which of the other keys it takes stands with the word.", "get-login-user"),
    optional("user", IDENTIFIER, "The user, when it is not the device's own.", "bob"),
    optional("room", IDENTIFIER, "The room; for a switch of rooms, the one to enter.", "room-2"),
    TOKEN_FIELD,
    NAME_FIELD,
    NOTIFY_FIELD,
    OFFLINE_FIELD,
    GATEWAY_FIELD,
    optional("from", IDENTIFIER, "The room that is left; the only one, when left out.", "room-1"),
    optional("to", IDENTIFIER, "The user a message is for.", "bob"),
    optional("text", LONG_TEXT, "What a message says, or the extra information of a stream; `hello` when left out.", "hello"),
    optional("stream", IDENTIFIER, "The stream, when it is not `stream-1`.", "stream-2"),
    optional("mode", Word(&ROOM_MODES), "How many rooms at once.", "several"),
    optional("with", IDENTIFIER, "With whom the conversation was.", "bob"),
    optional("listener", Name, "The name of the listener.", "second"),
];

const TOKEN_FIELD: Field = optional("token", Kind::Record(&TOKEN), "The ticket, when it is not a good one of the usual life.", "{ valid-for: 60s }");

const NAME_FIELD: Field = optional("name", LONG_TEXT, "What the user is to be called.", "Alice B.");

const NOTIFY_FIELD: Field = optional("notify", Flag, "Are the members of the room told of this one, and this one of them? `true` when left out.", "false");

const OFFLINE_FIELD: Field = optional("offline", Flag, "Does it succeed from what is stored, and go online later? `false` when left out.", "true");

const GATEWAY_FIELD: Field = optional("gateway", GATEWAY, "The gateway to begin with; 1 when left out.", "2");

static ANSWER: &[Field] = &[
    optional("is", LONG_TEXT, "The answer a question must get; several things with `, ` between them, `none` for nobody and nothing.", "alice"),
    optional("code", OneOrMany(&Code), "The vendor's number of that answer, or several.", "3"),
];

static OUTCOME: &[Field] = &[
    optional("fails", Either(&Word(&ERRORS), &FAILS), "It must fail so; when left out, it must succeed.", "not-logged-in"),
    optional("outcome-of", Word(&DECISIONS), "It must end as the profile promises for this decision.", "second-login"),
];

static OUTCOME_RULES: &[Rule] = &[AtMostOne(&["fails", "outcome-of"])];

static FAILS: Record = Record {
    groups: &[&[
        required("code", OneOrMany(&Code), "The vendor's number of the error, or several.", "[1001, 1002]"),
    ]],
    rules: &[],
};

static TOKEN: Record = Record {
    groups: &[&[
        optional("valid-for", Length, "A good ticket, from now for this long.", "60s"),
        optional("fault", Word(&FAULTS), "A ticket with this fault.", "wrong-user"),
    ]],
    rules: &[&[ExactlyOne(&["valid-for", "fault"])]],
};

static SEEN: &[Field] = &[
    optional("event", Word(&EVENTS), "Something the app is told.", "kicked-out"),
    optional("state", Word(&STATES), "The state of the session, now or within the bound.", "online"),
    optional("callback", Callback, "A callback in the vendor's own words.", "onKickedOut"),
    optional("outcome-of", Word(&DECISIONS), "What the profile promises for this decision.", "returning-device"),
    optional("activity", Word(&ACTIVITIES), "Something the client does on the network.", "connect"),
    optional("session", Word(&SESSION_WORDS), "What the server did to the session of the device.", "ended"),
    optional("reason", Word(&REASONS), "Why the event happened.", "newer-login"),
    optional("error", Word(&ERRORS), "The error the event stands for.", "token-expired"),
    optional("code", OneOrMany(&Code), "The vendor's number in the event, or several.", "1001"),
    optional("room", IDENTIFIER, "In which room; for a state, when left out, in the only one or the one heard of last.", "room-1"),
    optional("user", IDENTIFIER, "About which user.", "bob"),
    optional("text", LONG_TEXT, "With which text.", "hello"),
    optional("stream", IDENTIFIER, "About which stream.", "stream-1"),
    optional("by", Word(&PLATFORMS), "What the device is that displaced this one.", "web"),
    optional("listener", Name, "The listener that hears it; the app's own, when left out.", "second"),
    optional("args", Arguments, "Arguments of the callback that matter.", "{ reason: 5 }"),
    optional("cause", Word(&END_CAUSES), "Why the session ended.", "newer-login"),
];

static SEEN_NAMES: &[&str] = &["event", "state", "callback", "outcome-of", "activity", "session"];

static SEEN_RULES: &[Rule] = &[
    ExactlyOne(SEEN_NAMES),
    Beside("reason", &["event"]),
    Beside("error", &["event"]),
    Beside("code", &["event"]),
    Beside("room", &["event", "state", "session"]),
    Beside("user", &["event"]),
    Beside("text", &["event"]),
    Beside("stream", &["event"]),
    Beside("by", &["event"]),
    Beside("listener", &["event", "callback"]),
    Beside("args", &["callback"]),
    Beside("cause", &["session"]),
];

static SINCE: &[Field] = &[
    optional("since", Name, "Looks at everything since this mark instead of the most recent act.", "outage"),
];

/// An ID that may be wrong on purpose.
const IDENTIFIER: Kind = Text { longest: 1_024 };

const LONG_TEXT: Kind = Text { longest: 65_536 };

const GATEWAY: Kind = Number { least: 1, most: 4 };

const INSTANCES: Kind = Number { least: 1, most: 1_000 };

const TIMES: Kind = Number { least: 0, most: 1_000_000 };

const fn required(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Field {
    Field { name, kind, required: true, doc, example }
}

const fn optional(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Field {
    Field { name, kind, required: false, doc, example }
}
