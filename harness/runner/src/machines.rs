//! What a command means, said once for every carrier.

use conformance::director::{Actor, Command};
use conformance::scenario::{AppAct, ClientIndex, NetworkChange};
use session::peer::{Input, Order};
use session::words::Lifecycle;

use crate::error::HarnessError;

/// The machines of a run, and what can be done to them.
pub(crate) trait Machines {
    /// How many devices there are.
    fn devices(&self) -> usize;

    /// Puts an input into the inbox of the actor's process; nobody hears it where none runs.
    fn give(&mut self, actor: Actor, input: Input);

    /// Starts a process unless one is running.
    fn start(&mut self, actor: Actor) -> Result<(), HarnessError>;

    /// Kills a process: the system closes its links.
    fn stop(&mut self, actor: Actor);

    /// The process hears of it and then stands still.
    fn freeze(&mut self, device: ClientIndex) -> Result<(), HarnessError>;

    /// The process goes on, with all that waited.
    fn resume(&mut self, device: ClientIndex);

    /// Changes a network; what the device is told of it: is there one now?
    fn change(
        &mut self,
        device: ClientIndex,
        change: &NetworkChange,
    ) -> Result<Option<bool>, HarnessError>;

    /// Makes a network whole again; what the device is told of it.
    fn mend(&mut self, device: ClientIndex) -> Option<bool>;

    /// Sets a device's clock, in milliseconds ahead of the truth.
    fn set_clock(&mut self, device: ClientIndex, skew: i64);

    /// The server is about to get this order.
    fn ordered(&mut self, order: &Order);

    /// The run is over.
    fn finish(&mut self);

    /// Does what the script wants.
    fn obey(&mut self, command: Command) -> Result<(), HarnessError> {
        match command {
            Command::Call {
                client,
                id,
                call,
                inside,
            } => self.give(Actor::Client(client), Input::Call { id, call, inside }),
            Command::Token {
                client,
                ask,
                ticket,
            } => self.give(Actor::Client(client), Input::Token { ask, ticket }),
            Command::Order(order) => {
                self.ordered(&order);
                self.give(Actor::Server, Input::Order(order));
            }
            Command::Network { client, change } => {
                let news = self.change(client, &change)?;
                tell_reachable(self, client, news);
            }
            Command::App { client, is } => {
                let app = Actor::Client(client);
                match is {
                    AppAct::Crashed => self.stop(app),
                    AppAct::Started => self.start(app)?,
                    AppAct::Frozen => self.freeze(client)?,
                    AppAct::Resumed => self.resume(client),
                    AppAct::Background => self.give(app, Input::Lifecycle(Lifecycle::Background)),
                    AppAct::Foreground => self.give(app, Input::Lifecycle(Lifecycle::Foreground)),
                }
            }
            Command::StopServer => self.stop(Actor::Server),
            Command::StartServer => self.start(Actor::Server)?,
            Command::Clock { client, skew } => self.set_clock(client, skew),
            Command::LiftFaults => {
                for client in (0..self.devices()).map(ClientIndex) {
                    self.resume(client);
                    let news = self.mend(client);
                    tell_reachable(self, client, news);
                }
                self.start(Actor::Server)?;
            }
            Command::Finish => self.finish(),
        }
        Ok(())
    }
}

fn tell_reachable(
    machines: &mut (impl Machines + ?Sized),
    client: ClientIndex,
    news: Option<bool>,
) {
    if let Some(reachable) = news {
        machines.give(Actor::Client(client), Input::Reachable(reachable));
    }
}
