//! Whether an app grows, from what the heap had after each run.

use dayfly_bundler::HeapSize;
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
    /// Bytes that a run leaves: what most of them do, or what it comes to on average.
    pub(crate) bytes_per_run: u64,
}

/// Into how many parts the runs are divided: growth goes on in each.
const PARTS: usize = 5;

/// Bytes by which the same heap may weigh differently: a large block may be up to 8 bytes larger than it was asked for, as the
/// allocator leaves no rest that it could not use.
const NOISE: u64 = 64;

/// Judges the sizes after the warm-up and after each run that is weighed. `is_left` says whether something of three runs or more
/// is left in the heap.
pub(crate) fn growth(sizes: &[HeapSize], is_left: bool) -> Growth {
    let none = Growth { is_growing: false, bytes_per_run: 0 };
    let [first, .., last] = sizes else { return none };
    // The least of each part: what is only kept for a while is in none of them.
    let troughs: Vec<u64> = (0..PARTS)
        .map(|part| {
            let range = part * sizes.len() / PARTS..(part + 1) * sizes.len() / PARTS;
            sizes[range].iter().map(|size| size.bytes).min().unwrap_or(first.bytes)
        })
        .collect();
    let rises = troughs.windows(2).all(|pair| pair[0] < pair[1]);
    let total = last.bytes.saturating_sub(first.bytes);
    // What is amortised, as an array that grows, rises in steps that become rarer: the second half must see one. Such a heap
    // has no more objects of runs; where it has, that is the better witness.
    let half = &sizes[sizes.len() / 2];
    let steps = last.bytes > half.bytes + NOISE && half.bytes > first.bytes && troughs.is_sorted();
    if !(rises && total > NOISE || steps || (is_left && last.bytes > half.bytes && troughs.is_sorted())) {
        return none;
    }
    let mut deltas: Vec<i64> = sizes.windows(2).map(|pair| pair[1].bytes as i64 - pair[0].bytes as i64).collect();
    deltas.sort_unstable();
    let median = deltas[deltas.len() / 2];
    let average = total.div_ceil(deltas.len() as u64);
    Growth {
        is_growing: true,
        bytes_per_run: u64::try_from(median).ok().filter(|median| *median > 0).unwrap_or(average),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: impl IntoIterator<Item = u64>) -> Option<u64> {
        let sizes: Vec<HeapSize> = bytes.into_iter().map(|bytes| HeapSize { bytes, blocks: 0 }).collect();
        let growth = growth(&sizes, false);
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
}
