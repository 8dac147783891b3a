//! What the knobs that are choices choose from, each with the sentence that explains it.

use crate::words;

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
        Repeat = "repeat", "succeeds, but the old user stays logged in";
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
    /// How a login proves that it may come in.
    Authentication, "authentication" {
        Token = "token", "by the ticket it brings";
        AppSignature = "app-signature", "by the signature that the app was built with; a ticket is not looked at, except of a web page";
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
    /// Is something told with a callback?
    Telling, "choice" {
        Told = "told", "with a callback, as always";
        Silent = "silent", "without a callback";
    }
}

words! {
    /// A session that is there when the client is destroyed.
    AtDestroy, "choice" {
        LogsOut = "logs-out", "is logged out";
        DropsTheLink = "drops-the-link", "loses its link, as when the process ends";
    }
}

words! {
    /// An offline login of a user who logged out before.
    OfflineAfterLogout, "choice" {
        Allowed = "allowed", "succeeds";
        Refused = "refused", "fails with offline-user-differs";
    }
}

words! {
    /// A login of another user after the reconnect window ended, without a logout.
    OtherUserAfterWindow, "choice" {
        Accepted = "accepted", "is a login as any other";
        Refused = "refused", "fails with log-out-first";
    }
}

words! {
    /// Messages that arrive between the call of a logout and its result.
    MessagesMeanwhile, "choice" {
        Dropped = "dropped", "are not told";
        Delivered = "delivered", "are told";
    }
}

words! {
    /// From when on a reconnect window counts.
    WindowFrom, "choice" {
        Reconnecting = "reconnecting", "from the reconnecting event";
        LastSignOfLife = "last-sign-of-life", "from the last thing heard of the server";
    }
}

words! {
    /// Until when a ticket is good.
    EndCounts, "choice" {
        Milliseconds = "milliseconds", "up to and with its last millisecond";
        Seconds = "seconds", "up to the end of the second its last moment lies in";
    }
}

words! {
    /// A renewal after the ticket ran out and ended the session.
    RenewalAfterExpiry, "choice" {
        Refused = "refused", "fails with not-logged-in";
        Revives = "revives", "logs the same user in again";
    }
}

words! {
    /// A login with an empty name.
    EmptyName, "choice" {
        Allowed = "allowed", "leaves the name as it is";
        Refused = "refused", "fails with user-name-empty";
    }
}

words! {
    /// A login without a network.
    OfflineLogin, "choice" {
        None = "none", "there is none";
        LastUser = "last-user", "the user who was online on this device last is logged in at once, and goes online later";
    }
}

words! {
    /// Does the reconnect window go on while the process stands still?
    Sleep, "choice" {
        Counts = "counts", "the window goes on";
        StandsStill = "stands-still", "the window stands still, too";
    }
}

words! {
    /// A ticket with less left than the warning lead.
    ShortTicket, "choice" {
        Accepted = "accepted", "is accepted, and warned about at once";
        Refused = "refused", "fails with token-too-short";
    }
}

words! {
    /// A ticket that was made in the future.
    FromTheFuture, "choice" {
        Accepted = "accepted", "is accepted";
        Refused = "refused", "fails with token-invalid";
    }
}

words! {
    /// The tickets of a user after an administrator's kick.
    AfterServerKick, "choice" {
        Good = "good", "are as good as before";
        Worthless = "worthless", "are refused with token-revoked if they were made before it";
    }
}

words! {
    /// Who goes when there are too many instances.
    Victim, "choice" {
        Oldest = "oldest", "the earliest login";
        Latest = "latest", "the latest login before the new one";
    }
}

words! {
    /// A login that finds no place.
    Newcomer, "choice" {
        Displaces = "displaces", "takes the place of an earlier one";
        Refused = "refused", "fails with too-many-devices";
    }
}

words! {
    /// A device that was displaced while it was away, at its next login.
    KickedWhileAway, "choice" {
        Silent = "silent", "logs in as ever";
        Told = "told", "fails once with displaced";
    }
}

words! {
    /// May a client be in several rooms?
    SeveralRooms, "choice" {
        Allowed = "allowed", "when it chose so before it was created";
        Refused = "refused", "fails with several-rooms-refused";
    }
}

words! {
    /// What the others in a room hear of a takeover.
    TakeoverTold, "choice" {
        LeaveAndJoin = "leave-and-join", "the member leaves and joins";
        Nothing = "nothing", "nothing; the member is there as before";
    }
}

words! {
    /// When conversations can be read on the device.
    Conversations, "choice" {
        Never = "never", "there is no such call";
        WhileLoggedIn = "while-logged-in", "while logged in, offline or online";
        AfterLoginCall = "after-login-call", "as soon as a login was called, whatever came of it";
        Always = "always", "as soon as the client is created";
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
        Multi = "multi", "all platforms together";
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
