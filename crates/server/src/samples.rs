//! What is sampled: how the server and its tenants were in a moment, and what came of the requests since the last one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use crate::receipt::Receipt;

/// The time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Whether a request failed by what came of it, for an app's or the server's reason and not for that of who asked.
pub(crate) fn is_error(outcome: &str) -> bool {
    match outcome {
        "app-threw" | "app-unsettled" | "app-5xx" | "internal" | "cut" => true,
        "limit-request" | "limit-headers" => false,
        _ => is_refused(outcome) || outcome.starts_with("limit-"),
    }
}

/// Whether it found no turn, or no memory.
fn is_refused(outcome: &str) -> bool {
    outcome.starts_with("queue-") || outcome == "memory-short"
}

/// What came of a tenant's requests since the last sample.
#[derive(Clone, Debug)]
pub(crate) struct Since {
    pub(crate) requests: u32,
    pub(crate) renders: u32,
    /// Those of which the outcome was not `ok`, …
    pub(crate) failures: u32,
    /// … and of these, those that were an app's or the server's.
    pub(crate) errors: u32,
    pub(crate) limit_hits: u32,
    /// Those that found no turn.
    pub(crate) refused: u32,
    /// Those that took too long.
    pub(crate) slow: u32,
    /// Renders that used more than nine tenths of the memory that they may have.
    pub(crate) near: u32,
    pub(crate) cpu: Duration,
    /// Bytes.
    pub(crate) peak: u64,
    /// Microseconds.
    times: Histogram<u32>,
}

/// Times are told apart up to this one; a longer one counts as this.
const LONGEST: u64 = 3_600_000_000;

impl Since {
    pub(crate) fn new() -> Self {
        // One digit that counts: a tenth is the most by which a percentile is off, and 2 KB are enough.
        let times = Histogram::new_with_bounds(1, LONGEST, 1).expect("the bounds are in order");
        Self {
            requests: 0,
            renders: 0,
            failures: 0,
            errors: 0,
            limit_hits: 0,
            refused: 0,
            slow: 0,
            near: 0,
            cpu: Duration::ZERO,
            peak: 0,
            times,
        }
    }

    pub(crate) fn add(&mut self, receipt: &Receipt, memory_limit: u64, slow: Duration) {
        let Receipt { outcome, usage, took, .. } = receipt;
        self.requests += 1;
        self.failures += u32::from(*outcome != "ok");
        self.errors += u32::from(is_error(outcome));
        self.limit_hits += u32::from(outcome.starts_with("limit-"));
        self.refused += u32::from(is_refused(outcome));
        self.slow += u32::from(*took > slow);
        self.times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).clamp(1, LONGEST));
        // Else there was no render.
        if !usage.wall.is_zero() {
            self.renders += 1;
            self.near += u32::from(usage.peak_memory > memory_limit / 10 * 9);
            self.cpu += usage.cpu;
            self.peak = self.peak.max(usage.peak_memory);
        }
    }

    /// Adds those of another tenant.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.renders += other.renders;
        self.failures += other.failures;
        self.errors += other.errors;
        self.limit_hits += other.limit_hits;
        self.refused += other.refused;
        self.slow += other.slow;
        self.near += other.near;
        self.cpu += other.cpu;
        self.peak = self.peak.max(other.peak);
        self.times.add(&other.times).expect("all have the same bounds");
    }

    /// The time that this share of the requests took at most, in microseconds.
    pub(crate) fn percentile(&self, share: f64) -> Option<u32> {
        (self.requests > 0).then(|| u32::try_from(self.times.value_at_quantile(share)).unwrap_or(u32::MAX - 1))
    }
}

/// What is not known, in a row.
const NONE: u32 = u32::MAX;

/// Bytes as a row has them: whole KiB, so that four TiB fit.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(NONE).min(NONE - 1)
}

fn kib_or_none(bytes: Option<u64>) -> u32 {
    bytes.map_or(NONE, kib)
}

fn some(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}

fn bytes(kib: u32) -> Option<u64> {
    some(kib).map(|kib| u64::from(kib) << 10)
}

/// The server in a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// When, in intervals since 1970.
    pub(crate) tick: u64,
    /// Bytes of the control group, …
    pub(crate) memory: Option<u64>,
    /// … that it may have, …
    pub(crate) memory_limit: Option<u64>,
    /// … and of the process.
    pub(crate) resident: Option<u64>,
    pub(crate) requests: u32,
    pub(crate) renders: u32,
    pub(crate) failures: u32,
    pub(crate) errors: u32,
    pub(crate) limit_hits: u32,
    pub(crate) refused: u32,
    pub(crate) slow: u32,
    /// Processes of the control group that the kernel has killed for want of memory.
    pub(crate) oom_kills: u32,
    /// Microseconds.
    pub(crate) p50: Option<u32>,
    pub(crate) p90: Option<u32>,
    pub(crate) p99: Option<u32>,
    pub(crate) live: u32,
    pub(crate) waiting: u32,
}

impl Sample {
    pub(crate) const FIELDS: usize = 17;

    pub(crate) fn row(&self) -> [u32; Self::FIELDS] {
        [
            self.tick as u32,
            kib_or_none(self.memory),
            kib_or_none(self.memory_limit),
            kib_or_none(self.resident),
            self.requests,
            self.renders,
            self.failures,
            self.errors,
            self.limit_hits,
            self.refused,
            self.slow,
            self.oom_kills,
            self.p50.unwrap_or(NONE),
            self.p90.unwrap_or(NONE),
            self.p99.unwrap_or(NONE),
            self.live,
            self.waiting,
        ]
    }

    /// What a row says of a tick; none if it is of another one.
    pub(crate) fn of(tick: u64, row: &[u32; Self::FIELDS]) -> Option<Self> {
        let [
            of,
            memory,
            memory_limit,
            resident,
            requests,
            renders,
            failures,
            errors,
            limit_hits,
            refused,
            slow,
            oom_kills,
            p50,
            p90,
            p99,
            live,
            waiting,
        ] = *row;
        (of == tick as u32 && of != 0).then(|| Self {
            tick,
            memory: bytes(memory),
            memory_limit: bytes(memory_limit),
            resident: bytes(resident),
            requests,
            renders,
            failures,
            errors,
            limit_hits,
            refused,
            slow,
            oom_kills,
            p50: some(p50),
            p90: some(p90),
            p99: some(p99),
            live,
            waiting,
        })
    }
}

/// A tenant since the sample before, or since the first of those that were put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TenantSample {
    pub(crate) tick: u64,
    pub(crate) requests: u32,
    pub(crate) renders: u32,
    pub(crate) failures: u32,
    pub(crate) limit_hits: u32,
    pub(crate) refused: u32,
    pub(crate) near: u32,
    pub(crate) p50: Option<u32>,
    pub(crate) p99: Option<u32>,
    pub(crate) peak: u64,
    pub(crate) memory_limit: u64,
    pub(crate) cpu_ms: u32,
}

impl TenantSample {
    pub(crate) const FIELDS: usize = 12;

    pub(crate) fn new(tick: u64, since: &Since, memory_limit: u64) -> Self {
        Self {
            tick,
            requests: since.requests,
            renders: since.renders,
            failures: since.failures,
            limit_hits: since.limit_hits,
            refused: since.refused,
            near: since.near,
            p50: since.percentile(0.5),
            p99: since.percentile(0.99),
            peak: since.peak,
            memory_limit,
            cpu_ms: u32::try_from(since.cpu.as_millis()).unwrap_or(u32::MAX),
        }
    }

    /// Some of them as one: sums, and of what is no sum the most, but for the median, which is that of most requests.
    pub(crate) fn together(tick: u64, all: &[Self]) -> Option<Self> {
        let last = all.last()?;
        let sum = |of: fn(&Self) -> u32| all.iter().map(of).fold(0, u32::saturating_add);
        Some(Self {
            tick,
            requests: sum(|one| one.requests),
            renders: sum(|one| one.renders),
            failures: sum(|one| one.failures),
            limit_hits: sum(|one| one.limit_hits),
            refused: sum(|one| one.refused),
            near: sum(|one| one.near),
            p50: all.iter().max_by_key(|one| one.requests).and_then(|one| one.p50),
            p99: all.iter().filter_map(|one| one.p99).max(),
            peak: all.iter().map(|one| one.peak).max().unwrap_or(0),
            memory_limit: last.memory_limit,
            cpu_ms: sum(|one| one.cpu_ms),
        })
    }

    pub(crate) fn row(&self) -> [u32; Self::FIELDS] {
        [
            self.tick as u32,
            self.requests,
            self.renders,
            self.failures,
            self.limit_hits,
            self.refused,
            self.near,
            self.p50.unwrap_or(NONE),
            self.p99.unwrap_or(NONE),
            kib(self.peak),
            kib(self.memory_limit),
            self.cpu_ms,
        ]
    }

    /// What a row says of a tick; none if it is of another one.
    pub(crate) fn of(tick: u64, row: &[u32; Self::FIELDS]) -> Option<Self> {
        let [of, requests, renders, failures, limit_hits, refused, near, p50, p99, peak, memory_limit, cpu_ms] = *row;
        (of == tick as u32 && of != 0).then(|| Self {
            tick,
            requests,
            renders,
            failures,
            limit_hits,
            refused,
            near,
            p50: some(p50),
            p99: some(p99),
            peak: bytes(peak).unwrap_or(0),
            memory_limit: bytes(memory_limit).unwrap_or(0),
            cpu_ms,
        })
    }
}
