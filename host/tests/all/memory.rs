//! Linear memory and tables.

use std::task::Poll;

use dayfly::{Engine, EngineConfig, Limit, Limits, Reset};

use crate::app::{App, Expect, generous};

const PAGE: u64 = 64 << 10;

/// The guest that starts with one page, under a limit of this many bytes.
fn app(guest: &str, memory: u64) -> App {
    App::new(guest).limits(Limits { memory, ..generous() })
}

#[tokio::test]
async fn memory_reaches_its_limit_exactly() {
    let outcome = app("leap", 10 * PAGE).render("9").await;
    outcome.gives_text("9");
    assert_eq!(outcome.usage.peak_memory, 10 * PAGE, "{outcome:#?}");
}

#[tokio::test]
async fn one_page_of_memory_more_ends_the_render() {
    let outcome = app("leap", 10 * PAGE).render("10").await;
    outcome.exceeds(Limit::Memory);
    assert_eq!(outcome.usage.peak_memory, PAGE, "{outcome:#?}");
}

#[tokio::test]
async fn one_byte_of_memory_too_few_ends_the_render() {
    app("leap", 10 * PAGE - 1).render("9").await.exceeds(Limit::Memory);
}

#[tokio::test]
async fn all_growth_of_memory_adds_up() {
    let outcome = app("growth", 10 * PAGE).render("9").await;
    outcome.gives_text("9");
    assert_eq!(outcome.usage.peak_memory, 10 * PAGE, "{outcome:#?}");
    let outcome = app("growth", 10 * PAGE).render("10").await;
    outcome.exceeds(Limit::Memory);
    assert_eq!(outcome.usage.peak_memory, 10 * PAGE, "{outcome:#?}");
}

#[tokio::test]
async fn the_memory_that_a_guest_starts_with_counts() {
    app("echo", PAGE).render("1").await.gives_text("1");
    let outcome = app("echo", PAGE - 1).render("1").await;
    outcome.exceeds(Limit::Memory);
    assert_eq!(outcome.usage.peak_memory, 0, "{outcome:#?}");
}

#[tokio::test]
async fn more_memory_than_wasm_has_ends_the_render() {
    app("leap", u64::MAX).render("65536").await.exceeds(Limit::Memory);
}

#[tokio::test]
async fn tables_count_as_memory() {
    app("table", PAGE + 8 * 1000).render("1000").await.gives_text("1000");
    app("table", PAGE + 8 * 1000).render("1001").await.exceeds(Limit::Memory);
}

#[tokio::test]
async fn a_table_of_more_than_ten_million_entries_ends_the_render() {
    app("table", u64::MAX).render("10000000").await.gives_text("10000000");
    app("table", u64::MAX).render("10000001").await.exceeds(Limit::Memory);
}

#[tokio::test]
async fn a_refusal_of_memory_leaves_nothing_behind() {
    let app = app("leap", 10 * PAGE);
    for _ in 0..3 {
        app.render("10").await.exceeds(Limit::Memory);
        app.render("9").await.gives_text("9");
    }
}

/// The pages that a render changed, beyond what one changes that is asked for none.
async fn changed(app: &App, pages: u64) -> u64 {
    let [none, some] = [app.render("0").await, app.render(&pages.to_string()).await];
    some.gives_text(&pages.to_string());
    some.usage.pages - none.usage.pages
}

#[tokio::test]
async fn the_pages_that_a_render_changed_are_counted_and_not_those_of_the_one_before() {
    for reset in [Reset::Automatic, Reset::Copy] {
        let config = EngineConfig { concurrency: 1, keep_resident: 2 << 20, reset, ..EngineConfig::default() };
        let app = App::on(&Engine::new(&config).unwrap(), "writer");
        for pages in [20, 3, 249, 0, 1] {
            assert_eq!(changed(&app, pages).await, pages, "{reset:?}");
        }
    }
}

#[tokio::test]
async fn beyond_what_slots_keep_pages_count_that_were_written() {
    let config = EngineConfig { concurrency: 1, keep_resident: 64 << 10, ..EngineConfig::default() };
    let engine = Engine::new(&config).unwrap();
    let app = App::on(&engine, "writer");
    // One more was written and written back. Where the kernel does not say which were written, only the first 16 are looked at.
    let is_scanned = engine.reset().reset == Reset::Scan;
    for _ in 0..3 {
        let pages = app.render("200").await.usage.pages;
        assert!(if is_scanned { pages == 2 + 200 + 1 } else { pages <= 16 }, "{pages}");
    }
}

#[tokio::test]
async fn an_engine_says_what_its_slots_hold() {
    let config = EngineConfig { concurrency: 2, ..EngineConfig::default() };
    let engine = Engine::new(&config).unwrap();
    let stats = engine.stats();
    assert_eq!((stats.slots, stats.in_use, stats.resident), (2, 0, 0));
    let app = App::on(&engine, "writer");
    app.render("100").await.gives_text("100");
    let stats = engine.stats();
    assert!(stats.in_use == 0 && stats.resident >= 100 << 12, "{stats:?}");
    let napping = App::on(&engine, "keeper");
    let mut napping = Box::pin(napping.render("1"));
    let is_pending = std::future::poll_fn(|context| Poll::Ready(napping.as_mut().poll(context).is_pending()));
    assert!(is_pending.await);
    assert_eq!(engine.stats().in_use, 1);
    drop(napping);
    assert_eq!(engine.stats().in_use, 0);
}
