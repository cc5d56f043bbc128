//! The body of a request, from a file or from standard input.

use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use anyhow::Result;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{Either, Full};
use tokio::sync::oneshot;

/// How many bytes are read of standard input at once.
const MOST_PIECE: usize = 64 << 10;

/// A file that has been read, or standard input as it comes.
pub(crate) type Body = Either<Full<Bytes>, Piped>;

/// The body that is in a file, or that comes on standard input for `-`; without either an empty one.
pub(crate) fn body(path: Option<&Path>) -> Result<Body> {
    Ok(match path {
        None => Either::Left(Full::default()),
        Some(path) if path == Path::new("-") => Either::Right(Piped::default()),
        Some(path) => Either::Left(Full::from(super::read(path)?)),
    })
}

/// Standard input, of which a piece is read once it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Piped {
    coming: Option<oneshot::Receiver<io::Result<Bytes>>>,
}

impl http_body::Body for Piped {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let coming = self.coming.get_or_insert_with(|| {
            let (sender, coming) = oneshot::channel();
            // A thread of its own, which a runtime that ends does not wait for: what is typed may never come.
            thread::spawn(move || sender.send(piece()));
            coming
        });
        let read = ready!(Pin::new(coming).poll(context));
        self.coming = None;
        Poll::Ready(match read.unwrap_or_else(|_| Err(io::Error::other("nobody reads it any more"))) {
            Ok(piece) if piece.is_empty() => None,
            read => Some(read.map(Frame::data)),
        })
    }
}

/// The next piece; an empty one at the end.
fn piece() -> io::Result<Bytes> {
    let mut piece = vec![0; MOST_PIECE];
    let length = io::stdin().read(&mut piece)?;
    piece.truncate(length);
    Ok(piece.into())
}
