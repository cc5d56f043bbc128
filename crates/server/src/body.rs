//! Bodies of responses.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{Either, Full};
use hyper::body::Frame;

/// A body that is there, or one that comes.
pub(crate) type Body = Either<Full<Bytes>, Streamed>;

/// What sends a body that comes.
pub(crate) type Pieces = Sender<Bytes, Cut>;

/// The app's body ended before its end: the connection is broken off, so that the reader learns of it.
#[derive(Debug, thiserror::Error)]
#[error("the app's body was cut")]
pub(crate) struct Cut;

/// A body that comes.
pub(crate) fn streamed() -> (Pieces, Body) {
    let (pieces, body) = Channel::new(1);
    (pieces, Either::Right(Streamed(Some(body))))
}

/// A channel that may be asked again after its end, as a compressor does; it would panic by itself.
#[derive(Debug)]
pub(crate) struct Streamed(Option<Channel<Bytes, Cut>>);

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let Some(channel) = &mut self.0 else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(channel).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// A body that is there.
pub(crate) fn whole(content: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(content.into()))
}
