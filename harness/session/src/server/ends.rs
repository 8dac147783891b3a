//! How sessions end, and who hears of it.

use super::sessions::{self, Session};
use super::{FIRST_MESSAGE_WITHIN, Turn};
use crate::deviation::Deviation;
use crate::message::{FromServer, Stream};
use crate::peer::{LinkId, Output, SessionEvent};
use crate::rules::OnExpiry;
use crate::ticket::APP_ID;
use crate::words::{EndCause, Platform, Reason};

impl Turn<'_> {
    /// Administrators act on the app whose ID is used unless a client says otherwise.
    pub(super) fn kick(&mut self, user: &str, room: Option<&str>, device: Option<&str>) {
        let meant = |session: &&Session| {
            (room.is_none() || session.room.as_deref() == room)
                && (device.is_none() || Some(session.device.as_str()) == device)
        };
        let sessions = self.server.sessions.of(APP_ID, user).filter(meant);
        let mut orders: Vec<u64> = sessions.map(|session| session.order).collect();
        if self.deviates(Deviation::KickSparesTheLast) {
            orders.pop();
        }
        let reason = match self.deviates(Deviation::KickedAsBanned) {
            true => Reason::Banned,
            false => Reason::Server,
        };
        for order in orders {
            self.end_and_tell(order, EndCause::Server, Some(reason));
        }
        if self.kick_makes_worthless() && room.is_none() && device.is_none() {
            self.revoke(user);
        }
    }

    pub(super) fn ban(&mut self, user: &str) {
        self.change_account(user, |account| account.banned = true);
        let sessions = self.server.sessions.of(APP_ID, user);
        let orders: Vec<u64> = sessions.map(|session| session.order).collect();
        for order in orders {
            self.end_and_tell(order, EndCause::Banned, Some(Reason::Banned));
        }
    }

    pub(super) fn revoke(&mut self, user: &str) {
        let now = self.now.wall;
        self.change_account(user, |account| account.not_before = Some(now));
    }

    pub(super) fn expire(&mut self, order: u64) {
        let told = match self.server.rules.token.on_expiry {
            OnExpiry::Stay => return,
            OnExpiry::Kick => Some(Reason::TokenExpired),
            OnExpiry::Disconnect => None,
        };
        if told.is_none()
            && let Some(link) = self.server.sessions.get(order).and_then(|s| s.link)
        {
            let session = sessions::name_of(order);
            self.send(link, &FromServer::Expired { session });
        }
        self.end_and_tell(order, EndCause::TokenExpired, told);
    }

    /// A newer login takes the place of a session. In `quiet_room` nobody hears of it.
    pub(super) fn displace(
        &mut self,
        order: u64,
        told: Option<Reason>,
        by: Platform,
        quiet_room: Option<&str>,
    ) {
        let link = self.tell_kicked(order, told, Some(by));
        if let Some(session) = self.server.sessions.remove(order, EndCause::NewerLogin) {
            if link.is_none() && told.is_some() {
                self.note_away(&session, true);
            }
            let quiet = session.room.is_some() && session.room.as_deref() == quiet_room;
            self.ended(&session, EndCause::NewerLogin, quiet);
        }
        if let Some(link) = link {
            self.close(link);
        }
    }

    /// Ends a session, tells its device where it can, and closes its link.
    pub(super) fn end_and_tell(&mut self, order: u64, cause: EndCause, told: Option<Reason>) {
        let link = self.tell_kicked(order, told, None);
        self.end(order, cause);
        if let Some(link) = link {
            self.close(link);
        }
    }

    /// The kick names its session, so it can never hit another (I4).
    fn tell_kicked(
        &mut self,
        order: u64,
        told: Option<Reason>,
        by: Option<Platform>,
    ) -> Option<LinkId> {
        let link = self.server.sessions.get(order).and_then(|s| s.link)?;
        if let Some(reason) = told {
            let session = sessions::name_of(order);
            let kicked = FromServer::Kicked {
                session,
                reason,
                by,
            };
            self.send(link, &kicked);
        }
        Some(link)
    }

    pub(super) fn end(&mut self, order: u64, cause: EndCause) {
        if let Some(session) = self.server.sessions.remove(order, cause) {
            if matches!(cause, EndCause::Silent | EndCause::LinkClosed) {
                self.note_away(&session, false);
            }
            self.ended(&session, cause, false);
        }
    }

    /// What others hear of an end.
    fn ended(&mut self, session: &Session, cause: EndCause, quiet: bool) {
        if let Some(room) = &session.room {
            for stream in session.streams.keys() {
                self.tell_stream(session, stream, false);
            }
            let unheard = cause == EndCause::Silent && self.deviates(Deviation::SilentMemberStays);
            if !quiet
                && !unheard
                && !session.unnoticed
                && !self
                    .server
                    .sessions
                    .is_seen_in(session.app, room, &session.user)
            {
                let left = FromServer::PeerLeft {
                    room: room.clone(),
                    user: session.user.clone(),
                };
                self.tell_members(session.app, room, &session.user, &left);
            }
        }
        let about = session.about();
        self.outputs
            .push(Output::Session(SessionEvent::Ended { about, cause }));
    }

    /// A stream of a session began or ended: everybody else in the room hears of it.
    pub(super) fn tell_stream(&mut self, session: &Session, stream: &str, began: bool) {
        let Some(room) = session.room.clone() else {
            return;
        };
        let stream = Stream {
            stream: stream.to_owned(),
            user: session.user.clone(),
        };
        if self.deviates(Deviation::StreamsUntold) {
            return;
        }
        let leaks = self.deviates(Deviation::StreamNoticesLeak);
        let links =
            self.server
                .sessions
                .links_in(session.app, (!leaks).then_some(&room), &session.user);
        let notice = match began {
            true => FromServer::StreamAdded { room, stream },
            false => FromServer::StreamRemoved { room, stream },
        };
        for (link, _) in links {
            self.send(link, &notice);
        }
    }

    /// EXP-032, EXP-033: the others in this room who want to hear of members, and nobody
    /// elsewhere (Z-AMB-06).
    pub(super) fn tell_members(&mut self, app: u32, room: &str, about: &str, message: &FromServer) {
        if self.deviates(Deviation::MembersUntold) {
            return;
        }
        let room = (!self.deviates(Deviation::MemberNoticesLeak)).then_some(room);
        for (link, unnoticed) in self.server.sessions.links_in(app, room, about) {
            if !unnoticed {
                self.send(link, message);
            }
        }
    }

    /// Ends what was silent for too long, or has an expired ticket.
    pub(super) fn end_overdue(&mut self) {
        let now = self.now.at;
        let limit = self.server.rules.heartbeat.server_limit;
        let by_timer = self.server.expires_by_timer();
        let due: Vec<(u64, bool)> = self
            .server
            .sessions
            .all()
            .filter_map(|session| {
                let expired = by_timer && session.has_run_out(now);
                let silent = now >= session.heard + limit;
                (expired || silent).then_some((session.order, expired))
            })
            .collect();
        for (order, expired) in due {
            if expired {
                self.expire(order);
            } else {
                self.end_and_tell(order, EndCause::Silent, None); // EXP-025
            }
        }
        let mute: Vec<LinkId> = self
            .server
            .links
            .iter()
            .filter(|(_, link)| link.session.is_none() && link.opened + FIRST_MESSAGE_WITHIN <= now)
            .map(|(link, _)| *link)
            .collect();
        for link in mute {
            self.give_up(link, "no login came over this link".into());
        }
    }
}
