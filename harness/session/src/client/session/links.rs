//! The links a session lives on, one after the other.

use super::super::happening;
use super::super::timers::Timer;
use super::{Link, Session, Speaker};
use crate::deviation::Deviation;
use crate::message::{FromClient, Hello};
use crate::peer::{Gateway, Happening, LinkId, Output};
use crate::rules::{Window, WindowFrom};
use crate::time::Millis;
use crate::wire::Decoder;
use crate::words::{ErrorWord, Event, Reason, State};

impl Session {
    pub(super) fn attempt(&mut self, say: &mut Speaker<'_>) {
        say.shared.links += 1;
        let link = LinkId(say.shared.links);
        self.link = Link::Opening(link);
        self.decoder = Decoder::default();
        self.timers.set(
            Timer::Connect,
            say.now + say.setup.rules.link.connect_timeout,
        );
        say.outputs.push(Output::Connect {
            link,
            gateway: self.gateway,
        });
    }

    pub(in crate::client) fn link_opened(&mut self, say: &mut Speaker<'_>) {
        let Link::Opening(link) = self.link else {
            return;
        };
        let id = say.request();
        let hello = Hello {
            id,
            user: self.user.clone(),
            ticket: match &self.renewal {
                Some((_, ticket)) => ticket.clone(),
                None => self.ticket.clone(),
            },
            device: say.setup.device.clone(),
            platform: say.setup.platform,
            room: self.room.clone(),
            app: say.setup.app,
            app_sign: say.setup.app_sign.clone(),
            several_rooms: self.several_rooms,
            unnoticed: self.unnoticed,
            name: self.new_name.clone(),
        };
        self.carried = self.renewal.as_ref().map(|(call, _)| *call);
        let message = match &self.name {
            None => FromClient::Login(hello),
            Some(session) => FromClient::Resume {
                session: session.clone(),
                hello,
            },
        };
        self.link = Link::Asking(link, id);
        self.timers.clear(Timer::Connect);
        self.timers
            .set(Timer::Answer, say.now + say.setup.rules.link.answer_timeout);
        say.send(link, &message);
        if self.state == State::LoggingIn && say.deviates(Deviation::OnlineTooSoon) {
            self.tell(Happening::new(Event::LoggedIn), say);
        }
    }

    /// The link broke by itself.
    pub(in crate::client) fn link_lost(&mut self, say: &mut Speaker<'_>) {
        self.link = Link::None;
        self.without_link(say);
    }

    /// The client gives the link up.
    pub(super) fn link_lost_here(&mut self, say: &mut Speaker<'_>) {
        self.close(say);
        self.without_link(say);
    }

    pub(super) fn close(&mut self, say: &mut Speaker<'_>) {
        if let Some(link) = self.link() {
            say.outputs.push(Output::Close { link });
        }
        self.link = Link::None;
    }

    pub(super) fn without_link(&mut self, say: &mut Speaker<'_>) {
        for timer in [
            Timer::Connect,
            Timer::Answer,
            Timer::Pong,
            Timer::Beat,
            Timer::Ready,
        ] {
            self.timers.clear(timer);
        }
        if self.is_leaving() {
            self.left(say); // T-AMB-24: locally the logout holds in any case.
            return;
        }
        self.fail_requests(ErrorWord::ConnectionLost, say);
        if self.state == State::Online {
            // EXP-034, ZIM-030, TIM-026
            self.state = State::Reconnecting;
            let lost = happening(
                Event::Reconnecting,
                Some(Reason::LinkLost),
                Some(ErrorWord::ConnectionLost),
            );
            if !say.deviates(Deviation::ReconnectingUntold) {
                self.tell(lost, say);
            }
            self.open_window(say);
        }
        if say.deviates(Deviation::GivesUpAtOnce)
            || self.failures >= 3 && say.deviates(Deviation::GivesUpAfterThree)
        {
            return;
        }
        // The next one may work where this one does not.
        let gateways = say.setup.rules.link.gateways.max(1);
        self.gateway = Gateway(self.gateway.0 % gateways + 1);
        let pause = self.pause(say);
        self.timers.set(Timer::Retry, say.now + pause);
        self.failures += 1;
    }

    /// The window starts now: with the login call, or with the reconnecting event (Z-AMB-02).
    pub(super) fn open_window(&mut self, say: &mut Speaker<'_>) {
        if let Window::Bounded(window) = say.setup.rules.reconnect.window {
            let from = match say.setup.rules.reconnect.window_from {
                WindowFrom::Reconnecting => say.now,
                WindowFrom::LastSignOfLife => self.heard,
            };
            self.timers.set(Timer::Window, from + window);
        }
    }

    /// The pause before the next attempt: doubling, bounded, and partly random so that clients
    /// that lost the same server do not return in step.
    pub(super) fn pause(&self, say: &mut Speaker<'_>) -> Millis {
        let rules = &say.setup.rules.reconnect;
        let doubled = rules
            .first_delay
            .0
            .saturating_mul(1 << self.failures.min(20));
        let pause = doubled.min(rules.longest_delay.0);
        let random = pause * rules.jitter_percent / 100;
        Millis(pause - say.shared.random.up_to(random))
    }

    pub(in crate::client) fn reachable(&mut self, up: bool, say: &mut Speaker<'_>) {
        match (up, self.link) {
            (false, Link::Accepted(_)) => self.link_lost_here(say),
            // A network that has come back is used at once, whatever the pause.
            (true, Link::None | Link::Opening(_)) => {
                self.close(say);
                self.failures = 0;
                self.timers.clear(Timer::Retry);
                self.attempt(say);
            }
            _ => {}
        }
    }

    /// Whatever the pause: there is reason to hope.
    pub(in crate::client) fn try_at_once(&mut self, say: &mut Speaker<'_>) {
        if self.link == Link::None && self.timers.is_set(Timer::Retry) {
            self.failures = 0;
            self.timers.clear(Timer::Retry);
            self.attempt(say);
        }
    }

    pub(super) fn beat(&mut self, say: &mut Speaker<'_>) {
        let Link::Accepted(link) = self.link else {
            return;
        };
        let rules = &say.setup.rules.heartbeat;
        self.timers.set(Timer::Beat, say.now + rules.interval);
        self.timers.set(Timer::Pong, say.now + rules.answer_within);
        say.send(link, &FromClient::Ping);
    }
}
