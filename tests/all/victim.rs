//! One who is served beside whatever is done to a server.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::serve::LONG;
use crate::serve::administered::exchange;

/// How often it asks.
const PAUSE: Duration = Duration::from_millis(50);

/// The app that it is served by.
pub(crate) const APP: &str = "globalThis.render = ({ name }) => `<p>hello ${name}</p>`;";

/// Asks for its page twenty times a second, until it is dropped.
pub(crate) struct Victim {
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Victim {
    /// One whose [`APP`] is at `/victim`.
    pub(crate) fn of(address: &str) -> Self {
        let (seen, is_over) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (address, seen, is_over) = (address.to_owned(), seen.clone(), is_over.clone());
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    ask(&address, &seen);
                }
            }
        });
        Self { seen, is_over, thread: Some(thread) }
    }

    /// Asks no more.
    pub(crate) fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// What it has seen since it was last asked, once that is something: who waits for a page is not well.
    pub(crate) fn has_seen(&self) -> Seen {
        let deadline = Instant::now() + LONG;
        while self.seen.lock().unwrap().latencies.is_empty() {
            assert!(Instant::now() < deadline, "the victim waits for a page");
            std::thread::sleep(PAUSE);
        }
        self.saw()
    }

    /// What it has seen since it was last asked.
    pub(crate) fn saw(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.end();
    }
}

fn ask(address: &str, seen: &Mutex<Seen>) {
    let began = Instant::now();
    let page = exchange(address, "GET /victim?name=Ada HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let is_well = page.is_some_and(|(_, body)| body == "<p>hello Ada</p>");
    let took = began.elapsed();
    let mut seen = seen.lock().unwrap();
    seen.latencies.push(took);
    seen.failed += usize::from(!is_well);
    drop(seen);
    std::thread::sleep(PAUSE.saturating_sub(took));
}

/// What it saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    latencies: Vec<Duration>,
    pub(crate) failed: usize,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        let at = |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
        let [middle, late] = [50, 99].map(|percent| at(percent).copied().unwrap_or_default());
        write!(f, "{} pages, p50 {middle:.1?}, p99 {late:.1?}, {} failed", sorted.len(), self.failed)
    }
}
