//! The validated scenario: names resolved, durations typed, every part with its place in the text.

use std::sync::Arc;

use session::rules::Console;
use session::ticket::Fault;
use session::time::Millis;
use session::words::{Api, EndCause, ErrorWord, Event, Platform, Reason, State};

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
    /// Does its app listen from the start?
    pub listening: bool,
    /// Was its user logged in on this device before, and never logged out?
    pub saved: bool,
}

/// Which device: its place in [`Scenario::clients`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientIndex(pub usize);

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
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
        /// On which device.
        client: ClientIndex,
        /// The call.
        call: CallAct,
        /// What is done about its result.
        then: Then,
    },
    /// Time passes.
    Advance(Millis),
    /// The network of a device changes.
    Network {
        /// The device.
        client: ClientIndex,
        /// The change.
        change: NetworkChange,
    },
    /// Something is done to the server.
    Server(ServerAct),
    /// Something is done to an app's process.
    App {
        /// The device.
        client: ClientIndex,
        /// What.
        is: AppAct,
    },
    /// A device's clock is set wrong.
    Clock {
        /// The device.
        client: ClientIndex,
        /// Milliseconds it is ahead (behind, when negative) of the truth.
        skew: i64,
    },
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
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallName {
    /// A call of the closed list.
    Known(Api),
    /// A login of another user, called as the vendor switches accounts: a plain login.
    SwitchAccount,
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
    OkWith(String),
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
    /// An administrator ends every session of the user.
    Kick(String),
    /// Console settings change.
    Set(Console),
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
}

/// When something must be seen, counted from the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// By now; nothing is waited for.
    Already,
    /// At the latest then.
    Within(Millis),
    /// Not before the first, not after the second.
    Between(Millis, Millis),
}

/// What an observation looks for on one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The device.
    pub client: ClientIndex,
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
    },
    /// The state, now or by the end of the bound.
    State(State),
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
