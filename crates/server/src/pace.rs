//! Bodies of requests, which come at some pace or not at all.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::config::Http;

/// A body of which, after a while, there must be so many bytes for each second that it has taken. So its time has a bound too:
/// that of its size.
pub(crate) struct Paced<B> {
    body: B,
    /// Of a body that is there at once, none.
    deadline: Option<Pin<Box<Sleep>>>,
    began: Instant,
    grace: Duration,
    rate: u64,
    received: u64,
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

impl<B: Body> Paced<B> {
    pub(crate) fn new(body: B, http: &Http) -> Self {
        let (grace, rate) = (http.body_time, http.body_rate.max(1));
        Self { body, deadline: None, began: Instant::now(), grace, rate, received: 0 }
    }

    fn deadline(&self) -> Instant {
        self.began + self.grace + Duration::from_secs_f64(self.received as f64 / self.rate as f64)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = NoBody<B::Error>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                let deadline = self.deadline();
                if let Some(sleep) = &mut self.deadline {
                    sleep.as_mut().reset(deadline);
                }
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(NoBody::Broken)));
        }
        let deadline = self.deadline();
        let sleep = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        sleep.as_mut().poll(cx).map(|()| Some(Err(NoBody::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
