//! What coverage-guided runs begin with: the repository's own files, and what its peers say.

pub mod results;

use std::path::Path;
use std::sync::OnceLock;
use std::{fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::case::Case;
use conformance::plan;
use conformance::profile::Profile;
use conformance::source::Source;
use conformance::transcript::{SERVER, Transcript, What};
use session::rules::PayloadUse;
use session::ticket::{self, APP_ID, Claims, Draws, Expected, Fault, Format};
use session::words::ErrorWord;

use crate::tickets::{NOW, USER, secret};
use crate::{files, frames, subjects};

/// The longest seed, in bytes; coverage-guided runs are quick on short ones.
const LONGEST: usize = 16 * 1024;

/// Writes the seeds of every target into a folder of its own below this one.
///
/// # Errors
/// A file cannot be written.
pub fn write(below: &Path) -> io::Result<usize> {
    let texts = |files: &[Source]| files.iter().map(|file| file.text.clone().into()).collect();
    let runs = transcripts();
    let jsonl = runs.iter().map(|run| run.to_jsonl().into_bytes());
    let mut written = 0;
    for (target, seeds) in [
        ("scenario", texts(files::scenario_files())),
        ("profile", texts(files::profile_files())),
        ("requirements", requirements()),
        ("ticket", tickets()),
        ("results", results::results()),
        (
            "transcript",
            jsonl.filter(|text| text.len() <= LONGEST).collect(),
        ),
        (
            "client",
            runs.iter().map(|run| script(run, Side::Client)).collect(),
        ),
        ("subject-client", subjects::scripts(subjects::Side::Client)),
        ("subject-server", subjects::scripts(subjects::Side::Server)),
        (
            "server",
            runs.iter().map(|run| script(run, Side::Server)).collect(),
        ),
    ] {
        let seeds: Vec<Vec<u8>> = seeds;
        let folder = below.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
            written += 1;
        }
    }
    Ok(written)
}

/// The longest part of a file of requirements, in bytes, as far as its entries allow.
const LONGEST_PART: usize = 4 * 1024;

/// The requirements and the files that speak of them in parts: most of a file is the same over and
/// over, and a whole one takes long.
pub fn requirements() -> Vec<Vec<u8>> {
    const ENTRY: &str = "\n  - ";
    let mut parts = Vec::new();
    for file in files::requirement_files() {
        let mut entries = file.text.split(ENTRY);
        let head = entries.next().unwrap_or_default();
        let mut part = head.to_owned();
        for entry in entries {
            if part.len() + entry.len() > LONGEST_PART && part.len() > head.len() {
                part.push('\n');
                parts.push(std::mem::replace(&mut part, head.to_owned()).into_bytes());
            }
            part.push_str(ENTRY);
            part.push_str(entry);
        }
        parts.push(part.into_bytes());
    }
    parts
}

/// How many runs of each profile there are.
const RUNS: usize = 12;

/// Runs of short scenarios under every profile.
///
/// # Panics
/// The suite is no good.
pub fn transcripts() -> &'static [Transcript] {
    static PLAYED: OnceLock<Vec<Transcript>> = OnceLock::new();
    PLAYED.get_or_init(|| {
        files::library()
            .profiles
            .runnable()
            .flat_map(runs_of)
            .collect()
    })
}

fn runs_of(profile: &Profile) -> Vec<Transcript> {
    let all = files::short_scenarios().iter();
    let own: Vec<_> = all
        .filter(|scenario| plan::not_applicable(scenario, profile).is_none())
        .collect();
    // From everywhere in the suite, not only from its first folder.
    let every = own.len().div_ceil(RUNS).max(1);
    own.into_iter()
        .step_by(every)
        .map(|scenario| {
            runner::run_case(&Case::new(scenario, profile, 0)).expect("the suite is sound")
        })
        .collect()
}

/// Which peer a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What a server said.
    Client,
    /// What clients said.
    Server,
}

/// A run as a script of [`frames`]: what the other side said, and the seconds between.
pub fn script(run: &Transcript, side: Side) -> Vec<u8> {
    let mut out = vec![frames::choice_of(&run.header.profile).unwrap_or_default()];
    let mut devices: Vec<(&str, u32)> = Vec::new();
    let mut heard = 0;
    for entry in &run.entries {
        let What::Sent { link, messages, .. } = &entry.what else {
            continue;
        };
        if (entry.actor == SERVER) != (side == Side::Client) {
            continue;
        }
        let passed = (entry.at.0 - heard) / 1_000;
        heard = entry.at.0;
        let mut piece = Vec::new();
        if side == Side::Server {
            let device = (entry.actor.as_str(), *link);
            let known = devices.iter().position(|one| *one == device);
            let at = known.unwrap_or_else(|| {
                devices.push(device);
                devices.len() - 1
            });
            piece.push(b'0' + (at % 10) as u8);
        }
        for message in messages {
            piece.extend(good_ticket(message.text()).into_bytes());
            piece.push(b'\n');
        }
        if passed > 0 {
            out.extend(format!("w{passed}\0").bytes());
        }
        if out.len() + piece.len() > LONGEST {
            break;
        }
        out.extend(piece);
        out.push(0);
    }
    out
}

/// Tickets that are good, each fault of them, and documents that stand inside of them.
pub fn tickets() -> Vec<Vec<u8>> {
    let claims = Claims {
        user: USER.to_owned(),
        app: APP_ID,
        issued: NOW,
        ends: NOW + 60,
        payload: String::new(),
    };
    let draws = Draws {
        nonce: 5,
        iv: [7; 16],
    };
    let mut seeds = Vec::new();
    for format in Format::ALL {
        let secret = secret(*format);
        seeds.push(ticket::mint(&claims, &secret, draws));
        for fault in Fault::ALL {
            seeds.push(ticket::mint_faulty(&claims, &secret, draws, *fault));
        }
    }
    let mut seeds: Vec<Vec<u8>> = seeds.into_iter().map(String::into_bytes).collect();
    let payload =
        r#"{\"room_id\":\"room-1\",\"privilege\":{\"1\":1,\"2\":0},\"stream_id_list\":null}"#;
    let ends = NOW + 60;
    seeds.push(format!("{{\"app_id\":{APP_ID},\"user_id\":\"{USER}\",\"nonce\":5,\"ctime\":{NOW},\"expire\":{ends},\"payload\":\"{payload}\"}}").into_bytes());
    seeds.push(format!("{{\"TLS.ver\":\"2.0\",\"TLS.identifier\":\"{USER}\",\"TLS.sdkappid\":{APP_ID},\"TLS.expire\":60,\"TLS.time\":{NOW},\"TLS.sig\":\"AAAA\"}}").into_bytes());
    for file in files::below("fixtures/tokens", ".json") {
        seeds.extend(strings_of(&file.text));
    }
    seeds
}

/// Is this seed a ticket that is good?
pub fn is_good(seed: &[u8], format: Format) -> Result<(), ErrorWord> {
    let expected = Expected {
        app: APP_ID,
        user: USER,
        room: None,
        now: NOW,
        end: format.end(),
        payload: PayloadUse::Ignored,
    };
    let text = String::from_utf8_lossy(seed);
    let judged = ticket::verify(&text, &secret(format), &expected);
    judged.map(|_| ()).map_err(|refused| refused.error())
}

/// The same message with `$user` for the label of its ticket.
fn good_ticket(message: &str) -> String {
    const KEY: &str = "\"ticket\":\"";
    let Some((before, rest)) = message.split_once(KEY) else {
        return message.to_owned();
    };
    let (label, after) = rest.split_once('"').unwrap_or((rest, ""));
    let user = label
        .split('(')
        .nth(1)
        .and_then(|rest| rest.split([',', ')']).next());
    let ticket = match user {
        Some(user @ ("alice" | "bob")) => format!("${user}"),
        _ => label.to_owned(),
    };
    format!("{before}{KEY}{ticket}\"{after}")
}

/// The texts in a JSON document that look like tickets.
fn strings_of(json: &str) -> Vec<Vec<u8>> {
    let texts = json
        .split('"')
        .filter(|text| text.len() > 60 && !text.contains(' '));
    let mut found = Vec::new();
    for text in texts {
        found.push(text.as_bytes().to_vec());
        found.extend(
            text.strip_prefix("04")
                .and_then(|body| STANDARD.decode(body).ok()),
        );
    }
    found
}
