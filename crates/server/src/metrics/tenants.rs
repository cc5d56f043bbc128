//! Who has series of their own: a bounded number of tenants, those with most requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::series::Series;
use crate::config::TenantName;

/// The label of those that have none of their own.
pub(crate) const OTHER: &str = "other";

/// What is counted of one tenant. A tenant has it at hand.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Its own, or those of all others.
    series: ArcSwap<Series>,
    requests: AtomicU64,
}

impl Counted {
    pub(crate) fn series(&self) -> arc_swap::Guard<Arc<Series>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.series.load()
    }
}

/// All tenants of which something is counted.
#[derive(Debug)]
pub(crate) struct CountedTenants {
    /// How many have series of their own.
    most: usize,
    other: Arc<Series>,
    all: Mutex<HashMap<TenantName, Entry>>,
}

#[derive(Debug)]
struct Entry {
    counted: Arc<Counted>,
    is_own: bool,
    /// Requests when they were last looked at.
    seen: u64,
    /// How many there were of late: those since then, and half of what this was before.
    traffic: u64,
}

impl CountedTenants {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, other: Arc::default(), all: Mutex::default() }
    }

    pub(crate) fn of(&self, name: &TenantName) -> Arc<Counted> {
        let mut all = self.lock();
        if let Some(entry) = all.get(name) {
            return entry.counted.clone();
        }
        // A tenant that is called so is one of those.
        let is_own = name.as_str() != OTHER && all.values().filter(|entry| entry.is_own).count() < self.most;
        let series = if is_own { Arc::default() } else { self.other.clone() };
        let counted = Arc::new(Counted { series: ArcSwap::new(series), requests: AtomicU64::new(0) });
        all.insert(name.clone(), Entry { counted: counted.clone(), is_own, seen: 0, traffic: 0 });
        counted
    }

    /// Forgets all but those that are there.
    pub(crate) fn retain(&self, is_there: impl Fn(&TenantName) -> bool) {
        self.lock().retain(|name, _| is_there(name));
    }

    /// Gives series of their own to those who have most requests. One that gets its own begins at 0, and what it had is still among
    /// the others': so no count ever falls. One that has to give them up has twice as many requests against it, lest two of the
    /// same size change places each time.
    pub(crate) fn rank(&self) {
        let mut all = self.lock();
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (name, entry) in all.iter_mut() {
            let requests = entry.counted.requests.load(Ordering::Relaxed);
            entry.traffic = entry.traffic / 2 + (requests - entry.seen);
            entry.seen = requests;
            if entry.is_own {
                own.push(entry);
            } else if name.as_str() != OTHER && entry.traffic > 0 {
                others.push(entry);
            }
        }
        own.sort_by_key(|entry| entry.traffic);
        others.sort_by_key(|entry| std::cmp::Reverse(entry.traffic));
        let free = self.most.saturating_sub(own.len());
        let (mut own, mut free) = (own.into_iter(), free);
        for entry in others {
            if free > 0 {
                free -= 1;
            } else {
                match own.next() {
                    Some(least) if entry.traffic > 2 * least.traffic => {
                        least.is_own = false;
                        least.counted.series.store(self.other.clone());
                    }
                    _ => break,
                }
            }
            entry.is_own = true;
            entry.counted.series.store(Arc::default());
        }
    }

    /// The series, by their labels: those of the others last, if there are any.
    pub(crate) fn series(&self) -> Vec<(String, Arc<Series>)> {
        let all = self.lock();
        let own = all.iter().filter(|(_, entry)| entry.is_own);
        let mut series: Vec<_> =
            own.map(|(name, entry)| (name.to_string(), entry.counted.series.load_full())).collect();
        series.sort_by(|(one, _), (two, _)| one.cmp(two));
        if self.other.requests.all().next().is_some() {
            series.push((OTHER.into(), self.other.clone()));
        }
        series
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantName, Entry>> {
        // Nothing in here can panic half-way.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::CountedTenants;
    use crate::config::TenantName;

    fn name(name: &str) -> TenantName {
        name.parse().unwrap()
    }

    fn ask(tenants: &CountedTenants, name: &str, times: u64) {
        let counted = tenants.of(&name.parse().unwrap());
        (0..times).for_each(|_| counted.series().requests.add("ok"));
    }

    /// Labels and counts.
    fn counts(tenants: &CountedTenants) -> Vec<(String, u64)> {
        let count = |(label, series): (String, std::sync::Arc<super::Series>)| {
            (label, series.requests.all().map(|(_, count)| count).sum())
        };
        tenants.series().into_iter().map(count).collect()
    }

    fn is(counts: &[(String, u64)], expected: &[(&str, u64)]) -> bool {
        counts.iter().map(|(label, count)| (label.as_str(), *count)).eq(expected.iter().copied())
    }

    #[test]
    fn the_first_have_series_of_their_own_until_others_have_more_requests() {
        let tenants = CountedTenants::new(2);
        for (name, times) in [("a", 5), ("b", 10), ("c", 9), ("d", 100)] {
            ask(&tenants, name, times);
        }
        assert!(is(&counts(&tenants), &[("a", 5), ("b", 10), ("other", 109)]), "{:?}", counts(&tenants));
        tenants.rank();
        // d has more than twice as many as a. What it had stays where it was.
        ask(&tenants, "d", 7);
        ask(&tenants, "a", 1);
        let after = counts(&tenants);
        assert!(is(&after, &[("b", 10), ("d", 7), ("other", 110)]), "{after:?}");
        tenants.rank();
        let after = counts(&tenants);
        assert!(is(&after, &[("b", 10), ("d", 7), ("other", 110)]), "nothing changes without a reason: {after:?}");
        tenants.retain(|tenant| tenant.as_str() != "b");
        ask(&tenants, "c", 1);
        tenants.rank();
        ask(&tenants, "c", 2);
        assert!(is(&counts(&tenants), &[("c", 2), ("d", 7), ("other", 111)]), "{:?}", counts(&tenants));
    }

    #[test]
    fn a_tenant_called_other_is_among_the_others() {
        let tenants = CountedTenants::new(10);
        ask(&tenants, "other", 3);
        ask(&tenants, "a", 1);
        tenants.rank();
        ask(&tenants, "other", 3);
        assert!(is(&counts(&tenants), &[("a", 1), ("other", 6)]), "{:?}", counts(&tenants));
        assert!(std::sync::Arc::ptr_eq(&tenants.of(&name("a")), &tenants.of(&name("a"))));
    }
}
