//! How renders share threads and slots.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dayfly::{Engine, EngineConfig, Limit, Limits};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::app::{App, Expect, generous};

/// Long enough for any machine, and short enough for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

fn engine(concurrency: u32) -> Engine {
    Engine::new(&EngineConfig { concurrency, ..EngineConfig::default() }).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn an_endless_loop_lets_others_run_on_its_thread() {
    let turns = Arc::new(AtomicU64::new(0));
    let counter = tokio::spawn({
        let turns = turns.clone();
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        }
    });
    let app = App::new("endless_loop").limits(Limits { cpu: Duration::from_millis(200), ..generous() });
    let before = turns.load(Ordering::Relaxed);
    app.render("null").await.exceeds(Limit::Cpu);
    let others = turns.load(Ordering::Relaxed) - before;
    counter.abort();
    // 200 ticks of 1 ms are usual; a busy machine has fewer.
    assert!(others >= 5, "others had {others} turns");
}

#[tokio::test(flavor = "current_thread")]
async fn renders_on_one_thread_are_charged_for_their_own_time() {
    let cpu = Duration::from_millis(50);
    let app = App::new("endless_loop").limits(Limits { cpu, ..generous() });
    let started = Instant::now();
    let (first, second) = tokio::join!(app.render("1"), app.render("2"));
    first.exceeds(Limit::Cpu).has_written(&["before"]);
    second.exceeds(Limit::Cpu).has_written(&["before"]);
    // Were each charged for the other's time too, both would be over after half of this.
    assert!(started.elapsed() >= 2 * cpu, "{:?} {first:#?} {second:#?}", started.elapsed());
}

#[tokio::test]
async fn dropping_a_render_ends_the_guest_and_frees_its_slot() {
    let engine = engine(1);
    let echo = App::on(&engine, "echo");
    for (guest, props) in [("endless_loop", "null"), ("sleeper", "3600000")] {
        let app = App::on(&engine, guest);
        for _ in 0..3 {
            let started = Instant::now();
            let dropped = timeout(Duration::from_millis(30), app.render(props)).await;
            assert!(dropped.is_err(), "{guest}: {dropped:#?}");
            let next = timeout(PATIENCE, echo.render("1")).await;
            next.unwrap_or_else(|_| panic!("{guest} still has the slot")).gives_text("1");
            assert!(started.elapsed() < PATIENCE, "{guest}");
        }
    }
}

#[tokio::test]
async fn dropping_a_render_that_waits_for_a_slot_takes_none() {
    let engine = engine(1);
    let (sleeper, echo) = (App::on(&engine, "sleeper"), App::on(&engine, "echo"));
    tokio::select! {
        biased;
        slept = sleeper.render("3600000") => panic!("{slept:#?}"),
        waited = timeout(Duration::from_millis(20), echo.render("1")) => assert!(waited.is_err(), "{waited:#?}"),
    }
    timeout(PATIENCE, echo.render("2")).await.unwrap().gives_text("2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renders_beyond_the_slots_wait_and_succeed() {
    let app = App::on(&engine(2), "sleeper");
    let started = Instant::now();
    let mut renders = JoinSet::new();
    for _ in 0..20 {
        let app = app.clone();
        renders.spawn(async move { app.render("20").await });
    }
    for outcome in timeout(PATIENCE, renders.join_all()).await.unwrap() {
        outcome.gives_text("20").has_written(&["before"]);
    }
    // Ten rounds of two, one after the other.
    assert!(started.elapsed() >= Duration::from_millis(200), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_wait_for_a_slot_is_not_counted_against_a_render() {
    let engine = engine(1);
    let sleeper = App::on(&engine, "sleeper");
    let echo = App::on(&engine, "echo").limits(Limits { wall: Duration::from_secs(2), ..generous() });
    let (slept, waited) = tokio::join!(sleeper.render("3000"), echo.render("1"));
    slept.gives_text("3000");
    waited.gives_text("1");
}
