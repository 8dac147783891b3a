use std::sync::OnceLock;

use conformance::source::Source;
use conformance::transcript::{Entry, Transcript};
use hostile::{files, frames, results, seeds, subjects, texts, tickets, transcripts};
use proptest::prelude::*;
use proptest::sample::Index;
use session::time::Time;

use crate::changes::{Change, changed, changes};

fn bytes_of(file: &Source) -> &[u8] {
    file.text.as_bytes()
}

fn ticket_seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(seeds::tickets)
}

/// A run with some of its entries dropped, doubled, moved, or at another time.
fn mixed(mut run: Transcript, edits: &[(u8, Index, Index)]) -> Transcript {
    for (what, at, to) in edits {
        if run.entries.is_empty() {
            break;
        }
        let (at, to) = (at.index(run.entries.len()), to.index(run.entries.len()));
        match what {
            0 => drop(run.entries.remove(at)),
            1 => run.entries.insert(to, run.entries[at].clone()),
            2 => run.entries.swap(at, to),
            3 => run.entries.truncate(at + 1),
            4 => run.entries[at].actor = run.entries[to].actor.clone(),
            5 => run.entries[at].at = run.entries[to].at,
            6 => run.entries[at].at = Time(u64::MAX),
            _ => {
                let what = run.entries[to].what.clone();
                run.entries[at] = Entry {
                    what,
                    ..run.entries[at].clone()
                };
            }
        }
    }
    run
}

/// A script in pieces of other lengths.
fn split_anew(script: &[u8], every: usize) -> Vec<u8> {
    let Some((choice, script)) = script.split_first() else {
        return Vec::new();
    };
    let mut out = vec![*choice];
    for piece in script.split(|byte| *byte == 0) {
        match piece {
            [link @ b'0'..=b'9', rest @ ..] => {
                for part in rest.chunks(every) {
                    out.push(*link);
                    out.extend(part);
                    out.push(0);
                }
            }
            piece => {
                out.extend(piece);
                out.push(0);
            }
        }
    }
    out
}

/// What the reference peers say, for each profile.
fn lines(side: subjects::Side) -> &'static [Vec<u8>] {
    static CLIENT: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    static SERVER: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let all = match side {
        subjects::Side::Client => &CLIENT,
        subjects::Side::Server => &SERVER,
    };
    all.get_or_init(|| subjects::scripts(side))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn scenarios(at in any::<Index>(), changes in changes()) {
        let file = bytes_of(at.get(files::scenario_files()));
        texts::scenario(&changed(file, &changes));
    }

    #[test]
    fn tickets_of_all_kinds(at in any::<Index>(), changes in changes()) {
        let seed: &Vec<u8> = at.get(ticket_seeds());
        tickets::ticket(&changed(seed, &changes));
    }

    #[test]
    fn frames_for_a_client(at in any::<Index>(), changes in changes()) {
        let script = seeds::script(at.get(seeds::transcripts()), seeds::Side::Client);
        frames::client(&changed(&script, &changes));
    }

    #[test]
    fn frames_for_a_server(at in any::<Index>(), every in 1..80_usize, changes in changes()) {
        let script = seeds::script(at.get(seeds::transcripts()), seeds::Side::Server);
        frames::server(&changed(&split_anew(&script, every), &changes));
    }

    #[test]
    fn stored_results(at in any::<Index>(), changes in changes()) {
        static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let seed = at.get(SEEDS.get_or_init(seeds::results::results));
        results::results(&changed(seed, &changes));
    }

    #[test]
    fn lines_of_a_client(at in any::<Index>(), changes in changes()) {
        let script: &Vec<u8> = at.get(lines(subjects::Side::Client));
        subjects::played(&changed(script, &changes), subjects::Side::Client);
    }

    #[test]
    fn lines_of_a_server(at in any::<Index>(), changes in changes()) {
        let script: &Vec<u8> = at.get(lines(subjects::Side::Server));
        subjects::played(&changed(script, &changes), subjects::Side::Server);
    }

    #[test]
    fn transcripts_line_by_line(at in any::<Index>(), changes in changes()) {
        let text = at.get(seeds::transcripts()).to_jsonl();
        transcripts::transcript(&changed(text.as_bytes(), &changes));
    }

    #[test]
    fn transcripts_entry_by_entry(
        at in any::<Index>(),
        edits in prop::collection::vec((0..8_u8, any::<Index>(), any::<Index>()), 1..12),
    ) {
        transcripts::judged(mixed(at.get(seeds::transcripts()).clone(), &edits));
    }
}

proptest! {
    // These are long files; profiles are read with those they extend, and played when they are sound.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn requirements(at in any::<Index>(), changes in changes()) {
        let file = bytes_of(at.get(files::requirement_files()));
        // A part of it: they are long, and most of it is the same over and over.
        let part = &file[..file.len().min(5_000)];
        texts::requirements(&changed(part, &changes));
    }

    #[test]
    fn profiles(at in any::<Index>(), changes in changes()) {
        let file = bytes_of(at.get(files::profile_files()));
        texts::profile(&changed(file, &changes));
    }

    /// Most changes to a profile are refused; another number or length seldom is.
    #[test]
    fn profiles_with_other_values(
        at in any::<Index>(),
        values in prop::collection::vec((any::<Index>(), prop::sample::select(vec![
            "0", "1", "4294967295", "0s", "1ms", "1s", "1000d",
        ])), 1..4),
    ) {
        let mut file = bytes_of(at.get(files::profile_files())).to_vec();
        for (at, value) in values {
            let numbers = numbers(&file);
            if !numbers.is_empty() {
                file.splice(at.get(&numbers).clone(), value.bytes());
            }
        }
        texts::profile(&file);
    }

    #[test]
    fn any_lines_are_a_profile(
        lines in "(id|rules|extends|events|errors|calls|sources|bounds|console|a):( ?([a-z]{0,4}|\\{|\\[|-|[0-9]{1,3}|&a|\\*a))?(\n( |  |- )?[a-z]{0,3}:? ?[a-z0-9]{0,3}){0,4}\n"
    ) {
        texts::profile(lines.as_bytes());
        texts::requirements(lines.as_bytes());
        texts::scenario(lines.as_bytes());
    }
}

/// Where the numbers and lengths of time of the rules and bounds are.
fn numbers(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        if let Some((key, value)) = text.split_once(": ") {
            let value = value.trim_end();
            let is_length = value.parse::<session::time::Millis>().is_ok();
            if is_length || value.parse::<u32>().is_ok() {
                let start = at + key.len() + 2;
                found.push(start..start + value.len());
            }
        }
        at += line.len();
    }
    found
}

/// Changes that change nothing would test nothing.
#[test]
fn a_change_changes_something() {
    let at = 7_usize;
    let file = b"a: 1\nbc: 2\nd: 3\n";
    proptest!(|(index in any::<Index>())| {
        for change in [
            Change::Cut(index, at),
            Change::Again(index, 1),
            Change::Gone(index),
            Change::Replaced(index, "~"),
            Change::Bit(index, 3),
        ] {
            prop_assert_ne!(changed(file, &[change]), file);
        }
    });
}
