//! What a generated scenario may use. Each seed switches about half of it off, so that what is
//! left meets more often and in purer form (swarm testing).

session::words! {
    /// A part of the alphabet.
    Feature, "feature" {
        Devices = "devices", "more than one device";
        Users = "users", "more than one user, and logins of another user";
        Settings = "settings", "console settings other than the usual, also changed on the way";
        Lifetime = "lifetime", "clients destroyed, created again, and used before that";
        Rooms = "rooms", "rooms other than the first";
        Messages = "messages", "messages of every kind";
        Streams = "streams", "streams published and played";
        Queries = "queries", "questions for the state, the user, conversations";
        Listeners = "listeners", "listeners added and removed, apps that do not listen";
        Reactions = "reactions", "calls from inside callbacks";
        Processes = "processes", "apps that crash and start";
        Standstill = "standstill", "processes that stand still";
        Background = "background", "apps sent to the background";
        Outages = "outages", "networks that are down or unreachable";
        HalfOpen = "half-open", "networks that lose everything untold, perhaps one way only";
        Breaks = "breaks", "flows that break, paths that change";
        Quality = "quality", "latency, jitter and loss";
        ServerStops = "server-stops", "a server that stops, starts and restarts";
        Kicks = "kicks", "kicks by an administrator";
        Bans = "bans", "bans, and their end";
        Revocations = "revocations", "tickets made worthless";
        Notices = "notices", "answers and news of the server that are late, lost or overtaken";
        Gateways = "gateways", "several gateways, some of them stopped";
        Clocks = "clocks", "device clocks that are wrong";
        ShortTickets = "short-tickets", "tickets that run out soon";
        BadTickets = "bad-tickets", "tickets with a fault";
        Providers = "providers", "sources of tickets that are slow or hand out bad ones";
        Renewals = "renewals", "tickets replaced";
        Offline = "offline", "logins without a network";
        Saved = "saved", "devices whose user was logged in before";
        LongWaits = "long-waits", "waits of many minutes";
        Crossings = "crossings", "things done at once, or a moment after each other, and calls made twice";
    }
}

/// The features that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features(u64);

impl Features {
    /// All of them.
    pub const ALL: Features = Features(u64::MAX);

    /// Those whose bit is set, in the order of [`Feature::ALL`].
    pub fn of_bits(bits: u64) -> Features {
        Features(bits)
    }

    /// Is this one on?
    pub fn has(self, feature: Feature) -> bool {
        self.0 >> (feature as u32) & 1 == 1
    }
}
