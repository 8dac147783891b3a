//! One test per scenario file: every profile it applies to passes, with the recorded transcript.

use kickout::args::RunOptions;
use kickout::{run, suite};
use libtest_mimic::{Arguments, Failed, Trial};
use report::results::Status;
use report::terminal::{self, Paint};

fn main() {
    let arguments = Arguments::from_args();
    // Recorded paths are relative to the root of the checkout.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    std::env::set_current_dir(root).expect("the checkout is there");
    let options = RunOptions::default();
    let library = suite::library(&options.selection).expect("the built-in data is sound");
    let members = suite::scenarios(&options.selection, &library).unwrap_or_else(|trouble| {
        panic!("{}", trouble.shown());
    });
    let trials = members
        .into_iter()
        .map(|member| {
            let (library, options) = (library.clone(), options.clone());
            let name = member.scenario.name.clone();
            Trial::test(name, move || {
                let profiles = suite::profiles(&options.selection, &library)
                    .map_err(|trouble| trouble.shown())?;
                let members = [member];
                let results = run::play(&members, &profiles, &library, &options)
                    .map_err(|trouble| trouble.shown())?;
                let source = &members[0].scenario.source;
                let wrong: String = results
                    .iter()
                    .filter(|r| matches!(r.status, Status::Failed | Status::HarnessError))
                    .map(|result| terminal::failure(result, source, Paint::default()))
                    .collect();
                let played = results.iter().any(|r| r.status != Status::NotApplicable);
                match (wrong.is_empty(), played) {
                    (true, true) => Ok(()),
                    (true, false) => Err(Failed::from("the scenario applies to no profile")),
                    (false, _) => Err(Failed::from(wrong)),
                }
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
