//! No render sees another.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use dayfly::{Engine, EngineConfig, Page};

use crate::app::{App, Expect};

#[tokio::test]
async fn every_render_starts_from_the_same_heap() {
    let app = App::new("counter");
    for _ in 0..100 {
        app.render("null").await.gives_bytes(&[1, 0, 0, 0, 1, 0, 0, 0]);
    }
}

#[tokio::test]
async fn nothing_is_left_in_the_slot_that_another_bundle_had() {
    let engine = Engine::new(&EngineConfig { concurrency: 1, ..EngineConfig::default() }).unwrap();
    let (keeper, memory) = (App::on(&engine, "keeper"), App::on(&engine, "memory"));
    let secret = "secret".repeat(10_000);
    for _ in 0..10 {
        keeper.render(&secret).await.gives_text(&secret);
        let outcome = memory.render("null").await;
        let Ok(Page::Bytes(bytes)) = &outcome.page else { panic!("{outcome:#?}") };
        assert_eq!(bytes.len(), (128 << 10) - 256);
        let written: Vec<_> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        assert_eq!(String::from_utf8_lossy(&written), "null");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn renders_at_once_never_see_each_other() {
    let app = App::new("keeper");
    let renders: Vec<_> = (0..400)
        .map(|number: u32| {
            let app = app.clone();
            tokio::spawn(async move {
                // Different in length too, so that a rest of another's would show.
                let props = format!("[{number},{:?}]", "x".repeat(number as usize));
                app.render(&props).await.gives_text(&props);
            })
        })
        .collect();
    for render in renders {
        render.await.unwrap();
    }
}

#[tokio::test]
async fn clock_and_seed_differ_between_renders() {
    let app = App::new("sources");
    let mut seen = Vec::new();
    for _ in 0..8 {
        let outcome = app.render("null").await;
        let Ok(Page::Bytes(bytes)) = &outcome.page else { panic!("{outcome:#?}") };
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        seen.push((number(0), number(8)));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(seen[0].0.abs_diff(now) < 600_000_000_000, "the clock is not the machine's: {seen:?}");
    let times: BTreeSet<_> = seen.iter().map(|(time, _)| time).collect();
    let seeds: BTreeSet<_> = seen.iter().map(|(_, seed)| seed).collect();
    assert_eq!((times.len(), seeds.len()), (seen.len(), seen.len()), "{seen:?}");
}
