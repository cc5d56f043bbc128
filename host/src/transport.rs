//! What makes the calls that apps are allowed: the part that the host's program brings.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};

use crate::contract::outgoing;

/// What a transport does, in progress. Dropping it ends it.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, FetchError>> + Send + 'a>>;

/// Sends requests over the network. `dayfly-fetch` has one; this crate has none, and knows no HTTP beyond its types.
///
/// What may be called is no affair of a transport's: the host asks it where a name leads, checks each address, and gives
/// it those that may be connected to. Time, counts and bytes are the host's too.
pub trait Transport: fmt::Debug + Send + Sync {
    /// The addresses that a name leads to. Not asked for a host that is an address.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Pending<'a, Vec<SocketAddr>>;

    /// Sends one request, and gives the response as soon as its head is there. It connects to one of `addresses` and to
    /// nothing else, follows no redirect, and adds no credentials. The URL is whole; `host` and `content-length` are not
    /// among the headers.
    fn send<'a>(&'a self, request: Request<Bytes>, addresses: &'a [SocketAddr])
    -> Pending<'a, Response<Box<dyn Body>>>;
}

/// A response's body, which is read as it comes.
pub trait Body: Send {
    /// The next piece, of any size; nothing at the end.
    fn chunk(&mut self) -> Pending<'_, Option<Bytes>>;
}

/// Why a call of an app's failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// What kind of failure it is.
    pub kind: FetchErrorKind,
    /// What happened, in a sentence for the app's author.
    pub message: String,
}

impl FetchError {
    /// A failure of that kind.
    pub fn new(kind: FetchErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// What kind of failure a call's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The app may not call that origin, or its name leads to an address that the app may not reach.
    NotAllowed,
    /// The request is none that can be sent.
    Invalid,
    /// The name leads nowhere.
    Dns,
    /// There is no connection.
    Connect,
    /// The connection is not safe.
    Tls,
    /// The other side does not keep to HTTP, or left before its response had ended.
    Protocol,
    /// It took longer than [`Limits::fetch_time`](crate::Limits::fetch_time).
    Timeout,
    /// There were as many calls as [`Limits::fetches`](crate::Limits::fetches).
    TooMany,
    /// It is more than [`Limits::fetch_request`](crate::Limits::fetch_request),
    /// [`Limits::fetch_response`](crate::Limits::fetch_response) or [`Limits::headers`](crate::Limits::headers).
    TooLarge,
    /// The app, or the end of its render, ended it before there was a response.
    Cancelled,
}

impl FetchErrorKind {
    /// A stable name for machines: `not-allowed`, `timeout`, …. The app finds it as `error.cause.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "not-allowed",
            Self::Invalid => "invalid",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::TooMany => "too-many",
            Self::TooLarge => "too-large",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<FetchError> for outgoing::Error {
    fn from(error: FetchError) -> Self {
        let kind = match error.kind {
            FetchErrorKind::NotAllowed => outgoing::ErrorKind::NotAllowed,
            FetchErrorKind::Invalid => outgoing::ErrorKind::Invalid,
            FetchErrorKind::Dns => outgoing::ErrorKind::Dns,
            FetchErrorKind::Connect => outgoing::ErrorKind::Connect,
            FetchErrorKind::Tls => outgoing::ErrorKind::Tls,
            // A call that was cancelled tells nobody; a transport that says so of itself has broken off.
            FetchErrorKind::Protocol | FetchErrorKind::Cancelled => outgoing::ErrorKind::Protocol,
            FetchErrorKind::Timeout => outgoing::ErrorKind::Timeout,
            FetchErrorKind::TooMany => outgoing::ErrorKind::TooMany,
            FetchErrorKind::TooLarge => outgoing::ErrorKind::TooLarge,
        };
        Self { kind, message: error.message }
    }
}
