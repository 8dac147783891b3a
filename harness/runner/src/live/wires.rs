//! What lies between the devices and the server's ports: the simulator's model of a network,
//! with real sockets at its far end.
//!
//! A device writes into a wire and reads from it; the wire passes parcels on when the model says
//! that they arrive. So the same faults happen here as in the simulator, and nothing else about
//! the operating system's network has to be changed for them.

mod port;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use conformance::scenario::{Direction, NetworkChange, NetworkWord};
use session::peer::Gateway;
use session::time::Time;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

pub(super) use self::port::Wired;
use self::port::{Opening, Parcel, Port};
use super::clock::Clock;
use crate::network::{End, Fate, Flow, FlowWay, Kind, Path};
use crate::pump::Connecting;

/// So many bytes wait on their way to a device before its socket is read on.
const MOST_WAITING: usize = 1 << 20;

/// All wires of one run.
pub(super) struct Wires {
    clock: Rc<Clock>,
    gateways: Vec<SocketAddr>,
    devices: RefCell<Vec<Device>>,
    /// Who is to look after the wires when something was put into one.
    owner: RefCell<Option<Waker>>,
    sleep: RefCell<Option<(Time, Pin<Box<Sleep>>)>>,
}

struct Device {
    path: Path,
    wires: BTreeMap<u16, Wire>,
    next_port: u16,
}

struct Wire {
    way: Way,
    port: Rc<RefCell<Port>>,
    to_server: VecDeque<Sent>,
    to_client: VecDeque<Sent>,
    waiting: usize,
}

enum Way {
    /// The first packet of the connect arrives then.
    Syn(Time, SocketAddr),
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>),
    /// The device hears of it then.
    Answered(Time, Option<TcpStream>),
    Up(TcpStream),
    /// Nothing gets through any more. A socket that is kept stays silent.
    Silent(Option<TcpStream>),
}

/// A parcel on its way, or one that waits for the network.
struct Sent {
    due: Option<Time>,
    parcel: Parcel,
}

impl Wires {
    pub(super) fn new(
        devices: &[String],
        gateways: Vec<SocketAddr>,
        seed: u64,
        clock: Rc<Clock>,
    ) -> Rc<Wires> {
        let device = |name: &String| Device {
            path: Path::new(seed, name),
            wires: BTreeMap::new(),
            next_port: 1,
        };
        Rc::new(Wires {
            clock,
            gateways,
            devices: RefCell::new(devices.iter().map(device).collect()),
            owner: RefCell::default(),
            sleep: RefCell::default(),
        })
    }

    /// A device connects. Dropping the future gives it up.
    pub(super) fn connect(self: &Rc<Self>, device: usize, gateway: Gateway) -> Connecting<Wired> {
        let at = usize::from(gateway.0).saturating_sub(1);
        let Some(address) = self.gateways.get(at).copied() else {
            return Box::pin(async { Err(io::ErrorKind::AddrNotAvailable.into()) });
        };
        let port = Rc::new(RefCell::new(Port::default()));
        let mut devices = self.devices.borrow_mut();
        let device = &mut devices[device];
        let number = device.free_port();
        device.path.flows.insert(number, Flow::new(at as u16));
        let now = self.clock.now();
        let syn = device
            .path
            .fate(now, number, Direction::ToServer, Kind::Syn);
        let way = match syn {
            Fate::Arrives(due) => Way::Syn(due, address),
            Fate::Held | Fate::Lost => Way::Silent(None),
        };
        let wire = Wire {
            way,
            port: Rc::clone(&port),
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            waiting: 0,
        };
        device.wires.insert(number, wire);
        self.wake();
        Box::pin(Opening::new(Wired::new(port, Rc::clone(self))))
    }

    /// Changes a device's network; returns what the device is told of it.
    pub(super) fn change(&self, device: usize, change: &NetworkChange) -> Option<bool> {
        let mut devices = self.devices.borrow_mut();
        let device = &mut devices[device];
        match change.is {
            Some(NetworkWord::Reset) => device.reset(),
            Some(NetworkWord::Switched) => device.switch(),
            _ => {}
        }
        device.path.change(change);
        device.reconsider(self.clock.now());
        self.wake();
        device.path.news(change.is)
    }

    /// Sets a device's network right; returns what the device is told of it.
    pub(super) fn lift(&self, device: usize) -> Option<bool> {
        let mut devices = self.devices.borrow_mut();
        let device = &mut devices[device];
        device.path.lift();
        device.reconsider(self.clock.now());
        self.wake();
        device.path.news(Some(NetworkWord::Up))
    }

    pub(super) fn told_down(&self, device: usize) -> bool {
        self.devices.borrow()[device].path.told_down
    }

    /// From now on `owner` is woken when there is something to do.
    pub(super) fn owned_by(&self, owner: &Waker) {
        let mut present = self.owner.borrow_mut();
        match &mut *present {
            Some(present) => present.clone_from(owner),
            empty => *empty = Some(owner.clone()),
        }
    }

    fn wake(&self) {
        if let Some(owner) = &*self.owner.borrow() {
            owner.wake_by_ref();
        }
    }

    /// Moves everything that can be moved now; whoever hears of something is woken.
    pub(super) fn poll(&self, cx: &mut Context<'_>) {
        let now = self.clock.now();
        let mut next = None;
        for device in self.devices.borrow_mut().iter_mut() {
            device.poll(now, cx);
            next = next.into_iter().chain(device.next_due()).min();
        }
        self.sleep_until(next, cx);
    }

    fn sleep_until(&self, next: Option<Time>, cx: &mut Context<'_>) {
        let mut sleep = self.sleep.borrow_mut();
        if sleep.as_ref().map(|(at, _)| *at) != next {
            *sleep = next.map(|at| (at, self.clock.until(at)));
        }
        if let Some((_, waiting)) = &mut *sleep
            && waiting.as_mut().poll(cx).is_ready()
        {
            *sleep = None;
            self.wake();
        }
    }
}

impl Device {
    fn free_port(&mut self) -> u16 {
        while self.wires.contains_key(&self.next_port) {
            self.next_port = self.next_port.wrapping_add(1);
        }
        let free = self.next_port;
        self.next_port = free.wrapping_add(1);
        free
    }

    fn poll(&mut self, now: Time, cx: &mut Context<'_>) {
        let path = &mut self.path;
        self.wires.retain(|number, wire| {
            wire.poll(now, *number, path, cx);
            let over = wire.is_over();
            if over {
                path.flows.remove(number);
            }
            !over
        });
    }

    fn next_due(&self) -> Option<Time> {
        self.wires.values().filter_map(Wire::next_due).min()
    }

    /// Has the model decide anew about parcels whose direction does not work, and those that wait.
    fn reconsider(&mut self, now: Time) {
        for (number, wire) in &mut self.wires {
            for direction in [Direction::ToServer, Direction::ToClient] {
                let works = self.path.works(direction);
                let queue = wire.queue(direction);
                let keep = |sent: &Sent| works && sent.due.is_some();
                let (kept, again): (VecDeque<_>, VecDeque<_>) =
                    std::mem::take(queue).into_iter().partition(keep);
                *queue = kept;
                for sent in again {
                    wire.send(now, *number, direction, sent.parcel, &mut self.path);
                }
            }
        }
    }

    /// Every flow breaks, and both ends know at once.
    fn reset(&mut self) {
        for (number, wire) in &mut self.wires {
            if let Some(flow) = self.path.flows.get_mut(number)
                && !flow.is_dead()
            {
                flow.die();
                wire.reset();
            }
        }
    }

    /// Every flow is dead, and nobody knows.
    fn switch(&mut self) {
        for (number, wire) in &mut self.wires {
            if let Some(flow) = self.path.flows.get_mut(number) {
                flow.die();
                wire.silence();
            }
        }
    }
}

impl Wire {
    fn queue(&mut self, direction: Direction) -> &mut VecDeque<Sent> {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn poll(&mut self, now: Time, number: u16, path: &mut Path, cx: &mut Context<'_>) {
        let given = std::mem::take(&mut self.port.borrow_mut().outbound);
        for parcel in given {
            self.send(now, number, Direction::ToServer, parcel, path);
        }
        self.connect(now, number, path, cx);
        self.pass_on(now, cx);
        self.read(now, number, path, cx);
        self.arrive(now);
    }

    fn send(
        &mut self,
        now: Time,
        number: u16,
        direction: Direction,
        parcel: Parcel,
        path: &mut Path,
    ) {
        let kind = match parcel {
            Parcel::Reset => Kind::Rst,
            Parcel::Bytes(_) | Parcel::Ended => Kind::Data,
        };
        let due = match path.fate(now, number, direction, kind) {
            Fate::Arrives(due) => Some(due),
            Fate::Held => None,
            Fate::Lost => {
                // TCP accepts nothing after a gap but a reset.
                if let Some(flow) = path.flows.get_mut(&number) {
                    let end = flow.end_mut(End::reached(direction));
                    if end.way == FlowWay::Open {
                        end.way = FlowWay::Torn;
                    }
                }
                return;
            }
        };
        self.queue(direction).push_back(Sent { due, parcel });
    }

    fn connect(&mut self, now: Time, number: u16, path: &mut Path, cx: &mut Context<'_>) {
        if let Way::Syn(due, address) = self.way
            && due <= now
        {
            self.way = Way::Connecting(Box::pin(TcpStream::connect(address)));
        }
        if let Way::Connecting(connecting) = &mut self.way
            && let Poll::Ready(connected) = connecting.as_mut().poll(cx)
        {
            let stream = connected.ok();
            if let Some(stream) = &stream {
                // Small lines, each of them wanted at once.
                let _ = stream.set_nodelay(true);
            }
            let kind = match stream {
                Some(_) => Kind::SynAck(0),
                None => Kind::Rst,
            };
            self.way = match path.fate(now, number, Direction::ToClient, kind) {
                Fate::Arrives(due) => Way::Answered(due, stream),
                Fate::Held | Fate::Lost => Way::Silent(stream),
            };
        }
        if let Way::Answered(due, stream) = &mut self.way
            && *due <= now
        {
            let stream = stream.take();
            self.port.borrow_mut().opened(stream.is_some());
            self.way = match stream {
                Some(stream) => Way::Up(stream),
                None => Way::Silent(None),
            };
        }
    }

    /// What has arrived at the server's port goes into the socket.
    fn pass_on(&mut self, now: Time, cx: &mut Context<'_>) {
        while let Way::Up(stream) = &mut self.way
            && let Some(sent) = self.to_server.front_mut()
            && sent.due.is_some_and(|due| due <= now)
        {
            match &mut sent.parcel {
                Parcel::Bytes(bytes) => match Pin::new(stream).poll_write(cx, bytes) {
                    Poll::Ready(Ok(length)) if length < bytes.len() => {
                        bytes.drain(..length);
                    }
                    Poll::Ready(Ok(_)) => drop(self.to_server.pop_front()),
                    Poll::Ready(Err(_)) => self.to_server.clear(),
                    Poll::Pending => return,
                },
                Parcel::Ended => {
                    let _ = Pin::new(stream).poll_shutdown(cx);
                    self.to_server.pop_front();
                }
                Parcel::Reset => self.reset(),
            }
        }
    }

    fn read(&mut self, now: Time, number: u16, path: &mut Path, cx: &mut Context<'_>) {
        let mut bytes = [0; 8 << 10];
        while self.waiting < MOST_WAITING
            && let Way::Up(stream) = &mut self.way
            && !self.port.borrow().server_ended
        {
            let mut buffer = ReadBuf::new(&mut bytes);
            let parcel = match Pin::new(stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => Parcel::Ended,
                Poll::Ready(Ok(())) => Parcel::Bytes(buffer.filled().to_vec()),
                Poll::Ready(Err(_)) => Parcel::Reset,
            };
            if !matches!(parcel, Parcel::Bytes(_)) {
                self.port.borrow_mut().server_ended = true;
            }
            self.waiting += parcel.len();
            self.send(now, number, Direction::ToClient, parcel, path);
        }
    }

    /// What has arrived at the device is given to it.
    fn arrive(&mut self, now: Time) {
        while let Some(sent) = self.to_client.front()
            && sent.due.is_some_and(|due| due <= now)
            && let Some(sent) = self.to_client.pop_front()
        {
            self.waiting = self.waiting.saturating_sub(sent.parcel.len());
            self.port.borrow_mut().arrived(sent.parcel);
        }
    }

    /// Both ends are told that it broke.
    fn reset(&mut self) {
        if let Way::Up(stream) | Way::Answered(_, Some(stream)) = &self.way {
            // Closing without lingering is a reset for the other side.
            let _ = stream.set_zero_linger();
        }
        if !matches!(self.way, Way::Up(_)) {
            self.port.borrow_mut().opened(false);
        }
        self.way = Way::Silent(None);
        self.to_server.clear();
        self.to_client.clear();
        self.port.borrow_mut().arrived(Parcel::Reset);
    }

    /// Nobody is told anything.
    fn silence(&mut self) {
        let way = std::mem::replace(&mut self.way, Way::Silent(None));
        self.way = match way {
            Way::Up(stream) => Way::Silent(Some(stream)),
            Way::Answered(_, stream) | Way::Silent(stream) => Way::Silent(stream),
            Way::Syn(..) | Way::Connecting(_) => Way::Silent(None),
        };
        self.to_server.clear();
        self.to_client.clear();
    }

    fn next_due(&self) -> Option<Time> {
        let connect = match &self.way {
            Way::Syn(due, _) | Way::Answered(due, _) => Some(*due),
            _ => None,
        };
        let first = |queue: &VecDeque<Sent>| queue.front().and_then(|sent| sent.due);
        let to_server = match self.way {
            Way::Up(_) => first(&self.to_server),
            _ => None,
        };
        let dues = [connect, to_server, first(&self.to_client)];
        dues.into_iter().flatten().min()
    }

    /// Has the device let go of it, and has everything it sent been passed on? A wire that is torn
    /// or silent keeps its socket, so that the server is not told.
    fn is_over(&self) -> bool {
        let port = self.port.borrow();
        let passed_on = port.outbound.is_empty() && self.to_server.is_empty();
        port.let_go
            && match &self.way {
                Way::Up(_) => passed_on && port.passed_end(),
                Way::Syn(..) | Way::Connecting(_) | Way::Answered(..) => false,
                Way::Silent(stream) => stream.is_none(),
            }
    }
}
