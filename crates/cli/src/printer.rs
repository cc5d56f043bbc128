//! Requests in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

use dayfly::Line;
use dayfly_server::{Receipt, Sent};

use crate::units::show_time;

/// Requests that wait to be logged. One that finds no room is dropped, and counted: a terminal that stands still must not hold
/// requests up.
const MOST: usize = 16 << 10;

/// What comes within this time is logged together: who sends it need not wake the thread that logs.
const PAUSE: Duration = Duration::from_millis(5);

/// Logs each request, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Printer {
    requests: SyncSender<Option<Arc<Receipt>>>,
    dropped: Arc<AtomicU64>,
}

impl Printer {
    pub(crate) fn start() -> std::io::Result<(Arc<Self>, Printed)> {
        let (requests, receiver) = sync_channel(MOST);
        let (is_done, done) = channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let printer = Arc::new(Self { requests: requests.clone(), dropped: dropped.clone() });
        std::thread::Builder::new().name("dayfly-printer".into()).spawn(move || {
            'all: while let Ok(Some(request)) = receiver.recv() {
                log(&request);
                std::thread::sleep(PAUSE);
                while let Ok(request) = receiver.try_recv() {
                    let Some(request) = request else { break 'all };
                    log(&request);
                }
                match dropped.swap(0, Ordering::Relaxed) {
                    0 => {}
                    lost => tracing::warn!("{lost} requests are not shown: they came faster than lines are read"),
                }
            }
            drop(is_done);
        })?;
        Ok((printer, Printed { requests, done }))
    }
}

impl Sent for Printer {
    fn receipt(&self, receipt: &Arc<Receipt>, _: &[Line]) {
        if self.requests.try_send(Some(receipt.clone())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for the end of a [`Printer`].
#[derive(Debug)]
pub(crate) struct Printed {
    requests: SyncSender<Option<Arc<Receipt>>>,
    done: Receiver<()>,
}

impl Printed {
    /// Until all that came before is printed, or a second is over.
    pub(crate) fn wait(self) {
        if self.requests.try_send(None).is_ok() {
            let _ = self.done.recv_timeout(Duration::from_secs(1));
        }
    }
}

fn log(receipt: &Receipt) {
    let Receipt { id, tenant, outcome, status, method, path, took, .. } = receipt;
    let tenant = tenant.as_ref().map_or("-", |tenant| tenant.as_str());
    tracing::info!(id, tenant, %method, path, status, outcome, took = show_time(*took), "request");
}
