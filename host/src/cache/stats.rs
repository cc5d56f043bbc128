//! What a cache counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why an entry was refused. What is found first counts: an entry may be wrong in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// A symlink, a folder, a FIFO, a socket or a device.
    NotRegular,
    /// It belongs to another user.
    Owner,
    /// Its group or others may write to it.
    Mode,
    /// It has another name besides: someone may hold it elsewhere.
    Links,
    /// It is larger than [`CacheConfig::entry`](crate::CacheConfig::entry) allows.
    TooLarge,
    /// It ends before it should.
    Truncated,
    /// Something follows its end.
    Trailing,
    /// It is of another format version, or of no version at all.
    Version,
    /// It is the entry of another [`CacheKey`](crate::CacheKey).
    Key,
    /// Its tag is not the one of its bytes under this folder's secret.
    Authentication,
    /// It could not be opened or read. It is not removed.
    Unreadable,
}

impl Rejected {
    /// All reasons, each once.
    pub const ALL: [Self; 11] = [
        Self::NotRegular,
        Self::Owner,
        Self::Mode,
        Self::Links,
        Self::TooLarge,
        Self::Truncated,
        Self::Trailing,
        Self::Version,
        Self::Key,
        Self::Authentication,
        Self::Unreadable,
    ];

    /// A stable name for machines: `not-regular`, `owner`, ….
    pub fn code(self) -> &'static str {
        match self {
            Self::NotRegular => "not-regular",
            Self::Owner => "owner",
            Self::Mode => "mode",
            Self::Links => "links",
            Self::TooLarge => "too-large",
            Self::Truncated => "truncated",
            Self::Trailing => "trailing",
            Self::Version => "version",
            Self::Key => "key",
            Self::Authentication => "authentication",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a cache has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Loads that gave a payload.
    pub hits: u64,
    /// Loads that gave none, those of refused entries included.
    pub misses: u64,
    /// Entries written.
    pub stored: u64,
    /// Entries that could not be written.
    pub write_failed: u64,
    /// Entries removed because the folder was too large.
    pub evicted: u64,
    /// Keys found bad and replaced when the cache was opened: 0, and seldom 1.
    pub keys_replaced: u64,
    pub(super) rejected: [u64; Rejected::ALL.len()],
}

impl CacheStats {
    /// Entries refused for this reason.
    pub fn rejected(&self, reason: Rejected) -> u64 {
        self.rejected[reason as usize]
    }

    /// Entries refused, whatever the reason.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.iter().sum()
    }
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) stored: AtomicU64,
    pub(super) write_failed: AtomicU64,
    pub(super) evicted: AtomicU64,
    pub(super) keys_replaced: AtomicU64,
    pub(super) rejected: [AtomicU64; Rejected::ALL.len()],
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_and_a_code_of_its_own() {
        for (i, reason) in Rejected::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, i, "{reason:?}");
            let same = Rejected::ALL.iter().filter(|other| other.code() == reason.code()).count();
            assert_eq!(same, 1, "{reason:?}");
        }
    }
}
