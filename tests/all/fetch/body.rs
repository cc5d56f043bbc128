//! Bodies of requests, which the handler reads as they come.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dayfly::{Answer, Bundle, Exchange, Failure, Limit, Limits};
use http::{Request, Uri};
use http_body_util::Full;
use http_body_util::channel::{Channel, Sender};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{app, fetch_with, text, threw};
use crate::support::{engine, runtime};

/// How long a sender waits between two pieces.
const GAP: Duration = Duration::from_millis(10);

/// Limits for a machine that is busy.
fn generous() -> Limits {
    let time = Duration::from_secs(60);
    Limits { cpu: time, wall: time, ..Limits::default() }
}

/// A body of pieces that a client sends when it likes.
fn sent() -> (Sender<Bytes, io::Error>, Channel<Bytes, io::Error>) {
    Channel::new(1)
}

/// One of these pieces, with a gap before each.
fn in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Channel<Bytes, io::Error> {
    let (mut sender, body) = sent();
    let pieces: Vec<Bytes> = pieces.into_iter().map(Bytes::copy_from_slice).collect();
    runtime().spawn(async move {
        for piece in pieces {
            tokio::time::sleep(GAP).await;
            if sender.send_data(piece).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(GAP).await;
    });
    body
}

fn post<B>(body: B) -> Request<B> {
    Request::post("http://shop.test/").body(body).unwrap()
}

fn ask<B>(app: &Bundle, body: B, limits: &Limits) -> Answer
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    runtime().block_on(engine().fetch(app, limits, post(body), "{}"))
}

/// Sends a piece, which the app is to read while its response is waited for.
async fn send(sender: &mut Sender<Bytes, io::Error>, piece: &'static str) {
    sender.send_data(Bytes::from(piece)).await.unwrap();
}

async fn begin(app: &Bundle, body: Channel<Bytes, io::Error>) -> Exchange {
    let mut exchange = engine().exchange(app, &generous(), post(body), "{}");
    assert_eq!(exchange.head().await.unwrap().status, 200);
    exchange
}

/// A body that is always there, until it has an end, and says how often it was asked and whether it is gone.
struct Counted {
    left: usize,
    size: usize,
    hint: SizeHint,
    taken: Arc<AtomicUsize>,
    _alive: Arc<()>,
}

impl Counted {
    fn new(left: usize, size: usize) -> (Self, Arc<AtomicUsize>, Arc<()>) {
        let (taken, alive) = (Arc::default(), Arc::new(()));
        let body = Self { left, size, hint: SizeHint::new(), taken: Arc::clone(&taken), _alive: alive.clone() };
        (body, taken, alive)
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.taken.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(vec![b'x'; self.size].into()))))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// Until a body is gone.
async fn settle(alive: &Arc<()>) {
    for _ in 0..1000 {
        if Arc::strong_count(alive) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the body is still there");
}

#[test]
fn pieces_come_in_order_while_timers_go_on() {
    let app = app("let turns = 0; const timer = setInterval(() => turns += 1, 1);
         const decoder = new TextDecoder(); const seen = [];
         for await (const piece of request.body) seen.push([decoder.decode(piece), piece.constructor.name]);
         clearInterval(timer);
         return Response.json([seen, turns > 3, request.bodyUsed]);");
    let pieces: [&[u8]; 3] = [b"one", b"two", b"three"];
    let answer = ask(&app, in_pieces(pieces), &generous());
    let seen = r#"[[["one","Uint8Array"],["two","Uint8Array"],["three","Uint8Array"]],true,true]"#;
    assert_eq!(text(&answer), seen);
    assert_eq!(answer.usage.request_bytes, "http://shop.test/onetwothree".len() as u64);
}

#[test]
fn a_handler_answers_before_the_body_has_come_and_after() {
    let app = app("const body = new ReadableStream({
           start(controller) { controller.enqueue(new TextEncoder().encode('begun')); },
           async pull(controller) { controller.enqueue(await request.bytes()); controller.close(); },
         });
         return new Response(body);");
    runtime().block_on(async {
        let (mut sender, body) = sent();
        let mut exchange = begin(&app, body).await;
        assert_eq!(exchange.chunk().await.unwrap(), "begun");
        send(&mut sender, "la").await;
        let early = tokio::time::timeout(GAP, exchange.chunk()).await;
        assert!(early.is_err(), "{early:?}");
        send(&mut sender, "te").await;
        drop(sender);
        assert_eq!(exchange.chunk().await.unwrap(), "late");
        assert_eq!(exchange.chunk().await, None);
        assert!(exchange.finish().await.result.is_ok());
    });
}

#[test]
fn a_body_is_echoed_as_it_comes() {
    for echo in [
        "new Response(request.body)",
        "new Response(request.body.pipeThrough(new TransformStream()))",
        "new Response(new Request('http://other.test/', request).body)",
        "new Response(request.clone().body)",
        "new Response(request.body.tee()[1])",
    ] {
        let app = app(&format!("return {echo};"));
        runtime().block_on(async {
            let (mut sender, body) = sent();
            let mut exchange = begin(&app, body).await;
            for piece in ["one", "two", "three"] {
                send(&mut sender, piece).await;
                assert_eq!(exchange.chunk().await.unwrap(), piece, "{echo}");
            }
            drop(sender);
            assert_eq!(exchange.chunk().await, None, "{echo}");
            assert!(exchange.is_complete(), "{echo}");
            assert!(exchange.finish().await.result.is_ok(), "{echo}");
        });
    }
}

#[test]
fn whatever_reads_a_body_reads_one_in_pieces() {
    let json = r#"{"name":"é日😀"}"#;
    let form = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\né日😀\r\n--x\r\nContent-Disposition: form-data; \
                name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n";
    let of_form = "const form = await request.formData(); result = form.get('name') + await form.get('file').text();";
    for (read, body, expected) in [
        ("result = await request.text();", json, json),
        ("result = (await request.json()).name;", json, "é日😀"),
        ("result = new TextDecoder().decode(await request.arrayBuffer());", json, json),
        ("result = new TextDecoder().decode(await request.bytes());", json, json),
        ("result = await (await request.blob()).text();", json, json),
        (of_form, form, "é日😀hello"),
        (
            "result = await request.clone().text(); result = [result === await request.text(), result].join();",
            "é",
            "true,é",
        ),
        (
            "const [a, b] = request.body.tee(); result = await new Response(b).text() + await new Response(a).text();",
            "é",
            "éé",
        ),
        ("result = await new Request(request).text() + request.bodyUsed;", "é", "étrue"),
        (
            "const again = new Request('http://a.test/', { method: 'PUT', body: request.body, duplex: 'half' });
             result = await again.text();",
            "é",
            "é",
        ),
        (
            "result = ''; for await (const text of request.body.pipeThrough(new TextDecoderStream())) result += text;",
            "é",
            "é",
        ),
        ("result = Buffer.concat(await Array.fromAsync(request.body)).toString();", "é", "é"),
        (
            "const reader = request.body.getReader(); await reader.read(); result = request.bodyUsed + ' ';
             reader.releaseLock(); result += await request.text().catch((error) => error.name);",
            "é",
            "true TypeError",
        ),
    ] {
        let app = app(&format!("let result; {read} return new Response(result);"));
        // Each byte for itself, and all at once.
        for body in
            [in_pieces(body.as_bytes().chunks(if body.len() > 20 { 7 } else { 1 })), in_pieces([body.as_bytes()])]
        {
            let request = Request::post("http://shop.test/").header("content-type", "multipart/form-data; boundary=x");
            let answer = runtime().block_on(engine().fetch(&app, &generous(), request.body(body).unwrap(), "{}"));
            assert_eq!(text(&answer), expected, "{read}");
        }
        let request = Request::post("http://shop.test/").header("content-type", "multipart/form-data; boundary=x");
        let answer = fetch_with(&app, request.body(Full::from(body)).unwrap(), "{}", &generous());
        assert_eq!(text(&answer), expected, "whole: {read}");
    }
}

#[test]
fn a_body_without_pieces_is_none_or_empty() {
    let app = app("return new Response(`${request.body === null} ${await request.text()}.`);");
    assert_eq!(text(&ask(&app, Full::default(), &generous())), "true .");
    assert_eq!(text(&ask(&app, in_pieces([]), &generous())), "false .");
}

#[test]
fn a_body_is_read_no_faster_than_the_app_does() {
    let app = app("const reader = request.body.getReader();
         for (let i = 0; i < 3; i++) await reader.read();
         await new Promise((done) => setTimeout(done, 20));
         return new Response('read');");
    let (body, taken, alive) = Counted::new(usize::MAX, 1000);
    let answer = ask(&app, body, &generous());
    assert_eq!(text(&answer), "read");
    assert_eq!((taken.load(Ordering::SeqCst), answer.usage.request_bytes), (3, 3017), "{answer:?}");
    runtime().block_on(settle(&alive));
}

#[test]
fn a_body_that_is_not_read_is_dropped() {
    let app = app("return new Response('no, thanks');");
    let (body, taken, alive) = Counted::new(usize::MAX, 1000);
    let answer = ask(&app, body, &Limits { request: 100, ..generous() });
    assert_eq!(text(&answer), "no, thanks");
    // The one that was looked at.
    assert_eq!((taken.load(Ordering::SeqCst), answer.usage.request_bytes), (1, 17));
    runtime().block_on(settle(&alive));

    let (_sender, body) = sent();
    assert_eq!(text(&ask(&app, body, &generous())), "no, thanks");
}

#[test]
fn a_body_that_is_cancelled_is_dropped_at_once() {
    for cancel in [
        "await request.body.cancel('enough')",
        "const reader = request.body.getReader(); await reader.read(); await reader.cancel()",
        "for await (const piece of request.body) break",
        "const reader = request.body.getReader(); reader.read(); reader.read(); await reader.cancel()",
    ] {
        let app = app(&format!(
            "{cancel}; ctx.waitUntil(new Promise((done) => setTimeout(done, 60_000))); return new Response('done');"
        ));
        let (body, taken, alive) = Counted::new(usize::MAX, 1000);
        runtime().block_on(async {
            let mut exchange = engine().exchange(&app, &generous(), post(body), "{}");
            assert!(exchange.head().await.is_some());
            assert!(taken.load(Ordering::SeqCst) <= 3, "{cancel}");
            settle(&alive).await;
        });
    }
}

#[test]
fn a_body_is_held_to_the_request_limit() {
    let reads = app("for await (const piece of request.body) console.log(piece.length); return new Response('read');");
    // 17 bytes of URL, and 3,000 of body.
    let limits = |request| Limits { request, ..generous() };
    let exceeds = |answer: &Answer| {
        let is_so = matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Request, .. }));
        assert!(is_so, "{answer:#?}");
    };
    let (body, ..) = Counted::new(3, 1000);
    assert_eq!(text(&ask(&reads, body, &limits(3017))), "read");
    let (body, taken, alive) = Counted::new(usize::MAX, 1000);
    let answer = ask(&reads, body, &limits(3016));
    exceeds(&answer);
    let console: Vec<&str> = answer.console.iter().map(|line| line.text.as_str()).collect();
    assert_eq!((console, taken.load(Ordering::SeqCst)), (vec!["1000", "1000"], 3), "{answer:#?}");
    assert_eq!(answer.usage.request_bytes, 3017);
    runtime().block_on(settle(&alive));

    // One that says so is refused before the app is called.
    let hint = SizeHint::with_exact(3000);
    let (body, taken, _) = Counted::new(3, 1000);
    let answer = ask(&reads, Counted { hint, ..body }, &limits(3016));
    exceeds(&answer);
    let (body, ..) = Counted::new(3, 1000);
    let request = Request::post("http://shop.test/").header("content-length", "3000").body(body).unwrap();
    let declared = runtime().block_on(engine().fetch(&reads, &limits(3016), request, "{}"));
    exceeds(&declared);
    let whole = ask(&reads, Full::from(vec![0; 3000]), &limits(3016));
    exceeds(&whole);
    for answer in [answer, declared, whole] {
        assert!(answer.console.is_empty() && answer.usage.request_bytes == 17, "{answer:#?}");
    }
    assert_eq!(taken.load(Ordering::SeqCst), 0);
}

#[test]
fn a_large_piece_is_given_in_parts() {
    let app = app(
        "const sizes = []; for await (const piece of request.body) sizes.push(piece.length); return Response.json(sizes);",
    );
    let (body, ..) = Counted::new(2, 100_000);
    assert_eq!(text(&ask(&app, body, &generous())), "[65536,34464,65536,34464]");
}

#[test]
fn a_body_that_breaks_off_rejects_the_read() {
    let breaks = || {
        let (mut sender, body) = sent();
        runtime().spawn(async move {
            send(&mut sender, "first").await;
            tokio::time::sleep(GAP).await;
            sender.abort(io::Error::other("the client is gone"));
        });
        body
    };
    for read in
        ["request.text()", "request.json()", "new Response(request.body).bytes()", "Array.fromAsync(request.body)"]
    {
        let app = app(&format!(
            "const error = await {read}.catch((error) => error); return new Response(`${{error instanceof TypeError}} ${{error}}`);"
        ));
        let answer = ask(&app, breaks(), &generous());
        assert_eq!(text(&answer), "true TypeError: the request's body broke off: the client is gone", "{read}");
    }
    let uncaught = ask(&app("return new Response(await request.text());"), breaks(), &generous());
    assert_eq!(threw(&uncaught), "TypeError: the request's body broke off: the client is gone");
    // What was begun is cut.
    let echo = app("return new Response(request.body);");
    runtime().block_on(async {
        let mut exchange = begin(&echo, breaks()).await;
        assert_eq!(exchange.chunk().await.unwrap(), "first");
        assert_eq!(exchange.chunk().await, None);
        assert!(!exchange.is_complete());
        assert!(matches!(exchange.finish().await.result, Err(Failure::Threw(_))));
    });
}

#[test]
fn a_slow_client_is_held_to_the_wall_limit_and_costs_no_cpu() {
    let app = app("const upload = async () => { await request.text(); }; await upload(); return new Response('read');");
    let limits = Limits { wall: Duration::from_millis(200), ..generous() };
    let (_sender, body) = sent();
    let answer = ask(&app, body, &limits);
    let Err(Failure::Exceeded { limit: Limit::Wall, stack: Some(stack) }) = &answer.response else {
        panic!("{answer:#?}")
    };
    assert!(stack.contains("async upload") && answer.usage.cpu < limits.wall / 2, "{answer:#?}");
}

#[test]
fn a_client_that_leaves_takes_the_body_with_it() {
    let app = app("await request.text(); return new Response('read');");
    let (mut sender, body) = sent();
    runtime().block_on(async {
        let mut exchange = engine().exchange(&app, &generous(), post(body), "{}");
        send(&mut sender, "first").await;
        let head = tokio::time::timeout(GAP, exchange.head()).await;
        assert!(head.is_err(), "{head:?}");
        drop(exchange);
        // There is room for one in the channel, whether or not it is read.
        for _ in 0..1000 {
            if sender.send_data(Bytes::from("more")).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the body is still read");
    });
}

/// What a whole body takes is less than what a stream does: fuel tells which it was.
#[test]
fn a_small_body_that_comes_with_its_head_is_whole() {
    let app = app("return new Response(await request.text());");
    let whole = ask(&app, Full::from("body"), &generous()).usage.fuel.unwrap();
    let streamed = ask(&app, in_pieces([&b"body"[..]]), &generous()).usage.fuel.unwrap();
    let connected = runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let client = client.unwrap();
        let head = "POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody";
        client.writable().await.unwrap();
        assert_eq!(client.try_write(head.as_bytes()).unwrap(), head.len());
        let (told, mut fuel) = mpsc::channel(1);
        let service = service_fn(move |mut request: Request<Incoming>| {
            *request.uri_mut() = Uri::from_static("http://shop.test/");
            let (app, told) = (app.clone(), told.clone());
            async move {
                let answer = engine().fetch(&app, &generous(), request, "{}").await;
                assert_eq!(text(&answer), "body");
                told.try_send(answer.usage.fuel.unwrap()).unwrap();
                Ok::<_, Infallible>(answer.response.unwrap().map(Full::new))
            }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(accepted.unwrap().0), service);
        connection.await.unwrap();
        fuel.recv().await.unwrap()
    });
    assert!(connected < (whole + streamed) / 2, "whole {whole}, streamed {streamed}, of a connection {connected}");
}
