//! A bundle that shares its code is the same program as one that is compiled as it stands.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use dayfly::{Bundle, Engine, EngineConfig, Limits, Outcome};

use crate::app::generous;
use crate::guest;

/// Where a guest was that a limit ended is known of one that shares its code, and is not asked here.
fn engine(share_code: bool) -> Engine {
    let default = EngineConfig { postmortem: false, ..EngineConfig::default() };
    Engine::new(&EngineConfig { fuel: true, share_code, concurrency: 4, ..default }).unwrap()
}

/// The guests that are one core module of the contract's world.
fn guests() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let names = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    });
    // Parts of other guests; and what the contract does not have.
    let mut names: Vec<_> =
        names.filter(|name| !["prelude", "prelude_line", "handles", "clock_setter"].contains(&name.as_str())).collect();
    names.sort();
    names
}

/// All of an outcome but what the clock says, and the pages that were changed: to a bundle that is left whole its own data is
/// written for each render.
fn without_time(mut outcome: Outcome) -> String {
    static ONE_TIME: LazyLock<Instant> = LazyLock::new(Instant::now);
    outcome.usage.wall = Duration::ZERO;
    outcome.usage.pages = 0;
    for call in &mut outcome.usage.calls {
        (call.began, call.time) = (*ONE_TIME, Duration::ZERO);
    }
    outcome.usage.cpu = Duration::ZERO;
    format!("{outcome:#?}")
}

#[tokio::test]
async fn every_guest_gives_the_same_pages_fuel_and_failures_both_ways() {
    let (shared, whole) = (engine(true), engine(false));
    // Guests that go on for ever meet this one at the same instruction both ways.
    let limits = Limits { fuel: Some(2_000_000), wall: Duration::from_secs(600), ..generous() };
    let guests = guests();
    assert!(guests.len() > 25, "{guests:?}");
    for name in guests {
        let bytes = guest::bundle(&name);
        let (one, other) = (Bundle::load(&shared, &bytes).unwrap(), Bundle::load(&whole, &bytes).unwrap());
        // One starts by itself, and is left whole.
        assert_eq!((one.shares_code(), other.shares_code()), (name != "endless_start", false), "{name}");
        for props in ["null", "1", "7", "70000"] {
            // What differs from render to render by design, the clock and the seed; and what would sleep for minutes.
            let is_long = name == "sleeper" && props.len() > 1;
            if is_long || matches!(name.as_str(), "sources" | "clock" | "endless_naps") {
                continue;
            }
            let expected = without_time(whole.render(&other, &limits, props).await);
            let got = without_time(shared.render(&one, &limits, props).await);
            assert_eq!(got, expected, "{name} with {props}");
        }
    }
}

#[test]
fn a_heap_takes_only_what_is_in_it() {
    let engine = engine(true);
    let first = Bundle::load(&engine, &guest::bundle("echo")).unwrap();
    let again = Bundle::load(&engine, &guest::bundle("echo")).unwrap();
    assert!(first.shares_code() && again.shares_code());
    assert_eq!(first.id(), again.id());
    assert!(again.memory() < 64 << 10, "{}", again.memory());
}

#[test]
fn threads_that_load_the_same_code_at_once_all_get_it() {
    let engine = engine(true);
    let bytes = guest::bundle("echo");
    std::thread::scope(|scope| {
        let loads: Vec<_> = (0..16).map(|_| scope.spawn(|| Bundle::load(&engine, &bytes).unwrap())).collect();
        for load in loads {
            assert!(load.join().unwrap().shares_code());
        }
    });
}
