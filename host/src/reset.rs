//! How a slot is put back between two renders.

use std::fmt;
use std::fs;

use crate::error::Error;
use crate::slots::{self, Scan};

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
    /// Taken where swap is off: an engine with this setting does not start where it is on.
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

/// The way that is asked for or, if that is left open, the fastest that is safe here; with what it needs.
pub(crate) fn choose(wanted: Reset) -> Result<(Option<Scan>, ResetInUse), Error> {
    let copy = |why: String| Ok((None, ResetInUse { reset: Reset::Copy, why }));
    if wanted == Reset::Copy {
        return copy("EngineConfig::reset asks for it".into());
    }
    let why_not = match obstacle(fs::read_to_string("/proc/swaps").ok().as_deref()) {
        Some(obstacle) => obstacle.into(),
        None => match slots::find_scan() {
            Ok(scan) => {
                let why = "the kernel has PAGEMAP_SCAN, and swap is off".into();
                return Ok((Some(scan), ResetInUse { reset: Reset::Scan, why }));
            }
            Err(error) => format!("PAGEMAP_SCAN, which came with Linux 6.7, is not as it should be: {error}"),
        },
    };
    if wanted == Reset::Scan {
        return Err(Error::Engine(format!("EngineConfig::reset is Scan, and {why_not}: set Automatic or Copy")));
    }
    copy(why_not)
}

/// Why the kernel's list of written pages is not relied on, if it is not. A page that is swapped out is in it; yet what
/// this cannot be tested with on every machine, it is not used with.
fn obstacle(swaps: Option<&str>) -> Option<&'static str> {
    match swaps {
        None => Some("whether swap is on cannot be read from /proc/swaps"),
        // The first line is a heading.
        Some(swaps) if swaps.lines().count() > 1 => Some("swap is on"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::obstacle;

    const NO_SWAP: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    #[test]
    fn without_swap_the_kernel_is_asked_what_was_written() {
        assert_eq!(obstacle(Some(NO_SWAP)), None);
    }

    #[test]
    fn with_swap_or_without_knowing_slots_are_copied() {
        let swap = format!("{NO_SWAP}/dev/sda2 partition 1048572 0 -2\n");
        assert_eq!(obstacle(Some(&swap)), Some("swap is on"));
        assert!(obstacle(None).is_some_and(|why| why.contains("/proc/swaps")));
    }
}
