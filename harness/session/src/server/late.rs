//! Notices that are delayed, lost or overtaken on their way out.

use std::collections::BTreeMap;

use super::Turn;
use crate::message::FromServer;
use crate::peer::{Disturbance, Disturbed, LinkId, Output};
use crate::time::Time;
use crate::words::Notice;

/// What waits to be sent, and what is to be disturbed next.
#[derive(Debug, Default)]
pub(super) struct Late {
    disturbances: Vec<Disturbance>,
    waiting: BTreeMap<(Time, u64), Output>,
    /// Notices that wait for the next one on their link.
    overtaken: BTreeMap<LinkId, Vec<Output>>,
    /// Until when the end of a link has to wait.
    until: BTreeMap<LinkId, Time>,
    count: u64,
}

impl Late {
    pub(super) fn disturb(&mut self, disturbance: Disturbance) {
        if disturbance.times > 0 {
            self.disturbances.push(disturbance);
        }
    }

    pub(super) fn first_due(&self) -> Option<Time> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// What becomes of a notice to this device, if anything does.
    fn disturbed(&mut self, notice: Notice, device: Option<&str>) -> Option<Disturbed> {
        let meant = |d: &Disturbance| {
            d.notice == notice && (d.device.is_none() || d.device.as_deref() == device)
        };
        let at = self.disturbances.iter().position(meant)?;
        let disturbance = &mut self.disturbances[at];
        disturbance.times -= 1;
        let how = disturbance.how;
        if disturbance.times == 0 {
            self.disturbances.remove(at);
        }
        Some(how)
    }

    /// The link is gone: nothing can overtake anything on it.
    pub(super) fn forget(&mut self, link: LinkId) {
        self.overtaken.remove(&link);
        self.until.remove(&link);
    }

    /// Is there nothing to do but to send?
    pub(super) fn is_idle(&self) -> bool {
        self.disturbances.is_empty() && self.overtaken.is_empty()
    }

    fn wait(&mut self, at: Time, link: LinkId, output: Output) {
        self.count += 1;
        self.waiting.insert((at, self.count), output);
        self.until.insert(link, at);
    }
}

impl Turn<'_> {
    /// Sends a message to a device, or does with it what was asked for.
    pub(super) fn emit(
        &mut self,
        link: LinkId,
        message: &FromServer,
        bytes: Vec<u8>,
        device: Option<&str>,
    ) {
        let output = Output::Send { link, bytes };
        let late = &mut self.server.late;
        let how = kind_of(message).and_then(|notice| late.disturbed(notice, device));
        match how {
            Some(Disturbed::Dropped) => {}
            Some(Disturbed::Delayed(by)) => {
                let at = self.now.at + by;
                late.wait(at, link, output);
                self.server.wake_by(at);
            }
            Some(Disturbed::Reordered) => {
                late.overtaken.entry(link).or_default().push(output);
            }
            None => {
                self.outputs.push(output);
                let overtaken = self.server.late.overtaken.remove(&link);
                self.outputs.extend(overtaken.into_iter().flatten());
            }
        }
    }

    /// Closes a link once everything that waits for it has left.
    pub(super) fn close_after(&mut self, link: LinkId) {
        let late = &mut self.server.late;
        let overtaken = late.overtaken.remove(&link);
        self.outputs.extend(overtaken.into_iter().flatten());
        match late.until.remove(&link).filter(|at| *at > self.now.at) {
            Some(at) => late.wait(at, link, Output::Close { link }),
            None => self.outputs.push(Output::Close { link }),
        }
    }

    pub(super) fn send_late(&mut self) {
        let now = self.now.at;
        while let Some(first) = self.server.late.waiting.first_entry()
            && first.key().0 <= now
        {
            self.outputs.push(first.remove());
        }
        self.server.late.until.retain(|_, at| *at > now);
    }
}

fn kind_of(message: &FromServer) -> Option<Notice> {
    Some(match message {
        FromServer::Ok { .. } | FromServer::No { .. } => Notice::Answer,
        FromServer::Kicked { .. } => Notice::KickedOut,
        FromServer::Expired { .. } => Notice::TokenExpired,
        FromServer::PeerJoined { .. } => Notice::PeerJoined,
        FromServer::PeerLeft { .. } => Notice::PeerLeft,
        FromServer::Deliver { .. } => Notice::Message,
        FromServer::Pong
        | FromServer::StreamAdded { .. }
        | FromServer::StreamRemoved { .. }
        | FromServer::ExtraInfo { .. } => return None,
    })
}
