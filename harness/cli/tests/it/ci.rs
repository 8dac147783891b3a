//! The examples for CI run as they stand: their scripts are taken out of the files and run, with this
//! very program as `kickout`.

use std::path::Path;
use std::process::{Command, Output};

use conformance::source::Source;
use conformance::yaml::{self, Node, Value};

use crate::program::kickout;
use crate::stored::read;

const PARTS: usize = 3;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn parse(text: &str) -> Node {
    let source = Source {
        path: "ci.yaml".into(),
        text: text.to_owned(),
    };
    yaml::parse(&source).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// Runs a script with a shell in this folder.
fn run(shell: &str, script: &str, folder: &Path, env: &[(&str, &str)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_kickout"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(shell)
        .args(["-ec", script])
        .current_dir(folder)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .env("XDG_STATE_HOME", folder.join(".state"))
        .env("PATH", format!("{}:{path}", program.display()))
        .envs(env.iter().copied())
        .output()
        .expect("there is a shell")
}

fn ok(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The scripts of a job or an action.
fn scripts(steps: Option<&Node>) -> Vec<String> {
    let Some(Value::List(steps)) = steps.map(|steps| &steps.value) else {
        panic!("there are no steps");
    };
    let scripts = steps.iter().filter_map(|step| step.get("run")?.text());
    let own = scripts.filter(|script| !script.starts_with("cargo install"));
    own.map(str::to_owned).collect()
}

fn whole(folder: &Path) {
    let arguments = [
        "run",
        "--profile",
        "zego-zim",
        "--wall-times",
        "--report",
        "junit=whole.xml",
    ];
    assert_eq!(kickout(folder, &arguments).code, 0);
}

/// The names and ends of all tests, without their times.
fn tests(text: &str) -> Vec<String> {
    let without_time = |line: &str| line.split(" time=").next().unwrap_or_default().to_owned();
    let cases = text.lines().filter(|line| line.contains("<testcase "));
    cases.map(without_time).collect()
}

#[test]
fn the_examples_run_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    whole(folder.path());
    let expected = tests(&read(folder.path(), "whole.xml"));
    assert!(expected.len() > 100);
    github(&expected);
    kubernetes(&expected);
}

fn github(expected: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("fixtures/ci/github.yml")).unwrap();
    let workflow = parse(&text);
    let job = |name: &str| workflow.at_path(&["jobs", name, "steps"]);
    for part in 1..=PARTS {
        for script in scripts(job("part")) {
            let script = script.replace("${{ matrix.part }}", &part.to_string());
            ok(&run("bash", &script, folder.path(), &[]));
        }
    }
    let summary = folder.path().join("summary.md");
    let env = [("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8"))];
    for script in scripts(job("whole")) {
        ok(&run("bash", &script, folder.path(), &env));
    }
    assert_eq!(tests(&read(folder.path(), "junit.xml")), expected);
    assert!(read(folder.path(), "summary.md").starts_with("# kickout\n"));
}

fn kubernetes(expected: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().to_str().expect("UTF-8");
    let text = std::fs::read_to_string(root().join("fixtures/ci/kubernetes.yaml")).unwrap();
    let (parts, whole) = text.split_once("\n---\n").expect("two jobs");
    let script = |job: &str| {
        let job = parse(job);
        let path = ["spec", "template", "spec", "containers", "0"];
        let container = job.at_path(&path).expect("a container");
        let script = container.at_path(&["args", "0"]).and_then(Node::text);
        script.expect("a script").replace("/results", results)
    };
    for index in 0..PARTS {
        let env = [("JOB_COMPLETION_INDEX", index.to_string())];
        let env = env.each_ref().map(|(name, value)| (*name, value.as_str()));
        ok(&run("sh", &script(parts), folder.path(), &env));
    }
    ok(&run("sh", &script(whole), folder.path(), &[]));
    assert_eq!(tests(&read(folder.path(), "junit.xml")), expected);
}

#[test]
fn the_action_runs_annotates_and_keeps() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.yaml"), crate::stored::MIXED).unwrap();
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let action = parse(&text);
    let scripts = scripts(action.at_path(&["runs", "steps"]));
    let [play] = scripts.as_slice() else {
        panic!("one script besides the installation")
    };
    let summary = folder.path().join("summary.md");
    let env = [
        ("ARGUMENTS", "'mine.yaml' --profile zego-zim"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8")),
    ];
    let ended = run("bash", play, folder.path(), &env);
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        said.contains("::error file=mine.yaml,line=5,col=5,title=failed mine"),
        "{said}"
    );
    assert!(read(folder.path(), "summary.md").contains("ZIM-042"));
    for kept in ["results.ndjson", "junit.xml", "kickout.sarif"] {
        assert!(
            folder.path().join("kickout-results").join(kept).is_file(),
            "{kept}"
        );
    }
}

#[test]
fn a_variable_that_counts_from_0_picks_the_part() {
    let folder = tempfile::tempdir().unwrap();
    let list = |shard: &str, env: &[(&str, &str)]| {
        let script = format!("kickout run --filter 'kick/t*' --profile zego-zim --shard {shard}");
        run("sh", &script, folder.path(), env)
    };
    let by_name = list("INDEX/3", &[("INDEX", "2")]);
    let by_number = list("3/3", &[]);
    assert_eq!(by_name.stdout, by_number.stdout);
    for (env, said) in [
        (&[][..], "INDEX is not set"),
        (&[("INDEX", "3")], "such as 2/5"),
        (&[("INDEX", "x")], "INDEX is no number"),
    ] {
        let ended = list("INDEX/3", env);
        assert_eq!(ended.status.code(), Some(2));
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn shells_complete_every_command_and_the_manual_has_it() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = kickout(folder.path(), &["completions", shell]);
        assert_eq!(ended.code, 0);
        for word in ["merge", "known-failures", "mutants"] {
            assert!(ended.stdout.contains(word), "{shell} {word}");
        }
        if shell == "bash" {
            std::fs::write(folder.path().join("complete"), &ended.stdout).unwrap();
            ok(&run("bash", "bash -n complete", folder.path(), &[]));
        }
    }
    let page = kickout(folder.path(), &["man"]);
    assert!(page.stdout.contains(".TH kickout 1") && page.stdout.contains("Exit codes"));
    let page = kickout(folder.path(), &["man", "run"]);
    assert!(page.stdout.contains("known\\-failures"), "{}", page.stdout);
    assert_eq!(kickout(folder.path(), &["man", "dance"]).code, 2);
}
