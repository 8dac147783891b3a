//! In one process: to read the whole suite anew for every name takes a debug build minutes.

use conformance::scenario::Scenario;
use kickout::args::Selection;
use kickout::explain::look_up;
use kickout::suite;

fn with_suite(check: impl Fn(&dyn Fn(&str) -> Result<String, String>)) {
    let library = suite::library(&Selection::default()).expect("the data is sound");
    let members = suite::scenarios(&Selection::default(), &library).expect("so is the suite");
    let scenarios: Vec<&Scenario> = members.iter().map(|member| &member.scenario).collect();
    check(&|what| look_up(what, &library, scenarios.clone()).map_err(|wrong| wrong.shown()));
}

#[test]
fn every_kind_of_name_is_explained() {
    with_suite(|explain| every_kind(explain));
}

fn every_kind(explain: &dyn Fn(&str) -> Result<String, String>) {
    for (what, said) in [
        // A row: its sentence, place, positions, steps by line, rules.
        ("EXP-044", "error 1002001, and the joined room carries on"),
        ("EXP-044", "Related APIs 1"),
        (
            "EXP-044",
            "position of zego-express, zego-express-2.18, zego-express-web: 1002001 is",
        ),
        ("ZIM-042", "decided by kick/newer_login_wins, line"),
        ("ZIM-041", "rule I2: "),
        ("EXP-053", "not for =zego-express: its room IDs"),
        ("ZIM-037", "excepted: "),
        ("TIM-028", " on purpose: "),
        // An open question: its readings, who takes which, and the knobs.
        (
            "T-AMB-18",
            "rules.login.again-other-user: switch)\n    taken by tencent-im\n",
        ),
        ("Z-AMB-46", "position: Forbidden where"),
        ("I2", "never comes back by itself"),
        ("I5", "own record is enough"),
        // Codes and names of the vendors, both ways.
        (
            "1002001",
            "zego-express: already-logged-in = error 1002001 (RoomCountExceed)",
        ),
        ("6208", "tencent-im: displaced = error 6208"),
        ("6208", "said by "),
        ("1002050", "newer-login = 1002050 with kicked-out"),
        (
            "onKickedOffline",
            "tencent-im: kicked-out = callback onKickedOffline()",
        ),
        (
            "V2TIM_STATUS_LOGINED",
            "online = state V2TIM_STATUS_LOGINED (1)",
        ),
        (
            "multipleDevice",
            "tencent-im-web: newer-login = multipleDevice",
        ),
        ("getLoginStatus", "get-login-status = call getLoginStatus"),
        // Neutral words, of whatever kind, in each vendor's terms.
        ("kicked-out", "onKickedOffline"),
        ("reconnect-failed", "zego-zim: not an event of this product"),
        ("not-logged-in", "zego-zim: not-logged-in = error 6000121"),
        ("online", "online  state: "),
        ("newer-login", "newer-login  reason: "),
        ("renew-token", "zego-zim: renew-token = call renewToken"),
        // Scenarios, profiles and knobs.
        ("kick/newer_login_wins", "covers ZIM-042: "),
        ("zego-zim-2.8", "extends zego-zim, which extends baseline"),
        ("reconnect.window", "zego-zim-2.8: 5m"),
        (
            "reconnect.window",
            "rules.reconnect.window: 20m in Z-AMB-01",
        ),
        (
            "rules.devices.returning",
            "zego-express-2.18: undocumented; the reference peers use loses",
        ),
        ("errors.displaced.code", "zego-express: 1002086"),
    ] {
        let text = explain(what).expect("it is known");
        assert!(text.contains(said), "{what}: {said}\n{text}");
    }
}

#[test]
fn what_is_not_known_is_an_error_with_the_nearest_name() {
    with_suite(|explain| nearest(explain));
}

fn nearest(explain: &dyn Fn(&str) -> Result<String, String>) {
    for (what, near) in [
        ("ZIM-42", "did you mean `ZIM-042`?"),
        ("kicked-ot", "did you mean `kicked-out`?"),
        ("onKickOffline", "did you mean `onKickedOffline`?"),
        ("reconect.window", "did you mean `reconnect.window`?"),
        (
            "kick/newer_login_win",
            "did you mean `kick/newer_login_wins`?",
        ),
        ("", "is no requirement"),
        ("99999999999999999999999999", "is no requirement"),
    ] {
        let wrong = explain(what).expect_err("it is not known");
        assert!(wrong.contains(near), "{what}: {wrong}");
    }
}
