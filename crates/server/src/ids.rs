//! The numbers of requests and of traces.

use std::num::{NonZeroU64, NonZeroU128};
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives each request its own number: no two of a process are equal, and those of two processes hardly ever.
pub(crate) struct Ids {
    next: AtomicU64,
    keys: [u64; 2],
}

impl Ids {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut words = [0_u64; 3];
        for word in &mut words {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes)?;
            *word = u64::from_ne_bytes(bytes);
        }
        let [next, keys @ ..] = words;
        Ok(Self { next: AtomicU64::new(next), keys })
    }

    /// A request's: the id of its span.
    pub(crate) fn span(&self) -> NonZeroU64 {
        loop {
            if let Some(id) = NonZeroU64::new(mix(self.next.fetch_add(1, Ordering::Relaxed))) {
                return id;
            }
        }
    }

    /// A trace's.
    pub(crate) fn trace(&self) -> NonZeroU128 {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let [high, low] = self.keys.map(|key| u128::from(mix(number ^ key)));
            if let Some(id) = NonZeroU128::new(high << 64 | low) {
                return id;
            }
        }
    }
}

/// SplitMix64's last step: one to one, so that no number comes twice before all have been, and each bit looks random.
fn mix(mut number: u64) -> u64 {
    number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::AtomicU64;

    use super::Ids;

    #[test]
    fn no_number_comes_twice() {
        // The number of which `mix` makes 0 is among them.
        let ids = Ids { next: AtomicU64::new(u64::MAX - 50), keys: [1, 2] };
        assert_eq!((0..100).map(|_| ids.span()).collect::<HashSet<_>>().len(), 100);
        assert_eq!((0..100).map(|_| ids.trace()).collect::<HashSet<_>>().len(), 100);
    }

    #[test]
    fn two_processes_have_other_numbers() {
        let [one, two] = [(); 2].map(|()| Ids::new().unwrap());
        assert_ne!(one.span(), two.span());
        assert_ne!(one.trace(), two.trace());
    }
}
