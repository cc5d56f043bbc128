//! Bodies of requests, whole and in pieces.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dayfly::{Answer, Failure, Limit, Limits};
use http::Request;
use http_body::{Body, Frame};
use http_body_util::Full;
use http_body_util::channel::Channel;

use crate::app::{App, generous};

/// What `poll` gives, with each poll one.
struct Scripted<F> {
    polled: usize,
    poll: F,
    _alive: Arc<()>,
}

impl<F: FnMut(usize) -> Poll<Option<&'static [u8]>> + Unpin> Body for Scripted<F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = self.polled;
        self.polled += 1;
        let polled = (self.poll)(polled);
        if polled.is_pending() {
            context.waker().wake_by_ref();
        }
        polled.map(|piece| piece.map(|piece| Ok(Frame::data(Bytes::from_static(piece)))))
    }
}

fn scripted<F: FnMut(usize) -> Poll<Option<&'static [u8]>>>(poll: F) -> (Scripted<F>, Arc<()>) {
    let alive = Arc::new(());
    (Scripted { polled: 0, poll, _alive: alive.clone() }, alive)
}

async fn send<B>(guest: &str, body: B, limits: Limits) -> Answer
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let App { engine, bundle, .. } = App::new(guest);
    engine.fetch(&bundle, &limits, Request::post("http://localhost/").body(body).unwrap(), "{}").await
}

/// The status, and the body.
#[track_caller]
fn response(answer: &Answer) -> (u16, &[u8]) {
    let Ok(response) = &answer.response else { panic!("{answer:#?}") };
    (response.status().as_u16(), response.body())
}

#[tokio::test]
async fn a_body_that_is_there_is_handed_over_whole() {
    let answer = send("reader", Full::from("all of it"), generous()).await;
    assert_eq!(response(&answer), (201, &b"all of it"[..]));
    assert_eq!(answer.usage.request_bytes, 26);
    // As the body of a connection is, which it hands on in its next turn.
    let (body, _) = scripted(|polled| if polled == 0 { Poll::Pending } else { Poll::Ready(Some(b"all of it")) });
    let body = WithLength { body, left: 9 };
    assert_eq!(response(&send("reader", body, generous()).await), (201, &b"all of it"[..]));
}

/// A body that knows where it ends.
struct WithLength<B> {
    body: B,
    left: usize,
}

impl<B: Body<Data = Bytes> + Unpin> Body for WithLength<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.left -= frame.data_ref().unwrap().len();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

#[tokio::test]
async fn a_body_that_comes_is_read_piece_by_piece() {
    let App { engine, bundle, .. } = App::new("reader");
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    let request = Request::post("http://localhost/").body(body).unwrap();
    let mut exchange = engine.exchange(&bundle, &generous(), request, "{}");
    assert_eq!(exchange.head().await.unwrap().status, 200);
    for piece in ["one", "two"] {
        let early = tokio::time::timeout(Duration::from_millis(1), exchange.chunk()).await;
        assert!(early.is_err(), "{early:?}");
        sender.send_data(piece.into()).await.unwrap();
        assert_eq!(exchange.chunk().await.unwrap(), piece);
    }
    sender.send_trailers(http::HeaderMap::new()).await.unwrap();
    drop(sender);
    assert_eq!(exchange.chunk().await, None);
    let ended = exchange.finish().await;
    assert!(ended.result.is_ok(), "{ended:?}");
    assert_eq!((ended.usage.request_bytes, ended.usage.page_bytes), (23, 6));
}

#[tokio::test]
async fn a_body_that_breaks_off_says_why() {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    sender.send_data("half".into()).await.unwrap();
    sender.abort(io::Error::other("the client is gone"));
    assert_eq!(response(&send("reader", body, generous()).await).1, b"halfthe client is gone");
    // At once.
    let (sender, body) = Channel::<Bytes, io::Error>::new(2);
    sender.abort(io::Error::other("the client is gone"));
    assert_eq!(response(&send("reader", body, generous()).await).1, b"the client is gone");
    // By a defect.
    let (body, _) = scripted(|polled| if polled == 0 { Poll::Ready(Some(b"half")) } else { panic!("a defect") });
    assert_eq!(response(&send("reader", body, generous()).await).1, b"halfthe transport broke off");
}

#[tokio::test]
async fn a_body_ends_at_the_request_limit() {
    let (body, alive) = scripted(|_| Poll::Ready(Some(&[b'x'; 1000][..])));
    // The URL has 17.
    let answer = send("reader", body, Limits { request: 10_016, ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Request, .. })), "{answer:?}");
    // What was handed on before it is with the reader.
    assert_eq!((answer.usage.page_bytes, answer.usage.request_bytes), (9_000, 10_017), "{answer:?}");
    settle(&alive).await;

    let (body, _) = scripted(|polled| Poll::Ready((polled < 10).then_some(&[b'x'; 1000][..])));
    let answer = send("reader", body, Limits { request: 10_017, ..generous() }).await;
    assert_eq!(response(&answer).1.len(), 10_000);
}

/// Until a body is gone.
async fn settle(alive: &Arc<()>) {
    for _ in 0..10_000 {
        if Arc::strong_count(alive) == 1 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the body is still there");
}

#[tokio::test]
async fn a_body_that_is_not_read_is_not_taken() {
    let (body, alive) = scripted(|polled| if polled == 0 { Poll::Ready(Some(b"first")) } else { panic!("it is read") });
    let answer = send("streamed", body, generous()).await;
    assert_eq!(response(&answer), (201, &b"firstsecond"[..]));
    assert_eq!(answer.usage.request_bytes, 17);
    settle(&alive).await;
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_asked_by_the_app_alone() {
    let App { engine, bundle, .. } = App::new("streamed");
    let (body, _) = scripted(|_| panic!("it is asked"));
    let request = Request::post("http://localhost/").header("expect", "100-continue").body(body).unwrap();
    let answer = engine.fetch(&bundle, &generous(), request, "{}").await;
    assert_eq!(response(&answer), (201, &b"firstsecond"[..]));
}

#[tokio::test]
async fn a_guest_that_reads_what_there_is_not_harms_nobody() {
    let (body, _) = scripted(|polled| Poll::Ready(["one", "two", "three"].get(polled).map(|piece| piece.as_bytes())));
    let answer = send("rude_reader", body, generous()).await;
    assert_eq!(response(&answer).0, 200);
    assert_eq!(answer.usage.request_bytes, 17 + 11);
}

#[tokio::test]
async fn reads_without_end_are_held_to_the_limits() {
    let (body, alive) = scripted(|_| Poll::Ready(Some(b"piece")));
    let answer = send("endless_reads", body, Limits { cpu: Duration::from_millis(30), ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Cpu, .. })), "{answer:?}");
    // It was given none.
    assert_eq!(answer.usage.request_bytes, 17, "{answer:?}");
    settle(&alive).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_waited_for_up_to_the_wall_limit() {
    let (_sender, body) = Channel::<Bytes, io::Error>::new(1);
    let wall = Duration::from_millis(100);
    let answer = send("reader", body, Limits { wall, ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Wall, .. })), "{answer:?}");
    assert!(answer.usage.wall >= wall && answer.usage.cpu < wall / 2, "{answer:?}");
}
