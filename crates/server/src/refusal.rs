//! Responses of ours, where an app gives none: what went wrong, by a stable code.

use std::time::Duration;

use bytes::Bytes;
use dayfly::{Failure, Limit};
use dayfly_http::{Body, whole};
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::json;

/// Why a request has no response of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No tenant has a route for it.
    NoTenant,
    /// The tenant has no app yet.
    NoApp,
    /// The tenant was suspended.
    Suspended,
    UrlTooLong,
    BadRequest,
    /// The app renders pages, and was asked otherwise than by GET, HEAD or a POST of JSON.
    MethodNotAllowed,
    /// More requests a second than the tenant may have; how long until the next one may come.
    RateLimited(Duration),
    QueueFull,
    QueueTimedOut,
    /// The process has too little memory left to render anything.
    MemoryShort,
    /// The request's body did not come whole.
    BodyIncomplete,
    /// It came too slowly.
    BodyTooSlow,
    /// The request wants a stored response (`only-if-cached`), and there is none.
    NotCached,
    /// The app failed.
    Threw,
    Unsettled,
    Exceeded(Limit),
    /// The process of the tenant's group is not there, or has ended meanwhile.
    GroupDown,
    /// The host or the bundle is not as it should be.
    Internal,
}

impl Refusal {
    /// A stable name for machines.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoTenant => "no-tenant",
            Self::NoApp => "no-app",
            Self::Suspended => "suspended",
            Self::UrlTooLong => "url-too-long",
            Self::BadRequest => "bad-request",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RateLimited(_) => "rate-limited",
            Self::QueueFull => "queue-full",
            Self::QueueTimedOut => "queue-timed-out",
            Self::MemoryShort => "memory-short",
            Self::BodyIncomplete => "body-incomplete",
            Self::BodyTooSlow => "body-too-slow",
            Self::NotCached => "not-cached",
            Self::Threw => "app-threw",
            Self::Unsettled => "app-unsettled",
            Self::Exceeded(limit) => limit_code(limit),
            Self::GroupDown => "group-down",
            Self::Internal => "internal",
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NoTenant => StatusCode::NOT_FOUND,
            Self::UrlTooLong => StatusCode::URI_TOO_LONG,
            Self::BadRequest | Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NoApp
            | Self::Suspended
            | Self::QueueFull
            | Self::QueueTimedOut
            | Self::MemoryShort
            | Self::GroupDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Exceeded(Limit::Request) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Exceeded(Limit::Headers) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Exceeded(Limit::Wall) | Self::NotCached => StatusCode::GATEWAY_TIMEOUT,
            Self::Threw | Self::Unsettled | Self::Exceeded(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For who asked: nothing of the app, of other tenants or of this host.
    fn text(self) -> &'static str {
        match self {
            Self::NoTenant => "nothing is served here",
            Self::NoApp => "nothing is served here yet",
            Self::Suspended => "this site is suspended",
            Self::UrlTooLong => "the URL is too long",
            Self::BadRequest => "the request is not one that can be answered",
            Self::MethodNotAllowed => "the page is asked for with GET, or with a POST of JSON",
            Self::RateLimited(_) => "too many requests: try again later",
            Self::QueueFull | Self::QueueTimedOut | Self::MemoryShort => "too busy: try again later",
            Self::BodyIncomplete => "the request's body did not come whole",
            Self::BodyTooSlow => "the request's body came too slowly",
            Self::GroupDown => "this site is not there just now: try again later",
            Self::NotCached => "no stored response is there",
            Self::Exceeded(Limit::Request) => "the request is too large",
            Self::Exceeded(Limit::Headers) => "the headers are too large",
            Self::Exceeded(Limit::Wall) => "the page took too long",
            Self::Threw | Self::Unsettled | Self::Exceeded(_) | Self::Internal => "the page could not be made",
        }
    }

    /// Seconds after which to try again.
    fn retry_after(self) -> Option<u64> {
        match self {
            Self::RateLimited(wait) => Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            Self::QueueFull | Self::QueueTimedOut | Self::MemoryShort | Self::GroupDown => Some(1),
            _ => None,
        }
    }

    /// The response: as RFC 9457 has it (`application/problem+json`) for who accepts JSON, else in plain text.
    pub(crate) fn response(self, id: &str, accepts_json: bool) -> Response<Body> {
        let status = self.status();
        let (kind, text) = if accepts_json {
            let problem = json!({ "title": self.text(), "status": status.as_u16(), "code": self.code(), "id": id });
            ("application/problem+json", format!("{problem}\n"))
        } else {
            ("text/plain; charset=utf-8", format!("{}: {}\nrequest {id}\n", self.code(), self.text()))
        };
        let mut response = Response::new(whole(Bytes::from(text)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::BadRequest | Self::UrlTooLong | Self::Exceeded(Limit::Headers)) {
            response.extensions_mut().insert(Last);
        } else if self == Self::MethodNotAllowed {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}

/// A mark of a response after which nothing more is read of its connection, as other servers have it: its request had a head that is
/// none, or too much, and what stands behind it may be meant as a part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last;

/// Whether who asks accepts JSON: `application/json`, or another type whose name ends so.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    accepted
        .flat_map(|accept| accept.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|kind| kind.trim_ascii_end().to_ascii_lowercase().ends_with("json"))
}

impl From<&Failure> for Refusal {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Threw(_) => Self::Threw,
            Failure::Unsettled => Self::Unsettled,
            Failure::Exceeded { limit, .. } => Self::Exceeded(*limit),
            _ => Self::Internal,
        }
    }
}

fn limit_code(limit: Limit) -> &'static str {
    match limit {
        Limit::Fuel => "limit-fuel",
        Limit::Cpu => "limit-cpu",
        Limit::Wall => "limit-wall",
        Limit::Memory => "limit-memory",
        Limit::JsStack => "limit-js-stack",
        Limit::WasmStack => "limit-wasm-stack",
        Limit::Page => "limit-page",
        Limit::ConsoleLines => "limit-console-lines",
        Limit::ConsoleBytes => "limit-console-bytes",
        Limit::Request => "limit-request",
        Limit::Headers => "limit-headers",
        Limit::ResponseHeaders => "limit-response-headers",
        _ => "limit",
    }
}
