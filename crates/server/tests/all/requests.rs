//! What comes back of a request, and what it leaves.

use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{id_of, serve, serve_in, tenant};

const HELLO: &str = r#"export default { fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname.endsWith("throw")) throw new Error("secret of the app");
    if (url.pathname.endsWith("loop")) for (;;);
    console.log("asked", request.method);
    return new Response(`hello ${url.searchParams.get("name")} ${request.headers.get("host")} ${env.GREETING ?? ""}`, { headers: { connection: "x-hop", "x-hop": "1", "x-kept": "2" } });
} };"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_answered_by_its_tenants_app_and_leaves_a_receipt() {
    let page = "globalThis.render = ({ name }) => `<p>${name}</p>`;";
    let server = serve([tenant("hello", "hello.mjs", HELLO), tenant("page", "page.js", page)], |config| {
        let hello = config.tenants.get_mut(&"hello".parse().unwrap()).unwrap();
        hello.env.insert("GREETING".into(), "hi".into());
    })
    .await;
    let response = server.get("/hello/x?name=Ada").await;
    assert_eq!(response.body(), &format!("hello Ada {} hi", server.address));
    assert!(response.headers().get("x-hop").is_none(), "what is the connection's is not handed on");
    assert_eq!(response.headers()["x-kept"], "2");
    let (receipt, console) = server.receipt(&id_of(&response)).await;
    assert_eq!((receipt.outcome, receipt.status, receipt.path.as_str()), ("ok", 200, "/hello/x"));
    assert_eq!(receipt.tenant.unwrap().as_str(), "hello");
    assert!(receipt.usage.cpu.as_nanos() > 0 && receipt.usage.peak_memory > 0 && receipt.bundle.is_some());
    assert_eq!((receipt.console_lines, console[0].text.as_str()), (1, "asked GET"));

    let response = server.get("/page?name=%3Cb%3E").await;
    assert_eq!(response.body(), "<p><b></p>");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let posted = Request::post("/page").body(r#"{"name":7}"#.into()).unwrap();
    assert_eq!(server.ask(posted).await.body(), "<p>7</p>");
    let by_host = Request::get("/?name=1").header("host", "page.test:80").body("".into()).unwrap();
    assert_eq!(server.ask(by_host).await.body(), "<p>1</p>");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_has_its_status_its_code_and_an_id_and_tells_nothing_else() {
    let server = serve([tenant("hello", "hello.mjs", HELLO)], |config| config.http.url = 200).await;
    let long = format!("/hello/{}", "x".repeat(300));
    for (path, status, code) in [
        ("/nobody", StatusCode::NOT_FOUND, "no-tenant"),
        ("/hello/throw", StatusCode::INTERNAL_SERVER_ERROR, "app-threw"),
        ("/hello/loop", StatusCode::INTERNAL_SERVER_ERROR, "limit-cpu"),
        (&long, StatusCode::URI_TOO_LONG, "url-too-long"),
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let id = id_of(&response);
        assert!(response.body().starts_with(&format!("{code}: ")) && response.body().contains(&id), "{response:?}");
        assert!(!response.body().contains("secret") && !response.body().contains("hello"), "{response:?}");
        let (receipt, _) = server.receipt(&id).await;
        assert_eq!((receipt.outcome, receipt.status), (code, status.as_u16()));
        assert_eq!(receipt.failure.is_some_and(|failure| failure.contains("secret")), code == "app-threw");
        let json = Request::get(path).header("accept", "application/json").body("".into()).unwrap();
        let json = server.ask(json).await;
        assert_eq!(json.headers()["content-type"], "application/problem+json");
        assert!(json.body().contains(&format!(r#""code":"{code}""#)), "{json:?}");
        let weighed = Request::get(path).header("accept", "text/html, application/json;q=0.9").body("".into()).unwrap();
        assert_eq!(server.ask(weighed).await.headers()["content-type"], "application/problem+json");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_go_both_ways_while_they_come() {
    let app = "export default { fetch: (request) => new Response(request.body) };";
    let server = serve([tenant("echo", "echo.mjs", app)], |_| {}).await;
    // That it has a handler is known from its first request on.
    assert_eq!(server.get("/echo").await.status(), StatusCode::OK);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    for piece in ["first", "second"] {
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        let mut read = String::new();
        while !read.contains(piece) {
            let mut bytes = [0; 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "the connection ended after {read:?}");
            read.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    while !rest.ends_with(b"0\r\n\r\n") {
        assert!(stream.read_buf(&mut rest).await.unwrap() > 0);
    }
    drop(stream);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_says_that_it_is_too_large_is_refused_before_it_comes() {
    let app = "export default { fetch: (request) => new Response(request.body) };";
    let server = serve([tenant("echo", "echo.mjs", app)], |_| {}).await;
    for is_known_to_have_a_handler in [false, true] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // None of it is sent: who goes on sending may meet the end of the connection before the response.
        stream.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2097152\r\n\r\n").await.unwrap();
        let mut read = Vec::new();
        while !read.windows(4).any(|part| part == b"\r\n\r\n") {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0, "no response");
        }
        let head = String::from_utf8(read).unwrap();
        assert!(head.starts_with("HTTP/1.1 413 "), "{is_known_to_have_a_handler}: {head}");
        assert_eq!(server.get("/echo").await.status(), StatusCode::OK);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_cannot_be_read_is_said_in_the_receipt_and_not_to_who_asks() {
    let state = tempfile::tempdir().unwrap();
    let start = async || serve_in(state.path(), [tenant("hello", "hello.mjs", HELLO)], |_| {}).await.unwrap();
    start().await.end().await;
    let bundles = state.path().join("bundles");
    for entry in std::fs::read_dir(&bundles).unwrap() {
        let path = entry.unwrap().path();
        std::fs::write(&path, &std::fs::read(&path).unwrap()[1..]).unwrap();
    }
    let server = start().await;
    let response = server.get("/hello").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.body().starts_with("internal: the page could not be made"), "{response:?}");
    let (receipt, _) = server.receipt(&id_of(&response)).await;
    assert_eq!(receipt.outcome, "internal");
    let failure = receipt.failure.unwrap();
    assert!(failure.contains("no packed bundle"), "{failure}");
    server.end().await;
}
