//! The experiment. Everything here is a function of its arguments.
pub mod case;
pub mod director;
pub mod scenario;
pub mod source;
pub mod transcript;
