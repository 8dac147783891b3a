//! The peers of a run in which subjects play.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use adapter::PROTOCOL;
use adapter::setup::{App, Device, Role, Setup};
use conformance::case::Case;
use conformance::profile::Profile;
use conformance::requirement::Party;
use conformance::scenario::ClientIndex;
use conformance::transcript::{SERVER, Transcript};
use session::Peer;
use session::peer::{Input, Order, Output, Store};
use session::rules::{Console, Rules};
use session::ticket::{APP_ID, Secret, app_sign};
use session::time::{EPOCH_UNIX_MS, Now};
use session::words::Platform;

use super::peer::{Left, SubjectPeer, Trouble};
use super::process::{Broke, Process};
use super::{Place, Subjects};
use crate::error::HarnessError;
use crate::peers::{self, Peers, ReferencePeers};

pub(super) struct SubjectPeers<'c> {
    case: &'c Case<'c>,
    subjects: &'c Subjects,
    /// Whoever is no subject.
    reference: ReferencePeers<'c>,
    /// The rules, with the console settings that were changed on the way.
    rules: Rules,
    left: Rc<RefCell<Left>>,
    /// When the next process starts.
    now: Now,
    failed: Option<HarnessError>,
}

impl<'c> SubjectPeers<'c> {
    pub(super) fn new(case: &'c Case<'c>, subjects: &'c Subjects) -> SubjectPeers<'c> {
        SubjectPeers {
            reference: ReferencePeers::new(case),
            rules: case.rules.clone(),
            case,
            subjects,
            left: Rc::default(),
            now: Now::default(),
            failed: None,
        }
    }

    /// Gives the processes back when the run is over. What went wrong with a subject's exchanges
    /// is the subject's.
    pub(super) fn close(
        self,
        run: Result<Transcript, HarnessError>,
    ) -> Result<Transcript, HarnessError> {
        let mut left = self.left.borrow_mut();
        let mut run = run;
        for (actor, process) in left.processes.drain(..) {
            let Some(place) = self.place_of(&actor) else {
                continue;
            };
            let broke = match &run {
                Err(error @ HarnessError::Livelock { actor: who, .. })
                | Err(error @ HarnessError::StoreFull { actor: who })
                    if *who == actor =>
                {
                    Some(Broke::Wrong(error.to_string()))
                }
                _ => None,
            };
            match broke {
                Some(broke) => run = Err(place.error(&actor, &broke, Some(process))),
                None => place.give_back(process),
            }
        }
        run
    }

    fn place_of(&self, actor: &str) -> Option<&'c Place> {
        self.subjects.place(match actor {
            SERVER => Party::Server,
            _ => Party::Client,
        })
    }

    /// A process for this actor; the one that crashed is killed.
    fn start(&mut self, place: &Place, setup: Setup) -> Option<Process> {
        let actor = setup.actor.clone();
        let fresh = setup.incarnation > 0;
        let mut left = self.left.borrow_mut();
        left.processes.retain(|(name, _)| *name != actor);
        drop(left);
        match place.start(self.now, setup, fresh, &actor) {
            Ok(process) => Some(process),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    fn setup(&self, role: Role, actor: &str, incarnation: u32, store: Store) -> Setup {
        let case = self.case;
        Setup {
            seed: case.seed,
            incarnation,
            store,
            ..setup(
                role,
                actor,
                &case.profile,
                &self.rules,
                &case.scenario.console,
            )
        }
    }
}

/// What is true of a role under a profile, whatever the scenario.
pub(super) fn setup(
    role: Role,
    actor: &str,
    profile: &Profile,
    rules: &Rules,
    console: &Console,
) -> Setup {
    let capabilities = profile.capabilities.iter();
    Setup {
        protocol: PROTOCOL,
        role,
        actor: actor.to_owned(),
        profile: profile.id.clone(),
        capabilities: capabilities.map(|word| word.word().to_owned()).collect(),
        rules: rules.clone(),
        console: console.clone(),
        seed: 0,
        epoch: EPOCH_UNIX_MS,
        incarnation: 0,
        store: Store::new(),
        device: (role == Role::Client).then_some(Device {
            platform: Platform::Android,
            app: APP_ID,
            app_sign: None,
            listening: true,
            saved_user: None,
        }),
        apps: match role {
            Role::Client => Vec::new(),
            Role::Server => vec![app(APP_ID)],
        },
    }
}

fn app(app: u32) -> App {
    App {
        app,
        secret: Secret::text_of_app(app),
        app_sign: app_sign(app),
    }
}

/// Nobody: a peer whose process could not be started, in a run that is about to end.
struct Silence;

impl Peer for Silence {
    fn handle(&mut self, _: Now, _: Input, _: &mut Vec<Output>) {}
}

impl Peers for SubjectPeers<'_> {
    fn client(&mut self, device: ClientIndex, incarnation: u32, store: Store) -> Box<dyn Peer> {
        let Some(place) = self.subjects.place(Party::Client) else {
            return self.reference.client(device, incarnation, store);
        };
        let client = &self.case.scenario.clients[device.0];
        let mut setup = self.setup(Role::Client, &client.name, incarnation, store);
        setup.device = Some(Device {
            platform: client.platform,
            app: client.app,
            app_sign: peers::app_sign(client, &self.rules),
            listening: client.listening,
            saved_user: (client.saved && incarnation == 0).then(|| client.user.clone()),
        });
        match self.start(place, setup) {
            Some(process) => {
                let left = Rc::clone(&self.left);
                Box::new(SubjectPeer::client(process, &client.name, left))
            }
            None => Box::new(Silence),
        }
    }

    fn server(&mut self, incarnation: u32, store: Store) -> Box<dyn Peer> {
        let Some(place) = self.subjects.place(Party::Server) else {
            return self.reference.server(incarnation, store);
        };
        let mut setup = self.setup(Role::Server, SERVER, incarnation, store);
        let apps: BTreeSet<u32> = self.case.scenario.clients.iter().map(|c| c.app).collect();
        setup.apps = apps.into_iter().map(app).collect();
        match self.start(place, setup) {
            Some(process) => {
                let left = Rc::clone(&self.left);
                Box::new(SubjectPeer::server(process, SERVER, left))
            }
            None => Box::new(Silence),
        }
    }

    fn saved(&self, device: ClientIndex) -> Store {
        match self.subjects.place(Party::Client) {
            // It is told in the setup: nobody knows how it stores that.
            Some(_) => Store::new(),
            None => self.reference.saved(device),
        }
    }

    fn starts_at(&mut self, now: Now) {
        self.now = now;
    }

    fn gateways(&self) -> u8 {
        self.reference.gateways()
    }

    fn ordered(&mut self, order: &Order) {
        if let Order::Set(console) = order {
            console.apply(&mut self.rules);
        }
        self.reference.ordered(order);
    }

    fn trouble(&mut self) -> Option<HarnessError> {
        if let Some(error) = self.failed.take() {
            return Some(error);
        }
        let trouble = self.left.borrow_mut().trouble.take()?;
        Some(match trouble {
            Trouble::Broke(actor, broke, process) => {
                let place = self.place_of(&actor)?;
                place.error(&actor, &broke, Some(*process))
            }
            Trouble::Lacks(actor, api) => HarnessError::Lacks {
                command: self.place_of(&actor)?.launch.command.clone(),
                actor,
                api,
            },
        })
    }
}
