//! What was typed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::Styles;
use clap::{Parser, Subcommand, ValueEnum};
use conformance::diagnostic::shown;
use report::format::Format;
use report::results::Shard;
use session::words::Word;

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
  4    a subject could not be started, or broke the adapter protocol
  5    nothing was selected, or no case passed or failed
  130  interrupted

Examples:
  kickout run                                  the built-in suite under every profile
  kickout run scenarios/kick                   one folder
  kickout run --client 'python3 client.py'     your own client
  kickout explain 1002001                      what a number means, and where";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play scenarios against the reference client and server, and judge them
    Run(RunOptions),
    /// Play random scenarios against every rule; a failure becomes a small scenario file
    Fuzz(FuzzOptions),
    /// Play a kept failure or a stored transcript again: does it still fail?
    Replay(ReplayOptions),
    /// Play the suite against peers that break rules, and tell which of them it catches
    Mutants(MutantsOptions),
    /// Play scenarios, and tell which requirements were decided, by what, and which not and why
    Coverage(CoverageOptions),
    /// Show profiles side by side: what an app may rely on, and what it must handle for each apart
    Compare(CompareOptions),
    /// Make reports of stored results
    Report(ReportOptions),
    /// Join the results of all parts of a run
    Merge(MergeOptions),
    /// Run the reference server on a real port, until it is interrupted
    Serve(ServeOptions),
    /// Show scenarios, and the profiles each applies to
    List(ListOptions),
    /// Print the JSON Schema of the scenario language, with every word of it, or of stored results
    Schema(SchemaOptions),
    /// Explain a requirement, an open question, a rule, a scenario, a knob, a word, or a vendor's
    /// code or name
    Explain(ExplainOptions),
    /// Print what a shell needs to complete commands and flags
    Completions(CompletionsOptions),
    /// Print a page of the manual
    Man(ManOptions),
    /// Make, look at and judge the tickets of logins
    #[command(subcommand)]
    Token(TokenCommand),
    /// Bring your own client or server: is the adapter right?
    #[command(subcommand)]
    Adapter(AdapterCommand),
}

/// `kickout adapter`
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Tell whether a program keeps the adapter protocol
    Check(CheckOptions),
    /// Be a subject: the reference client or the reference server, over standard input and output
    Reference,
    /// Print the JSON Schema of the lines
    Schema,
}

/// `kickout adapter check`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout adapter check 'python3 client.py'
  kickout adapter check './server --stdio' --role server --profile my-vendor.yaml")]
pub struct CheckOptions {
    /// The command that starts the program
    #[arg(value_name = "COMMAND")]
    pub command: String,

    /// Whose place it takes
    #[arg(long, value_name = "ROLE", default_value = "client")]
    pub role: RoleChoice,

    /// The profile it is to play, or the one in this YAML file [default: the first]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Option<String>,

    /// How long the program may take to answer a line [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub answer_within: Option<std::time::Duration>,
}

/// Whose place a program takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// That of the client on a device.
    Client,
    /// That of the server.
    Server,
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

/// Programs that take the place of the reference peers.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SubjectOptions {
    /// Play the devices with this program instead of the reference client; see ADAPTERS.md
    #[arg(long, value_name = "COMMAND")]
    pub client: Option<String>,

    /// Play the server with this program instead of the reference server; `kickout run` plays
    /// against tcp://HOST:PORT, too
    #[arg(long, value_name = "COMMAND")]
    pub server: Option<String>,

    /// How long a program may take to answer a line [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub answer_within: Option<std::time::Duration>,
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

    /// Play in real time, over sockets of this machine, so many times as fast; things may then
    /// happen as much later or earlier as the profile tolerates
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(runner::live::FASTEST)))]
    pub time_scale: Option<u32>,

    /// Record transcripts anew where they differ
    #[arg(long)]
    pub bless: bool,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<Format>::parse)]
    pub report: Vec<Report<Format>>,

    /// Write every transcript in its canonical form below this folder
    #[arg(long, value_name = "DIR")]
    pub transcripts: Option<PathBuf>,

    /// Let the reference peers break rules in this way; see `kickout mutants`
    #[arg(long, value_name = "NAME")]
    pub deviation: Option<String>,

    /// Play only this part of the cases, such as 2/5; `kickout merge` joins the results of all. For
    /// I may stand the name of a variable that counts from 0, such as JOB_COMPLETION_INDEX
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,

    /// A list of failures that are known; see `--write-known-failures`
    #[arg(long, value_name = "FILE")]
    pub known_failures: Option<PathBuf>,

    /// Write a list of what failed, with reasons to fill in
    #[arg(long, value_name = "FILE")]
    pub write_known_failures: Option<PathBuf>,

    /// Begin no more cases after the first that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// Play only the cases that failed in this folder's last runs, or in these stored results
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub last_failed: Option<Option<PathBuf>>,

    /// Play each case so many times; it is a fault of the harness when they differ
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,

    /// Keep the transcripts of these cases in the results [default: failed; all for an HTML report]
    #[arg(long, value_name = "WHICH")]
    pub embed: Option<Embed>,

    /// Measure how long each case takes, and keep it in the results; a JUnit report asks for it by
    /// itself
    #[arg(long)]
    pub wall_times: bool,

    /// The cases that are to be played again; all of them without it.
    #[arg(skip)]
    pub again: Option<BTreeSet<(String, String)>>,

    /// Who plays.
    #[command(flatten)]
    pub subject: SubjectOptions,

    /// Their processes.
    #[arg(skip)]
    pub subjects: std::sync::Arc<runner::subject::Subjects>,

    /// How the peers deviate.
    #[arg(skip)]
    pub played_by: Option<Box<conformance::deviation::Deviation>>,

    /// Are recorded transcripts left alone?
    #[arg(skip)]
    pub unrecorded: bool,
}

/// `kickout mutants`
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  kickout mutants
  kickout mutants --filter '*ticket*'
  kickout mutants my-scenarios/                  what your own scenarios would catch
  kickout mutants --fuzz 20000
  kickout run --deviation older-left-online      what one of them looks like")]
pub struct MutantsOptions {
    /// Scenario files or folders that are to catch them [default: the built-in suite]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Only deviations whose name matches, such as '*ticket*'
    #[arg(long, value_name = "GLOB")]
    pub filter: Option<String>,

    /// Only this profile; may be repeated [default: all]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Vec<String>,

    /// How many deviations to try at once [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: Option<u64>,

    /// Try only this part of the deviations, such as 2/5; `kickout merge` joins the results of all. For
    /// I may stand the name of a variable that counts from 0, such as JOB_COMPLETION_INDEX
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,

    /// Who plays the side that does not deviate.
    #[command(flatten)]
    pub subject: SubjectOptions,

    /// Look for each with so many random cases, too
    #[arg(long, value_name = "CASES", value_parser = clap::value_parser!(u64).range(1..))]
    pub fuzz: Option<u64>,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<CoverageFormat>::parse)]
    pub report: Vec<Report<CoverageFormat>>,
}

/// `kickout coverage`
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  kickout coverage
  kickout coverage --report markdown=coverage.md")]
pub struct CoverageOptions {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<CoverageFormat>::parse)]
    pub report: Vec<Report<CoverageFormat>>,
}

/// `kickout compare`
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  kickout compare
  kickout compare --filter 'kick/*'
  kickout compare --report markdown=comparison.md --report html=comparison.html
  kickout compare --profile my-vendor.yaml --profile my-next-vendor.yaml
  kickout run --embed all --report ndjson=old.ndjson      and again after an upgrade
  kickout compare --results old.ndjson --results new.ndjson")]
pub struct CompareOptions {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,

    /// Compare what is in stored results, written with --embed all, instead of playing; may be
    /// repeated
    #[arg(long, value_name = "FILE")]
    pub results: Vec<PathBuf>,

    /// How many cases to play at once [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: Option<u64>,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<CompareFormat>::parse)]
    pub report: Vec<Report<CompareFormat>>,
}

/// `kickout fuzz`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
A seed and a profile always give the same case; the profiles take turns.

Examples:
  kickout fuzz                                     ten thousand cases
  kickout fuzz --time 1m --seed 5000
  kickout fuzz --profile my-vendor.yaml --cases 100000
  kickout fuzz --profile my-vendor.yaml --seed 4711 --cases 1")]
pub struct FuzzOptions {
    /// How many cases [default: 10000, or as many as fit in --time]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: Option<u64>,

    /// Begin no more cases after this long, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub time: Option<std::time::Duration>,

    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Only this profile, or the one in this YAML file; may be repeated [default: all]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Vec<String>,

    /// How many cases to play at once [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: Option<u64>,

    /// Play only this part of the cases, such as 2/5; `kickout merge` joins the results of all. For
    /// I may stand the name of a variable that counts from 0, such as JOB_COMPLETION_INDEX
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,

    /// Who plays.
    #[command(flatten)]
    pub subject: SubjectOptions,

    /// Where failures are kept
    #[arg(long, value_name = "DIR", default_value = "scenarios/regressions")]
    pub out: PathBuf,

    /// It is a finding when a rare situation was never reached
    #[arg(long)]
    pub require_reach: bool,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<FuzzFormat>::parse)]
    pub report: Vec<Report<FuzzFormat>>,
}

fn length(text: &str) -> Result<std::time::Duration, String> {
    let length: session::time::Millis = text
        .parse()
        .map_err(|bad: session::time::BadDuration| bad.0)?;
    Ok(std::time::Duration::from_millis(length.0))
}

/// `kickout replay`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout replay scenarios/regressions/i14_my_vendor_4711.yaml
  kickout replay transcripts/kick/newer_login_wins/my-vendor.jsonl")]
pub struct ReplayOptions {
    /// A scenario that was kept, or a transcript written by --transcripts
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Who plays now.
    #[command(flatten)]
    pub subject: SubjectOptions,

    /// The scenario that a transcript was made from, when it is not in the built-in suite
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// Only this profile, or the one in this YAML file; may be repeated [default: all]
    #[arg(long, value_name = "ID|FILE")]
    pub profile: Vec<String>,
}

/// `kickout report`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout run --report ndjson=results.ndjson
  kickout report results.ndjson --report junit=junit.xml --report markdown=results.md")]
pub struct ReportOptions {
    /// Results that were stored with `--report ndjson=FILE`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Write a report, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<Format>::parse)]
    pub report: Vec<Report<Format>>,
}

/// `kickout merge`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout run --shard 1/2 --report ndjson=1.ndjson
  kickout run --shard 2/2 --report ndjson=2.ndjson
  kickout merge 1.ndjson 2.ndjson --report ndjson=results.ndjson")]
pub struct MergeOptions {
    /// The results of every part, stored with `--report ndjson=FILE`
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write a report of the whole, to standard output without a path; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = Report::<Format>::parse)]
    pub report: Vec<Report<Format>>,
}

/// `kickout serve`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
The wire protocol is that of harness/session/WIRE.md. Tickets are real ones: see `kickout token`.
With a time scale of 60 a window of twenty minutes takes twenty seconds; tickets are then judged by
a clock that runs as much faster since 2026-01-01, and `kickout run --time-scale 60` keeps the same.

Examples:
  kickout serve --profile my-vendor.yaml
  kickout serve --profile my-vendor.yaml --listen 0.0.0.0:7000 --time-scale 60")]
pub struct ServeOptions {
    /// The profile whose rules it keeps
    #[arg(long, value_name = "ID|FILE")]
    pub profile: String,

    /// Where to listen; further gateways have the ports that follow
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    pub listen: String,

    /// So many times as fast as real time
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(runner::live::FASTEST)))]
    pub time_scale: u32,

    /// More connections than these are closed at once
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub most_connections: usize,

    /// Break rules in this way; see `kickout mutants`
    #[arg(long, value_name = "NAME")]
    pub deviation: Option<String>,
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

/// `kickout completions`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout completions bash > ~/.local/share/bash-completion/completions/kickout
  kickout completions zsh > ~/.zfunc/_kickout
  kickout completions fish > ~/.config/fish/completions/kickout.fish")]
pub struct CompletionsOptions {
    /// For which shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `kickout man`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout man | man -l -
  kickout man run > ~/.local/share/man/man1/kickout-run.1")]
pub struct ManOptions {
    /// The page of this command; that of the program without
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `kickout schema`
#[derive(Debug, Clone, clap::Args)]
pub struct SchemaOptions {
    /// Of what
    #[arg(value_name = "OF", default_value = "scenarios")]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The scenario language
    Scenarios,
    /// A line of stored results
    Results,
}

/// `kickout explain`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kickout explain I2
  kickout explain 1002001
  kickout explain kicked-out
  kickout explain reconnect.window")]
pub struct ExplainOptions {
    /// Such as `I2`, `1002001`, `kicked-out`, `reconnect.window`
    pub what: String,
}

/// A report somebody wants, in one of the forms `F`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<F> {
    /// In which form.
    pub format: F,
    /// Where to; standard output without.
    pub path: Option<PathBuf>,
}

session::words! {
    /// The form of a comparison.
    CompareFormat, "format" {
        Markdown = "markdown", "tables to keep";
        Html = "html", "one page with every transcript, to look things up in";
        Ndjson = "ndjson", "one JSON object a line";
    }
}

session::words! {
    /// The form of a report about random scenarios.
    FuzzFormat, "format" {
        Ndjson = "ndjson", "one JSON object a line";
    }
}

session::words! {
    /// The form of a report about requirements or deviations.
    CoverageFormat, "format" {
        Markdown = "markdown", "tables to keep";
        Ndjson = "ndjson", "one JSON object a line";
    }
}

/// Which transcripts are kept in the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Embed {
    /// Those of cases that are not as they must be
    #[default]
    Failed,
    /// All
    All,
    /// None
    None,
}

/// A part of the cases, as `I/N`. I counts from 1, or is the name of an environment variable that
/// counts from 0, as Kubernetes does.
fn shard(text: &str) -> Result<Shard, String> {
    let wanted = || {
        "a part is written I/N, such as 2/5; the first is 1/5, and the name of a variable that \
         counts from 0 may stand for I"
            .to_owned()
    };
    let (index, of) = text.split_once('/').ok_or_else(wanted)?;
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let index: u32 = if index.starts_with(is_name) {
        let value = std::env::var(index).map_err(|_| format!("{index} is not set"))?;
        let from_0: u32 = value
            .parse()
            .map_err(|_| format!("{index} is no number, but `{}`", shown(&value)))?;
        from_0.checked_add(1).ok_or_else(wanted)?
    } else {
        index.parse().map_err(|_| wanted())?
    };
    let of: u32 = of.parse().map_err(|_| wanted())?;
    match (1..=of).contains(&index) {
        true => Ok(Shard { index, of }),
        false => Err(wanted()),
    }
}

impl<F: Word> Report<F> {
    fn parse(text: &str) -> Result<Report<F>, String> {
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => return Err("the path after `=` is empty".into()),
            Some((format, path)) => (format, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let format = format.parse().map_err(|_| {
            let known: Vec<&str> = F::ALL.iter().map(|form| form.word()).collect();
            format!("`{format}` is not a format; there is: {}", known.join(", "))
        })?;
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
