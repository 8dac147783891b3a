//! The simulated network as a pump sees it: sockets of the fabric, with the fabric told of
//! everything that goes through them.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use session::peer::Gateway;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil_net::shim::tokio::net::{TcpListener, TcpStream};

use super::fabric::{Cause, Fabric, FlowId};
use crate::network::End;
use crate::pump::{Connecting, Network};
use crate::ready::at_once;

/// What one actor can do on the network.
pub(super) struct Sockets {
    fabric: Rc<Fabric>,
    role: Role,
}

enum Role {
    Client {
        device: usize,
    },
    Server {
        listeners: Vec<(Gateway, TcpListener)>,
    },
}

impl Sockets {
    pub(super) fn client(fabric: Rc<Fabric>, device: usize) -> Sockets {
        Sockets {
            fabric,
            role: Role::Client { device },
        }
    }

    /// Listens; the server's host must be the current one.
    pub(super) fn server(fabric: Rc<Fabric>) -> io::Result<Sockets> {
        let listen = |gateway| {
            let listener = at_once(TcpListener::bind(fabric.server_address(gateway)))?;
            Ok((gateway, listener))
        };
        let listeners = fabric.gateways().map(listen).collect::<io::Result<_>>()?;
        Ok(Sockets {
            fabric,
            role: Role::Server { listeners },
        })
    }
}

impl Network for Sockets {
    type Stream = Socket;

    fn connect(&mut self, gateway: Gateway) -> Connecting<Socket> {
        let fabric = Rc::clone(&self.fabric);
        let Role::Client { device } = self.role else {
            return Box::pin(async { Err(io::ErrorKind::Unsupported.into()) });
        };
        Box::pin(async move {
            fabric.note(Cause::Connect(device));
            let mut connecting = pin!(TcpStream::connect(fabric.server_address(gateway)));
            let begun = poll_fn(|cx| Poll::Ready(connecting.as_mut().poll(cx))).await;
            let stream = match begun {
                Poll::Pending => connecting.await?,
                Poll::Ready(end) => {
                    fabric.connects_not(device);
                    end?
                }
            };
            let port = stream.local_addr()?.port();
            Ok(Socket {
                flow: FlowId { device, port },
                end: End::Client,
                stream,
                fabric,
            })
        })
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(Socket, Gateway)> {
        let Role::Server { listeners } = &self.role else {
            return Poll::Pending;
        };
        for (gateway, listener) in listeners {
            while let Poll::Ready(Ok((stream, from))) = listener.poll_accept(cx) {
                let Some(flow) = self.fabric.flow_from(from) else {
                    continue;
                };
                let socket = Socket {
                    flow,
                    end: End::Server,
                    stream,
                    fabric: Rc::clone(&self.fabric),
                };
                // A connection that came to nothing in the middle of its handshake is put into
                // the listener's queue only to get rid of it.
                if !self.fabric.is_dead(flow) {
                    return Poll::Ready((socket, *gateway));
                }
            }
        }
        Poll::Pending
    }
}

/// One end of a connection.
pub(super) struct Socket {
    flow: FlowId,
    end: End,
    stream: TcpStream,
    fabric: Rc<Fabric>,
}

impl Socket {
    fn note_sent(&self) {
        self.fabric.note(Cause::Sent(self.flow, self.end));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.note_sent();
        self.fabric.let_go(self.flow, self.end);
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.note_sent();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(length)) = written {
            self.fabric.wrote(self.flow, self.end, length);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.note_sent();
        self.fabric.ended(self.flow, self.end);
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
