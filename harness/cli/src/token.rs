//! `kickout token`: tickets made, looked at and judged by hand.
//!
//! - `mint`, `inspect`, `verify`: the three commands
//! - `sources`: where tickets, secrets, times and random bytes come from

mod inspect;
mod mint;
mod sources;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;
use session::ticket::{Fault, Format};
use session::time::Millis;

use crate::exit::{Exit, Trouble};

/// `kickout token`
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Make a ticket
    Mint(MintOptions),
    /// Show what anybody can see of a ticket, without the secret
    Inspect(InspectOptions),
    /// Judge a ticket with the secret: is it accepted, and if not, why not?
    Verify(VerifyOptions),
}

/// Whose ticket it is.
#[derive(Debug, Clone, clap::Args)]
pub struct Holder {
    /// The app ID
    #[arg(long, value_name = "N")]
    pub app_id: u32,

    /// The user ID
    #[arg(long, value_name = "ID")]
    pub user: String,
}

/// Where the secret is. It is never an argument: those can be seen by everybody on the machine.
#[derive(Debug, Clone, clap::Args)]
pub struct SecretFrom {
    /// A file with the secret; a line break at its end does not belong to it
    #[arg(long, value_name = "FILE", conflicts_with = "secret_env")]
    pub secret_file: Option<PathBuf>,

    /// The environment variable with the secret, when there is no file
    #[arg(long, value_name = "NAME", default_value = "KICKOUT_SECRET")]
    pub secret_env: String,
}

/// `kickout token mint`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout token mint --kind usersig --app-id 1400000000 --user alice --secret-file secret.txt
  kickout token mint --kind token04 --app-id 42 --user alice --valid-for 60s --secret-env APP_SECRET
  kickout token mint --kind token04 --app-id 42 --user alice --fault expired --secret-file secret.txt")]
pub struct MintOptions {
    /// The form of the ticket: token04 or usersig
    #[arg(long, value_name = "KIND", value_parser = format)]
    pub kind: Format,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub holder: Holder,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub secret: SecretFrom,

    /// For how long it is good, in whole seconds
    #[arg(long, value_name = "LENGTH", default_value = "1h", value_parser = length)]
    pub valid_for: Millis,

    /// The payload of a token04, or the user buffer of a usersig in base64
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub payload: String,

    /// Make it wrong in this way, such as expired or wrong-key
    #[arg(long, value_name = "FAULT", value_parser = fault)]
    pub fault: Option<Fault>,

    /// The time it is made, in Unix seconds or as 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = sources::time)]
    pub now: Option<i64>,

    /// The nonce of a token04 [default: random]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub nonce: Option<i64>,

    /// The IV of a token04, as 32 hexadecimal digits [default: random]
    #[arg(long, value_name = "HEX", value_parser = sources::iv)]
    pub iv: Option<[u8; 16]>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `kickout token inspect`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout token inspect 04AAAAAGVT...
  pbpaste | kickout token inspect --json

Exit codes: 0 it has the form of a ticket, 1 it has not, 2 usage")]
pub struct InspectOptions {
    /// The ticket [default: read from standard input]
    #[arg(value_name = "TICKET", allow_hyphen_values = true)]
    pub ticket: Option<String>,

    /// The time that `left` counts from, in Unix seconds or as 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = sources::time)]
    pub now: Option<i64>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `kickout token verify`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout token verify --app-id 1400000000 --user alice --secret-file secret.txt eJyrVgrx...
  kickout token verify --app-id 42 --user alice --secret-env APP_SECRET --json < ticket.txt

Exit codes: 0 accepted, 1 refused, 2 usage")]
pub struct VerifyOptions {
    /// The ticket [default: read from standard input]
    #[arg(value_name = "TICKET", allow_hyphen_values = true)]
    pub ticket: Option<String>,

    /// The form it must have: token04 or usersig [default: what it looks like]
    #[arg(long, value_name = "KIND", value_parser = format)]
    pub kind: Option<Format>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub holder: Holder,

    /// The room that is entered, where a login is into one
    #[arg(long, value_name = "ID")]
    pub room: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub secret: SecretFrom,

    /// Judge as this profile, or the one in this YAML file; may be repeated [default: all whose
    /// tickets have this form]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Vec<String>,

    /// The time at which it is judged, in Unix seconds or as 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = sources::time)]
    pub now: Option<i64>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs one of them.
///
/// # Errors
/// There is no secret, or no such file or profile.
pub fn token(command: &TokenCommand) -> Result<Exit, Trouble> {
    match command {
        TokenCommand::Mint(options) => mint::mint(options),
        TokenCommand::Inspect(options) => inspect::inspect(options),
        TokenCommand::Verify(options) => verify::verify(options),
    }
}

fn format(text: &str) -> Result<Format, String> {
    text.parse()
        .map_err(|_| "there are: token04, usersig".to_owned())
}

fn fault(text: &str) -> Result<Fault, String> {
    text.parse().map_err(|_| {
        let all: Vec<&str> = Fault::ALL.iter().map(|fault| fault.word()).collect();
        format!("there are: {}", all.join(", "))
    })
}

fn length(text: &str) -> Result<Millis, String> {
    let length: Millis = text
        .parse()
        .map_err(|bad: session::time::BadDuration| bad.0)?;
    match length.0 % 1_000 {
        0 => Ok(length),
        _ => Err("tickets know whole seconds only".to_owned()),
    }
}
