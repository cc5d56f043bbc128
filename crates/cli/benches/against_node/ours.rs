//! Dayfly's side: the same, in this process.

use std::time::{Duration, Instant};

use anyhow::Context;
use dayfly::{Bundle, Engine, EngineConfig, Limits, Outcome};
use dayfly_bundler::{Bundler, Source};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};

use crate::report::{Batch, Point};

/// An engine with its bundler, and one thread for both: `node:vm` renders on one too.
pub(crate) struct Dayfly {
    runtime: Runtime,
    bundler: Bundler,
    engine: Engine,
}

/// An app that is ready to render.
pub(crate) struct App {
    bundle: Bundle,
    limits: Limits,
    props: String,
    /// What making it took, and how large it is.
    pub(crate) made: Made,
}

/// What comes before the first render, once for a bundle.
pub(crate) struct Made {
    pub(crate) build: Duration,
    pub(crate) load: Duration,
    pub(crate) bytes: usize,
}

impl Dayfly {
    pub(crate) fn start() -> anyhow::Result<Self> {
        Ok(Self {
            runtime: Builder::new_current_thread().enable_time().build()?,
            bundler: Bundler::new()?,
            engine: Engine::new(&EngineConfig::default())?,
        })
    }

    /// Builds and loads an app.
    pub(crate) fn load(&self, name: &str, text: &str, props: &str) -> anyhow::Result<App> {
        let source = Source::new(format!("{name}.js"), text);
        let started = Instant::now();
        let built = self.runtime.block_on(self.bundler.build(&source, &Bundler::limits()));
        let artifact = built.artifact.with_context(|| format!("{name} does not build"))?;
        let (build, started) = (started.elapsed(), Instant::now());
        let bundle = Bundle::load(&self.engine, &artifact.bundle)?;
        let made = Made { build, load: started.elapsed(), bytes: artifact.bundle.len() };
        Ok(App { bundle, limits: Limits::default(), props: props.to_owned(), made })
    }

    /// Renders so many times, each in a store of its own.
    pub(crate) fn batch(&self, app: &App, runs: usize) -> anyhow::Result<Batch> {
        let mut nanoseconds = Vec::with_capacity(runs);
        let mut usage = Duration::ZERO;
        let mut page = Vec::new();
        let cpu = process_cpu();
        for _ in 0..runs {
            let started = Instant::now();
            let outcome = self.render(app);
            nanoseconds.push(started.elapsed().as_nanos() as f64);
            usage += outcome.usage.cpu;
            page = outcome.page?.into_bytes();
        }
        let cpu = process_cpu() - cpu;
        Ok(Batch {
            nanoseconds,
            cpu_nanoseconds: cpu.as_nanos() as f64 / runs as f64,
            usage_nanoseconds: Some(usage.as_nanos() as f64 / runs as f64),
            page: String::from_utf8(page)?,
        })
    }

    /// Renders up to the last of `at`, and says what memory was in use at each.
    pub(crate) fn growth(&self, app: &App, at: &[usize]) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::new();
        for run in 1..=at.iter().copied().max().unwrap_or(0) {
            self.render(app).page?;
            if at.contains(&run) {
                points.push(Point { runs: run, rss: resident()?, heap: crate::live_heap() });
            }
        }
        Ok(points)
    }

    fn render(&self, app: &App) -> Outcome {
        self.runtime.block_on(self.engine.render(&app.bundle, &app.limits, &app.props))
    }
}

/// All threads, as `process.cpuUsage()` counts.
fn process_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn resident() -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").context("resident memory is read as Linux gives it")?;
    let pages: u64 = statm.split(' ').nth(1).context("statm has a second field")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}
