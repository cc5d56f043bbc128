//! A guest that a limit has ended is asked where it was, and is not trusted with it.

use std::time::Duration;

use dayfly::{Bundle, Engine, EngineConfig, Failure, Limit, Limits, Outcome};

use crate::app::{App, Expect, generous};

/// One slot, so that each render has the one that the last one had.
fn engine(change: impl FnOnce(&mut EngineConfig)) -> Engine {
    let mut config = EngineConfig { concurrency: 1, ..EngineConfig::default() };
    change(&mut config);
    Engine::new(&config).unwrap()
}

fn app(change: impl FnOnce(&mut EngineConfig)) -> App {
    App::on(&engine(change), "postmortem").limits(Limits { cpu: Duration::from_millis(5), ..generous() })
}

/// Nothing of the render before is in the slot.
async fn is_fresh(app: &App) {
    app.clone().limits(generous()).render("99").await.gives_bytes(&[0; 4]);
}

#[track_caller]
fn stack(outcome: &Outcome) -> Option<&str> {
    match &outcome.page {
        Err(Failure::Exceeded { limit: Limit::Cpu, stack }) => stack.as_deref(),
        _ => panic!("it is not the CPU limit: {outcome:#?}"),
    }
}

#[tokio::test]
async fn a_guest_that_a_limit_has_ended_says_where_it_was() {
    let app = app(|_| {});
    for _ in 0..3 {
        let outcome = app.render("0").await;
        // What is no call is left out.
        assert_eq!(stack(&outcome), Some("    at loop (app.js:1:2)"), "{outcome:#?}");
        is_fresh(&app).await;
    }
}

#[tokio::test]
async fn each_limit_that_ends_a_guest_has_a_place() {
    let app = app(|config| config.fuel = true);
    let limits = [
        (Limit::Fuel, Limits { fuel: Some(100_000), ..generous() }),
        (Limit::Wall, Limits { wall: Duration::from_millis(20), ..generous() }),
    ];
    for (expected, limits) in limits {
        let outcome = app.clone().limits(limits).render("0").await;
        let is_expected = matches!(
            &outcome.page,
            Err(Failure::Exceeded { limit, stack: Some(stack) }) if *limit == expected && stack == "    at loop (app.js:1:2)"
        );
        assert!(is_expected, "{expected:?}: {outcome:#?}");
        is_fresh(&app).await;
    }
}

#[tokio::test]
async fn a_guest_that_misbehaves_when_it_is_asked_has_no_stack_and_does_no_harm() {
    let app = app(|_| {});
    for way in 1..=11 {
        let outcome = app.render(&way.to_string()).await;
        assert_eq!(stack(&outcome), None, "{way}: {outcome:#?}");
        outcome.has_written(&[]);
        is_fresh(&app).await;
    }
}

#[tokio::test]
async fn a_render_that_is_dropped_while_its_guest_is_asked_leaves_nothing() {
    let app = app(|_| {});
    for wait in [6, 8, 10, 12, 14, 16] {
        // The way 1 goes on for as long as it may.
        let dropped = tokio::time::timeout(Duration::from_millis(wait), app.render("1")).await;
        drop(dropped);
        is_fresh(&app).await;
    }
}

#[tokio::test]
async fn what_cannot_be_asked_or_is_not_to_be_has_no_stack() {
    for app in [app(|config| config.postmortem = false), app(|config| config.share_code = false)] {
        let outcome = app.render("0").await;
        assert_eq!(stack(&outcome), None, "{outcome:#?}");
        is_fresh(&app).await;
    }
}

#[tokio::test]
async fn usage_is_that_of_the_render_alone() {
    let app = app(|config| config.fuel = true).limits(Limits { fuel: Some(100_000), ..generous() });
    let (with, without) = (app.render("0").await, app.render("2").await);
    assert_eq!(with.usage.fuel, Some(100_000), "{with:#?}");
    assert_eq!(with.usage.peak_memory, without.usage.peak_memory, "{with:#?} {without:#?}");
}

#[test]
fn a_bundle_that_says_where_it_was_needs_no_other_import() {
    let bundle = crate::guest::bundle("postmortem");
    assert!(Bundle::load(&engine(|_| {}), &bundle).unwrap().shares_code());
}
