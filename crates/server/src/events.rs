//! Receipts as lines of JSON, in a file or on the standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::config::{Events, EventsTo};
use crate::outbox::{Outbox, Pace};
use crate::receipt::Receipt;

/// Writes receipts, on a thread of its own.
pub(crate) struct EventWriter {
    outbox: Outbox<Arc<Receipt>>,
    reopen: Arc<AtomicBool>,
    unwritten: Arc<AtomicU64>,
}

/// As much is written at once, and nothing waits longer.
const PACE: Pace = Pace { most: 1024, patience: Duration::from_millis(5) };

impl EventWriter {
    /// None if events are off.
    ///
    /// # Errors
    /// If there is no such file, and none can be made.
    pub(crate) fn start(config: &Events) -> io::Result<Option<Self>> {
        let mut sink = match &config.to {
            EventsTo::Off => return Ok(None),
            EventsTo::Stdout => Sink::Stdout,
            EventsTo::File(path) => Sink::File(path.clone(), Some(open(path)?)),
        };
        let reopen = Arc::<AtomicBool>::default();
        let unwritten = Arc::<AtomicU64>::default();
        let (is_to_reopen, failed) = (reopen.clone(), unwritten.clone());
        let loss = Arc::new(std::sync::OnceLock::<Arc<AtomicU64>>::new());
        let queue_loss = loss.clone();
        let (mut said, mut text) = (0, String::new());
        let write = move |receipts: &mut Vec<Arc<Receipt>>| {
            if is_to_reopen.swap(false, Ordering::Relaxed) {
                sink.reopen();
            }
            text.clear();
            for receipt in receipts.drain(..) {
                text.push_str(&receipt.to_json());
                text.push('\n');
            }
            let lost = queue_loss.get().map_or(0, |lost| lost.load(Ordering::Relaxed)) + failed.load(Ordering::Relaxed);
            if lost > said {
                let time = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
                let dropped = json!({ "event": "dropped", "time": time, "count": lost - said });
                text.push_str(&format!("{dropped}\n"));
            }
            let lines = text.lines().count() as u64 - u64::from(lost > said);
            match sink.write(text.as_bytes()) {
                Ok(()) => said = lost,
                Err(error) => {
                    failed.fetch_add(lines, Ordering::Relaxed);
                    sink.failed(&error);
                }
            }
        };
        let outbox = Outbox::start("dayfly-events", config.queue as usize, PACE, write)?;
        let _ = loss.set(outbox.loss());
        Ok(Some(Self { outbox, reopen, unwritten }))
    }

    /// Puts one into the queue; if that is full it is dropped, and counted.
    pub(crate) fn put(&self, receipt: Arc<Receipt>) {
        self.outbox.put(receipt);
    }

    /// Events that are in no file: the queue was full, or the file could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.outbox.lost() + self.unwritten.load(Ordering::Relaxed)
    }

    /// Opens the file anew before the next event: after it was renamed.
    pub(crate) fn reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }

    /// Waits until all events are written, or `patience` is over. Blocks.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        self.outbox.flush(patience)
    }
}

enum Sink {
    Stdout,
    /// None if it could not be opened.
    File(PathBuf, Option<File>),
}

impl Sink {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text)?;
                stdout.flush()
            }
            Self::File(path, file) => {
                // Tried anew each time: what was wrong may have been mended.
                if file.is_none() {
                    *file = Some(open(path)?);
                }
                file.as_mut().map_or(Ok(()), |file| file.write_all(text))
            }
        }
    }

    fn reopen(&mut self) {
        if let Self::File(_, file) = self {
            *file = None;
        }
    }

    fn failed(&mut self, error: &io::Error) {
        match self {
            Self::Stdout => tracing::warn!("events cannot be written to the standard output: {error}"),
            Self::File(path, file) => {
                *file = None;
                tracing::warn!("events cannot be written to {}: {error}", path.display());
            }
        }
    }
}

/// For appending: two who write whole lines to one file do not write over each other.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}
