//! Apps that mean harm: each ends in its own typed failure, and the next render is well.

use std::time::Duration;

use dayfly::{Failure, Limit, Limits};

use crate::support::{App, Rendered};

/// Attacks `app` once, under limits that keep the test short, and sees that the next render is well.
#[track_caller]
fn attack_under(app: &App, name: &str, change: impl FnOnce(&mut Limits)) -> Rendered {
    let app = app.with(|limits| limits.cpu = Duration::from_millis(300));
    let rendered = app.with(change).render(&format!("{{\"attack\":\"{name}\"}}"));
    assert_eq!(app.render("{}").page(), "well", "after {name}");
    rendered
}

#[track_caller]
fn each_exceeds(limit: Limit, attacks: &[&str]) {
    let app = App::file("hostile.js");
    for name in attacks {
        let rendered = attack_under(&app, name, |_| {});
        assert_eq!(rendered.exceeded(), limit, "{name}: {rendered:#?}");
    }
}

#[test]
fn an_endless_loop_stops_at_the_cpu_limit_wherever_it_is() {
    each_exceeds(
        Limit::Cpu,
        &[
            "loop",
            "loop_in_getter",
            "loop_in_catch",
            "loop_in_finally",
            "loop_swallowing_everything",
            "loop_in_to_string",
            "loop_in_generator_return",
            "loop_in_error_getter",
            "loop_in_props_proxy",
        ],
    );
}

#[test]
fn a_catastrophic_regular_expression_stops_at_the_cpu_limit() {
    each_exceeds(Limit::Cpu, &["regular_expression"]);
}

#[test]
fn a_flood_of_microtasks_stops_at_the_cpu_limit() {
    each_exceeds(Limit::Cpu, &["microtask_flood", "queue_microtask_flood", "async_generator_flood"]);
}

#[test]
fn the_native_loops_that_an_interpreter_cannot_interrupt_stop_at_the_cpu_limit() {
    each_exceeds(
        Limit::Cpu,
        &["sort_of_strings", "quadratic_index_of", "sparse_reverse", "sparse_join", "huge_unshift"],
    );
}

#[test]
fn a_memory_bomb_ends_at_the_memory_limit_and_cannot_be_caught() {
    let app = App::file("hostile.js");
    for name in ["array_bomb", "string_bomb", "buffer_bomb", "swallowed_bomb"] {
        let rendered = attack_under(&app, name, |limits| limits.cpu = Duration::from_secs(20));
        assert_eq!(rendered.exceeded(), Limit::Memory, "{name}: {rendered:#?}");
        assert!(rendered.0.usage.peak_memory <= 128 << 20, "{name}: {rendered:#?}");
    }
}

#[test]
fn deep_recursion_ends_at_the_stack_limit_and_says_where() {
    let app = App::file("hostile.js");
    for name in ["recursion", "recursion_in_to_string"] {
        let rendered = attack_under(&app, name, |_| {});
        match &rendered.0.page {
            Err(Failure::Exceeded { limit: Limit::JsStack, stack: Some(stack) }) => {
                assert!(stack.contains("hostile.js:"), "{name}: {stack}");
            }
            _ => panic!("{name}: {rendered:#?}"),
        }
    }
    let rendered = attack_under(&app, "json_recursion", |limits| limits.cpu = Duration::from_secs(10));
    assert_eq!(rendered.exceeded(), Limit::JsStack);
}

#[test]
fn an_app_may_catch_its_own_recursion() {
    let app = App::new(
        "let deepest = 0;
         const dive = (n) => { deepest = n; dive(n + 1); };
         globalThis.render = () => { try { dive(0); } catch (e) { return `${e instanceof RangeError} ${deepest > 100}`; } };",
    );
    assert_eq!(app.render("{}").page(), "true true");
}

#[test]
fn a_console_flood_ends_at_the_console_limits() {
    let app = App::file("hostile.js");
    let rendered = attack_under(&app, "console_flood", |_| {});
    assert_eq!(rendered.exceeded(), Limit::ConsoleLines);
    assert_eq!(rendered.0.console.len(), 256);
    assert_eq!(rendered.console()[255], "log: line 255");

    let rendered = attack_under(&app, "console_long_line", |_| {});
    assert_eq!(rendered.exceeded(), Limit::ConsoleBytes);
    assert_eq!(rendered.0.usage.console_bytes, 64 << 10);
}

#[test]
fn a_page_of_a_gibibyte_ends_at_the_memory_limit_or_at_the_page_limit() {
    let app = App::file("hostile.js");
    assert_eq!(attack_under(&app, "page_bytes", |_| {}).exceeded(), Limit::Memory);

    let roomy = |limits: &mut Limits| {
        limits.memory = 3 << 30;
        limits.cpu = Duration::from_secs(30);
        limits.wall = Duration::from_secs(60);
    };
    assert_eq!(attack_under(&app, "page_bytes", roomy).exceeded(), Limit::Page);
    assert_eq!(attack_under(&app, "page_text", |_| {}).exceeded(), Limit::Page);
}

#[test]
fn a_promise_that_can_never_settle_says_so() {
    let app = App::file("hostile.js");
    let rendered = attack_under(&app, "never", |_| {});
    assert!(matches!(rendered.0.page, Err(Failure::Unsettled)), "{rendered:#?}");
}

#[test]
fn timers_are_bounded_in_number_and_an_interval_in_time() {
    let app = App::file("hostile.js");
    let rendered = attack_under(&app, "timers", |_| {});
    assert_eq!(rendered.threw().to_string(), "RangeError: setTimeout(): 1000 timers wait already");

    let rendered = attack_under(&app, "interval", |limits| limits.wall = Duration::from_millis(200));
    assert_eq!(rendered.exceeded(), Limit::Wall);
}

#[test]
fn fuel_ends_a_render_at_the_same_place_every_time() {
    let app = App::new("globalThis.render = () => { for (let i = 0; ; i++) if (i % 1000 === 0) console.log(i); };");
    let app = app.with(|limits| {
        limits.fuel = Some(20_000_000);
        limits.console_lines = 1_000_000;
        limits.console_bytes = 1 << 30;
        limits.cpu = Duration::from_secs(20);
    });
    let (first, second) = (app.render("{}"), app.render("{}"));
    assert_eq!(first.exceeded(), Limit::Fuel);
    assert_eq!(first.0.usage.fuel, Some(20_000_000));
    assert!(first.0.console.len() > 10, "{first:#?}");
    assert_eq!(first.console(), second.console());
}
