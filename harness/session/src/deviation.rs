//! Ways of breaking a rule that only code can show.
//!
//! A deviation stands where the rule it breaks is kept, always as
//! `rules.deviates(Deviation::…)`. No profile can switch one on; `fixtures/deviations` says which
//! requirements each breaks, and `kickout mutants` proves that the suite notices. What a knob can
//! break needs no word here.

use std::collections::BTreeSet;

use crate::peer::{Happening, MessageKind};
use crate::rules::Rules;
use crate::words;
use crate::words::{ErrorWord, Event, Reason, State};

/// The deviations that are switched on; none in every honest profile.
pub type Deviations = BTreeSet<Deviation>;

impl Rules {
    /// Does whoever plays by these rules break them in this way?
    pub fn deviates(&self, how: Deviation) -> bool {
        !self.deviations.is_empty() && self.deviations.contains(&how)
    }
}

words! {
    /// A way of breaking a rule.
    Deviation, "deviation" {
        // ---- kicks ----
        KnocksAfterAKick = "knocks-after-a-kick", "the client makes one more connection after a kick";
        KnocksAfterExpiry = "knocks-after-expiry", "the client makes one more connection after its ticket ran out";
        KnocksAfterTheWindow = "knocks-after-the-window", "the client makes one more connection after the window ended";
        KnocksAfterALogout = "knocks-after-a-logout", "the client makes one more connection after a logout";
        KnocksAfterARefusal = "knocks-after-a-refusal", "the client makes one more connection after a login was refused";
        KickUntold = "kick-untold", "the app is not told of a kick";
        KickToldTwice = "kick-told-twice", "the app is told of each kick twice";
        KickToldAsServers = "kick-told-as-servers", "a newer login is told as an act of an administrator";
        KickToldAsLogout = "kick-told-as-logout", "a kick is told as the app's own logout";
        NewcomerKickedToo = "newcomer-kicked-too", "a login that displaces another is kicked at once, too";
        OlderLeftOnline = "older-left-online", "a newer login displaces nobody";
        DisplacedSilently = "displaced-silently", "the link of a displaced device is closed without a word";
        DisplacedInOneRoomOnly = "displaced-in-one-room-only", "a newer login displaces only a session in the same room";
        OtherAppsDisplaced = "other-apps-displaced", "a login displaces the same user ID under other apps";
        OldLinkEndsTheSession = "old-link-ends-the-session", "the end of an old link is taken for that of the new one";
        BanForgotten = "ban-forgotten", "a user who is shut out gets in";
        KickedAsBanned = "kicked-as-banned", "an administrator's kick is told as a ban";
        KickSparesTheLast = "kick-spares-the-last", "an administrator's kick leaves the last session of the user";
        DisplacedComesBack = "displaced-comes-back", "who was displaced while away comes back and displaces the newer login";
        // ---- results ----
        LoginAnsweredTwice = "login-answered-twice", "a login that succeeds gets its result twice";
        LoginNeverAnswered = "login-never-answered", "a login that succeeds gets no result";
        FailureNeverAnswered = "failure-never-answered", "a login that fails gets no result";
        FailureAnsweredOk = "failure-answered-ok", "a login that fails gets the result of one that succeeds";
        LogoutNeverAnswered = "logout-never-answered", "a logout gets no result";
        LogoutAnsweredTwice = "logout-answered-twice", "a logout gets its result twice";
        LogoutFails = "logout-fails", "a logout reports an error";
        RequestsDieWithTheLink = "requests-die-with-the-link", "a call that is under way when the link breaks gets no result";
        RenewalNeverAnswered = "renewal-never-answered", "a renewal gets no result";
        // ---- what the app is told ----
        StartUntold = "start-untold", "the app is not told that a login has begun";
        SuccessUntold = "success-untold", "the app is not told that a login succeeded";
        FailureUntold = "failure-untold", "the app is not told that a login failed";
        ReconnectingUntold = "reconnecting-untold", "the app is not told that the link is lost";
        ReconnectedUntold = "reconnected-untold", "the app is not told that the session goes on";
        ReconnectedToldAsLogin = "reconnected-told-as-login", "a reconnection is told as a login";
        WindowEndUntold = "window-end-untold", "the app is not told that the window ended";
        WindowEndToldTwice = "window-end-told-twice", "the app is told twice that the window ended";
        WindowEndToldAsRefusal = "window-end-told-as-refusal", "the end of the window is told with another error";
        OnlineTooSoon = "online-too-soon", "the app is told of success as soon as the link is up";
        TwiceAfterTheFirstLink = "twice-after-the-first-link", "listeners are called twice once there was a second link";
        SilentAfterTheFirstLink = "silent-after-the-first-link", "listeners are forgotten once there was a second link";
        ToldWithoutListening = "told-without-listening", "an app without a listener is called all the same";
        ExpiredTicketToldAsInvalid = "expired-ticket-told-as-invalid", "an expired ticket is refused as an invalid one";
        InvalidTicketToldAsExpired = "invalid-ticket-told-as-expired", "an invalid ticket is refused as an expired one";
        // ---- reconnecting ----
        GivesUpAfterThree = "gives-up-after-three", "after three failed attempts no further one is made";
        GivesUpAtOnce = "gives-up-at-once", "a lost link is not restored";
        WindowOutlivesSuccess = "window-outlives-success", "a reconnection that succeeds does not end the window";
        FailuresNotForgotten = "failures-not-forgotten", "the pauses do not begin anew after a success";
        // ---- tickets ----
        WarnedTwice = "warned-twice", "the app is warned twice of each ticket";
        WarnedOnceOnly = "warned-once-only", "after a renewal the app is not warned any more";
        WarnedWithoutTickets = "warned-without-tickets", "the app is warned where no ticket is needed";
        RenewalWithoutEffect = "renewal-without-effect", "the client goes on counting down the replaced ticket";
        OldTicketShown = "old-ticket-shown", "after a renewal the client resumes with the replaced ticket";
        EndOfTicketIgnored = "end-of-ticket-ignored", "the client goes on when its ticket has run out";
        EndOfTicketUntold = "end-of-ticket-untold", "the app is not told that its ticket ran out";
        ExpiredTicketAccepted = "expired-ticket-accepted", "a ticket that has run out is accepted";
        ExpiredTicketResumes = "expired-ticket-resumes", "a session is resumed with a ticket that has run out";
        TicketOfAnotherUserAccepted = "ticket-of-another-user-accepted", "a ticket of another user is accepted";
        TicketOfAnotherAppAccepted = "ticket-of-another-app-accepted", "a ticket of another app is accepted";
        ForgedTicketAccepted = "forged-ticket-accepted", "a ticket that was made with another secret is accepted";
        MalformedTicketAccepted = "malformed-ticket-accepted", "a ticket that is no ticket is accepted";
        NoTicketAccepted = "no-ticket-accepted", "a login without a ticket is accepted";
        RenewalForgottenByTheServer = "renewal-forgotten-by-the-server", "the server accepts a renewal and keeps the old end";
        WebByAppSign = "web-by-app-sign", "a web page is let in by the signature of its app";
        // ---- logging out, destroying ----
        LogoutUnsaid = "logout-unsaid", "the client logs out without telling the server";
        LogoutUnheard = "logout-unheard", "the server answers a logout and keeps the session";
        LogoutToldAsKick = "logout-told-as-kick", "the app's own logout is told as a kick";
        LogoutUntold = "logout-untold", "the app is not told that its logout is complete";
        SpeaksAfterALogout = "speaks-after-a-logout", "a message follows a logout that is complete";
        SpeaksAfterDestroy = "speaks-after-destroy", "an event follows the destruction of the client";
        LivesAfterDestroy = "lives-after-destroy", "a destroyed client keeps its session";
        // ---- calls without a session ----
        WorksBeforeCreation = "works-before-creation", "calls work before the client is created";
        WorksWithoutASession = "works-without-a-session", "calls succeed that need a session, and there is none";
        OtherCodeWithoutASession = "other-code-without-a-session", "calls that need a session fail with another error";
        RefusesAfterALogin = "refuses-after-a-login", "calls that need a session fail although there is one";
        RefusesTheSecondLogin = "refuses-the-second-login", "a client that was logged in refuses every further login";
        ConfigRequired = "config-required", "a login without its optional part is refused";
        ModeChosenLate = "mode-chosen-late", "the room mode can be changed after the client was created";
        SeveralRoomsUnasked = "several-rooms-unasked", "a client is in several rooms without having chosen so";
        // ---- what the app asks ----
        LoginUserMissing = "login-user-missing", "nobody is named as logged in after a login";
        LoginUserLeft = "login-user-left", "the last user is named as logged in without a session";
        StatusAlwaysOnline = "status-always-online", "every session is said to be online";
        StatusOnlineWithoutASession = "status-online-without-a-session", "the status is online without a session";
        StatusLoggedOutWhileOnline = "status-logged-out-while-online", "the status is logged-out while online";
        ConversationsOfTheFormerUser = "conversations-of-the-former-user", "the conversations of the user are shown who was online before";
        // ---- accounts ----
        NamesTheFormerUser = "names-the-former-user", "events carry the user who was online before";
        OldAccountNotLoggedOut = "old-account-not-logged-out", "a switch leaves the old account online at the server";
        EmptyNameErases = "empty-name-erases", "an empty name at a login erases the stored one";
        NameForgotten = "name-forgotten", "the name given at a login is not kept";
        SignUpRequired = "sign-up-required", "a user who was never seen is refused";
        AccountNotCreated = "account-not-created", "a first login creates no account";
        OfflineLoginStaysOffline = "offline-login-stays-offline", "after an offline login the client never goes online";
        // ---- rooms ----
        RoomsNotCreated = "rooms-not-created", "a login to a room that is empty is refused";
        MembersUntold = "members-untold", "nobody hears of members who come and go";
        StreamsUntold = "streams-untold", "nobody hears of streams that begin and end";
        SilentMemberStays = "silent-member-stays", "nobody hears that a silent member was given up";
        MemberNoticesLeak = "member-notices-leak", "members of every room hear who comes and goes";
        StreamNoticesLeak = "stream-notices-leak", "members of every room hear of streams";
        ExtraInfoLeaks = "extra-info-leaks", "extra information of streams reaches every room";
        BroadcastLeaks = "broadcast-leaks", "messages to a room reach every room";
        BarrageLeaks = "barrage-leaks", "barrage messages reach every room";
        CommandLeaks = "command-leaks", "custom commands reach every room";
        AppsMeet = "apps-meet", "messages reach users of other apps";
        MessageTwice = "message-twice", "each message is delivered twice";
        MessageLost = "message-lost", "only the first of several recipients gets a message";
        PlayingNeedsTheRoom = "playing-needs-the-room", "streams of other rooms cannot be played";
        PublishingRefused = "publishing-refused", "no stream can be published";
    }
}

impl Deviation {
    /// The deviation that overlooks what is wrong with a ticket.
    pub fn overlooking(error: ErrorWord) -> Option<Deviation> {
        Some(match error {
            ErrorWord::TokenExpired => Deviation::ExpiredTicketAccepted,
            ErrorWord::TokenWrongUser => Deviation::TicketOfAnotherUserAccepted,
            ErrorWord::TokenWrongApp => Deviation::TicketOfAnotherAppAccepted,
            ErrorWord::TokenWrongKey => Deviation::ForgedTicketAccepted,
            ErrorWord::TokenMalformed => Deviation::MalformedTicketAccepted,
            ErrorWord::TokenMissing => Deviation::NoTicketAccepted,
            _ => return None,
        })
    }

    /// The deviation that misstates a session in this state, and as what.
    pub fn of_status(state: State) -> Option<(Deviation, State)> {
        Some(match state {
            State::LoggingIn | State::Reconnecting => {
                (Deviation::StatusAlwaysOnline, State::Online)
            }
            State::Online => (Deviation::StatusLoggedOutWhileOnline, State::LoggedOut),
            State::LoggedOut => return None,
        })
    }

    /// The deviation that delivers messages of this kind in every room.
    pub fn leaking(kind: MessageKind) -> Deviation {
        match kind {
            MessageKind::Message => Deviation::BroadcastLeaks,
            MessageKind::Barrage => Deviation::BarrageLeaks,
            MessageKind::Command => Deviation::CommandLeaks,
        }
    }
}

/// What is told about an end of a session, and done after it, may break.
#[derive(Debug, Clone, Copy, Default)]
pub struct EndBroken {
    /// The app is not told.
    pub untold: Option<Deviation>,
    /// The app is told twice.
    pub twice: Option<Deviation>,
    /// The app is told of a logout.
    pub as_logout: Option<Deviation>,
    /// The client connects once more.
    pub knocks: Option<Deviation>,
}

impl EndBroken {
    /// How the rules about this end may be broken.
    pub fn of(end: &Happening) -> EndBroken {
        match (end.event, end.reason) {
            (Event::KickedOut, _) => EndBroken {
                untold: Some(Deviation::KickUntold),
                twice: Some(Deviation::KickToldTwice),
                as_logout: Some(Deviation::KickToldAsLogout),
                knocks: Some(Deviation::KnocksAfterAKick),
            },
            (Event::TokenExpired, _) => EndBroken {
                untold: Some(Deviation::EndOfTicketUntold),
                knocks: Some(Deviation::KnocksAfterExpiry),
                ..EndBroken::default()
            },
            (_, Some(Reason::WindowEnded)) => EndBroken {
                untold: Some(Deviation::WindowEndUntold),
                twice: Some(Deviation::WindowEndToldTwice),
                knocks: Some(Deviation::KnocksAfterTheWindow),
                ..EndBroken::default()
            },
            _ => EndBroken::default(),
        }
    }
}
