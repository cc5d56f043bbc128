//! What is counted: plain atomics, so that a request adds to them without looking anything up.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::receipt::Receipt;

/// The counts of one tenant, or of several that share them.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) requests: ByCode,
    pub(crate) renders: ByCode,
    pub(crate) calls: ByCode,
    /// Nanoseconds.
    pub(crate) duration: Histogram<9>,
    /// Bytes.
    pub(crate) peak_memory: Histogram<12>,
    /// Millionths.
    pub(crate) memory_share: Histogram<7>,
    pub(crate) cpu_ns: AtomicU64,
    pub(crate) fuel: AtomicU64,
    pub(crate) pages: AtomicU64,
    pub(crate) request_bytes: AtomicU64,
    pub(crate) response_bytes: AtomicU64,
    pub(crate) console_lines: AtomicU64,
}

const MS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;

/// Upper bounds: of a request's time in nanoseconds, …
pub(crate) const DURATIONS: [u64; 9] =
    [MS, 5 * MS, 10 * MS, 50 * MS, 100 * MS, 500 * MS, 1_000 * MS, 5_000 * MS, 10_000 * MS];
/// … of a render's memory in bytes, …
pub(crate) const PEAKS: [u64; 12] = [
    MIB,
    2 * MIB,
    4 * MIB,
    8 * MIB,
    16 * MIB,
    32 * MIB,
    64 * MIB,
    96 * MIB,
    128 * MIB,
    256 * MIB,
    512 * MIB,
    1024 * MIB,
];
/// … and of its share of what it may have, in millionths.
pub(crate) const SHARES: [u64; 7] = [100_000, 250_000, 500_000, 750_000, 900_000, 950_000, 1_000_000];

impl Series {
    /// Adds a request.
    pub(crate) fn add(&self, receipt: &Receipt, memory_limit: u64) {
        let usage = &receipt.usage;
        self.requests.add(receipt.outcome);
        self.duration.add(&DURATIONS, nanoseconds(receipt.took));
        // Else there was no render.
        if !usage.wall.is_zero() {
            self.renders.add(receipt.outcome);
            self.peak_memory.add(&PEAKS, usage.peak_memory);
            let share = u128::from(usage.peak_memory) * 1_000_000 / u128::from(memory_limit.max(1));
            self.memory_share.add(&SHARES, u64::try_from(share).unwrap_or(u64::MAX));
            add(&self.cpu_ns, nanoseconds(usage.cpu));
            add(&self.fuel, usage.fuel.unwrap_or(0));
            add(&self.pages, usage.pages);
            add(&self.request_bytes, usage.request_bytes);
            add(&self.response_bytes, usage.page_bytes);
            add(&self.console_lines, receipt.console_lines);
            usage.calls.iter().for_each(|call| self.calls.add(code_of(call)));
        }
    }
}

/// What came of a call: the code of what went wrong, or the class of its status.
fn code_of(call: &dayfly::Call) -> &'static str {
    match (call.error, call.status) {
        (Some(error), _) => error.code(),
        (None, Some(200..=299)) => "2xx",
        (None, Some(300..=399)) => "3xx",
        (None, Some(400..=499)) => "4xx",
        (None, Some(500..=599)) => "5xx",
        (None, _) => "1xx",
    }
}

pub(crate) fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Nothing is written where nothing is added: a line of memory that only one processor writes to is faster for all.
fn add(counter: &AtomicU64, number: u64) {
    if number > 0 {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

/// Counts by a code, of which there are few.
#[derive(Debug)]
pub(crate) struct ByCode {
    counts: [(OnceLock<&'static str>, AtomicU64); CODES],
}

impl Default for ByCode {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| Default::default()) }
    }
}

/// More codes than there are.
const CODES: usize = 48;

impl ByCode {
    pub(crate) fn add(&self, code: &'static str) {
        for (of, count) in &self.counts {
            // The first that has no code yet gets this one, unless another thread has just given it one.
            if *of.get_or_init(|| code) == code {
                count.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        debug_assert!(false, "there is no room for {code}");
    }

    /// Those that came.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.counts.iter().map_while(|(of, count)| Some((*of.get()?, count.load(Ordering::Relaxed))));
        counts.filter(|(_, count)| *count > 0)
    }
}

/// A histogram of whole numbers. The bounds are the same for all of a kind, and are brought along.
#[derive(Debug)]
pub(crate) struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU64::new(0)), beyond: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }
}

impl<const N: usize> Histogram<N> {
    pub(crate) fn add(&self, bounds: &[u64; N], number: u64) {
        let bucket =
            bounds.iter().position(|bound| number <= *bound).map_or(&self.beyond, |bucket| &self.buckets[bucket]);
        bucket.fetch_add(1, Ordering::Relaxed);
        add(&self.sum, number);
    }

    /// Sum, count, and the count of each bucket by its bound; numbers are divided by `unit`.
    pub(crate) fn read(&self, bounds: &[u64; N], unit: f64) -> (f64, u64, Vec<(f64, u64)>) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let bounded = bounds.iter().zip(&self.buckets).map(|(bound, bucket)| (*bound as f64 / unit, load(bucket)));
        let buckets: Vec<_> = bounded.chain([(f64::INFINITY, load(&self.beyond))]).collect();
        // Not counted by itself, so that the last bucket is always the count.
        let count = buckets.iter().map(|(_, count)| count).sum();
        (load(&self.sum) as f64 / unit, count, buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::{ByCode, Histogram};

    #[test]
    fn codes_are_counted_whoever_comes_first() {
        let counts = ByCode::default();
        std::thread::scope(|scope| {
            for codes in [["ok", "a", "b"], ["b", "ok", "a"], ["a", "b", "ok"]] {
                let counts = &counts;
                scope.spawn(move || (0..3_000).for_each(|number| counts.add(codes[number % 3])));
            }
        });
        let mut all: Vec<_> = counts.all().collect();
        all.sort_unstable();
        assert_eq!(all, [("a", 3000), ("b", 3000), ("ok", 3000)]);
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        [0, 10, 11, 20, 21].into_iter().for_each(|number| histogram.add(&[10, 20], number));
        let expected = vec![(1.0, 2), (2.0, 2), (f64::INFINITY, 1)];
        assert_eq!(histogram.read(&[10, 20], 10.0), (6.2, 5, expected));
    }
}
