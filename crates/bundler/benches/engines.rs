//! Two builds of `guest/`, side by side: `cargo bench -p dayfly-bundler --bench engines -- A.wasm B.wasm`. With one file, that one
//! against the committed one. With `--quick`, a short run.
//!
//! Both render the same workloads in turns, in one process and on one thread, and their pages must be the same bytes.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use std::time::Instant;

use dayfly::{Bundle, Engine, EngineConfig, Limits, Outcome};
use dayfly_bundler::{Bundler, Source};
use tokio::runtime::{Builder, Runtime};

#[path = "../../../host/benches/turns/mod.rs"]
mod turns;
#[path = "../../../host/benches/workloads/mod.rs"]
mod workloads;

/// Each workload with the runs of a turn.
const WORKLOADS: [(&str, usize); 3] = [("w1", 200), ("w2", 8), ("w3", 2)];
const ROUNDS: usize = 40;

/// One workload, built with one of the engines.
struct App<'a> {
    runtime: &'a Runtime,
    engine: &'a Engine,
    bundle: Bundle,
    props: String,
}

impl App<'_> {
    fn render(&self) -> Outcome {
        self.runtime.block_on(self.engine.render(&self.bundle, &Limits::default(), &self.props))
    }

    /// The median of so many renders, in nanoseconds.
    fn turn(&self, runs: usize) -> f64 {
        let times = (0..runs).map(|_| {
            let started = Instant::now();
            self.render().page.unwrap();
            started.elapsed().as_nanos() as f64
        });
        turns::quantile(&times.collect::<Vec<_>>(), 0.5)
    }

    /// How often a page of memory is met for the first time in a render, or written for the first time, once the slots
    /// are warm.
    fn faults(&self) -> f64 {
        let runs = 8;
        self.render().page.unwrap();
        let before = minor_faults();
        (0..runs).for_each(|_| drop(self.render().page.unwrap()));
        (minor_faults() - before) as f64 / f64::from(runs)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = if arguments.iter().any(|argument| argument == "--quick") { 8 } else { ROUNDS };
    let files: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let bundlers = match files[..] {
        [a] => [with_engine(&std::fs::read(a).unwrap()), Bundler::new().unwrap()],
        [a, b] => [a, b].map(|file| with_engine(&std::fs::read(file).unwrap())),
        _ => panic!("name the engine that the committed one is compared with, or two"),
    };
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    let metered = Engine::new(&EngineConfig { fuel: true, ..EngineConfig::default() }).unwrap();
    println!("           median  A/this  quartiles              fuel peak memory    faults      bundle");
    for (name, runs) in WORKLOADS {
        let workload = workloads::workload(name).unwrap();
        let source = Source::new(format!("{name}.js"), workload.text);
        let build = |bundler: &Bundler| runtime.block_on(bundler.build(&source, &Bundler::limits())).artifact.unwrap();
        let bundles = [0, 1].map(|side| build(&bundlers[side]).bundle);
        let load = |engine, bundle: &[u8]| {
            let bundle = Bundle::load(engine, bundle).unwrap();
            App { runtime: &runtime, engine, bundle, props: workload.props.clone() }
        };
        let apps = [0, 1].map(|side| load(&engine, &bundles[side]));
        let fuel = [0, 1].map(|side| load(&metered, &bundles[side]).render().usage.fuel.unwrap());
        let outcomes = [0, 1].map(|side| apps[side].render());
        let [a, b] = &outcomes;
        assert!(a.page.as_ref().unwrap() == b.page.as_ref().unwrap(), "the engines make different pages of {name}");
        let faults = [0, 1].map(|side| apps[side].faults());
        for (side, standing) in turns::compare(2, rounds, |side| apps[side].turn(runs)).iter().enumerate() {
            println!(
                "{name:3} {} {:>9.1} µs {:>7.3} {:.3} to {:.3}   {:>12} {:>11} {:>9.1} {:>11}",
                ["A", "B"][side],
                standing.median / 1e3,
                1.0 / standing.ratio,
                1.0 / standing.high,
                1.0 / standing.low,
                fuel[side],
                outcomes[side].usage.peak_memory,
                faults[side],
                bundles[side].len(),
            );
        }
    }
}

fn with_engine(engine: &[u8]) -> Bundler {
    Bundler::with_engine(engine).unwrap()
}

/// What the kernel has counted for this thread: the tenth field of its `stat`, eight after the name's closing bracket.
fn minor_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(7).unwrap().parse().unwrap()
}
