//! The loop of a subject in Rust.

use std::io::{self, BufRead, Write};

use session::Peer;
use session::peer::{self, CallId, Outcome};
use session::words::ErrorWord;

use crate::PROTOCOL;
use crate::input::{Heard, Input};
use crate::line::{Answered, Asked};
use crate::output::{CallResult, Output};
use crate::setup::{Role, Setup};

/// Answers every line of `lines` until they end. `make` makes the peer of a run.
///
/// # Errors
/// A line that is none, or cannot be read or written.
pub fn serve(
    lines: impl BufRead,
    mut answers: impl Write,
    name: &str,
    mut make: impl FnMut(Setup) -> Box<dyn Peer>,
) -> io::Result<()> {
    let mut playing = None;
    let mut answer = Vec::new();
    for line in lines.lines() {
        let asked: Asked = serde_json::from_str(&line?).map_err(nonsense)?;
        let now = asked.present();
        let n = asked.n;
        let outputs = match asked.input {
            Input::Hello(setup) | Input::Reset(setup) => {
                playing = Some(Playing {
                    role: setup.role,
                    peer: make(*setup),
                    outputs: Vec::new(),
                });
                vec![Output::Ready {
                    protocol: PROTOCOL,
                    name: Some(name.to_owned()),
                }]
            }
            input => {
                let playing = playing
                    .as_mut()
                    .ok_or_else(|| nonsense("nobody said hello"))?;
                playing.handle(now, input)?
            }
        };
        answer.clear();
        serde_json::to_writer(&mut answer, &Answered { n, outputs })?;
        answer.push(b'\n');
        answers.write_all(&answer)?;
        answers.flush()?;
    }
    Ok(())
}

struct Playing {
    role: Role,
    peer: Box<dyn Peer>,
    outputs: Vec<peer::Output>,
}

impl Playing {
    fn handle(&mut self, now: session::time::Now, input: Input) -> io::Result<Vec<Output>> {
        let heard = input.heard(self.role == Role::Server).map_err(nonsense)?;
        let mut said = Vec::new();
        match heard {
            Heard::Input(input) => self.peer.handle(now, input, &mut self.outputs),
            Heard::Order(id, order) => {
                let input = peer::Input::Order(order);
                self.peer.handle(now, input, &mut self.outputs);
                said.push(Output::Result(CallResult {
                    id,
                    ok: Some(true),
                    ..CallResult::default()
                }));
            }
            Heard::Nothing => {}
            Heard::Unknown(id) => self.outputs.push(peer::Output::Result {
                id: CallId(id),
                outcome: Outcome::Failed(ErrorWord::Unsupported),
            }),
        }
        said.splice(0..0, self.outputs.drain(..).map(Output::written));
        Ok(said)
    }
}

fn nonsense(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}
