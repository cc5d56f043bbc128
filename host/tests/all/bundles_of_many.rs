//! Many tenants' bundles within a budget of memory.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use dayfly::{Bundle, BundleId, Bundles, Engine, EngineConfig, Error};

use crate::app::{Expect, generous};
use crate::guest;

/// Where the tests' bundles are, by their digests.
#[derive(Default)]
struct Store {
    bundles: HashMap<BundleId, Vec<u8>>,
    reads: AtomicUsize,
    is_down: AtomicBool,
}

impl Store {
    /// Bundles of one code, each with another heap: a custom section of the component would make no difference.
    fn of(count: u32) -> (Arc<Self>, Vec<BundleId>) {
        let bundles: Vec<_> = (0..count).map(heap).map(|bytes| (BundleId::of(&bytes), bytes)).collect();
        let ids = bundles.iter().map(|(id, _)| *id).collect();
        (Arc::new(Self { bundles: bundles.into_iter().collect(), ..Self::default() }), ids)
    }

    fn read(&self, id: BundleId) -> io::Result<Vec<u8>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.is_down.load(Ordering::Relaxed) {
            return Err(io::Error::other("the store is down"));
        }
        self.bundles.get(&id).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A guest that gives its own number, from its data.
fn heap(number: u32) -> Vec<u8> {
    let mut bytes = guest::bundle("tenant");
    let at = bytes.windows(8).position(|window| window == b"tenant--").unwrap();
    bytes[at..at + 8].copy_from_slice(format!("{number:08}").as_bytes());
    bytes
}

fn engine() -> Engine {
    Engine::new(&EngineConfig { concurrency: 4, ..EngineConfig::default() }).unwrap()
}

fn bundles(engine: &Engine, budget: u64, store: &Arc<Store>) -> Bundles {
    let store = store.clone();
    Bundles::new(engine, budget, move |id| store.read(id))
}

/// What one takes, as the budget counts it.
async fn size_of_one(engine: &Engine, store: &Arc<Store>, id: BundleId) -> u64 {
    let bundles = bundles(engine, u64::MAX / 2, store);
    bundles.get(id).await.unwrap();
    bundles.stats().memory
}

#[tokio::test]
async fn what_is_beyond_the_budget_is_dropped_by_recency_and_comes_back() {
    let (engine, (store, ids)) = (engine(), Store::of(12));
    let one = size_of_one(&engine, &store, ids[0]).await;
    store.reads.store(0, Ordering::Relaxed);
    let bundles = bundles(&engine, one * 4, &store);
    for round in 0..3 {
        for (number, id) in ids.iter().enumerate() {
            let bundle = bundles.get(*id).await.unwrap();
            engine.render(&bundle, &generous(), "1").await.gives_text(&format!("{number:08}"));
            let stats = bundles.stats();
            assert!(stats.loaded <= 4 && stats.memory <= one * 4, "round {round}, {number}: {stats:?}");
        }
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), 36, "each was long gone when its turn came again");
    // The last four are there, and of those the one that was asked for last stays longest.
    let before = store.reads.load(Ordering::Relaxed);
    for id in &ids[8..] {
        bundles.get(*id).await.unwrap();
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), before);
    bundles.get(ids[8]).await.unwrap();
    bundles.get(ids[0]).await.unwrap();
    bundles.get(ids[8]).await.unwrap();
    assert_eq!(store.reads.load(Ordering::Relaxed), before + 1, "{:?}", bundles.stats());
    assert_eq!(bundles.stats().loads, before as u64 + 1);
}

#[tokio::test]
async fn a_bundle_that_is_dropped_under_a_render_serves_it_to_its_end() {
    let (engine, (store, ids)) = (engine(), Store::of(3));
    let bundles = bundles(&engine, 0, &store);
    let held: Bundle = bundles.get(ids[0]).await.unwrap();
    bundles.get(ids[1]).await.unwrap();
    assert_eq!(bundles.stats().loaded, 0);
    engine.render(&held, &generous(), "1").await.gives_text("00000000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_asks_at_once_waits_for_one_load() {
    let (engine, (store, ids)) = (engine(), Store::of(1));
    let bundles = bundles(&engine, 1 << 30, &store);
    let start = Arc::new(Barrier::new(8));
    let asks: Vec<_> = (0..8)
        .map(|_| {
            let (bundles, start, id) = (bundles.clone(), start.clone(), ids[0]);
            std::thread::spawn(move || {
                start.wait();
                bundles.get_blocking(id).unwrap().id()
            })
        })
        .collect();
    for ask in asks {
        assert_eq!(ask.join().unwrap(), ids[0]);
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_names_the_bundle_and_is_tried_again() {
    let (engine, (store, ids)) = (engine(), Store::of(2));
    let bundles = bundles(&engine, 1 << 30, &store);
    store.is_down.store(true, Ordering::Relaxed);
    let error = bundles.get(ids[0]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("bundle {} cannot be read: the store is down", ids[0]));
    store.is_down.store(false, Ordering::Relaxed);
    bundles.get(ids[0]).await.unwrap();
    let unknown = BundleId::of(b"unknown");
    let error = bundles.get(unknown).await.unwrap_err();
    assert!(matches!(&*error, Error::Source { error, .. } if error.kind() == io::ErrorKind::NotFound), "{error:?}");
}

#[tokio::test]
async fn another_bundle_than_was_asked_for_is_refused() {
    let (engine, (store, ids)) = (engine(), Store::of(2));
    let (asked, given) = (ids[0], ids[1]);
    let bundles = Bundles::new(&engine, 1 << 30, move |_| store.read(given));
    let error = bundles.get(asked).await.unwrap_err();
    assert_eq!(error.to_string(), format!("bundle {asked} cannot be read: what was read is bundle {given}"));
}
