#[path = "../tests/toys/mod.rs"]
mod toys;
use conformance::director::Command;
use conformance::scenario::*;
use runner::simulated::drive;
use session::time::Millis;
use std::time::Instant;
use toys::*;

fn main() {
    let hab = Habits::default();
    let kinds: Vec<(&str, Box<dyn Fn(Plan, Millis) -> Plan>)> = vec![
        ("reset", Box::new(|p, t| p.at(t, network(0, NetworkWord::Reset)))),
        ("switched", Box::new(|p, t| p.at(t, network(0, NetworkWord::Switched)))),
        ("crash", Box::new(|p, t| p.at(t, app(0, AppAct::Crashed)).at(Millis(t.0 + 100), app(0, AppAct::Started)).at(Millis(t.0+100), login(0)))),
        ("crash in handshake", Box::new(|p, t| p.at(t, app(0, AppAct::Crashed)).at(Millis(t.0 + 100), app(0, AppAct::Started)).at(Millis(t.0+100), login(0))
            .at(Millis(t.0 + 145), app(0, AppAct::Crashed)).at(Millis(t.0 + 200), app(0, AppAct::Started)).at(Millis(t.0+200), login(0)))),
        ("down in handshake", Box::new(|p, t| p.at(t, network(0, NetworkWord::Reset)).at(Millis(t.0+45), network(0, NetworkWord::Unreachable)).at(Millis(t.0+100), network(0, NetworkWord::Up)))),
        ("switch in handshake", Box::new(|p, t| p.at(t, network(0, NetworkWord::Reset)).at(Millis(t.0+45), network(0, NetworkWord::Switched)))),
        ("reset in handshake", Box::new(|p, t| p.at(t, network(0, NetworkWord::Reset)).at(Millis(t.0+45), network(0, NetworkWord::Reset)))),
        ("restart", Box::new(|p, t| p.at(t, Command::StopServer).at(t, Command::StartServer))),
        ("restart held", Box::new(|p, t| p.at(t, network(0, NetworkWord::Unreachable)).at(Millis(t.0+10), Command::StopServer).at(Millis(t.0+10), Command::StartServer).at(Millis(t.0+40_000), network(0, NetworkWord::Up)))),
        ("crash black hole", Box::new(|p, t| p.at(t, network(0, NetworkWord::BlackHole)).at(Millis(t.0+10), app(0, AppAct::Crashed)).at(Millis(t.0+1000), network(0, NetworkWord::Up)).at(Millis(t.0+1000), app(0, AppAct::Started)).at(Millis(t.0+1000), login(0)))),
    ];
    for (name, f) in &kinds {
        print!("{name:>20}: ");
        for n in [50u64, 100, 200, 400] {
            let mut plan = Plan::until(Millis::seconds(300 * n)).quiet().at(Millis(0), login(0));
            for k in 0..n { plan = f(plan, Millis::seconds(300 * k + 50)); }
            let t = Instant::now();
            drive(&devices(1), 0, plan, &mut Toys(hab)).unwrap();
            print!(" {n}: {:.1} us each", t.elapsed().as_secs_f64() * 1e6 / n as f64);
        }
        println!();
    }
}
