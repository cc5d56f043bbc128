//! The connections of those who ask for pages.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::config::Http;
use crate::respond::respond;
use crate::server::Shared;

/// Where connections come in, over TLS or not.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Marks a request that came over TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure;

/// Takes connections until `shutdown` is over; then takes no more, and waits for the requests that were taken.
pub(crate) async fn serve(listeners: Vec<Listener>, shared: Arc<Shared>, shutdown: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(shared.config.load().http.connections.max(1) as usize));
    let graceful = GracefulShutdown::new();
    let accepting = join_all(listeners.iter().map(|listener| accept(listener, &shared, &connections, &graceful)));
    tokio::select! {
        biased;
        () = shutdown => {}
        _ = accepting => {}
    }
    drop(listeners);
    graceful.shutdown().await;
}

async fn accept(listener: &Listener, shared: &Arc<Shared>, connections: &Arc<Semaphore>, graceful: &GracefulShutdown) {
    loop {
        let Ok((stream, _)) = listener.socket.accept().await else {
            // As when no more files can be opened: that passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Not before: a listener that waits would keep from the others what it does not need yet.
        let permit = connections.clone().acquire_owned().await.expect("the semaphore is never closed");
        // A response is written when it is there: to wait for more would be for a client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let (shared, watcher, tls) = (shared.clone(), graceful.watcher(), listener.tls.clone());
        tokio::spawn(async move {
            match tls {
                None => answer(stream, false, shared, watcher).await,
                Some(acceptor) => answer_over_tls(stream, &acceptor, shared, watcher).await,
            }
            drop(permit);
        });
    }
}

/// Agrees on keys first. What is no client of TLS, or takes too long, is not answered.
async fn answer_over_tls(stream: TcpStream, acceptor: &TlsAcceptor, shared: Arc<Shared>, watcher: Watcher) {
    let patience = shared.config.load().tls.as_ref().map_or(Duration::from_secs(10), |tls| tls.handshake_time);
    if let Ok(Ok(stream)) = tokio::time::timeout(patience, acceptor.accept(stream)).await {
        answer(stream, true, shared, watcher).await;
    }
}

/// Answers the requests of one connection.
async fn answer<S>(stream: S, is_secure: bool, shared: Arc<Shared>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = builder(&shared.config.load().http);
    let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        if is_secure {
            request.extensions_mut().insert(Secure);
        }
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(respond(shared, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    // A connection that breaks off is its client's affair.
    let _ = watcher.watch(connection).await;
}

fn builder(http: &Http) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(http.head_time).pipeline_flush(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(http.streams)
        .max_header_list_size(64 << 10)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    builder
}
