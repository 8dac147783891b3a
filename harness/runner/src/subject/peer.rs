//! A process of a subject as a peer.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use adapter::call::Wants;
use adapter::input;
use adapter::output::Understood;
use session::Peer;
use session::peer::{CallId, Input, LinkId, Outcome, Output};
use session::time::Now;
use session::words::ErrorWord;

use super::process::{Broke, Process};

/// What the peers of one run leave behind.
#[derive(Default)]
pub(super) struct Left {
    /// Processes that are no longer played with, by the name of the actor.
    pub(super) processes: Vec<(String, Process)>,
    /// The first that went wrong.
    pub(super) trouble: Option<Trouble>,
}

/// What went wrong with a subject.
pub(super) enum Trouble {
    /// It broke the protocol.
    Broke(String, Broke, Box<Process>),
    /// It does not know a call that the case hangs on.
    Lacks(String, String),
}

/// A peer behind pipes. One that has failed says nothing more; the run ends at once.
pub(super) struct SubjectPeer {
    /// Gone after a failure.
    process: Option<Process>,
    actor: String,
    side: Side,
    left: Rc<RefCell<Left>>,
}

/// What is known of the dialogue.
enum Side {
    Client {
        /// What the value of each call's result is.
        calls: BTreeMap<CallId, Wants>,
        links: BTreeSet<LinkId>,
    },
    Server {
        /// What an administrator called, by number.
        orders: BTreeMap<u32, String>,
        /// How many there were.
        ordered: u32,
        links: BTreeSet<LinkId>,
    },
}

impl SubjectPeer {
    pub(super) fn client(process: Process, actor: &str, left: Rc<RefCell<Left>>) -> SubjectPeer {
        let side = Side::Client {
            calls: BTreeMap::new(),
            links: BTreeSet::new(),
        };
        SubjectPeer::new(process, actor, side, left)
    }

    pub(super) fn server(process: Process, actor: &str, left: Rc<RefCell<Left>>) -> SubjectPeer {
        let side = Side::Server {
            orders: BTreeMap::new(),
            ordered: 0,
            links: BTreeSet::new(),
        };
        SubjectPeer::new(process, actor, side, left)
    }

    fn new(process: Process, actor: &str, side: Side, left: Rc<RefCell<Left>>) -> SubjectPeer {
        SubjectPeer {
            process: Some(process),
            actor: actor.to_owned(),
            side,
            left,
        }
    }

    fn fail(&mut self, broke: Broke) {
        if let Some(process) = self.process.take() {
            let trouble = Trouble::Broke(self.actor.clone(), broke, Box::new(process));
            self.left.borrow_mut().trouble.get_or_insert(trouble);
        }
    }

    fn exchange(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) -> Result<(), Broke> {
        let Some(process) = &mut self.process else {
            return Ok(());
        };
        let id = self.side.expect(&input);
        let said = process.exchange(now, input::written(input, id))?;
        for (at, output) in said.into_iter().enumerate() {
            let wrong =
                |why: String| Broke::Wrong(format!("output {} of the last line: {why}", at + 1));
            match output.understood(|id| self.side.wants(id)).map_err(wrong)? {
                Understood::Ready { .. } => {
                    return Err(wrong("`ready` answers `hello` and `reset` only".into()));
                }
                Understood::Log(text) => process.note(&text),
                Understood::Output(output) => match self.side.admit(output).map_err(wrong)? {
                    Admitted::Output(output) => outputs.push(output),
                    Admitted::Nothing => {}
                    Admitted::Unknown(api) => {
                        let trouble = Trouble::Lacks(self.actor.clone(), api);
                        self.left.borrow_mut().trouble.get_or_insert(trouble);
                    }
                },
            }
        }
        Ok(())
    }
}

/// What becomes of an output.
enum Admitted {
    Output(Output),
    /// It was for the harness alone.
    Nothing,
    /// An administrator's call that the server does not know.
    Unknown(String),
}

impl Side {
    /// Remembers what the answers to this input may speak of. The number of an administrator's
    /// call.
    fn expect(&mut self, input: &Input) -> u32 {
        match (self, input) {
            (Side::Client { calls, .. }, Input::Call { id, call, .. }) => {
                calls.insert(*id, Wants::of(call));
            }
            (
                Side::Server {
                    orders, ordered, ..
                },
                Input::Order(order),
            ) => {
                *ordered += 1;
                let call = adapter::call::Call::of_order(*ordered, order.clone());
                orders.insert(*ordered, call.api);
                return *ordered;
            }
            (Side::Server { links, .. }, Input::LinkOpened { link, .. }) => {
                links.insert(*link);
            }
            _ => {}
        }
        0
    }

    fn wants(&self, id: u32) -> Wants {
        match self {
            Side::Client { calls, .. } => {
                let wants = calls.get(&CallId(id));
                wants.copied().unwrap_or(Wants::Nothing)
            }
            Side::Server { .. } => Wants::Nothing,
        }
    }

    /// # Errors
    /// Nobody in this role says so now.
    fn admit(&mut self, output: Output) -> Result<Admitted, String> {
        let only = |role: &str| Err(format!("only a {role} says that"));
        match (self, output) {
            (Side::Client { links, .. }, Output::Connect { link, gateway }) => {
                match links.insert(link) {
                    true => Ok(Admitted::Output(Output::Connect { link, gateway })),
                    false => Err(format!("there was a link {} before", link.0)),
                }
            }
            (Side::Client { links, .. } | Side::Server { links, .. }, output)
                if link_of(&output).is_some_and(|link| !links.contains(&link)) =>
            {
                let link = link_of(&output).map_or(0, |link| link.0);
                Err(format!("there never was a link {link}"))
            }
            (Side::Client { calls, .. }, Output::Result { id, .. }) if !calls.contains_key(&id) => {
                Err(format!("there was no call {}", id.0))
            }
            (Side::Client { .. }, Output::Session(_)) => only("server"),
            (
                Side::Server { .. },
                Output::Connect { .. } | Output::Callback { .. } | Output::AskToken { .. },
            ) => only("client"),
            (Side::Server { orders, .. }, Output::Result { id, outcome }) => {
                let Some(api) = orders.remove(&id.0) else {
                    return Err(format!("there is no call {} without a result", id.0));
                };
                match outcome {
                    Outcome::Ok(_) => Ok(Admitted::Nothing),
                    Outcome::Failed(ErrorWord::Unsupported) => Ok(Admitted::Unknown(api)),
                    _ => {
                        Err("an administrator's call is answered with `ok` or `unsupported`".into())
                    }
                }
            }
            (_, output) => Ok(Admitted::Output(output)),
        }
    }
}

fn link_of(output: &Output) -> Option<LinkId> {
    match output {
        Output::Send { link, .. } | Output::Close { link } | Output::Breach { link, .. } => {
            Some(*link)
        }
        _ => None,
    }
}

impl Peer for SubjectPeer {
    fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        if self.left.borrow().trouble.is_some() {
            return;
        }
        if let Err(broke) = self.exchange(now, input, outputs) {
            self.fail(broke);
        }
    }
}

impl Drop for SubjectPeer {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            let actor = std::mem::take(&mut self.actor);
            self.left.borrow_mut().processes.push((actor, process));
        }
    }
}
