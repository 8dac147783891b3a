//! The protocol loop over scripted streams.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use conformance::director::Fact;
use conformance::transcript::LinkEnd;
use runner::pump::{Alarm, Connecting, Inbox, LINGER, MOST_UNSENT, Network, Pump};
use session::peer::{Closed, Gateway, Input, LinkId, Order, Output, Peer};
use session::time::{Now, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_test::io::{Builder, Mock};

const LINK: LinkId = LinkId(1);

type Heard = Rc<RefCell<Vec<Input>>>;

/// Answers every input as it was told to, and keeps what it heard.
struct Scripted<H> {
    heard: Heard,
    answer: H,
}

impl<H: FnMut(&Input) -> Vec<Output>> Peer for Scripted<H> {
    fn handle(&mut self, _: Now, input: Input, outputs: &mut Vec<Output>) {
        outputs.extend((self.answer)(&input));
        self.heard.borrow_mut().push(input);
    }
}

/// Hands out the streams it was given: first to those who connect, then to the listener.
struct Given<S> {
    connects: VecDeque<io::Result<Option<S>>>,
    accepts: Rc<RefCell<VecDeque<S>>>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static> Network for Given<S> {
    type Stream = S;

    fn connect(&mut self, _: Gateway) -> Connecting<S> {
        let end = self.connects.pop_front().expect("no more connects");
        Box::pin(async move {
            match end? {
                Some(stream) => Ok(stream),
                None => std::future::pending().await,
            }
        })
    }

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<(S, Gateway)> {
        match self.accepts.borrow_mut().pop_front() {
            Some(stream) => Poll::Ready((stream, Gateway::FIRST)),
            None => Poll::Pending,
        }
    }
}

#[derive(Clone, Default)]
struct Hand {
    now: Rc<Cell<u64>>,
    set: Rc<Cell<Option<Time>>>,
}

impl Alarm for Hand {
    fn now(&self) -> Now {
        Now::at(Time(self.now.get()))
    }
    fn set(&mut self, at: Option<Time>) {
        self.set.set(at);
    }
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.set.get().is_some_and(|at| at.0 <= self.now.get()) {
            self.set.set(None);
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

type Sink = Box<dyn FnMut(Fact<'_>)>;

struct Bench<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static> {
    pump: Pump<Given<S>, Hand, Sink>,
    inbox: Inbox,
    alarm: Hand,
    heard: Heard,
    facts: Rc<RefCell<Vec<String>>>,
    accepts: Rc<RefCell<VecDeque<S>>>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static> Bench<S> {
    fn new(
        connects: impl IntoIterator<Item = io::Result<Option<S>>>,
        answer: impl FnMut(&Input) -> Vec<Output> + 'static,
    ) -> Bench<S> {
        let heard = Heard::default();
        let facts = Rc::new(RefCell::new(Vec::new()));
        let (alarm, inbox) = (Hand::default(), Inbox::new());
        let accepts = Rc::new(RefCell::new(VecDeque::new()));
        let peer = Scripted {
            heard: heard.clone(),
            answer,
        };
        let network = Given {
            connects: connects.into_iter().collect(),
            accepts: accepts.clone(),
        };
        let told = facts.clone();
        let sink: Sink = Box::new(move |fact| told.borrow_mut().push(format!("{fact:?}")));
        Bench {
            pump: Pump::new(
                Box::new(peer),
                network,
                alarm.clone(),
                inbox.clone(),
                LinkId(1),
                sink,
            ),
            inbox,
            alarm,
            heard,
            facts,
            accepts,
        }
    }

    fn poll(&mut self) {
        self.pump.poll(&mut Context::from_waker(Waker::noop()));
    }

    /// Gives the peer an input that stands for "begin", and polls.
    fn begin(&mut self) {
        self.inbox.put(begin());
        self.poll();
    }

    fn heard(&self) -> Vec<Input> {
        self.heard.borrow().clone()
    }

    fn received(&self) -> Vec<u8> {
        let heard = self.heard();
        let chunks = heard.iter().filter_map(|input| match input {
            Input::LinkReceived { bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        });
        chunks.collect::<Vec<_>>().concat()
    }
}

fn begin() -> Input {
    Input::Order(Order::Ban {
        user: "begin".into(),
    })
}

fn connect() -> Output {
    Output::Connect {
        link: LINK,
        gateway: Gateway::FIRST,
    }
}

fn send(bytes: impl Into<Vec<u8>>) -> Output {
    Output::Send {
        link: LINK,
        bytes: bytes.into(),
    }
}

fn close() -> Output {
    Output::Close { link: LINK }
}

fn opened(n: u32) -> Input {
    Input::LinkOpened {
        link: LinkId(n),
        gateway: Gateway::FIRST,
    }
}

fn closed(how: Closed) -> Input {
    Input::LinkClosed { link: LINK, how }
}

/// Connects when told to begin, and answers the opened link with `outputs`.
fn connects_then(outputs: Vec<Output>) -> impl FnMut(&Input) -> Vec<Output> {
    move |input| match input {
        Input::Order(_) => vec![connect()],
        Input::LinkOpened { .. } => outputs.clone(),
        _ => Vec::new(),
    }
}

fn mock(build: impl FnOnce(&mut Builder) -> &mut Builder) -> io::Result<Option<Mock>> {
    Ok(Some(build(&mut Builder::new()).build()))
}

#[test]
fn split_and_coalesced_reads_go_to_the_peer_as_they_come() {
    let stream = mock(|b| b.read(b"{\"a\"").read(b":1}\n{\"b\":2}\n"));
    let mut bench = Bench::new([stream], connects_then(Vec::new()));
    bench.begin();
    assert_eq!(
        bench.heard(),
        [
            begin(),
            opened(1),
            Input::LinkReceived {
                link: LINK,
                bytes: b"{\"a\"".to_vec()
            },
            Input::LinkReceived {
                link: LINK,
                bytes: b":1}\n{\"b\":2}\n".to_vec()
            },
            closed(Closed::Finished),
        ]
    );
    assert_eq!(
        *bench.facts.borrow(),
        [
            format!("{:?}", Fact::Output(&connect())),
            format!("{:?}", Fact::LinkUp(LINK)),
            format!("{:?}", Fact::LinkDown(LINK, LinkEnd::Finished)),
        ]
    );
}

#[test]
fn a_refused_connect_is_told() {
    let refused = Err(io::ErrorKind::ConnectionRefused.into());
    let mut bench = Bench::<Mock>::new([refused], connects_then(Vec::new()));
    bench.begin();
    assert_eq!(bench.heard(), [begin(), Input::LinkRefused { link: LINK }]);
}

#[test]
fn a_failing_read_breaks_the_link_after_what_came_before() {
    let stream = mock(|b| {
        b.read(b"last words")
            .read_error(io::ErrorKind::ConnectionReset.into())
    });
    let mut bench = Bench::new([stream], connects_then(Vec::new()));
    bench.begin();
    assert_eq!(bench.received(), b"last words");
    assert_eq!(bench.heard().last(), Some(&closed(Closed::Reset)));
}

#[test]
fn a_failing_write_breaks_the_link_but_not_what_arrived_before() {
    let stream = mock(|b| {
        b.write_error(io::ErrorKind::BrokenPipe.into())
            .read(b"you are kicked out")
    });
    let mut bench = Bench::new(
        [stream],
        connects_then(vec![send(*b"beat"), send(*b"beat")]),
    );
    bench.begin();
    assert_eq!(bench.received(), b"you are kicked out");
    assert_eq!(bench.heard().last(), Some(&closed(Closed::Reset)));
}

#[test]
fn what_was_sent_leaves_before_the_link_is_closed() {
    // The mock panics when it is dropped before both writes were seen.
    let stream = mock(|b| b.write(b"one").write(b"two"));
    let outputs = vec![send(*b"one"), send(*b"two"), close(), send(*b"late")];
    let mut bench = Bench::new([stream], connects_then(outputs));
    bench.begin();
    let heard = [begin(), opened(1)];
    assert_eq!(bench.heard(), heard, "nothing is told after a close");
}

#[test]
fn an_opening_link_can_be_given_up() {
    let mut answers = vec![vec![close()], vec![connect()]];
    let mut bench = Bench::<Mock>::new([Ok(None)], move |_| answers.pop().unwrap());
    bench.begin();
    bench.begin();
    assert_eq!(bench.heard(), [begin(), begin()]);
}

#[test]
fn a_link_that_finished_is_closed_from_here_too() {
    let (here, mut there) = tokio::io::duplex(64);
    let mut bench = Bench::new([Ok(Some(here))], connects_then(vec![send(*b"hello")]));
    bench.begin();
    let mut seen = tokio_test::task::spawn(async move {
        there.shutdown().await.unwrap();
        let mut text = String::new();
        there.read_to_string(&mut text).await.unwrap();
        text
    });
    assert!(seen.poll().is_pending());
    bench.poll();
    assert_eq!(bench.heard().last(), Some(&closed(Closed::Finished)));
    tokio_test::assert_ready_eq!(seen.poll(), "hello");
}

#[test]
fn a_slow_reader_gets_everything_in_order() {
    let (here, mut there) = tokio::io::duplex(8);
    let text = "0123456789abcdef".repeat(10);
    let outputs = vec![send(&text[..100]), send(&text[100..]), close()];
    let mut bench = Bench::new([Ok(Some(here))], connects_then(outputs));
    bench.begin();
    let mut seen = tokio_test::task::spawn(async move {
        let mut text = String::new();
        there.read_to_string(&mut text).await.unwrap();
        text
    });
    for _ in 0..100 {
        if let Poll::Ready(seen) = seen.poll() {
            assert_eq!(seen, text);
            return;
        }
        bench.poll();
    }
    panic!("the reader waits for ever");
}

#[test]
fn too_much_unsent_breaks_the_link() {
    let (here, _there) = tokio::io::duplex(8);
    let outputs = vec![send(vec![0; MOST_UNSENT / 2]); 3];
    let mut bench = Bench::new([Ok(Some(here))], connects_then(outputs));
    bench.begin();
    assert_eq!(bench.heard().last(), Some(&closed(Closed::Reset)));
}

#[test]
fn a_closed_link_waits_for_the_other_side_but_not_for_ever() {
    let (here, mut there) = tokio::io::duplex(64);
    let mut bench = Bench::new([Ok(Some(here))], connects_then(vec![close()]));
    bench.begin();
    let mut write = tokio_test::task::spawn(async move {
        there.write_all(b"unread").await.unwrap();
        there
    });
    let Poll::Ready(mut there) = write.poll() else {
        panic!("64 bytes have room for 6");
    };
    bench.poll();
    assert_eq!(bench.alarm.set.get(), Some(Time::START + LINGER));
    bench.alarm.now.set(LINGER.0);
    bench.poll();
    assert_eq!(bench.alarm.set.get(), None);
    let mut write = tokio_test::task::spawn(async move { there.write_all(b"x").await });
    assert!(matches!(write.poll(), Poll::Ready(Err(_))), "it is dropped");
    assert!(
        !bench.heard().contains(&Input::Wake),
        "the peer never asked"
    );
}

#[test]
fn the_peer_is_woken_when_it_asked_for_it() {
    let mut bench = Bench::<Mock>::new([], |input| match input {
        Input::Wake => vec![],
        _ => vec![
            Output::WakeAt(Some(Time(50))),
            Output::WakeAt(Some(Time(70))),
        ],
    });
    bench.begin();
    bench.alarm.now.set(60);
    bench.poll();
    assert_eq!(
        bench.heard(),
        [begin()],
        "the later wish replaces the earlier"
    );
    bench.alarm.now.set(70);
    bench.poll();
    bench.poll();
    assert_eq!(bench.heard(), [begin(), Input::Wake]);
}

#[test]
fn accepted_links_are_numbered_upwards() {
    let mut bench = Bench::new([], |_| Vec::new());
    for _ in 0..2 {
        let (here, there) = tokio::io::duplex(8);
        std::mem::forget(there); // Stays open.
        bench.accepts.borrow_mut().push_back(here);
    }
    bench.poll();
    assert_eq!(bench.heard(), [opened(1), opened(2)]);
    assert_eq!(bench.pump.next_accepted(), LinkId(3));
}
