//! What an engine can be made with.

use std::time::Duration;

use dayfly::{Engine, EngineConfig, Error};

use crate::app::{App, Expect};

#[track_caller]
fn refuses(config: EngineConfig, expected: &str) {
    match Engine::new(&config) {
        Err(Error::Engine(why)) => assert_eq!(why, expected, "{config:?}"),
        other => panic!("{config:?} gives {other:?}"),
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    refuses(
        EngineConfig { concurrency: 0, ..EngineConfig::default() },
        "EngineConfig::concurrency is 0, and a render needs a slot",
    );
    refuses(
        EngineConfig { tick: Duration::ZERO, ..EngineConfig::default() },
        "EngineConfig::tick is 0, and a tick takes some time: 1 ms is usual",
    );
    refuses(
        EngineConfig { wasm_stack: (64 << 10) - 1, ..EngineConfig::default() },
        "EngineConfig::wasm_stack is below 64 KiB, which no guest starts with",
    );
}

#[test]
fn more_slots_than_the_machine_has_room_for_are_refused_with_the_remedy() {
    for concurrency in [1_000_000, u32::MAX] {
        match Engine::new(&EngineConfig { concurrency, ..EngineConfig::default() }) {
            Err(error @ Error::Engine(_)) => {
                let text = error.to_string();
                assert!(text.starts_with("the engine cannot start: "), "{text}");
                assert!(
                    text.ends_with("; if it is address space, lower EngineConfig::concurrency or wasm_stack"),
                    "{text}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_wasm_stack_larger_than_the_machine_is_refused() {
    for wasm_stack in [usize::MAX, usize::MAX / 2, 1 << 44] {
        match Engine::new(&EngineConfig { wasm_stack, ..EngineConfig::default() }) {
            Err(Error::Engine(why)) => assert!(why.ends_with("lower EngineConfig::concurrency or wasm_stack"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_engine_of_the_least_values_renders() {
    let config =
        EngineConfig { tick: Duration::from_nanos(1), wasm_stack: 64 << 10, concurrency: 1, ..EngineConfig::default() };
    let engine = Engine::new(&config).unwrap();
    assert_eq!(*engine.config(), config);
    App::on(&engine, "echo").render("1").await.gives_text("1");
}
