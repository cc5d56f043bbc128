//! What goes on now: the last requests, with what apps wrote to their consoles, and those that are answered while somebody listens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayfly::Line;
use tokio::sync::broadcast;

use crate::receipt::Receipt;
use crate::samples::Since;

/// How many requests a listener may be behind; it is told of the ones beyond that it missed.
const BEHIND: usize = 1024;

/// How many requests are kept for those who come later, and bytes of what apps decide about in them.
const PAST: (usize, usize) = (1024, 4 << 20);

/// Of how many of a tenant's last requests the tally has the times.
const LAST: usize = 64;

/// One request that was answered, with what the app wrote to its console.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) receipt: Arc<Receipt>,
    pub(crate) console: Vec<Line>,
}

impl Answered {
    /// What it takes that an app, or who asked, decides about.
    fn bytes(&self) -> usize {
        let console: usize = self.console.iter().map(|line| line.text.len()).sum();
        let Receipt { path, failure, stack, usage, .. } = &*self.receipt;
        let calls: usize = usage.calls.iter().map(|call| call.url.len() + size_of_val(call)).sum();
        let failed: usize = [failure, stack].into_iter().flatten().map(String::len).sum();
        console + calls + path.len() + failed
    }
}

/// Keeps the last requests, and hands each on.
pub(crate) struct Activity {
    listeners: broadcast::Sender<Arc<Answered>>,
    past: Mutex<Past>,
}

/// The last requests, oldest first.
#[derive(Default)]
struct Past {
    answered: VecDeque<Arc<Answered>>,
    bytes: usize,
}

impl Past {
    fn push(&mut self, answered: Arc<Answered>) {
        self.bytes += answered.bytes();
        self.answered.push_back(answered);
        while self.answered.len() > PAST.0 || self.bytes > PAST.1 {
            let Some(oldest) = self.answered.pop_front() else { return };
            self.bytes -= oldest.bytes();
        }
    }
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self { listeners: broadcast::Sender::new(BEHIND), past: Mutex::default() }
    }

    /// Those that come, and those that came last, oldest first: none is in both, and none between.
    pub(crate) fn listen(&self) -> (Vec<Arc<Answered>>, broadcast::Receiver<Arc<Answered>>) {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        (past.answered.iter().cloned().collect(), self.listeners.subscribe())
    }

    pub(crate) fn note(&self, receipt: Arc<Receipt>, console: Vec<Line>) {
        let answered = Arc::new(Answered { receipt, console });
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push(answered.clone());
        // Nobody may listen, which is well.
        let _ = self.listeners.send(answered);
    }
}

/// What a tenant's requests came to since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// Those of which the outcome was not `ok`.
    pub(crate) failures: u64,
    /// Those that a limit ended.
    pub(crate) limit_hits: u64,
    pub(crate) cpu: Duration,
    last: VecDeque<(Duration, u64)>,
    /// Since the last sample; none if there was nothing.
    since: Option<Box<Since>>,
}

impl Tally {
    /// Adds a request. `slow` is what takes too long.
    pub(crate) fn add(&mut self, receipt: &Receipt, memory_limit: u64, slow: Duration) {
        self.requests += 1;
        self.failures += u64::from(receipt.outcome != "ok");
        self.limit_hits += u64::from(receipt.outcome.starts_with("limit-"));
        self.cpu += receipt.usage.cpu;
        self.since.get_or_insert_with(|| Box::new(Since::new())).add(receipt, memory_limit, slow);
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back((receipt.took, receipt.usage.peak_memory));
    }

    /// What came since this was asked last.
    pub(crate) fn take(&mut self) -> Option<Box<Since>> {
        self.since.take()
    }

    /// The time that so many percent of the last requests took at most.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut times: Vec<_> = self.last.iter().map(|(took, _)| *took).collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        times.get((times.len() * percent).div_ceil(100).saturating_sub(1).min(last)).copied()
    }

    /// The most memory of the last renders, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.last.iter().map(|(_, memory)| *memory).max().unwrap_or(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_times_that_were() {
        let mut tally = Tally::default();
        assert_eq!(tally.percentile(50), None);
        for ms in [4, 1, 3, 2] {
            tally.last.push_back((Duration::from_millis(ms), ms));
        }
        let at = |percent| tally.percentile(percent).unwrap().as_millis();
        assert_eq!((at(0), at(50), at(99), at(100), tally.peak_memory()), (1, 2, 4, 4, 4));
    }
}
