//! What a render spends of processors' time.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The time that one render has spent on processors: that of each poll of its future.
///
/// A thread's clock stands still while another thread has the processor, so a busy machine costs a tenant nothing. But to
/// read it takes twenty times as long as to read the time of day. So there are two bounds, neither of which falls short
/// of what was used, and the lesser one counts: the time of day that has passed, and what the thread's clock has moved on
/// since it was last read. It is read before a poll if that was more than a millisecond ago, and after one that took long
/// enough for another thread to have had the processor.
#[derive(Debug, Default)]
pub(crate) struct CpuTime {
    /// Nanoseconds of the polls that have ended.
    finished: AtomicU64,
}

/// How old a reading of the thread's clock may be for a poll to be counted from it. What other polls have used since
/// then is in it, and may be counted twice.
const FRESH: Duration = Duration::from_millis(1);

/// A poll that takes less is counted by the time of day.
const SHORT: Duration = Duration::from_micros(100);

/// What a thread's clock said, and when.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    clock: Duration,
}

/// Where a poll began, and what its thread's clock said then or shortly before.
#[derive(Clone, Copy)]
struct Begun {
    at: Instant,
    last: Reading,
}

thread_local! {
    static LAST: Cell<Option<Reading>> = const { Cell::new(None) };
    /// The poll that is running on this thread.
    static POLL: Cell<Option<Begun>> = const { Cell::new(None) };
}

impl CpuTime {
    /// Runs one poll, and counts its time.
    pub(crate) fn measure<T>(&self, poll: impl FnOnce() -> T) -> T {
        let begun = Begun::now();
        let outer = POLL.replace(Some(begun));
        let result = poll();
        POLL.set(outer);
        // One thread polls at a time, so the order of these is the program's.
        self.finished.fetch_add(begun.spent().as_nanos() as u64, Ordering::Relaxed);
        result
    }

    /// What has been used so far, the running poll included if this is called from within it.
    pub(crate) fn used(&self) -> Duration {
        self.finished() + POLL.get().map_or(Duration::ZERO, |poll| poll.spent())
    }

    /// What the polls that have ended used.
    pub(crate) fn finished(&self) -> Duration {
        Duration::from_nanos(self.finished.load(Ordering::Relaxed))
    }
}

impl Begun {
    fn now() -> Self {
        let at = Instant::now();
        let last = LAST.get().filter(|last| at.duration_since(last.at) < FRESH).unwrap_or_else(|| Reading::take(at));
        Self { at, last }
    }

    fn spent(self) -> Duration {
        let now = Instant::now();
        let passed = now.duration_since(self.at);
        if passed < SHORT { passed } else { passed.min(Reading::take(now).clock.saturating_sub(self.last.clock)) }
    }
}

impl Reading {
    fn take(at: Instant) -> Self {
        let clock = clock_gettime(ClockId::ThreadCPUTime);
        let reading = Self { at, clock: Duration::new(clock.tv_sec as u64, clock.tv_nsec as u32) };
        LAST.set(Some(reading));
        reading
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::CpuTime;

    /// Keeps the processor busy until the thread's own clock has moved on by that much.
    fn work(time: Duration) {
        let begun = super::Reading::take(Instant::now()).clock;
        while super::Reading::take(Instant::now()).clock - begun < time {}
    }

    #[test]
    fn what_was_used_is_counted_in_full_whether_polls_are_long_or_short() {
        for (polls, each) in [(1, Duration::from_millis(20)), (400, Duration::from_micros(50))] {
            let cpu = CpuTime::default();
            for _ in 0..polls {
                cpu.measure(|| work(each));
            }
            assert!(cpu.finished() >= polls * each, "{:?} of {polls} times {each:?}", cpu.finished());
            assert_eq!(cpu.used(), cpu.finished());
        }
    }

    #[test]
    fn a_thread_that_has_no_processor_uses_none() {
        let cpu = CpuTime::default();
        let passed = cpu.measure(|| {
            std::thread::sleep(Duration::from_millis(200));
            cpu.used()
        });
        // A reading may be a millisecond old, and waking up takes some time.
        assert!(cpu.finished() < Duration::from_millis(50) && passed < Duration::from_millis(50), "{passed:?}");
    }
}
