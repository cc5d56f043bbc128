//! Whether an app grows, from what the heap had after each run.

use serde::Serialize;

/// What is to be said of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing of a run is left after it.
    Clean,
    /// Something of the last runs is left, and it does not grow: each run takes the place of one before.
    Bounded,
    /// Each run leaves more.
    Growing,
}

impl Verdict {
    /// The verdict in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Bounded => "bounded",
            Self::Growing => "growing",
        }
    }
}

/// How the heap grew over the runs that are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Growth {
    pub(crate) is_growing: bool,
    /// Bytes that a run leaves: what most of them do, or what it comes to on average; and where nothing grows what most do since
    /// something was let go of the last time.
    pub(crate) bytes_per_run: u64,
}

/// Into how many parts the runs are divided where a heap falls again and again: growth goes on in each.
const PARTS: usize = 5;

/// How often a heap may fall for each of its troughs to count.
const FEW_TROUGHS: usize = 5;

/// Bytes by which the same heap may weigh differently: a large block may be up to 8 bytes larger than it was asked for, as the
/// allocator leaves no rest that it could not use.
const NOISE: u64 = 64;

/// The most that one block weighs differently.
const NOISE_OF_ONE: u64 = 8;

/// For how many runs nothing may come for growth to have ended, at least. See [`goes_on`].
const STANDSTILL: usize = 4;

/// Judges what there was after the warm-up and after each run that is weighed, in bytes.
pub(crate) fn growth(sizes: &[u64]) -> Growth {
    let troughs = troughs(sizes);
    let Some(last_trough) = troughs.last().copied() else {
        return Growth { is_growing: goes_on(sizes), bytes_per_run: usual(sizes) };
    };
    // Of a cache that is emptied again and again what is left each time tells.
    let lowest = if troughs.len() > FEW_TROUGHS { lowest_of_parts(sizes) } else { troughs };
    if let [first, .., last] = lowest[..]
        && lowest.windows(2).all(|pair| sizes[pair[0]] < sizes[pair[1]])
        && sizes[last] > sizes[first] + NOISE
    {
        let bytes_per_run = (sizes[last] - sizes[first]).div_ceil((last - first) as u64);
        return Growth { is_growing: true, bytes_per_run };
    }
    // What was let go of may come again, up to what there was before; what goes further grows.
    let (before, after) = sizes.split_at(last_trough);
    let highest = before.iter().copied().max().unwrap_or_default();
    let goes_further = sizes.last().is_some_and(|last| *last > highest + NOISE);
    Growth { is_growing: goes_further && goes_on(after), bytes_per_run: usual(after) }
}

/// Where something was let go of: of each fall the lowest point.
fn troughs(sizes: &[u64]) -> Vec<usize> {
    let mut troughs = Vec::new();
    for at in 1..sizes.len() {
        if sizes[at] + NOISE < sizes[at - 1] {
            if troughs.last() == Some(&(at - 1)) {
                troughs.pop();
            }
            troughs.push(at);
        }
    }
    troughs
}

/// Where each part of the runs has its least: what is only kept for a while is in none of them.
fn lowest_of_parts(sizes: &[u64]) -> Vec<usize> {
    let part = |part: usize| part * sizes.len() / PARTS..(part + 1) * sizes.len() / PARTS;
    (0..PARTS).filter_map(|number| part(number).min_by_key(|at| sizes[*at])).collect()
}

/// Whether what falls nowhere still rises at the end: the last step is not longer ago than steps were apart.
///
/// What is amortised, as an array that grows, rises in steps that become rarer, each at most as long after the one before as all runs
/// before that; a cache that is full rises no more.
fn goes_on(sizes: &[u64]) -> bool {
    let [first, ..] = sizes else { return false };
    let (mut level, mut steps) = (*first, Vec::new());
    for (at, size) in sizes.iter().enumerate() {
        if *size > level + NOISE_OF_ONE {
            level = *size;
            steps.push(at);
        }
    }
    let apart = steps.windows(2).map(|pair| pair[1] - pair[0]).max();
    let (Some(apart), Some(last)) = (apart, steps.last()) else { return false };
    level > first + NOISE && sizes.len() - 1 - last <= STANDSTILL.max(2 * apart)
}

/// What most runs leave, or what it comes to on average.
fn usual(sizes: &[u64]) -> u64 {
    let mut deltas: Vec<i64> = sizes.windows(2).map(|pair| pair[1] as i64 - pair[0] as i64).collect();
    deltas.sort_unstable();
    let median = deltas.get(deltas.len() / 2).copied().unwrap_or_default();
    let [first, .., last] = sizes else { return 0 };
    let average = last.saturating_sub(*first).div_ceil(deltas.len() as u64);
    u64::try_from(median).ok().filter(|median| *median > 0).unwrap_or(average)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: impl IntoIterator<Item = u64>) -> Option<u64> {
        let sizes: Vec<u64> = bytes.into_iter().collect();
        let growth = growth(&sizes);
        growth.is_growing.then_some(growth.bytes_per_run)
    }

    #[test]
    fn what_grows_by_the_same_in_each_run_grows_by_that() {
        assert_eq!(judge((0..=50).map(|run| 1_000_000 + run * 35_000)), Some(35_000));
        // A table that doubles once is no part of it.
        assert_eq!(
            judge((0..=50).map(|run| 1_000_000 + run * 35_000 + if run > 20 { 8_192 } else { 0 })),
            Some(35_000)
        );
    }

    #[test]
    fn what_stays_the_same_does_not_grow() {
        assert_eq!(judge((0..=50).map(|_| 1_000_000)), None);
        assert_eq!(judge((0..=50).map(|run| 1_000_000 + run % 2 * 8)), None);
        // Nor does what comes back to what it was, or stops.
        assert_eq!(judge((0..=50).map(|run| 1_000_000 + run % 10 * 500)), None);
        assert_eq!(judge((0..=50).map(|run: u64| 1_000_000 + run.min(12) * 500)), None);
    }

    #[test]
    fn what_grows_in_steps_grows() {
        // An array of numbers: half as much again whenever it is full.
        let mut capacity = 4_u64;
        let sizes = (0..=50_u64).map(|run| {
            while capacity < run {
                capacity += capacity / 2;
            }
            1_000_000 + capacity * 8
        });
        assert!(judge(sizes).is_some());
        // In every fifth run.
        assert_eq!(judge((0..=50).map(|run| 1_000_000 + run / 5 * 500)), Some(100));
    }

    /// The sums of what comes with each run, from 1, after a million bytes.
    fn sums(of: impl Fn(u64) -> i64) -> impl Iterator<Item = u64> {
        (0..=50).scan(1_000_000_i64, move |sum, run| {
            *sum += if run == 0 { 0 } else { of(run) };
            Some(*sum as u64)
        })
    }

    #[test]
    fn what_lets_go_of_something_once_may_grow_all_the_same() {
        // The keys of an object, whose table of them is made anew.
        let keys = |each: i64| {
            sums(move |run| match run {
                ..10 => 300,
                10 => -2_000,
                11.. => each,
            })
        };
        assert_eq!(judge(keys(20)), None);
        assert_eq!(judge(keys(392)), Some(392));
        // A cache that was emptied, and fills again.
        assert_eq!(judge(sums(|run| if run == 30 { -29 * 500 } else { 500 })), None);
    }

    #[test]
    fn a_cache_that_is_emptied_again_and_again_hides_no_growth_beside_it() {
        let emptied = |every: u64, beside: i64| {
            sums(move |run| beside + if run % every == 0 { -5_000 * (every as i64 - 1) } else { 5_000 })
        };
        assert_eq!(judge(emptied(20, 0)), None);
        assert_eq!(judge(emptied(20, 40)), Some(40));
        assert_eq!(judge(emptied(3, 0)), None);
        assert_eq!(judge(emptied(3, 40)), Some(40));
    }

    #[test]
    fn a_cache_that_is_full_does_not_grow() {
        for entries in [5, 20, 30, 40, 45] {
            assert_eq!(judge((0..=50_u64).map(|run| 1_000_000 + run.min(entries) * 500)), None, "{entries}");
        }
        // What began late has not ended.
        assert_eq!(judge((0..=50_u64).map(|run| 1_000_000 + run.saturating_sub(30) * 500)), Some(200));
        assert_eq!(judge((0..=50_u64).map(|run| 1_000_000 + run / 20 * 500)), Some(20));
    }
}
