//! A response's body, and the connection that it comes by.

use std::pin::{Pin, pin};

use bytes::Bytes;
use dayfly::{Body, FetchError, Pending};
use http_body_util::{BodyExt, Full};
use hyper::body;
use hyper::client::conn::http1::SendRequest;

use crate::protocol;

/// The work of a connection. It ends with the connection.
pub(crate) type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// Does `work` while the connection works: it does so at no other time, so that nothing is read that nobody waits for.
pub(crate) async fn driving<T>(connection: &mut Option<Connection>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        // What is wrong with it is said to `work` too.
        if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
            *connection = None;
        }
        work.as_mut().poll(context)
    })
    .await
}

/// A body that is read from its connection. Dropping it closes that.
pub(crate) struct Incoming {
    body: body::Incoming,
    connection: Option<Connection>,
    /// Without it the connection would end before its response.
    _sender: SendRequest<Full<Bytes>>,
}

impl Incoming {
    pub(crate) fn new(body: body::Incoming, connection: Option<Connection>, sender: SendRequest<Full<Bytes>>) -> Self {
        Self { body, connection, _sender: sender }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            let Self { body, connection, .. } = self;
            match driving(connection, body.frame()).await {
                None => return Ok(None),
                // Trailers are passed over, as `fetch` has none.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => return Err(protocol(error)),
            }
        }
    }
}

impl Body for Incoming {
    fn chunk(&mut self) -> Pending<'_, Option<Bytes>> {
        Box::pin(self.next())
    }
}
