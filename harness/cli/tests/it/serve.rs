//! The reference server on a real port, and a run against it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const KICKOUT: &str = env!("CARGO_BIN_EXE_kickout");

/// So many times as fast as real time; the tolerance of a second is 50 ms then.
const PACE: &str = "20";

/// A server that has said where it listens.
struct Served {
    child: Child,
    said: BufReader<ChildStdout>,
    address: String,
}

fn serve(arguments: &[&str]) -> Served {
    let mut child = Command::new(KICKOUT)
        .args(["serve", "--profile", "zego-zim", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    let address = first.strip_prefix("listening on ").unwrap();
    let address = address.split(' ').next().unwrap().to_owned();
    Served {
        child,
        said,
        address,
    }
}

impl Served {
    /// Told to stop, it says so and ends well. What it said before.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{rest}");
        assert!(rest.ends_with("stopped\n"), "{rest}");
        rest
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
    }
}

fn connected(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    stream
}

#[test]
fn more_connections_than_wanted_are_closed_at_once() {
    let mut served = serve(&["--most-connections", "1"]);
    let first = connected(&served.address);
    let mut up = String::new();
    served.said.read_line(&mut up).unwrap();
    assert!(up.contains("link 1: up; 1 now"), "{up}");
    let mut second = connected(&served.address);
    // Closed, or reset: nothing is said in either case.
    assert_eq!(second.read(&mut [0; 16]).unwrap_or(0), 0);
    drop(first);
    let said = served.stop();
    assert!(!said.contains("link 2"), "{said}");
}

#[test]
fn a_run_plays_against_a_server_on_a_port() {
    let served = serve(&["--time-scale", PACE]);
    let server = format!("tcp://{}", served.address);
    let play = || {
        let ended = Command::new(KICKOUT)
            .args(["run", "--profile", "zego-zim", "--time-scale", PACE])
            .args(["--filter", "login/again_after_a_failed_login"])
            .args(["--server", &server])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        (ended.status.code(), said)
    };
    // Once more, where the machine was busy elsewhere for too long.
    let mut played = play();
    for _ in 0..2 {
        if played.0 != Some(0) {
            played = play();
        }
    }
    let (code, said) = played;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    assert!(said.contains(&format!("server: `{server}`")), "{said}");
    let served = served.stop();
    assert!(served.contains("session"), "{served}");
}

#[test]
fn what_cannot_be_played_against_a_port_is_said() {
    for (arguments, why) in [
        (
            &["run", "--server", "tcp://127.0.0.1:1"][..],
            "say which with --profile",
        ),
        (
            &["fuzz", "--server", "tcp://127.0.0.1:1"],
            "only `kickout run`",
        ),
        (
            &["run", "--profile", "zego-zim", "--server", "tcp://nowhere"],
            "--server tcp://nowhere",
        ),
    ] {
        let ended = Command::new(KICKOUT).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
