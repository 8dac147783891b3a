//! Every round of a `repeat` as steps of its own.

use crate::diagnostic::Diagnostic;
use crate::grammar::{DEEPEST_REPEAT, MOST_STEPS};
use crate::scenario::Action;

use super::action;
use super::decode::Decoder;
use super::filled::{ReadStep, Typed};
use super::timeline::Moment;

/// A step, or a `repeat` with what is in it; each understood once.
enum Part<'a> {
    Step(&'a ReadStep, Option<Box<Action>>),
    Repeat {
        step: &'a ReadStep,
        times: u32,
        parts: Vec<Part<'a>>,
    },
}

/// The steps in the order in which they are played.
pub(super) fn moments<'a>(decoder: &mut Decoder<'_>, steps: &'a [ReadStep]) -> Vec<Moment<'a>> {
    let parts = understood(decoder, steps, 0);
    let mut moments = Vec::new();
    if let Err(step) = unroll(&parts, &mut Vec::new(), &mut moments) {
        let message = format!("with every round counted there are more than {MOST_STEPS} steps");
        decoder.complain(Diagnostic::new("too-much", message).at(step.span, "too many from here"));
    }
    moments
}

fn understood<'a>(decoder: &mut Decoder<'_>, steps: &'a [ReadStep], depth: usize) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for step in steps {
        let is_repeat = step.word.is_some_and(|word| word.name == "repeat");
        let (true, Some(Typed::Record(filled))) = (is_repeat, &step.typed) else {
            parts.push(Part::Step(step, action(decoder, step).map(Box::new)));
            continue;
        };
        if depth == DEEPEST_REPEAT {
            let message = format!("`repeat` stands in `repeat` at most {DEEPEST_REPEAT} deep");
            decoder.complain(Diagnostic::new("too-deep", message).at(step.span, "too deep"));
        }
        if !step.covers.is_empty() {
            decoder.complain(
                Diagnostic::new("keys-apart", "a `repeat` decides no requirement itself")
                    .at(step.span, "has `covers`")
                    .help("put `covers` beside the steps in it"),
            );
        }
        let times = filled.number("times");
        let inner: &[ReadStep] = match filled.get("steps") {
            Some(Typed::Steps(steps)) => steps,
            _ => &[],
        };
        let inner = match depth < DEEPEST_REPEAT {
            true => understood(decoder, inner, depth + 1),
            false => Vec::new(),
        };
        parts.push(Part::Repeat {
            step,
            times: times.and_then(|times| times.try_into().ok()).unwrap_or(1),
            parts: inner,
        });
    }
    parts
}

/// `Err` with the step at which it becomes too much.
fn unroll<'a>(
    parts: &[Part<'a>],
    rounds: &mut Vec<u32>,
    moments: &mut Vec<Moment<'a>>,
) -> Result<(), &'a ReadStep> {
    for part in parts {
        match part {
            Part::Step(step, action) => {
                if moments.len() == MOST_STEPS {
                    return Err(step);
                }
                moments.push(Moment {
                    step,
                    action: action.as_deref().cloned(),
                    rounds: rounds.clone(),
                });
            }
            Part::Repeat { step, times, parts } => {
                for round in 1..=*times {
                    rounds.push(round);
                    let done = unroll(parts, rounds, moments);
                    rounds.pop();
                    done.map_err(|_| *step)?;
                }
            }
        }
    }
    Ok(())
}
