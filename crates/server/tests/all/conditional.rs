//! Requests that are answered only if the page has changed.

use http::{Request, StatusCode};

use crate::support::{id_of, serve, tenant};

const APP: &str = r#"export default { fetch(request) {
    const { searchParams } = new URL(request.url);
    const headers = new Headers(searchParams);
    headers.delete("status"); headers.delete("random");
    const body = searchParams.has("random") ? `${Math.random()}` : `the page`;
    return new Response(body, { status: +(searchParams.get("status") ?? 200), headers });
} };"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_the_page_is_not_sent_it_again() {
    let page = "globalThis.render = ({ name }) => `<p>${name}</p>`;";
    let server = serve([tenant("app", "app.mjs", APP), tenant("page", "page.js", page)], |_| {}).await;
    for path in ["/app", "/page?name=a"] {
        let first = server.get(path).await;
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() == 36, "{tag}");
        let again = server.get_with(path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status(), again.body().as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(again.headers()["etag"], *tag);
        assert!(again.headers().contains_key("date"));
        for name in ["content-type", "content-length", "accept-ranges"] {
            assert!(!again.headers().contains_key(name), "{name} of {again:?}");
        }
        assert_eq!(server.receipt(&id_of(&again)).await.0.status, 304);
        let other = server.get_with(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status(), other.body()), (StatusCode::OK, first.body()));
        let head = Request::head(path).header("if-none-match", &tag).body("".into()).unwrap();
        assert_eq!(server.ask(head).await.status(), StatusCode::NOT_MODIFIED);
    }
    assert_eq!(server.get("/page").await.headers()["accept-ranges"], "none");
    let random = [server.get("/app?random").await, server.get("/app?random").await];
    assert_ne!(random[0].headers()["etag"], random[1].headers()["etag"]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apps_own_tag_and_date_hold() {
    let server = serve([tenant("app", "app.mjs", APP)], |_| {}).await;
    let tagged = "/app?etag=%22own%22&cache-control=max-age=9&vary=x&set-cookie=a=b&x-own=1&content-language=en";
    let first = server.get(tagged).await;
    assert_eq!(first.headers()["etag"], "\"own\"");
    let again = server.get_with(tagged, &[("if-none-match", "\"x\", W/\"own\"")]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for (name, value) in
        [("etag", "\"own\""), ("cache-control", "max-age=9"), ("vary", "x"), ("set-cookie", "a=b"), ("x-own", "1")]
    {
        assert_eq!(again.headers()[name], value);
    }
    assert!(!again.headers().contains_key("content-language"));
    let dated = "/app?last-modified=Sun,+06+Nov+1994+08:49:37+GMT&cache-control=no-store";
    for (since, status) in
        [("Sun, 06 Nov 1994 08:49:37 GMT", 304), ("Sun, 06 Nov 1994 08:49:36 GMT", 200), ("soon", 200)]
    {
        let response = server.get_with(dated, &[("if-modified-since", since)]).await;
        assert_eq!(response.status(), status, "{since}");
        assert!(response.headers().contains_key("last-modified") && !response.headers().contains_key("etag"));
    }
    let both = [("if-none-match", "\"x\""), ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")];
    assert_eq!(server.get_with(dated, &both).await.status(), 200);
    // What is no 200, or no GET, is the app's affair.
    for path in ["/app?etag=%22own%22&status=404", "/app?etag=%22own%22&status=500"] {
        assert_ne!(server.get_with(path, &[("if-none-match", "*")]).await.status(), StatusCode::NOT_MODIFIED);
    }
    let post = Request::post(tagged).header("if-none-match", "\"own\"").body("".into()).unwrap();
    assert_eq!(server.ask(post).await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_for_one_reader_alone_gets_no_tag() {
    let server = serve([tenant("app", "app.mjs", APP)], |_| {}).await;
    for path in ["/app?set-cookie=a=b", "/app?cache-control=no-store", "/app?status=404"] {
        assert!(!server.get(path).await.headers().contains_key("etag"), "{path}");
    }
    let post = Request::post("/app").body("".into()).unwrap();
    assert!(!server.ask(post).await.headers().contains_key("etag"));
    server.end().await;
    let off = serve([tenant("app", "app.mjs", APP)], |config| config.http.etags = false).await;
    assert!(!off.get("/app").await.headers().contains_key("etag"));
    off.end().await;
}
