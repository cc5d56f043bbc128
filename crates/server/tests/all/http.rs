//! Clients that send too much, too slowly, or nothing at all.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::frames::{PREFACE, frame, frames, get_block};
use crate::support::{Running, id_of, serve, tenant};
use crate::wire::Wire;

const APP: &str = r#"export default { async fetch(request) {
    const wait = new URL(request.url).searchParams.get("wait");
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    return new Response((await request.text()).length + " " + [...request.headers].length);
} };"#;

const SHORT: Duration = Duration::from_millis(300);

async fn server(change: impl FnOnce(&mut dayfly_server::Http)) -> Running {
    serve([tenant("app", "app.mjs", APP)], |config| change(&mut config.http)).await
}

/// The app has failed, and not the client.
#[tokio::test]
async fn a_response_whose_headers_are_too_large_is_the_apps_failure() {
    let app = "export default { fetch: () => new Response('', { headers: { 'x-long': 'x'.repeat(40_000) } }) };";
    let server = serve([tenant("app", "app.mjs", app)], |_| {}).await;
    let response = server.get("/app").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let (receipt, _) = server.receipt(&id_of(&response)).await;
    assert_eq!(receipt.outcome, "limit-response-headers");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_have_a_bound_in_bytes_and_in_number() {
    let server = server(|http| (http.header_bytes, http.header_count) = (8 << 10, 60)).await;
    let long = "x".repeat(10 << 10);
    for (count, value, is_refused) in [(50, "v", false), (80, "v", true), (1, &long, true)] {
        let request = (0..count).fold(Request::get("/app"), |request, n| request.header(format!("x-{n}"), value));
        let response = server.ask(request.body(Full::default()).unwrap()).await;
        assert_eq!(
            response.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            is_refused,
            "{count} {}",
            value.len()
        );
        let (receipt, _) = server.receipt(&id_of(&response)).await;
        assert_eq!(receipt.outcome, if is_refused { "limit-headers" } else { "ok" });
    }
    // What is far beyond never becomes a request, and is not read to its end.
    for head in [
        format!("GET /app HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(200 << 10)),
        format!("GET /app HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: 1\r\n".repeat(2_000)),
        format!("GET /app?{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(200 << 10)),
    ] {
        let mut wire = Wire::open(server.address).await;
        wire.send(head.as_bytes()).await;
        let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 414"),
            "{answer}"
        );
    }
    assert_eq!(server.get("/app").await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let server = server(|http| (http.body_time, http.body_rate) = (SHORT, 1 << 20)).await;
    for part in ["", "half"] {
        let mut wire = Wire::open(server.address).await;
        wire.send(format!("POST /app HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{part}").as_bytes()).await;
        let response = wire.response().await;
        assert!(response.starts_with("HTTP/1.1 408 ") && response.contains("body-too-slow: "), "{response}");
        let id = response.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        assert_eq!(server.receipt(id).await.0.outcome, "body-too-slow");
        assert_eq!(wire.rest().await, b"", "the connection ends with it");
    }
    // One that dribbles is bounded as well, though no pause is long.
    let mut wire = Wire::open(server.address).await;
    wire.send(b"POST /app HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let mut sent = 0;
    while wire.send(b"1\r\nx\r\n").await {
        sent += 1;
        assert!(sent < 10_000, "it is read for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut byte = [0];
        if let Ok(Ok(1)) = tokio::time::timeout(Duration::from_millis(1), wire.0.peek(&mut byte)).await {
            break;
        }
    }
    assert!(wire.response().await.starts_with("HTTP/1.1 408 "));
    let whole = Request::post("/app").body(Full::from("x".repeat(100_000))).unwrap();
    assert!(server.ask(whole).await.body().starts_with("100000 "));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_requests_ends() {
    let server = server(|http| (http.head_time, http.idle_time) = (SHORT, SHORT)).await;
    let head = [frame(1, 0x4, 1, &get_block("/app", "a")), frame(1, 0, 1, &get_block("/app", "a"))].concat();
    for start in [
        &b""[..],
        b"GET",
        b"GET /app HTTP/1.1\r\nhost: a\r\nx: ",
        PREFACE,
        &PREFACE[..10],
        &[PREFACE, &head[..20]].concat(),
    ] {
        let mut wire = Wire::open(server.address).await;
        wire.send(start).await;
        wire.rest().await;
    }
    let mut wire = Wire::open(server.address).await;
    wire.send(b"GET /app HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(wire.response().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.rest().await, b"");
    // A head that never ends, in frames that come again and again.
    let mut wire = Wire::open(server.address).await;
    wire.send(&[PREFACE, &frame(1, 0, 1, &get_block("/app", "a"))].concat()).await;
    wire.rest().await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_takes_longer_than_a_connection_may_be_idle_is_answered() {
    let server = server(|http| (http.head_time, http.idle_time) = (SHORT, SHORT)).await;
    let mut wire = Wire::open(server.address).await;
    wire.send(b"GET /app?wait=1500 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(wire.response().await.starts_with("HTTP/1.1 200 "));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get(format!("http://{}/app?wait=1500", server.address)).body(Full::default()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "0 0");
    // The server ends it once it is idle.
    let _ = connection.await.unwrap();
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_resets_its_requests_at_once_is_sent_away() {
    let server = server(|_| {}).await;
    let mut wire = Wire::open(server.address).await;
    let mut storm = PREFACE.to_vec();
    for n in 0..2_000_u32 {
        storm.extend(frame(1, 0x5, 2 * n + 1, &get_block("/app", "a")));
        storm.extend(frame(3, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    wire.send(&storm).await;
    let answer = wire.rest().await;
    let away = frames(&answer).into_iter().find(|(kind, _)| *kind == 7).map(|(_, payload)| payload.to_vec());
    // That it was reset before the frame was read is as well; ENHANCE_YOUR_CALM otherwise.
    assert!(away.is_none_or(|payload| payload[4..8] == 0xb_u32.to_be_bytes()));
    assert_eq!(server.get("/app").await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_without_end_is_not_read_without_end() {
    let server = server(|_| {}).await;
    let mut wire = Wire::open(server.address).await;
    wire.send(&[PREFACE, &frame(1, 0, 1, &get_block("/app", "a"))].concat()).await;
    let more = frame(9, 0, 1, &[[0x40, 1, b'x', 100].as_slice(), &[b'v'; 100]].concat().repeat(100));
    let mut sent = 0;
    while wire.send(&more).await {
        sent += more.len();
        assert!(sent < 64 << 20, "it is read without end");
    }
    assert_eq!(server.get("/app").await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_of_http2_has_so_many_requests_at_once() {
    let server = server(|http| http.streams = 3).await;
    let mut wire = Wire::open(server.address).await;
    wire.send(PREFACE).await;
    for n in 0..5_u32 {
        wire.send(&frame(1, 0x5, 2 * n + 1, &get_block("/app?wait=500", "a"))).await;
    }
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = tokio::io::AsyncReadExt::read(&mut wire.0, &mut more).await.unwrap();
        assert!(read > 0, "{:?}", frames(&bytes));
        bytes.extend_from_slice(&more[..read]);
        // RST_STREAM with REFUSED_STREAM: the client may send it again.
        let refused =
            frames(&bytes).iter().filter(|(kind, payload)| *kind == 3 && payload == &7_u32.to_be_bytes()).count();
        if refused == 2 {
            break;
        }
    }
    let settings: Vec<_> = frames(&bytes).into_iter().filter(|(kind, _)| *kind == 4).collect();
    assert!(settings[0].1.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 3]), "{settings:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_connections() {
    let server = server(|http| http.connections_per_address = Some(2)).await;
    let ask = b"GET /app HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut open = [Wire::open(server.address).await, Wire::open(server.address).await];
    for wire in &mut open {
        wire.send(ask).await;
        assert!(wire.response().await.starts_with("HTTP/1.1 200 "));
    }
    let mut third = Wire::open(server.address).await;
    third.send(ask).await;
    assert_eq!(third.rest().await, b"");
    drop(open);
    loop {
        let mut next = Wire::open(server.address).await;
        next.send(ask).await;
        if !next.rest_or_response().await.is_empty() {
            break;
        }
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_on_sees_why_its_body_is_refused() {
    let server = server(|_| {}).await;
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, "x".repeat(64 << 10));
    // More would follow: a server that is busy cannot have all of it before it answers.
    for is_known_to_have_a_handler in [false, true] {
        for (head, body) in
            [("content-length: 8388609", "x".repeat(8 << 20)), ("transfer-encoding: chunked", chunk.repeat(128))]
        {
            let mut wire = Wire::open(server.address).await;
            wire.send(format!("POST /app HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n").as_bytes()).await;
            assert!(wire.send(body.as_bytes()).await, "all of it is taken: {head} {is_known_to_have_a_handler}");
            let response = wire.response().await;
            assert!(response.starts_with("HTTP/1.1 413 ") && response.contains("limit-request: "), "{response}");
            assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
            assert_eq!(wire.rest().await, b"");
        }
        assert_eq!(server.get("/app").await.status(), StatusCode::OK);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_app_says_of_its_length_does_not_count_unless_to_head() {
    const APP: &str = r#"export default { fetch(request) {
        const body = request.method === "HEAD" ? null : new URL(request.url).searchParams.get("body");
        return new Response(body, { headers: { "content-length": "1000", "transfer-encoding": "chunked" } });
    } };"#;
    let server = serve([tenant("liar", "liar.mjs", APP)], |_| {}).await;
    let mut wire = Wire::open(server.address).await;
    for (asked, body) in [("body=short", "short"), ("body=", ""), ("", ""), ("body=again", "again")] {
        wire.send(format!("GET /liar?{asked} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await;
        let response = wire.response().await;
        let (head, content) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(content, body, "{asked}: {head}");
        assert!(!head.contains("content-length: 1000") && !head.contains("transfer-encoding"), "{asked}: {head}");
    }
    wire.send(b"HEAD /liar HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let rest = String::from_utf8(wire.rest().await).unwrap();
    assert!(rest.contains("content-length: 1000\r\n") && rest.ends_with("\r\n\r\n"), "{rest}");
    server.end().await;
}
