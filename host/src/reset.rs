//! How a slot is put back between two renders.

use std::fmt;
use std::fs;

/// How the pages that a render wrote become the image's again, before another store gets the slot.
///
/// Nothing that one store wrote may be read by the next, so a way is safe only if it misses no page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// The fastest way that is safe on this machine. See [`Engine::reset`](crate::Engine::reset) for which that is.
    #[default]
    Automatic,
    /// The first pages of a slot are written anew whether or not they were changed, the others are given back to the
    /// kernel. Safe everywhere.
    Copy,
    /// The kernel is asked which pages were written (`PAGEMAP_SCAN`, Linux 6.7), and only those are written anew.
    ///
    /// The scan passes over a page that is not present at that moment, so it is safe only where every page that was
    /// written stays present: without swap, without page migration (compaction, memory hot-plug, NUMA balancing) and
    /// without the merging of same pages. Elsewhere an engine with this setting does not start.
    Scan,
}

/// The way that an engine resets its slots, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetInUse {
    /// [`Reset::Copy`] or [`Reset::Scan`].
    pub reset: Reset,
    /// The reason, as a phrase.
    pub why: String,
}

/// For a line at start-up.
impl fmt::Display for ResetInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.reset {
            Reset::Scan => "by the pages that the kernel knows to be written",
            Reset::Automatic | Reset::Copy => "by copying",
        };
        write!(f, "slots are reset {how}: {}", self.why)
    }
}

/// What of the machine decides.
#[derive(Debug)]
struct Kernel {
    /// `/proc/swaps`.
    swaps: Option<String>,
    /// `/proc/vmstat`.
    vmstat: Option<String>,
    /// `/sys/kernel/mm/ksm/run`; there is none where the kernel cannot merge pages.
    ksm: Option<String>,
}

/// Why the kernel's list of written pages may lack one, if it may.
pub(crate) fn obstacle() -> Option<String> {
    let read = |path| fs::read_to_string(path).ok();
    let (swaps, vmstat) = (read("/proc/swaps"), read("/proc/vmstat"));
    Kernel { swaps, vmstat, ksm: read("/sys/kernel/mm/ksm/run") }.obstacle().map(Into::into)
}

impl Kernel {
    /// What cannot be read counts as an obstacle.
    fn obstacle(&self) -> Option<&'static str> {
        let Some(swaps) = &self.swaps else { return Some("whether swap is on cannot be read from /proc/swaps") };
        // The first line is a heading.
        if swaps.lines().count() > 1 {
            return Some("swap is on, and a page that is swapped out is in no scan");
        }
        let Some(vmstat) = &self.vmstat else { return Some("whether pages move cannot be read from /proc/vmstat") };
        // There only if the kernel has been built with migration. Measured on Linux 6.18 while it compacted memory:
        // 2 % of the scans of 512 written pages lacked one.
        if vmstat.lines().any(|line| line.starts_with("pgmigrate_success ")) {
            return Some("this kernel moves pages, and a page that is being moved is in no scan");
        }
        if self.ksm.as_deref().is_some_and(|run| run.trim() != "0") {
            return Some("same pages are merged (/sys/kernel/mm/ksm/run), and a merged page may be in no scan");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Kernel;

    const NO_SWAP: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    fn kernel(swaps: &str, vmstat: &str, ksm: Option<&str>) -> Kernel {
        Kernel { swaps: Some(swaps.into()), vmstat: Some(vmstat.into()), ksm: ksm.map(Into::into) }
    }

    #[test]
    fn a_kernel_whose_pages_stay_where_they_are_may_be_asked() {
        assert_eq!(kernel(NO_SWAP, "nr_free_pages 1\n", None).obstacle(), None);
        assert_eq!(kernel(NO_SWAP, "nr_free_pages 1\n", Some("0\n")).obstacle(), None);
    }

    #[test]
    fn swap_migration_and_merging_each_forbid_it() {
        let swap = format!("{NO_SWAP}/dev/sda2 partition 1048572 0 -2\n");
        for (kernel, why) in [
            (kernel(&swap, "", None), "swap is on"),
            (kernel(NO_SWAP, "pgmigrate_success 0\npgmigrate_fail 0\n", None), "moves pages"),
            (kernel(NO_SWAP, "", Some("1\n")), "merged"),
        ] {
            let obstacle = kernel.obstacle().unwrap_or_else(|| panic!("{kernel:?}"));
            assert!(obstacle.contains(why), "{obstacle}");
        }
    }

    #[test]
    fn what_cannot_be_read_forbids_it() {
        assert!(Kernel { swaps: None, ..kernel("", "", None) }.obstacle().is_some());
        assert!(Kernel { vmstat: None, ..kernel(NO_SWAP, "", None) }.obstacle().is_some());
    }
}
