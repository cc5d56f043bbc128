//! The end of a connection whose client still sends: RFC 9112, 9.6.
//!
//! What comes to a socket that was closed is answered with a reset, and that takes from the client what it has not read yet: the
//! response that says why its body was not wanted. So only one direction is closed, and the other read until the client has seen it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// For so long at most a client may go on.
const LONGEST: Duration = Duration::from_secs(5);

/// For so long it may be silent.
const SILENCE: Duration = Duration::from_secs(1);

/// A connection that comes back when who has it is done with it.
#[derive(Debug)]
pub(crate) struct Lent<I> {
    io: Option<I>,
    back: Arc<Mutex<Option<I>>>,
}

/// Where it comes back to.
#[derive(Debug)]
pub(crate) struct Owner<I>(Arc<Mutex<Option<I>>>);

/// Lends a connection.
pub(crate) fn lend<I>(io: I) -> (Lent<I>, Owner<I>) {
    let back = Arc::default();
    (Lent { io: Some(io), back: Arc::clone(&back) }, Owner(back))
}

impl<I> Owner<I> {
    /// The connection, once it has come back.
    pub(crate) fn back(self) -> Option<I> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<I> Drop for Lent<I> {
    fn drop(&mut self) {
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = self.io.take();
    }
}

/// Tells the client that nothing follows, and reads what it sends still.
pub(crate) async fn linger<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    let read = async {
        if io.shutdown().await.is_err() {
            return;
        }
        let mut bytes = vec![0; 16 << 10];
        while let Ok(Ok(1..)) = tokio::time::timeout(SILENCE, io.read(&mut bytes)).await {}
    };
    let _ = tokio::time::timeout(LONGEST, read).await;
}

impl<I: Unpin> Lent<I> {
    fn io(self: Pin<&mut Self>) -> Pin<&mut I> {
        Pin::new(self.get_mut().io.as_mut().expect("it is taken out by drop alone"))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lent<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io().poll_read(cx, bytes)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Lent<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }
}
