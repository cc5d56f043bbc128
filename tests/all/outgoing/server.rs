//! Servers on loopback: one that keeps to HTTP, and ones that do not.

use std::convert::Infallible;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use crate::support::runtime;

/// A server that answers as the path of a request says, until the test's process ends. Gives its origin.
pub(super) fn start() -> String {
    serve(None)
}

/// The same over TLS.
pub(super) fn start_tls(acceptor: TlsAcceptor) -> String {
    serve(Some(acceptor))
}

fn serve(tls: Option<TlsAcceptor>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("{}://{}", if tls.is_some() { "https" } else { "http" }, listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    // For `/both`, of which each waits for the other.
    let barrier = Arc::new(Barrier::new(2));
    runtime().spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, barrier) = (tls.clone(), barrier.clone());
            let service = service_fn(move |request| answer(request, barrier.clone()));
            tokio::spawn(async move {
                // A client that leaves is what some tests are about.
                match tls {
                    None => drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await),
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            });
        }
    });
    origin
}

async fn answer(request: Request<Incoming>, barrier: Arc<Barrier>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let whole = |text: String| Full::new(Bytes::from(text));
    Ok(match head.uri.path() {
        // What was sent, as JSON.
        "/echo" => {
            let body = body.collect().await.unwrap().to_bytes();
            let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                (name.to_string(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>().into())
            };
            let headers: serde_json::Map<String, serde_json::Value> = head.headers.iter().map(header).collect();
            let seen = serde_json::json!({ "method": head.method.as_str(), "query": query, "headers": headers,
                "body": String::from_utf8_lossy(&body) });
            let response = Response::builder().header("content-type", "application/json").header("x-two", "a");
            response.header("x-two", "b").body(whole(seen.to_string())).unwrap()
        }
        // `/redirect?302,where`
        "/redirect" => {
            let (status, location) = query.split_once(',').unwrap();
            Response::builder().status(status).header("location", location).body(whole("gone".into())).unwrap()
        }
        "/status" => Response::builder().status(query.as_str()).body(whole(String::new())).unwrap(),
        "/large" => Response::new(whole("x".repeat(query.parse().unwrap()))),
        "/both" => {
            barrier.wait().await;
            Response::new(whole(query))
        }
        // "hello" in one stored block.
        "/gzip" => {
            let body = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\xfa\xffhello\x86\xa6\x10\x36\x05\0\0\0";
            Response::builder().header("content-encoding", "gzip").body(Full::new(Bytes::from_static(body))).unwrap()
        }
        // What was sent, which is in gzip.
        "/unpack" => {
            let body = body.collect().await.unwrap().to_bytes();
            Response::builder().header("content-encoding", "gzip").body(Full::new(body)).unwrap()
        }
        path => Response::builder().status(404).body(whole(format!("no {path}"))).unwrap(),
    })
}

/// A server that does with each connection what `behave` does, once it has read a request's head. Gives its origin.
pub(super) fn raw(behave: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let behave = Arc::new(behave);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, behave) = (stream.unwrap(), behave.clone());
            thread::spawn(move || {
                read_head(&mut stream);
                behave(stream);
            });
        }
    });
    origin
}

fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
}

/// A server that writes this, and closes.
pub(super) fn that_writes(text: &'static str) -> String {
    raw(move |mut stream| {
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.shutdown(Shutdown::Both);
    })
}

/// A server that writes this, and then nothing.
pub(super) fn that_hangs_after(text: &'static str) -> String {
    raw(move |mut stream| {
        let _ = stream.write_all(text.as_bytes());
        wait_until_closed(&mut stream);
    })
}

/// A server that writes this, and then the same bytes for as long as they are read.
pub(super) fn that_never_ends(head: &'static str, bytes: &'static str) -> String {
    raw(move |mut stream| {
        let _ = stream.write_all(head.as_bytes());
        while stream.write_all(bytes.as_bytes()).is_ok() {}
    })
}

/// Returns when the other side has closed the connection.
pub(super) fn wait_until_closed(stream: &mut TcpStream) {
    let mut byte = [0];
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    match stream.read(&mut byte) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("the connection is still open: {other:?}"),
    }
}

/// An origin on which nobody listens.
pub(super) fn nobody() -> String {
    // The port was free a moment ago, and the kernel gives it to others last.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
