//! Fuel, CPU time, wall time, and how deep calls may be.

use std::time::Duration;

use dayfly::{Engine, EngineConfig, Error, Failure, Limit, Limits, Page};

use crate::app::{App, Expect, generous};

fn counting_engine() -> Engine {
    Engine::new(&EngineConfig { fuel: true, concurrency: 4, ..EngineConfig::default() }).unwrap()
}

#[tokio::test]
async fn the_same_render_uses_the_same_fuel() {
    let app = App::on(&counting_engine(), "work");
    let first = app.render("1000").await;
    let second = app.render("1000").await;
    let longer = app.render("2000").await;
    assert!(first.usage.fuel > Some(1000), "{first:#?}");
    assert_eq!(first.usage.fuel, second.usage.fuel, "{first:#?} {second:#?}");
    // Each turn of the guest's loop is the same instructions.
    let (first, longer) = (first.usage.fuel.unwrap(), longer.usage.fuel.unwrap());
    assert_eq!((longer - first) % 1000, 0, "{first} {longer}");
}

/// Fuel is looked at where a function or a turn of a loop begins, so the last few instructions of all are free.
#[tokio::test]
async fn fuel_is_exact_to_the_unit() {
    let app = App::on(&counting_engine(), "work");
    let used = app.render("1000").await.usage.fuel.unwrap();
    let with = async |fuel| app.clone().limits(Limits { fuel: Some(fuel), ..generous() }).render("1000").await;

    let enough = with(used).await;
    enough.gives_bytes(&500_500_u32.to_le_bytes());
    assert_eq!(enough.usage.fuel, Some(used), "{enough:#?}");

    let mut least = used;
    while with(least - 1).await.page.is_ok() {
        least -= 1;
    }
    assert!(used - least < 30, "{least} is enough for {used}");
    for _ in 0..3 {
        with(least).await.gives_bytes(&500_500_u32.to_le_bytes());
        let too_little = with(least - 1).await;
        too_little.exceeds(Limit::Fuel);
        assert_eq!(too_little.usage.fuel, Some(least - 1), "{too_little:#?}");
    }
}

#[tokio::test]
async fn an_endless_loop_stops_at_the_fuel_limit() {
    let app = App::on(&counting_engine(), "endless_loop").limits(Limits { fuel: Some(100_000), ..generous() });
    let first = app.render("null").await;
    first.exceeds(Limit::Fuel).has_written(&["before"]);
    assert_eq!(first.usage.fuel, Some(100_000), "{first:#?}");
    let second = app.render("null").await;
    second.exceeds(Limit::Fuel).has_written(&["before"]);
    assert_eq!(second.usage.fuel, first.usage.fuel, "{second:#?}");
}

#[tokio::test]
async fn a_render_without_fuel_does_nothing() {
    let app = App::on(&counting_engine(), "trap").limits(Limits { fuel: Some(0), ..generous() });
    app.render("null").await.exceeds(Limit::Fuel).has_written(&[]);
}

#[tokio::test]
async fn fuel_is_refused_by_an_engine_that_does_not_count_it() {
    let outcome = App::new("echo").limits(Limits { fuel: Some(1_000_000), ..generous() }).render("1").await;
    assert!(matches!(outcome.page, Err(Failure::Host(Error::FuelNotCounted))), "{outcome:#?}");
    outcome.fails("the limits have fuel and the engine does not count it: set EngineConfig::fuel");
    assert_eq!(outcome.usage.fuel, None, "{outcome:#?}");
}

#[tokio::test]
async fn an_engine_that_does_not_count_fuel_gives_none() {
    let outcome = App::new("echo").render("1").await;
    outcome.gives_text("1");
    assert_eq!(outcome.usage.fuel, None, "{outcome:#?}");
}

#[tokio::test]
async fn an_endless_loop_stops_at_the_cpu_limit() {
    let cpu = Duration::from_millis(50);
    let outcome = App::new("endless_loop").limits(Limits { cpu, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Cpu).has_written(&["before"]);
    assert!(outcome.usage.cpu >= cpu, "{outcome:#?}");
    assert!(outcome.usage.cpu < 100 * cpu, "{outcome:#?}");
}

#[tokio::test]
async fn endless_calls_of_the_host_stop_at_the_cpu_limit() {
    let cpu = Duration::from_millis(50);
    let outcome = App::new("endless_calls").limits(Limits { cpu, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Cpu);
}

#[tokio::test]
async fn endless_naps_stop_at_the_wall_limit() {
    let wall = Duration::from_millis(50);
    let outcome = App::new("endless_naps").limits(Limits { wall, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Wall);
}

#[tokio::test]
async fn a_loop_before_the_render_stops_at_the_cpu_limit() {
    let cpu = Duration::from_millis(50);
    let outcome = App::new("endless_start").limits(Limits { cpu, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Cpu);
}

#[tokio::test]
async fn a_loop_after_the_render_stops_at_the_cpu_limit() {
    let cpu = Duration::from_millis(50);
    let outcome = App::new("endless_goodbye").limits(Limits { cpu, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Cpu);
}

#[tokio::test]
async fn an_endless_loop_stops_at_the_wall_limit() {
    let wall = Duration::from_millis(50);
    let outcome = App::new("endless_loop").limits(Limits { wall, ..generous() }).render("null").await;
    outcome.exceeds(Limit::Wall).has_written(&["before"]);
    assert!(outcome.usage.wall >= wall, "{outcome:#?}");
}

#[tokio::test]
async fn a_long_sleep_stops_at_the_wall_limit_and_costs_no_cpu() {
    let wall = Duration::from_millis(200);
    let outcome = App::new("sleeper").limits(Limits { wall, ..generous() }).render("3600000").await;
    outcome.exceeds(Limit::Wall).has_written(&["before"]);
    assert!(outcome.usage.wall >= wall, "{outcome:#?}");
    assert!(outcome.usage.cpu < wall / 2, "{outcome:#?}");
}

#[tokio::test]
async fn a_short_sleep_is_slept() {
    let outcome = App::new("sleeper").render("20").await;
    outcome.gives_text("20").has_written(&["before"]);
    assert!(outcome.usage.wall >= Duration::from_millis(20), "{outcome:#?}");
}

#[tokio::test]
async fn the_clock_stands_still_until_the_guest_sleeps() {
    let outcome = App::new("clock").render("null").await;
    let Ok(Page::Bytes(bytes)) = &outcome.page else { panic!("{outcome:#?}") };
    let times: Vec<_> = bytes.chunks(8).map(|time| u64::from_le_bytes(time.try_into().unwrap())).collect();
    assert_eq!((times[0], times[2]), (times[1], times[3]), "{times:?}");
    assert!(times[2] >= times[0] + 1_000_000, "{times:?}");
}

#[tokio::test]
async fn deep_calls_are_well_and_endless_ones_stop_at_the_wasm_stack() {
    let app = App::new("recursion");
    app.render("1000").await.gives_text("1000");
    app.render("0").await.exceeds(Limit::WasmStack).has_written(&["before"]);
}

#[tokio::test]
async fn a_larger_wasm_stack_takes_deeper_calls() {
    let app = |wasm_stack| {
        let config = EngineConfig { wasm_stack, concurrency: 1, ..EngineConfig::default() };
        App::on(&Engine::new(&config).unwrap(), "recursion")
    };
    // A call takes at least a return address and a saved word: 16 bytes.
    app(128 << 10).render("20000").await.exceeds(Limit::WasmStack);
    app(16 << 20).render("20000").await.gives_text("20000");
}
