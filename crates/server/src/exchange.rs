//! Calls of the server's own, by the client that makes those of apps: to collectors and webhooks.

use bytes::{Bytes, BytesMut};
use dayfly::{Body, Transport};
use dayfly_fetch::Client;
use http::{Request, Response};
use opentelemetry_http::{HttpError, ResponseBodyTooLarge};

/// How large an answer may be. It is a count or a sentence.
const MOST_ANSWER: usize = 64 << 10;

/// Sends a request to the host of its URL; gives the answer, whole. Who calls it bounds the time.
pub(crate) async fn exchange(client: &Client, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri();
    let host = uri.host().ok_or("the URL has no host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let addresses = client.resolve(host, port).await?;
    // The sender says these.
    request.headers_mut().remove(http::header::HOST);
    request.headers_mut().remove(http::header::CONTENT_LENGTH);
    let (head, mut body) = client.send(request, &addresses).await?.into_parts();
    let mut whole = BytesMut::new();
    while let Some(chunk) = next(&mut *body).await? {
        if whole.len() + chunk.len() > MOST_ANSWER {
            return Err(ResponseBodyTooLarge::new().into());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Response::from_parts(head, whole.freeze()))
}

async fn next(body: &mut dyn Body) -> Result<Option<Bytes>, HttpError> {
    Ok(body.chunk().await?)
}
