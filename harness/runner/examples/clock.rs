use std::time::{Duration, Instant};
fn time(name: &str, mut f: impl FnMut()) {
    f();
    let mut all = vec![];
    for _ in 0..7 {
        let t = Instant::now();
        for _ in 0..300 {
            f();
        }
        all.push(t.elapsed() / 300);
    }
    all.sort();
    println!("{name}: median {:?} min {:?}", all[3], all[0]);
}
fn rt() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}
fn main() {
    time("build runtime", || {
        rt();
    });
    time("build + 480 advance", || {
        rt().block_on(async {
            for _ in 0..480 {
                tokio::time::advance(Duration::from_millis(2500)).await;
            }
        });
    });
    time("build + 480 sleep (auto-advance)", || {
        rt().block_on(async {
            for _ in 0..480 {
                tokio::time::sleep(Duration::from_millis(2500)).await;
            }
        });
    });
}
