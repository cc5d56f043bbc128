//! Which conditions hold now.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::leak::Leak;
use super::rules::Rule;
use crate::config::{self, TenantName};
use crate::history::History;
use crate::samples::{Sample, TenantSample};

/// What is known at the end of a sample.
pub(crate) struct Facts<'a> {
    pub(crate) config: &'a config::Alarms,
    pub(crate) history: &'a History,
    /// The sample, which the history has already.
    pub(crate) sample: &'a Sample,
    pub(crate) uptime: Duration,
    /// How many requests may wait.
    pub(crate) queue: u32,
    /// Whether the configuration that was read last is in force.
    pub(crate) is_configured: bool,
    /// Messages that a webhook has refused and that wait.
    pub(crate) undelivered: usize,
    /// The samples of tenants of the last ten minutes, oldest first.
    pub(crate) tenants: &'a HashMap<TenantName, VecDeque<TenantSample>>,
}

/// A condition that holds.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) rule: &'static Rule,
    pub(crate) tenant: Option<TenantName>,
    pub(crate) value: f64,
    pub(crate) threshold: f64,
    pub(crate) summary: String,
}

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 24 * HOUR;

/// How low memory has been, for the eye, is the least of so many seconds.
pub(crate) const TROUGH: u64 = 15 * MINUTE;

/// How long a tenant's samples are looked at.
pub(crate) const TENANT: Duration = Duration::from_secs(10 * MINUTE);

/// A budget burns too fast if both hold: over a long time, and still over a short one. Of "The Site Reliability Workbook", chapter 5:
/// how many times as fast as the budget allows, and seconds.
pub(crate) type Burn = (f64, u64, u64);
pub(crate) const FAST: [Burn; 2] = [(14.4, HOUR, 5 * MINUTE), (6.0, 6 * HOUR, 30 * MINUTE)];
pub(crate) const SLOW: [Burn; 2] = [(3.0, DAY, 2 * HOUR), (1.0, 3 * DAY, 6 * HOUR)];

/// Whether so many of all requests can be bad that a budget burns fast.
pub(crate) fn can_burn_fast(budget: f64) -> bool {
    FAST.iter().any(|(factor, _, _)| factor * budget < 1.0)
}

/// So many requests at least have to be bad, or one of a quiet night would wake somebody.
pub(crate) const LEAST_BAD: u64 = 10;

/// What the requests of some time came to.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    requests: u64,
    errors: u64,
    slow: u64,
    refused: u64,
    oom_kills: u64,
}

impl Sums {
    fn add(&mut self, sample: &Sample) {
        self.requests += u64::from(sample.requests);
        self.errors += u64::from(sample.errors);
        self.slow += u64::from(sample.slow);
        self.refused += u64::from(sample.refused);
        self.oom_kills += u64::from(sample.oom_kills);
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Facts<'_> {
    /// All conditions that hold.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        self.memory(&mut readings);
        self.leak(&mut readings);
        self.requests(&mut readings);
        self.server(&mut readings);
        self.tenants(&mut readings);
        readings
    }

    fn memory(&self, readings: &mut Vec<Reading>) {
        let (Some(used), Some(limit)) = (self.sample.memory, self.sample.memory_limit.filter(|limit| *limit > 0))
        else {
            return;
        };
        let value = used as f64 / limit as f64;
        for (name, threshold) in
            [("DayflyMemoryHigh", self.config.memory_high), ("DayflyMemoryCritical", self.config.memory_critical)]
        {
            let summary = format!("memory is at {} of its limit", percent(value));
            hold(readings, value > threshold, name, None, value, threshold, summary);
        }
    }

    fn leak(&self, readings: &mut Vec<Reading>) {
        let Some(limit) = self.sample.memory_limit.filter(|limit| *limit > 0) else { return };
        if let Some(Leak { predicted, summary }) = self.leaks(limit) {
            hold(readings, true, "DayflyMemoryLeakSuspected", None, predicted, limit as f64, summary);
        }
    }

    /// What came of the requests, over windows of up to three days.
    fn requests(&self, readings: &mut Vec<Reading>) {
        let sums = self.sums();
        let over = |seconds| sums.get(&seconds).copied().unwrap_or_default();
        let config = self.config;
        type Bad = fn(&Sums) -> u64;
        let budgets: [(&str, &str, f64, Bad); 2] = [
            ("DayflyErrorBudgetBurns", "fail", config.errors, |sums| sums.errors),
            ("DayflyLatencyBudgetBurns", "are slow", config.slow_share, |sums| sums.slow),
        ];
        for (name, what, budget, bad) in budgets {
            for (pace, burns) in [("Fast", FAST), ("Slowly", SLOW)] {
                let burning = burns.into_iter().find_map(|(factor, long, short)| {
                    let (long_sums, short) = (over(long), over(short));
                    let threshold = factor * budget;
                    let value = ratio(bad(&long_sums), long_sums.requests);
                    let is_burning = value > threshold
                        && ratio(bad(&short), short.requests) > threshold
                        && bad(&long_sums) >= LEAST_BAD;
                    is_burning.then_some((value, threshold, long))
                });
                let Some((value, threshold, long)) = burning else { continue };
                let time = humantime::format_duration(Duration::from_secs(long));
                let summary =
                    format!("{} of the requests of {time} {what}, and {} may", percent(value), percent(budget));
                hold(readings, true, &format!("{name}{pace}"), None, value, threshold, summary);
            }
        }
        let refused = over(5 * MINUTE);
        let value = ratio(refused.refused, refused.requests);
        let summary = format!("{} of the requests of 5 minutes found no turn", percent(value));
        hold(readings, value > 0.01, "DayflyRequestsRefused", None, value, 0.01, summary);
        let killed = over(10 * MINUTE).oom_kills;
        let summary = format!("the kernel has killed {killed} processes of the control group for want of memory");
        hold(readings, killed > 0, "DayflyOOMKilled", None, killed as f64, 0.0, summary);
    }

    fn server(&self, readings: &mut Vec<Reading>) {
        let value = ratio(self.sample.waiting.into(), self.queue.into());
        let summary = format!("{} requests wait for their turn, of {} that may", self.sample.waiting, self.queue);
        hold(readings, value > 0.5, "DayflyQueueLong", None, value, 0.5, summary);
        let summary = "the configuration that was read last has mistakes, and the one before is in force".to_owned();
        hold(readings, !self.is_configured, "DayflyConfigStale", None, 1.0, 0.0, summary);
        let undelivered = self.undelivered;
        let summary = format!("{undelivered} messages wait for a webhook that does not take them");
        hold(readings, undelivered > 0, "DayflyAlarmsUndelivered", None, undelivered as f64, 0.0, summary);
    }

    fn tenants(&self, readings: &mut Vec<Reading>) {
        let now = self.sample.tick;
        let (five, ten) = (self.ticks(5 * MINUTE), self.ticks(10 * MINUTE));
        for (tenant, samples) in self.tenants {
            let of = |ticks: u64| samples.iter().filter(move |sample| sample.tick + ticks > now);
            let hits: u64 = of(five).map(|sample| u64::from(sample.limit_hits)).sum();
            let summary = format!("a limit has ended {hits} requests of {tenant} in 5 minutes");
            hold(readings, hits > 0, "DayflyTenantLimitHits", Some(tenant), hits as f64, 0.0, summary);
            let (near, renders) = of(ten).fold((0, 0), |(near, renders), sample| {
                (near + u64::from(sample.near), renders + u64::from(sample.renders))
            });
            let value = ratio(near, renders);
            let summary =
                format!("{} of {tenant}'s renders use more than 90 % of the memory that they may", percent(value));
            hold(readings, value > 0.01, "DayflyTenantPeakNearLimit", Some(tenant), value, 0.01, summary);
        }
    }

    /// Sums over all windows that are looked at, by their seconds.
    fn sums(&self) -> HashMap<u64, Sums> {
        let mut windows: Vec<u64> =
            FAST.iter().chain(&SLOW).flat_map(|(_, long, short)| [*long, *short]).chain([10 * MINUTE]).collect();
        windows.sort_unstable();
        windows.dedup();
        let most = self.ticks(3 * DAY);
        let (mut sums, mut sum, mut done) = (HashMap::new(), Sums::default(), 0);
        self.history.back(self.sample.tick, most, |age, sample| {
            while let Some(window) = windows.get(done).filter(|window| age >= self.ticks(**window)) {
                sums.insert(*window, sum);
                done += 1;
            }
            sum.add(sample);
        });
        sums.extend(windows[done..].iter().map(|window| (*window, sum)));
        sums
    }

    pub(super) fn scaled(&self, seconds: u64) -> Duration {
        Duration::from_secs(seconds).mul_f64(self.config.scale)
    }

    pub(super) fn ticks(&self, seconds: u64) -> u64 {
        self.history.ticks(self.scaled(seconds))
    }
}

fn hold(
    readings: &mut Vec<Reading>,
    holds: bool,
    name: &str,
    tenant: Option<&TenantName>,
    value: f64,
    threshold: f64,
    summary: String,
) {
    if holds {
        let rule = Rule::named(name).expect("each that is looked at is one of them");
        readings.push(Reading { rule, tenant: tenant.cloned(), value, threshold, summary });
    }
}

/// A share for people, by its three first digits: of a small one nothing would be left else.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = 10_f64.powf(2.0 - percent.abs().log10().floor());
    let rounded = if percent == 0.0 { 0.0 } else { (percent * digits).round() / digits };
    format!("{rounded} %")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// Long after 1970, in intervals of 10 s.
    const NOW: u64 = 179_000_000;
    const MINUTES: u64 = 6;
    const HOURS: u64 = 60 * MINUTES;

    /// A server's past.
    struct Past {
        history: History,
        config: config::Alarms,
        _folder: tempfile::TempDir,
    }

    impl Past {
        /// Of so many ticks up to now: `sample` says what was, by how many ticks ago.
        fn of(ticks: u64, sample: impl Fn(u64) -> Sample) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let history = History::open(folder.path(), &config::History::default()).unwrap();
            for age in 0..ticks {
                history.put(&Sample { tick: NOW - age, ..sample(age) }).unwrap();
            }
            Self { history, config: config::Alarms::default(), _folder: folder }
        }

        /// The names of what holds now, of a server that was started so many hours ago.
        fn holds(&self, hours: u64) -> Vec<&'static str> {
            self.holds_with(hours, &HashMap::new(), |_| {})
        }

        fn holds_with(
            &self,
            hours: u64,
            tenants: &HashMap<TenantName, VecDeque<TenantSample>>,
            change: impl FnOnce(&mut Facts<'_>),
        ) -> Vec<&'static str> {
            let sample = self.history.server(NOW..=NOW)[0].clone().unwrap();
            let mut facts = Facts {
                config: &self.config,
                history: &self.history,
                sample: &sample,
                uptime: Duration::from_secs(hours * HOUR),
                queue: 100,
                is_configured: true,
                undelivered: 0,
                tenants,
            };
            change(&mut facts);
            facts.readings().iter().map(|reading| reading.rule.name).collect()
        }
    }

    fn memory(mib: f64) -> Sample {
        Sample { memory: Some((mib * f64::from(1 << 20)) as u64), memory_limit: Some(1000 << 20), ..Sample::default() }
    }

    #[test]
    fn memory_is_high_above_its_thresholds_and_not_at_them() {
        for (mib, expected) in [
            (799.0, &[][..]),
            (800.0, &[]),
            (801.0, &["DayflyMemoryHigh"]),
            (951.0, &["DayflyMemoryHigh", "DayflyMemoryCritical"]),
        ] {
            assert_eq!(Past::of(1, |_| memory(mib)).holds(0), expected, "{mib}");
        }
        assert_eq!(Past::of(1, |_| Sample::default()).holds(0), [""; 0], "what is not known is not high");
    }

    #[test]
    fn a_leak_is_told_beside_memory_that_is_high() {
        let leak = |scale: f64, memory_high| {
            // With a scale all times are shorter: seven minutes of 100 MiB each are as seven hours.
            let past = Past::of(42, |age| memory(200.0 + (42 - age) as f64 * 100.0 / 6.0));
            Past { config: config::Alarms { scale, memory_high, ..config::Alarms::default() }, ..past }.holds(1)
        };
        assert_eq!(leak(1.0 / 60.0, 1.0), ["DayflyMemoryLeakSuspected"]);
        assert_eq!(leak(1.0 / 60.0, 0.8), ["DayflyMemoryHigh", "DayflyMemoryLeakSuspected"]);
        assert_eq!(leak(1.0, 1.0), [""; 0]);
    }

    #[test]
    fn a_budget_burns_over_a_long_time_and_a_short_one() {
        let requests = |requests, errors, slow| Sample { requests, errors, slow, ..Sample::default() };
        let [fast, slowly] = ["DayflyErrorBudgetBurnsFast", "DayflyErrorBudgetBurnsSlowly"];
        // Of 100 requests so many fail, for so many hours.
        let failing =
            |errors: u32, hours: u64| move |age: u64| requests(100, if age < hours * HOURS { errors } else { 0 }, 0);
        assert_eq!(Past::of(72 * HOURS, failing(1, 72)).holds(72), [""; 0], "that is the budget");
        assert_eq!(Past::of(72 * HOURS, failing(2, 72)).holds(72), [slowly]);
        assert_eq!(Past::of(72 * HOURS, failing(20, 1)).holds(72), [fast]);
        assert_eq!(Past::of(72 * HOURS, failing(20, 72)).holds(72), [fast, slowly]);
        // It is over since ten minutes, or has only just begun.
        let over = |age: u64| requests(100, if (10 * MINUTES..HOURS).contains(&age) { 40 } else { 0 }, 0);
        assert_eq!(Past::of(72 * HOURS, over).holds(72), [""; 0]);
        assert_eq!(Past::of(72 * HOURS, |age| requests(100, if age < 2 { 90 } else { 0 }, 0)).holds(72), [""; 0]);
        // A few requests at night.
        let night = |age: u64| requests(u32::from(age < 9), u32::from(age < 9), 0);
        assert_eq!(Past::of(72 * HOURS, night).holds(72), [""; 0]);
        let slow = |_| requests(100, 0, 20);
        let names = Past::of(72 * HOURS, slow).holds(72);
        assert_eq!(names, ["DayflyLatencyBudgetBurnsFast", "DayflyLatencyBudgetBurnsSlowly"]);
    }

    #[test]
    fn a_share_is_shown_by_its_first_digits_however_small() {
        let shares = [0.0, 1.0, 0.8, 0.954_32, 0.01, 0.001, 0.000_5, 0.000_02, 0.000_123_456, 14.4];
        let shown = ["0 %", "100 %", "80 %", "95.4 %", "1 %", "0.1 %", "0.05 %", "0.002 %", "0.0123 %", "1440 %"];
        assert_eq!(shares.map(percent), shown);
    }

    #[test]
    fn the_server_and_its_tenants_are_looked_at() {
        let well = || Past::of(HOURS, |_| Sample { requests: 100, waiting: 50, ..Sample::default() });
        assert_eq!(well().holds(1), [""; 0]);
        let long = Past::of(HOURS, |_| Sample { waiting: 51, ..Sample::default() });
        assert_eq!(long.holds(1), ["DayflyQueueLong"]);
        let refusing = Past::of(HOURS, |age| Sample {
            requests: 100,
            refused: 2,
            oom_kills: u32::from(age == 30),
            ..Sample::default()
        });
        assert_eq!(refusing.holds(1), ["DayflyRequestsRefused", "DayflyOOMKilled"]);
        let stale = well().holds_with(1, &HashMap::new(), |facts| {
            (facts.is_configured, facts.undelivered) = (false, 1);
        });
        assert_eq!(stale, ["DayflyConfigStale", "DayflyAlarmsUndelivered"]);
        let of = |age: u64, limit_hits, near| {
            let one = TenantSample { tick: NOW - age, renders: 100, limit_hits, near, ..TenantSample::default() };
            HashMap::from([("shop".parse().unwrap(), VecDeque::from([one]))])
        };
        for (age, hits, near, expected) in [
            (0, 0, 1, &[][..]),
            (0, 1, 0, &["DayflyTenantLimitHits"]),
            (29, 1, 0, &["DayflyTenantLimitHits"]),
            (30, 1, 0, &[]),
            (59, 0, 2, &["DayflyTenantPeakNearLimit"]),
            (60, 9, 9, &[]),
        ] {
            assert_eq!(well().holds_with(1, &of(age, hits, near), |_| {}), expected, "{age} {hits} {near}");
        }
    }
}
