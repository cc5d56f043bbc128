//! What comes to a guest piece by piece under a number: the bodies of the responses to its calls, and of the request that
//! it answers. Each is sent by a task of its own, so that the guest may compute meanwhile or wait for others, and a piece is
//! taken from where it comes from once the guest has asked for it.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::contract::outgoing::{Event, Progress};
use crate::transport::{Body, FetchError, FetchErrorKind};

/// How many bytes of a body the guest gets at once.
const MOST_CHUNK: usize = 64 << 10;

/// All that may still come to a guest. Dropping it ends that.
pub(crate) struct Feeds {
    opened: u32,
    open: HashMap<u32, Open>,
    /// How many of them are to say something.
    asked: usize,
    events: mpsc::UnboundedReceiver<Event>,
    sender: mpsc::UnboundedSender<Event>,
}

/// One that has not come to its end. Dropping it ends it.
struct Open {
    task: JoinHandle<()>,
    demand: mpsc::Sender<()>,
    is_asked: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feeds {
    pub(crate) fn new() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        Self { opened: 0, open: HashMap::new(), asked: 0, events, sender }
    }

    /// Opens one that `work` sends, and gives its number. With `is_asked` something is to be said at once; without it,
    /// when the guest asks.
    pub(crate) fn open<F>(&mut self, is_asked: bool, work: impl FnOnce(Feed) -> F) -> u32
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let id = self.opened;
        self.opened += 1;
        let (demand, demands) = mpsc::channel(1);
        let task = tokio::spawn(work(Feed { id, sender: self.sender.clone(), demands, is_asked }));
        self.open.insert(id, Open { task, demand, is_asked });
        self.asked += usize::from(is_asked);
        id
    }

    /// Asks for the next piece, once for any number of times.
    pub(crate) fn read(&mut self, id: u32) {
        let Some(open) = self.open.get_mut(&id).filter(|open| !open.is_asked) else { return };
        open.is_asked = open.demand.try_send(()).is_ok();
        self.asked += usize::from(open.is_asked);
    }

    /// Ends one: nothing comes of it any more.
    pub(crate) fn close(&mut self, id: u32) {
        if let Some(open) = self.open.remove(&id) {
            self.asked -= usize::from(open.is_asked);
        }
    }

    /// Whether one of them is to say something.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked > 0
    }

    /// The next that one of them says.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.events.recv().await?;
            // One that was closed meanwhile says nothing any more.
            let Some(open) = self.open.get_mut(&event.call) else { continue };
            if !std::mem::take(&mut open.is_asked) {
                continue;
            }
            self.asked -= 1;
            if matches!(event.progress, Progress::End | Progress::Failed(_)) {
                self.open.remove(&event.call);
            }
            return Some(event);
        }
    }
}

/// The end of one at which it is sent.
pub(crate) struct Feed {
    id: u32,
    sender: mpsc::UnboundedSender<Event>,
    demands: mpsc::Receiver<()>,
    /// Whether the guest waits for something to be said.
    is_asked: bool,
}

impl Feed {
    /// Whether the guest waits for something to be said.
    pub(crate) fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Waits until the guest asks; false if it never does.
    pub(crate) async fn is_asked_for_more(&mut self) -> bool {
        self.is_asked = self.demands.recv().await.is_some();
        self.is_asked
    }

    pub(crate) fn say(&mut self, progress: Progress) {
        self.is_asked = false;
        // Nobody listens once the render has ended.
        let _ = self.sender.send(Event { call: self.id, progress });
    }

    /// Hands a body on as it is asked for, up to its end, which is left to be said, or until it is not asked for any more.
    /// `count` is told the bytes of each piece, and may end it.
    ///
    /// # Errors
    /// The body's own, and what `count` says.
    pub(crate) async fn hand_on(
        &mut self,
        body: &mut dyn Body,
        mut count: impl FnMut(u64) -> Result<(), FetchError>,
    ) -> Result<(), FetchError> {
        let mut left = Bytes::new();
        while self.is_asked_for_more().await {
            if left.is_empty() {
                match next(body).await? {
                    Some(chunk) => left = chunk,
                    None => return Ok(()),
                }
            }
            let chunk = left.split_to(left.len().min(MOST_CHUNK));
            count(chunk.len() as u64)?;
            self.say(Progress::Chunk(chunk.into()));
        }
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // What panics must not leave the guest waiting.
        if std::thread::panicking() && self.is_asked {
            self.say(Progress::Failed(FetchError::new(FetchErrorKind::Protocol, "the transport broke off").into()));
        }
    }
}

/// The next piece that has something in it.
async fn next(body: &mut dyn Body) -> Result<Option<Bytes>, FetchError> {
    loop {
        match body.chunk().await? {
            Some(chunk) if chunk.is_empty() => {}
            next => return Ok(next),
        }
    }
}
