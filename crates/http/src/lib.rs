//! What the servers of Dayfly have in common: bodies of responses, and headers that are a connection's.
#![deny(missing_docs)]

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, Method};
use http_body::Frame;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{Either, Full};

/// A body that is there, or one that comes.
pub type Body = Either<Full<Bytes>, Streamed>;

/// What sends a body that comes.
pub type Pieces = Sender<Bytes, Cut>;

/// The app's body ended before its end: the connection is broken off, so that the reader learns of it.
#[derive(Debug, thiserror::Error)]
#[error("the app's body was cut")]
pub struct Cut;

/// A body that comes, and what sends it.
pub fn streamed() -> (Pieces, Body) {
    let (pieces, body) = Channel::new(1);
    (pieces, Either::Right(Streamed(Some(body))))
}

/// A channel that may be asked again after its end, as a compressor does; it would panic by itself.
#[derive(Debug)]
pub struct Streamed(Option<Channel<Bytes, Cut>>);

impl http_body::Body for Streamed {
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
pub fn whole(content: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(content.into()))
}

/// Headers of a connection, and not of a request or a response: RFC 9110, 7.6.1.
const OF_THE_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Takes off what is the connection's: the headers that always are, and those that `Connection` names.
pub fn strip_connection(headers: &mut HeaderMap) {
    // As in most of them there is none, and to look each up takes longer than to go through them.
    if !headers.keys().any(|name| OF_THE_CONNECTION.contains(&name.as_str())) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    named.into_iter().for_each(|name| drop(headers.remove(name)));
    OF_THE_CONNECTION.into_iter().for_each(|name| drop(headers.remove(name)));
}

/// Takes off what an app says of its body's length: it would be sent as it is, and whoever reads the next response would begin in the
/// wrong place. To HEAD it is the length of what is not sent.
pub fn strip_length(headers: &mut HeaderMap, method: &Method, is_empty: bool) {
    if method != Method::HEAD || !is_empty {
        headers.remove(CONTENT_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_LENGTH;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::{strip_connection, strip_length};

    #[test]
    fn what_is_the_connections_is_taken_off_and_the_rest_stays() {
        let headers =
            [("connection", "close, X-Hop"), ("x-hop", "1"), ("te", "trailers"), ("upgrade", "h2c"), ("x-kept", "2")];
        let mut headers: HeaderMap = headers
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        strip_connection(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    }

    #[test]
    fn the_length_that_an_app_says_is_kept_where_no_body_is_sent() {
        for (method, is_empty, is_kept) in [
            (Method::GET, false, false),
            (Method::GET, true, false),
            (Method::HEAD, false, false),
            (Method::HEAD, true, true),
        ] {
            let mut headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("999"))]);
            strip_length(&mut headers, &method, is_empty);
            assert_eq!(headers.contains_key(CONTENT_LENGTH), is_kept, "{method} {is_empty}");
        }
    }
}
