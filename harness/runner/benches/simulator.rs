//! How fast is the simulator? Run with `cargo bench -p runner`, and with parts of
//! titles to measure those alone: `cargo bench -p runner -- "1 client" reconnect`.
//!
//! Every line is the median CPU time of the running thread; engines that stand together were
//! measured in turn in one run, so their ratios mean something on a busy machine too. The first
//! engine of each group is the physical limit: the same peers on a bare heap of events. (The
//! comparison with madsim needs its own build: see `benches/madsim/`.)

mod common;
#[path = "../tests/suite/mod.rs"]
mod suite;

use common::{Engine, Workload, bare, measure};
use runner::run_case;
use session::time::Millis;
use suite::Suite;

fn main() {
    let tick_100 = Millis(100);
    let fast = [
        Workload::RECONNECT,
        Workload::beats("1 client, heartbeat 10 s, 20 min", 1),
        Workload::beats("10 clients", 10),
        Workload::beats("100 clients", 100),
    ];
    for work in &fast {
        let mut engines = vec![
            Engine::new("bare heap of events", || bare::run(work)),
            Engine::new("event jumps", || work.event_jump()),
            Engine::new("turmoil, tick 100 ms", || work.ticked(tick_100)),
        ];
        if work.clients <= 2 {
            engines.push(Engine::new("turmoil, tick 1 ms", || work.ticked(Millis(1))));
        }
        measure(work.name, work.length, engines);
    }
    let apart = Workload::beats("", 100).staggered("100 clients, 7 ms apart", Millis(7));
    let many_apart = Workload::beats("", 1_000).staggered("1000 clients, 7 ms apart", Millis(7));
    for work in [
        apart,
        Workload::beats("1000 clients", 1_000),
        many_apart,
        Workload::fleet("1000 clients, server stopped for 10 of 15 min", 1_000),
        Workload::fleet("", 1_000).staggered("1000 clients, 7 ms apart, server stopped", Millis(7)),
    ] {
        let engines = vec![
            Engine::new("bare heap of events", || bare::run(&work)),
            Engine::new("event jumps", || work.event_jump()),
        ];
        measure(work.name, work.length, engines);
    }
    real_cases();
}

/// The reference peers under the director, transcripts included.
fn real_cases() {
    let suite = Suite::read();
    let cases = suite.cases();
    for case in &cases {
        let name = format!("{} under {}", case.scenario.name, case.profile.id);
        let Ok(transcript) = run_case(case) else {
            continue;
        };
        let Some(end) = transcript.entries.last() else {
            continue;
        };
        if case.scenario.name.starts_with("window/") {
            let engines = vec![Engine::new("event jumps", || drop(run_case(case)))];
            measure(&name, Millis(end.at.0), engines);
        }
    }
    let ends = cases.iter().filter_map(|case| run_case(case).ok());
    let length = ends.filter_map(|t| t.entries.last().map(|e| e.at.0)).sum();
    let all = || cases.iter().for_each(|case| drop(run_case(case)));
    let engines = vec![Engine::new("event jumps", all)];
    measure(
        &format!("the suite, {} cases", cases.len()),
        Millis(length),
        engines,
    );
}
