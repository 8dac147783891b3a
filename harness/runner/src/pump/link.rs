//! One link of a pump, from its connect to its end.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use session::peer::Gateway;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Connecting;

/// The most that may wait to be sent over one link. A peer that is so far ahead of its network
/// would fill the memory; its link counts as broken.
pub const MOST_UNSENT: usize = 4 << 20;

/// What became of a link.
pub(super) enum News {
    /// It is up, through this gateway.
    Opened(Gateway),
    /// It never came up.
    Refused,
    /// Bytes arrived.
    Received(Vec<u8>),
    /// The other side closed it.
    Finished,
    /// It broke.
    Broken,
    /// The peer closed it, and nothing is left to do for it.
    Gone,
}

pub(super) struct Link<S> {
    way: Way<S>,
    /// Set once the peer is done with it.
    closing: Option<Closing>,
    queue: VecDeque<Vec<u8>>,
    /// Bytes of the queue's first chunk that are sent already.
    sent: usize,
    unsent: usize,
    /// Written, but perhaps still in a buffer of the stream.
    unflushed: bool,
    /// Nothing more can be sent; what arrived before it broke is still to be read.
    broken: bool,
    waker: Waker,
}

enum Way<S> {
    Opening(Connecting<S>, Gateway),
    /// Connected or refused; to be told.
    Decided(Option<S>, Gateway),
    Up(S),
}

#[derive(Clone, Copy)]
struct Closing {
    /// Everything is sent, the end included.
    shut: bool,
    /// The other side closed it too.
    finished: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(super) fn opening(connecting: Connecting<S>, gateway: Gateway, waker: Waker) -> Link<S> {
        Link::new(Way::Opening(connecting, gateway), waker)
    }

    pub(super) fn up(stream: S, waker: Waker) -> Link<S> {
        Link::new(Way::Up(stream), waker)
    }

    fn new(way: Way<S>, waker: Waker) -> Link<S> {
        Link {
            way,
            closing: None,
            queue: VecDeque::new(),
            sent: 0,
            unsent: 0,
            unflushed: false,
            broken: false,
            waker,
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        !matches!(self.way, Way::Up(_))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Sets out to connect; what comes of it at once is told by the next poll.
    pub(super) fn try_connect(&mut self) {
        let Way::Opening(connecting, gateway) = &mut self.way else {
            return;
        };
        let mut cx = Context::from_waker(&self.waker);
        if let Poll::Ready(end) = connecting.as_mut().poll(&mut cx) {
            self.way = Way::Decided(end.ok(), *gateway);
            self.waker.wake_by_ref();
        }
    }

    /// Queues bytes and sends what can be sent at once.
    pub(super) fn send(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() || self.broken || self.is_closing() {
            return;
        }
        self.unsent += bytes.len();
        self.queue.push_back(bytes);
        self.write();
        if self.unsent > MOST_UNSENT {
            self.fail();
        }
    }

    /// Begins the end: what is queued is sent, and the other side is told.
    pub(super) fn close(&mut self, finished: bool) {
        self.closing = Some(Closing {
            shut: false,
            finished,
        });
    }

    /// Does what can be done, up to the first news. `None`: the link's waker will be called.
    pub(super) fn poll(&mut self, buffer: &mut [u8]) -> Option<News> {
        self.try_connect();
        match &mut self.way {
            Way::Opening(..) => return None,
            Way::Decided(stream, gateway) => match (stream.take(), *gateway) {
                (None, _) => return Some(News::Refused),
                (Some(stream), gateway) => {
                    self.way = Way::Up(stream);
                    return Some(News::Opened(gateway));
                }
            },
            Way::Up(_) => {}
        }
        self.write();
        if self.is_closing() {
            return self.poll_closing(buffer);
        }
        match self.read(buffer) {
            Poll::Ready(Ok(0)) if !self.broken => Some(News::Finished),
            Poll::Ready(Ok(length)) if length > 0 => Some(News::Received(buffer[..length].into())),
            Poll::Ready(_) => Some(News::Broken),
            Poll::Pending => self.broken.then_some(News::Broken),
        }
    }

    fn poll_closing(&mut self, buffer: &mut [u8]) -> Option<News> {
        let mut closing = self.closing?;
        closing.shut = closing.shut || self.shut();
        while !closing.finished && !self.broken {
            // Nobody wants what still arrives, but a stream that is dropped with unread bytes
            // is reset, and the other side would lose what it has not read yet.
            match self.read(buffer) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => closing.finished = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => self.broken = true,
            }
        }
        self.closing = Some(closing);
        (self.broken || closing.shut && closing.finished).then_some(News::Gone)
    }

    fn write(&mut self) {
        let Way::Up(stream) = &mut self.way else {
            return;
        };
        let mut cx = Context::from_waker(&self.waker);
        while let Some(chunk) = self.queue.front() {
            match Pin::new(&mut *stream).poll_write(&mut cx, &chunk[self.sent..]) {
                Poll::Pending => return,
                Poll::Ready(Ok(length)) if length > 0 => {
                    self.unflushed = true;
                    self.unsent -= length;
                    self.sent += length;
                    if self.sent == chunk.len() {
                        self.sent = 0;
                        self.queue.pop_front();
                    }
                }
                Poll::Ready(_) => return self.fail(),
            }
        }
        if self.unflushed {
            match Pin::new(stream).poll_flush(&mut cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => self.fail(),
            }
        }
    }

    fn fail(&mut self) {
        self.broken = true;
        self.queue.clear();
        self.unsent = 0;
        self.waker.wake_by_ref();
    }

    /// Tells the other side that nothing more comes, once everything is sent.
    fn shut(&mut self) -> bool {
        let Way::Up(stream) = &mut self.way else {
            return true;
        };
        if !self.queue.is_empty() {
            return false;
        }
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(stream).poll_shutdown(&mut cx) {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(_)) => {
                self.broken = true;
                true
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Way::Up(stream) = &mut self.way else {
            return Poll::Pending;
        };
        let mut cx = Context::from_waker(&self.waker);
        let mut buffer = ReadBuf::new(buffer);
        Pin::new(stream)
            .poll_read(&mut cx, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }
}
