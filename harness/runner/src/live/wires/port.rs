//! A device's end of a wire.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Wires;

/// What travels over a wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parcel {
    Bytes(Vec<u8>),
    /// This side sends no more.
    Ended,
    Reset,
}

impl Parcel {
    pub(super) fn len(&self) -> usize {
        match self {
            Parcel::Bytes(bytes) => bytes.len(),
            Parcel::Ended | Parcel::Reset => 0,
        }
    }
}

/// What the device and the wire have in common.
#[derive(Default)]
pub(super) struct Port {
    opened: Option<bool>,
    inbound: VecDeque<Parcel>,
    pub(super) outbound: Vec<Parcel>,
    reader: Option<Waker>,
    /// The device has said that it sends no more.
    ended: bool,
    /// The device uses it no longer.
    pub(super) let_go: bool,
    /// The socket has nothing more to say.
    pub(super) server_ended: bool,
}

impl Port {
    pub(super) fn opened(&mut self, well: bool) {
        self.opened = Some(well);
        self.wake();
    }

    pub(super) fn arrived(&mut self, parcel: Parcel) {
        self.inbound.push_back(parcel);
        self.wake();
    }

    /// Has the end of what the device sends been given to the wire?
    pub(super) fn passed_end(&self) -> bool {
        self.ended
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.outbound.push(Parcel::Ended);
        }
    }
}

/// A connect on its way.
pub(super) struct Opening(Option<Wired>);

impl Opening {
    pub(super) fn new(stream: Wired) -> Opening {
        Opening(Some(stream))
    }
}

impl Future for Opening {
    type Output = io::Result<Wired>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Wired>> {
        let opened = match &self.0 {
            Some(stream) => {
                let mut port = stream.port.borrow_mut();
                if port.opened.is_none() {
                    port.reader = Some(cx.waker().clone());
                }
                port.opened
            }
            None => Some(false),
        };
        match opened {
            None => Poll::Pending,
            Some(true) => Poll::Ready(self.0.take().ok_or(io::ErrorKind::NotConnected.into())),
            Some(false) => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
        }
    }
}

/// A connection over a wire.
pub(in crate::live) struct Wired {
    port: Rc<RefCell<Port>>,
    wires: Rc<Wires>,
}

impl Wired {
    pub(super) fn new(port: Rc<RefCell<Port>>, wires: Rc<Wires>) -> Wired {
        Wired { port, wires }
    }
}

impl AsyncRead for Wired {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut port = self.port.borrow_mut();
        match port.inbound.front_mut() {
            None => {
                port.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(Parcel::Bytes(bytes)) => {
                let length = bytes.len().min(buffer.remaining());
                buffer.put_slice(&bytes[..length]);
                if length == bytes.len() {
                    port.inbound.pop_front();
                } else {
                    bytes.drain(..length);
                }
                Poll::Ready(Ok(()))
            }
            // Both stay: whoever reads again hears it again.
            Some(Parcel::Ended) => Poll::Ready(Ok(())),
            Some(Parcel::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Wired {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut port = self.port.borrow_mut();
        if port.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        port.outbound.push(Parcel::Bytes(bytes.to_vec()));
        drop(port);
        self.wires.wake();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.port.borrow_mut().end();
        self.wires.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Wired {
    fn drop(&mut self) {
        let mut port = self.port.borrow_mut();
        port.end();
        port.let_go = true;
        drop(port);
        self.wires.wake();
    }
}
