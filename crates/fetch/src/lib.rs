//! Makes the calls that apps in Dayfly are allowed: HTTP/1.1 over TCP and TLS, by hyper and rustls.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use dayfly::{Bundle, Engine, EngineConfig, Outgoing};
//! use dayfly_fetch::Client;
//!
//! # fn load(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(&EngineConfig::default())?;
//! let outgoing = Outgoing::new(Arc::new(Client::new()?), ["https://api.example.com".parse()?]);
//! let bundle = Bundle::load(&engine, bytes)?.with_outgoing(outgoing);
//! # Ok(())
//! # }
//! ```
//!
//! Each call has a connection of its own, which is closed when the call ends or is dropped: nothing of one app's calls is
//! there for another's. There is no cookie, no cache and no proxy, and nothing is read from the environment. The runtime
//! that renders run in needs `enable_io`.
#![deny(missing_docs)]

mod body;
mod connect;

use std::error::Error;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use bytes::Bytes;
use dayfly::{Body, FetchError, FetchErrorKind, Pending, Transport};
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use self::body::{Connection, Incoming};

/// How many names are looked up at once: each lookup has a thread while it lasts, as the system's resolver works so.
const MOST_LOOKUPS: usize = 64;
/// How many bytes of a response's head are read, and how many headers, whatever the limits are.
const MOST_HEAD: usize = 128 << 10;
const MOST_HEADERS: usize = 256;

/// A [`Transport`] over the network. One a process; cheap to clone.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    lookups: Arc<Semaphore>,
}

impl Client {
    /// Trusts the certificate authorities that Mozilla does.
    ///
    /// # Errors
    /// None is known: rustls makes sure that its parts fit together.
    pub fn new() -> Result<Self, rustls::Error> {
        Self::with_roots([])
    }

    /// The same, and the authorities of these certificates as well.
    ///
    /// # Errors
    /// Of a certificate that cannot be read.
    pub fn with_roots(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        for root in roots {
            store.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_root_certificates(store).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Tickets of one app's connections are not for another's.
        config.resumption = rustls::client::Resumption::disabled();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { tls, lookups: Arc::new(Semaphore::new(MOST_LOOKUPS)) })
    }

    async fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        let permit = self.lookups.clone().acquire_owned().await.expect("the semaphore is never closed");
        let name = (host.to_owned(), port);
        let lookup = tokio::task::spawn_blocking(move || {
            // Held for as long as the thread is, which outlives a call that is dropped.
            let _permit = permit;
            name.to_socket_addrs().map(Iterator::collect)
        });
        let found: io::Result<Vec<SocketAddr>> = lookup.await.unwrap_or_else(|error| Err(error.into()));
        found.map_err(|error| failed(FetchErrorKind::Dns, &format!("the name {host} leads nowhere"), &error))
    }

    async fn call(
        &self,
        mut request: Request<Bytes>,
        addresses: &[SocketAddr],
    ) -> Result<Response<Box<dyn Body>>, FetchError> {
        let url = request.uri().clone();
        let Some(authority) = url.authority() else {
            return Err(FetchError::new(FetchErrorKind::Invalid, format!("{url} has no host")));
        };
        let stream = connect::tcp(authority, addresses).await?;
        let host = HeaderValue::from_str(authority.as_str()).expect("an authority is a header's value");
        request.headers_mut().insert(header::HOST, host);
        if request.body().is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(request.method()) {
            // Some servers will not have it otherwise, and the Fetch Standard says so.
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.uri_mut() = url.path_and_query().map_or_else(|| Uri::from_static("/"), |path| path.clone().into());
        let request = request.map(Full::new);
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MOST_HEAD).max_headers(MOST_HEADERS);
        if url.scheme() == Some(&Scheme::HTTPS) {
            let stream = connect::tls(&self.tls, authority, stream).await?;
            let (sender, connection) = builder.handshake(stream).await.map_err(protocol)?;
            send(sender, Box::pin(connection), request).await
        } else {
            let (sender, connection) = builder.handshake(stream).await.map_err(protocol)?;
            send(sender, Box::pin(connection), request).await
        }
    }
}

async fn send(
    mut sender: http1::SendRequest<Full<Bytes>>,
    connection: Connection,
    request: Request<Full<Bytes>>,
) -> Result<Response<Box<dyn Body>>, FetchError> {
    let mut connection = Some(connection);
    let response = body::driving(&mut connection, sender.send_request(request)).await.map_err(protocol)?;
    Ok(response.map(|incoming| Box::new(Incoming::new(incoming, connection, sender)) as Box<dyn Body>))
}

impl Transport for Client {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Pending<'a, Vec<SocketAddr>> {
        Box::pin(self.look_up(host, port))
    }

    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        addresses: &'a [SocketAddr],
    ) -> Pending<'a, Response<Box<dyn Body>>> {
        Box::pin(self.call(request, addresses))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What went wrong between two that have a connection.
fn protocol(error: hyper::Error) -> FetchError {
    if error.is_parse_too_large() {
        return failed(FetchErrorKind::TooLarge, "the response's headers are too long", &error);
    }
    let what = if error.is_incomplete_message() || is_cut(&error) {
        "the server left before its response had ended"
    } else if error.is_parse() {
        "the server's response is none of HTTP's"
    } else {
        "the connection broke off"
    };
    failed(FetchErrorKind::Protocol, what, &error)
}

/// Whether what led to it is an end that came too early.
fn is_cut(error: &hyper::Error) -> bool {
    let mut next = error.source();
    while let Some(source) = next {
        if source.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof) {
            return true;
        }
        next = source.source();
    }
    false
}

/// A failure with all that led to it.
fn failed(kind: FetchErrorKind, what: &str, error: &dyn Error) -> FetchError {
    let mut message = format!("{what}: {error}");
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        next = source.source();
    }
    FetchError::new(kind, message)
}
