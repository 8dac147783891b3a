//! From a case to its transcript.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use conformance::case::Case;
use conformance::director::Director;
use conformance::requirement::Party;
use conformance::transcript::Transcript;

use crate::error::HarnessError;
use crate::peers::ReferencePeers;
use crate::simulated;

/// Runs a case with the reference peers on the simulator.
///
/// # Errors
/// The run came to no transcript.
pub fn run_case(case: &Case<'_>) -> Result<Transcript, HarnessError> {
    let client = case.player(Party::Client);
    let server = case.player(Party::Server);
    let director = Director::new(case, &client, &server);
    guarded("the harness", || {
        simulated::run(case, director, &mut ReferencePeers::new(case))
    })?
}

/// Runs `work`; a panic in it becomes an error that names `actor`.
pub(crate) fn guarded<T>(actor: &str, work: impl FnOnce() -> T) -> Result<T, HarnessError> {
    // What a panic leaves half done is dropped with the run it belongs to.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| HarnessError::Panicked {
        actor: actor.to_owned(),
        message: message(&*panic),
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(without a message)".to_owned())
}
