//! Linear memory and tables.

use dayfly::{Limit, Limits};

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
