//! What was typed.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::{Parser, Subcommand, ValueEnum};

use crate::token::TokenCommand;

/// Conformance harness and deterministic network simulator for login sessions: kick-out, token
/// expiry, reconnect windows, duplicate login, account switching.
#[derive(Debug, Parser)]
#[command(
    name = "kickout",
    version,
    styles = Styles::styled(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Colour the output; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    everything was as expected
  1    findings
  2    usage, scenario, profile or file error
  3    the harness itself broke, or was not deterministic
  5    nothing was selected, or no case passed or failed
  130  interrupted

Examples:
  kickout run                                  the built-in suite under every profile
  kickout run scenarios/kick                   one folder
  kickout explain 1002001                      what a number means, and where";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play scenarios against the reference client and server, and judge them
    Run(RunOptions),
    /// Show scenarios, and the profiles each applies to
    List(ListOptions),
    /// Print the JSON Schema of the scenario language, with every word of it
    Schema,
    /// Explain a requirement, a rule, a vendor code or an event
    Explain(ExplainOptions),
    /// Make, look at and judge the tickets of logins
    #[command(subcommand)]
    Token(TokenCommand),
}

/// Which cases are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// Scenario files or folders [default: the built-in suite]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Only this profile, or the one in this YAML file; may be repeated [default: all]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Vec<String>,

    /// Only scenarios whose name matches, such as 'kick/*'
    #[arg(long, value_name = "GLOB")]
    pub filter: Option<String>,

    /// Only scenarios with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
}

/// `kickout run`
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  kickout run
  kickout run --filter 'kick/*'
  kickout run my-scenarios/ --seed 7 --report ndjson=results.ndjson")]
pub struct RunOptions {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,

    /// The seed everything random is drawn from
    #[arg(long, value_name = "N", default_value_t = conformance::case::DEFAULT_SEED)]
    pub seed: u64,

    /// How many cases to play at once [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: Option<u64>,

    /// Record transcripts anew where they differ
    #[arg(long)]
    pub bless: bool,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::parse)]
    pub report: Vec<Report>,

    /// Write every transcript in its canonical form below this folder
    #[arg(long, value_name = "DIR")]
    pub transcripts: Option<PathBuf>,
}

/// `kickout list`
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  kickout list
  kickout list --tag native")]
pub struct ListOptions {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,
}

/// `kickout explain`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout explain I2
  kickout explain 1002001
  kickout explain kicked-out")]
pub struct ExplainOptions {
    /// A requirement, a rule, a vendor code or an event
    pub what: String,
}

/// A report somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In which form.
    pub format: Format,
    /// Where to; standard output without.
    pub path: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
}

impl Report {
    fn parse(text: &str) -> Result<Report, String> {
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => return Err("the path after `=` is empty".into()),
            Some((format, path)) => (format, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let format = Format::from_str(format, false)
            .map_err(|_| format!("`{format}` is not a format; there is: ndjson"))?;
        Ok(Report { format, path })
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it so for everything that is printed.
    pub fn apply(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}
