//! The pages in a real browser. They need Chromium, so they are left out unless asked for with
//! `cargo test -p kickout -- --ignored browser`; then its absence is a failure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::program::kickout;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Pages made once for all tests here.
struct Pages {
    folder: TempDir,
}

fn pages() -> &'static Pages {
    static PAGES: OnceLock<Pages> = OnceLock::new();
    PAGES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let make = |arguments: &[&str]| kickout(folder.path(), arguments);
        let run = make(&["run", "--report", "html=run.html"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let red = ["run", "--filter", "kick/*", "--deviation", "older-left-online", "--report", "html=red.html"];
        assert_eq!(make(&red).code, 1);
        let compare = make(&["compare", "--filter", "kick/returning_device_loses", "--report", "html=compare.html"]);
        assert_eq!(compare.code, 0, "{}", compare.stderr);
        let hostile = "title: \"</script><script>document.title='taken'</script><img src=x onerror=alert(1)>\"\n\
                       clients: { phone: {} }\nsteps:\n  - login: phone\n";
        std::fs::write(folder.path().join("hostile.yaml"), hostile).unwrap();
        make(&["run", "hostile.yaml", "--report", "html=hostile.html"]);
        Pages { folder }
    })
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found
        .into_iter()
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!(
                "none of {NAMES:?} is on the path; install one, such as Debian's package `chromium`"
            )
        })
}

/// The page as it is after its script has run, and what it wrote to the console.
fn opened(page: &str, rest: &str) -> (String, Vec<String>) {
    let pages = pages();
    let profile = tempfile::tempdir().unwrap();
    let address = format!("file://{}/{page}{rest}", pages.folder.path().display());
    let output = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(address)
        .output()
        .expect("the browser starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let console = said.lines().filter(|line| line.contains(":CONSOLE"));
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        console.map(str::to_owned).collect(),
    )
}

fn ready(page: &str, rest: &str) -> String {
    let (dom, console) = opened(page, rest);
    assert!(console.is_empty(), "{console:?}");
    assert!(
        dom.contains("data-ready=\"yes\""),
        "the script of {page}{rest} did not come to its end"
    );
    dom
}

/// What is in the part that shows an opened case.
fn detail(dom: &str) -> &str {
    let begin = dom.find("id=\"detail\"").expect("there is a detail");
    let rest = &dom[begin..];
    &rest[..rest.find("</section>").unwrap_or(rest.len())]
}

#[test]
#[ignore = "needs Chromium"]
fn a_run_opens_without_a_complaint() {
    let dom = ready("run.html", "");
    assert!(detail(&dom).contains("hidden"));
    assert!(
        size_of("run.html") <= 5_000_000,
        "{} bytes",
        size_of("run.html")
    );
}

fn size_of(page: &str) -> u64 {
    std::fs::metadata(Path::new(pages().folder.path()).join(page))
        .unwrap()
        .len()
}

#[test]
#[ignore = "needs Chromium"]
fn a_link_opens_its_case_with_a_diagram() {
    let dom = ready("run.html", "#kick/returning_device_loses/zego-express");
    let shown = detail(&dom);
    assert!(
        shown.contains("data-open=\"kick/returning_device_loses/zego-express\""),
        "{shown}"
    );
    for part in [
        "<svg",
        " idle</text>",
        "onRoomStateChanged(errorCode: 1002086",
        "class=\"arrow\"",
    ] {
        assert!(shown.contains(part), "{part}");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_filter_leaves_what_matches() {
    let all = ready("run.html", "");
    let some = ready("run.html", "?filter=tunnel");
    let shown = |dom: &str| {
        let rows = dom.split("<tr data-scenario=").skip(1);
        rows.filter(|row| !row.split_once('>').unwrap().0.contains("hidden"))
            .count()
    };
    assert!(shown(&all) > 400, "{}", shown(&all));
    assert!((1..20).contains(&shown(&some)), "{}", shown(&some));
}

#[test]
#[ignore = "needs Chromium"]
fn a_failure_shows_its_line_its_requirement_and_where_it_was_seen() {
    let front = ready("red.html", "");
    assert!(
        front.contains("kickout run --filter"),
        "the command that repeats it"
    );
    let dom = ready("red.html", "#kick/newer_login_wins/zego-zim");
    let shown = detail(&dom);
    for part in [
        "ZIM-042",
        "class=\"bad-line\"",
        "class=\"mark\"",
        "expected",
        "--deviation older-left-online",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn a_comparison_opens_two_transcripts_with_their_difference() {
    let dom = ready("compare.html", "#kick/returning_device_loses/zego-zim");
    let shown = detail(&dom);
    for part in [
        "class=\"difference\"",
        "class=\"add\"",
        "class=\"del\"",
        "Z-AMB-40",
        "<select",
    ] {
        assert!(shown.contains(part), "{part}");
    }
    let found = ready("compare.html", "?filter=tunnel");
    assert!(found.contains("A device that returns from an outage"));
}

#[test]
#[ignore = "needs Chromium"]
fn a_hostile_title_is_text() {
    let dom = ready("hostile.html", "#hostile/zego-zim");
    assert!(!dom.contains("<title>taken"), "their script ran");
    assert!(!dom.contains("<img"), "their element is there");
    assert!(detail(&dom).contains("&lt;img src=x"));
}
