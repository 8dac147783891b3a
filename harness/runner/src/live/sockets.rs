//! The network as a pump sees it: wires for devices, the operating system's sockets for the
//! server.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use session::peer::Gateway;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::wires::{Wired, Wires};
use crate::pump::{Connecting, Network};

/// What one actor can do on the network.
pub(super) enum Sockets {
    /// A device, by its place.
    Client(Rc<Wires>, usize),
    Server(Gates),
}

/// The server's gateways, and how many connections it has.
pub(super) struct Gates {
    listeners: Vec<(Gateway, TcpListener)>,
    open: Rc<Cell<usize>>,
    /// More connections than these are closed at once.
    most: usize,
}

impl Gates {
    /// Listens; a runtime must be entered.
    ///
    /// # Errors
    /// An address cannot be listened on.
    pub(super) fn listen(addresses: &[SocketAddr], most: usize) -> io::Result<Gates> {
        let listen = |(at, address): (u8, &SocketAddr)| {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok((Gateway(at), TcpListener::from_std(listener)?))
        };
        let listeners = (1..).zip(addresses).map(listen);
        Ok(Gates {
            listeners: listeners.collect::<io::Result<_>>()?,
            open: Rc::default(),
            most,
        })
    }

    /// Where it listens: gateway by gateway.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let listeners = self.listeners.iter();
        listeners.map(|(_, one)| one.local_addr()).collect()
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<(Stream, Gateway)> {
        for (gateway, listener) in &self.listeners {
            // An accept that fails is the system's business, and tried again at the next wake.
            while let Poll::Ready(accepted) = listener.poll_accept(cx) {
                let Ok((stream, _)) = accepted else {
                    cx.waker().wake_by_ref();
                    break;
                };
                if self.open.get() >= self.most {
                    continue;
                }
                let _ = stream.set_nodelay(true);
                let counted = Counted::new(&self.open);
                return Poll::Ready((Stream::Accepted(stream, counted), *gateway));
            }
        }
        Poll::Pending
    }
}

/// Counts while it lives.
pub(super) struct Counted(Rc<Cell<usize>>);

impl Counted {
    fn new(count: &Rc<Cell<usize>>) -> Counted {
        count.set(count.get() + 1);
        Counted(Rc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Network for Sockets {
    type Stream = Stream;

    fn connect(&mut self, gateway: Gateway) -> Connecting<Stream> {
        match self {
            Sockets::Client(wires, device) => {
                let opening = wires.connect(*device, gateway);
                Box::pin(async move { opening.await.map(Stream::Wired) })
            }
            Sockets::Server(_) => Box::pin(async { Err(io::ErrorKind::Unsupported.into()) }),
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(Stream, Gateway)> {
        match self {
            Sockets::Client(..) => Poll::Pending,
            Sockets::Server(gates) => gates.poll_accept(cx),
        }
    }
}

/// One connection.
pub(super) enum Stream {
    Wired(Wired),
    Accepted(
        TcpStream,
        #[expect(dead_code, reason = "counts while it lives")] Counted,
    ),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Wired(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Accepted(stream, _) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Wired(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Accepted(stream, _) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Wired(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Accepted(stream, _) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Wired(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Accepted(stream, _) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
