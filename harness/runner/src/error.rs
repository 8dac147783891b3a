//! Why a case could not be run. Never a verdict about anybody.

use session::time::Time;

use crate::subject::SubjectError;

/// A run that came to no transcript.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// Time stood still: somebody had always something more to do.
    #[error(
        "{actor} never rested {at} ms after the start: more than {most} exchanges at one instant",
        at = at.0,
        most = crate::simulated::MOST_EXCHANGES
    )]
    Livelock {
        /// Who.
        actor: String,
        /// When.
        at: Time,
    },
    /// Somebody's code panicked.
    #[error("{actor} panicked: {message}")]
    Panicked {
        /// Who.
        actor: String,
        /// What was said.
        message: String,
    },
    /// A machine keeps only so much.
    #[error(
        "{actor} wants to store more than {keys} keys or {bytes} bytes",
        keys = crate::store::MOST_KEYS,
        bytes = crate::store::MOST_BYTES
    )]
    StoreFull {
        /// Who.
        actor: String,
    },
    /// A subject broke the adapter protocol.
    #[error("{0}")]
    Subject(Box<SubjectError>),
    /// A subject has no such thing, and the case hangs on it.
    #[error("{actor}, played by `{command}`, does not know the call `{api}`")]
    Lacks {
        /// Whom it plays.
        actor: String,
        /// The command that started it.
        command: String,
        /// What was called.
        api: String,
    },
    /// This engine has no such thing.
    #[error("not possible here: {0}")]
    Unsupported(String),
    /// The simulated system refused something.
    #[error("the simulated network failed: {0}")]
    Network(#[from] std::io::Error),
}
