use session::message::FromServer;
use session::peer::{Answer, Call, Closed, Gateway, Input, LinkId, Order, Outcome};
use session::time::Millis;
use session::wire::encode;
use session::words::{ErrorWord, Event, Reason};

use crate::pair::{Who, World, rules};

const MINUTE: Millis = Millis::seconds(60);

fn logged_in() -> World {
    let mut world = World::new(rules(), 1);
    let login = world.login(0, "alice");
    world.pass(Millis::seconds(1));
    assert_eq!(world.results[&login], Outcome::Ok(Answer::Done));
    world
}

#[test]
fn a_kick_for_another_session_is_not_heard() {
    let mut world = logged_in();
    let kicked = FromServer::Kicked {
        session: "s-of-old".into(),
        reason: Reason::NewerLogin,
        by: None,
    };
    let (link, bytes) = (LinkId(1), encode(&kicked));
    world.give(Who::Client(0), Input::LinkReceived { link, bytes });
    world.pass(MINUTE);
    assert_eq!(world.told(0), [Event::LoggingIn, Event::LoggedIn]);
}

#[test]
fn the_late_end_of_an_old_link_changes_nothing() {
    let mut world = logged_in();
    world.give(Who::Client(0), Input::Reachable(false));
    world.give(Who::Client(0), Input::Reachable(true));
    world.pass(Millis::seconds(1));
    let before = world.told(0);
    assert_eq!(before.last(), Some(&Event::Reconnected));
    let (link, how) = (LinkId(1), Closed::Reset);
    world.give(Who::Client(0), Input::LinkClosed { link, how });
    world.give(Who::Server, Input::LinkClosed { link, how });
    world.pass(MINUTE);
    assert_eq!(world.told(0), before);
}

#[test]
fn a_timed_out_connect_that_completes_late_is_not_used() {
    let mut world = World::new(rules(), 1);
    world.cut = true;
    world.login(0, "alice");
    world.pass(Millis::seconds(7));
    world.cut = false;
    let connects = world.connects;
    assert!(connects >= 2);
    // The first attempt was given up; now its handshake completes after all.
    world.give(
        Who::Client(0),
        Input::LinkOpened {
            link: LinkId(1),
            gateway: Gateway::FIRST,
        },
    );
    world.pass(MINUTE);
    assert_eq!(world.told(0), [Event::LoggingIn, Event::LoggedIn]);
    assert_eq!(
        world.sessions.len(),
        3,
        "an account, its first day and one session"
    );
}

#[test]
fn the_answer_to_a_cancelled_login_reaches_nobody() {
    let mut world = World::new(rules(), 1);
    let login = world.login(0, "alice");
    world.pass(Millis(70));
    let logout = world.call(0, Call::Logout { room: None });
    world.pass(MINUTE);
    assert_eq!(
        world.results[&login],
        Outcome::Failed(ErrorWord::LoginCancelled)
    );
    assert_eq!(world.results[&logout], Outcome::Ok(Answer::Done));
    assert_eq!(world.told(0), [Event::LoggingIn, Event::LoggedOut]);
}

#[test]
fn a_kick_that_crosses_a_logout_leaves_one_cause() {
    let mut world = logged_in();
    let logout = world.call(0, Call::Logout { room: None });
    world.order(Order::Kick {
        user: "alice".into(),
        room: None,
        device: None,
    });
    world.pass(MINUTE);
    assert_eq!(world.results[&logout], Outcome::Ok(Answer::Done));
    assert_eq!(
        world.told(0),
        [Event::LoggingIn, Event::LoggedIn, Event::LoggedOut]
    );
}

#[test]
fn the_pause_begins_anew_after_every_success() {
    let mut world = logged_in();
    for _ in 0..3 {
        world.cut = true;
        world.give(Who::Client(0), Input::Reachable(false));
        world.pass(Millis::seconds(300));
        world.cut = false;
        world.pass(MINUTE);
        assert_eq!(world.told(0).last(), Some(&Event::Reconnected));
        world.give(Who::Client(0), Input::Reachable(false));
        let connects = world.connects;
        // The first pause is half a second at most, whatever the outage before.
        world.pass(Millis(600));
        assert_eq!(world.connects, connects + 1);
        world.pass(MINUTE);
    }
}
