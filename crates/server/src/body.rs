//! Bodies of responses.

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{Either, Full};

/// A body that is there, or one that comes.
pub(crate) type Body = Either<Full<Bytes>, Channel<Bytes, Cut>>;

/// What sends a body that comes.
pub(crate) type Pieces = Sender<Bytes, Cut>;

/// The app's body ended before its end: the connection is broken off, so that the reader learns of it.
#[derive(Debug, thiserror::Error)]
#[error("the app's body was cut")]
pub(crate) struct Cut;

/// A body that comes.
pub(crate) fn streamed() -> (Pieces, Body) {
    let (pieces, body) = Channel::new(1);
    (pieces, Either::Right(body))
}

/// A body that is there.
pub(crate) fn whole(content: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(content.into()))
}
