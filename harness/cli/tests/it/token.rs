//! `kickout token`: what it prints, with which code it ends, and that no secret is ever shown.

use std::io::Write;
use std::process::{Command, Stdio};

const USERSIG_SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const TOKEN04_SECRET: &str = "fa94dd0f974cf2e293728a526b028271";

const USERSIG: &str = "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwok5mcmpUInilOzEgoLMFCUrQxMDKIDIlGTmpipZGZqjiqZWFGQWpSpZWZiZwISKM9OVrJSczS2Sg8xNMoyzs5NMozz9jCI8I-ILXUIMTUoKwnKyK3wDjZKK3LUTHQ2SbZVqAW6CL9s_";
const TOKEN04: &str = "04AAAAAGVT/xAAEDAxMjM0NTY3ODlhYmNkZWYAcPDOWcZeMCPxbh1dpHzCTREIwK2oIO5x78Qlcu9iUMPYUB3QYJx5unz/KJ+bPpI8fG5w6njl5EQArst671QtMKPskxSFi5OxjJ1HI0yuYwN5l/CUShUTNHLElMi/8SQieL2/lWiNdOcJHyXDFPHcsTk=";

const NOW: &str = "1700000010";

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs `kickout token` with a secret in the environment and a ticket on standard input.
fn token(arguments: &[&str], secret: Option<&str>, stdin: &[u8]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kickout"));
    command
        .arg("token")
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("KICKOUT_SECRET")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(secret) = secret {
        command.env("KICKOUT_SECRET", secret);
    }
    let mut child = command.spawn().expect("the program starts");
    // It may stop reading before the end.
    let _ = child.stdin.take().expect("piped").write_all(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let run = Run {
        code: output.status.code().expect("it ends by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    for secret in [USERSIG_SECRET, TOKEN04_SECRET].iter().chain(&secret) {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret));
    }
    run
}

fn verify(user: &str, now: &str, ticket: &str) -> Run {
    let (app, secret) = match ticket.starts_with('0') {
        true => ("1", TOKEN04_SECRET),
        false => ("1400000000", USERSIG_SECRET),
    };
    let arguments = [
        "verify", "--app-id", app, "--user", user, "--now", now, ticket,
    ];
    token(&arguments, Some(secret), b"")
}

#[test]
fn what_can_be_seen_is_shown_with_what_cannot_be_trusted() {
    for ticket in [USERSIG, TOKEN04] {
        let run = token(&["inspect", "--now", NOW, ticket], None, b"");
        assert_eq!(run.code, 0);
        insta::assert_snapshot!(format!("inspect {}", &ticket[..2]), run.stdout);
    }
    let run = token(
        &["inspect", "--json", "--now", NOW],
        None,
        USERSIG.as_bytes(),
    );
    assert_eq!(run.code, 0);
    insta::assert_snapshot!("inspect json", run.stdout);
}

#[test]
fn a_good_ticket_is_accepted_with_what_is_left() {
    for (user, ticket) in [("alice", USERSIG), ("demo", TOKEN04)] {
        let run = verify(user, NOW, ticket);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        insta::assert_snapshot!(format!("accepted {}", &ticket[..2]), run.stdout);
    }
}

#[test]
fn a_refusal_says_why_and_with_which_number() {
    for (name, run) in [
        ("expired", verify("alice", "2023-11-15T22:13:21Z", USERSIG)),
        ("another user", verify("bob", NOW, TOKEN04)),
        ("cut short", verify("demo", NOW, &TOKEN04[..80])),
        (
            "version",
            verify("demo", NOW, &TOKEN04.replacen("04", "05", 1)),
        ),
    ] {
        assert_eq!(run.code, 1, "{name}");
        insta::assert_snapshot!(format!("refused {name}"), run.stdout);
    }
    // Good to the second.
    assert_eq!(verify("alice", "2023-11-15T22:13:20Z", USERSIG).code, 0);
}

#[test]
fn profiles_may_differ() {
    let holder = ["--app-id", "1", "--user", "demo", "--now", NOW];
    let fault = ["mint", "--kind", "token04", "--fault", "login-forbidden"];
    let made = token(&[&fault[..], &holder].concat(), Some(TOKEN04_SECRET), b"");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let ticket = made.stdout.as_bytes();
    let judged = token(
        &[&["verify"], &holder[..]].concat(),
        Some(TOKEN04_SECRET),
        ticket,
    );
    assert_eq!(judged.code, 1);
    insta::assert_snapshot!(judged.stdout);
    let only = ["verify", "--profile", "zego-zim"];
    let judged = token(&[&only, &holder[..]].concat(), Some(TOKEN04_SECRET), ticket);
    assert_eq!(judged.code, 0, "{}", judged.stdout);
}

#[test]
fn verdicts_for_programs_are_json() {
    let arguments = [
        "verify",
        "--json",
        "--app-id",
        "1400000000",
        "--user",
        "bob",
        "--now",
        NOW,
    ];
    let run = token(&arguments, Some(USERSIG_SECRET), USERSIG.as_bytes());
    assert_eq!(run.code, 1);
    let said: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(said["verdict"], "refused");
    assert_eq!(said["claims"]["left"], 86_390);
    assert_eq!(said["profiles"][0]["code"], 70_013);
    assert_eq!(said["profiles"][0]["error"], "token-wrong-user");
}

#[test]
fn what_is_made_with_given_draws_is_the_vendors_to_the_byte() {
    let arguments = [
        "mint",
        "--kind",
        "token04",
        "--app-id",
        "1",
        "--user",
        "demo",
        "--now",
        "1700000000",
        "--nonce",
        "1234567890",
        "--iv",
        "30313233343536373839616263646566",
    ];
    let run = token(&arguments, Some(TOKEN04_SECRET), b"");
    assert_eq!(run.stdout, format!("{TOKEN04}\n"));
    let drawn = |_| token(&arguments[..9], Some(TOKEN04_SECRET), b"").stdout;
    let [one, other] = [(), ()].map(drawn);
    assert_ne!(one, other, "nonce and IV are drawn");
}

#[test]
fn the_secret_is_in_a_file_without_its_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.txt");
    let path = path.to_str().unwrap();
    let arguments = [
        "verify",
        "--app-id",
        "1",
        "--user",
        "demo",
        "--now",
        NOW,
        "--secret-file",
        path,
        TOKEN04,
    ];
    for ending in ["", "\n", "\r\n"] {
        std::fs::write(path, format!("{TOKEN04_SECRET}{ending}")).unwrap();
        assert_eq!(token(&arguments, None, b"").code, 0, "{ending:?}");
    }
    std::fs::write(path, format!("{TOKEN04_SECRET} \n")).unwrap();
    let run = token(&arguments, None, b"");
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        format!("error: {path}: the secret of a token04 is 32 bytes long, not 33\n")
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let holder = ["--app-id", "1", "--user", "demo"];
    let run = token(&[&["verify", TOKEN04], &holder[..]].concat(), None, b"");
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: there is no secret: give --secret-file FILE, or set KICKOUT_SECRET\n"
    );
    let other = ["verify", "--profile", "tencent-im", TOKEN04];
    let run = token(&[&other, &holder[..]].concat(), Some(TOKEN04_SECRET), b"");
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: none of these profiles uses tickets of the form token04\n"
    );
    for wrong in [
        vec!["mint", "--kind", "jwt"],
        vec!["mint", "--kind", "token04", "--valid-for", "1.5s"],
        vec!["inspect", "--now", "yesterday", "x"],
    ] {
        assert_eq!(token(&wrong, None, b"").code, 2, "{wrong:?}");
    }
}

#[test]
fn any_input_whatever_is_looked_at() {
    let huge = vec![b'A'; 10_000_000];
    let bytes: Vec<u8> = (0..=255).collect();
    for (input, said) in [
        (&b""[..], "no ticket: it is empty\n"),
        (&huge, "no ticket: it is longer than 8192 bytes\n"),
        (
            &bytes,
            "no ticket: it is malformed: `+`, `/` and `=` of base64 are written `*`, `-` and `_` in it\n",
        ),
        (
            b"04",
            "no ticket: it is cut short: it is shorter than its header\n",
        ),
        (
            b"-04",
            "no ticket: it is cut short: its base64 is not complete\n",
        ),
    ] {
        let run = token(&["inspect"], None, input);
        assert_eq!((run.code, run.stdout.as_str()), (1, said));
    }
}
