//! A request's body, of whatever type: how much of it is there when the handler is called, and what comes after.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};

use crate::transport::{self, FetchError, FetchErrorKind, Pending};

/// A body, as the handler is given it.
pub(crate) enum Body {
    None,
    /// All of it is there.
    Whole(Bytes),
    /// It comes piece by piece.
    Streamed(Box<dyn transport::Body>),
}

impl Body {
    /// Looks at what is there of a body now: no more than one piece is taken of it, and nothing is waited for. If the client
    /// waits until it is asked for its body, that is left to the app.
    pub(crate) async fn of<B>(headers: &HeaderMap, body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if body.is_end_stream() {
            return Self::None;
        }
        let mut coming = Coming { body: Box::pin(body), first: None };
        // To look is to ask for it: a connection answers with 100 (RFC 9110, 10.1.1).
        if headers.contains_key(EXPECT) {
            return Self::Streamed(Box::new(coming));
        }
        let mut first = coming.now().await;
        if first.is_none() {
            // A connection hands the body on in its next turn, when it has come with the head.
            tokio::task::yield_now().await;
            first = coming.now().await;
        }
        match first {
            Some(Ok(None)) => Self::None,
            Some(Ok(Some(whole))) if coming.body.is_end_stream() => Self::Whole(whole),
            first => {
                coming.first = first;
                Self::Streamed(Box::new(coming))
            }
        }
    }
}

/// How many bytes a body has at least, as far as it is said before it comes.
pub(crate) fn declared_length(headers: &HeaderMap, body: &impl http_body::Body) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    body.size_hint().lower().max(length.unwrap_or(0))
}

/// What comes of a body.
type Piece = Result<Option<Bytes>, FetchError>;

/// A body that has not come to its end.
struct Coming<B> {
    body: Pin<Box<B>>,
    /// What was taken of it before the handler was called.
    first: Option<Piece>,
}

impl<B> Coming<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// The next piece, if it is there.
    async fn now(&mut self) -> Option<Piece> {
        std::future::poll_fn(|context| match self.poll(context) {
            Poll::Ready(piece) => Poll::Ready(Some(piece)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        loop {
            return Poll::Ready(match ready!(self.body.as_mut().poll_frame(context)) {
                None => Ok(None),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => Ok(Some(piece)),
                    // Trailers, which an app has no way to read.
                    Err(_) => continue,
                },
                Some(Err(error)) => Err(broken_off(error.into().as_ref())),
            });
        }
    }
}

impl<B> transport::Body for Coming<B>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn chunk(&mut self) -> Pending<'_, Option<Bytes>> {
        Box::pin(async {
            match self.first.take() {
                Some(first) => first,
                None => std::future::poll_fn(|context| self.poll(context)).await,
            }
        })
    }
}

/// What the app is told of a body that ended before its end.
fn broken_off(error: &(dyn Error + 'static)) -> FetchError {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
    FetchError::new(FetchErrorKind::Protocol, message)
}
