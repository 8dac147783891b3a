//! The program `kickout`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kickout::main()
}
