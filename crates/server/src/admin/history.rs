//! What was: samples over time, and marks.

use std::time::Duration;

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller, OfTenant, bad_request};
use super::problem::Problem;
use crate::alarms::troughs;
use crate::history::{self, History, Mark};
use crate::samples::{Sample, TenantSample, now};
use crate::tasks::blocking;
use crate::tokens::Scope;

/// Points of an answer, by default and at most.
const POINTS: [u64; 2] = [360, 2_000];

/// The longest time that is looked at: what is kept is less.
const LONGEST: f64 = history::WEEK as f64;

/// Which time, and how closely.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Time {
    /// Seconds since 1970. Default an hour before `to`.
    from: Option<f64>,
    /// Seconds since 1970. Default now.
    to: Option<f64>,
    /// How many points at most: 360 by default. Where there are more samples, some are put together.
    #[param(minimum = 1, maximum = 2_000)]
    points: Option<u64>,
}

/// A time, in ticks.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u64,
    last: u64,
    /// How many ticks a point is.
    step: u64,
    interval: Duration,
}

impl Span {
    fn new(asked: &Time, history: &History) -> Result<Self, Problem> {
        let interval = history.interval;
        let to = asked.to.unwrap_or_else(|| now().as_secs_f64());
        let from = asked.from.unwrap_or(to - 3600.0);
        if !(from.is_finite() && to.is_finite() && 0.0 <= from && from <= to && to < 1e12) {
            return Err(bad_request("from and to are seconds since 1970, and from is not after to"));
        }
        let from = from.max(to - LONGEST * interval.as_secs_f64());
        let points = asked.points.unwrap_or(POINTS[0]);
        if !(1..=POINTS[1]).contains(&points) {
            return Err(bad_request(format!("points is 1 to {}", POINTS[1])));
        }
        let tick = |seconds: f64| history.tick(Duration::from_secs_f64(seconds));
        let (first, last) = (tick(from), tick(to));
        let step = (last - first + 1).div_ceil(points).max(1);
        // Whole steps since 1970, so that the points stay where they are while time goes on.
        let first = first.next_multiple_of(step);
        Ok(Self { first, last: last.max(first), step, interval })
    }

    /// The first tick of each point.
    fn points(&self) -> impl Iterator<Item = u64> + use<> {
        (self.first..=self.last).step_by(self.step as usize)
    }

    /// The same with points of whole samples of so many ticks.
    fn of_grain(self, grain: u64) -> Self {
        let step = self.step.next_multiple_of(grain);
        let first = self.first.next_multiple_of(step);
        Self { first, last: self.last.max(first), step, ..self }
    }

    fn seconds(&self, tick: u64) -> f64 {
        seconds(tick, self.interval)
    }
}

/// When a tick is, in seconds since 1970.
fn seconds(tick: u64, interval: Duration) -> f64 {
    (u128::from(tick) * interval.as_millis()) as f64 / 1e3
}

/// The server over time: arrays of one length, with null where nothing is known.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct HistoryView {
    /// Seconds since 1970.
    from: f64,
    to: f64,
    /// Seconds from a point to the next.
    step: f64,
    /// Seconds since 1970.
    time: Vec<f64>,
    /// The most memory of the control group, …
    memory_bytes: Vec<Option<u64>>,
    /// … what it may have, …
    memory_limit_bytes: Vec<Option<u64>>,
    /// … and the least that it had in the 15 minutes before.
    memory_trough_bytes: Vec<Option<u64>>,
    /// Of the process.
    resident_bytes: Vec<Option<u64>>,
    /// Requests for which an app ran, a second.
    renders: Vec<Option<f64>>,
    /// Requests of which the outcome was not `ok`, a second.
    failures: Vec<Option<f64>>,
    /// Requests that a limit ended, a second.
    limit_hits: Vec<Option<f64>>,
    /// Requests that found no turn, a second.
    refused: Vec<Option<f64>>,
    /// Microseconds in which half of the requests were answered; of several samples the most.
    p50_us: Vec<Option<u32>>,
    p90_us: Vec<Option<u32>>,
    p99_us: Vec<Option<u32>>,
    /// Renders that went on, the most.
    live: Vec<Option<u32>>,
    /// Requests that waited for their turn, the most.
    waiting: Vec<Option<u32>>,
    marks: Vec<Mark>,
}

/// One sample of the server, by the same names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleView {
    time: f64,
    memory_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    memory_trough_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    renders: f64,
    failures: f64,
    limit_hits: f64,
    refused: f64,
    p50_us: Option<u32>,
    p90_us: Option<u32>,
    p99_us: Option<u32>,
    live: u32,
    waiting: u32,
}

impl SampleView {
    pub(super) fn new(sample: &Sample, interval: Duration, trough: Option<u64>) -> Self {
        let rate = |count: u32| f64::from(count) / interval.as_secs_f64();
        Self {
            time: seconds(sample.tick, interval),
            memory_bytes: sample.memory,
            memory_limit_bytes: sample.memory_limit,
            memory_trough_bytes: trough,
            resident_bytes: sample.resident,
            renders: rate(sample.renders),
            failures: rate(sample.failures),
            limit_hits: rate(sample.limit_hits),
            refused: rate(sample.refused),
            p50_us: sample.p50,
            p90_us: sample.p90,
            p99_us: sample.p99,
            live: sample.live,
            waiting: sample.waiting,
        }
    }
}

/// A tenant over time: arrays of one length, with null where there was no request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct TenantHistoryView {
    /// Seconds since 1970.
    from: f64,
    to: f64,
    /// Seconds from a point to the next.
    step: f64,
    /// Seconds since 1970.
    time: Vec<f64>,
    /// Requests for which its app ran, a second.
    renders: Vec<Option<f64>>,
    /// Requests of which the outcome was not `ok`, a second.
    failures: Vec<Option<f64>>,
    /// Requests that a limit ended, a second.
    limit_hits: Vec<Option<f64>>,
    /// Requests that found no turn, a second.
    refused: Vec<Option<f64>>,
    /// Microseconds in which half of the requests were answered, of the sample that had most.
    p50_us: Vec<Option<u32>>,
    /// The most.
    p99_us: Vec<Option<u32>>,
    /// The most memory that a render had.
    peak_memory_bytes: Vec<Option<u64>>,
    memory_limit_bytes: Vec<Option<u64>>,
    /// Milliseconds of a processor that renders used, a second.
    cpu_ms: Vec<Option<f64>>,
    marks: Vec<Mark>,
}

/// The server over time
///
/// A sample each 10 s is kept for a week, over restarts. The token has to be one for all tenants.
#[utoipa::path(
    get, path = "/v1/history", tag = "alarms", params(Time), security(("token" = ["read"])),
    responses(
        (status = 200, description = "Samples and marks", body = HistoryView),
        Problem,
    ),
)]
pub(super) async fn history(caller: Caller, Asked(time): Asked<Time>) -> Result<Json<HistoryView>, Problem> {
    caller.check_for_all(Scope::Read)?;
    let span = Span::new(&time, &caller.shared.watch.history)?;
    let shared = caller.shared.clone();
    Ok(Json(blocking(move || of_server(&shared.watch, span)).await))
}

fn of_server(watch: &crate::watch::Watch, span: Span) -> HistoryView {
    let before = watch.trough_ticks();
    let first = span.first.saturating_sub(before);
    let samples = watch.history.server(first..=span.last);
    let troughs = troughs(&samples, before as usize);
    let mut view = HistoryView {
        from: span.seconds(span.first),
        to: span.seconds(span.last),
        step: span.seconds(span.step),
        ..HistoryView::default()
    };
    for point in span.points() {
        let range = (point - first) as usize..((point + span.step).min(span.last + 1) - first) as usize;
        let some: Vec<&Sample> = samples[range.clone()].iter().flatten().collect();
        let rate = |of: fn(&Sample) -> u32| {
            let sum: u64 = some.iter().map(|sample| u64::from(of(sample))).sum();
            (!some.is_empty()).then(|| sum as f64 / (some.len() as f64 * span.interval.as_secs_f64()))
        };
        let most = |of: fn(&Sample) -> Option<u32>| some.iter().filter_map(|sample| of(sample)).max();
        view.time.push(span.seconds(point));
        view.memory_bytes.push(some.iter().filter_map(|sample| sample.memory).max());
        view.memory_limit_bytes.push(some.last().and_then(|sample| sample.memory_limit));
        view.memory_trough_bytes.push(troughs[range].iter().flatten().min().copied().filter(|_| !some.is_empty()));
        view.resident_bytes.push(some.iter().filter_map(|sample| sample.resident).max());
        view.renders.push(rate(|sample| sample.renders));
        view.failures.push(rate(|sample| sample.failures));
        view.limit_hits.push(rate(|sample| sample.limit_hits));
        view.refused.push(rate(|sample| sample.refused));
        view.p50_us.push(most(|sample| sample.p50));
        view.p90_us.push(most(|sample| sample.p90));
        view.p99_us.push(most(|sample| sample.p99));
        view.live.push(most(|sample| Some(sample.live)));
        view.waiting.push(most(|sample| Some(sample.waiting)));
    }
    view.marks = watch.history.marks(view.from, view.to + view.step, |_| true);
    view
}

/// A tenant over time
///
/// For the last hour its samples are kept one by one, and for the week before five minutes together: the tenants with a history are as
/// many as `history.tenants` says, those that had requests last.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/history", tag = "alarms", params(OfTenant, Time), security(("token" = ["read"])),
    responses(
        (status = 200, description = "Samples and marks", body = TenantHistoryView),
        Problem,
    ),
)]
pub(super) async fn tenant_history(
    caller: Caller,
    OfTenant(name): OfTenant,
    Asked(time): Asked<Time>,
) -> Result<Json<TenantHistoryView>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    caller.tenant(&name)?;
    let span = Span::new(&time, &caller.shared.watch.history)?;
    let (shared, token) = (caller.shared.clone(), caller.token.clone());
    let view = blocking(move || {
        let history = &shared.watch.history;
        let now = history.tick(now());
        let span = span.of_grain(History::grain(span.first, now));
        let samples = history.tenant(&name, span.first, now)?;
        let mut view = of_tenant(&samples, span);
        view.marks = history.marks(view.from, view.to + view.step, |mark| {
            token.sees(mark.tenant.as_deref()) && mark.tenant.as_deref().is_none_or(|of| of == name.as_str())
        });
        Ok(view)
    });
    view.await.map(Json).map_err(|error| Problem::disk(&error))
}

fn of_tenant(samples: &[TenantSample], span: Span) -> TenantHistoryView {
    let mut view = TenantHistoryView {
        from: span.seconds(span.first),
        to: span.seconds(span.last),
        step: span.seconds(span.step),
        ..TenantHistoryView::default()
    };
    for point in span.points() {
        let end = (point + span.step).min(span.last + 1);
        let first = samples.partition_point(|sample| sample.tick < point);
        let last = samples.partition_point(|sample| sample.tick < end);
        let whole = TenantSample::together(point, &samples[first..last.max(first)]);
        let whole = whole.as_ref();
        let rate = |of: fn(&TenantSample) -> u32| {
            whole.map(|whole| f64::from(of(whole)) / ((end - point) as f64 * span.interval.as_secs_f64()))
        };
        view.time.push(span.seconds(point));
        view.renders.push(rate(|whole| whole.renders));
        view.failures.push(rate(|whole| whole.failures));
        view.limit_hits.push(rate(|whole| whole.limit_hits));
        view.refused.push(rate(|whole| whole.refused));
        view.p50_us.push(whole.and_then(|whole| whole.p50));
        view.p99_us.push(whole.and_then(|whole| whole.p99));
        view.peak_memory_bytes.push(whole.map(|whole| whole.peak));
        view.memory_limit_bytes.push(whole.map(|whole| whole.memory_limit));
        view.cpu_ms.push(rate(|whole| whole.cpu_ms));
    }
    view
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn a_tenants_rates_are_the_same_however_long_ago_and_however_closely_they_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path(), &config::History::default()).unwrap();
        let (name, last) = ("shop".parse::<crate::config::TenantName>().unwrap(), 179_000_010);
        for tick in last - 2_000..=last {
            let sample = TenantSample { tick, requests: 10, renders: 10, cpu_ms: 20, ..TenantSample::default() };
            history.put_tenants(&[(name.clone(), sample)], |_| true).unwrap();
        }
        let at = |tick: u64| seconds(tick, history.interval);
        // An hour from a tick on that may be the first of a group, and from the one after; and hours before.
        for first in [last - 360, last - 361, last - 359, last - 1_800, last - 1_000] {
            for points in [20, 400] {
                let asked = Time { from: Some(at(first)), to: Some(at(last)), points: Some(points) };
                let span = Span::new(&asked, &history).unwrap();
                let span = span.of_grain(History::grain(span.first, last));
                let view = of_tenant(&history.tenant(&name, span.first, last).unwrap(), span);
                let known: Vec<f64> = view.renders.iter().flatten().copied().collect();
                assert!(known.len() + 2 >= view.time.len(), "{first} {points}: {:?}", view.renders);
                assert!(known.iter().all(|rate| (rate - 1.0).abs() < 1e-9), "{first} {points}: {:?}", view.renders);
            }
        }
    }
}
