//! Results to test reports with: each status once, in one scenario of two.

use std::collections::BTreeMap;

use conformance::judge::Fault;
use conformance::requirement::{Party, Strength};
use conformance::transcript::{Entry, What};
use session::time::Time;

use super::*;

const TEXT: &str = "title: the newer device wins\nsteps:\n  - login: phone\n  - expect: { client: phone, event: kicked-out }\n";

pub(crate) fn results() -> Results {
    let names = ["kick/newer_wins", "login/works"];
    let profiles = ["acme", "acme-web", "other", "other-web", "third"];
    let head = Head {
        format: FORMAT,
        of: Of::Run,
        build: "0.1.0+0".into(),
        suite: "0123456789abcdef".into(),
        seed: 0,
        client: "reference".into(),
        server: "reference".into(),
        deviation: None,
        selection: Selection::default(),
        profiles: profiles.map(str::to_owned).to_vec(),
        scenarios: names.map(str::to_owned).to_vec(),
        shard: None,
        again: None,
        left_out: 0,
    };
    let mut results = Results::empty(head);
    results.profiles = profiles.map(profile).to_vec();
    results.requirements = vec![Requirement {
        id: "ACM-042".into(),
        catalogue: "acme".into(),
        statement: "The older device is told <once>.".into(),
        strength: Strength::Must,
        party: vec![Party::Client, Party::Server],
        document: "Login & logout".into(),
        place: "Kicked out".into(),
        page: Some("https://example.org/login?a=1&b=2".into()),
    }];
    results.rules = vec![Rule {
        id: "I2".into(),
        statement: "A kicked client never comes back by itself.".into(),
    }];
    results.scenarios = names.map(scenario).to_vec();
    let mut statuses = Status::ALL.iter().copied();
    for name in names {
        for profile in profiles {
            let status = statuses.next().unwrap_or(Status::Passed);
            results.cases.push(case(name, profile, status));
        }
    }
    results.known = vec![known(12, "kick/*", 1), known(20, "login/gone", 0)];
    results
}

fn profile(id: &str) -> Profile {
    Profile {
        id: id.into(),
        hash: "0123456789abcdef".into(),
        vendor: "Acme".into(),
        product: "Calls".into(),
        versions: ">=1.0".into(),
        catalogue: "acme".into(),
    }
}

fn scenario(name: &str) -> Scenario {
    Scenario {
        name: name.into(),
        file: format!("scenarios/{name}.yaml"),
        title: "the newer device wins".into(),
        about: String::new(),
        tags: vec!["kick".into()],
        hash: "0123456789abcdef".into(),
        text: TEXT.into(),
    }
}

pub(crate) fn case(scenario: &str, profile: &str, status: Status) -> CaseResult {
    let is_failure = matches!(status, Status::Failed | Status::KnownFailure);
    let reason = match status {
        Status::NotApplicable | Status::SubjectError | Status::HarnessError => {
            Some("it broke\nin two lines".into())
        }
        _ => None,
    };
    let entry = Entry {
        at: Time(2_270),
        actor: "phone".into(),
        what: What::Connect { link: 2 },
    };
    CaseResult {
        scenario: scenario.into(),
        file: format!("scenarios/{scenario}.yaml"),
        title: "the newer device wins".into(),
        profile: profile.into(),
        seed: 0,
        status,
        reason,
        findings: is_failure.then(|| finding(status)).into_iter().collect(),
        undocumented: Vec::new(),
        inconclusive: vec!["rule I17: not due yet".into()],
        decided: BTreeMap::from([("ACM-042".to_owned(), !is_failure)]),
        decisions: vec![Decision {
            row: "ACM-042".into(),
            by: By::Step,
            rule: None,
            line: Some(4),
            held: !is_failure,
        }],
        observed: Vec::new(),
        virtual_ms: 300_120,
        entries: 33,
        wall_us: None,
        transcript: is_failure.then(|| Record {
            entries: vec![entry],
            heartbeats: 3,
            left_out: 0,
            others: None,
        }),
    }
}

fn finding(status: Status) -> Shown {
    Shown {
        by: "step 2".into(),
        kind: Kind::StepUnmet,
        fault: Fault::Client,
        expected: "phone: event kicked-out".into(),
        seen: "nothing of the kind".into(),
        rows: BTreeMap::from([(
            "ACM-042".to_owned(),
            "The older device is told <once>. (must)".to_owned(),
        )]),
        line: Some((4, 5)),
        span: Some((57, 102)),
        around: "  0:00:00.000  phone  call #1 login()\n> 0:00:02.270  phone  link 2: connect\n"
            .into(),
        repeat: "kickout run --filter 'kick/newer_wins' --profile acme".into(),
        known: (status == Status::KnownFailure).then_some(12),
    }
}

fn known(line: usize, scenario: &str, findings: usize) -> Known {
    Known {
        file: "known.yaml".into(),
        line,
        text: format!("  - scenario: {scenario}"),
        scenario: scenario.into(),
        profile: "*".into(),
        check: "*".into(),
        reason: "the ticket is open".into(),
        link: Some("https://example.org/issues/7".into()),
        findings,
        cases: findings,
        passed: 0,
        elsewhere: false,
    }
}
