//! The program `kickout`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A case is many small allocations that soon end, on every thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    kickout::main()
}
