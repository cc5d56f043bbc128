//! Dayfly's side of a case: building and loading an app, and what its renders leave.

use std::time::{Duration, Instant};

use anyhow::Context;
use dayfly::{Bundle, Engine, EngineConfig, Limits};
use dayfly_bundler::{Bundler, Source};
use tokio::runtime::{Builder, Runtime};

use crate::app::App;
use crate::report::Point;

/// An engine with its bundler, and one thread for both: `node:vm` renders on one too.
pub(crate) struct Dayfly {
    pub(crate) runtime: Runtime,
    bundler: Bundler,
    engine: Engine,
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
    pub(crate) fn load(&self, source: &Source, props: &str) -> anyhow::Result<(App, Made)> {
        let started = Instant::now();
        let built = self.runtime.block_on(self.bundler.build(source, &Bundler::limits()));
        let artifact = built.artifact.with_context(|| format!("{} does not build", source.name))?;
        let (build, started) = (started.elapsed(), Instant::now());
        let bundle = Bundle::load(&self.engine, &artifact.bundle)?;
        let made = Made { build, load: started.elapsed(), bytes: artifact.bundle.len() };
        let app = App { engine: self.engine.clone(), bundle, limits: Limits::default(), props: props.to_owned() };
        Ok((app, made))
    }

    /// Renders up to the last of `at`, and says what memory was in use at each.
    pub(crate) fn growth(&self, app: &App, at: &[usize]) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::new();
        for run in 1..=at.iter().copied().max().unwrap_or(0) {
            let _ = app.render(&self.runtime)?;
            if at.contains(&run) {
                points.push(Point { runs: run, rss: resident()?, heap: crate::live_heap() });
            }
        }
        Ok(points)
    }
}

fn resident() -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").context("resident memory is read as Linux gives it")?;
    let pages: u64 = statm.split(' ').nth(1).context("statm has a second field")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}
