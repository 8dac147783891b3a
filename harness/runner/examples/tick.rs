#[path = "../tests/suite/mod.rs"]
mod suite;
use conformance::director::Director;
use runner::tick;
use session::time::Millis;
use std::time::Instant;
fn main() {
    let suite = suite::Suite::read();
    let want = std::env::args().nth(1);
    let mut n = 0;
    let mut same = 0;
    for case in &suite.cases() {
        let name = format!("{}/{}", case.scenario.name, case.profile.id);
        if want.as_ref().is_some_and(|w| *w != name) {
            continue;
        }
        let a = runner::run_case(case).unwrap();
        let t = Instant::now();
        let d = Director::new(case, "reference", "reference");
        let b = match tick::run(
            case,
            d,
            &mut runner::peers::ReferencePeers::new(case),
            Millis(10),
        ) {
            Ok(b) => b,
            Err(e) => {
                println!("{name}: {e}");
                continue;
            }
        };
        if want.is_some() {
            print!("{}", b.to_jsonl());
        }
        let diffs = tick::compare(&a, &b, Millis(10));
        n += 1;
        if diffs.is_empty() {
            same += 1
        }
        println!(
            "{name} {:?} {:?}",
            t.elapsed(),
            a.entries.last().unwrap().at
        );
        for d in diffs {
            println!("   {d}");
        }
    }
    println!("{same} of {n}");
}
