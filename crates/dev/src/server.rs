//! Takes requests, of this machine only.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dayfly::Engine;
use dayfly_bundler::Bundler;
use dayfly_http::{Body, streamed, whole};
use http::header::HOST;
use http::uri::Authority;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::body::{response, text};
use crate::build::Dev;
use crate::event::Event;
use crate::live::{Live, keep_building};
use crate::overlay::{CLIENT, CLIENT_PATH, EVENTS_PATH};
use crate::respond::respond;

/// How often a page that waits for news is written to, so that one that is gone is found out.
const PING: Duration = Duration::from_secs(15);

/// Nothing can be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another program listens there.
    #[error("port {0} is in use by another program")]
    PortInUse(u16),
    /// The port cannot be had for another reason.
    #[error("port {port} cannot be listened on: {cause}")]
    Port {
        /// Which one.
        port: u16,
        /// What the system says.
        cause: std::io::Error,
    },
}

/// Listens on this machine's own addresses, 127.0.0.1 and, where there is one, ::1: browsers take either for `localhost`. Port 0
/// is a free one. Gives the port with the listeners.
///
/// # Errors
/// [`Error`] if the port cannot be had.
pub async fn listen(port: u16) -> Result<(u16, Vec<TcpListener>), Error> {
    let wrong = |cause: std::io::Error| match cause.kind() {
        ErrorKind::AddrInUse => Error::PortInUse(port),
        _ => Error::Port { port, cause },
    };
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(wrong)?;
    let found = first.local_addr().map_err(wrong)?.port();
    let second = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, found))).await;
    match second {
        Ok(second) => Ok((found, vec![first, second])),
        // Of a port that was asked for, half would be somebody else's.
        Err(cause) if port != 0 && cause.kind() == ErrorKind::AddrInUse => Err(wrong(cause)),
        // A machine without IPv6.
        Err(_) => Ok((found, vec![first])),
    }
}

/// What the requests share.
pub(crate) struct Shared {
    pub(crate) dev: Arc<Dev>,
    pub(crate) engine: Engine,
    pub(crate) live: watch::Sender<Live>,
    pub(crate) events: mpsc::Sender<Event>,
}

/// Builds the app and answers requests with it, until `shutdown` is over: then nothing is answered any more, and requests that
/// are being answered are broken off. What is to be told the author goes to `events`, and waits there until it is read.
pub async fn serve(
    listeners: Vec<TcpListener>,
    dev: Dev,
    bundler: Bundler,
    engine: Engine,
    events: mpsc::Sender<Event>,
    shutdown: impl Future<Output = ()>,
) {
    let (dev, live) = (Arc::new(dev), watch::Sender::new(Live::default()));
    let shared =
        Arc::new(Shared { dev: dev.clone(), engine: engine.clone(), live: live.clone(), events: events.clone() });
    // Dropping the set ends what is in it.
    let mut tasks = JoinSet::new();
    for listener in listeners {
        tasks.spawn(accept(listener, shared.clone()));
    }
    tasks.spawn(keep_building(dev, bundler, engine, live, events));
    shutdown.await;
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            // As when no more files can be opened: that passes.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let shared = shared.clone();
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(route(shared, request).await) }
        });
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            // A connection that breaks off is its client's affair.
            let _ = connection.await;
        });
    }
}

async fn route(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    if let Err(why) = check_host(&request) {
        return text(StatusCode::FORBIDDEN, why);
    }
    match request.uri().path() {
        EVENTS_PATH => news(&shared),
        CLIENT_PATH => response(StatusCode::OK, "text/javascript; charset=utf-8", whole(CLIENT)),
        _ => respond(shared, request).await,
    }
}

/// Whether a request names this machine. A page of another site may have a name of its own lead here, and would then read what
/// is served.
fn check_host(request: &Request<Incoming>) -> Result<(), String> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).and_then(|host| host.parse::<Authority>().ok());
    match host {
        Some(host) if hosts.next().is_none() && is_loopback(host.host()) => Ok(()),
        Some(host) => Err(format!("the host {} is not this machine: open http://localhost\n", host.host())),
        None => Err("a request names its host: open http://localhost\n".into()),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Which build is served and what is wrong, now and whenever that changes.
fn news(shared: &Shared) -> Response<Body> {
    let (mut pieces, body) = streamed();
    let mut live = shared.live.subscribe();
    tokio::spawn(async move {
        let mut message = String::from("retry: 500\n\n");
        loop {
            let now = live.borrow_and_update().clone();
            if now.is_settled() {
                message.push_str(&format!("data: {}\n\n", now.message()));
            }
            loop {
                if pieces.send_data(std::mem::take(&mut message).into()).await.is_err() {
                    return;
                }
                match tokio::time::timeout(PING, live.changed()).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return,
                    Err(_) => message.push_str(":\n\n"),
                }
            }
        }
    });
    response(StatusCode::OK, "text/event-stream", body)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn names_of_this_machine_are_told_from_those_that_look_like_one() {
        for name in ["localhost", "LOCALHOST", "localhost.", "app.localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in [
            "",
            "evil.test",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "notlocalhost",
            "10.0.0.1",
            "[::2]",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(name), "{name}");
        }
    }
}
