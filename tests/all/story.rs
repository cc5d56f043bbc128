//! The story: what an app changes in one render, no other render sees, and the host does not grow.

use std::process::Command;

use crate::support::{App, live_bytes, resident_bytes};

const RENDERS: u64 = 300_000;
/// What the pool and the allocator take before they repeat themselves.
const WARM_UP: u64 = 5_000;

#[test]
fn three_hundred_thousand_console_overrides_leave_nothing() {
    run_alone("story::alone::console_overrides");
}

#[test]
fn three_hundred_thousand_changes_of_every_kind_leave_nothing() {
    run_alone("story::alone::changes_of_every_kind");
}

/// Live bytes and resident memory are the process's, so each of these has a process of its own.
fn run_alone(test: &str) {
    let me = std::env::current_exe().unwrap();
    let output = Command::new(me).args([test, "--exact", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// How many render at once, each as often as the other.
const THREADS: u64 = 2;

/// Renders `RENDERS` times, checks each, and holds what is left to its bounds.
fn leaves_nothing(app: &App, check: impl Fn(&crate::support::Rendered) + Sync) {
    let render = |times: u64| {
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..times / THREADS).for_each(|_| check(&app.render("{}"))));
            }
        });
    };
    render(WARM_UP);
    let (live, resident) = (live_bytes(), resident_bytes());
    render(RENDERS);
    let grown = live_bytes() - live;
    let grown_resident = resident_bytes() - resident;
    let slope = grown as f64 / RENDERS as f64;
    println!("{RENDERS} renders: live bytes {grown:+} ({slope:.4} a render), resident {grown_resident:+} bytes");
    assert!(slope < 10.0, "the host grows by {slope} bytes a render");
    assert!(grown_resident < 8 << 20, "the process grew by {grown_resident} bytes");
}

mod alone {
    use super::*;

    #[test]
    #[ignore = "run in a process of its own by three_hundred_thousand_console_overrides_leave_nothing"]
    fn console_overrides() {
        let app = App::file("override.js");
        leaves_nothing(&app, |rendered| {
            assert_eq!(rendered.page(), "first read native: true, later read mine: true");
            assert_eq!(rendered.console(), ["error: rendered"], "the call reaches the host");
        });
    }

    #[test]
    #[ignore = "run in a process of its own by three_hundred_thousand_changes_of_every_kind_leave_nothing"]
    fn changes_of_every_kind() {
        let app = App::file("story.js");
        leaves_nothing(&app, |rendered| {
            assert_eq!(rendered.page(), "", "{rendered:#?}");
            assert_eq!(rendered.console(), ["error: overridden", "log: read"]);
        });
    }
}

#[test]
fn two_renders_at_once_never_see_each_other() {
    let app = App::new(
        "globalThis.render = async ({ id }) => {
           globalThis.seen = [...(globalThis.seen ?? []), id];
           const error = console.error;
           console.error = (text) => error(`${id} ${text}`);
           await new Promise((resolve) => setTimeout(resolve, 20));
           console.error('waited');
           return globalThis.seen.join();
         };",
    );
    let pages = crate::support::runtime().block_on(async {
        let renders = (0..64).map(|id| {
            let app = app.with(|_| {});
            tokio::spawn(async move { (id, app.render_async(&format!("{{\"id\":{id}}}")).await) })
        });
        let mut pages = Vec::new();
        for render in renders.collect::<Vec<_>>() {
            pages.push(render.await.unwrap());
        }
        pages
    });
    for (id, outcome) in pages {
        let rendered = crate::support::Rendered(outcome);
        assert_eq!(rendered.page(), id.to_string());
        assert_eq!(rendered.console(), [format!("error: {id} waited")]);
    }
}

#[test]
fn randomness_and_time_differ_between_two_renders_of_one_snapshot() {
    let app = App::new(
        "const frozen = [Math.random(), Date.now()];
         globalThis.render = () => JSON.stringify([Math.random(), performance.timeOrigin, Date.now(), frozen]);",
    );
    let read = || {
        let page = app.render("{}").page();
        serde_json::from_str::<(f64, f64, f64, (f64, f64))>(&page).unwrap()
    };
    let first = read();
    std::thread::sleep(std::time::Duration::from_millis(5));
    let second = read();
    assert_ne!(first.0, second.0, "Math.random");
    assert!(first.1 < second.1, "performance.timeOrigin: {first:?} {second:?}");
    assert!(first.2 < second.2, "Date.now: {first:?} {second:?}");
    assert_eq!(first.3, second.3, "what the top level drew is in the snapshot");
    assert_eq!(first.3.1, 0.0, "the top level's clock stands at 1970");
}

#[test]
fn the_clock_stands_still_while_a_render_computes_and_moves_while_it_waits() {
    let app = App::new(
        "globalThis.render = async () => {
           const seen = new Set();
           for (let i = 0; i < 100_000; i++) { seen.add(Date.now()); seen.add(performance.now()); }
           const before = performance.now();
           await new Promise((resolve) => setTimeout(resolve, 30));
           return `${seen.size} ${before} ${performance.now() - before >= 30}`;
         };",
    );
    // `performance.now()` begins at a tenth of a millisecond: it is never 0.
    assert_eq!(app.render("{}").page(), "2 0.1 true");
}
