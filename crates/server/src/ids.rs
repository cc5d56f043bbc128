//! The numbers of requests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Gives each request its own number: no two of a process are equal, and those of two processes hardly ever.
pub(crate) struct Ids {
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut start = [0; 8];
        getrandom::fill(&mut start)?;
        Ok(Self { next: AtomicU64::new(u64::from_ne_bytes(start)) })
    }

    /// 16 digits of hexadecimal, never all 0: as W3C's Trace Context has the id of a span.
    pub(crate) fn next(&self) -> String {
        loop {
            // By an odd number, so that none comes twice before all have been.
            let id = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if id != 0 {
                return format!("{id:016x}");
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::Ids;

    #[test]
    fn no_number_comes_twice_and_none_is_zero() {
        let ids = Ids { next: AtomicU64::new(u64::MAX - 50) };
        let all: std::collections::HashSet<_> = (0..100).map(|_| ids.next()).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|id| id.len() == 16 && id != "0000000000000000"));
    }
}
