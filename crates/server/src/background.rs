//! Where long renders go on: on threads of their own, below those that serve connections.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
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
#[derive(Debug)]
pub(crate) struct Background(Option<Runtime>);

impl Background {
    pub(crate) fn start(threads: u32) -> io::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        runtime
            .worker_threads(threads.max(1) as usize)
            .thread_name("dayfly-long")
            .on_thread_start(prefer_others)
            .enable_all();
        // Work comes from another runtime, and tokio looks for that after 61 turns at first: of renders that take a tick each, and
        // whoever is behind ten of them would wait for seconds.
        runtime.global_queue_interval(1);
        Ok(Self(Some(runtime.build()?)))
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
            return value;
        }
        let Some(runtime) = &self.0 else { return work.await };
        let yielding = poll_fn(move |context| {
            let polled = work.as_mut().poll(context);
            // To the kernel: one that is lazily preemptible (Linux 6.13) looks whether another thread is to run when it is
            // called, or else at its own tick, which may be four of ours away.
            std::thread::yield_now();
            polled
        });
        joined(AbortOnDropHandle::new(runtime.spawn(yielding))).await
    }
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
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Without it the threads are equals, which costs brief requests some of their speed and nothing else.
fn prefer_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}
