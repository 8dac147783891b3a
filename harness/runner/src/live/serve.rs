//! A server on ports of this machine, until it is told to stop.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use conformance::director::Fact;
use session::peer::{LinkId, Peer};
use session::time::Time;

use super::clock::{Clock, SleepAlarm};
use super::sockets::{Gates, Sockets};
use crate::error::HarnessError;
use crate::pump::{Inbox, Pump};

/// Hears of addresses.
pub type Listening<'s> = Box<dyn FnOnce(&[SocketAddr]) + 's>;

/// Hears of facts, and when they came about.
pub type Told<'s> = Box<dyn FnMut(Time, Fact<'_>) + 's>;

/// What is served, and how.
pub struct Service<'s> {
    /// The server.
    pub peer: Box<dyn Peer>,
    /// Where it listens: gateway by gateway.
    pub addresses: Vec<SocketAddr>,
    /// Virtual milliseconds in a real one.
    pub pace: u32,
    /// Unix milliseconds at the start, in virtual time.
    pub epoch: u64,
    /// More connections than these are closed at once.
    pub most_connections: usize,
    /// Hears where it listens, before anybody can connect.
    pub listening: Listening<'s>,
    /// Hears what the server does, and when.
    pub sink: Told<'s>,
}

/// The signals that end a service.
type Signals = std::pin::Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// Serves until SIGINT or SIGTERM; then it listens no longer, sends what was begun, and closes
/// its links.
///
/// # Errors
/// An address cannot be listened on, or the server panicked.
pub fn serve(service: Service<'_>) -> Result<(), HarnessError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let gates = Gates::listen(&service.addresses, service.most_connections)?;
        (service.listening)(&gates.addresses()?);
        let clock = Clock::new(service.pace, service.epoch);
        let alarm = SleepAlarm::new(Rc::clone(&clock), Rc::new(Cell::new(0)));
        let sockets = Sockets::Server(gates);
        let (inbox, mut told) = (Inbox::new(), service.sink);
        let at = Rc::clone(&clock);
        let sink = move |fact: Fact<'_>| told(at.now(), fact);
        let mut pump = Pump::new(service.peer, sockets, alarm, inbox, LinkId(1), sink);
        let mut stop = stopped();
        poll_fn(|cx| {
            if let Poll::Ready(stopped) = stop.as_mut().poll(cx) {
                return Poll::Ready(stopped.map_err(HarnessError::from));
            }
            clock.turn();
            match crate::run::guarded("the server", || pump.poll(cx)) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    })
}

#[cfg(unix)]
fn stopped() -> Signals {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = || {
        Ok((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    };
    match signals() {
        Err(error) => Box::pin(async { Err(error) }),
        Ok((mut interrupt, mut terminate)) => Box::pin(poll_fn(move |cx| {
            let told = interrupt.poll_recv(cx).is_ready() || terminate.poll_recv(cx).is_ready();
            match told {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }
        })),
    }
}

#[cfg(not(unix))]
fn stopped() -> Signals {
    Box::pin(tokio::signal::ctrl_c())
}
