//! What is to be written or sent, by a thread of its own: who has something puts it into a bounded queue and goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// A bounded queue and the thread that empties it. Cheap to clone; the thread ends when the last clone is gone.
pub(crate) struct Outbox<T> {
    sender: SyncSender<Message<T>>,
    lost: Arc<AtomicU64>,
}

impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), lost: self.lost.clone() }
    }
}

enum Message<T> {
    One(T),
    /// All that came before it is to go out now; the channel's other end is dropped when it has.
    Flush(SyncSender<()>),
}

/// How a queue is emptied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How much is taken at once.
    pub(crate) most: usize,
    /// How long is waited for so much to come.
    pub(crate) patience: Duration,
}

/// The thread sleeps so long between two looks at the queue. A thread that waits for the queue instead would be woken by each who
/// puts something there, and to wake one takes longer than all the rest.
const NAP: Duration = Duration::from_millis(5);

impl<T: Send + 'static> Outbox<T> {
    /// Starts a thread that gives `out` all that comes, in order and some at a time. What finds `room` already waiting is lost, and
    /// counted.
    ///
    /// # Errors
    /// The system's, which has no thread.
    pub(crate) fn start(
        name: &str,
        room: usize,
        pace: Pace,
        mut out: impl FnMut(&mut Vec<T>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(room.max(1));
        let work = move || {
            let mut some = Vec::with_capacity(pace.most);
            while let Some(flushes) = collect(&receiver, pace, &mut some) {
                out(&mut some);
                some.clear();
                drop(flushes);
            }
        };
        std::thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Self { sender, lost: Arc::default() })
    }

    /// Puts one into the queue, if there is room. Never blocks.
    pub(crate) fn put(&self, one: T) {
        if self.sender.try_send(Message::One(one)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were lost, as there was no room for them.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Where that is counted.
    pub(crate) fn loss(&self) -> Arc<AtomicU64> {
        self.lost.clone()
    }

    /// Waits until all that was put there has gone out, or until `patience` is over; says whether it has. Blocks.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let (sender, receiver) = sync_channel(0);
        let mut message = Message::Flush(sender);
        loop {
            message = match self.sender.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return true,
                Err(TrySendError::Full(message)) => message,
            };
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(NAP);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        // Nothing ever comes: the other end is dropped.
        !matches!(receiver.recv_timeout(left), Err(RecvTimeoutError::Timeout))
    }
}

/// Waits for something to come and takes what there is then, and those who wait for it to be out. None when nothing is there, and
/// nobody can put anything there any more.
fn collect<T>(receiver: &Receiver<Message<T>>, pace: Pace, some: &mut Vec<T>) -> Option<Vec<SyncSender<()>>> {
    let mut flushes = Vec::new();
    let mut take = |message, some: &mut Vec<T>| match message {
        Message::One(one) => some.push(one),
        Message::Flush(sender) => flushes.push(sender),
    };
    take(receiver.recv().ok()?, some);
    let deadline = Instant::now() + pace.patience;
    let mut is_flush = some.is_empty();
    while some.len() < pace.most && !is_flush {
        match receiver.try_recv() {
            Ok(message) => {
                is_flush = matches!(message, Message::Flush(_));
                take(message, some);
            }
            Err(TryRecvError::Empty) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left.min(NAP));
            }
            Err(TryRecvError::Disconnected) => break,
        }
    }
    Some(flushes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{Outbox, Pace};

    const PACE: Pace = Pace { most: 10, patience: Duration::from_millis(20) };
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn all_goes_out_in_order_and_some_at_a_time() {
        let (sender, receiver) = mpsc::channel();
        let outbox =
            Outbox::start("test", 1000, PACE, move |some: &mut Vec<u32>| sender.send(some.clone()).unwrap()).unwrap();
        (0..95).for_each(|number| outbox.put(number));
        assert!(outbox.flush(LONG));
        let all: Vec<_> = receiver.try_iter().collect();
        assert!(all.iter().all(|some| some.len() <= 10), "{all:?}");
        assert_eq!(all.concat(), (0..95).collect::<Vec<_>>());
        assert_eq!(outbox.lost(), 0);
        outbox.put(95);
        drop(outbox);
        assert_eq!(
            receiver.iter().flatten().collect::<Vec<_>>(),
            [95],
            "what was there when the last one went goes out"
        );
    }

    #[test]
    fn where_nothing_goes_out_nobody_waits_and_what_is_lost_is_counted() {
        let (sender, receiver) = mpsc::channel::<()>();
        let outbox = Outbox::start("test", 8, PACE, move |_: &mut Vec<u32>| _ = receiver.recv()).unwrap();
        (0..100).for_each(|number| outbox.put(number));
        assert!((100 - 8 - 2 * 10..=100 - 8).contains(&outbox.lost()), "{}", outbox.lost());
        assert!(!outbox.flush(Duration::from_millis(20)));
        drop(sender);
        assert!(outbox.flush(LONG));
    }
}
