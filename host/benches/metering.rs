//! What fuel and the epoch cost: `cargo bench -p dayfly --bench metering`. With `-- --quick`, a short run.
//!
//! The same bundles rendered under four settings of the compiler, in turns. An [`Engine`](dayfly::Engine) always has
//! the epoch on, so wasmtime is set up here as the engine does it; what is not metering is the same in all four.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use std::time::{Duration, Instant};

use dayfly_bundler::{Bundler, Source};
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Store, UpdateDeadline};

mod turns;
mod workloads;

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "generated; the documentation is in wit/")]
    wasmtime::component::bindgen!({
        world: "app",
        path: "../wit",
        imports: { "dayfly:sandbox/clock.sleep": async | trappable, default: trappable },
        exports: { default: async },
    });
}
use contract::exports::dayfly::sandbox::renderer::Page;
use contract::{App, AppPre};
use turns::{Standing, quantile};

/// As [`EngineConfig::tick`](dayfly::EngineConfig::tick) is by default.
const TICK: Duration = Duration::from_millis(1);

#[derive(Clone, Copy)]
struct Metering {
    name: &'static str,
    epoch: bool,
    fuel: bool,
}

const VARIANTS: [Metering; 4] = [
    Metering { name: "neither", epoch: false, fuel: false },
    Metering { name: "epoch", epoch: true, fuel: false },
    Metering { name: "fuel", epoch: false, fuel: true },
    Metering { name: "both", epoch: true, fuel: true },
];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let engines = VARIANTS.map(engine);
    let bundler = Bundler::new().unwrap();
    println!("{:4} {:9} {:>11} {:>9}  of rounds", "", "", "median", "×neither");
    for (name, rounds, runs) in [("w1", 40, 200), ("w2", 40, 8), ("w3", 40, 1)] {
        let (rounds, runs) = if quick { (4, runs) } else { (rounds, runs) };
        let workload = workloads::workload(name).unwrap();
        let source = Source::new(format!("{name}.js"), workload.text);
        let built = runtime.block_on(bundler.build(&source, &Bundler::limits()));
        let bundle = built.artifact.unwrap().bundle;
        let apps: Vec<_> = engines.iter().map(|engine| load(engine, &bundle)).collect();
        compare(name, rounds, |variant| turn(&runtime, VARIANTS[variant], &apps[variant], &workload.props, runs));
    }
}

/// Prints the medians of turns of all variants, and how they stand to the first.
fn compare(name: &str, rounds: usize, turn: impl FnMut(usize) -> f64) {
    for (variant, standing) in VARIANTS.iter().zip(turns::compare(VARIANTS.len(), rounds, turn)) {
        let Standing { median, ratio, low, high } = standing;
        println!("{name:4} {:9} {:>8.1} µs {ratio:>9.3}  {low:.3} to {high:.3}", variant.name, median / 1e3);
    }
}

/// The median of one turn, in nanoseconds.
fn turn(runtime: &Runtime, metering: Metering, app: &AppPre<State>, props: &str, runs: usize) -> f64 {
    let times = (0..runs).map(|_| {
        let started = Instant::now();
        runtime.block_on(render(metering, app, props));
        started.elapsed().as_nanos() as f64
    });
    quantile(&times.collect::<Vec<_>>(), 0.5)
}

async fn render(metering: Metering, app: &AppPre<State>, props: &str) {
    let mut store = Store::new(app.engine(), State);
    if metering.epoch {
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
    }
    if metering.fuel {
        store.set_fuel(u64::MAX).unwrap();
    }
    let app = app.instantiate_async(&mut store).await.unwrap();
    let page = app.dayfly_sandbox_renderer().call_render(&mut store, props, None).await.unwrap();
    assert!(matches!(page, Ok(Page::Text(_))), "the app gave no text");
}

fn engine(metering: Metering) -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(4)
        .total_core_instances(16)
        .total_memories(4)
        .total_tables(16)
        .total_stacks(4)
        .max_core_instance_size(1 << 20)
        .table_elements(20_000)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(32 << 10)
        .async_stack_keep_resident(32 << 10);
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(metering.epoch)
        .consume_fuel(metering.fuel)
        .max_wasm_stack(8 << 20)
        .async_stack_size((8 << 20) + (256 << 10))
        .async_stack_zeroing(true)
        .concurrency_support(false)
        .memory_guaranteed_dense_image_size(256 << 20)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config).unwrap();
    let ticked = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = ticked.upgrade() {
            engine.increment_epoch();
            std::thread::sleep(TICK);
        }
    });
    engine
}

fn load(engine: &Engine, bundle: &[u8]) -> AppPre<State> {
    let component = Component::from_binary(engine, bundle).unwrap();
    let mut linker = Linker::new(engine);
    App::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).unwrap();
    AppPre::new(linker.instantiate_pre(&component).unwrap()).unwrap()
}

/// What stands behind the imports: nothing, as nothing of it is measured.
struct State;

impl contract::dayfly::sandbox::console::Host for State {
    fn write(
        &mut self,
        _: contract::dayfly::sandbox::console::Level,
        _: String,
        _: u32,
        _: Option<contract::dayfly::sandbox::console::Site>,
    ) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl contract::dayfly::sandbox::clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }

    async fn sleep(&mut self, _: u64) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl contract::dayfly::sandbox::random::Host for State {
    fn seed(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }
}

impl contract::dayfly::sandbox::response::Host for State {
    fn start(&mut self, _: u16, _: Vec<contract::dayfly::sandbox::response::Header>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn write(&mut self, _: Vec<u8>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn finish(&mut self) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl contract::dayfly::sandbox::outgoing::Host for State {
    fn room(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }

    fn start(
        &mut self,
        _: contract::dayfly::sandbox::outgoing::Request,
    ) -> wasmtime::Result<Result<u32, contract::dayfly::sandbox::outgoing::Error>> {
        let kind = contract::dayfly::sandbox::outgoing::ErrorKind::NotAllowed;
        Ok(Err(contract::dayfly::sandbox::outgoing::Error { kind, message: String::new() }))
    }

    fn read(&mut self, _: u32) -> wasmtime::Result<()> {
        Ok(())
    }

    fn decoded(&mut self, _: u32, _: u64) -> wasmtime::Result<Result<(), contract::dayfly::sandbox::outgoing::Error>> {
        Ok(Ok(()))
    }

    fn cancel(&mut self, _: u32) -> wasmtime::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: Option<u64>) -> wasmtime::Result<Option<contract::dayfly::sandbox::outgoing::Event>> {
        Ok(None)
    }
}
