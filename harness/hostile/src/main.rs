//! `seeds FOLDER`: writes what coverage-guided runs begin with.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        return said("usage: seeds FOLDER", ExitCode::from(2));
    };
    match hostile::seeds::write(Path::new(&folder)) {
        Ok(written) => said(&format!("{written} seeds"), ExitCode::SUCCESS),
        Err(error) => said(&error.to_string(), ExitCode::from(2)),
    }
}

fn said(what: &str, code: ExitCode) -> ExitCode {
    use std::io::Write as _;
    // Nobody reads it: then there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{what}");
    code
}
