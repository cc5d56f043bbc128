//! Page faults of a thread.
//!
//! A page of a slot cannot be written for the first time without one: it is the mapped file's, which can only be read, or
//! there is none. The kernel counts each, so that a render in which there was none has written no page but those that
//! were written before, and the kernel need not be asked which they are. That takes a tenth of the time.
//!
//! Slots are kept from huge pages, which the kernel could put under pages that were never written.

use std::cell::Cell;

use nix::sys::resource::{UsageWho, getrusage};

thread_local! {
    /// The faults of this thread when they were last looked at.
    static SEEN: Cell<Option<u64>> = const { Cell::new(None) };
    /// Whether the store that this thread is taking apart is known to have met none.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether a render has met page faults so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch {
    met: bool,
}

impl Watch {
    /// Notes the end of a poll on this thread: faults since the last one's end may have been its.
    pub(crate) fn poll_has_ended(&mut self) {
        let now = of_this_thread();
        let seen = SEEN.replace(now);
        self.met |= now.is_none() || now != seen;
    }

    /// Of a render that may go on where nobody looks.
    pub(crate) fn unknown() -> Self {
        Self { met: true }
    }

    /// Runs `work`, which takes the render's store apart.
    pub(crate) fn taking_apart<T>(self, work: impl FnOnce() -> T) -> T {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                QUIET.set(false);
            }
        }
        QUIET.set(!self.met);
        let _reset = Reset;
        work()
    }
}

/// Whether whoever had the memory that is being given back on this thread has met no page fault. If nobody knows it is
/// taken for granted that there were some.
pub(super) fn none_was_met() -> bool {
    QUIET.get()
}

/// Minor and major ones.
pub(super) fn of_this_thread() -> Option<u64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
    u64::try_from(usage.minor_page_faults() + usage.major_page_faults()).ok()
}
