//! The connections of those who ask for pages.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;

use crate::connection::{Addresses, Answers, carry, waited_enough};
use crate::drain::Drained;
use crate::socket::{Socket, Stream};

/// Where connections come in, over TLS or not.
pub(crate) struct Listener {
    pub(crate) socket: Socket,
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Marks a request that came over TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure;

/// Takes connections until `shutdown` is over; then takes no more, and waits for the requests that were taken.
pub(crate) async fn serve<S: Answers>(
    listeners: Vec<Listener>,
    shared: Arc<S>,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let public = Public {
        connections: Arc::new(Semaphore::new(shared.config().load().http.connections.max(1) as usize)),
        addresses: Addresses::default(),
        open: TaskTracker::new(),
        shared: shared.clone(),
    };
    let shutdown = async {
        shutdown.await;
        shared.drain().announce();
        tracing::info!(in_flight = shared.drain().in_flight(), "draining");
        // Until who sends the requests has seen that the server is not ready.
        let notice = shared.config().load().notice;
        tokio::time::sleep(notice).await;
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        _ = join_all(listeners.iter().map(|listener| public.accept(listener))) => {}
    }
    // Who has connected already, as far as the system says, may have sent a request.
    listeners.iter().for_each(|listener| public.accept_the_rest(listener));
    drop(listeners);
    tracing::debug!(connections = public.open.len(), "no connection is taken any more");
    shared.drain().begin();
    public.end().await
}

/// A connection that failed before it was taken is its client's affair. What else fails, as where no more files can be opened
/// (`EMFILE`, `ENFILE`), passes once connections end; to ask again at once would take all of a processor meanwhile.
pub(crate) async fn pause(error: &io::Error) {
    let is_the_clients = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !is_the_clients.contains(&error.kind()) {
        tracing::error!(%error, "no connection can be taken; trying again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Public<S> {
    connections: Arc<Semaphore>,
    addresses: Addresses,
    open: TaskTracker,
    shared: Arc<S>,
}

impl<S: Answers> Public<S> {
    /// Takes the connections of one listener, for ever.
    async fn accept(&self, listener: &Listener) {
        loop {
            match listener.socket.accept().await {
                Ok((stream, peer)) => {
                    // Not before: a listener that waits would keep from the others what it does not need yet.
                    let permit = self.connections.clone().acquire_owned().await;
                    self.take(listener, stream, peer, permit.expect("the semaphore is never closed"));
                }
                Err(error) => pause(&error).await,
            }
        }
    }

    /// Takes those that are there.
    fn accept_the_rest(&self, listener: &Listener) {
        while let Ok(permit) = self.connections.clone().try_acquire_owned()
            && let Some(Ok((stream, peer))) = listener.socket.accept().now_or_never()
        {
            self.take(listener, stream, peer, permit);
        }
    }

    fn take(&self, listener: &Listener, stream: Stream, peer: Option<SocketAddr>, permit: OwnedSemaphorePermit) {
        let most = self.shared.config().load().http.connections_per_address;
        let address = peer.map(|peer| self.addresses.admit(peer.ip(), most).ok_or(peer));
        let address = match address.transpose() {
            Ok(address) => address,
            Err(peer) => {
                tracing::debug!(%peer, "the address has as many connections as it may");
                return;
            }
        };
        let (shared, tls) = (self.shared.clone(), listener.tls.clone());
        self.open.spawn(async move {
            match tls {
                None => carry(stream, false, &shared).await,
                Some(acceptor) => {
                    if let Some(stream) = agree(stream, &acceptor, &*shared).await {
                        carry(stream, true, &shared).await;
                    }
                }
            }
            drop((permit, address));
        });
    }

    /// Waits for what is in flight, and after a time breaks it off.
    async fn end(self) -> Drained {
        let Self { shared, open, .. } = self;
        open.close();
        let all = async || {
            open.wait().await;
            shared.drain().background_is_over().await;
        };
        let patience = shared.config().load().drain;
        let is_over = tokio::time::timeout(patience, all()).await.is_ok();
        let drained =
            Drained { answered: shared.drain().answered(), cut: if is_over { 0 } else { shared.drain().in_flight() } };
        if !is_over {
            tracing::warn!(
                cut = drained.cut,
                background = shared.drain().background(),
                "the time for the drain is over: what is left is cut"
            );
            shared.drain().cut();
            // Their tasks see it at once; one that is held up elsewhere is not waited for.
            let _ = tokio::time::timeout(Duration::from_secs(1), all()).await;
        }
        tracing::info!(answered = drained.answered, cut = drained.cut, "drained");
        drained
    }
}

/// Agrees on keys with a client. What is no client of TLS, or takes too long, is not answered.
async fn agree(stream: Stream, acceptor: &TlsAcceptor, shared: &impl Answers) -> Option<TlsStream<Stream>> {
    let patience = shared.config().load().tls.as_ref().map_or(Duration::from_secs(10), |tls| tls.handshake_time);
    tokio::select! {
        agreed = tokio::time::timeout(patience, acceptor.accept(stream)) => agreed.ok()?.ok(),
        // It has not asked for anything yet.
        () = waited_enough(shared) => None,
    }
}
