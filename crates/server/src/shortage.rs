//! Whether memory runs short: then what is served from memory is served still, and nothing more is rendered.
//!
//! Beyond its limit the kernel ends the whole process, and with it every tenant's requests. A request that is refused can come again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::metrics::Machine;

/// How old may be what is known. Within it all slots together can write some hundreds of megabytes.
const AGE: Duration = Duration::from_millis(100);

/// Looks at the memory of the control group, seldom.
#[derive(Debug)]
pub(crate) struct Shortage {
    /// The share of the limit from which on it is short.
    share: f64,
    machine: Machine,
    began: Instant,
    /// When somebody looked, in milliseconds since it began, and one: 0 is never.
    looked: AtomicU64,
    is_short: AtomicBool,
}

impl Shortage {
    pub(crate) fn new(share: f64, machine: Machine) -> Self {
        Self { share, machine, began: Instant::now(), looked: AtomicU64::new(0), is_short: AtomicBool::new(false) }
    }

    /// Whether it is. Who asks when nobody has looked for a while looks; the others go by what was seen before.
    pub(crate) fn is_there(&self) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let looked = self.looked.load(Ordering::Acquire);
        let is_old = looked == 0 || u128::from(now.saturating_sub(looked)) > AGE.as_millis();
        if is_old && self.looked.compare_exchange(looked, now, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.look();
        }
        self.is_short.load(Ordering::Acquire)
    }

    fn look(&self) {
        let is_short = self.machine.memory_share().is_some_and(|share| share > self.share);
        if self.is_short.swap(is_short, Ordering::AcqRel) != is_short {
            match is_short {
                true => tracing::warn!(
                    "memory is at more than {} of the control group's limit: requests are refused until there is some",
                    self.share
                ),
                false => tracing::info!("there is memory again"),
            }
        }
    }
}
