//! One request, start to end: the app's `fetch` handler is called in a fresh sandbox, is given the request's body as it
//! reads it, and its response is handed on as it comes.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{Request, Response};
use tokio::sync::mpsc;

use crate::bundle::Bundle;
use crate::console::Line;
use crate::contract::{handler, renderer};
use crate::engine::Engine;
use crate::limits::{Limit, Limits};
use crate::outcome::{Failure, Usage};
use crate::request;
use crate::response::{Piece, header_bytes};
use crate::sandbox::{Sandbox, Time};

/// What came of one request. Console and usage are there whether or not there is a response.
#[derive(Debug)]
#[must_use]
pub struct Answer {
    /// The whole response, or why there is none.
    pub response: Result<Response<Bytes>, Failure>,
    /// What the app wrote to its console, in order.
    pub console: Vec<Line>,
    /// What the request used.
    pub usage: Usage,
}

/// How a request ended whose response was read piece by piece.
#[derive(Debug)]
#[must_use]
pub struct Ended {
    /// Whether the handler came to its end, with all that it asked `ctx.waitUntil` for, or what ended it.
    pub result: Result<(), Failure>,
    /// What the app wrote to its console, in order.
    pub console: Vec<Line>,
    /// What the request used.
    pub usage: Usage,
}

impl Engine {
    /// Answers one request with the `fetch` handler of `bundle` in a fresh sandbox, and gives the whole response.
    /// `env` is a JSON object, which the handler gets as its second argument.
    ///
    /// The handler is called as soon as there is a head. A body that is there with it, all of it in one piece, is handed over
    /// whole; any other is read from where it comes, a piece at a time, when the app reads it: `http_body_util::Full` is of
    /// the one kind, hyper's `Incoming` may be of either. If it breaks off, the app's read is rejected; if it has more bytes
    /// than [`Limits::request`] allows, the render ends, at once where its `size_hint` or the header `content-length` says so.
    /// What the app does not read is dropped with the render.
    ///
    /// It returns once the handler has ended, with all that it asked `ctx.waitUntil` for; [`Engine::exchange`] hands the
    /// response on as it comes. It waits for a free slot as [`Engine::render`] does, and dropping the future ends the
    /// guest at once. An app that fails is a normal outcome: look at [`Answer::response`].
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    pub async fn fetch<B>(&self, bundle: &Bundle, limits: &Limits, request: Request<B>, env: &str) -> Answer
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut exchange = self.exchange(bundle, limits, request, env);
        let head = exchange.head().await;
        let mut body = BytesMut::new();
        while let Some(chunk) = exchange.chunk().await {
            body.extend_from_slice(&chunk);
        }
        let Ended { result, console, usage } = exchange.finish().await;
        let response = result.map(|()| {
            let head = head.expect("a handler that ends well has answered");
            Response::from_parts(head, body.freeze())
        });
        Answer { response, console, usage }
    }

    /// The same, and the response is handed on as it comes: its first piece is there while the app still makes the next
    /// ones, or still reads the request's body. The app is held up for as long as a piece is not read.
    ///
    /// Nothing happens before the first call of one of [`Exchange`]'s functions, nor between two of them: a caller who
    /// waits for its own reader holds a slot meanwhile, and should drop the exchange when that takes too long, as the wall
    /// limit is looked at only in the next call. Dropping it ends the guest at once.
    pub fn exchange<B>(&self, bundle: &Bundle, limits: &Limits, request: Request<B>, env: &str) -> Exchange
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (sender, pieces) = mpsc::channel(1);
        let work = run(self.clone(), bundle.clone(), limits.clone(), request, env.to_owned(), sender);
        Exchange { work: Box::pin(work), ended: None, pieces, is_complete: false }
    }
}

/// A request that is being answered.
pub struct Exchange {
    work: Pin<Box<dyn Future<Output = Ended> + Send>>,
    ended: Option<Ended>,
    pieces: mpsc::Receiver<Piece>,
    is_complete: bool,
}

impl Exchange {
    /// The status and the headers, as soon as the handler has given its response; nothing if it failed before, and
    /// [`Exchange::finish`] says why.
    pub async fn head(&mut self) -> Option<Parts> {
        match self.next().await {
            Some(Piece::Head(head)) => Some(head),
            _ => None,
        }
    }

    /// The next piece of the body, as soon as there is one; nothing at its end, or if the handler failed. To be called
    /// after [`Exchange::head`].
    pub async fn chunk(&mut self) -> Option<Bytes> {
        match self.next().await {
            Some(Piece::Chunk(chunk)) => Some(chunk),
            Some(Piece::End) => {
                self.is_complete = true;
                None
            }
            _ => None,
        }
    }

    /// Whether all of the body has been read, up to the end that the app gave it. Of one that is not complete when
    /// [`Exchange::chunk`] gives nothing, a reader further on must learn that it was cut.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Lets the handler come to its end, with all that it asked `ctx.waitUntil` for, and says what came of it. What was
    /// not read of the response is not read any more: the app is told so when it writes.
    pub async fn finish(self) -> Ended {
        let Self { work, ended, pieces, .. } = self;
        drop(pieces);
        match ended {
            Some(ended) => ended,
            None => work.await,
        }
    }

    /// Runs the guest up to the next piece that it gives.
    async fn next(&mut self) -> Option<Piece> {
        let Self { work, ended, pieces, .. } = self;
        if ended.is_none() {
            tokio::select! {
                biased;
                piece = pieces.recv() => return piece,
                end = work => *ended = Some(end),
            }
        }
        // What it gave before it ended is still there, and nothing follows.
        pieces.recv().await
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("is_complete", &self.is_complete).finish_non_exhaustive()
    }
}

/// What a request asks for, but its body.
struct Asked {
    head: http::request::Parts,
    url: String,
    env: String,
}

impl Asked {
    fn with(self, body: Option<handler::Body>) -> handler::Request {
        let Self { head, url, env } = self;
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.as_str().to_owned(), value.as_bytes().iter().copied().map(char::from).collect())
        };
        let headers = head.headers.iter().map(header).collect();
        handler::Request { method: head.method.as_str().to_owned(), url, headers, body, env }
    }
}

async fn run<B>(
    engine: Engine,
    bundle: Bundle,
    limits: Limits,
    request: Request<B>,
    env: String,
    pieces: mpsc::Sender<Piece>,
) -> Ended
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let asked = Asked { url: head.uri.to_string(), head, env };
    let url_bytes = asked.url.len() as u64;
    let checked = check(&asked, request::declared_length(&asked.head.headers, &body), &limits);
    let mut ended = match checked {
        Ok(()) => {
            let body = request::Body::of(&asked.head.headers, body).await;
            answer(&engine, &bundle, &limits, asked, body, pieces).await
        }
        Err(limit) => failed(Failure::exceeded(limit)),
    };
    ended.usage.request_bytes += url_bytes;
    ended
}

fn failed(failure: Failure) -> Ended {
    Ended { result: Err(failure), console: Vec::new(), usage: Usage::default() }
}

/// Finds the limit that a request is beyond, whose body has that many bytes at least.
fn check(asked: &Asked, body: u64, limits: &Limits) -> Result<(), Limit> {
    let headers = asked.head.headers.iter().map(|(name, value)| (name.as_str().len(), value.len()));
    if (asked.url.len() as u64).saturating_add(body) > limits.request {
        Err(Limit::Request)
    } else if header_bytes(headers) > limits.headers {
        Err(Limit::Headers)
    } else {
        Ok(())
    }
}

async fn answer(
    engine: &Engine,
    bundle: &Bundle,
    limits: &Limits,
    asked: Asked,
    body: request::Body,
    pieces: mpsc::Sender<Piece>,
) -> Ended {
    let room = limits.request - asked.url.len() as u64;
    let whole = if let request::Body::Whole(whole) = &body { whole.len() as u64 } else { 0 };
    let mut ended = if whole > room {
        failed(Failure::exceeded(Limit::Request))
    } else {
        match Sandbox::new(engine, limits, Time::Real).await {
            Ok(mut sandbox) => {
                let request = asked.with(guest_body(&mut sandbox, body, room));
                handle(engine, sandbox, bundle, limits, &request, pieces).await
            }
            Err(error) => failed(error.into()),
        }
    };
    ended.usage.request_bytes += whole;
    ended
}

async fn handle(
    engine: &Engine,
    mut sandbox: Sandbox,
    bundle: &Bundle,
    limits: &Limits,
    request: &handler::Request,
    pieces: mpsc::Sender<Piece>,
) -> Ended {
    let bounds = renderer::Bounds { js_stack: limits.js_stack, page: limits.page };
    sandbox.set_heap(bundle.heap());
    sandbox.allow(bundle.outgoing());
    sandbox.answer_to(pieces);
    let mut handled = sandbox
        .run(async |store| {
            let app = bundle.handler(&mut *store).await?;
            app.call_handle(store, request, Some(bounds)).await
        })
        .await;
    let has_answered = sandbox.has_answered();
    let (console, usage) = sandbox.finish_after(&mut handled, engine, bundle.postmortem()).await;
    let result = handled.and_then(|handled| Ok(handled?)).and(has_answered);
    Ended { result, console, usage }
}

/// A body that comes may have `room` bytes.
fn guest_body(sandbox: &mut Sandbox, body: request::Body, room: u64) -> Option<handler::Body> {
    match body {
        request::Body::None => None,
        request::Body::Whole(bytes) if bytes.is_empty() => None,
        request::Body::Whole(bytes) => Some(handler::Body::Whole(bytes.into())),
        request::Body::Streamed(body) => Some(handler::Body::Streamed(sandbox.answer(body, room))),
    }
}
