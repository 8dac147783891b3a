//! `kickout completions` and `kickout man`: made from what the command line knows.

use clap::{Command, CommandFactory};
use conformance::diagnostic::shown;

use crate::args::{Arguments, CompletionsOptions, ManOptions};
use crate::exit::{Exit, Trouble};
use crate::print;

/// `kickout completions`
///
/// # Errors
/// Standard output cannot be written.
pub fn completions(options: &CompletionsOptions) -> Result<Exit, Trouble> {
    let mut text = Vec::new();
    let mut program = Arguments::command();
    clap_complete::generate(options.shell, &mut program, "kickout", &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Success)
}

/// `kickout man`
///
/// # Errors
/// There is no such command, or standard output cannot be written.
pub fn man(options: &ManOptions) -> Result<Exit, Trouble> {
    let mut program = Arguments::command();
    program.build();
    let mut page = &program;
    for name in &options.command {
        page = page.find_subcommand(name).ok_or_else(|| {
            let known: Vec<&str> = page.get_subcommands().map(Command::get_name).collect();
            let known = known.join(", ");
            Trouble::Usage(format!(
                "there is no command `{}`; there is: {known}",
                shown(name)
            ))
        })?;
    }
    let mut text = Vec::new();
    // Memory takes everything.
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|error| Trouble::Unwritable("the page".into(), error))?;
    print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Success)
}
