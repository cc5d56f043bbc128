//! The engine: compiler settings, the pool of slots, and the ticker.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel};

use crate::autopsy::Autopsy;
use crate::cache::{Cache, CacheKey, CacheStats};
use crate::error::Error;
use crate::machine;
use crate::precompiled;
use crate::reset::{self, Reset, ResetInUse};
use crate::shell::Shells;
use crate::slots::{self, Creator, PAGE, Plan, Slots};

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
    /// How many renders may run at once: the slots of the pool. One beyond waits ([`Engine::render`]) or is refused
    /// ([`Engine::try_render`]). Default 64 for each processor, for a render that waits for a timer holds its slot and
    /// no processor. A slot takes 4 GiB of address space, and memory only once it has been used.
    pub concurrency: u32,
    /// Bytes of the largest bundle that is loaded. Default 64 MiB.
    pub bundle: u64,
    /// Whether bundles of one JavaScript engine share its machine code. Default yes; no compiles each bundle as it
    /// stands, a second and some megabytes each. Pages, fuel and failures are the same.
    pub share_code: bool,
    /// How a slot is put back between two renders. Default the fastest way that is safe here.
    pub reset: Reset,
    /// Bytes of what a render has written that its slot keeps in memory for the next one; what is written beyond is given
    /// back to the kernel, and costs the next render a page fault for each 4 KiB. Default 2 MiB, less where 1/16 of the
    /// machine's memory for all slots is less.
    pub keep_resident: usize,
    /// Whether a failure by a limit says where the app was ([`Failure::Exceeded`](crate::Failure::Exceeded)). Default yes.
    /// It takes a render that fails some dozens of microseconds more, of a bundle that means harm 10 ms of processor time at
    /// most; its slot is taken meanwhile. Bundles that are built by `dayfly build` and share their code say it.
    pub postmortem: bool,
    /// Who looks at the memory that a render has left which a limit ended. Default nobody.
    pub autopsy: Option<Autopsy>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let concurrency = machine::processors().saturating_mul(64).clamp(64, 1024);
        Self {
            fuel: false,
            tick: Duration::from_millis(1),
            wasm_stack: 8 << 20,
            concurrency,
            bundle: 64 << 20,
            share_code: true,
            reset: Reset::Automatic,
            keep_resident: keep_resident(concurrency),
            postmortem: true,
            autopsy: None,
        }
    }
}

impl EngineConfig {
    /// Bytes of address space that the slots of such an engine take, as good as all of which is never touched.
    pub fn address_space(&self) -> u64 {
        let stack = stack(self).unwrap_or(usize::MAX);
        u64::from(self.concurrency).saturating_mul(slots::address_space(stack))
    }
}

/// What an engine's pool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineStats {
    /// All slots ([`EngineConfig::concurrency`]).
    pub slots: u32,
    /// Slots that a store has: each store has one for as long as it lives, so this is the number of live stores too.
    pub in_use: u32,
    /// Bytes of memory that slots which are free keep for the next renders.
    pub resident: u64,
}

/// Enough for what small apps write, which is 72 KiB for a line of text; more would be written anew after each render of a
/// slot that a large app has had once.
fn keep_resident(concurrency: u32) -> usize {
    let share = machine::memory().map_or(u64::MAX, |memory| memory / 16 / u64::from(concurrency));
    // In whole pages, as the kernel gives them back.
    (share.min(2 << 20) as usize) & !0xffff
}

/// Compiles bundles and renders them. One a process; cheap to clone.
///
/// # What metering costs
/// Epochs are always on: they give the thread back at every tick, and hold the CPU and wall limits. Fuel is exact and the
/// same on every machine, and costs more on top, so it is off by default ([`EngineConfig::fuel`]). Medians of 40 rounds
/// in turns, as printed by `cargo bench -p dayfly --bench metering`, against the same engine with neither, all on wasmtime's
/// own pool:
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
    reset: ResetInUse,
    /// As many as there are slots in the pool.
    permits: Arc<Semaphore>,
    slots: Arc<Slots>,
    shells: Shells,
    cache: Option<Arc<Cache>>,
}

impl Engine {
    /// Makes an engine and starts its ticker, a thread that ends with the engine.
    ///
    /// # Errors
    /// [`Error::Engine`] if the configuration has a value that cannot be, or the machine has too little address space:
    /// each slot takes about 4 GiB of it, and no memory until it is used.
    pub fn new(config: &EngineConfig) -> Result<Self, Error> {
        Self::make(config, None)
    }

    /// The same, with a place on disk for what it compiles, so that the next process need not.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_cache(config: &EngineConfig, cache: Arc<Cache>) -> Result<Self, Error> {
        Self::make(config, Some(cache))
    }

    fn make(config: &EngineConfig, cache: Option<Arc<Cache>>) -> Result<Self, Error> {
        check(config)?;
        let (wasmtime, slots, reset) = start(config)?;
        start_ticker(&wasmtime, config.tick)?;
        let permits = Arc::new(Semaphore::new(config.concurrency as usize));
        let (config, shells) = (config.clone(), Shells::default());
        Ok(Self { inner: Arc::new(Inner { config, wasmtime, reset, permits, slots, shells, cache }) })
    }

    /// What the engine was made with.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    /// How slots are put back between two renders here, and why so: a line for the log at start-up.
    pub fn reset(&self) -> &ResetInUse {
        &self.inner.reset
    }

    /// What the pool of slots holds now. It looks at each slot that is free: for a page of figures, and not for each render.
    pub fn stats(&self) -> EngineStats {
        let slots = self.inner.config.concurrency;
        let free = u32::try_from(self.inner.permits.available_permits()).unwrap_or(u32::MAX).min(slots);
        EngineStats { slots, in_use: slots - free, resident: self.inner.slots.resident() }
    }

    /// What came of the cache so far; `None` without one.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.inner.cache.as_ref().map(|cache| cache.stats())
    }

    /// The engine below: for what this crate does not do, such as snapshotting.
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// Compiles a component, or takes it from the cache. `wasm` gives the component's bytes if they are needed, and `id`
    /// is a digest that stands for them.
    ///
    /// Most programs have no use for it: [`Bundle::load`](crate::Bundle::load) calls it.
    ///
    /// # Errors
    /// What the compiler says of bytes that are no component. A cache that cannot be read or written is none.
    pub fn compile<B: AsRef<[u8]>>(
        &self,
        id: &[u8; 32],
        wasm: impl FnOnce() -> wasmtime::Result<B>,
    ) -> wasmtime::Result<Component> {
        let engine = self.wasmtime();
        match &self.inner.cache {
            Some(cache) => {
                precompiled::component(engine, cache, &CacheKey::new(id, CACHED, &Compatibility(engine)), wasm)
            }
            None => Component::from_binary(engine, wasm()?.as_ref()),
        }
    }

    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.inner.slots
    }

    pub(crate) fn shells(&self) -> &Shells {
        &self.inner.shells
    }

    /// One of the slots, as soon as one is free. It is held for as long as a store lives.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        self.inner.permits.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// One of the slots, if one is free now.
    pub(crate) fn try_slot(&self) -> Result<OwnedSemaphorePermit, Error> {
        let slot = self.inner.permits.clone().try_acquire_owned();
        slot.map_err(|_| Error::Busy { renders: self.inner.config.concurrency })
    }
}

/// What a cached component was made by, beside wasmtime: another way of taking bundles apart is another text.
const CACHED: &str = concat!("dayfly ", env!("CARGO_PKG_VERSION"), " component 2");

/// Wasmtime's version and the settings of its compiler.
struct Compatibility<'a>(&'a wasmtime::Engine);

impl Hash for Compatibility<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.precompile_compatibility_hash().hash(state);
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

/// Starts wasmtime on a pool of its own.
fn start(config: &EngineConfig) -> Result<(wasmtime::Engine, Arc<Slots>, ResetInUse), Error> {
    let no_room = |error: &dyn fmt::Display| {
        Error::Engine(format!("{error}; if it is address space, lower EngineConfig::concurrency or wasm_stack"))
    };
    let (scan, reset) = reset::choose(config.reset)?;
    let stack = stack(config).ok_or_else(|| no_room(&"the stack is larger than any address"))?;
    let plan = Plan {
        slots: config.concurrency as usize,
        stack,
        keep_resident: config.keep_resident,
        shards: machine::processors() as usize,
    };
    let slots = Arc::new(Slots::new(plan, scan).map_err(|error| no_room(&error))?);
    let wasmtime = wasmtime::Engine::new(&wasmtime_config(config, stack, Arc::new(Creator(slots.clone()))));
    Ok((wasmtime.map_err(|error| no_room(&format!("{error:#}")))?, slots, reset))
}

/// Bytes of a stack: what is above the guest's share is for the host's own functions.
fn stack(config: &EngineConfig) -> Option<usize> {
    config.wasm_stack.checked_add(256 << 10)?.checked_next_multiple_of(PAGE)
}

fn wasmtime_config(config: &EngineConfig, stack: usize, creator: Arc<Creator>) -> Config {
    let mut wasmtime = Config::new();
    wasmtime
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(config.fuel)
        .epoch_interruption(true)
        .max_wasm_stack(config.wasm_stack)
        .async_stack_size(stack)
        // A stack has held another tenant's values.
        .async_stack_zeroing(true)
        // The async ABI of components; with it on every call costs far more, and the contract has none of it.
        .concurrency_support(false)
        // What a slot is.
        .memory_reservation(slots::MEMORY as u64)
        .memory_guard_size(slots::GUARD as u64)
        .memory_may_move(false)
        .memory_init_cow(false)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .with_host_memory(creator.clone())
        .with_host_stack(creator);
    wasmtime
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
