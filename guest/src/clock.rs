//! Time, as the app sees it: read from the host when a render starts and after each wait, and still in between.

use std::cell::Cell;

use crate::contract::clock;
use crate::contract::loader::NoticeKind;
use crate::notices;

thread_local! {
    /// Nanoseconds since 1970, as the host last said.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// What NOW was before the render began: `performance.timeOrigin`.
    static ORIGIN: Cell<u64> = const { Cell::new(0) };
}

/// By how many nanoseconds a render's time began before it, so that `performance.now()` is never 0: one turn of the coarsest clock
/// that the High Resolution Time standard has.
const HEAD_START: u64 = 100_000;

/// Starts a render's time.
pub fn renew() {
    let now = clock::now();
    NOW.set(now);
    ORIGIN.set(now.saturating_sub(HEAD_START));
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    NOW.get()
}

/// Waits until `due` (in nanoseconds since 1970), or for less if the host will not wait.
pub fn sleep_until(due: u64) {
    clock::sleep(due.saturating_sub(now()));
    moved();
}

/// Reads the time anew, after a wait.
pub fn moved() {
    // A host's clock that is set back must not make a timer wait twice.
    NOW.set(clock::now().max(now()));
}

/// What QuickJS asks for the time, in microseconds since 1970. The name is that of the import which rquickjs-sys
/// declares for this target; defining it here resolves it, so that the guest does not import it.
#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    notices::record(NoticeKind::Clock, || "Date".into());
    (now() / 1_000) as f64
}

/// Nanoseconds since the render began.
pub fn since_origin() -> u64 {
    notices::record(NoticeKind::Clock, || "performance.now()".into());
    NOW.get() - ORIGIN.get()
}

/// Nanoseconds since 1970 when the render began.
pub fn origin() -> u64 {
    notices::record(NoticeKind::Clock, || "performance.timeOrigin".into());
    ORIGIN.get()
}
