//! The engine: compiler settings, the pool of slots, and the ticker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::error::Error;

/// What holds for every render of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Whether fuel is counted. Default no: see [`Engine`] for what it costs.
    pub fuel: bool,
    /// How often a running guest gives its thread back, and its CPU time is looked at. Default 1 ms.
    pub tick: Duration,
    /// Bytes of machine stack that a guest may use. Default 8 MiB, so that JavaScript meets its own limit
    /// ([`Limits::js_stack`](crate::Limits::js_stack)), which is an error that it can catch, before this one, which
    /// ends the render: a call of QuickJS takes up to 24 times as much of this stack as of that one. It is address
    /// space, and costs a render that stays flat nothing.
    pub wasm_stack: usize,
    /// How many renders may run at once; a render beyond waits for a free slot. Default 128.
    pub concurrency: u32,
    /// Bytes of the largest bundle that is loaded. Default 64 MiB.
    pub bundle: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { fuel: false, tick: Duration::from_millis(1), wasm_stack: 8 << 20, concurrency: 128, bundle: 64 << 20 }
    }
}

/// Compiles bundles and renders them. One a process; cheap to clone.
///
/// # What metering costs
/// Epochs are always on: they give the thread back at every tick, and hold the CPU and wall limits. Fuel is exact and the
/// same on every machine, and costs more on top, so it is off by default ([`EngineConfig::fuel`]). Medians of 40 rounds
/// in turns, as printed by `cargo bench -p dayfly --bench metering`, against the same engine with neither:
///
/// | workload | neither | epochs | fuel | both |
/// | --- | --- | --- | --- | --- |
/// | W1, a line of text | 19.5 µs | 1.01 | 1.02 | 1.00 |
/// | W2, a table of 200 rows with Preact | 5.23 ms | 1.25 | 1.31 | 1.51 |
/// | W3, a shop's page with React | 36.6 ms | 1.19 | 1.22 | 1.45 |
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: EngineConfig,
    wasmtime: wasmtime::Engine,
    slots: Arc<Semaphore>,
}

impl Engine {
    /// Makes an engine and starts its ticker, a thread that ends with the engine.
    ///
    /// # Errors
    /// [`Error::Engine`] if the configuration has a value that cannot be, or the machine has too little address space:
    /// each slot takes about 4 GiB of it, and no memory until it is used.
    pub fn new(config: &EngineConfig) -> Result<Self, Error> {
        check(config)?;
        let wasmtime = wasmtime::Engine::new(&wasmtime_config(config)).map_err(|error| {
            Error::Engine(format!("{error:#}; if it is address space, lower EngineConfig::concurrency or wasm_stack"))
        })?;
        start_ticker(&wasmtime, config.tick)?;
        let slots = Arc::new(Semaphore::new(config.concurrency as usize));
        Ok(Self { inner: Arc::new(Inner { config: config.clone(), wasmtime, slots }) })
    }

    /// What the engine was made with.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    /// The engine below: for what this crate does not do, such as snapshotting.
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// One of the slots, as soon as one is free. It is held for as long as a store lives.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        self.inner.slots.clone().acquire_owned().await.expect("the semaphore is never closed")
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

fn check(config: &EngineConfig) -> Result<(), Error> {
    let wrong = if config.concurrency == 0 {
        "EngineConfig::concurrency is 0, and a render needs a slot"
    } else if config.tick.is_zero() {
        "EngineConfig::tick is 0, and a tick takes some time: 1 ms is usual"
    } else if config.wasm_stack < 64 << 10 {
        "EngineConfig::wasm_stack is below 64 KiB, which no guest starts with"
    } else {
        return Ok(());
    };
    Err(Error::Engine(wrong.into()))
}

fn wasmtime_config(config: &EngineConfig) -> Config {
    let mut wasmtime = Config::new();
    wasmtime
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(config.fuel)
        .epoch_interruption(true)
        .max_wasm_stack(config.wasm_stack)
        // What is above the guest's share is for the host's own functions.
        .async_stack_size(config.wasm_stack.saturating_add(256 << 10))
        // A stack has held another tenant's values.
        .async_stack_zeroing(true)
        // The async ABI of components; with it on every call costs far more, and the contract has none of it.
        .concurrency_support(false)
        // A heap of this size is still mapped copy-on-write and not copied.
        .memory_guaranteed_dense_image_size(256 << 20)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    wasmtime
}

fn pool(config: &EngineConfig) -> PoolingAllocationConfig {
    let renders = config.concurrency;
    // A bundle is a component of a main module and, as wit-component builds them, two small ones that tie its imports;
    // four leaves room for one more.
    let modules = 4;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(renders)
        .total_core_instances(renders.saturating_mul(modules))
        .total_memories(renders)
        .total_tables(renders.saturating_mul(modules))
        .total_stacks(renders)
        .max_core_instances_per_component(modules)
        .max_memories_per_component(1)
        .max_tables_per_component(modules)
        .max_core_instance_size(1 << 20)
        .max_component_instance_size(1 << 20)
        .table_elements(20_000)
        // What a slot keeps is put right by copying and not unmapped, which saves the next render its page faults.
        // 2 MiB holds the whole heap of a small app, whose render then takes 0.76 of the time; with 32 KiB each of table
        // and stack, 0.66. Less than the heap is copied for nothing (1 MiB: 1.31), and 4 MiB costs an app with a heap of
        // 48 MiB 1.07. All that 128 slots can keep is 256 MiB, and a slot keeps it only once it has been used.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(32 << 10)
        .async_stack_keep_resident(32 << 10);
    pool
}

/// Advances the epoch once a tick, for as long as the engine lives.
fn start_ticker(engine: &wasmtime::Engine, tick: Duration) -> Result<(), Error> {
    let engine = engine.weak();
    let ticker = move || {
        loop {
            std::thread::sleep(tick);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    };
    let thread = std::thread::Builder::new().name("dayfly-ticker".into()).spawn(ticker);
    thread.map(drop).map_err(|error| Error::Engine(format!("no thread for the ticker: {error}")))
}
