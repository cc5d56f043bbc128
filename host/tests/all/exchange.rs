//! Requests, and responses that come piece by piece.

mod body;

use std::time::Duration;

use bytes::Bytes;
use dayfly::{Answer, Exchange, Failure, Limit, Limits};
use http::{Request, StatusCode};
use http_body_util::Full;

use crate::app::{App, generous};

fn request() -> Request<Full<Bytes>> {
    Request::get("http://localhost/").body(Full::default()).unwrap()
}

async fn fetch(guest: &str, limits: Limits) -> Answer {
    let App { engine, bundle, .. } = App::new(guest);
    engine.fetch(&bundle, &limits, request(), "{}").await
}

fn exchange(guest: &str) -> Exchange {
    let App { engine, bundle, .. } = App::new(guest);
    engine.exchange(&bundle, &generous(), request(), "{}")
}

#[tokio::test]
async fn a_response_is_given_whole() {
    let Answer { response, usage, .. } = fetch("streamed", generous()).await;
    let response = response.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["x-guest"], "yes");
    assert_eq!(response.body(), "firstsecond");
    assert_eq!((usage.page_bytes, usage.request_bytes), (11, 17), "{usage:?}");
}

#[tokio::test]
async fn the_first_piece_is_there_while_the_guest_still_makes_the_next() {
    let mut exchange = exchange("streamed");
    assert_eq!(exchange.head().await.unwrap().status, StatusCode::CREATED);
    assert_eq!(exchange.chunk().await.unwrap(), "first");
    // The guest sleeps for 50 ms before it makes the second.
    let second = tokio::time::timeout(Duration::from_millis(1), exchange.chunk()).await;
    assert!(second.is_err(), "{second:?}");
    assert_eq!(exchange.chunk().await.unwrap(), "second");
    assert_eq!(exchange.chunk().await, None);
    assert!(exchange.is_complete());
    assert!(exchange.finish().await.result.is_ok());
}

#[tokio::test]
async fn a_body_is_made_no_faster_than_it_is_read() {
    let mut exchange = exchange("flood");
    exchange.head().await.unwrap();
    for _ in 0..10 {
        assert_eq!(exchange.chunk().await.unwrap().len(), 1024);
    }
    let ended = exchange.finish().await;
    assert!(ended.result.is_ok(), "{ended:?}");
    // Those that were read, one that waited, and one that the guest had made.
    assert!((10 << 10..=12 << 10).contains(&ended.usage.page_bytes), "{ended:?}");
}

#[tokio::test]
async fn a_body_ends_at_its_limit() {
    let answer = fetch("flood", Limits { page: 4096, ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Page, .. })), "{answer:?}");
    assert_eq!(answer.usage.page_bytes, 4096);
}

#[tokio::test]
async fn a_slow_reader_is_held_to_the_wall_limit() {
    let App { engine, bundle, .. } = App::new("flood");
    let limits = Limits { wall: Duration::from_millis(30), ..generous() };
    let mut exchange = engine.exchange(&bundle, &limits, request(), "{}");
    exchange.head().await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    while exchange.chunk().await.is_some() {}
    assert!(!exchange.is_complete());
    let ended = exchange.finish().await;
    assert!(matches!(ended.result, Err(Failure::Exceeded { limit: Limit::Wall, .. })), "{ended:?}");
}

#[tokio::test]
async fn headers_end_at_their_limit() {
    let answer = fetch("long_headers", generous()).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::ResponseHeaders, .. })), "{answer:?}");
    let answer = fetch("long_headers", Limits { headers: 40_008, ..generous() }).await;
    assert_eq!(answer.response.unwrap().headers()["long"].len(), 40_000);
    let answer = fetch("long_headers", Limits { headers: 40_007, ..generous() }).await;
    assert!(answer.response.is_err(), "{answer:?}");
}

#[tokio::test]
async fn requests_end_at_their_limits() {
    let App { engine, bundle, .. } = App::new("streamed");
    let ask = async |limits: Limits| {
        let request = Request::post("http://localhost/").header("a", "b").body(Full::from("body")).unwrap();
        engine.fetch(&bundle, &limits, request, "{}").await
    };
    assert!(ask(Limits { request: 21, headers: 100, ..generous() }).await.response.is_ok());
    let answer = ask(Limits { request: 20, ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Request, .. })), "{answer:?}");
    let answer = ask(Limits { headers: 5, ..generous() }).await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Headers, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_guest_that_does_not_keep_to_the_contract_is_ended() {
    for (guest, why) in [
        ("silent", "without a response"),
        ("unfinished", "without a response"),
        ("twice_started", "nobody asked for"),
        ("bad_header", "HTTP has no words for"),
        ("bad_status", "HTTP has no words for"),
    ] {
        let answer = fetch(guest, generous()).await;
        let Err(Failure::Trapped(text)) = &answer.response else { panic!("{guest}: {answer:?}") };
        assert!(text.contains(why), "{guest}: {text}");
    }
    let outcome = App::new("unasked").render("{}").await;
    assert!(matches!(&outcome.page, Err(Failure::Trapped(text)) if text.contains("nobody asked for")), "{outcome:?}");
}

#[tokio::test]
async fn an_app_is_called_as_what_it_is() {
    let answer = fetch("echo", generous()).await;
    assert!(matches!(answer.response, Err(Failure::Missing(_))), "{answer:?}");
    let outcome = App::new("streamed").render("{}").await;
    assert!(matches!(outcome.page, Err(Failure::Missing(_))), "{outcome:?}");
}

#[tokio::test]
async fn dropping_an_exchange_frees_its_slot() {
    let engine = dayfly::Engine::new(&dayfly::EngineConfig { concurrency: 1, ..Default::default() }).unwrap();
    let App { bundle, .. } = App::on(&engine, "flood");
    for _ in 0..5 {
        let mut exchange = engine.exchange(&bundle, &generous(), request(), "{}");
        assert!(exchange.head().await.is_some());
        assert!(engine.try_render(&bundle, &generous(), "{}").await.page.unwrap_err().to_string().contains("running"));
    }
    let answer = engine.fetch(&bundle, &Limits { page: 1024, ..generous() }, request(), "{}").await;
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Page, .. })), "{answer:?}");
}
