//! Messages that wait to be sent, in a folder: a file each, which is there until it was taken.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::samples::now;
use crate::store;

/// How many wait at most. The oldest goes where one more comes.
pub(super) const MOST: usize = 1000;

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    /// Its own, whichever server it is of and however often it is sent: by it who is told knows one that comes again.
    #[serde(default = "unique")]
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) at: f64,
    pub(super) body: Value,
}

impl Message {
    pub(super) fn new(at: f64, body: Value) -> Self {
        Self { id: unique(), at, body }
    }
}

fn unique() -> String {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system has randomness");
    format!("dayfly-{:032x}", u128::from_ne_bytes(random))
}

/// The folder of one webhook.
pub(super) struct Queue {
    folder: PathBuf,
    /// Names of files, oldest first.
    waiting: Mutex<VecDeque<u64>>,
}

impl Queue {
    /// With what waits there from before.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        store::open_folder(&folder)?;
        let mut waiting: Vec<u64> = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let name = entry?.file_name();
            waiting.extend(name.to_string_lossy().strip_suffix(".json").and_then(|number| number.parse::<u64>().ok()));
        }
        waiting.sort_unstable();
        Ok(Self { folder, waiting: Mutex::new(waiting.into()) })
    }

    /// Adds one; it is on the disk when this returns. Says how many had to go for it. Blocks.
    pub(super) fn put(&self, message: &Message) -> io::Result<u64> {
        let mut waiting = self.lock();
        // Numbers rise over restarts too, as they are times.
        let now = u64::try_from(now().as_millis()).unwrap_or(0);
        let number = waiting.back().map_or(now, |last| now.max(last + 1));
        store::write(&self.path(number), &serde_json::to_vec(message).expect("it is plain text and numbers"))?;
        waiting.push_back(number);
        let mut lost = 0;
        while waiting.len() > MOST {
            let Some(oldest) = waiting.pop_front() else { break };
            let _ = fs::remove_file(self.path(oldest));
            lost += 1;
        }
        Ok(lost)
    }

    /// The oldest, with its number; one that cannot be read is dropped. Blocks.
    pub(super) fn first(&self) -> Option<(u64, Message)> {
        loop {
            let number = *self.lock().front()?;
            match fs::read(self.path(number)).map(|bytes| serde_json::from_slice(&bytes)) {
                Ok(Ok(message)) => return Some((number, message)),
                wrong => {
                    tracing::error!("{} cannot be read: {wrong:?}", self.path(number).display());
                    self.remove(number);
                }
            }
        }
    }

    /// It was taken, or is given up. Blocks.
    pub(super) fn remove(&self, number: u64) {
        self.lock().retain(|waiting| *waiting != number);
        let _ = fs::remove_file(self.path(number));
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.json"))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn message(number: usize) -> Message {
        Message::new(1.0, number.into())
    }

    fn bodies(queue: &Queue) -> Vec<Value> {
        std::iter::from_fn(|| {
            let (number, message) = queue.first()?;
            queue.remove(number);
            Some(message.body)
        })
        .collect()
    }

    #[test]
    fn messages_wait_in_their_order_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hook");
        let queue = Queue::open(path.clone()).unwrap();
        for number in 0..5 {
            assert_eq!(queue.put(&message(number)).unwrap(), 0);
        }
        let (first, _) = queue.first().unwrap();
        queue.remove(first);
        drop(queue);
        std::fs::write(path.join(".new-half"), "{").unwrap();
        let queue = Queue::open(path.clone()).unwrap();
        queue.put(&message(5)).unwrap();
        assert_eq!(bodies(&queue), [1, 2, 3, 4, 5]);
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
    }

    #[test]
    fn the_queue_is_bounded_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(folder.path().join("hook")).unwrap();
        let lost: u64 = (0..MOST + 3).map(|number| queue.put(&message(number)).unwrap()).sum();
        assert_eq!((lost, queue.len()), (3, MOST));
        assert_eq!(queue.first().unwrap().1.body, 3);
    }
}
