use session::peer::{Answer, Call, Input, LoginCall, MessageKind, Outcome, Recipient};
use session::rules::*;
use session::time::Millis;
use session::words::{ErrorWord, Event, Lifecycle, Platform};

use crate::pair::{Who, World, rules};

const SECOND: Millis = Millis::seconds(1);
const OK: Outcome = Outcome::Ok(Answer::Done);

fn is_out(world: &World, client: usize) -> bool {
    world.told(client).contains(&Event::KickedOut)
}

/// Logs alice in on every device, a second apart.
fn all_in(rules: Rules, platforms: &[Platform]) -> (World, Vec<u32>) {
    let mut world = World::of(rules, platforms);
    let login = |client| {
        let call = world.login(client, "alice");
        world.pass(SECOND);
        call
    };
    let calls = (0..platforms.len()).map(login).collect();
    (world, calls)
}

fn limited(per_platform: u32) -> Rules {
    let mut rules = rules();
    rules.devices.policy = DevicePolicy::Multi;
    rules.devices.per_platform = Limit::Most(per_platform);
    rules
}

#[test]
fn a_newcomer_is_refused_where_the_newcomer_loses() {
    let mut rules = limited(2);
    rules.devices.newcomer = Newcomer::Refused;
    let (mut world, calls) = all_in(rules, &[Platform::Android; 3]);
    assert_eq!(world.results[&calls[1]], OK);
    assert_eq!(
        world.results[&calls[2]],
        Outcome::Failed(ErrorWord::TooManyDevices)
    );
    assert!((0..3).all(|client| !is_out(&world, client)));
    // A device is no newcomer to its own place.
    world.call(1, Call::Logout { room: None });
    world.pass(SECOND);
    let again = world.login(2, "alice");
    world.pass(SECOND);
    assert_eq!(world.results[&again], OK);
}

#[test]
fn the_latest_goes_where_the_earliest_stays() {
    let mut rules = limited(2);
    rules.devices.victim = Victim::Latest;
    let (world, _) = all_in(rules, &[Platform::Android; 3]);
    let out: Vec<bool> = (0..3).map(|client| is_out(&world, client)).collect();
    assert_eq!(out, [false, true, false]);
}

#[test]
fn platforms_that_exclude_each_other_go_with_all_their_instances() {
    let mut rules = limited(2);
    rules.devices.exclude_each_other = vec![vec![Platform::Android, Platform::Iphone]];
    let platforms = [
        Platform::Android,
        Platform::Android,
        Platform::Windows,
        Platform::Iphone,
    ];
    let (world, _) = all_in(rules, &platforms);
    let out: Vec<bool> = (0..4).map(|client| is_out(&world, client)).collect();
    assert_eq!(out, [true, true, false, false]);
}

#[test]
fn native_devices_are_counted_together_and_web_apart() {
    let mut rules = limited(10);
    rules.devices.native_in_total = Limit::Most(2);
    let platforms = [
        Platform::Android,
        Platform::Web,
        Platform::Windows,
        Platform::Mac,
    ];
    let (world, _) = all_in(rules, &platforms);
    let out: Vec<bool> = (0..4).map(|client| is_out(&world, client)).collect();
    assert_eq!(out, [true, false, false, false]);
}

#[test]
fn a_login_that_supersedes_another_ends_it_first() {
    let mut rules = rules();
    rules.login.while_logging_in = WhileLoggingIn::Supersede;
    let mut world = World::new(rules, 1);
    let first = world.login(0, "alice");
    let second = world.login(0, "bob");
    world.pass(SECOND);
    assert_eq!(
        world.results[&first],
        Outcome::Failed(ErrorWord::LoginCancelled)
    );
    assert_eq!(world.results[&second], OK);
}

#[test]
fn a_device_displaced_while_away_is_told_once_at_its_next_login() {
    for on_link_close in [OnLinkClose::Keep, OnLinkClose::End] {
        let mut rules = rules();
        rules.devices.kicked_while_away = KickedWhileAway::Told;
        rules.heartbeat.on_link_close = on_link_close;
        let (mut world, _) = all_in(rules, &[Platform::Android; 1]);
        world.cut = true;
        world.pass(Millis::seconds(200));
        world.call(0, Call::Logout { room: None });
        world.cut = false;
        let mut login = |client| {
            let call = world.login(client, "alice");
            world.pass(SECOND);
            world.results[&call].clone()
        };
        // Nobody took its place: nothing to tell.
        assert_eq!(login(0), OK, "{on_link_close}");
    }
    let mut rules = rules();
    rules.devices.kicked_while_away = KickedWhileAway::Told;
    let (mut world, _) = all_in(rules, &[Platform::Android; 2]);
    assert!(is_out(&world, 0), "online it hears of it at once");
    let again = world.login(0, "alice");
    world.pass(SECOND);
    assert_eq!(world.results[&again], OK, "and need not hear it again");
}

#[test]
fn calls_beyond_the_rate_are_refused_here() {
    let mut rules = rules();
    rules.link.requests_per_second = Limit::Most(2);
    let (mut world, _) = all_in(rules, &[Platform::Android]);
    let mut ask = || {
        world.call(
            0,
            Call::GetUserName {
                user: "alice".into(),
            },
        )
    };
    let calls: Vec<u32> = (0..3).map(|_| ask()).collect();
    world.pass(SECOND);
    let refused = |call: &u32| world.results[call] == Outcome::Failed(ErrorWord::TooFrequent);
    let refused: Vec<bool> = calls.iter().map(refused).collect();
    assert_eq!(refused, [false, false, true]);
}

#[test]
fn too_many_failed_logins_lock_the_user_out_for_a_while() {
    let mut rules = rules();
    rules.login.most_failures = Limit::Most(2);
    rules.login.lockout = Millis::seconds(60);
    let mut world = World::new(rules, 2);
    let mut bad = |client: usize| {
        let call = world.call(client, Call::Login(LoginCall::new("alice", "no ticket")));
        world.pass(SECOND);
        world.results[&call].clone()
    };
    assert_eq!(bad(0), Outcome::Failed(ErrorWord::TokenMalformed));
    assert_eq!(bad(1), Outcome::Failed(ErrorWord::TokenMalformed));
    let locked = world.login(0, "alice");
    world.pass(SECOND);
    assert_eq!(
        world.results[&locked],
        Outcome::Failed(ErrorWord::TooManyFailures)
    );
    let other = world.login(1, "bob");
    world.pass(Millis::seconds(60));
    assert_eq!(world.results[&other], OK);
    let later = world.login(0, "alice");
    world.pass(SECOND);
    assert_eq!(world.results[&later], OK);
}

#[test]
fn sleep_counts_into_the_window_or_stands_still() {
    for (sleep, ends_after) in [(Sleep::Counts, 1_200), (Sleep::StandsStill, 1_800)] {
        let mut rules = rules();
        rules.reconnect.sleep = sleep;
        let (mut world, _) = all_in(rules, &[Platform::Android]);
        world.cut = true;
        world.give(Who::Client(0), Input::Reachable(false));
        world.give(Who::Client(0), Input::Lifecycle(Lifecycle::Frozen));
        // A carrier holds everything back; here nothing is due before the pause is over.
        world.now = world.now + Millis::seconds(600);
        world.give(Who::Client(0), Input::Lifecycle(Lifecycle::Resumed));
        world.pass(Millis::seconds(ends_after - 601));
        assert!(!world.told(0).contains(&Event::ReconnectFailed), "{sleep}");
        world.pass(Millis::seconds(2));
        assert!(world.told(0).contains(&Event::ReconnectFailed), "{sleep}");
    }
}

#[test]
fn a_ticket_from_the_future_is_refused_where_that_is_the_rule() {
    let mut rules = rules();
    rules.token.from_the_future = FromTheFuture::Refused;
    let mut world = World::new(rules, 1);
    world.now = world.now + Millis::seconds(100);
    let ticket = world.ticket("alice", Millis::seconds(3_600));
    world.now = session::time::Time::START;
    let call = world.call(0, Call::Login(LoginCall::new("alice", &ticket)));
    world.pass(SECOND);
    assert_eq!(
        world.results[&call],
        Outcome::Failed(ErrorWord::TokenInvalid)
    );
}

#[test]
fn a_logout_while_reconnecting_may_be_silent() {
    let mut rules = rules();
    rules.logout.while_reconnecting = Telling::Silent;
    let (mut world, _) = all_in(rules, &[Platform::Android]);
    world.give(Who::Client(0), Input::Reachable(false));
    let logout = world.call(0, Call::Logout { room: None });
    world.pass(SECOND);
    assert_eq!(world.results[&logout], OK);
    assert!(!world.told(0).contains(&Event::LoggedOut));
}

#[test]
fn a_refused_second_login_may_be_told_with_a_callback() {
    for (refusal, told) in [(Telling::Silent, false), (Telling::Told, true)] {
        let mut rules = rules();
        rules.login.refusal = refusal;
        let (mut world, _) = all_in(rules, &[Platform::Android]);
        world.login(0, "alice");
        world.pass(SECOND);
        assert_eq!(world.told(0).contains(&Event::LoginFailed), told);
    }
}

/// EXP-045
#[test]
fn a_refused_second_login_may_be_told_to_the_developer() {
    for (again_reported, told) in [(Telling::Silent, false), (Telling::Told, true)] {
        let mut rules = rules();
        rules.login.again_reported = again_reported;
        let (mut world, _) = all_in(rules, &[Platform::Android]);
        world.login(0, "alice");
        world.pass(SECOND);
        assert_eq!(world.told(0).contains(&Event::Misuse), told);
        assert!(!world.told(0).contains(&Event::LoginFailed));
    }
}

/// ZIM-003, ZIM-049
#[test]
fn a_login_by_signature_needs_no_ticket_and_ends_with_none() {
    let mut rules = rules();
    rules.login.authentication = Authentication::AppSign;
    let mut world = World::of(rules, &[Platform::Android, Platform::Web]);
    let calls: Vec<u32> = (0..2)
        .map(|client| {
            let login = world.call(client, Call::Login(LoginCall::new("alice", "")));
            world.pass(SECOND);
            login
        })
        .collect();
    assert_eq!(world.results[&calls[0]], OK);
    let missing = Outcome::Failed(ErrorWord::TokenMissing);
    assert_eq!(world.results[&calls[1]], missing);
    world.pass(Millis::seconds(200_000));
    assert_eq!(world.told(0), [Event::LoggingIn, Event::LoggedIn]);
}

#[test]
fn an_expired_ticket_at_a_login_may_be_told_twice() {
    for (expired_ticket, told) in [(Telling::Silent, false), (Telling::Told, true)] {
        let mut rules = rules();
        rules.login.expired_ticket = expired_ticket;
        let mut world = World::new(rules, 1);
        let ticket = world.ticket("alice", Millis::ZERO);
        world.pass(SECOND);
        let login = world.call(0, Call::Login(LoginCall::new("alice", &ticket)));
        world.pass(SECOND);
        let failed = Outcome::Failed(ErrorWord::TokenExpired);
        assert_eq!(world.results[&login], failed);
        assert_eq!(world.told(0).contains(&Event::TokenExpired), told);
    }
}

#[test]
fn an_end_may_be_followed_by_a_plain_one() {
    for (after_an_end, told) in [(Telling::Silent, false), (Telling::Told, true)] {
        let mut rules = rules();
        rules.logout.after_an_end = after_an_end;
        let (world, _) = all_in(rules, &[Platform::Android; 2]);
        assert!(is_out(&world, 0));
        assert_eq!(world.told(0).contains(&Event::LoggedOut), told);
    }
}

#[test]
fn a_message_that_crosses_a_logout_is_told_where_that_is_the_rule() {
    for (meanwhile, told) in [
        (MessagesMeanwhile::Dropped, false),
        (MessagesMeanwhile::Delivered, true),
    ] {
        let mut rules = rules();
        rules.logout.messages_meanwhile = meanwhile;
        let mut world = World::new(rules, 2);
        world.login(0, "alice");
        world.login(1, "bob");
        world.pass(SECOND);
        let message = Call::SendMessage {
            kind: MessageKind::Message,
            to: Recipient::User("alice".into()),
            text: "hello".into(),
        };
        world.call(1, message);
        world.pass(Millis(40));
        world.call(0, Call::Logout { room: None });
        world.pass(SECOND);
        assert_eq!(world.told(0).contains(&Event::Message), told);
    }
}

#[test]
fn a_window_counts_from_the_callback_or_from_the_last_sign_of_life() {
    // The last sign of life comes 60 ms after the login, the loss is told 20 s later.
    for (from, early) in [
        (WindowFrom::Reconnecting, false),
        (WindowFrom::LastSignOfLife, true),
    ] {
        let mut rules = rules();
        rules.reconnect.window_from = from;
        let mut world = World::new(rules, 1);
        world.login(0, "alice");
        world.pass(Millis(150));
        world.cut = true;
        world.pass(Millis::seconds(1_210));
        let failed = world.told(0).contains(&Event::ReconnectFailed);
        assert_eq!(failed, early, "{from}");
        world.pass(Millis::seconds(20));
        assert!(world.told(0).contains(&Event::ReconnectFailed), "{from}");
    }
}

#[test]
fn a_ticket_may_be_too_long_or_good_in_the_second_of_its_end() {
    let mut rules = rules();
    rules.token.longest_life = Wait::For(Millis::seconds(60));
    rules.token.end_counts = EndCounts::Included;
    let mut world = World::new(rules, 2);
    let mut login = |client: usize, wait: Millis, life: Millis| {
        let ticket = world.ticket("alice", life);
        world.pass(wait);
        let call = world.call(client, Call::Login(LoginCall::new("alice", &ticket)));
        world.pass(Millis(500));
        world.results[&call].clone()
    };
    let life = Millis::seconds(61);
    let refused = Outcome::Failed(ErrorWord::TokenInvalid);
    assert_eq!(login(0, Millis::ZERO, life), refused);
    // Made at 0.5 s for a second: it ends at 1 s, and that second is over at 2 s.
    assert_eq!(login(0, Millis(1_400), SECOND), OK);
    // Made at 2.4 s, used at 4.1 s.
    let expired = Outcome::Failed(ErrorWord::TokenExpired);
    assert_eq!(login(1, Millis(1_700), SECOND), expired);
}

#[test]
fn a_renewal_after_the_end_may_revive_the_session() {
    for (rule, outcome) in [
        (
            RenewalAfterExpiry::Refused,
            Outcome::Failed(ErrorWord::NotLoggedIn),
        ),
        (RenewalAfterExpiry::Revives, OK),
    ] {
        let mut rules = rules();
        rules.token.renewal_after_expiry = rule;
        let mut world = World::new(rules, 1);
        let ticket = world.ticket("alice", Millis::seconds(60));
        world.call(0, Call::Login(LoginCall::new("alice", &ticket)));
        world.pass(Millis::seconds(61));
        let ticket = world.ticket("alice", Millis::seconds(60));
        let renewal = world.call(0, Call::RenewToken { ticket, room: None });
        world.pass(SECOND);
        assert_eq!(world.results[&renewal], outcome, "{rule}");
    }
}

#[test]
fn an_offline_login_after_a_logout_is_allowed_or_refused() {
    for (rule, outcome) in [
        (OfflineAfterLogout::Allowed, OK),
        (
            OfflineAfterLogout::Refused,
            Outcome::Failed(ErrorWord::OfflineUserDiffers),
        ),
    ] {
        let mut rules = rules();
        rules.login.offline = OfflineLogin::LastUser;
        rules.login.offline_after_logout = rule;
        let (mut world, _) = all_in(rules, &[Platform::Android]);
        world.call(0, Call::Logout { room: None });
        world.pass(SECOND);
        let ticket = world.ticket("alice", Millis::seconds(60));
        let login = LoginCall {
            offline: true,
            ..LoginCall::new("alice", &ticket)
        };
        let login = world.call(0, Call::Login(login));
        assert_eq!(world.results[&login], outcome, "{rule}");
    }
}

#[test]
fn an_empty_name_is_allowed_or_refused() {
    for (rule, outcome) in [
        (EmptyName::Allowed, OK),
        (
            EmptyName::Refused,
            Outcome::Failed(ErrorWord::UserNameEmpty),
        ),
    ] {
        let mut rules = rules();
        rules.identifiers.empty_name = rule;
        let mut world = World::new(rules, 1);
        let ticket = world.ticket("alice", Millis::seconds(60));
        let login = LoginCall {
            name: Some(String::new()),
            ..LoginCall::new("alice", &ticket)
        };
        let login = world.call(0, Call::Login(login));
        world.pass(SECOND);
        assert_eq!(world.results[&login], outcome, "{rule}");
    }
}
