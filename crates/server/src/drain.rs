//! The end of a server: what was taken is answered first, for as long as that may take.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What came of the requests that were in flight when a server was told to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Requests that were taken before the end, or on connections that were open then, and answered since.
    pub answered: u64,
    /// Requests whose response was cut, as the time for the drain was over.
    pub cut: u64,
}

/// Where a server is in its end, and what is left to be done.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    is_announced: AtomicBool,
    began: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
    requests: Arc<Requests>,
}

#[derive(Debug, Default)]
pub(crate) struct Requests {
    in_flight: AtomicU64,
    answered: AtomicU64,
}

impl Drain {
    /// From now on the server is not ready: whoever sends it requests is to stop.
    pub(crate) fn announce(&self) {
        self.is_announced.store(true, Ordering::Release);
    }

    /// Whether the server takes requests, and will go on taking them.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_announced.load(Ordering::Acquire)
    }

    /// From now on no connection is taken, and those that are open are closed as soon as they carry no request.
    pub(crate) fn begin(&self) {
        self.announce();
        self.requests.answered.store(0, Ordering::Relaxed);
        self.tasks.close();
        self.began.cancel();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.began.is_cancelled()
    }

    pub(crate) async fn began(&self) {
        self.began.cancelled().await;
    }

    /// Does what goes on after a response: apps that come to their end, pages that are made anew.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = cut.cancelled() => {}
            }
        });
    }

    /// How much of that goes on.
    pub(crate) fn background(&self) -> usize {
        self.tasks.len()
    }

    /// Over when none of it goes on.
    pub(crate) async fn background_is_over(&self) {
        self.tasks.wait().await;
    }

    /// Whether what was left was broken off.
    pub(crate) fn has_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// Breaks off what is left.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    pub(crate) async fn is_cut(&self) {
        self.cut.cancelled().await;
    }

    /// Requests whose response is not sent yet.
    pub(crate) fn in_flight(&self) -> u64 {
        self.requests.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn answered(&self) -> u64 {
        self.requests.answered.load(Ordering::Acquire)
    }

    pub(crate) fn request(&self) -> InFlight {
        self.requests.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(self.requests.clone())
    }
}

/// A request, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Requests>);

impl InFlight {
    fn is_answered(&self) {
        self.0.answered.fetch_add(1, Ordering::AcqRel);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

pin_project! {
    /// The body of a response, whose request is in flight until all of it was sent.
    pub(crate) struct Held<B, G> {
        #[pin]
        body: B,
        request: InFlight,
        is_answered: bool,
        more: G,
    }
}

impl<B: Body, G> Held<B, G> {
    /// With something more that is dropped with the body.
    pub(crate) fn new(body: B, request: InFlight, more: G) -> Self {
        let is_answered = body.is_end_stream();
        if is_answered {
            request.is_answered();
        }
        Self { body, request, is_answered, more }
    }
}

impl<B: Body<Data = Bytes>, G> Body for Held<B, G> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        let is_at_end = match &frame {
            None => true,
            Some(Ok(_)) => this.body.is_end_stream(),
            Some(Err(_)) => false,
        };
        if is_at_end && !std::mem::replace(this.is_answered, true) {
            this.request.is_answered();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
