//! Connections, gateways, and what is sent over them.

use super::{FIRST_MESSAGE_WITHIN, Turn};
use crate::message::{FromClient, FromServer};
use crate::peer::{Gateway, LinkId, Output};
use crate::rules::OnLinkClose;
use crate::time::Time;
use crate::wire::{Decoder, encode};
use crate::words::EndCause;

/// The most links at once; a further one is closed.
const MOST_LINKS: usize = 100_000;

#[derive(Debug)]
pub(super) struct Link {
    decoder: Decoder,
    pub(super) opened: Time,
    gateway: Gateway,
    /// The session that lives on it, by its order.
    pub(super) session: Option<u64>,
}

impl Turn<'_> {
    pub(super) fn link_opened(&mut self, link: LinkId, gateway: Gateway) {
        let server = &mut *self.server;
        if server.links.len() >= MOST_LINKS || server.stopped.contains(&gateway) {
            self.outputs.push(Output::Close { link });
            return;
        }
        let fresh = Link {
            decoder: Decoder::default(),
            opened: self.now.at,
            gateway,
            session: None,
        };
        server.links.insert(link, fresh);
        server.wake_by(self.now.at + FIRST_MESSAGE_WITHIN);
    }

    pub(super) fn link_closed(&mut self, link: LinkId) {
        let Some(gone) = self.server.links.remove(&link) else {
            return;
        };
        self.server.late.forget(link);
        if let Err(fault) = gone.decoder.finish() {
            self.breach(link, fault.to_string());
        }
        // The end of an old link never touches a session that has moved on (I4).
        let Some(order) = gone.session else { return };
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        if session.link == Some(link) {
            session.link = None;
            if self.server.rules.heartbeat.on_link_close == OnLinkClose::End {
                self.end(order, EndCause::LinkClosed);
            }
        }
    }

    /// A gateway stops, and all its links end; or it goes on. What is known of sessions is known
    /// to all gateways.
    pub(super) fn gateway(&mut self, gateway: Gateway, works: bool) {
        if works {
            self.server.stopped.remove(&gateway);
            return;
        }
        self.server.stopped.insert(gateway);
        let links = self.server.links.iter();
        let lost: Vec<LinkId> = links
            .filter(|(_, link)| link.gateway == gateway)
            .map(|(id, _)| *id)
            .collect();
        for link in lost {
            self.link_closed(link);
            self.outputs.push(Output::Close { link });
        }
    }

    pub(super) fn close(&mut self, link: LinkId) {
        if self.server.links.remove(&link).is_some() {
            self.close_after(link);
        }
    }

    fn breach(&mut self, link: LinkId, what: String) {
        self.outputs.push(Output::Breach { link, what });
    }

    /// The link is of no more use; a session on it is treated as if the link had broken.
    pub(super) fn give_up(&mut self, link: LinkId, what: String) {
        self.breach(link, what);
        if let Some(state) = self.server.links.get_mut(&link) {
            state.decoder = Decoder::default();
        }
        self.link_closed(link);
        self.outputs.push(Output::Close { link });
    }

    pub(super) fn received(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(state) = self.server.links.get_mut(&link) else {
            return;
        };
        let (messages, fault) = state.decoder.push::<FromClient>(bytes);
        for message in messages {
            if !self.server.links.contains_key(&link) {
                return;
            }
            self.message(link, message);
        }
        if let Err(fault) = fault
            && self.server.links.contains_key(&link)
        {
            self.give_up(link, fault.to_string());
        }
    }

    /// Sends to whoever is at the other end.
    pub(super) fn send(&mut self, link: LinkId, message: &FromServer) {
        if self.server.late.is_idle() {
            let bytes = encode(message);
            self.outputs.push(Output::Send { link, bytes });
            return;
        }
        let order = self.server.links.get(&link).and_then(|link| link.session);
        let session = order.and_then(|order| self.server.sessions.get(order));
        let device = session.map(|session| session.device.clone());
        self.emit(link, message, encode(message), device.as_deref());
    }
}
