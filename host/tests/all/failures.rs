//! Every way for a guest to fail.

use std::time::Duration;

use dayfly::{Bundle, Error, Failure, Limit, Limits, Thrown};

use crate::app::{App, Expect, generous};
use crate::guest;

#[tokio::test]
async fn what_the_app_threw_comes_with_its_causes() {
    let outcome = App::new("threw").render("null").await;
    outcome.fails("the app threw TypeError: x is not a function").has_written(&["before"]);
    let inner = Thrown { name: "string".into(), message: "inner".into(), ..Thrown::default() };
    let outer = Thrown {
        name: "Error".into(),
        message: "outer".into(),
        stack: "    at render (app.js:1:2)".into(),
        cause: Some(inner.into()),
    };
    let expected = Thrown {
        name: "TypeError".into(),
        message: "x is not a function".into(),
        stack: "    at render (app.js:1:2)\n    at main (app.js:3:4)".into(),
        cause: Some(outer.into()),
    };
    assert!(matches!(&outcome.page, Err(Failure::Threw(thrown)) if *thrown == expected), "{outcome:#?}");
}

/// A chain is dropped one call deep for each cause: of a chain without a bound, that takes the host's stack.
#[tokio::test]
async fn a_chain_of_causes_ends_after_eight() {
    let app = App::new("many_causes");
    for causes in ["7", "8", "9", "60000"] {
        let outcome = app.render(causes).await;
        let Err(Failure::Threw(thrown)) = &outcome.page else { panic!("{outcome:#?}") };
        let mut chain = std::iter::successors(thrown.cause.as_deref(), |thrown| thrown.cause.as_deref());
        assert_eq!(chain.by_ref().take(100).count(), causes.parse().map_or(8, |causes: usize| causes.min(8)));
    }
}

#[tokio::test]
async fn a_promise_that_nothing_can_settle_is_a_failure() {
    let outcome = App::new("unsettled").render("null").await;
    assert!(matches!(outcome.page, Err(Failure::Unsettled)), "{outcome:#?}");
    outcome.has_written(&["before"]);
}

#[tokio::test]
async fn a_javascript_stack_that_is_exhausted_is_a_limit_with_the_place() {
    let outcome = App::new("stack_exhausted").render("null").await;
    let is_expected = matches!(
        &outcome.page,
        Err(Failure::Exceeded { limit: Limit::JsStack, stack: Some(stack) }) if stack == "    at deeper (app.js:1:2)"
    );
    assert!(is_expected, "{outcome:#?}");
    outcome.fails("the render used more JavaScript stack than its limit allows").has_written(&["before"]);
}

#[tokio::test]
async fn a_page_that_the_guest_finds_too_large_is_a_limit() {
    App::new("page_too_large").render("null").await.exceeds(Limit::Page).has_written(&["before"]);
}

#[tokio::test]
async fn props_that_are_no_json_are_the_callers_fault() {
    let outcome = App::new("invalid_props").render("{").await;
    let is_expected = matches!(
        &outcome.page,
        Err(Failure::Host(Error::InvalidProps(why))) if why == "unexpected token at 1"
    );
    assert!(is_expected, "{outcome:#?}");
    outcome.fails("the props are not JSON: unexpected token at 1").has_written(&["before"]);
}

#[tokio::test]
async fn a_guest_that_breaks_is_told_from_one_that_meets_a_limit() {
    let cases = [
        ("trap", "wasm trap: wasm `unreachable` instruction executed"),
        ("out_of_bounds", "wasm trap: out of bounds memory access"),
        ("page_out_of_range", "string pointer/length out of bounds of memory"),
        ("answer_out_of_range", "pointer out of bounds of memory"),
        ("unknown_case", "unexpected discriminant: 2"),
    ];
    for (guest, why) in cases {
        let app = App::new(guest);
        for _ in 0..2 {
            let outcome = app.render("null").await;
            assert!(matches!(&outcome.page, Err(Failure::Trapped(reason)) if reason == why), "{guest}: {outcome:#?}");
        }
        App::new("echo").render(guest).await.gives_text(guest);
    }
}

/// Handles are the host's memory: the contract has no resources, and a guest gets none of its own either.
#[tokio::test]
async fn a_guest_that_makes_handles_for_itself_traps() {
    let engine = App::new("echo").engine;
    let bundle = Bundle::load(&engine, &guest::bundle_with("echo", "handles")).unwrap();
    engine
        .render(&bundle, &generous(), "1")
        .await
        .fails("the guest trapped: cannot allocate another handle: store handle limit exceeded");
}

#[tokio::test]
async fn a_page_that_is_no_utf8_is_a_trap() {
    let app = App::new("invalid_utf8");
    app.render("0").await.gives_text("");
    app.render("1").await.fails("the guest trapped: invalid utf-8 sequence of 1 bytes from index 0");
    app.render("0").await.gives_text("");
}

#[tokio::test]
async fn console_and_usage_survive_every_failure() {
    let soon = Duration::from_millis(50);
    let cases = [
        ("trap", generous()),
        ("threw", generous()),
        ("unsettled", generous()),
        ("stack_exhausted", generous()),
        ("page_too_large", generous()),
        ("invalid_props", generous()),
        ("recursion", generous()),
        ("endless_loop", Limits { cpu: soon, ..generous() }),
        ("endless_loop", Limits { wall: soon, ..generous() }),
    ];
    for (guest, limits) in cases {
        let outcome = App::new(guest).limits(limits).render("0").await;
        assert!(outcome.page.is_err(), "{guest}: {outcome:#?}");
        outcome.has_written(&["before"]);
        let usage = &outcome.usage;
        assert!(usage.wall > Duration::ZERO && usage.cpu > Duration::ZERO, "{guest}: {outcome:#?}");
        let counts = (usage.peak_memory, usage.request_bytes, usage.page_bytes, usage.console_bytes);
        assert_eq!(counts, (64 << 10, 1, 0, 6), "{guest}: {outcome:#?}");
    }
}
