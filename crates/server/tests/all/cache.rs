//! Pages that are sent again without a render.

use std::collections::HashSet;
use std::time::Duration;

use dayfly_server::{TenantConfig, TenantName};
use futures_util::future::join_all;
use http::{Request, Response, StatusCode};

use crate::support::{Running, id_of, serve, tenant};
use crate::wire::LONG;

/// Each render's page is another, with the headers that the query names.
const APP: &str = r#"export default { async fetch(request) {
    const { searchParams } = new URL(request.url);
    const headers = new Headers(searchParams);
    for (const name of ["n", "wait", "size", "status", "stream"]) headers.delete(name);
    if (searchParams.has("wait")) await new Promise((resolve) => setTimeout(resolve, searchParams.get("wait")));
    if (request.headers.has("x-fail")) throw new Error("as it was asked");
    const status = +(request.headers.get("x-status") ?? searchParams.get("status") ?? 200);
    const text = crypto.randomUUID() + " " + (request.headers.get("accept-language") ?? "-") + "x".repeat(searchParams.get("size") ?? 0);
    if (!searchParams.has("stream")) return new Response(text, { status, headers });
    return new Response(new ReadableStream({
        async start(controller) {
            for (const letter of text) {
                controller.enqueue(new TextEncoder().encode(letter));
                await new Promise((resolve) => setTimeout(resolve, 1));
            }
            controller.close();
        },
    }), { status, headers });
} };"#;

const FRESH: &str = "/app?cache-control=max-age=600";

fn cached(name: &str, bytes: u64) -> (TenantName, TenantConfig) {
    let (name, mut tenant) = tenant(name, "app.mjs", APP);
    tenant.cache = Some(bytes);
    // A page of 2,000 pieces waits as often, and on a busy machine each time for a while; and a server that is not optimised hands each
    // on at the render's cost.
    tenant.limits.wall = Duration::from_secs(60);
    tenant.limits.cpu = Duration::from_secs(60);
    (name, tenant)
}

async fn server() -> Running {
    serve([cached("app", 1 << 20)], |_| {}).await
}

fn status(response: &Response<String>) -> &str {
    response.headers()["cache-status"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_page_is_sent_again_with_its_age() {
    let server = server().await;
    let first = server.get(FRESH).await;
    assert_eq!(status(&first), "dayfly; fwd=miss; stored");
    assert!(!first.headers().contains_key("age"));
    let again = server.get(FRESH).await;
    assert_eq!(again.body(), first.body());
    assert!(status(&again).starts_with("dayfly; hit; ttl="), "{again:?}");
    for name in ["date", "etag", "content-type", "cache-control"] {
        assert_eq!(again.headers()[name], first.headers()[name], "{name}");
    }
    assert!(again.headers()["age"].to_str().unwrap().parse::<u64>().is_ok());
    assert_ne!(id_of(&first), id_of(&again));
    let (receipt, _) = server.receipt(&id_of(&again)).await;
    assert_eq!(
        (receipt.outcome, receipt.status, receipt.cache, receipt.usage.cpu.as_nanos()),
        ("ok", 200, Some("hit"), 0)
    );
    assert_eq!(server.receipt(&id_of(&first)).await.0.cache, None);
    let head = server.ask(Request::head(FRESH).body("".into()).unwrap()).await;
    assert_eq!((head.headers()["etag"].clone(), head.body().as_str()), (first.headers()["etag"].clone(), ""));
    assert_eq!(head.headers()["content-length"], first.body().len().to_string());
    let tag = first.headers()["etag"].to_str().unwrap();
    let known = server.get_with(FRESH, &[("if-none-match", tag)]).await;
    assert_eq!((known.status(), known.headers().contains_key("age")), (StatusCode::NOT_MODIFIED, true));
    let zipped = server.begin(Request::get(FRESH).header("accept-encoding", "gzip").body("".into()).unwrap()).await;
    assert!(!zipped.headers().contains_key("content-encoding"), "it is small");
    assert_ne!(
        server.get("/app?cache-control=max-age=600&n=1").await.body(),
        first.body(),
        "another URL is another page"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_the_page_fills_the_cache_with_all_of_it() {
    let server = server().await;
    let path = format!("{FRESH}&etag=%22own%22");
    let known = server.get_with(&path, &[("if-none-match", "\"own\"")]).await;
    assert_eq!((known.status(), known.body().as_str()), (StatusCode::NOT_MODIFIED, ""));
    let full = server.get(&path).await;
    assert!(full.body().len() > 36 && status(&full).contains("; hit"), "{full:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_shared_is_rendered_each_time() {
    let server = server().await;
    for (query, headers) in [
        ("cache-control=max-age=600,+private", &[][..]),
        ("cache-control=max-age=600,+no-store", &[]),
        ("cache-control=no-cache", &[]),
        ("cache-control=max-age=600&set-cookie=a=b", &[]),
        ("cache-control=max-age=600&vary=*", &[]),
        ("cache-control=max-age=600&status=500", &[]),
        ("n=1", &[]),
        ("cache-control=max-age=600&n=2", &[("authorization", "me")]),
        ("cache-control=max-age=600&n=3", &[("cache-control", "no-store, no-cache")]),
        ("cache-control=max-age=600&n=4", &[("range", "bytes=0-1")]),
    ] {
        let path = format!("/app?{query}");
        let pages = [server.get_with(&path, headers).await, server.get_with(&path, headers).await];
        assert_ne!(pages[0].body(), pages[1].body(), "{query} {headers:?}");
        let said = pages[1].headers().get("cache-status").map(|status| status.to_str().unwrap());
        assert!(!said.is_some_and(|status| status.contains("stored")), "{query} {said:?}");
    }
    for query in ["cache-control=max-age=600,+public&n=5", "cache-control=s-maxage=600&n=6"] {
        let path = format!("/app?{query}");
        let auth = [("authorization", "me")];
        let pages = [server.get_with(&path, &auth).await, server.get_with(&path, &auth).await];
        assert_eq!(pages[0].body(), pages[1].body(), "{query}");
    }
    // Whose page it is nobody says, so it is not for who shows who they are; to the others it stays what it is.
    let anonymous = server.get(&format!("{FRESH}&n=7")).await;
    assert_ne!(server.get_with(&format!("{FRESH}&n=7"), &[("authorization", "me")]).await.body(), anonymous.body());
    assert_eq!(server.get(&format!("{FRESH}&n=7")).await.body(), anonymous.body());
    let none = server.get_with(&format!("{FRESH}&n=8"), &[("cache-control", "only-if-cached")]).await;
    assert_eq!((none.status(), none.body().starts_with("not-cached: ")), (StatusCode::GATEWAY_TIMEOUT, true));
    let new = server.get_with(FRESH, &[("cache-control", "max-age=0")]).await;
    let newer = server.get_with(FRESH, &[("cache-control", "no-cache")]).await;
    assert_ne!(new.body(), newer.body());
    assert_eq!((status(&newer), server.get(FRESH).await.body()), ("dayfly; fwd=request; stored", newer.body()));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_kept_for_each_value_of_what_it_varies_by() {
    let server = server().await;
    let path = format!("{FRESH}&vary=Accept-Language");
    let mut seen = HashSet::new();
    for language in ["de", "en", ""] {
        let headers = [("accept-language", language)];
        let pages = [server.get_with(&path, &headers).await, server.get_with(&path, &headers).await];
        assert_eq!(pages[0].body(), pages[1].body());
        assert!(pages[0].body().ends_with(language) && seen.insert(pages[0].body().clone()));
    }
    assert!(server.get(&path).await.body().ends_with('-'), "one that is not there is not one that is empty");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tenant_is_sent_the_page_of_another() {
    let server = serve([cached("one", 1 << 20), cached("two", 1 << 20), tenant("none", "app.mjs", APP)], |config| {
        config.tenant_header = Some("x-tenant".parse().unwrap());
    })
    .await;
    let path = "/same?cache-control=max-age=600";
    let mut pages = HashSet::new();
    for name in ["one", "two"] {
        let headers = [("x-tenant", name), ("host", "same.test")];
        let both = [server.get_with(path, &headers).await, server.get_with(path, &headers).await];
        assert_eq!(both[0].body(), both[1].body());
        assert!(pages.insert(both[0].body().clone()));
    }
    let headers = [("x-tenant", "none"), ("host", "same.test")];
    let uncached = [server.get_with(path, &headers).await, server.get_with(path, &headers).await];
    assert_ne!(uncached[0].body(), uncached[1].body());
    assert!(!uncached[0].headers().contains_key("cache-status"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_render_answers_all_who_ask_for_the_same_page_at_once() {
    // For so long those who ask for the same page wait for the one who renders it.
    let server = serve([cached("app", 1 << 20)], |config| config.renders.queue_time = LONG).await;
    let path = format!("{FRESH}&wait=400");
    let pages = join_all((0..20).map(|_| server.get(&path))).await;
    let bodies: HashSet<_> = pages.iter().map(Response::body).collect();
    assert_eq!(bodies.len(), 1);
    let rendered = pages.iter().filter(|page| status(page).contains("fwd=miss")).count();
    assert_eq!(rendered, 1);
    // Where it turns out that the page cannot be shared, each has its own.
    let pages = join_all((0..8).map(|_| server.get("/app?cache-control=no-store&wait=100"))).await;
    assert_eq!(pages.iter().map(Response::body).collect::<HashSet<_>>().len(), 8);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_comes_in_pieces_is_stored_once_it_is_whole() {
    let server = server().await;
    let path = format!("{FRESH}&stream=1");
    let first = server.get(&path).await;
    assert_eq!(status(&first), "dayfly; fwd=miss; stored");
    assert!(!first.headers().contains_key("content-length"));
    let again = server.get(&path).await;
    assert_eq!(again.body(), first.body());
    assert_eq!(again.headers()["content-length"], first.body().len().to_string());
    // One that is broken off is not.
    let cut = format!("{path}&n=2&size=2000");
    drop(server.begin(Request::get(&cut).body("".into()).unwrap()).await);
    let after = server.get(&cut).await;
    assert!(status(&after).contains("fwd=miss"), "{}", status(&after));
    assert!(after.body().len() > 2000);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_page_is_sent_while_it_is_made_anew() {
    let server = server().await;
    let path = "/app?cache-control=max-age=0,+stale-while-revalidate=600";
    let first = server.get(path).await;
    let stale = server.get(path).await;
    assert_eq!(stale.body(), first.body());
    assert!(status(&stale).starts_with("dayfly; hit; ttl="));
    assert_eq!(server.receipt(&id_of(&stale)).await.0.cache, Some("stale"));
    loop {
        let next = server.get(path).await;
        assert!(status(&next).contains("; hit"), "nobody waits for it: {}", status(&next));
        if next.body() != first.body() {
            break;
        }
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_page_is_sent_in_place_of_an_error_where_it_says_so() {
    let server = server().await;
    let path = "/app?cache-control=max-age=0,+stale-if-error=600";
    let fail = [("x-fail", "1")];
    let failed = server.get_with(path, &fail).await;
    assert_eq!((failed.status(), failed.body().starts_with("app-threw")), (StatusCode::INTERNAL_SERVER_ERROR, true));
    let good = server.get(path).await;
    for wrong in [("x-fail", "1"), ("x-status", "503")] {
        let stale = server.get_with(path, &[wrong]).await;
        assert_eq!((stale.status(), stale.body()), (StatusCode::OK, good.body()), "{wrong:?}");
        assert!(status(&stale).contains("; fwd=stale"));
        let (receipt, _) = server.receipt(&id_of(&stale)).await;
        assert_eq!((receipt.status, receipt.cache), (200, Some("stale")));
        assert_eq!(receipt.outcome, if wrong.0 == "x-fail" { "app-threw" } else { "ok" });
    }
    let missing = server.get_with(path, &[("x-status", "404")]).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND, "that is no error of the app's");
    let strict = "/app?cache-control=max-age=0,+stale-if-error=600,+must-revalidate";
    server.get(strict).await;
    assert_eq!(server.get_with(strict, &fail).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_changes_a_page_makes_the_stored_one_old() {
    let server = server().await;
    let first = server.get(FRESH).await;
    let failed = Request::post(FRESH).header("x-fail", "1").body("".into()).unwrap();
    assert_eq!(server.ask(failed).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(server.get(FRESH).await.body(), first.body());
    server.ask(Request::post(FRESH).body("".into()).unwrap()).await;
    assert_ne!(server.get(FRESH).await.body(), first.body());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bytes_of_stored_pages_have_a_bound_for_one_tenant_and_for_all() {
    let hits = async |server: &Running, tenants: &[&str]| {
        let path = |name: &&str, n: usize| format!("/{name}?cache-control=max-age=600&size=10000&n={n}");
        for name in tenants {
            for n in 0..20 {
                server.get(&path(name, n)).await;
            }
        }
        let mut hits = 0;
        for name in tenants {
            for n in (0..20).rev() {
                let ask =
                    Request::get(path(name, n)).header("cache-control", "only-if-cached").body("".into()).unwrap();
                hits += usize::from(server.ask(ask).await.status() == StatusCode::OK);
            }
        }
        hits
    };
    let one = serve([cached("one", 64 << 10)], |_| {}).await;
    let of_one = hits(&one, &["one"]).await;
    assert!((1..=6).contains(&of_one), "{of_one}");
    let large = one.get("/one?cache-control=max-age=600&size=20000").await;
    assert_ne!(one.get("/one?cache-control=max-age=600&size=20000").await.body(), large.body(), "one page is not all");
    one.end().await;
    let all = serve([cached("one", 1 << 20), cached("two", 1 << 20)], |config| config.cache = 64 << 10).await;
    let of_all = hits(&all, &["one", "two"]).await;
    assert!((1..=6).contains(&of_all), "{of_all}");
    all.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_render_are_stored_if_their_tenant_says_for_how_long() {
    let page = "globalThis.render = () => `<p>${Math.random()}</p>`;";
    let (name, mut config) = tenant("page", "page.js", page);
    config.cache = Some(1 << 20);
    let (other, mut without) = tenant("other", "page.js", page);
    without.cache = Some(1 << 20);
    config.cache_control = Some("public, max-age=600".parse().unwrap());
    let server = serve([(name, config), (other, without)], |_| {}).await;
    let first = server.get("/page?a").await;
    assert_eq!(first.headers()["cache-control"], "public, max-age=600");
    assert_eq!(server.get("/page?a").await.body(), first.body());
    let posted = Request::post("/page?a").body("{}".into()).unwrap();
    assert!(!server.ask(posted).await.headers().contains_key("cache-control"));
    assert_ne!(server.get("/other").await.body(), server.get("/other").await.body());
    server.end().await;
}
