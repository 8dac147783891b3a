use super::*;

const HEAD: &str = r#"{"format":1,"scenario":"s","scenario-hash":"","profile":"p","profile-hash":"","seed":0,"client-subject":"reference","server-subject":"reference"}"#;

/// The situations in a record of `at actor what` lines.
fn reached(lines: &[&str]) -> BTreeSet<Mark> {
    let mut text = format!("{HEAD}\n");
    for line in lines {
        let mut parts = line.splitn(3, ' ');
        let mut next = || parts.next().expect("three parts");
        let (at, actor, what) = (next(), next(), next());
        text.push_str(&format!(
            "{{\"at\":{at},\"actor\":\"{actor}\",\"what\":{what}}}\n"
        ));
    }
    marks(
        &Transcript::from_jsonl(&text).expect("a sound record"),
        false,
    )
}

const ONLINE: &[&str] = &[
    r#"0 phone {"call":{"id":1,"api":"login","args":{"user":"alice"}}}"#,
    r#"0 phone {"event":{"said":"neutral","event":"logging-in","state":"logging-in"}}"#,
    r#"50 server {"session":{"is":"opened","session":"s1","user":"alice","device":"phone","platform":"android"}}"#,
    r#"90 phone {"event":{"said":"neutral","event":"logged-in","state":"online"}}"#,
    r#"90 phone {"result":{"id":1,"api":"login","ok":true}}"#,
];

const AWAY: &str =
    r#"1000 phone {"event":{"said":"neutral","event":"reconnecting","state":"reconnecting"}}"#;

const KICK: &str = r#"2000 server {"session":{"is":"ended","session":"s1","user":"alice","device":"phone","platform":"android","cause":"newer-login"}}"#;

fn after_login(lines: &[&str]) -> BTreeSet<Mark> {
    reached(&[ONLINE, lines].concat())
}

#[test]
fn an_ordinary_login_is_no_rare_situation() {
    assert_eq!(after_login(&[]), BTreeSet::new());
    assert_eq!(after_login(&[KICK]), BTreeSet::new());
}

#[test]
fn a_kick_is_told_apart_by_what_the_device_does() {
    assert_eq!(
        after_login(&[AWAY, KICK]),
        [Mark::KickWhileReconnecting].into()
    );
    let leaving = r#"1900 phone {"call":{"id":2,"api":"logout"}}"#;
    assert_eq!(
        after_login(&[leaving, KICK]),
        [Mark::LogoutCrossesKick].into()
    );
    let frozen = r#"1900 phone {"app":{"is":"frozen"}}"#;
    assert_eq!(
        after_login(&[frozen, KICK]),
        [Mark::KickWhileStandingStill].into()
    );
    let again = r#"2100 phone {"call":{"id":2,"api":"login","args":{"user":"alice"}}}"#;
    assert_eq!(after_login(&[KICK, again]), [Mark::LateKick].into());
    let heard =
        r#"2050 phone {"event":{"said":"neutral","event":"kicked-out","state":"logged-out"}}"#;
    assert_eq!(after_login(&[KICK, heard, again]), BTreeSet::new());
}

#[test]
fn the_second_renewal_of_a_session_counts_and_the_first_does_not() {
    let renewal = |at: u64, id: u32| {
        [
            format!(r#"{at} phone {{"call":{{"id":{id},"api":"renew-token"}}}}"#),
            format!(r#"{at} phone {{"result":{{"id":{id},"api":"renew-token","ok":true}}}}"#),
        ]
    };
    let (first, second) = (renewal(3_000, 5), renewal(4_000, 6));
    assert_eq!(after_login(&[&first[0], &first[1]]), BTreeSet::new());
    let both = after_login(&[&first[0], &first[1], &second[0], &second[1]]);
    assert_eq!(both, [Mark::SecondRenewal].into());
}

#[test]
fn a_link_that_comes_up_at_the_end_of_the_window_is_a_race() {
    let end = r#"61000 phone {"event":{"said":"neutral","event":"reconnect-failed","state":"logged-out","reason":"window-ended"}}"#;
    let up = |at: u64| format!(r#"{at} phone {{"link-up":{{"link":2}}}}"#);
    assert_eq!(
        after_login(&[AWAY, &up(59_999), end]),
        [Mark::WindowEnd].into()
    );
    let race = after_login(&[AWAY, &up(60_000), end]);
    assert_eq!(race, [Mark::WindowEnd, Mark::WindowEndRace].into());
}
