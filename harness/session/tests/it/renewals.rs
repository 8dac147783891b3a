use session::peer::{Answer, Call, Input, LoginCall, Outcome};
use session::time::Millis;
use session::words::{ErrorWord, Event};

use crate::pair::{Who, World, rules};

/// Logged in with a ticket that is good for a minute, and without a link since.
fn cut_off() -> World {
    let mut world = World::new(rules(), 1);
    let ticket = world.ticket("alice", Millis::seconds(60));
    world.call(0, Call::Login(LoginCall::new("alice", &ticket)));
    world.pass(Millis::seconds(5));
    world.cut = true;
    world.give(Who::Client(0), Input::Reachable(false));
    world
}

fn renew(world: &mut World, user: &str) -> u32 {
    let ticket = world.ticket(user, Millis::seconds(600));
    world.call(0, Call::RenewToken { ticket, room: None })
}

fn back(world: &mut World) {
    world.cut = false;
    world.give(Who::Client(0), Input::Reachable(true));
}

#[test]
fn a_renewal_without_a_link_goes_out_with_the_next_resumption() {
    let mut world = cut_off();
    let call = renew(&mut world, "alice");
    world.pass(Millis::seconds(10));
    assert!(
        !world.results.contains_key(&call),
        "nobody has accepted it yet"
    );
    back(&mut world);
    world.pass(Millis::seconds(120));
    assert_eq!(world.results[&call], Outcome::Ok(Answer::Done));
    assert_eq!(world.told(0).last(), Some(&Event::Reconnected));
}

#[test]
fn a_renewal_that_is_refused_leaves_the_old_ticket_in_force() {
    let mut world = cut_off();
    let call = renew(&mut world, "bob");
    back(&mut world);
    world.pass(Millis::seconds(10));
    assert_eq!(
        world.results[&call],
        Outcome::Failed(ErrorWord::TokenWrongUser)
    );
    assert_eq!(world.told(0).last(), Some(&Event::Reconnected));
    world.pass(Millis::seconds(120));
    assert_eq!(world.told(0).last(), Some(&Event::TokenExpired));
}

#[test]
fn a_renewal_that_crosses_the_end_wins_if_the_server_has_it_first() {
    let mut world = World::new(rules(), 1);
    let ticket = world.ticket("alice", Millis::seconds(60));
    world.call(0, Call::Login(LoginCall::new("alice", &ticket)));
    // Sent just before the end, answered just after it.
    world.pass(Millis(59_960));
    let good = renew(&mut world, "alice");
    world.pass(Millis::seconds(30));
    assert_eq!(world.results[&good], Outcome::Ok(Answer::Done));
    assert_eq!(world.told(0).last(), Some(&Event::TokenWillExpire));
}

#[test]
fn the_old_ticket_ends_when_it_ends_renewal_or_not() {
    let mut world = cut_off();
    let call = renew(&mut world, "alice");
    world.pass(Millis::seconds(60));
    assert_eq!(world.told(0).last(), Some(&Event::TokenExpired));
    assert!(matches!(world.results[&call], Outcome::Failed(_)));
    back(&mut world);
    let connects = world.connects;
    world.pass(Millis::seconds(600));
    assert_eq!(world.connects, connects, "it does not come back by itself");
}
