//! turmoil's network and clock as a pump sees them.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conformance::transcript::SERVER;
use session::peer::Gateway;
use session::time::{Now, Time};
use tokio::time::Sleep;
use turmoil::net::{TcpListener, TcpStream};

use super::host::Machine;
use crate::pump::{Alarm, Connecting, Network, skewed};
use crate::ready::at_once;
use crate::simulated::SERVER_PORT;

/// Virtual time, to the millisecond also in the middle of a tick.
pub(super) fn now() -> Time {
    let elapsed = turmoil::sim_elapsed().unwrap_or_default();
    Time(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

pub(super) struct SleepAlarm {
    machine: Rc<Machine>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl SleepAlarm {
    pub(super) fn new(machine: Rc<Machine>) -> SleepAlarm {
        SleepAlarm {
            machine,
            sleep: None,
        }
    }
}

impl Alarm for SleepAlarm {
    fn now(&self) -> Now {
        skewed(now(), self.machine.skew.get())
    }

    fn set(&mut self, at: Option<Time>) {
        self.sleep = at.map(|at| {
            let length = Duration::from_millis(at.since(now()).0);
            Box::pin(tokio::time::sleep(length))
        });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        Poll::Ready(())
    }
}

type Accepting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

pub(super) enum Sockets {
    Client(Rc<Machine>),
    Server(Vec<Gate>),
}

/// One gateway, and who listens there.
pub(super) struct Gate {
    gateway: Gateway,
    listener: Rc<TcpListener>,
    accepting: Accepting,
}

impl Sockets {
    pub(super) fn listen(gateways: u8) -> io::Result<Sockets> {
        let listen = |gateway| {
            let listener = at_once(TcpListener::bind(("0.0.0.0", port(gateway))))?;
            let listener = Rc::new(listener);
            Ok(Gate {
                gateway,
                accepting: accept(Rc::clone(&listener)),
                listener,
            })
        };
        let gates = (1..=gateways).map(Gateway).map(listen);
        Ok(Sockets::Server(gates.collect::<io::Result<_>>()?))
    }
}

fn port(gateway: Gateway) -> u16 {
    SERVER_PORT - 1 + u16::from(gateway.0)
}

fn accept(listener: Rc<TcpListener>) -> Accepting {
    Box::pin(async move { listener.accept().await.map(|(stream, _)| stream) })
}

impl Network for Sockets {
    type Stream = TcpStream;

    fn connect(&mut self, gateway: Gateway) -> Connecting<TcpStream> {
        match self {
            // A connect that is held would come up long after it was given up.
            Sockets::Client(machine) if machine.no_network.get() => {
                Box::pin(std::future::pending())
            }
            Sockets::Client(_) => Box::pin(TcpStream::connect((SERVER, port(gateway)))),
            Sockets::Server(_) => Box::pin(async { Err(io::ErrorKind::Unsupported.into()) }),
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(TcpStream, Gateway)> {
        let Sockets::Server(gates) = self else {
            return Poll::Pending;
        };
        for gate in gates {
            while let Poll::Ready(accepted) = gate.accepting.as_mut().poll(cx) {
                gate.accepting = accept(Rc::clone(&gate.listener));
                if let Ok(stream) = accepted {
                    return Poll::Ready((stream, gate.gateway));
                }
            }
        }
        Poll::Pending
    }
}
