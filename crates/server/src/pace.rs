//! Bodies of requests, which come at some pace or not at all.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::config::Http;
use crate::refusal::Refusal;

/// A body of which, after a while, there must be so many bytes for each second that it was waited for. So its time has a bound
/// too: that of its size. While an app that has it piece by piece does something else, no time goes by.
pub(crate) struct Paced<B: Body> {
    body: B,
    /// Of a body that is there at once, none.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Since when it is waited for, if it is.
    since: Option<Instant>,
    waited: Duration,
    grace: Duration,
    rate: u64,
    received: u64,
    is_at_end: bool,
    arrival: Arrival,
}

/// What became of a body on its way, for who does not read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrival(Arc<Came>);

#[derive(Debug, Default)]
struct Came {
    fault: OnceLock<Refusal>,
    is_left: AtomicBool,
}

impl Arrival {
    /// What its client did wrong; nothing if it came, or comes still.
    pub(crate) fn fault(&self) -> Option<Refusal> {
        self.0.fault.get().copied()
    }

    fn failed(&self, refusal: Refusal) {
        let _ = self.0.fault.set(refusal);
    }

    /// Whether nobody reads it any more, and its client may send it still.
    pub(crate) fn is_left(&self) -> bool {
        self.0.is_left.load(Ordering::Acquire)
    }
}

/// Why a body does not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBody<E> {
    /// It comes too slowly.
    #[error("the body came too slowly")]
    TooSlow,
    /// The connection broke, or what came is no body.
    #[error(transparent)]
    Broken(E),
}

impl<B: Body> Drop for Paced<B> {
    fn drop(&mut self) {
        if !self.is_at_end && !self.body.is_end_stream() {
            self.arrival.0.is_left.store(true, Ordering::Release);
        }
    }
}

impl<B: Body> Paced<B> {
    pub(crate) fn new(body: B, http: &Http, arrival: Arrival) -> Self {
        let (grace, rate) = (http.body_time, http.body_rate.max(1));
        Self {
            body,
            deadline: None,
            since: None,
            waited: Duration::ZERO,
            grace,
            rate,
            received: 0,
            is_at_end: false,
            arrival,
        }
    }

    pub(crate) fn arrival(&self) -> Arrival {
        self.arrival.clone()
    }

    /// How long it may still be waited for.
    fn left(&self) -> Duration {
        (self.grace + Duration::from_secs_f64(self.received as f64 / self.rate as f64)).saturating_sub(self.waited)
    }

    /// Takes what has come.
    fn take<E>(&mut self, frame: &Option<Result<Frame<Bytes>, E>>) {
        self.waited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        match frame {
            Some(Ok(frame)) => self.received += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => self.arrival.failed(Refusal::BodyIncomplete),
            None => self.is_at_end = true,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = NoBody<B::Error>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.take(&frame);
            return Poll::Ready(frame.map(|frame| frame.map_err(NoBody::Broken)));
        }
        if self.since.is_none() {
            let now = Instant::now();
            let deadline = now + self.left();
            self.since = Some(now);
            match &mut self.deadline {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.deadline = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
        }
        let Some(sleep) = &mut self.deadline else { return Poll::Pending };
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.arrival.failed(Refusal::BodyTooSlow);
        Poll::Ready(Some(Err(NoBody::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
