//! Pages of memory that a render touches for the first time.

use std::time::Instant;

use tokio::runtime::Runtime;

use super::app::{App, NoPage};
use super::statistics::median;
use super::turn::Until;

/// Minor page faults of a render, the median of those until then; none where a thread's faults are not counted.
pub(crate) fn faults(app: &App, runtime: &Runtime, until: Until) -> Result<Option<u64>, NoPage> {
    let mut faults = Vec::new();
    let begun = Instant::now();
    loop {
        let before = of_this_thread();
        let _ = app.render(runtime)?;
        let (Some(before), Some(after)) = (before, of_this_thread()) else { return Ok(None) };
        faults.push((after - before) as f64);
        if until.is_over(faults.len(), begun.elapsed()) {
            return Ok(Some(median(faults.into_iter()) as u64));
        }
    }
}

#[cfg(target_os = "linux")]
fn of_this_thread() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    u64::try_from(getrusage(UsageWho::RUSAGE_THREAD).ok()?.minor_page_faults()).ok()
}

#[cfg(not(target_os = "linux"))]
fn of_this_thread() -> Option<u64> {
    None
}
