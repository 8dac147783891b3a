//! On which host the sockets of a device are, and whose a port of a host is.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);

const FIRST: u32 = u32::from_be_bytes([10, 0, 0, 1]);

/// The lowest port that a connect gets.
const FIRST_PORT: u16 = 49_152;

/// So many devices have a host each.
const FEW: usize = 16;

/// So many share a host where there are more: a host costs more to ask for packets than a
/// socket, and more to find a socket in the more it has.
const SHARE: usize = 32;

/// The hosts of the devices, one after the other; that of the server is not among them.
pub(super) struct Hosts {
    share: usize,
    shared: Vec<Shared>,
}

/// What is to be known of a host that devices share.
#[derive(Default)]
struct Shared {
    /// The device that has a port, by port.
    owners: Vec<usize>,
    /// Who connects and has no port yet.
    connecting: VecDeque<usize>,
}

impl Hosts {
    pub(super) fn new(devices: usize) -> Hosts {
        let share = if devices > FEW { SHARE } else { 1 };
        let hosts = devices.div_ceil(share);
        Hosts {
            share,
            shared: (0..hosts).map(|_| Shared::default()).collect(),
        }
    }

    /// Are there so many devices that asking them all costs more than anything else?
    pub(super) fn many(&self) -> bool {
        self.share > 1
    }

    /// The addresses of all hosts, in their order.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        (0..self.shared.len()).map(address)
    }

    /// The place of the device's host.
    pub(super) fn of(&self, device: usize) -> usize {
        device / self.share
    }

    pub(super) fn address(&self, device: usize) -> IpAddr {
        address(self.of(device)).into()
    }

    /// The device begins to connect; the packets of connects leave in the order of these calls.
    pub(super) fn connects(&mut self, device: usize) {
        let host = self.of(device);
        self.shared[host].connecting.push_back(device);
    }

    /// The last connect came to nothing before a packet was made for it.
    pub(super) fn connects_not(&mut self, device: usize) {
        let host = self.of(device);
        self.shared[host].connecting.pop_back();
    }

    /// The first packet of a connect left through this port.
    pub(super) fn connected(&mut self, from: IpAddr, port: u16) {
        let Some(shared) = place(from).and_then(|host| self.shared.get_mut(host)) else {
            return;
        };
        let index = usize::from(port.saturating_sub(FIRST_PORT));
        if let Some(device) = shared.connecting.pop_front() {
            if shared.owners.len() <= index {
                shared.owners.resize(index + 1, usize::MAX);
            }
            shared.owners[index] = device;
        }
    }

    /// Whose port it is.
    pub(super) fn owner(&self, at: IpAddr, port: u16) -> Option<usize> {
        let shared = self.shared.get(place(at)?)?;
        let index = usize::from(port.checked_sub(FIRST_PORT)?);
        shared.owners.get(index).copied()
    }
}

fn address(host: usize) -> Ipv4Addr {
    Ipv4Addr::from(FIRST + host as u32)
}

fn place(address: IpAddr) -> Option<usize> {
    match address {
        IpAddr::V4(address) if address != SERVER => {
            Some(u32::from(address).checked_sub(FIRST)? as usize)
        }
        _ => None,
    }
}
