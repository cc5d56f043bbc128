//! A response as its client can have it: compressed, without a body, or not at all.
//!
//! The coding is chosen by `Accept-Encoding` (RFC 9110, 12.5.3): zstd, Brotli or gzip, and of two that are as welcome the former.
//! Compressed is what is text by its type and at least 1 KiB, or comes piece by piece; then each piece goes out as soon as
//! nothing follows it at once. Not compressed is what has a coding, is a part, says `no-transform` (RFC 9111, 5.2.2.6) or is a
//! stream of events. `Vary` says so wherever another request could be answered in another coding.

use std::pin::Pin;

use bytes::Bytes;
use dayfly_http::Body;
use futures_util::FutureExt;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{Either, Empty};
use hyper::body::Body as _;
use tower_http::compression::{Compression, CompressionBody};
use tower_service::Service;

use crate::cache::Directives;
use crate::conditional::{self, NotModified};

/// A body as it is sent: perhaps compressed, as it is, or none. What compresses takes six KiB, and a response is moved some times.
pub(crate) type Sent = Either<Pin<Box<CompressionBody<Body>>>, Either<Body, Empty<Bytes>>>;

/// Smaller ones would save less than a packet.
const LEAST: u64 = 1 << 10;

/// Types of text beside `text/…`, `…+json` and `…+xml`.
const TEXT: [&str; 10] = [
    "application/json",
    "application/javascript",
    "application/xml",
    "application/x-javascript",
    "application/x-ndjson",
    "application/manifest+json",
    "application/graphql",
    "application/wasm",
    "font/otf",
    "font/ttf",
];

/// What of a request its response depends on, at the end.
#[derive(Debug)]
pub(crate) struct Asked {
    method: Method,
    codings: HeaderMap,
}

impl Asked {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let codings = request.headers().get_all(ACCEPT_ENCODING).iter();
        let codings = codings.map(|value| (ACCEPT_ENCODING, value.clone())).collect();
        Self { method: request.method().clone(), codings }
    }
}

/// Makes a response ready to be sent.
pub(crate) fn finish(response: Response<Body>, asked: Asked, compress: bool) -> Response<Sent> {
    let is_head = asked.method == Method::HEAD;
    let mut response = encode(response, asked.codings, compress);
    let is_not_modified = response.extensions_mut().remove::<NotModified>().is_some();
    if is_not_modified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        conditional::strip(response.headers_mut());
    }
    if !is_head && !is_not_modified {
        return response;
    }
    // A response without its body says the length that it would have; but of one that an app gave to HEAD without a body nobody
    // knows it: RFC 9110, 9.3.2.
    let length = response.body().size_hint().exact().filter(|length| *length > 0);
    if let Some(length) = length.filter(|_| is_head && !is_not_modified) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response.map(|_| Either::Right(Either::Right(Empty::new())))
}

fn encode(response: Response<Body>, codings: HeaderMap, compress: bool) -> Response<Sent> {
    if !(compress && is_compressible(&response)) {
        return response.map(|body| Either::Right(Either::Left(body)));
    }
    let status = response.status();
    let was_coded = response.headers().contains_key(CONTENT_ENCODING);
    let mut given = Some(response);
    let give = tower::service_fn(move |_: Request<()>| std::future::ready(given.take().ok_or(Gone)));
    let mut request = Request::new(());
    *request.headers_mut() = codings;
    let encoded = Compression::new(give).compress_when(always).call(request).now_or_never();
    let mut response = match encoded {
        Some(Ok(response)) => response.map(|body| Either::Left(Box::pin(body))),
        // The service has its one answer at once.
        Some(Err(Gone)) | None => Response::new(Either::Right(Either::Right(Empty::new()))),
    };
    // A client that refuses even what is not coded gets it yet, as the standard allows, and as the receipt says.
    *response.status_mut() = status;
    if !was_coded && response.headers().contains_key(CONTENT_ENCODING) {
        conditional::weaken(response.headers_mut());
    }
    response
}

#[derive(Debug)]
struct Gone;

/// Says what was found out before.
fn always(_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions) -> bool {
    true
}

fn is_compressible(response: &Response<Body>) -> bool {
    let headers = response.headers();
    let has_content =
        ![StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    has_content
        && headers.get(CONTENT_TYPE).is_some_and(is_text)
        && response.body().size_hint().exact().is_none_or(|length| length >= LEAST)
        && !Directives::of(headers.get_all(CACHE_CONTROL)).no_transform
}

fn is_text(kind: &HeaderValue) -> bool {
    let Ok(kind) = kind.to_str() else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (kind.starts_with("text/") && kind != "text/event-stream")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || TEXT.contains(&kind.as_str())
}
