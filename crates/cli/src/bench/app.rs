//! Dayfly's side: renders in this process.

use std::time::{Duration, Instant};

use dayfly::{Bundle, Engine, Limits, Outcome, Usage};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use super::turn::{Turn, Until};

/// An app that is ready to render.
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) bundle: Bundle,
    pub(crate) limits: Limits,
    pub(crate) props: String,
}

/// A render that gave no page, with all that came of it.
#[derive(Debug, thiserror::Error)]
#[error("a render gave no page: {:?}", .0.page)]
pub(crate) struct NoPage(pub(crate) Box<Outcome>);

impl App {
    /// Renders in a store of its own.
    pub(crate) fn render(&self, runtime: &Runtime) -> Result<Outcome, NoPage> {
        let outcome = runtime.block_on(self.engine.render(&self.bundle, &self.limits, &self.props));
        if outcome.page.is_ok() { Ok(outcome) } else { Err(NoPage(Box::new(outcome))) }
    }

    /// Renders until then. Beside the turn what Dayfly itself says: the sum of its renders' CPU time, the most of their
    /// memory.
    pub(crate) fn turn(&self, runtime: &Runtime, until: Until) -> Result<(Turn, Usage), NoPage> {
        let mut nanoseconds = Vec::new();
        let mut usage = Usage::default();
        let (begun, cpu) = (Instant::now(), process_cpu());
        let page = loop {
            let started = Instant::now();
            let outcome = self.render(runtime)?;
            nanoseconds.push(started.elapsed().as_nanos() as f64);
            usage.cpu += outcome.usage.cpu;
            usage.peak_memory = usage.peak_memory.max(outcome.usage.peak_memory);
            if until.is_over(nanoseconds.len(), begun.elapsed()) {
                break outcome.page;
            }
        };
        let cpu_nanoseconds = (process_cpu() - cpu).as_nanos() as f64 / nanoseconds.len() as f64;
        let page = page.map(dayfly::Page::into_bytes).unwrap_or_default();
        Ok((Turn { nanoseconds, cpu_nanoseconds, page }, usage))
    }
}

/// All threads, as `process.cpuUsage()` counts.
fn process_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
