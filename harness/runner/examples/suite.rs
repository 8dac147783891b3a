#[path = "../tests/suite/mod.rs"]
mod suite;
use std::time::Instant;
fn main() {
    let suite = suite::Suite::read();
    let cases = suite.cases();
    println!("{} cases", cases.len());
    let mut times = vec![];
    let t0 = Instant::now();
    for case in &cases {
        let t = Instant::now();
        let a = runner::run_case(case).unwrap();
        let took = t.elapsed();
        let v = conformance::judge::judge(case, &a, &suite.library.catalogue, &suite.library.rules)
            .unwrap();
        times.push((
            took,
            case.scenario.name.clone(),
            case.profile.id.clone(),
            a.entries.last().unwrap().at,
            a.entries.len(),
            format!("{:?}", v.grade),
        ));
    }
    println!("all {:?}", t0.elapsed());
    times.sort();
    for t in times.iter().rev().take(12) {
        println!("{t:?}");
    }
    println!("median {:?}", times[times.len() / 2]);
    let mut by = std::collections::BTreeMap::new();
    for t in &times {
        *by.entry(t.5.clone()).or_insert(0) += 1;
    }
    println!("{by:?}");
    for case in &cases {
        let a = runner::run_case(case).unwrap();
        let v = conformance::judge::judge(case, &a, &suite.library.catalogue, &suite.library.rules)
            .unwrap();
        for f in &v.findings {
            println!("{} {} {f:?}", case.scenario.name, case.profile.id);
        }
    }
    if let Some(name) = std::env::args().nth(1) {
        for case in &cases {
            if format!("{}/{}", case.scenario.name, case.profile.id) == name {
                print!("{}", runner::run_case(case).unwrap().to_jsonl());
            }
        }
    }
}
