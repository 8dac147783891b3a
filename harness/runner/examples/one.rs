#[path = "../tests/suite/mod.rs"]
mod suite;
use std::time::Instant;
fn main() {
    let suite = suite::Suite::read();
    let want = std::env::args().nth(1).unwrap();
    for case in &suite.cases() {
        let name = format!("{}/{}", case.scenario.name, case.profile.id);
        if !name.contains(&want) {
            continue;
        }
        let mut all = vec![];
        let mut last = None;
        for _ in 0..15 {
            let t = Instant::now();
            for _ in 0..100 {
                last = Some(runner::run_case(case).unwrap());
            }
            all.push(t.elapsed() / 100);
        }
        all.sort();
        let last = last.unwrap();
        println!(
            "{name}: median {:?} min {:?}; {} entries, {:?}",
            all[7],
            all[0],
            last.entries.len(),
            last.entries.last().unwrap().at
        );
    }
}
