//! Connections to addresses that were checked, and to no others.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use dayfly::{FetchError, FetchErrorKind};
use http::Uri;
use http::uri::Authority;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use crate::failed;

/// How long addresses of one version of IP are tried alone, as RFC 8305 has it.
const HEAD_START: Duration = Duration::from_millis(300);

/// Gives the addresses that it was made with, whatever the name.
#[derive(Clone)]
struct Checked(Vec<SocketAddr>);

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

/// Connects to one of the addresses, the first that answers of either version of IP.
pub(crate) async fn tcp(authority: &Authority, addresses: &[SocketAddr]) -> Result<TokioIo<TcpStream>, FetchError> {
    let mut connector = HttpConnector::new_with_resolver(Checked(addresses.to_vec()));
    connector.set_nodelay(true);
    connector.set_happy_eyeballs_timeout(Some(HEAD_START));
    // A host that is an address is not asked for; any other stands for the addresses above, port and all.
    let port = addresses.first().map_or(0, SocketAddr::port);
    let target = format!("http://{}:{port}/", authority.host());
    let target: Uri = target.parse().map_err(|error: http::uri::InvalidUri| {
        failed(FetchErrorKind::Invalid, "the host cannot be connected to", &error)
    })?;
    let connected = connector.call(target).await;
    connected.map_err(|error| failed(FetchErrorKind::Connect, &format!("no connection to {authority}"), &error))
}

/// Makes a connection safe.
pub(crate) async fn tls(
    connector: &TlsConnector,
    authority: &Authority,
    stream: TokioIo<TcpStream>,
) -> Result<TokioIo<TlsStream<TcpStream>>, FetchError> {
    let wrong = |error: &dyn std::error::Error| {
        failed(FetchErrorKind::Tls, &format!("the connection to {authority} is not safe"), error)
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| wrong(&error))?;
    let stream = connector.connect(name, stream.into_inner()).await.map_err(|error| wrong(&error))?;
    Ok(TokioIo::new(stream))
}
