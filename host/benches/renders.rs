//! What each part of the library takes: `cargo bench -p dayfly --bench renders`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use dayfly::{Bundle, Engine, EngineConfig, Limits};
use dayfly_bundler::{Bundler, Source};
use tokio::runtime::{Builder, Runtime};

mod workloads;

/// An app, and the bundle that was built of it.
struct App {
    name: &'static str,
    source: Source,
    props: String,
    bundle: Vec<u8>,
}

fn main() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let bundler = Bundler::new().unwrap();
    let apps = ["w1", "w2", "w3"].map(|name| app(&runtime, &bundler, name));
    let mut criterion = Criterion::default().configure_from_args();
    build(&mut criterion, &runtime, &bundler, &apps);
    load(&mut criterion, &apps);
    render(&mut criterion, &runtime, &apps);
    criterion.final_summary();
}

fn app(runtime: &Runtime, bundler: &Bundler, name: &'static str) -> App {
    let workload = workloads::workload(name).unwrap();
    let source = Source::new(format!("{name}.js"), workload.text);
    let build = runtime.block_on(bundler.build(&source, &Bundler::limits()));
    App { name, source, props: workload.props, bundle: build.artifact.unwrap().bundle }
}

/// From the JavaScript to the bundle's bytes.
fn build(criterion: &mut Criterion, runtime: &Runtime, bundler: &Bundler, apps: &[App]) {
    let mut group = criterion.benchmark_group("build");
    for app in apps {
        group.bench_function(app.name, |bencher| {
            bencher.iter(|| runtime.block_on(bundler.build(&app.source, &Bundler::limits())).artifact.unwrap());
        });
    }
}

/// From the bundle's bytes to what can be rendered.
fn load(criterion: &mut Criterion, apps: &[App]) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    for app in apps {
        group.bench_function(app.name, |bencher| bencher.iter(|| Bundle::load(&engine, &app.bundle).unwrap()));
    }
}

/// One page in a fresh store, with and without fuel beside the epoch.
fn render(criterion: &mut Criterion, runtime: &Runtime, apps: &[App]) {
    let mut group = criterion.benchmark_group("render");
    group.sample_size(50).measurement_time(Duration::from_secs(8));
    let limits = Limits::default();
    for app in apps {
        for (metering, fuel) in [("epoch", false), ("fuel+epoch", true)] {
            let engine = Engine::new(&EngineConfig { fuel, ..EngineConfig::default() }).unwrap();
            let bundle = Bundle::load(&engine, &app.bundle).unwrap();
            group.bench_function(BenchmarkId::new(app.name, metering), |bencher| {
                bencher.iter(|| runtime.block_on(engine.render(&bundle, &limits, &app.props)).page.unwrap());
            });
        }
    }
}
