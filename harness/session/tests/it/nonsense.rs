use proptest::prelude::*;
use session::peer::{Call, Gateway, Input, LinkId, MessageKind, Recipient, SessionEvent};
use session::ticket::APP_ID;
use session::time::Millis;
use session::wire::LONGEST_LINE;
use session::words::Event;

use crate::pair::{Who, World, rules};

/// Bytes a peer cannot make sense of, and a piece of what it says about them.
fn nonsense() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (vec![b'x'; LONGEST_LINE + 1], "longer than"),
        (b"\xff\xfe\n".to_vec(), "not UTF-8"),
        (b"{\"type\":\n".to_vec(), "not a message"),
        (b"[1,2,3]\n".to_vec(), "not a message"),
        (b"{\"type\":\"dance\"}\n".to_vec(), "not a message"),
        (b"{\"type\":\"login\",\"id\":1}\n".to_vec(), "not a message"),
    ]
}

#[test]
fn a_client_closes_the_link_says_why_and_comes_back() {
    for (bytes, why) in nonsense() {
        let mut world = World::new(rules(), 1);
        world.login(0, "alice");
        world.pass(Millis::seconds(1));
        let link = LinkId(1);
        world.give(Who::Client(0), Input::LinkReceived { link, bytes });
        let (who, what) = world.breaches.first().expect("it is told");
        assert_eq!(*who, Who::Client(0));
        assert!(what.contains(why), "{what}");
        world.pass(Millis::seconds(10));
        assert_eq!(world.told(0).last(), Some(&Event::Reconnected));
    }
}

#[test]
fn a_server_closes_that_link_and_goes_on_serving_others() {
    for (bytes, why) in nonsense() {
        let mut world = World::new(rules(), 1);
        world.login(0, "alice");
        world.pass(Millis::seconds(1));
        let link = LinkId(99);
        world.give(
            Who::Server,
            Input::LinkOpened {
                link,
                gateway: Gateway::FIRST,
            },
        );
        world.give(Who::Server, Input::LinkReceived { link, bytes });
        let (who, what) = world.breaches.first().expect("it is told");
        assert_eq!(*who, Who::Server);
        assert!(what.contains(why), "{what}");
        let message = Call::SendMessage {
            kind: MessageKind::Message,
            to: Recipient::User("alice".into()),
            text: "hello".into(),
        };
        let call = world.call(0, message);
        world.pass(Millis::seconds(1));
        assert!(world.results.contains_key(&call));
        assert_eq!(world.told(0), [Event::LoggingIn, Event::LoggedIn]);
    }
}

#[test]
fn messages_out_of_order_are_a_breach() {
    for line in [
        "{\"type\":\"ping\"}\n",
        "{\"type\":\"renew\",\"id\":1,\"ticket\":\"t\"}\n",
    ] {
        let mut world = World::new(rules(), 0);
        let link = LinkId(5);
        world.give(
            Who::Server,
            Input::LinkOpened {
                link,
                gateway: Gateway::FIRST,
            },
        );
        let bytes = line.as_bytes().to_vec();
        world.give(Who::Server, Input::LinkReceived { link, bytes });
        assert!(
            world.breaches[0].1.contains("before a login"),
            "{:?}",
            world.breaches
        );
    }
}

#[test]
fn a_resumption_of_somebody_elses_session_leaves_it_alone() {
    let mut world = World::new(rules(), 1);
    world.login(0, "alice");
    world.pass(Millis::seconds(1));
    let opened = |event: &SessionEvent| match event {
        SessionEvent::Opened(about) => Some(about.session.clone()),
        _ => None,
    };
    let name = world.sessions.iter().find_map(opened).expect("one");
    let ticket = world.ticket("bob", Millis::seconds(60));
    let link = LinkId(99);
    let gateway = Gateway::FIRST;
    world.give(Who::Server, Input::LinkOpened { link, gateway });
    let said = format!(
        "{{\"type\":\"resume\",\"session\":\"{name}\",\"id\":1,\"app\":{APP_ID},\"user\":\"bob\",\
         \"ticket\":\"{ticket}\",\"device\":\"other\",\"platform\":\"web\"}}\n\
         {{\"type\":\"message\",\"id\":2,\"user\":\"alice\",\"text\":\"hello\"}}\n"
    );
    let bytes = said.into_bytes();
    world.give(Who::Server, Input::LinkReceived { link, bytes });
    assert_eq!(world.sessions.iter().filter_map(opened).count(), 2);
    world.pass(Millis::seconds(1));
    assert_eq!(world.told(0).last(), Some(&Event::Message));
    world.pass(Millis::seconds(60));
    assert_eq!(world.told(0).last(), Some(&Event::Message));
}

#[test]
fn a_link_that_says_nothing_is_closed() {
    let mut world = World::new(rules(), 0);
    let link = LinkId(5);
    world.give(
        Who::Server,
        Input::LinkOpened {
            link,
            gateway: Gateway::FIRST,
        },
    );
    world.pass(Millis::seconds(31));
    assert!(world.breaches[0].1.contains("no login"));
}

proptest! {
    #[test]
    fn no_bytes_whatever_make_a_peer_panic(chunks in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "\\{\"type\":\"(login|resume|renew|logout|message|ping|ok|no|kicked)\",\"id\":[0-9]{1,12}[,a-z\":{}]{0,20}\\}\n"
                .prop_map(String::into_bytes),
            Just(b"{\"type\":\"resume\",\"session\":\"s18446744073709551615\",\"id\":1,\"user\":\"alice\",\"ticket\":\"\",\"device\":\"d\",\"platform\":\"web\"}\n".to_vec()),
        ], 0..12)) {
        let mut world = World::new(rules(), 1);
        world.login(0, "alice");
        world.pass(Millis::seconds(1));
        let stranger = LinkId(77);
        world.give(Who::Server, Input::LinkOpened { link: stranger, gateway: Gateway::FIRST });
        for bytes in chunks {
            world.give(Who::Server, Input::LinkReceived { link: stranger, bytes: bytes.clone() });
            world.give(Who::Client(0), Input::LinkReceived { link: LinkId(1), bytes });
            world.pass(Millis(100));
        }
        world.pass(Millis::seconds(200));
    }
}
