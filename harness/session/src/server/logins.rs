//! Who may come in, and who has to go for that.

use std::collections::BTreeMap;

use super::accounts::{Account, Away};
use super::sessions::{self, Session};
use super::{Server, Turn};
use crate::deviation::Deviation;
use crate::message::{FromServer, Hello};
use crate::peer::{LinkId, Output, SessionEvent};
use crate::rules::{
    AfterServerKick, Authentication, BadAppSign, FromTheFuture, KickedWhileAway, Limit, Newcomer,
    Returning, SeveralRooms, ShortTicket, TakeoverTold, Victim, Wait, WarningLead,
};
use crate::ticket::{self, Claims, Expected, Secret};
use crate::time::{Millis, Time};
use crate::words::{EndCause, ErrorWord, Platform, Reason};

const A_SECOND: Millis = Millis::seconds(1);
const A_DAY: u64 = 24 * 3_600 * 1_000;

impl Turn<'_> {
    pub(super) fn login(&mut self, link: LinkId, hello: Hello) {
        match self.admit(&hello) {
            Err(error) => self.refuse(link, hello.id, error),
            Ok(ticket_over) => {
                let order = self.server.sessions.next_order(self.now.at);
                self.open(link, hello, order, ticket_over);
            }
        }
    }

    /// Everything that has to hold before a new session is opened.
    fn admit(&mut self, hello: &Hello) -> Result<Option<Time>, ErrorWord> {
        let account = self.server.accounts.get(hello.app, &hello.user).cloned();
        if account
            .as_ref()
            .is_some_and(|account| self.now.at < account.locked_until)
        {
            return Err(ErrorWord::TooManyFailures);
        }
        let over = self
            .check(hello)
            .inspect_err(|error| self.failed(hello, *error))?;
        if let Some(over) = over {
            self.short(over, self.server.rules.token.short_at_login)?;
        }
        self.room_has_place(hello)?;
        let unseen = !account.is_some_and(|account| account.created);
        if unseen && self.deviates(Deviation::SignUpRequired) {
            return Err(ErrorWord::TokenInvalid);
        }
        if self.server.rules.devices.newcomer == Newcomer::Refused
            && self
                .victims(hello)
                .iter()
                .any(|(_, device)| *device != hello.device)
        {
            return Err(ErrorWord::TooManyDevices);
        }
        let account = self.server.accounts.get_mut(hello.app, &hello.user);
        account.failures = 0;
        // T-AMB-08: once; the mark is gone either way.
        let away = account.away.remove(&hello.device);
        if away.is_some_and(|away| away.displaced)
            && self.server.rules.devices.kicked_while_away == KickedWhileAway::Told
        {
            return Err(ErrorWord::Displaced);
        }
        Ok(over)
    }

    pub(super) fn resume(&mut self, link: LinkId, name: &str, hello: Hello) {
        let id = hello.id;
        let order = sessions::order_of(name);
        let kept = order
            .and_then(|order| Some((order, self.server.sessions.get(order)?)))
            .filter(|(_, session)| session.is_of(&hello) && session.device == hello.device)
            .map(|(order, session)| (order, session.link));
        let checked = match self.check(&hello) {
            Err(ErrorWord::TokenExpired) if self.deviates(Deviation::ExpiredTicketResumes) => {
                Ok(Some(self.now.at + Millis(A_DAY)))
            }
            checked => checked,
        };
        if let Some((order, old_link)) = kept {
            let over = match checked {
                Ok(over) => over,
                // An established session may outlive its ticket where the service says so.
                Err(ErrorWord::TokenExpired) if !self.server.expiry_ends_sessions() => {
                    Some(self.now.at)
                }
                Err(error) => {
                    if error == ErrorWord::TokenExpired {
                        self.end(order, EndCause::TokenExpired);
                    }
                    return self.refuse(link, id, error);
                }
            };
            let old_ends = old_link.is_some() && self.deviates(Deviation::OldLinkEndsTheSession);
            if let Some(old_link) = old_link {
                self.close(old_link);
            }
            self.rebind(link, id, order, over);
            if old_ends {
                self.end(order, EndCause::LinkClosed);
            }
            return;
        }
        let ticket_over = match checked {
            Ok(over) => over,
            Err(error) => return self.refuse(link, id, error),
        };
        // A name that is not ours, or that of somebody else's session, stands behind every session
        // there is.
        let newest = self.server.sessions.last_order().max(self.now.at.0);
        let taken = |order: u64| self.server.sessions.get(order).is_some();
        let order = order.filter(|order| *order <= newest && !taken(*order));
        let newer = order.is_some_and(|order| self.server.sessions.was_displaced(order))
            || self
                .victims(&hello)
                .into_iter()
                .any(|(rival, device)| Some(rival) > order && device != hello.device);
        match (newer, self.server.rules.devices.returning) {
            // Z-AMB-10, Z-AMB-40, T-AMB-09: the newer login is untouched.
            (true, Returning::Loses) if !self.deviates(Deviation::DisplacedComesBack) => {
                let account = self.server.accounts.get_mut(hello.app, &hello.user);
                account.away.remove(&hello.device);
                self.refuse(link, id, ErrorWord::Displaced);
            }
            (true, _) => {
                let order = self.server.sessions.next_order(self.now.at);
                self.open(link, hello, order, ticket_over);
            }
            // Forgotten, by silence or a restart, but nobody took its place: it keeps its order.
            (false, _) => {
                let order = order.unwrap_or_else(|| self.server.sessions.next_order(self.now.at));
                self.open(link, hello, order, ticket_over);
            }
        }
    }

    /// Says no to a login or resume; the link has served its purpose.
    fn refuse(&mut self, link: LinkId, id: u32, error: ErrorWord) {
        let error = match error {
            ErrorWord::TokenExpired if self.deviates(Deviation::ExpiredTicketToldAsInvalid) => {
                ErrorWord::TokenInvalid
            }
            ErrorWord::TokenInvalid | ErrorWord::TokenWrongUser | ErrorWord::TokenWrongKey
                if self.deviates(Deviation::InvalidTicketToldAsExpired) =>
            {
                ErrorWord::TokenExpired
            }
            error => error,
        };
        self.send(link, &FromServer::No { id, error });
        self.close(link);
    }

    // ---- what is asked of a login ------------------------------------------------------------

    /// The first moment at which its ticket is no longer good, if it admits this user; none where
    /// it needs no ticket.
    fn check(&self, hello: &Hello) -> Result<Option<Time>, ErrorWord> {
        let identifiers = &self.server.rules.identifiers;
        // TIM-013, TIM-014; EXP-052, EXP-055
        let user = identifiers.refuse_user(&hello.user);
        let room = hello.room.as_ref().and_then(|r| identifiers.refuse_room(r));
        let name = hello.name.as_ref().and_then(|n| identifiers.refuse_name(n));
        if let Some(error) = user.or(room).or(name) {
            return Err(error);
        }
        let over = self.prove(hello)?;
        let account = self.server.accounts.get(hello.app, &hello.user);
        let banned = account.is_some_and(|account| account.banned);
        match banned && !self.deviates(Deviation::BanForgotten) {
            true => Err(ErrorWord::Banned),
            false => Ok(over),
        }
    }

    /// When a login is no longer good by what it brought, if it admits this user.
    fn prove(&self, hello: &Hello) -> Result<Option<Time>, ErrorWord> {
        let rules = &self.server.rules.login;
        // ZIM-003: on web only tickets count.
        let by_app = rules.authentication == Authentication::AppSign;
        let is_web = hello.platform == Platform::Web;
        if by_app && (!is_web || self.deviates(Deviation::WebByAppSign)) {
            let sign = hello.app_sign.as_deref();
            // ZIM-005, Z-AMB-53: the ticket is not looked at.
            if sign.is_some_and(|sign| ticket::is_app_sign(hello.app, sign)) {
                return Ok(None);
            }
            if sign.is_some() && rules.bad_app_sign == BadAppSign::Refused {
                return Err(ErrorWord::AppSignInvalid);
            }
        }
        let room = hello.room.as_deref();
        self.verify(&hello.ticket, hello.app, &hello.user, room)
            .map(Some)
    }

    /// EXP-010, ZIM-009, TIM-015: the ticket must be whole, of this app, of this user, unexpired.
    /// The first moment at which it is no longer good.
    pub(super) fn verify(
        &self,
        text: &str,
        app: u32,
        user: &str,
        room: Option<&str>,
    ) -> Result<Time, ErrorWord> {
        let rules = &self.server.rules.token;
        let expected = Expected {
            app,
            user,
            room,
            now: seconds(self.now.wall),
            end: rules.end_counts,
            payload: rules.payload,
        };
        let secret = Secret::of_app(rules.format, app);
        let claims = match ticket::verify(text, &secret, &expected) {
            Ok(claims) => claims,
            Err(refused) => {
                let overlooks = Deviation::overlooking(refused.error());
                return match overlooks.is_some_and(|how| self.deviates(how)) {
                    true => Ok(self.now.at + Millis(A_DAY)),
                    false => Err(refused.error()),
                };
            }
        };
        if claims.issued > expected.now && rules.from_the_future == FromTheFuture::Refused {
            return Err(ErrorWord::TokenInvalid); // T-AMB-03
        }
        let life = claims.ends.saturating_sub(claims.issued);
        if let Wait::For(longest) = rules.longest_life
            && life > seconds(longest.0)
        {
            return Err(ErrorWord::TokenInvalid); // Z-AMB-28
        }
        if self.is_worthless(&claims) {
            return Err(ErrorWord::TokenRevoked);
        }
        let over = claims.over(rules.end_counts);
        Ok(self.now.at + Millis(over.saturating_sub(self.now.wall)))
    }

    /// T-AMB-44: in whole seconds, and that of the administrator's act included.
    fn is_worthless(&self, claims: &Claims) -> bool {
        let account = self.server.accounts.get(claims.app, &claims.user);
        account
            .and_then(|account| account.not_before)
            .is_some_and(|not_before| claims.issued <= seconds(not_before))
    }

    /// Z-AMB-27: exactly the lead is enough.
    pub(super) fn short(&self, over: Time, rule: ShortTicket) -> Result<(), ErrorWord> {
        match (self.server.rules.token.warning_lead, rule) {
            (WarningLead::Before(lead), ShortTicket::Refused) if over.since(self.now.at) < lead => {
                Err(ErrorWord::TokenTooShort)
            }
            _ => Ok(()),
        }
    }

    /// Only a ticket that is no good counts as a failure.
    fn failed(&mut self, hello: &Hello, error: ErrorWord) {
        let is_ticket = matches!(
            error,
            ErrorWord::TokenMissing
                | ErrorWord::TokenInvalid
                | ErrorWord::TokenMalformed
                | ErrorWord::TokenWrongVersion
                | ErrorWord::TokenWrongKey
                | ErrorWord::TokenWrongTypes
                | ErrorWord::TokenForbids
                | ErrorWord::TokenExpired
                | ErrorWord::TokenWrongUser
                | ErrorWord::TokenWrongApp
                | ErrorWord::TokenRevoked
        );
        let rules = &self.server.rules.login;
        if let (true, Limit::Most(_)) = (is_ticket, rules.most_failures) {
            let account = self.server.accounts.get_mut(hello.app, &hello.user);
            account.failures += 1;
            if rules
                .most_failures
                .is_exceeded_by(account.failures as usize + 1)
            {
                account.locked_until = self.now.at + rules.lockout;
                account.failures = 0;
            }
        }
    }

    fn room_has_place(&mut self, hello: &Hello) -> Result<(), ErrorWord> {
        let rules = &self.server.rules.rooms;
        let Some(room) = &hello.room else {
            return Ok(());
        };
        let sessions = &self.server.sessions;
        let is_empty = !sessions
            .all()
            .any(|other| other.room.as_ref() == Some(room));
        if self.server.rules.deviates(Deviation::RoomsNotCreated) && is_empty {
            return Err(ErrorWord::NotMember);
        }
        if hello.several_rooms {
            if rules.several == SeveralRooms::Refused {
                return Err(ErrorWord::SeveralRoomsRefused);
            }
            let others = self.server.sessions.of_device(hello.app, &hello.device);
            let others = others.filter(|session| session.room.as_ref() != Some(room));
            if rules.most.is_exceeded_by(others.count() + 1) {
                return Err(ErrorWord::TooManyRooms);
            }
        }
        if let Limit::Most(_) = rules.logins_per_second {
            let key = (hello.app, room.clone());
            let recent = self.server.room_logins.entry(key).or_default();
            while recent
                .front()
                .is_some_and(|at| *at + A_SECOND <= self.now.at)
            {
                recent.pop_front();
            }
            if rules.logins_per_second.is_exceeded_by(recent.len() + 1) {
                return Err(ErrorWord::TooFrequent);
            }
            recent.push_back(self.now.at);
        }
        Ok(())
    }

    // ---- who has to go -----------------------------------------------------------------------

    /// The sessions that cannot stay beside a new one, with their devices, in the order of
    /// their logins.
    fn victims(&self, hello: &Hello) -> Vec<(u64, String)> {
        let devices = self.server.devices_of(hello);
        let rules = &self.server.rules.devices;
        let mut gone: Vec<&str> = Vec::new();
        let others = || devices.iter().filter(|other| other.name != hello.device);
        // T-AMB-32: a platform that is excluded goes with all its instances.
        gone.extend(
            others()
                .filter(|other| !rules.admits_both(other.platform, hello.platform))
                .map(|other| other.name),
        );
        let mut make_room = |limit: Limit, counts: &dyn Fn(Platform) -> bool| {
            let mut rest: Vec<&Device<'_>> = others()
                .filter(|other| counts(other.platform) && !gone.contains(&other.name))
                .collect();
            if rules.victim == Victim::Latest {
                rest.reverse();
            }
            // TIM-053, T-AMB-31, T-AMB-34: as many as needed, no more.
            let too_many = (0..=rest.len())
                .find(|gone| !limit.is_exceeded_by(rest.len() - gone + 1))
                .unwrap_or(rest.len());
            gone.extend(rest.iter().take(too_many).map(|device| device.name));
        };
        make_room(rules.instances(hello.platform), &|p| p == hello.platform);
        if hello.platform != Platform::Web {
            make_room(rules.native_in_total, &|p| p != Platform::Web);
        }
        self.server
            .sessions
            .of(hello.app, &hello.user)
            .filter(|session| match session.device == hello.device {
                // The device's own ghost; with several rooms only that in the same room.
                true => {
                    !(hello.several_rooms && session.several_rooms) || session.room == hello.room
                }
                false => gone.contains(&session.device.as_str()),
            })
            .map(|session| (session.order, session.device.clone()))
            .collect()
    }

    // ---- opening -----------------------------------------------------------------------------

    /// Opens a session; whoever cannot stay beside it goes first (T-AMB-19).
    fn open(&mut self, link: LinkId, hello: Hello, order: u64, ticket_over: Option<Time>) {
        let told = self.server.rules.rooms.takeover_told;
        let sessions = &self.server.sessions;
        let quietly = told == TakeoverTold::Nothing
            && hello
                .room
                .as_ref()
                .is_some_and(|room| sessions.is_in(hello.app, room, &hello.user));
        let mut victims = self.victims(&hello);
        let others = |(_, device): &(u64, String)| *device != hello.device;
        let newcomer_goes =
            self.deviates(Deviation::NewcomerKickedToo) && victims.iter().any(others);
        if self.deviates(Deviation::OlderLeftOnline) {
            victims.retain(|victim| !others(victim));
        }
        if self.deviates(Deviation::DisplacedInOneRoomOnly) {
            let sessions = &self.server.sessions;
            victims.retain(|(order, _)| {
                sessions
                    .get(*order)
                    .is_some_and(|other| other.room == hello.room)
            });
        }
        if self.deviates(Deviation::OtherAppsDisplaced) {
            let all = self.server.sessions.all();
            let elsewhere = all.filter(|other| other.app != hello.app && other.user == hello.user);
            victims.extend(elsewhere.map(|other| (other.order, other.device.clone())));
        }
        for (victim, device) in victims {
            // EXP-059…061, ZIM-040, TIM-053: the newer login stays. The device's own ghost is
            // replaced without a kick: nobody listens there.
            let told = (device != hello.device && !self.deviates(Deviation::DisplacedSilently))
                .then_some(Reason::NewerLogin);
            let quiet_room = hello.room.as_deref().filter(|_| quietly);
            self.displace(victim, told, hello.platform, quiet_room);
        }
        self.note_login(&hello);
        let session = Session {
            order,
            app: hello.app,
            user: hello.user,
            device: hello.device,
            platform: hello.platform,
            room: hello.room,
            several_rooms: hello.several_rooms,
            unnoticed: hello.unnoticed,
            streams: BTreeMap::new(),
            link: None,
            heard: self.now.at,
            ticket_over,
        };
        let event = SessionEvent::Opened(session.about());
        self.outputs.push(Output::Session(event));
        let joins = !quietly && !session.unnoticed;
        if let Some(room) = session.room.clone()
            && joins
            && !self
                .server
                .sessions
                .is_seen_in(session.app, &room, &session.user)
        {
            let user = session.user.clone();
            let joined = FromServer::PeerJoined {
                room: room.clone(),
                user: user.clone(),
            };
            self.tell_members(session.app, &room, &user, &joined);
        }
        self.server.sessions.insert(session);
        self.attach(link, hello.id, order);
        if newcomer_goes {
            self.end_and_tell(order, EndCause::NewerLogin, Some(Reason::NewerLogin));
        }
    }

    /// What a successful login changes about its account, and about other devices of it.
    fn note_login(&mut self, hello: &Hello) {
        let devices = self.server.rules.devices.clone();
        let erases = self.deviates(Deviation::EmptyNameErases);
        let forgets = self.deviates(Deviation::NameForgotten);
        let silent = self.deviates(Deviation::AccountNotCreated);
        let account = self.server.accounts.get_mut(hello.app, &hello.user);
        let before = (account.created, account.counted, account.name.clone());
        for (device, away) in &mut account.away {
            // Another device could not come back beside this one.
            let beside = devices.admits_both(away.platform, hello.platform)
                && away.platform != hello.platform;
            away.displaced |= *device != hello.device && !beside;
        }
        let user = || hello.user.clone();
        if !account.created {
            account.created = true; // TIM-010
            let created = SessionEvent::AccountCreated { user: user() };
            if !silent {
                self.outputs.push(Output::Session(created));
            }
        }
        let given = |name: &&String| (!name.is_empty() || erases) && !forgets;
        if let Some(name) = hello.name.as_ref().filter(given) {
            account.name = Some(name.clone()); // ZIM-006, ZIM-059
        }
        let today = self.now.wall / A_DAY;
        if account.counted != Some(today) {
            account.counted = Some(today); // TIM-029, T-AMB-43
            let counted = SessionEvent::Counted { user: user() };
            self.outputs.push(Output::Session(counted));
        }
        if before != (account.created, account.counted, account.name.clone()) {
            let store = self.server.accounts.store(hello.app, &hello.user);
            self.outputs.extend(store);
        }
    }

    /// A device fell silent while logged in.
    pub(super) fn note_away(&mut self, session: &Session, displaced: bool) {
        let account = self.server.accounts.get_mut(session.app, &session.user);
        let away = Away {
            platform: session.platform,
            displaced,
        };
        account.away.insert(session.device.clone(), away);
    }

    pub(super) fn change_account(&mut self, user: &str, change: impl FnOnce(&mut Account)) {
        change(self.server.accounts.get_mut(ticket::APP_ID, user));
        let store = self.server.accounts.store(ticket::APP_ID, user);
        self.outputs.extend(store);
    }

    pub(super) fn kick_makes_worthless(&self) -> bool {
        self.server.rules.token.after_server_kick == AfterServerKick::Worthless
    }

    fn rebind(&mut self, link: LinkId, id: u32, order: u64, ticket_over: Option<Time>) {
        if let Some(session) = self.server.sessions.get_mut(order) {
            session.heard = self.now.at;
            session.ticket_over = ticket_over;
            let event = SessionEvent::Resumed(session.about());
            self.outputs.push(Output::Session(event));
            self.attach(link, id, order);
        }
    }

    fn attach(&mut self, link: LinkId, id: u32, order: u64) {
        let Some(session) = self.server.sessions.get_mut(order) else {
            return;
        };
        session.link = Some(link);
        let left = session.ticket_over.map(|over| over.since(self.now.at).0);
        if let Some(state) = self.server.links.get_mut(&link) {
            state.session = Some(order);
        }
        let (members, streams) = self.server.sessions.beside(order);
        self.watch(order);
        let ok = FromServer::Ok {
            id,
            session: Some(sessions::name_of(order)),
            ticket_left: left,
            members,
            streams,
            name: None,
        };
        self.send(link, &ok);
    }

    /// Makes sure the session's end is not slept through.
    pub(super) fn watch(&mut self, order: u64) {
        if let Some(due) = self.server.sessions.get(order).map(|s| self.server.due(s)) {
            self.server.wake_by(due);
        }
    }
}

/// Whole Unix seconds, as tickets have them.
fn seconds(ms: u64) -> i64 {
    (ms / 1_000) as i64
}

/// A device with sessions of one user.
struct Device<'a> {
    name: &'a str,
    platform: Platform,
}

impl Server {
    /// The devices on which the user is logged in, the earliest login first.
    fn devices_of<'a>(&'a self, hello: &'a Hello) -> Vec<Device<'a>> {
        let mut devices: Vec<Device<'a>> = Vec::new();
        for session in self.sessions.of(hello.app, &hello.user) {
            if !devices.iter().any(|device| device.name == session.device) {
                devices.push(Device {
                    name: &session.device,
                    platform: session.platform,
                });
            }
        }
        devices
    }
}
