//! Where long renders go on: on threads of their own, below those that serve connections.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::tasks::joined;

/// How long a request may keep a thread that serves connections. What takes longer goes on in the background.
pub(crate) const BRIEF: Duration = Duration::from_millis(1);

/// By how much the system prefers the threads that serve connections: a little, so that they run as soon as there is
/// something to do for them, and long renders still get their part of processors that are never idle.
const NICE: i32 = 5;

/// Threads for renders that turn out to be long, or are expected to be.
///
/// A render gives its thread back at every tick, but a storm's renders fill both processors for a tick at a time, and who
/// asks for a page that takes a tenth of that would wait for several of them in the runtime's queue. On threads of their
/// own they are the kernel's to share out, which is fair to the microsecond. Of an app whose last request was long the next
/// ones [go there](go_there) before they render: else each would take a tick of the threads that serve connections.
///
/// Where they are as many as there are processors, one of them rests while brief requests come: else each of these would wait for a
/// processor until the kernel takes it from a long one, which takes several times as long as such a request.
#[derive(Debug)]
pub(crate) struct Background {
    /// None once it is dropped.
    runtimes: Option<Runtimes>,
    places: Arc<Places>,
}

#[derive(Debug)]
struct Runtimes {
    base: Runtime,
    /// Of one thread, which rests while brief requests come.
    extra: Option<Runtime>,
}

/// Where a long one goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Base,
    Extra,
}

/// What is known of both places.
#[derive(Debug)]
struct Places {
    /// Threads of the base.
    threads: usize,
    has_extra: bool,
    /// Long ones that are at each.
    there: [AtomicUsize; 2],
    since: Instant,
    /// When the last brief request ended, in milliseconds; 0 if there was none.
    last_brief: AtomicU64,
}

/// For how long a thread rests after the last brief request.
const REST: Duration = Duration::from_secs(1);

/// What came of a long one where it was.
enum There<T> {
    Done(T),
    /// It is to go on elsewhere.
    Moves(BoxFuture<'static, T>),
}

impl Places {
    /// In milliseconds, never 0.
    fn now(&self) -> u64 {
        self.since.elapsed().as_millis() as u64 + 1
    }

    fn note_brief(&self) {
        if self.has_extra {
            self.last_brief.store(self.now(), Ordering::Relaxed);
        }
    }

    fn rests(&self) -> bool {
        let last = self.last_brief.load(Ordering::Relaxed);
        last != 0 && self.now().saturating_sub(last) < REST.as_millis() as u64
    }

    fn count(&self, place: Place) -> &AtomicUsize {
        &self.there[usize::from(place == Place::Extra)]
    }

    /// Where one goes on that is nowhere yet.
    fn find(&self) -> Place {
        let is_full = self.count(Place::Base).load(Ordering::Relaxed) >= self.threads;
        if is_full && self.is_extra_free() { Place::Extra } else { Place::Base }
    }

    /// Whether one that is there is to go on elsewhere.
    fn is_to_leave(&self, place: Place) -> bool {
        match place {
            Place::Base => self.count(Place::Base).load(Ordering::Relaxed) > self.threads && self.is_extra_free(),
            Place::Extra => self.rests(),
        }
    }

    fn is_extra_free(&self) -> bool {
        self.has_extra && self.count(Place::Extra).load(Ordering::Relaxed) == 0 && !self.rests()
    }

    /// Does `work` there, until it is done or to go on elsewhere.
    async fn go_on<T>(self: Arc<Self>, mut work: BoxFuture<'static, T>, place: Place) -> There<T> {
        let _there = Counted::new(self.count(place));
        let done = poll_fn(|context| {
            if self.is_to_leave(place) {
                return Poll::Ready(None);
            }
            let polled = work.as_mut().poll(context);
            // To the kernel: one that is lazily preemptible (Linux 6.13) looks whether another thread is to run when it is
            // called, or else at its own tick, which may be four of ours away.
            std::thread::yield_now();
            polled.map(Some)
        });
        match done.await {
            Some(value) => There::Done(value),
            None => There::Moves(work),
        }
    }
}

/// One more, for as long as this lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Background {
    pub(crate) fn start(threads: u32) -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, |processors| processors.get());
        let threads = threads.max(1) as usize;
        let leaves_room = threads == 1 || threads < processors;
        Self::with(threads - usize::from(!leaves_room), !leaves_room)
    }

    fn with(threads: usize, has_extra: bool) -> io::Result<Self> {
        let base = runtime(threads)?;
        let extra = has_extra.then(|| runtime(1)).transpose()?;
        let there = Default::default();
        let places = Places { threads, has_extra, there, since: Instant::now(), last_brief: AtomicU64::new(0) };
        Ok(Self { runtimes: Some(Runtimes { base, extra }), places: Arc::new(places) })
    }

    /// Does `work` on this thread while it is brief, and on one in the background from then on. Dropping the future drops the
    /// work, wherever it is.
    pub(crate) async fn run<T: Send + 'static>(&self, mut work: BoxFuture<'static, T>) -> T {
        let mut spent = Duration::ZERO;
        let brief = poll_fn(|context| {
            let began = Instant::now();
            IS_LONG.set(false);
            let polled = work.as_mut().poll(context);
            spent += began.elapsed();
            match polled {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if spent < BRIEF && !IS_LONG.get() => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
            }
        });
        if let Some(value) = brief.await {
            self.places.note_brief();
            return value;
        }
        let Some(Runtimes { base, extra }) = &self.runtimes else { return work.await };
        loop {
            let (runtime, place) = match (self.places.find(), extra) {
                (Place::Extra, Some(extra)) => (extra, Place::Extra),
                _ => (base, Place::Base),
            };
            let there = runtime.spawn(self.places.clone().go_on(work, place));
            match joined(AbortOnDropHandle::new(there)).await {
                There::Done(value) => return value,
                There::Moves(moves) => work = moves,
            }
        }
    }
}

/// Threads of long renders.
fn runtime(threads: usize) -> io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(threads).thread_name("dayfly-long").on_thread_start(prefer_others).enable_all();
    // Work comes from another runtime, and tokio looks for that after 61 turns at first: of renders that take a tick each, and
    // whoever is behind ten of them would wait for seconds.
    runtime.global_queue_interval(1);
    runtime.build()
}

thread_local! {
    /// Whether the work that was polled on this thread last asked to go on in the background.
    static IS_LONG: Cell<bool> = const { Cell::new(false) };
}

/// Lets the work of [`Background::run`] that awaits this go on in the background. Elsewhere it gives the thread back once.
pub(crate) async fn go_there() {
    IS_LONG.set(true);
    tokio::task::yield_now().await;
}

impl Drop for Background {
    fn drop(&mut self) {
        // Who drops it may be a thread of a runtime, which must not wait for another's.
        if let Some(Runtimes { base, extra }) = self.runtimes.take() {
            base.shutdown_background();
            extra.into_iter().for_each(Runtime::shutdown_background);
        }
    }
}

/// Without it the threads are equals, which costs brief requests some of their speed and nothing else.
fn prefer_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;
    use std::time::Duration;

    use super::{BRIEF, Background, REST};

    /// How many long ones run at once in the background.
    #[derive(Default)]
    struct Running {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Running {
        /// A long one without an end.
        async fn go_on(&self) {
            poll_fn(|context| {
                let is_there = std::thread::current().name().is_some_and(|name| name.starts_with("dayfly-long"));
                if is_there {
                    self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                }
                std::thread::sleep(2 * BRIEF);
                if is_there {
                    self.now.fetch_sub(1, Ordering::SeqCst);
                }
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            })
            .await;
        }

        async fn most_in(&self, time: Duration) -> usize {
            self.most.store(0, Ordering::SeqCst);
            tokio::time::sleep(time).await;
            self.most.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thread_rests_while_brief_requests_come_and_no_longer() {
        let background = Arc::new(Background::with(1, true).unwrap());
        let running = Arc::new(Running::default());
        let mut long = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let (background, running) = (background.clone(), running.clone());
            long.spawn(async move { background.run(Box::pin(async move { running.go_on().await })).await });
        }
        assert_eq!(running.most_in(Duration::from_millis(200)).await, 2);
        background.run(Box::pin(async {})).await;
        // What is there leaves at its next tick.
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..10 {
            background.run(Box::pin(async {})).await;
            assert_eq!(running.most_in(Duration::from_millis(50)).await, 1);
        }
        tokio::time::sleep(REST).await;
        assert_eq!(running.most_in(Duration::from_millis(200)).await, 2);
        long.shutdown().await;
    }
}
