//! The one protocol loop: carries one peer over any network.
//!
//! A [`Pump`] is a future, one per actor. It polls its links by hand, lowest number first, and
//! only those that can go on; nothing here draws a random number or spawns a task, so the same
//! wakes in the same order do the same things. It does not know which network it is on.

mod inbox;
mod link;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conformance::director::Fact;
use conformance::transcript::LinkEnd;
use session::peer::{Closed, Gateway, Input, LinkId, Output, Peer};
use session::time::{EPOCH_UNIX_MS, Millis, Now, Time};
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::inbox::Inbox;
pub use self::link::MOST_UNSENT;
use self::link::{Link, News};
use crate::ready::Ready;

/// How long a closed link may take to be sent out and closed by the other side too; as long as
/// Linux waits for the other side's FIN.
pub const LINGER: Millis = Millis::seconds(60);

/// A poll that has handled so many inputs lets others go first.
const FAIR_SHARE: u64 = 1_000;

const READ_BUFFER: usize = 16 << 10;

/// A connection that is being made.
pub type Connecting<S> = Pin<Box<dyn Future<Output = io::Result<S>>>>;

/// What carries the bytes.
pub trait Network {
    /// One connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Connects to a gateway of the server. Dropping the future gives the attempt up.
    fn connect(&mut self, gateway: Gateway) -> Connecting<Self::Stream>;

    /// The next connection somebody made to this actor, and the gateway it came through; a
    /// client waits for ever. Failures to accept are the network's own business.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(Self::Stream, Gateway)>;
}

/// What tells the time and wakes the peer.
pub trait Alarm {
    /// The present, as the peer sees it.
    fn now(&self) -> Now;

    /// Asks to be woken at `at`, and at no other time.
    fn set(&mut self, at: Option<Time>);

    /// Ready when the moment that was set has come; then nothing is set any more.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// The present as a device believes it to be whose clock is `skew` milliseconds ahead.
pub(crate) fn skewed(at: Time, skew: i64) -> Now {
    let wall = EPOCH_UNIX_MS.saturating_add(at.0);
    Now {
        at,
        wall: wall.saturating_add_signed(skew),
    }
}

/// Carries one peer; never ends by itself.
///
/// After `Close` the peer hears nothing more of that link, and `sink` neither. Connecting under
/// a number that is in use, and sending on or closing a link that is gone, do nothing.
pub struct Pump<N: Network, A, F> {
    peer: Box<dyn Peer>,
    network: N,
    alarm: A,
    sink: F,
    inbox: Inbox,
    links: BTreeMap<LinkId, Link<N::Stream>>,
    next_accepted: LinkId,
    /// Closed links and when they are dropped at the latest, in that order.
    lingering: VecDeque<(Time, LinkId)>,
    ready: Arc<Ready<Source>>,
    listener: Waker,
    peer_wakes_at: Option<Time>,
    alarm_set_to: Option<Time>,
    exchanges: u64,
    outputs: Vec<Output>,
    buffer: Vec<u8>,
}

/// Where something may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Listener,
    Link(LinkId),
}

impl<N, A, F> Pump<N, A, F>
where
    N: Network,
    A: Alarm,
    F: FnMut(Fact<'_>),
{
    /// A pump for `peer`; accepted links are numbered from `first_accepted`.
    pub fn new(
        peer: Box<dyn Peer>,
        network: N,
        alarm: A,
        inbox: Inbox,
        first_accepted: LinkId,
        sink: F,
    ) -> Pump<N, A, F> {
        let ready = Ready::new();
        ready.add(Source::Listener);
        Pump {
            peer,
            network,
            alarm,
            sink,
            inbox,
            links: BTreeMap::new(),
            next_accepted: first_accepted,
            lingering: VecDeque::new(),
            listener: ready.waker(Source::Listener),
            ready,
            peer_wakes_at: None,
            alarm_set_to: None,
            exchanges: 0,
            outputs: Vec::new(),
            buffer: vec![0; READ_BUFFER],
        }
    }

    /// How many inputs the peer has handled.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// The number the next accepted link gets.
    pub fn next_accepted(&self) -> LinkId {
        self.next_accepted
    }

    /// Does everything that can be done now.
    pub fn poll(&mut self, cx: &mut Context<'_>) {
        self.ready.owned_by(cx.waker());
        let stop_at = self.exchanges + FAIR_SHARE;
        while self.step(cx) {
            if self.exchanges >= stop_at {
                cx.waker().wake_by_ref();
                break;
            }
        }
    }

    /// Does one thing; false when there is nothing to do.
    fn step(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(input) = self.inbox.take(cx) {
            self.exchange(input);
        } else if let Some(source) = self.ready.pop() {
            match source {
                Source::Listener => self.poll_listener(),
                Source::Link(link) => self.poll_link(link),
            }
        } else if let Poll::Ready(()) = self.alarm.poll(cx) {
            self.rung();
        } else {
            return false;
        }
        true
    }

    fn poll_listener(&mut self) {
        let mut cx = Context::from_waker(&self.listener);
        if let Poll::Ready((stream, gateway)) = self.network.poll_accept(&mut cx) {
            self.ready.add(Source::Listener); // There may be more.
            let link = self.next_accepted;
            self.next_accepted = LinkId(link.0 + 1);
            self.links.insert(link, Link::up(stream, self.waker(link)));
            self.ready.add(Source::Link(link));
            self.tell(link, News::Opened(gateway));
        }
    }

    fn waker(&self, link: LinkId) -> Waker {
        self.ready.waker(Source::Link(link))
    }

    fn poll_link(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id)
            && let Some(news) = link.poll(&mut self.buffer)
        {
            self.ready.add(Source::Link(id)); // There may be more of it.
            self.tell(id, news);
        }
    }

    fn tell(&mut self, id: LinkId, news: News) {
        match news {
            News::Opened(gateway) => {
                (self.sink)(Fact::LinkUp(id));
                self.exchange(Input::LinkOpened { link: id, gateway });
            }
            News::Received(bytes) => self.exchange(Input::LinkReceived { link: id, bytes }),
            News::Refused => {
                self.links.remove(&id);
                (self.sink)(Fact::LinkDown(id, LinkEnd::Refused));
                self.exchange(Input::LinkRefused { link: id });
            }
            News::Finished => {
                self.close(id, true);
                (self.sink)(Fact::LinkDown(id, LinkEnd::Finished));
                let how = Closed::Finished;
                self.exchange(Input::LinkClosed { link: id, how });
            }
            News::Broken => {
                self.links.remove(&id);
                (self.sink)(Fact::LinkDown(id, LinkEnd::Reset));
                let how = Closed::Reset;
                self.exchange(Input::LinkClosed { link: id, how });
            }
            News::Gone => {
                self.links.remove(&id);
                self.set_alarm();
            }
        }
    }

    fn exchange(&mut self, input: Input) {
        self.exchanges += 1;
        let mut outputs = std::mem::take(&mut self.outputs);
        self.peer.handle(self.alarm.now(), input, &mut outputs);
        for output in outputs.drain(..) {
            (self.sink)(Fact::Output(&output));
            self.perform(output);
        }
        self.outputs = outputs;
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { link, gateway } => self.connect(link, gateway),
            Output::Send { link, bytes } => {
                if let Some(link) = self.links.get_mut(&link) {
                    link.send(bytes);
                }
            }
            Output::Close { link } => self.close(link, false),
            Output::WakeAt(at) => {
                self.peer_wakes_at = at;
                self.set_alarm();
            }
            Output::Callback { .. }
            | Output::Store { .. }
            | Output::Result { .. }
            | Output::Session(_)
            | Output::AskToken { .. }
            | Output::Breach { .. } => {}
        }
    }

    fn connect(&mut self, id: LinkId, gateway: Gateway) {
        if self.links.contains_key(&id) {
            return;
        }
        let connecting = self.network.connect(gateway);
        let mut link = Link::opening(connecting, gateway, self.waker(id));
        // At once, so that connects and sends leave in the order of the outputs.
        link.try_connect();
        self.links.insert(id, link);
    }

    fn close(&mut self, id: LinkId, finished: bool) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if link.is_opening() {
            self.links.remove(&id);
        } else if !link.is_closing() {
            link.close(finished);
            if link.poll(&mut self.buffer).is_some() {
                self.links.remove(&id);
            } else {
                let at_latest = self.alarm.now().at + LINGER;
                self.lingering.push_back((at_latest, id));
                self.set_alarm();
            }
        }
    }

    /// The alarm rang: for links whose time is up, for the peer, or for both.
    fn rung(&mut self) {
        self.alarm_set_to = None;
        let now = self.alarm.now().at;
        while let Some((at, link)) = self.lingering.front()
            && *at <= now
        {
            self.links.remove(link);
            self.lingering.pop_front();
        }
        if self.peer_wakes_at.is_some_and(|at| at <= now) {
            self.peer_wakes_at = None;
            self.exchange(Input::Wake);
        }
        self.set_alarm();
    }

    fn set_alarm(&mut self) {
        while let Some((_, link)) = self.lingering.front()
            && !self.links.contains_key(link)
        {
            self.lingering.pop_front();
        }
        let lingering = self.lingering.front().map(|(at, _)| *at);
        let at = lingering.into_iter().chain(self.peer_wakes_at).min();
        if at != self.alarm_set_to {
            self.alarm_set_to = at;
            self.alarm.set(at);
        }
    }
}

impl<N, A, F> Future for Pump<N, A, F>
where
    N: Network + Unpin,
    A: Alarm + Unpin,
    F: FnMut(Fact<'_>) + Unpin,
{
    type Output = Infallible;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Infallible> {
        Pump::poll(self.get_mut(), cx);
        Poll::Pending
    }
}
