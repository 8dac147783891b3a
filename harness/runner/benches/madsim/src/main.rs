//! The benchmark's workloads on madsim, beside the bare heap of events and the event jumps.
//!
//! ```text
//! cd harness/runner/benches/madsim && cargo run --release
//! ```
//!
//! The same pumps and peers as everywhere; one node per actor. madsim's TCP connects in one
//! exchange and knows no acknowledgements, so it has fewer packets to carry.

#[path = "../../common/mod.rs"]
mod common;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use common::toys::plan::login;
use common::toys::{Habits, ToyClient, ToyServer};
use common::{Engine, Workload, bare, measure};
use conformance::director::{Command, Fact};
use madsim::net::{TcpListener, TcpStream};
use madsim::runtime::Runtime;
use madsim::time::{Sleep, TimeHandle};
use runner::pump::{Alarm, Connecting, Inbox, Network, Pump};
use runner::simulated::DEFAULT_LATENCY;
use session::peer::{Gateway, Input, LinkId, Output};
use session::time::{Millis, Now, Time};

fn main() {
    for work in [
        Workload::beats("1 client, heartbeat 10 s, 20 min", 1),
        Workload::beats("10 clients", 10),
        Workload::beats("100 clients", 100),
        Workload::beats("", 100).staggered("100 clients, 7 ms apart", Millis(7)),
        Workload::beats("1000 clients", 1_000),
    ] {
        let engines = vec![
            Engine::new("bare heap of events", || bare::run(&work)),
            Engine::new("event jumps", || work.event_jump()),
            Engine::new("madsim", || run(&work)),
        ];
        measure(work.name, work.length, engines);
    }
}

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)), 9_000);

fn run(work: &Workload) {
    let mut config = madsim::Config::default();
    let latency = Duration::from_millis(DEFAULT_LATENCY.0);
    config.net.send_latency = latency..latency + Duration::from_nanos(1);
    let runtime = Runtime::with_seed_and_config(0, config);
    let habits = work.habits();
    let beats = Arc::new(AtomicU64::new(0));
    let server = runtime.create_node().name("server").ip(SERVER.ip()).build();
    drop(server.spawn(async move { local(move || serve(habits)).await }));
    for client in 0..work.clients {
        let ip = IpAddr::from(Ipv4Addr::from(
            u32::from(Ipv4Addr::new(10, 0, 0, 1)) + client as u32,
        ));
        let node = runtime
            .create_node()
            .name(format!("device-{client}"))
            .ip(ip)
            .build();
        // The server listens a moment after the start.
        let beats = Arc::clone(&beats);
        let delay = Duration::from_millis(1 + work.stagger.0 * client as u64);
        drop(
            node.spawn(async move { local(move || be_client(habits, client, delay, beats)).await }),
        );
    }
    let length = Duration::from_millis(work.length.0);
    runtime.block_on(async move { madsim::time::sleep(length).await });
    let expected = work.length.0 / work.heartbeat.0 - 2;
    assert!(beats.load(Relaxed) >= expected * work.clients as u64);
}

/// Pumps stay on their thread, as everything in madsim does.
fn local<F: Future<Output = ()> + 'static>(start: impl FnOnce() -> F) -> impl Future<Output = ()> {
    let task = madsim::task::spawn_local(start());
    async move { drop(task.await) }
}

async fn serve(habits: Habits) {
    let listener = TcpListener::bind(SERVER)
        .await
        .expect("nobody else listens");
    let listener = Rc::new(listener);
    let sockets = Sockets::Server {
        accepting: accept(Rc::clone(&listener)),
        listener,
    };
    let peer = Box::new(ToyServer::new(habits));
    let pump = Pump::new(
        peer,
        sockets,
        MadAlarm(None),
        Inbox::new(),
        LinkId(1),
        |_| {},
    );
    let _: Infallible = pump.await;
}

async fn be_client(habits: Habits, client: usize, delay: Duration, beats: Arc<AtomicU64>) {
    madsim::time::sleep(delay).await;
    let inbox = Inbox::new();
    if let Command::Call { id, call, .. } = login(client) {
        inbox.put(Input::Call { id, call, inside: None });
    }
    let peer = Box::new(ToyClient::new(habits));
    let pump = Pump::new(
        peer,
        Sockets::Client,
        MadAlarm(None),
        inbox,
        LinkId(1),
        move |fact| {
            if let Fact::Output(Output::Send { .. }) = fact {
                beats.fetch_add(1, Relaxed);
            }
        },
    );
    let _: Infallible = pump.await;
}

struct MadAlarm(Option<Pin<Box<Sleep>>>);

impl Alarm for MadAlarm {
    fn now(&self) -> Now {
        Now::at(Time(TimeHandle::current().elapsed().as_millis() as u64))
    }

    fn set(&mut self, at: Option<Time>) {
        self.0 = at.map(|at| {
            let length = Duration::from_millis(at.since(self.now().at).0);
            Box::pin(madsim::time::sleep(length))
        });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.0 else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(())
    }
}

type Accepting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

enum Sockets {
    Client,
    Server {
        listener: Rc<TcpListener>,
        accepting: Accepting,
    },
}

fn accept(listener: Rc<TcpListener>) -> Accepting {
    Box::pin(async move { listener.accept().await.map(|(stream, _)| stream) })
}

impl Network for Sockets {
    type Stream = TcpStream;

    fn connect(&mut self, _: Gateway) -> Connecting<TcpStream> {
        Box::pin(TcpStream::connect(SERVER))
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(TcpStream, Gateway)> {
        let Sockets::Server {
            listener,
            accepting,
        } = self
        else {
            return Poll::Pending;
        };
        loop {
            let accepted = ready!(accepting.as_mut().poll(cx));
            *accepting = accept(Rc::clone(listener));
            if let Ok(stream) = accepted {
                return Poll::Ready((stream, Gateway::FIRST));
            }
        }
    }
}
