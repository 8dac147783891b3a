//! What a session knows of the others in its room. Notices stay inside their room (EXP-033).

use std::collections::BTreeSet;

use super::{Link, Session, Speaker};
use crate::deviation::Deviation;
use crate::message::Stream;
use crate::peer::Happening;
use crate::words::Event;

impl Session {
    /// The room as the server knows it; what changed since is told.
    pub(super) fn room_is(
        &mut self,
        members: Vec<String>,
        streams: Vec<Stream>,
        say: &mut Speaker<'_>,
    ) {
        let Some(room) = self.room.clone() else {
            return;
        };
        let members: BTreeSet<String> = members.into_iter().collect();
        let streams: BTreeSet<Stream> = streams.into_iter().collect();
        for gone in self.streams.difference(&streams) {
            say.tell(about_stream(Event::StreamRemoved, &room, gone));
        }
        for gone in self.members.difference(&members) {
            say.tell(about_peer(Event::PeerLeft, &room, gone));
        }
        for new in members.difference(&self.members) {
            say.tell(about_peer(Event::PeerJoined, &room, new));
        }
        for new in streams.difference(&self.streams) {
            say.tell(about_stream(Event::StreamAdded, &room, new));
        }
        self.members = members;
        self.streams = streams;
    }

    /// News that overtakes the answer to a login or resumption says nothing: the answer tells who
    /// is there.
    fn is_in(&self, room: &str, leak: Deviation, say: &Speaker<'_>) -> bool {
        let is_accepted = matches!(self.link, Link::Accepted(_));
        let here = self.room.as_deref() == Some(room) || say.deviates(leak);
        is_accepted && here && !self.is_leaving()
    }

    pub(super) fn peer_joined(&mut self, room: &str, user: String, say: &mut Speaker<'_>) {
        if self.is_in(room, Deviation::MemberNoticesLeak, say) && self.members.insert(user.clone())
        {
            say.tell(about_peer(Event::PeerJoined, room, &user));
        }
    }

    pub(super) fn peer_left(&mut self, room: &str, user: &str, say: &mut Speaker<'_>) {
        if self.is_in(room, Deviation::MemberNoticesLeak, say) && self.members.remove(user) {
            say.tell(about_peer(Event::PeerLeft, room, user));
        }
    }

    pub(super) fn stream_added(&mut self, room: &str, stream: Stream, say: &mut Speaker<'_>) {
        if self.is_in(room, Deviation::StreamNoticesLeak, say)
            && self.streams.insert(stream.clone())
        {
            say.tell(about_stream(Event::StreamAdded, room, &stream));
        }
    }

    pub(super) fn stream_removed(&mut self, room: &str, stream: &Stream, say: &mut Speaker<'_>) {
        if self.is_in(room, Deviation::StreamNoticesLeak, say) && self.streams.remove(stream) {
            say.tell(about_stream(Event::StreamRemoved, room, stream));
        }
    }

    pub(super) fn extra_info(
        &mut self,
        room: &str,
        stream: Stream,
        text: String,
        say: &mut Speaker<'_>,
    ) {
        if self.is_in(room, Deviation::ExtraInfoLeaks, say) {
            say.tell(Happening {
                text: Some(text),
                ..about_stream(Event::StreamExtraInfo, room, &stream)
            });
        }
    }
}

fn about_peer(event: Event, room: &str, user: &str) -> Happening {
    Happening {
        room: Some(room.to_owned()),
        user: Some(user.to_owned()),
        ..Happening::new(event)
    }
}

fn about_stream(event: Event, room: &str, stream: &Stream) -> Happening {
    Happening {
        stream: Some(stream.stream.clone()),
        ..about_peer(event, room, &stream.user)
    }
}
