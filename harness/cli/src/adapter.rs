//! `kickout adapter`: for those who bring their own client or server.

use std::io::{self, BufWriter};

use adapter::setup::Role;
use anstyle::{AnsiColor, Style};
use runner::subject::check::{self, Checked};
use runner::subject::{Launch, Patience};

use crate::args::{AdapterCommand, CheckOptions, RoleChoice, Selection};
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// `kickout adapter`
///
/// # Errors
/// Files that are no good, a command that is none, or standard output that cannot be written.
pub fn adapter(command: &AdapterCommand) -> Result<Exit, Trouble> {
    match command {
        AdapterCommand::Check(options) => check(options),
        AdapterCommand::Reference => {
            let lines = io::stdin().lock();
            let answers = BufWriter::new(io::stdout().lock());
            adapter::reference::serve(lines, answers)
                .map_err(|error| Trouble::Usage(format!("the dialogue ends here: {error}")))?;
            Ok(Exit::Success)
        }
        AdapterCommand::Schema => {
            print(&adapter::schema::text())?;
            Ok(Exit::Success)
        }
    }
}

fn check(options: &CheckOptions) -> Result<Exit, Trouble> {
    let selection = Selection {
        profile: options.profile.iter().cloned().collect(),
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let profiles = suite::profiles(&selection, &library)?;
    let profile = profiles
        .first()
        .ok_or_else(|| Trouble::Nothing("there is no profile".into()))?;
    let launch: Launch = options.command.parse().map_err(Trouble::Usage)?;
    let role = match options.role {
        RoleChoice::Client => Role::Client,
        RoleChoice::Server => Role::Server,
    };
    let patience = options.answer_within.map(Patience::of).unwrap_or_default();
    let all = check::check(launch, role, profile, patience);
    print(&told(&all, &options.command))?;
    Ok(match all.iter().all(|checked| checked.found.is_ok()) {
        true => Exit::Success,
        false => Exit::Subject,
    })
}

fn told(all: &[Checked], command: &str) -> String {
    let style = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
    let (good, bad) = (style(AnsiColor::Green), style(AnsiColor::Red));
    let mut text = String::new();
    let mut wrongs = 0;
    for checked in all {
        let Checked { name, must, found } = checked;
        match found {
            Ok(note) if note.is_empty() => {
                text.push_str(&format!("{good}right{good:#}  {name}: {must}\n"));
            }
            Ok(note) => {
                text.push_str(&format!("{good}right{good:#}  {name}: {must} ({note})\n"));
            }
            Err(wrong) => {
                wrongs += 1;
                text.push_str(&format!("{bad}wrong{bad:#}  {name}: {must}\n"));
                for line in wrong.seen.lines() {
                    text.push_str(&format!("         {line}\n"));
                }
                text.push_str(&format!("       help: {}\n", wrong.advice));
            }
        }
    }
    match wrongs {
        0 => text.push_str(&format!("the adapter `{command}` is right\n")),
        _ => text.push_str(&format!(
            "the adapter `{command}` is wrong; see harness/ADAPTERS.md\n"
        )),
    }
    text
}
