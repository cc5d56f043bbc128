//! Responses that are sent compressed, and those that are not.

use async_compression::tokio::write::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::io::AsyncWriteExt;

use crate::support::{Running, serve, tenant};
use crate::wire::LONG;

/// Answers with a text of `n` letters, and the headers that the query names.
const APP: &str = r#"export default { async fetch(request) {
    const { searchParams } = new URL(request.url);
    const headers = new Headers({ "content-type": "text/html" });
    for (const [name, value] of searchParams) if (name !== "n" && name !== "stream") headers.set(name, value);
    const text = "abcdefgh".repeat(searchParams.get("n") / 8);
    if (!searchParams.has("stream")) return new Response(text, { headers });
    const body = new ReadableStream({
        async start(controller) {
            controller.enqueue(new TextEncoder().encode("first piece"));
            await new Promise((resolve) => setTimeout(resolve, searchParams.get("stream")));
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
        },
    });
    return new Response(body, { headers });
} };"#;

async fn server() -> Running {
    serve([tenant("app", "app.mjs", APP)], |_| {}).await
}

async fn get<B: Default + Into<Full<bytes::Bytes>>>(
    server: &Running,
    method: &str,
    query: &str,
    accept: &str,
) -> Response<bytes::Bytes> {
    let request = Request::builder().method(method).uri(format!("/app?{query}")).header("accept-encoding", accept);
    server.bytes(request.body(B::default().into()).unwrap()).await
}

fn coding(headers: &HeaderMap) -> Option<&str> {
    headers.get("content-encoding").map(|value| value.to_str().unwrap())
}

async fn decode(coding: Option<&str>, pieces: &[&[u8]]) -> Vec<u8> {
    macro_rules! with {
        ($decoder:ident) => {{
            let mut decoder = $decoder::new(Vec::new());
            for piece in pieces {
                decoder.write_all(piece).await.unwrap();
            }
            decoder.flush().await.unwrap();
            decoder.into_inner()
        }};
    }
    match coding {
        Some("gzip") => with!(GzipDecoder),
        Some("br") => with!(BrotliDecoder),
        Some("zstd") => with!(ZstdDecoder),
        None => pieces.concat(),
        Some(other) => panic!("{other} was not asked for"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_comes_in_the_coding_that_its_client_likes_best() {
    let server = server().await;
    for (accept, expected) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip;q=1, br;q=0.5", Some("gzip")),
        ("GZIP;q=0.2, br;q=0", Some("gzip")),
        ("deflate", None),
        ("identity", None),
        ("", None),
        ("gzip;q=nonsense", None),
        ("*;q=0", None),
    ] {
        let response = get::<&str>(&server, "GET", "n=80000", accept).await;
        assert_eq!((response.status().as_u16(), coding(response.headers())), (200, expected), "{accept}");
        assert_eq!(response.headers()["vary"], "accept-encoding", "{accept}");
        assert_eq!(decode(expected, &[response.body()]).await, "abcdefgh".repeat(10_000).as_bytes(), "{accept}");
        assert!(expected.is_none() || response.body().len() < 8_000);
        let head = get::<&str>(&server, "HEAD", "n=80000", accept).await;
        assert_eq!(coding(head.headers()), expected, "{accept}");
        for name in ["vary", "etag", "content-type"] {
            assert_eq!(head.headers().get(name), response.headers().get(name), "{accept} {name}");
        }
        let length = head.headers().get("content-length").map(|value| value.to_str().unwrap());
        assert_eq!(length, expected.is_none().then_some("80000"), "{accept}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_not_gain_or_must_not_change_is_sent_as_it_is() {
    let server = server().await;
    for (query, expected) in [
        ("n=1024", Some("gzip")),
        ("n=1016", None),
        ("n=8000&content-type=image/png", None),
        ("n=8000&content-type=text/event-stream", None),
        ("n=8000&content-type=application/problem%2Bjson", Some("gzip")),
        ("n=8000&content-type=image/svg%2Bxml", Some("gzip")),
        ("n=8000&content-type=nonsense", None),
        ("n=8000&cache-control=no-transform", None),
        ("n=8000&content-range=bytes+0-7999/9000", None),
    ] {
        let response = get::<&str>(&server, "GET", query, "gzip").await;
        assert_eq!(coding(response.headers()), expected, "{query}");
        assert_eq!(response.headers().contains_key("vary"), expected.is_some(), "{query}");
    }
    let own = get::<&str>(&server, "GET", "n=8000&content-encoding=x-own", "gzip").await;
    assert_eq!((coding(own.headers()), own.body().len()), (Some("x-own"), 8000), "it has a coding");
    let tagged = get::<&str>(&server, "GET", "n=8000&etag=%22own%22", "gzip").await;
    assert_eq!(tagged.headers()["etag"], "W/\"own\"", "the bytes are others in each coding");
    let tagged = get::<&str>(&server, "GET", "n=8000&etag=%22own%22", "identity").await;
    assert_eq!(tagged.headers()["etag"], "\"own\"");
    server.end().await;
    let off = serve([tenant("app", "app.mjs", APP)], |config| config.http.compress = false).await;
    let response = get::<&str>(&off, "GET", "n=8000", "gzip").await;
    assert_eq!((coding(response.headers()), response.headers().get("vary")), (None, None));
    off.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_piece_of_a_stream_can_be_read_before_the_second_is_made() {
    // Those that are left before their end render on until they write.
    let server = serve([tenant("app", "app.mjs", APP)], |config| config.renders.concurrent = 16).await;
    for accept in ["gzip", "br", "zstd", "identity"] {
        // The second piece comes after the time that a render has, so that it is not waited for.
        let request =
            Request::get("/app?n=8&stream=8000").header("accept-encoding", accept).body(Full::default()).unwrap();
        let mut response = tokio::time::timeout(LONG, server.begin(request)).await.unwrap();
        let coding = coding(response.headers()).map(str::to_owned);
        assert_eq!(coding.as_deref(), Some(accept).filter(|accept| *accept != "identity"));
        let mut pieces: Vec<bytes::Bytes> = Vec::new();
        loop {
            let frame = tokio::time::timeout(LONG, response.frame()).await.unwrap().expect("it has not ended").unwrap();
            pieces.push(frame.into_data().unwrap());
            let read = decode(coding.as_deref(), &pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
            assert!(b"first piece".starts_with(&read[..]), "{accept}: the second was waited for: {read:?}");
            if read == b"first piece" {
                break;
            }
        }
    }
    let whole = get::<&str>(&server, "GET", "n=8&stream=1", "gzip").await;
    assert_eq!(decode(coding(whole.headers()), &[whole.body()]).await, b"first pieceabcdefgh");
    server.end().await;
}
