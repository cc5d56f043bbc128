//! What goes in and what comes out: props, bounds, page.

use dayfly::{Limit, Limits, Page};

use crate::app::{App, Expect, generous};

#[tokio::test]
async fn props_go_in_and_the_page_comes_out() {
    let outcome = App::new("echo").render(r#"{"name":"wörld"}"#).await;
    outcome.gives_text(r#"{"name":"wörld"}"#).has_written(&[]);
    assert_eq!(outcome.usage.request_bytes, 17, "{outcome:#?}");
}

#[tokio::test]
async fn a_page_of_text_is_bounded_to_the_byte() {
    let app = App::new("text").limits(Limits { page: 100, ..generous() });
    app.render("0").await.gives_text("");
    app.render("100").await.gives_text(&"a".repeat(100));
    app.render("101").await.exceeds(Limit::Page);
}

#[tokio::test]
async fn a_page_of_bytes_is_bounded_to_the_byte() {
    let app = App::new("bytes").limits(Limits { page: 100, ..generous() });
    app.render("0").await.gives_bytes(b"");
    app.render("100").await.gives_bytes(&[255; 100]);
    app.render("101").await.exceeds(Limit::Page);
}

#[tokio::test]
async fn the_largest_page_by_default_is_five_mebibytes() {
    let app = App::new("text");
    let outcome = app.render("5242880").await;
    assert!(matches!(&outcome.page, Ok(Page::Text(page)) if page.len() == 5 << 20), "{:#?}", outcome.usage);
    app.render("5242881").await.exceeds(Limit::Page);
}

/// The guest's 64 MiB are no UTF-8: had they been looked at, the outcome would be another.
#[tokio::test]
async fn a_page_that_the_guest_does_not_bound_is_refused_before_it_is_copied() {
    App::new("invalid_utf8").render("67108864").await.exceeds(Limit::Page);
    App::new("bytes").render("67108864").await.exceeds(Limit::Page);
}

#[tokio::test]
async fn the_limits_reach_the_guest_as_bounds() {
    let limits = Limits { js_stack: 123_456, page: 5_000_000_000, ..generous() };
    let outcome = App::new("bounds").limits(limits).render("null").await;
    let mut bounds = Vec::new();
    bounds.extend_from_slice(&1_u32.to_le_bytes());
    bounds.extend_from_slice(&123_456_u32.to_le_bytes());
    bounds.extend_from_slice(&5_000_000_000_u64.to_le_bytes());
    outcome.gives_bytes(&bounds);
}

#[tokio::test]
async fn a_request_is_bounded_to_the_byte() {
    let app = App::new("echo").limits(Limits { request: 10, ..generous() });
    app.render("1234567890").await.gives_text("1234567890");
    let outcome = app.render("12345678901").await;
    outcome.exceeds(Limit::Request).has_written(&[]);
    assert_eq!(outcome.usage.request_bytes, 11, "{outcome:#?}");
    assert_eq!(outcome.usage.peak_memory, 0, "{outcome:#?}");
}

#[tokio::test]
async fn a_request_as_large_as_the_default_reaches_the_guest() {
    let props = "1".repeat(1 << 20);
    let outcome = App::new("echo").render(&props).await;
    assert_eq!(outcome.page.as_ref().map(Page::as_bytes).ok(), Some(props.as_bytes()), "{:#?}", outcome.usage);
}
