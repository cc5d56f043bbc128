//! A store reads nothing that another store wrote: a guest that looks everywhere, and leaves its mark everywhere.

use dayfly::{Engine, EngineConfig, Error, Failure, Reset};
use tokio::task::JoinSet;
use wasmtime::{Instance, Module, Store};

use crate::app::{App, Expect, generous};
use crate::guest;

/// As many stores as follow one another in the slots.
const STORES: usize = 10_000;

/// Four slots. Half of what the guest writes is kept resident, the other half given back to the kernel.
fn engine(reset: Reset) -> Engine {
    let config = EngineConfig { concurrency: 4, keep_resident: 512 << 10, reset, ..EngineConfig::default() };
    Engine::new(&config).unwrap()
}

/// The canary, which must be one or the checks below could not fail.
async fn canary(engine: &Engine) -> App {
    let app = App::on(engine, "canary");
    app.render("2").await.gives_text("image\0\0");
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_slots_are_clean_for_ten_thousand_stores() {
    for reset in [Reset::Automatic, Reset::Copy] {
        let app = canary(&engine(reset)).await;
        let mut renders = JoinSet::new();
        for _ in 0..4 {
            let app = app.clone();
            renders.spawn(async move {
                for _ in 0..STORES / 4 {
                    app.render("1").await.gives_text("clean");
                }
            });
        }
        while let Some(ended) = renders.join_next().await {
            ended.unwrap();
        }
    }
}

/// Slots change hands between bundles, and with them their images: the second one has another data segment.
#[tokio::test]
async fn slots_that_change_hands_are_clean_too() {
    let engine = engine(Reset::Automatic);
    let first = canary(&engine).await;
    let others = ["echo", "memory", "growth"].map(|guest| App::on(&engine, guest));
    for turn in 0..STORES / 10 {
        first.render("1").await.gives_text("clean");
        let other = others[turn % others.len()].render("1").await;
        assert!(other.page.is_ok(), "{other:#?}");
    }
}

/// The same pool without fibers, as wasmtime calls guests that never wait.
#[test]
fn slots_are_clean_for_calls_without_a_fiber() {
    for reset in [Reset::Automatic, Reset::Copy] {
        let engine = engine(reset);
        let module = Module::new(engine.wasmtime(), wat::parse_str(guest::module("canary")).unwrap()).unwrap();
        let render = |props: &[u8]| {
            let mut store = Store::new(engine.wasmtime(), ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            memory.write(&mut store, 4096, props).unwrap();
            let render = instance
                .get_typed_func::<(i32, i32, i32, i32, i64), i32>(&mut store, "dayfly:sandbox/renderer@0.1.0#render")
                .unwrap();
            let answer = render.call(&mut store, (4096, 1, 0, 0, 0)).unwrap() as usize;
            let word = |at: usize| u32::from_le_bytes(memory.data(&store)[at..at + 4].try_into().unwrap()) as usize;
            let (start, length) = (word(answer + 8), word(answer + 12));
            String::from_utf8(memory.data(&store)[start..start + length].to_vec()).unwrap()
        };
        assert_eq!(render(b"2"), "image\0\0");
        for _ in 0..STORES {
            assert_eq!(render(b"1"), "clean");
        }
    }
}

#[test]
fn the_engine_says_how_it_resets_its_slots() {
    let automatic = engine(Reset::Automatic);
    let said = automatic.reset().to_string();
    assert!(said.starts_with("slots are reset by ") && said.contains(": "), "{said}");
    assert_ne!(automatic.reset().reset, Reset::Automatic);
    let copying = engine(Reset::Copy);
    assert_eq!(copying.reset().to_string(), "slots are reset by copying: EngineConfig::reset asks for it");
}

/// A machine is one or the other: either the scan is what is taken, or it is refused by name.
#[test]
fn a_scan_is_taken_only_where_it_is_safe() {
    let chosen = engine(Reset::Automatic).reset().clone();
    match Engine::new(&EngineConfig { reset: Reset::Scan, ..EngineConfig::default() }) {
        Ok(engine) => assert_eq!(engine.reset(), &chosen),
        Err(error) => {
            assert_eq!(chosen.reset, Reset::Copy);
            let remedy = format!("EngineConfig::reset is Scan, and {}: set Automatic or Copy", chosen.why);
            assert_eq!(error.to_string(), format!("the engine cannot start: {remedy}"));
        }
    }
}

#[tokio::test]
async fn a_full_engine_refuses_who_does_not_wait() {
    let engine = Engine::new(&EngineConfig { concurrency: 1, ..EngineConfig::default() }).unwrap();
    let (sleeper, echo) = (App::on(&engine, "sleeper"), App::on(&engine, "echo"));
    let limits = generous();
    let echoed = || engine.try_render(&echo.bundle, &limits, "1");
    echoed().await.gives_text("1");
    tokio::select! {
        biased;
        slept = sleeper.render("3600000") => panic!("{slept:#?}"),
        refused = echoed() => {
            assert!(matches!(refused.page, Err(Failure::Host(Error::Busy { renders: 1 }))), "{refused:#?}");
        }
    }
    echoed().await.gives_text("1");
}
