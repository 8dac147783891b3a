//! The validated scenario: names resolved, durations typed, every part with its place in the text.

use std::sync::Arc;

use session::peer::{Disturbed, Gateway};
use session::rules::Console;
use session::ticket::Fault;
use session::time::Millis;
use session::words::{Api, EndCause, ErrorWord, Event, Notice, Platform, Reason, State};

use crate::source::{Source, Span};

/// One scenario file, understood.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name: the path below the scenario folder without `.yaml`, such as `kick/newer_login_wins`.
    pub name: String,
    /// What must be true.
    pub title: String,
    /// Why.
    pub about: Option<String>,
    /// Labels for `--tag`.
    pub tags: Vec<String>,
    /// Capabilities a profile must have.
    pub needs: Vec<String>,
    /// The profiles it is for; empty means all.
    pub profiles: Vec<ProfileSelector>,
    /// The knobs the outcome hangs on; where one is undocumented, so is the verdict.
    pub depends: Vec<String>,
    /// Console settings of this scenario.
    pub console: Console,
    /// The devices, in the file's order.
    pub clients: Vec<Client>,
    /// What happens.
    pub steps: Vec<Step>,
    /// An index of requirement rows; decides nothing.
    pub covers: Vec<String>,
    /// App rows that the script breaks on purpose; exactly these must be found.
    pub violates: Vec<String>,
    /// Are faults left in place at the end?
    pub leave_faults: bool,
    /// First 16 hexadecimal digits of the SHA-256 of the text.
    pub hash: String,
    /// The text it was read from.
    pub source: Arc<Source>,
}

/// Which profiles a scenario is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSelector {
    /// The profile.
    pub id: String,
    /// Only it (`=id`), or also those that extend it.
    pub exactly: bool,
}

/// One device of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// The user that logs in on it unless a step says otherwise.
    pub user: String,
    /// What it is.
    pub platform: Platform,
    /// Is the client created before the first step?
    pub initialised: bool,
    /// The app ID its app was built with.
    pub app: u32,
    /// The signature its app was built with, where that proves logins.
    pub app_sign: AppSign,
    /// Does its app listen from the start?
    pub listening: bool,
    /// Was its user logged in on this device before, and never logged out?
    pub saved: bool,
    /// The room it enters unless a step says otherwise.
    pub room: String,
}

session::words! {
    /// The signature that an app was built with.
    AppSign, "app signature" {
        Right = "right", "that of its app ID";
        Wrong = "wrong", "that of another app";
        Absent = "absent", "none";
    }
}

/// Which device: its place in [`Scenario::clients`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientIndex(pub usize);

/// One device, or all of a fleet; they stand side by side in [`Scenario::clients`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Devices {
    first: usize,
    count: usize,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// Which round of each `repeat` around it this is, from 1, the outermost first.
    pub rounds: Vec<u32>,
    /// The rows this very step decides.
    pub covers: Vec<String>,
    /// What it does or observes.
    pub action: Action,
}

/// What a step does or observes.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Something is done.
    Act(Act),
    /// Something must, or must not, be seen.
    Observe(Observation),
    /// This moment gets a name for `since:`.
    Mark(String),
}

/// Something done.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// An API call.
    Call {
        /// On which devices.
        client: Devices,
        /// The call.
        call: Box<CallAct>,
        /// What is done about its result.
        then: Then,
    },
    /// Time passes.
    Advance(Millis),
    /// The network of a device changes.
    Network {
        /// The devices.
        client: Devices,
        /// The change.
        change: NetworkChange,
    },
    /// Something is done to the server.
    Server(ServerAct),
    /// Something is done to an app's process.
    App {
        /// The devices.
        client: Devices,
        /// What.
        is: AppAct,
    },
    /// A device's clock is set wrong.
    Clock {
        /// The devices.
        client: Devices,
        /// Milliseconds it is ahead (behind, when negative) of the truth.
        skew: i64,
    },
    /// From now on the app makes calls from inside a callback.
    On {
        /// The devices.
        client: Devices,
        /// What it does.
        reaction: Reaction,
    },
    /// From now on the app's source of tickets behaves so.
    TokenProvider {
        /// The devices.
        client: Devices,
        /// How.
        provider: TokenProvider,
    },
}

/// Calls that an app makes from inside a callback.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The event whose callback it is.
    pub event: Event,
    /// Only when it happened for this reason.
    pub reason: Option<Reason>,
    /// Only in this room.
    pub room: Option<String>,
    /// How often; `None` every time.
    pub times: Option<u64>,
    /// The calls, in order; none when the app is to react no longer.
    pub calls: Vec<CallAct>,
}

/// How an app's source of tickets behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenProvider {
    /// The tickets it gives; good ones of the usual life when left out.
    pub token: Option<TokenAct>,
    /// How long it takes.
    pub after: Millis,
}

/// An API call as the script asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallAct {
    /// What is called.
    pub api: CallName,
    /// The user, where it is not the device's own.
    pub user: Option<String>,
    /// The room, where it is not the default one.
    pub room: Option<String>,
    /// The ticket, where it is not a good one of default length.
    pub token: Option<TokenAct>,
    /// The user a message is for.
    pub to: Option<String>,
    /// The text of a message.
    pub text: Option<String>,
    /// What the user is to be called.
    pub name: Option<String>,
    /// Is it a login that succeeds from what is stored?
    pub offline: bool,
    /// Are the members of a room told of this one, and this one of them?
    pub notify: bool,
    /// The gateway a login begins with.
    pub gateway: Gateway,
    /// The stream, where it is not the default one.
    pub stream: Option<String>,
    /// With whom a conversation was.
    pub with: Option<String>,
    /// How many rooms at once.
    pub mode: Option<RoomMode>,
    /// The room that is left.
    pub from: Option<String>,
    /// The name of a listener.
    pub listener: Option<String>,
}

impl CallAct {
    /// A call that says nothing about its arguments.
    pub fn new(api: CallName) -> CallAct {
        CallAct {
            api,
            user: None,
            room: None,
            token: None,
            to: None,
            text: None,
            name: None,
            offline: false,
            notify: true,
            gateway: Gateway::FIRST,
            stream: None,
            with: None,
            mode: None,
            from: None,
            listener: None,
        }
    }
}

session::words! {
    /// How many rooms a client may be in at once.
    RoomMode, "room mode" {
        Single = "single", "one room at a time";
        Several = "several", "several rooms at once";
    }
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallName {
    /// A call of the closed list.
    Known(Api),
    /// A login of another user, called as the vendor switches accounts: a plain login.
    SwitchAccount,
    /// A login into one room more.
    JoinRoom,
    /// A logout from one room.
    LeaveRoom,
}

impl CallName {
    /// The call of the closed list that is made.
    pub fn api(&self) -> Api {
        match self {
            CallName::Known(api) => *api,
            CallName::SwitchAccount | CallName::JoinRoom => Api::Login,
            CallName::LeaveRoom => Api::Logout,
        }
    }

    /// Does the call bring a ticket?
    pub fn needs_ticket(&self) -> bool {
        matches!(self.api(), Api::Login | Api::RenewToken | Api::SwitchRoom)
    }
}

/// A ticket as the script asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenAct {
    /// A good one, from now for this long.
    ValidFor(Millis),
    /// One with this fault.
    Fault(Fault),
}

/// What is done about a call's result.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// Wait for it; it must be this.
    Wait(Expected),
    /// Go on; the name under which `result` asks for it.
    GoOn(String),
}

/// The result a call must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Success.
    Ok,
    /// Success with this value (`is: alice`, or a neutral state); `none` means an empty one.
    OkWith {
        /// The value.
        value: String,
        /// One of these vendor numbers; any, when empty.
        codes: Vec<i64>,
    },
    /// Failure with this error.
    Fails(ErrorWord),
    /// Failure with one of these vendor codes.
    FailsWithCode(Vec<i64>),
    /// What the profile promises for this decision.
    OutcomeOf(Decision),
}

/// A change of one device's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkChange {
    /// What becomes of the link.
    pub is: Option<NetworkWord>,
    /// One way only.
    pub direction: Option<Direction>,
    /// One-way delay.
    pub latency: Option<Millis>,
    /// The most that is added to it at random.
    pub jitter: Option<Millis>,
    /// Percent of packets lost; felt as delay, because TCP repeats them.
    pub loss: Option<u64>,
}

session::words! {
    /// What becomes of a device's network.
    NetworkWord, "network word" {
        Up = "up", "it works; what was held is delivered";
        Down = "down", "the device is told there is none; established flows are held, connects time out";
        Unreachable = "unreachable", "as down, but the device is not told";
        BlackHole = "black-hole", "packets vanish for good, untold";
        Reset = "reset", "every flow breaks at once, new ones work";
        Switched = "switched", "the path changes: old flows are dead, new ones work";
    }
}

session::words! {
    /// One way through a device's network.
    Direction, "direction" {
        ToServer = "to-server", "from the device to the server";
        ToClient = "to-client", "from the server to the device";
    }
}

/// Something done to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAct {
    /// It stops and starts again at once; sessions in memory are lost.
    Restart,
    /// It stops; connects are refused.
    Stop,
    /// It starts.
    Start,
    /// An administrator ends sessions of the user.
    Kick {
        /// The user.
        user: String,
        /// Only in this room.
        room: Option<String>,
        /// Only on these devices.
        client: Option<Devices>,
    },
    /// An administrator shuts the user out.
    Ban(String),
    /// An administrator admits the user again.
    Unban(String),
    /// An administrator makes the user's tickets worthless.
    Revoke(String),
    /// Console settings change.
    Set(Console),
    /// A gateway stops or starts.
    Gateway {
        /// Which.
        gateway: Gateway,
        /// What becomes of it.
        is: GatewayWord,
    },
    /// The next notices of a kind do not arrive as they should.
    Disturb {
        /// Which kind.
        notice: Notice,
        /// Only those to these devices.
        client: Option<Devices>,
        /// How many.
        times: u64,
        /// What becomes of them.
        how: Disturbed,
    },
}

session::words! {
    /// What becomes of a gateway.
    GatewayWord, "gateway word" {
        Stopped = "stopped", "its links end, and it takes no new ones";
        Started = "started", "it works again";
    }
}

session::words! {
    /// Something done to an app's process.
    AppAct, "app act" {
        Crashed = "crashed", "the process dies; the system closes its links";
        Started = "started", "the process starts again";
        Frozen = "frozen", "the process stands still; what happens meanwhile waits";
        Resumed = "resumed", "the process goes on, and everything that waited happens at once";
        Background = "background", "the app is no longer in front";
        Foreground = "foreground", "the app is in front again";
    }
}

/// Something that must, or must not, be seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// It must be seen.
    Expect {
        /// What.
        what: Pattern,
        /// When; counted from the anchor.
        when: When,
        /// The anchor: a mark, or the most recent act.
        since: Option<String>,
    },
    /// It must not be seen.
    Never {
        /// What.
        what: Pattern,
        /// For how long from now on; `None` looks back only.
        lasting: Option<Millis>,
        /// The anchor.
        since: Option<String>,
    },
    /// It must have been seen so many times by now (or by the end of `lasting`).
    Count {
        /// What.
        what: Pattern,
        /// At least.
        least: u64,
        /// At most.
        most: u64,
        /// How long to go on counting.
        lasting: Option<Millis>,
        /// In any stretch of this length, over all devices together, instead of in all.
        in_any: Option<Millis>,
        /// The anchor.
        since: Option<String>,
    },
    /// The result of a call that was started.
    Result {
        /// Its name.
        of: String,
        /// What it must be.
        expected: Expected,
        /// Counted from the call.
        within: Option<Millis>,
    },
    /// Several at once: expectations, prohibitions and counts.
    Watch(Vec<Observation>),
    /// What the app is told and answered is written down, not judged.
    Observe {
        /// Whose.
        client: Devices,
        /// For how long from now on.
        lasting: Option<Millis>,
        /// The name of the notes.
        name: String,
        /// The anchor.
        since: Option<String>,
    },
}

/// When something must be seen, counted from the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// By now; nothing is waited for.
    Already,
    /// At the latest then.
    Within(Millis),
    /// The same, counted from the beginning of the step.
    FromNow(Millis),
    /// Not before the first, not after the second.
    Between(Millis, Millis),
}

/// What an observation looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// On which devices.
    pub client: Devices,
    /// What.
    pub seen: Seen,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// An event in neutral words.
    Event(EventPattern),
    /// A callback in the vendor's own words; arguments left out may be anything.
    Callback {
        /// Its name.
        name: String,
        /// The arguments that matter.
        args: Vec<(String, serde_json::Value)>,
        /// The listener that hears it; `None` is the app's own.
        listener: Option<String>,
    },
    /// The state, now or by the end of the bound.
    State {
        /// Which.
        is: State,
        /// In which room; `None` is the only one, or the one that was heard of last.
        room: Option<String>,
    },
    /// What the profile promises for this decision.
    OutcomeOf(Decision),
    /// The client itself does something on the network.
    Activity(Activity),
    /// What the server knows of the device's session.
    Session {
        /// What happened to it.
        is: SessionWord,
        /// Why it ended.
        cause: Option<EndCause>,
        /// In which room.
        room: Option<String>,
    },
}

/// An event; what is left out may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern {
    /// Which.
    pub event: Event,
    /// Why.
    pub reason: Option<Reason>,
    /// The error it stands for.
    pub error: Option<ErrorWord>,
    /// One of these vendor codes.
    pub codes: Vec<i64>,
    /// In which room.
    pub room: Option<String>,
    /// About which user.
    pub user: Option<String>,
    /// With which text.
    pub text: Option<String>,
    /// About which stream.
    pub stream: Option<String>,
    /// What the device is that displaced this one.
    pub by: Option<Platform>,
    /// The listener that hears it; `None` is the app's own.
    pub listener: Option<String>,
}

session::words! {
    /// Something a client does on the network by itself.
    Activity, "activity" {
        Connect = "connect", "it opens a link";
        Send = "send", "it sends anything at all";
    }
}

session::words! {
    /// What happened to a session at the server.
    SessionWord, "session word" {
        Opened = "opened", "it began";
        Resumed = "resumed", "it goes on over a new link";
        Ended = "ended", "it ended";
        Registered = "registered", "its user got an account, with the first login ever";
        Counted = "counted", "its user counts as active today, for the first time today";
    }
}

session::words! {
    /// A point where vendors decide differently; a profile promises an outcome for each.
    Decision, "decision" {
        SecondLogin = "second-login", "the same user logs in again on the same client";
        SecondLoginOtherUser = "second-login-other-user", "another user logs in on the same client without a logout";
        LoginWhileLoggingIn = "login-while-logging-in", "a login is called while one is running";
        ReturningDevice = "returning-device", "a device returns from an outage and finds a newer login";
        WindowEnd = "window-end", "the reconnect window is used up";
        TokenExpiry = "token-expiry", "the ticket of an established session runs out";
        LoginWithExpiredToken = "login-with-expired-token", "a login brings a ticket that has run out";
        CallAfterKick = "call-after-kick", "a call that needs a session is made after a kick";
    }
}

impl EventPattern {
    /// The event with what a profile promises of it; the rest may be anything.
    pub fn of(event: Event, reason: Option<Reason>, error: Option<ErrorWord>) -> EventPattern {
        EventPattern {
            event,
            reason,
            error,
            codes: Vec::new(),
            room: None,
            user: None,
            text: None,
            stream: None,
            by: None,
            listener: None,
        }
    }
}

impl Step {
    /// Which round it is, in words; `None` outside of every `repeat`.
    pub fn say_round(&self) -> Option<String> {
        let rounds: Vec<String> = self.rounds.iter().map(u32::to_string).collect();
        (!rounds.is_empty()).then(|| format!("round {}", rounds.join(".")))
    }
}

impl Devices {
    /// Several that stand side by side.
    pub fn fleet(first: usize, count: usize) -> Devices {
        Devices { first, count }
    }

    /// The first of them.
    pub fn first(self) -> ClientIndex {
        ClientIndex(self.first)
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.count
    }

    /// Each of them, in the file's order.
    pub fn each(self) -> impl Iterator<Item = ClientIndex> {
        (self.first..self.first + self.count).map(ClientIndex)
    }

    /// Are these among them?
    pub fn hold(self, others: Devices) -> bool {
        self.first <= others.first && others.first + others.count <= self.first + self.count
    }
}

impl From<ClientIndex> for Devices {
    fn from(client: ClientIndex) -> Devices {
        Devices {
            first: client.0,
            count: 1,
        }
    }
}

impl Scenario {
    /// The device called `name`.
    pub fn client(&self, name: &str) -> Option<ClientIndex> {
        self.clients
            .iter()
            .position(|c| c.name == name)
            .map(ClientIndex)
    }
}
