//! `kickout replay`: a kept failure or a stored transcript again.

use conformance::case::Case;
use conformance::judge::{self, Grade, Verdict};
use conformance::library::Library;
use conformance::plan;
use conformance::profile::Profile;
use conformance::transcript::Transcript;
use fuzz::hunt::Catch;
use fuzz::keep;
use report::results::CaseResult;
use report::terminal::{self, Paint};
use runner::subject::Subjects;

use crate::args::{ReplayOptions, Selection};
use crate::exit::{Exit, Trouble};
use crate::suite::{self, Member};
use crate::{files, print, subjects};

/// The largest transcript that is opened, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// `kickout replay`
///
/// # Errors
/// The file cannot be read or is no good, or belongs to another version of a scenario or profile.
pub fn replay(options: &ReplayOptions) -> Result<Exit, Trouble> {
    let selection = Selection {
        profile: options.profile.clone(),
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let is_transcript = options
        .file
        .extension()
        .is_some_and(|ending| ending == "jsonl");
    match is_transcript {
        true => stored(options, &library),
        false => kept(options, &selection, &library),
    }
}

/// What playing came to.
struct Played {
    verdict: Verdict,
    /// The failure as `run` tells it; empty when there is none.
    said: String,
}

/// A scenario, under every profile it is for.
fn kept(
    options: &ReplayOptions,
    selection: &Selection,
    library: &Library,
) -> Result<Exit, Trouble> {
    let file = Selection {
        paths: vec![options.file.clone()],
        ..selection.clone()
    };
    let members = suite::scenarios(&file, library)?;
    let profiles = suite::profiles(selection, library)?;
    let mut text = String::new();
    let mut exit = Exit::Nothing;
    for member in &members {
        for profile in &profiles {
            if plan::not_applicable(&member.scenario, profile).is_some() {
                continue;
            }
            let seed = conformance::case::DEFAULT_SEED;
            let subjects = subjects::subjects(&options.subject, profile)?;
            let played = play(member, profile, library, seed, &subjects)?;
            text.push_str(&played.said);
            let line = match played.verdict.grade {
                Grade::Failed => {
                    exit = Exit::Findings;
                    format!(
                        "STILL FAILS under {}{}",
                        profile.id,
                        otherwise(member, &played.verdict)
                    )
                }
                grade => {
                    if exit == Exit::Nothing {
                        exit = Exit::Success;
                    }
                    format!("FIXED under {} ({grade})", profile.id)
                }
            };
            text.push_str(&line);
            text.push('\n');
        }
    }
    if exit == Exit::Nothing {
        return Err(Trouble::Nothing(
            "the scenario applies to none of the selected profiles".into(),
        ));
    }
    print(&text)?;
    Ok(exit)
}

/// What else is wrong now, when the rule that was broken once is not.
fn otherwise(member: &Member, verdict: &Verdict) -> String {
    let Some(once) = keep::broke(&member.scenario) else {
        return String::new();
    };
    let now: Vec<String> = verdict
        .findings
        .iter()
        .filter_map(Catch::of)
        .map(|catch| keep::label(&catch))
        .collect();
    match now.iter().any(|now| now == once) {
        true => String::new(),
        false => format!(
            ", but in another way: it broke {} once",
            once.to_ascii_uppercase()
        ),
    }
}

/// A transcript: judged again as it is, then played again.
fn stored(options: &ReplayOptions, library: &Library) -> Result<Exit, Trouble> {
    let shown = options.file.display().to_string();
    let text = files::read(&options.file, LARGEST)?;
    let transcript =
        Transcript::from_jsonl(&text).map_err(|bad| Trouble::Usage(format!("{shown}: {bad}")))?;
    let header = &transcript.header;
    let member = scenario_of(options, &header.scenario, library)?;
    let profile = library.profiles.get(&header.profile).ok_or_else(|| {
        Trouble::Usage(format!(
            "{shown}: there is no profile `{}`",
            conformance::diagnostic::shown(&header.profile)
        ))
    })?;
    let case = Case::new(&member.scenario, profile, header.seed);
    let then = judge::judge(&case, &transcript, &library.catalogue, &library.rules)
        .map_err(|stale| Trouble::Usage(format!("{shown}: {stale}")))?;
    let subjects = subjects::subjects(&options.subject, profile)?;
    let now = play(&member, profile, library, header.seed, &subjects)?;
    let failed = |verdict: &Verdict| verdict.grade == Grade::Failed;
    let (exit, said) = match (failed(&then), failed(&now.verdict)) {
        (true, true) => (Exit::Findings, "STILL FAILS"),
        (true, false) => (Exit::Success, "FIXED"),
        (false, true) => (Exit::Findings, "FAILS NOW: the stored run did not"),
        (false, false) => (Exit::Success, "PASSES, as the stored run did"),
    };
    print(&format!(
        "{}{said}: {} under {}, seed {}\n",
        now.said, header.scenario, profile.id, header.seed
    ))?;
    Ok(exit)
}

fn scenario_of(options: &ReplayOptions, name: &str, library: &Library) -> Result<Member, Trouble> {
    let selection = Selection {
        paths: options.scenario.iter().cloned().collect(),
        ..Selection::default()
    };
    let mut members = suite::scenarios(&selection, library)?;
    let only = options.scenario.is_some() && members.len() == 1;
    members.retain(|member| only || member.scenario.name == name);
    members.pop().ok_or_else(|| {
        let name = conformance::diagnostic::shown(name);
        Trouble::Usage(format!(
            "there is no scenario `{name}` here; --scenario FILE says where it is"
        ))
    })
}

fn play(
    member: &Member,
    profile: &Profile,
    library: &Library,
    seed: u64,
    subjects: &Subjects,
) -> Result<Played, Trouble> {
    let case = Case::new(&member.scenario, profile, seed);
    let who = subjects::repeated(subjects);
    let repeat = format!(
        "kickout run {} --profile {}{who}",
        member.argument, profile.id
    );
    let transcript = subjects.run(&case).map_err(subjects::trouble)?;
    let verdict = judge::judge(&case, &transcript, &library.catalogue, &library.rules)
        .map_err(|stale| Trouble::Harness(stale.to_string()))?;
    let result = CaseResult::judged(
        &member.scenario,
        &transcript,
        verdict.clone(),
        library,
        &repeat,
    );
    let said = match verdict.grade {
        Grade::Failed => terminal::failure(&result, &member.scenario.source, Paint { color: true }),
        _ => String::new(),
    };
    Ok(Played { verdict, said })
}
