//! The connections of those who ask for pages.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::connection::{Addresses, Protocol, carry, protocol};
use crate::drain::Drained;
use crate::server::Shared;

/// Takes connections until `shutdown` is over; then takes no more, and waits for the requests that were taken.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, shutdown: impl Future<Output = ()>) -> Drained {
    let connections = Arc::new(Semaphore::new(shared.config.http.connections.max(1) as usize));
    let public = Public {
        protocol: Arc::new(protocol(&shared)),
        addresses: Addresses::new(shared.config.http.connections_per_address),
        open: TaskTracker::new(),
        shared: shared.clone(),
    };
    let shutdown = async {
        shutdown.await;
        shared.drain.announce();
        tracing::info!(in_flight = shared.drain.in_flight(), "draining");
        // Until who sends the requests has seen that the server is not ready.
        tokio::time::sleep(shared.config.notice).await;
    };
    tokio::pin!(shutdown);
    loop {
        let accepted = async {
            let permit = connections.clone().acquire_owned().await.expect("the semaphore is never closed");
            (permit, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            (permit, accepted) = accepted => match accepted {
                Ok((stream, peer)) => public.take(stream, peer, permit),
                Err(error) => pause(&error).await,
            },
        }
    }
    // Who has connected already, as far as the system says, may have sent a request.
    while let Ok(permit) = connections.clone().try_acquire_owned()
        && let Some(Ok((stream, peer))) = listener.accept().now_or_never()
    {
        public.take(stream, peer, permit);
    }
    drop(listener);
    tracing::debug!(connections = public.open.len(), stored = shared.caches.size(), "no connection is taken any more");
    shared.drain.begin();
    public.end().await
}

/// A connection that failed before it was taken is its client's affair. What else fails, as where no more files can be opened
/// (`EMFILE`, `ENFILE`), passes once connections end; to ask again at once would take all of a processor meanwhile.
async fn pause(error: &io::Error) {
    let is_the_clients = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !is_the_clients.contains(&error.kind()) {
        tracing::error!(%error, "no connection can be taken; trying again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Public {
    protocol: Arc<Protocol>,
    addresses: Addresses,
    open: TaskTracker,
    shared: Arc<Shared>,
}

impl Public {
    fn take(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let Some(address) = self.addresses.admit(peer.ip()) else {
            tracing::debug!(%peer, "the address has as many connections as it may");
            return;
        };
        // A response is written when it is there: to wait for more would be for a client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let (protocol, shared) = (self.protocol.clone(), self.shared.clone());
        self.open.spawn(async move {
            carry(stream, &protocol, &shared).await;
            drop((permit, address));
        });
    }

    /// Waits for what is in flight, and after a time breaks it off.
    async fn end(self) -> Drained {
        let Self { shared, open, .. } = self;
        open.close();
        let all = async {
            open.wait().await;
            shared.drain.tasks.wait().await;
        };
        let is_over = tokio::time::timeout(shared.config.drain, all).await.is_ok();
        let drained =
            Drained { answered: shared.drain.answered(), cut: if is_over { 0 } else { shared.drain.in_flight() } };
        if !is_over {
            tracing::warn!(
                cut = drained.cut,
                background = shared.drain.tasks.len(),
                "the time for the drain is over: what is left is cut"
            );
            shared.drain.cut();
            // Their tasks see it at once; one that is held up elsewhere is not waited for.
            let _ = tokio::time::timeout(Duration::from_secs(1), open.wait()).await;
        }
        tracing::info!(answered = drained.answered, cut = drained.cut, "drained");
        drained
    }
}
