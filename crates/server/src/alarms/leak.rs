//! Whether memory leaks: its low points rise, of hours or of days.
//!
//! What fills and is dropped again looks as a leak does until it falls. So a rise of hours counts only where nothing fell for longer than
//! a tooth takes, and what rises beneath longer teeth is looked for in whole days.

use std::collections::VecDeque;

use super::facts::{DAY, Facts, HOUR, MINUTE};
use crate::samples::Sample;

/// The low point of memory is the least of so many seconds: teeth that are no longer do not show in it.
pub(crate) const LOW: u64 = HOUR;
/// For so long it has not fallen, which a longer tooth would have done.
pub(crate) const STEADY: u64 = 6 * HOUR;
/// The rise of two such times, one after the other, is compared: what levels off rises less in the later one.
pub(crate) const HALF: u64 = 150 * MINUTE;
/// The later rise is to be this part of the earlier one, …
pub(crate) const GOES_ON: f64 = 0.65;
/// … and the earlier one this part of the later one, or it is a step.
pub(crate) const HAS_BEGUN: f64 = 0.25;
/// And so much it has risen by in all.
pub(crate) const RISE: f64 = 1.05;
/// The straight line is that through so long a time, …
pub(crate) const FIT: u64 = 2 * HOUR;
/// … and looks no further ahead than it was looked back.
pub(crate) const AHEAD: u64 = STEADY;
/// A server that has run for a day had its load's ups and downs: what was as high in that time is one of them.
pub(crate) const KNOWN: u64 = DAY;
/// Days are compared once there are two beside that of the start.
pub(crate) const DAYS: u64 = 3 * DAY;

/// Where memory will be.
pub(super) struct Leak {
    pub(super) predicted: f64,
    pub(super) summary: String,
}

impl Facts<'_> {
    /// Whether the low points of memory rise and are at the limit soon.
    pub(super) fn leaks(&self, limit: u64) -> Option<Leak> {
        self.of_hours(limit).or_else(|| self.of_days(limit))
    }

    fn of_hours(&self, limit: u64) -> Option<Leak> {
        if self.uptime <= self.scaled(STEADY) {
            return None;
        }
        let lows = self.lows(0, self.ticks(STEADY));
        let ago =
            |seconds| lows.iter().rev().nth(self.ticks(seconds) as usize).copied().flatten().map(|low| low as f64);
        let (now, between, before) = (lows.last().copied().flatten()? as f64, ago(HALF)?, ago(2 * HALF)?);
        let (earlier, later) = (between - before, now - between);
        let rises = now > RISE * before && later > GOES_ON * earlier && earlier > HAS_BEGUN * later;
        if !rises || !lows.iter().flatten().is_sorted() || self.was_as_high(now) {
            return None;
        }
        let interval = self.history.interval.as_secs_f64();
        let points = lows.iter().rev().take(self.ticks(FIT) as usize).enumerate();
        let points = points.filter_map(|(age, low)| Some((-(age as f64) * interval, (*low)? as f64)));
        let (at, slope) = line(points)?;
        let predicted = at + slope * self.scaled(AHEAD).as_secs_f64();
        let an_hour = slope * HOUR as f64 * self.config.scale / f64::from(1 << 20);
        let summary = format!(
            "the low points of memory have risen for 6 h, by {an_hour:.0} MiB an hour of late: at this pace they are at the limit within 6 h"
        );
        (predicted > limit as f64).then_some(Leak { predicted, summary })
    }

    /// Whether memory was so before, in the last day of a server that has run for one.
    fn was_as_high(&self, low: f64) -> bool {
        let has_run = self.uptime > self.scaled(KNOWN);
        let before = || self.lows(self.ticks(STEADY), self.ticks(KNOWN));
        has_run && before().into_iter().flatten().any(|before| before as f64 >= low)
    }

    fn of_days(&self, limit: u64) -> Option<Leak> {
        if self.uptime <= self.scaled(DAYS) {
            return None;
        }
        let day = self.ticks(DAY);
        let mut least: [Option<u64>; 2] = [None; 2];
        self.history.back(self.sample.tick, 2 * day, |age, sample| {
            let of = usize::from(age >= day);
            least[of] = least[of].into_iter().chain(sample.memory).min();
        });
        let [Some(last), Some(before)] = least.map(|least| least.map(|least| least as f64)) else { return None };
        // The least of a day may be as old as that, so it is a day further by now.
        let predicted = last + 2.0 * (last - before);
        let summary = format!(
            "the low point of memory is {:.0} MiB above that of the day before: at this pace it is at the limit within a day",
            (last - before) / f64::from(1 << 20)
        );
        (last > RISE * before && predicted > limit as f64).then_some(Leak { predicted, summary })
    }

    /// The low points from so many ticks ago to so many, oldest first.
    fn lows(&self, youngest: u64, oldest: u64) -> Vec<Option<u64>> {
        let (now, low) = (self.sample.tick, self.ticks(LOW));
        let samples = self.history.server(now.saturating_sub(oldest + low)..=now.saturating_sub(youngest));
        troughs(&samples, low as usize).split_off((low as usize).min(samples.len()))
    }
}

/// The least memory of the last samples, so many with each one; none where nothing is known.
pub(crate) fn troughs(samples: &[Option<Sample>], window: usize) -> Vec<Option<u64>> {
    // Those that may still become the least, their memory rising.
    let mut candidates: VecDeque<(usize, u64)> = VecDeque::new();
    let each = samples.iter().enumerate().map(|(index, sample)| {
        if let Some(memory) = sample.as_ref().and_then(|sample| sample.memory) {
            while candidates.back().is_some_and(|(_, other)| *other >= memory) {
                candidates.pop_back();
            }
            candidates.push_back((index, memory));
        }
        while candidates.front().is_some_and(|(of, _)| of + window <= index) {
            candidates.pop_front();
        }
        candidates.front().map(|(_, memory)| *memory)
    });
    each.collect()
}

/// The straight line that is nearest to some points, by least squares: where it is at 0, and how it rises.
fn line(points: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let (mut count, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, value) in points {
        count += 1.0;
        x += at;
        y += value;
        xx += at * at;
        xy += at * value;
    }
    let spread = count * xx - x * x;
    if count < 2.0 || spread <= 0.0 {
        return None;
    }
    let slope = (count * xy - x * y) / spread;
    Some(((y - slope * x) / count, slope))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    use std::collections::HashMap;
    use std::time::Duration;

    use super::super::rules::Rule;
    use crate::config;
    use crate::history::History;

    /// Long after 1970, in intervals of a minute.
    const NOW: u64 = 29_000_000;
    const DAY: u64 = 1440;

    /// After how many minutes the alarm fires first of a server that has 1,000 MiB, and so many in each minute since its start; and for
    /// how many in all it does.
    fn fires(minutes: u64, memory: impl Fn(f64) -> f64) -> Option<(u64, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let interval = Duration::from_secs(60);
        let history = History::open(folder.path(), &config::History { interval, tenants: 1 }).unwrap();
        let (config, tenants) = (config::Alarms::default(), HashMap::new());
        let hold = Rule::named("DayflyMemoryLeakSuspected").unwrap().hold.as_secs() / 60;
        let (mut since, mut first, mut count) = (None, None, 0);
        for minute in 0..minutes {
            let bytes = (memory(minute as f64) * f64::from(1 << 20)) as u64;
            let sample =
                Sample { tick: NOW + minute, memory: Some(bytes), memory_limit: Some(1000 << 20), ..Sample::default() };
            history.put(&sample).unwrap();
            let facts = Facts {
                config: &config,
                history: &history,
                sample: &sample,
                uptime: Duration::from_secs(minute * 60),
                queue: 1,
                is_configured: true,
                undelivered: 0,
                tenants: &tenants,
            };
            since = facts.leaks(1000 << 20).map(|_| since.unwrap_or(minute));
            if since.is_some_and(|since| minute - since >= hold) {
                first = first.or(Some(minute));
                count += 1;
            }
        }
        first.map(|first| (first, count))
    }

    /// The place in a tooth of so many minutes, from 0 to 1.
    fn tooth(minute: f64, minutes: f64) -> f64 {
        (minute % minutes) / (minutes - 1.0)
    }

    #[test]
    fn a_saw_tooth_is_no_leak_however_long_its_teeth_are() {
        for minutes in [5.0, 10.0, 59.0, 61.0, 75.0, 100.0, 150.0, 240.0, 330.0, 360.0] {
            for (low, top) in [(100.0, 990.0), (700.0, 990.0)] {
                let saw = |minute: f64| low + (top - low) * tooth(minute, minutes);
                assert_eq!(fires(DAY + DAY / 2, saw), None, "{minutes} {low}");
            }
        }
        // Once a server has seen how it goes for a day, a wave of that day is none.
        let wave = |minute: f64| 500.0 - 250.0 * (minute / DAY as f64 * std::f64::consts::TAU).cos();
        assert!(fires(5 * DAY, wave).is_none_or(|(first, count)| first < DAY && count < 120));
    }

    #[test]
    fn what_levels_off_after_the_start_is_no_leak() {
        for minutes in [10.0, 60.0, 180.0, 300.0] {
            let warm = |minute: f64| 200.0 + 700.0 * (1.0 - (-minute / minutes).exp());
            assert_eq!(fires(4 * DAY, warm), None, "{minutes}");
        }
        for hours in [1.0, 3.0, 4.0] {
            let straight = |minute: f64| 200.0 + 600.0 * (minute / 60.0 / hours).min(1.0);
            assert_eq!(fires(4 * DAY, straight), None, "{hours}");
        }
        // A step, as of a bundle that is loaded.
        assert_eq!(fires(DAY, |minute| if minute < 600.0 { 500.0 } else { 800.0 }), None);
    }

    #[test]
    fn what_rises_for_hours_or_for_days_is_a_leak() {
        let first = |days, memory: &dyn Fn(f64) -> f64| fires(days * DAY, memory).map(|(first, _)| first);
        // It is at the limit after nine hours.
        assert_eq!(first(1, &|minute| 200.0 + 1.5 * minute), Some(371));
        // After 53 hours: it is told five before.
        let slow = first(3, &|minute| 200.0 + 0.25 * minute).unwrap();
        assert!((47 * 60..50 * 60).contains(&slow), "{slow}");
        // Beneath teeth that do not show in an hour's low point, and beneath those that do: at the limit after 11 and 80 hours.
        let beneath =
            |rate: f64, minutes: f64| move |minute: f64| 200.0 + rate * minute + 100.0 * tooth(minute, minutes);
        for minutes in [5.0, 10.0, 45.0, 60.0] {
            let told = first(1, &beneath(1.2, minutes)).unwrap();
            assert!((360..480).contains(&told), "{minutes}: {told}");
        }
        for minutes in [100.0, 240.0, 360.0] {
            let told = first(4, &beneath(0.15, minutes)).unwrap();
            assert!((3 * DAY..3 * DAY + 60).contains(&told), "{minutes}: {told}");
        }
        // It would take months.
        assert_eq!(first(5, &|minute| 200.0 + 0.01 * minute), None);
    }

    #[test]
    fn a_trough_is_the_least_of_a_window() {
        let samples: Vec<_> = [Some(5), Some(3), None, Some(4), Some(6), Some(2)]
            .into_iter()
            .map(|memory: Option<u64>| memory.map(|memory| Sample { memory: Some(memory), ..Sample::default() }))
            .collect();
        assert_eq!(troughs(&samples, 3), [Some(5), Some(3), Some(3), Some(3), Some(4), Some(2)]);
        assert_eq!(troughs(&samples, 1), [Some(5), Some(3), None, Some(4), Some(6), Some(2)]);
        assert_eq!(line([(-2.0, 1.0), (-1.0, 3.0), (0.0, 5.0)].into_iter()), Some((5.0, 2.0)));
        assert_eq!(line([(0.0, 1.0)].into_iter()), None);
    }
}
