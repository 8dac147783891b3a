//! Programs in the place of the reference peers: that the protocol changes nothing, and that
//! whoever breaks it is told so, in time and with nothing left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const KICKOUT: &str = env!("CARGO_BIN_EXE_kickout");

/// However a subject misbehaves, a run of two cases with it is over by then.
const WALL_LIMIT: Duration = Duration::from_secs(60);

/// The most memory that the harness may take, in KiB, whatever a subject writes.
const MOST_MEMORY: u64 = 300 << 10;

/// The reference peers as a subject.
fn reference() -> String {
    format!("'{KICKOUT}' adapter reference")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(KICKOUT)
        .args(arguments)
        .env_remove("CI")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Every transcript below a folder, without its header, by name.
fn transcripts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let (_, entries) = text.split_once('\n').unwrap();
                let name = path.strip_prefix(folder).unwrap().to_owned();
                all.push((name, entries.to_owned()));
            }
        }
    }
    all.sort();
    all
}

/// What is sent, as somebody sees it who does not know the language.
fn opaque(transcript: &str) -> String {
    let without = |line: &str| {
        let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(sent) = entry.pointer_mut("/what/sent") {
            sent.as_object_mut().unwrap().remove("messages");
        }
        format!("{entry}\n")
    };
    transcript.lines().map(without).collect()
}

/// Plays a part of the suite with these subjects; the transcripts.
fn played(subjects: &[&str]) -> Vec<(PathBuf, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut arguments = vec!["run", "--filter", "{app,kick}/*", "--transcripts", path];
    arguments.extend(["--profile", "zego-express", "--profile", "zego-zim"]);
    arguments.extend(["--profile", "tencent-im"]);
    arguments.extend(subjects);
    let output = run(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    transcripts(folder.path())
}

/// Are these transcripts among those of the reference peers in process?
fn assert_same(behind_pipes: &[(PathBuf, String)], direct: &[(PathBuf, String)]) {
    assert!(behind_pipes.len() > 100, "{}", behind_pipes.len());
    for (name, transcript) in behind_pipes {
        let (_, same) = direct.iter().find(|(other, _)| other == name).unwrap();
        assert!(transcript == same, "{} differs", name.display());
    }
}

/// The reference peers behind pipes leave the very transcripts that they leave in process: crashes,
/// restarts, stores, calls from inside callbacks, console settings and frozen processes included.
/// The whole suite is compared in `.ci/run`.
#[test]
fn behind_pipes_nothing_changes() {
    let subject = reference();
    let direct = played(&[]);
    assert_same(&played(&["--client", &subject]), &direct);
    assert_same(&played(&["--server", &subject]), &direct);
    // With both sides foreign, nobody knows what the bytes between them mean.
    let both = played(&["--client", &subject, "--server", &subject]);
    let direct: Vec<_> = direct
        .into_iter()
        .map(|(name, transcript)| (name, opaque(&transcript)))
        .collect();
    let both: Vec<_> = both
        .into_iter()
        .map(|(name, transcript)| (name, opaque(&transcript)))
        .collect();
    assert_same(&both, &direct);
}

#[test]
fn the_reference_peers_are_right_subjects() {
    for role in ["client", "server"] {
        let output = run(&["adapter", "check", &reference(), "--role", role]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains("wrong"), "{}", said(&output));
    }
}

#[test]
fn who_plays_is_named_and_a_failure_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("never.yaml");
    let text = "title: this must fail\nclients: { phone: {} }\nsteps:\n  \
                - login: { client: phone, fails: not-logged-in }\n";
    fs::write(&scenario, text).unwrap();
    let scenario = scenario.to_str().unwrap();
    let subject = reference();
    let output = run(&[
        "run",
        scenario,
        "--profile",
        "tencent-im",
        "--client",
        &subject,
    ]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("fault: client"), "{said}");
    assert!(said.contains(&format!("client: `{subject}`")), "{said}");
    assert!(said.contains(" --client "), "{said}");
}

#[test]
fn a_deviation_of_the_server_is_caught_with_a_foreign_client() {
    let subject = reference();
    let filter = "older-left-online";
    let arguments = [
        "mutants",
        "--filter",
        filter,
        "--profile",
        "tencent-im",
        "--client",
        &subject,
    ];
    let output = run(&arguments);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn random_scenarios_find_nothing_in_the_reference_peers_behind_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let subject = reference();
    for side in ["--client", "--server"] {
        let output = run(&["fuzz", "--cases", "70", "--out", out, side, &subject]);
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn a_command_that_cannot_be_started_is_told_at_once() {
    let output = run(&["run", "--client", "/no/such/program"]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        said(&output).contains("cannot be started"),
        "{}",
        said(&output)
    );
    let output = run(&["run", "--client", "python3 'client.py"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

/// A broken subject from the fixtures, as a command.
fn broken(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/subjects/broken"
    );
    let script = format!("{folder}/{name}.py");
    assert!(Path::new(&script).exists(), "{script}");
    // No bytecode: the fixtures stay as they are.
    format!("python3 -B '{script}'")
}

/// What became of a run of two cases, in the first of which the subject breaks.
struct Broken {
    code: Option<i32>,
    said: String,
    memory: u64,
}

/// A gigabyte takes its time.
fn with_broken(name: &str) -> Broken {
    let patience = if name == "floods_stderr" { "30s" } else { "2s" };
    let folder = tempfile::tempdir().unwrap();
    for (file, device) in [("breaks", "victim"), ("fine", "phone")] {
        let text =
            format!("title: {file}\nclients: {{ {device}: {{}} }}\nsteps:\n  - login: {device}\n");
        fs::write(folder.path().join(format!("{file}.yaml")), text).unwrap();
    }
    let told = folder.path().join("told.txt");
    let mut child = Command::new(KICKOUT)
        .arg("run")
        .arg(folder.path())
        .args([
            "--profile",
            "tencent-im",
            "--jobs",
            "1",
            "--answer-within",
            patience,
        ])
        .args(["--client", &broken(name)])
        .stdout(Stdio::from(fs::File::create(&told).unwrap()))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let mut memory = 0;
    let status = loop {
        if let Ok(about) = fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let peak = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
            memory = peak.and_then(|peak| peak.parse().ok()).unwrap_or(memory);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < WALL_LIMIT, "{name} holds the run");
        std::thread::sleep(Duration::from_millis(10));
    };
    // Whoever was killed takes a moment to be gone.
    let ended = Instant::now();
    while !left_behind(child.id()).is_empty() && ended.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(left_behind(child.id()), Vec::<String>::new(), "{name}");
    Broken {
        code: status.code(),
        said: fs::read_to_string(told).unwrap(),
        memory,
    }
}

/// Processes that a run of this number has left behind.
fn left_behind(run: u32) -> Vec<String> {
    let mark = format!("KICKOUT_SUBJECT={run}-");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let carries = |path: &Path| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable.starts_with(mark.as_bytes()))
    };
    processes
        .map(|process| process.path())
        .filter(|path| carries(path))
        .map(|path| fs::read_to_string(path.join("cmdline")).unwrap_or_default())
        .collect()
}

/// Each way of breaking the protocol ends its own case, with the lines that show it, and no other.
#[test]
fn a_broken_subject_ends_its_case_and_no_other() {
    for (name, why) in [
        ("hangs", "no answer within 2s"),
        ("exits", "ended by itself: exit status: 3"),
        ("floods", "a line of more than 1048576 bytes"),
        ("floods_with_lines", "after its answer came"),
        ("floods_stderr", "and this was the end"),
        ("garbage", "this is no line of the protocol"),
        ("two_lines", "spoke out of turn"),
        ("answers_late", "no answer within 2s"),
        (
            "answers_another_line",
            "spoke out of turn: line 2 was asked, and line 1 is answered",
        ),
        (
            "lies_about_time",
            "more than 10000 exchanges at one instant",
        ),
        ("forks", "ended by itself"),
        ("closes_stdout", "closed its standard output"),
        ("misspells", "`loged-in` is not a known event"),
        ("answers_nobody", "there was no call 4711"),
    ] {
        let Broken { code, said, memory } = with_broken(name);
        assert_eq!(code, Some(4), "{name}: {said}");
        assert!(
            said.contains("subject-error breaks under tencent-im"),
            "{name}: {said}"
        );
        assert!(said.contains(why), "{name}: {said}");
        let shown = name == "lies_about_time" || said.contains("\"api\":\"login\"");
        assert!(shown, "{name}: {said}");
        assert!(
            said.contains("the last lines of the dialogue"),
            "{name}: {said}"
        );
        assert!(
            said.contains("fine  unsupported tencent-im"),
            "{name}: {said}"
        );
        assert!(said.contains("repeat: kickout run"), "{name}: {said}");
        assert!(memory < MOST_MEMORY, "{name}: {memory} KiB");
    }
}

#[test]
fn the_end_of_standard_error_is_shown() {
    assert!(with_broken("exits").said.contains("the database is gone"));
}

/// Who does not even come so far plays no case at all.
#[test]
fn a_subject_that_cannot_be_used_is_told_before_any_case() {
    for name in ["reads_nothing", "banner"] {
        let Broken { code, said, .. } = with_broken(name);
        assert_eq!(code, Some(4), "{name}: {said}");
        assert_eq!(said, "", "{name}");
    }
    let Broken { code, said, .. } = with_broken("ignores_reset");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("answered with one output, `ready`"), "{said}");
}

#[test]
fn the_check_says_what_is_wrong_and_shows_the_line() {
    for (name, what, line) in [
        ("banner", "handshake", "← my client, version 1.2"),
        ("reads_nothing", "handshake", "→ {\"n\":0"),
        ("ignores_reset", "reset", "\"input\":\"reset\""),
        ("forgets_nothing", "reset", "\"output\": \"wake-at\""),
        (
            "draws_from_entropy",
            "determinism",
            "\"output\": \"wake-at\"",
        ),
        ("answers_twice", "dialogue", "call 1 has 2 results"),
        (
            "knows_everything",
            "unknown call",
            "\"api\":\"make-coffee\"",
        ),
    ] {
        let output = run(&["adapter", "check", &broken(name), "--answer-within", "2s"]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(4), "{name}: {said}");
        assert!(said.contains(&format!("wrong  {what}:")), "{name}: {said}");
        assert!(said.contains(line), "{name}: {said}");
        assert!(said.contains("help: "), "{name}: {said}");
    }
}

#[test]
fn what_keeps_the_protocol_and_knows_nothing_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ADAPTERS.md")).unwrap();
    let (_, smallest) = page.split_once("```python\n").unwrap();
    let (smallest, _) = smallest.split_once("```").unwrap();
    let script = folder.path().join("smallest.py");
    fs::write(&script, smallest).unwrap();
    let subject = format!("python3 -B '{}'", script.display());
    for role in ["client", "server"] {
        let output = run(&["adapter", "check", &subject, "--role", role]);
        assert!(output.status.success(), "{role}: {}", said(&output));
    }
    let arguments = [
        "run",
        "--filter",
        "kick/*",
        "--profile",
        "tencent-im",
        "--client",
        &subject,
    ];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
}
