#[path = "../tests/toys/mod.rs"]
mod toys;
use conformance::scenario::*;
use runner::simulated::drive;
use session::time::Millis;
use std::time::Instant;
use toys::*;

fn time(name: &str, mut f: impl FnMut()) {
    f();
    let mut all = vec![];
    for _ in 0..7 {
        let n = {
            let t = Instant::now();
            f();
            (100_000_000 / t.elapsed().as_nanos().max(1)).clamp(1, 1000) as u32
        };
        let t = Instant::now();
        for _ in 0..n {
            f();
        }
        all.push(t.elapsed() / n);
    }
    all.sort();
    println!("{name}: median {:?} min {:?}", all[3], all[0]);
}

fn main() {
    let beat10 = Habits {
        heartbeat: Millis::seconds(10),
        ..Habits::default()
    };
    for n in [0usize, 1] {
        time(&format!("empty {n}"), || {
            let plan = Plan::until(Millis::seconds(1)).quiet();
            drive(&devices(n), 0, plan, &mut Toys(beat10)).unwrap();
        });
    }
    for n in [1usize, 2, 10, 100, 1000] {
        time(&format!("{n} clients 20 min hb 10"), || {
            let mut plan = Plan::until(Millis::seconds(1200)).quiet();
            for c in 0..n {
                plan = plan.at(Millis(0), login(c));
            }
            drive(&devices(n), 0, plan, &mut Toys(beat10)).unwrap();
        });
        if n <= 100 {
            time(&format!("{n} clients 20 min hb 10 staggered"), || {
                let mut plan = Plan::until(Millis::seconds(1200)).quiet();
                for c in 0..n {
                    plan = plan.at(Millis(c as u64 * 7), login(c));
                }
                drive(&devices(n), 0, plan, &mut Toys(beat10)).unwrap();
            });
        }
    }
    for n in [1u64, 20, 200] {
        time(&format!("{n} outages of 19 min"), || {
            let mut plan = Plan::until(Millis::seconds(1200 * n))
                .quiet()
                .at(Millis(0), login(0));
            for k in 0..n {
                plan = plan
                    .at(
                        Millis::seconds(1200 * k + 50),
                        network(0, NetworkWord::Unreachable),
                    )
                    .at(
                        Millis::seconds(1200 * k + 1190),
                        network(0, NetworkWord::Up),
                    );
            }
            drive(&devices(1), 0, plan, &mut Toys(Habits::default())).unwrap();
        });
        time(&format!("{n} switches"), || {
            let mut plan = Plan::until(Millis::seconds(1200 * n))
                .quiet()
                .at(Millis(0), login(0));
            for k in 0..n {
                plan = plan.at(
                    Millis::seconds(1200 * k + 50),
                    network(0, NetworkWord::Switched),
                );
            }
            drive(&devices(1), 0, plan, &mut Toys(Habits::default())).unwrap();
        });
        time(&format!("{n} black holes"), || {
            let mut plan = Plan::until(Millis::seconds(1200 * n))
                .quiet()
                .at(Millis(0), login(0));
            for k in 0..n {
                plan = plan
                    .at(
                        Millis::seconds(1200 * k + 50),
                        network(0, NetworkWord::BlackHole),
                    )
                    .at(
                        Millis::seconds(1200 * k + 1190),
                        network(0, NetworkWord::Up),
                    );
            }
            drive(&devices(1), 0, plan, &mut Toys(Habits::default())).unwrap();
        });
    }
}
