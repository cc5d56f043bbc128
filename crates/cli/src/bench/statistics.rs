//! Figures of many renders.

use serde::{Serialize, Serializer};

use super::turn::Turn;

/// What one isolated render takes, in microseconds.
#[derive(Serialize)]
pub(crate) struct Times {
    pub(crate) renders: usize,
    /// One after the other: the median of the turns.
    #[serde(serialize_with = "three_digits")]
    pub(crate) renders_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
    /// On processors, all threads of the process, a render on average: the median of the turns.
    pub(crate) cpu_us: f64,
}

impl Times {
    pub(crate) fn new(turns: &[Turn]) -> Self {
        let all = sorted(turns.iter().flat_map(|turn| &turn.nanoseconds).copied());
        let per_second = |turn: &Turn| turn.nanoseconds.len() as f64 / turn.nanoseconds.iter().sum::<f64>() * 1e9;
        Self {
            renders: all.len(),
            renders_per_second: median(turns.iter().map(per_second)),
            p50_us: microseconds(quantile(&all, 0.5)),
            p99_us: microseconds(quantile(&all, 0.99)),
            max_us: microseconds(quantile(&all, 1.0)),
            cpu_us: microseconds(median(turns.iter().map(|turn| turn.cpu_nanoseconds))),
        }
    }
}

/// How many times as long one side takes as another.
#[derive(Serialize)]
pub(crate) struct Ratio {
    /// The median over the other's.
    #[serde(serialize_with = "three_digits")]
    pub(crate) p50: f64,
    /// The same of the round in which it is least.
    #[serde(serialize_with = "three_digits")]
    pub(crate) least: f64,
    /// And of that in which it is most.
    #[serde(serialize_with = "three_digits")]
    pub(crate) most: f64,
}

impl Ratio {
    pub(crate) fn new(side: &[Turn], other: &[Turn]) -> Self {
        let p50 = |turns: &[Turn]| median(turns.iter().flat_map(|turn| &turn.nanoseconds).copied());
        let of_turns = |(one, other): (&Turn, &Turn)| {
            median(one.nanoseconds.iter().copied()) / median(other.nanoseconds.iter().copied())
        };
        let ratios = sorted(side.iter().zip(other).map(of_turns));
        Self { p50: p50(side) / p50(other), least: quantile(&ratios, 0.0), most: quantile(&ratios, 1.0) }
    }
}

/// The value in the middle; of an even number of values the higher of the two. There is at least one.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(&sorted(values), 0.5)
}

pub(crate) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// To the nanosecond, which is as far as the clocks go.
pub(crate) fn microseconds(nanoseconds: f64) -> f64 {
    nanoseconds.round() / 1e3
}

/// Behind the point, so that JSON has no more of them than there is reason for.
fn three_digits<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 1e3).round() / 1e3)
}
