//! The table: first the scenario, then the steps, then what they share.

use super::Kind::{
    Arguments, Callback, Client, Clients, Code, Either, Flag, Later, Length, LengthOr, Line, Listed,
    Many, Name, Number, OneOrMany, Pair, Profile, Prose, Short, Skew, Steps, Text, True, User, Word,
};
use super::Rule::{AtLeastOne, AtMostOne, Beside, ExactlyOne};
use super::words::{
    ACTIVITIES, APP_ACTS, CALLS, DECISIONS, DIRECTIONS, END_CAUSES, ERRORS, EVENTS, EXPIRIES,
    FAULTS, NETWORK_WORDS, PLATFORMS, POLICIES, REASONS, SERVER_ACTS, SESSION_WORDS, STATES,
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
    optional("send-message", Short("client", &SEND_MESSAGE), "Sends a message and waits for the result.", "{ client: phone, to: bob, text: hello }"),
    optional("call", Kind::Record(&CALL), "Makes any call of the list and waits for the result.", "{ client: phone, api: get-login-user, is: none }"),
    optional("start", Kind::Record(&START), "Makes a call without waiting; `result` asks for its result.", "{ login: phone, as: second }"),
    optional("advance", Length, "Lets time pass.", "20m"),
    optional("network", Kind::Record(&NETWORK), "Changes the network of a device.", "{ client: phone, is: black-hole, direction: to-server }"),
    optional("server", Either(&Word(&SERVER_ACTS), &SERVER), "Does something to the server.", "{ kick: alice }"),
    optional("app", Kind::Record(&APP), "Does something to the process of an app.", "{ client: phone, is: crashed }"),
    optional("clock", Kind::Record(&CLOCK), "Sets the clock of a device wrong.", "{ client: phone, skew: -2h }"),
    later("join-room", "Enters a room after the login.", "{ client: phone, room: room-2 }"),
    later("leave-room", "Leaves a room.", "{ client: phone, room: room-2 }"),
    later("on", "Makes calls from inside a callback.", "{ client: phone, event: kicked-out, do: [login] }"),
    later("token-provider", "Says how the app's source of tickets behaves.", "{ client: phone, answers: { valid-for: 60s } }"),
    later("repeat", "Repeats steps.", "{ times: 10, steps: [{ login: phone }, { logout: phone }] }"),
];

/// What must, or must not, be seen.
pub static OBSERVATIONS: &[Field] = &[
    optional("expect", Kind::Record(&EXPECT), "It must be seen; without `within` or `between`, by now.", "{ client: phone, event: kicked-out, reason: newer-login, within: 2s }"),
    optional("never", Kind::Record(&NEVER), "It must not be seen, from the most recent act on; with `for`, so long from now.", "{ client: phone, event: logging-in, for: 1h }"),
    optional("count", Kind::Record(&COUNT), "It must be seen so many times.", "{ client: phone, event: kicked-out, is: 1, for: 1h }"),
    optional("result", Kind::Record(&RESULT), "The result of a call that was started.", "{ of: first, ok: true, within: 10s }"),
    optional("mark", Name, "Gives this moment a name for `since`.", "restored"),
    later("watch", "Watches for several things at once.", "{ for: 1h, all: [{ client: phone, event: kicked-out }] }"),
    later("observe", "Records without judging, to compare vendors.", "{ client: phone, event: kicked-out }"),
];

static CONSOLE: Record = Record {
    groups: &[&[
        optional("device-policy", Word(&POLICIES), "Who may be online together.", "single"),
        optional("on-token-expiry", Word(&EXPIRIES), "What the end of a ticket does to a session.", "kick"),
        optional("reconnect-window", LengthOr("unlimited"), "How long a client keeps trying to restore its link.", "20m"),
    ]],
    rules: &[&[AtLeastOne(&["device-policy", "on-token-expiry", "reconnect-window"])]],
};

static CLIENT: Record = Record {
    groups: &[&[
        optional("user", User, "Who logs in on it unless a step says otherwise; its own name when left out.", "alice"),
        optional("platform", Word(&PLATFORMS), "What it is; `android` when left out.", "iphone"),
        optional("initialised", Flag, "Is the client created before the first step? `true` when left out.", "false"),
        later("count", "Many devices alike.", "1000"),
    ]],
    rules: &[],
};

static LOGIN: Record = Record {
    groups: &[ON_CLIENT, LOGIN_FIELDS, OUTCOME],
    rules: &[OUTCOME_RULES],
};

static LOGOUT: Record = Record {
    groups: &[ON_CLIENT, OUTCOME],
    rules: &[OUTCOME_RULES],
};

static RENEW_TOKEN: Record = Record {
    groups: &[ON_CLIENT, TOKEN_FIELD, OUTCOME],
    rules: &[OUTCOME_RULES],
};

static SWITCH_ACCOUNT: Record = Record {
    groups: &[ON_CLIENT, SWITCH_FIELDS, OUTCOME],
    rules: &[OUTCOME_RULES],
};

static SEND_MESSAGE: Record = Record {
    groups: &[ON_CLIENT, MESSAGE_FIELDS, OUTCOME],
    rules: &[OUTCOME_RULES, RECIPIENT_RULES],
};

static CALL: Record = Record {
    groups: &[ON_CLIENT, CALL_FIELDS, ANSWER, OUTCOME],
    rules: &[&[AtMostOne(&["fails", "outcome-of", "is"])], RECIPIENT_RULES],
};

static START: Record = Record {
    groups: &[&[
        optional("login", Short("client", &STARTED_LOGIN), "Logs a user in.", "phone"),
        optional("logout", Short("client", &STARTED_LOGOUT), "Ends the session.", "phone"),
        optional("renew-token", Short("client", &STARTED_RENEW_TOKEN), "Replaces the ticket.", "phone"),
        optional("switch-account", Kind::Record(&STARTED_SWITCH_ACCOUNT), "Logs another user in as the vendor switches accounts.", "{ client: phone, user: bob }"),
        optional("send-message", Short("client", &STARTED_SEND_MESSAGE), "Sends a message.", "{ client: phone, to: bob }"),
        optional("call", Kind::Record(&STARTED_CALL), "Makes any call of the list.", "{ client: phone, api: get-login-user }"),
        required("as", Name, "The name under which `result` asks for it.", "second"),
    ]],
    rules: &[&[ExactlyOne(&["login", "logout", "renew-token", "switch-account", "send-message", "call"])]],
};

static STARTED_LOGIN: Record = Record {
    groups: &[ON_CLIENT, LOGIN_FIELDS],
    rules: &[],
};

static STARTED_LOGOUT: Record = Record {
    groups: &[ON_CLIENT],
    rules: &[],
};

static STARTED_RENEW_TOKEN: Record = Record {
    groups: &[ON_CLIENT, TOKEN_FIELD],
    rules: &[],
};

static STARTED_SWITCH_ACCOUNT: Record = Record {
    groups: &[ON_CLIENT, SWITCH_FIELDS],
    rules: &[],
};

static STARTED_SEND_MESSAGE: Record = Record {
    groups: &[ON_CLIENT, MESSAGE_FIELDS],
    rules: &[RECIPIENT_RULES],
};

static STARTED_CALL: Record = Record {
    groups: &[ON_CLIENT, CALL_FIELDS],
    rules: &[RECIPIENT_RULES],
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
        optional("kick", User, "An administrator ends every session of this user.", "alice"),
        optional("set", Kind::Record(&CONSOLE), "Console settings change.", "{ device-policy: multi }"),
        later("ban", "An administrator shuts a user out.", "alice"),
        later("revoke", "An administrator makes tickets worthless.", "alice"),
        later("delay", "A notice of the server comes late.", "kicked-out"),
        later("drop", "A notice of the server is lost.", "kicked-out"),
        later("reorder", "A notice of the server comes after the next one.", "kicked-out"),
        later("by", "How late.", "3s"),
    ]],
    rules: &[&[ExactlyOne(&["kick", "set"])]],
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
    ], SINCE],
    rules: &[SEEN_RULES, &[
        AtLeastOne(&["is", "at-least", "at-most"]),
        AtMostOne(&["is", "at-least"]),
        AtMostOne(&["is", "at-most"]),
    ]],
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
    required("client", Client, "On which device.", "phone"),
];

static LOGIN_FIELDS: &[Field] = &[
    optional("user", IDENTIFIER, "The user, when it is not the device's own.", "bob"),
    optional("room", IDENTIFIER, "The room, when it is not `room-1`.", "room-2"),
    optional("token", Kind::Record(&TOKEN), "The ticket, when it is not a good one of the usual life.", "{ valid-for: 60s }"),
    later("offline", "Logs in without a network.", "true"),
    later("gateway", "Which gateway of the service is used.", "second"),
];

static TOKEN_FIELD: &[Field] = &[
    optional("token", Kind::Record(&TOKEN), "The ticket, when it is not a good one of the usual life.", "{ valid-for: 60s }"),
];

static SWITCH_FIELDS: &[Field] = &[
    required("user", IDENTIFIER, "The user to log in.", "bob"),
    optional("room", IDENTIFIER, "The room, when it is not `room-1`.", "room-2"),
    optional("token", Kind::Record(&TOKEN), "The ticket, when it is not a good one of the usual life.", "{ valid-for: 60s }"),
];

static MESSAGE_FIELDS: &[Field] = &[
    optional("to", IDENTIFIER, "The user it is for.", "bob"),
    optional("room", IDENTIFIER, "The room it is for.", "room-1"),
    optional("text", Text { longest: 65_536 }, "What it says.", "hello"),
];

static CALL_FIELDS: &[Field] = &[
    required("api", Word(&CALLS), "What is called.", "get-login-user"),
    optional("user", IDENTIFIER, "The user of a login, when it is not the device's own.", "bob"),
    optional("room", IDENTIFIER, "The room of a login or message.", "room-2"),
    optional("token", Kind::Record(&TOKEN), "The ticket, when it is not a good one of the usual life.", "{ valid-for: 60s }"),
    optional("to", IDENTIFIER, "The user a message is for.", "bob"),
    optional("text", Text { longest: 65_536 }, "What a message says.", "hello"),
];

static ANSWER: &[Field] = &[
    optional("is", IDENTIFIER, "The answer a question must get; `none` means nobody.", "alice"),
];

static OUTCOME: &[Field] = &[
    optional("fails", Either(&Word(&ERRORS), &FAILS), "It must fail so; when left out, it must succeed.", "not-logged-in"),
    optional("outcome-of", Word(&DECISIONS), "It must end as the profile promises for this decision.", "second-login"),
];

static RECIPIENT_RULES: &[Rule] = &[AtMostOne(&["to", "room"])];

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
    optional("room", IDENTIFIER, "In which room.", "room-1"),
    optional("user", IDENTIFIER, "About which user.", "bob"),
    optional("text", Text { longest: 65_536 }, "With which text.", "hello"),
    optional("args", Arguments, "Arguments of the callback that matter.", "{ reason: 5 }"),
    optional("cause", Word(&END_CAUSES), "Why the session ended.", "newer-login"),
];

static SEEN_NAMES: &[&str] = &["event", "state", "callback", "outcome-of", "activity", "session"];

static SEEN_RULES: &[Rule] = &[
    ExactlyOne(SEEN_NAMES),
    Beside("reason", &["event"]),
    Beside("error", &["event"]),
    Beside("code", &["event"]),
    Beside("room", &["event"]),
    Beside("user", &["event"]),
    Beside("text", &["event"]),
    Beside("args", &["callback"]),
    Beside("cause", &["session"]),
];

static SINCE: &[Field] = &[
    optional("since", Name, "Looks at everything since this mark instead of the most recent act.", "outage"),
];

/// An ID that may be wrong on purpose.
const IDENTIFIER: Kind = Text { longest: 1_024 };

const TIMES: Kind = Number { least: 0, most: 1_000_000 };

const fn required(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Field {
    Field { name, kind, required: true, doc, example }
}

const fn optional(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Field {
    Field { name, kind, required: false, doc, example }
}

const fn later(name: &'static str, doc: &'static str, example: &'static str) -> Field {
    optional(name, Later, doc, example)
}
