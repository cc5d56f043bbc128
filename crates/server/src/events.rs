//! What goes on now: each receipt as an event for those who listen, and a tally for each tenant.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dayfly::Line;
use tokio::sync::broadcast;

use crate::config::TenantName;
use crate::receipt::{Receipt, Sent};

/// How many events a listener may be behind; it is told of the ones beyond that it missed.
const BEHIND: usize = 1024;

/// How many events are kept for those who come later, and bytes of their consoles.
const PAST: (usize, usize) = (1024, 4 << 20);

/// Of how many of a tenant's last requests the tally has the times.
const LAST: usize = 64;

/// One request that was answered, with what the app wrote to its console.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) receipt: Receipt,
    pub(crate) console: Vec<Line>,
}

/// Takes receipts, and hands them on.
pub(crate) struct Events {
    to: Arc<dyn Sent>,
    listeners: broadcast::Sender<Arc<Event>>,
    tallies: Mutex<HashMap<TenantName, Tally>>,
    past: Mutex<Past>,
}

/// The last events, oldest first.
#[derive(Default)]
struct Past {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Past {
    fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.bytes();
        self.events.push_back(event);
        while self.events.len() > PAST.0 || self.bytes > PAST.1 {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= oldest.bytes();
        }
    }
}

impl Event {
    /// What it takes that an app decides about.
    fn bytes(&self) -> usize {
        let console: usize = self.console.iter().map(|line| line.text.len()).sum();
        console + self.receipt.path.len() + self.receipt.failure.as_ref().map_or(0, String::len)
    }
}

/// What a tenant's requests came to since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// Those of which the outcome was not `ok`.
    pub(crate) failures: u64,
    last: VecDeque<(Duration, u64)>,
}

impl Tally {
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

impl Events {
    pub(crate) fn new(to: Arc<dyn Sent>) -> Self {
        Self { to, listeners: broadcast::Sender::new(BEHIND), tallies: Mutex::default(), past: Mutex::default() }
    }

    /// Those that come, and those that came last, oldest first: none is in both, and none between.
    pub(crate) fn listen(&self) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        (past.events.iter().cloned().collect(), self.listeners.subscribe())
    }

    pub(crate) fn tally(&self, tenant: &TenantName) -> Tally {
        self.tallies().get(tenant).cloned().unwrap_or_default()
    }

    /// Forgets a tenant that was deleted.
    pub(crate) fn forget(&self, tenant: &TenantName) {
        self.tallies().remove(tenant);
    }

    fn tallies(&self) -> MutexGuard<'_, HashMap<TenantName, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent for Events {
    fn receipt(&self, receipt: &Receipt, console: &[Line]) {
        if let Some(tenant) = &receipt.tenant {
            let mut tallies = self.tallies();
            let tally = tallies.entry(tenant.clone()).or_default();
            tally.requests += 1;
            tally.failures += u64::from(receipt.outcome != "ok");
            if tally.last.len() == LAST {
                tally.last.pop_front();
            }
            tally.last.push_back((receipt.took, receipt.usage.peak_memory));
        }
        let event = Arc::new(Event { receipt: receipt.clone(), console: console.to_vec() });
        {
            let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
            past.push(event.clone());
            // Nobody may listen, which is well.
            let _ = self.listeners.send(event);
        }
        self.to.receipt(receipt, console);
    }
}

#[cfg(test)]
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
