//! Deploys: what is served before, during and after one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Request, StatusCode};
use serde_json::Value;

use crate::support::{bundle, serve, tenant};

/// A page of many pieces that all say the same number.
fn numbered(number: u64) -> String {
    format!("globalThis.render = () => `<p>${{Array(2000).fill({number}).join(' ')}}</p>`;")
}

/// The number that a page of [`numbered`] says, if it is whole.
fn number(page: &str) -> Option<u64> {
    let inner = page.strip_prefix("<p>")?.strip_suffix("</p>")?;
    let numbers: BTreeSet<u64> = inner.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() == 1 && inner.split(' ').count() == 2000).then(|| *numbers.first().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_is_served_from_the_next_request_on_and_a_rollback_takes_it_back() {
    let server = serve([tenant("shop", "a.js", "globalThis.render = () => 'a'")], |_| {}).await;
    assert_eq!(server.get("/shop").await.body(), "a");
    let done = server
        .deploy("shop", "?name=b.mjs", "export default { fetch: () => new Response('b', { status: 201 }) }")
        .await;
    assert_eq!(done.status(), StatusCode::CREATED, "{done:?}");
    let (deployment, smoke) = (&done.body()["deployment"], &done.body()["smoke"]);
    assert_eq!(
        (&deployment["number"], text(&deployment["source"]), text(&deployment["by"])),
        (&2.into(), "b.mjs", "local")
    );
    assert_eq!((&smoke["status"], &smoke["bytes"]), (&201.into(), &1.into()));
    assert_eq!(server.get("/shop").await.body(), "b");

    let bundle = bundle("c.js", "globalThis.render = () => 'c'").await;
    let digest = dayfly::BundleId::of(&bundle).to_string();
    let done = server.call("POST", "/v1/tenants/shop/deployments", "application/wasm", bundle).await;
    assert_eq!((done.status(), text(&done.body()["deployment"]["digest"])), (StatusCode::CREATED, digest.as_str()));
    assert_eq!(server.get("/shop").await.body(), "c");

    for page in ["b", "a"] {
        assert_eq!(server.call("POST", "/v1/tenants/shop/rollback", "", "").await.status(), StatusCode::OK);
        assert_eq!(server.get("/shop").await.body(), page);
    }
    let none = server.call("POST", "/v1/tenants/shop/rollback", "", "").await;
    assert_eq!((none.status(), text(&none.body()["code"])), (StatusCode::CONFLICT, "nothing-before"));
    let path = format!("/v1/tenants/shop/deployments/{}/activate", &digest[..8]);
    assert_eq!(server.call("POST", &path, "", "").await.status(), StatusCode::OK);
    assert_eq!(server.get("/shop").await.body(), "c");
    let listed = server.call("GET", "/v1/tenants/shop/deployments", "", "").await;
    let actives: Vec<_> =
        listed.body()["deployments"].as_array().unwrap().iter().map(|one| one["active"] == true).collect();
    assert_eq!(actives, [true, false, false]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_fails_is_refused_with_its_stack_and_the_one_before_stays() {
    let server = serve([tenant("shop", "a.js", "globalThis.render = () => 'a'")], |_| {}).await;
    for (name, app, status, code, part) in [
        (
            "x.mjs",
            "export default { fetch() { function broken() { throw new Error('oh') } broken() } }",
            422,
            "app-threw",
            "at broken (x.mjs:1:",
        ),
        ("x.mjs", "export default { fetch() { for (;;); } }", 422, "limit-cpu", "fetch (x.mjs:1:"),
        ("x.js", "globalThis.render = () => { throw new TypeError('oh') }", 422, "app-threw", "x.js:1:"),
        (
            "x.mjs",
            "export default { fetch: () => new Response('', { status: 500 }) }",
            422,
            "smoke-status",
            "status 500",
        ),
        ("x.mjs", "export default { fetch: () => new Promise(() => {}) }", 422, "app-unsettled", "settle"),
        ("x.mjs", "let = = 1", 422, "source-syntax", "x.mjs:1:"),
        ("x.mjs", "import 'left-pad'; export const render = () => ''", 422, "source-imports", "left-pad"),
        ("x.mjs", "throw new Error('top')", 422, "source-refused", "top"),
    ] {
        let refused = server.deploy("shop", &format!("?name={name}"), app).await;
        let body = refused.body();
        assert_eq!((refused.status().as_u16(), text(&body["code"])), (status, code), "{app}: {body}");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert!(body.to_string().contains(part), "{app}: {body}");
        assert!(!text(&body["detail"]).starts_with("error: "), "who shows it says that: {body}");
        assert_eq!(server.get("/shop").await.body(), "a", "{app}");
    }
    for (kind, bytes, code) in [("application/wasm", "nothing", "not-a-bundle"), ("text/html", "x", "media-type")] {
        let refused = server.call("POST", "/v1/tenants/shop/deployments", kind, bytes).await;
        assert_eq!(text(&refused.body()["code"]), code);
    }
    let app = "export default { fetch(request) { if (new URL(request.url).pathname === '/shop/') throw 1; return new Response('b') } }";
    assert_eq!(server.deploy("shop", "?name=x.mjs", app).await.status(), 422);
    assert_eq!(
        server.deploy("shop", "?name=x.mjs&path=/well?x=1", app).await.status(),
        201,
        "another path is asked for"
    );
    assert_eq!(
        server.deploy("shop", "?name=y.mjs&smoke=false", "export default { fetch() { throw 1 } }").await.status(),
        201
    );
    assert_eq!(server.get("/shop").await.status(), 500, "as was asked for");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_under_load_lose_no_request_and_mix_no_page() {
    let server = serve([tenant("shop", "n.js", &numbered(0))], |config| {
        config.renders.queue_time = std::time::Duration::from_secs(60);
    })
    .await;
    let server = Arc::new(server);
    let (is_over, newest, asked) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (server, is_over, newest, asked) = (server.clone(), is_over.clone(), newest.clone(), asked.clone());
            tokio::spawn(async move {
                let mut seen = BTreeSet::new();
                while !is_over.load(Ordering::Acquire) {
                    let deployed = newest.load(Ordering::Acquire);
                    let page = server.get("/shop").await;
                    assert_eq!(page.status(), StatusCode::OK, "{page:?}");
                    let number = number(page.body()).unwrap_or_else(|| panic!("a mixed page: {}", page.body()));
                    assert!(
                        number >= deployed,
                        "{number} is older than {deployed}, which was deployed before it was asked"
                    );
                    seen.insert(number);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                seen
            })
        })
        .collect();
    // More than are kept, so that bundles are removed meanwhile.
    for number in 1..=14 {
        let before = asked.load(Ordering::Relaxed);
        let done = server.deploy("shop", "?name=n.js", &numbered(number)).await;
        assert_eq!(done.status(), StatusCode::CREATED, "{done:?}");
        newest.store(number, Ordering::Release);
        while asked.load(Ordering::Relaxed) < before + 8 {
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::Release);
    let mut seen = BTreeSet::new();
    for client in clients {
        seen.extend(client.await.unwrap());
    }
    assert!(seen.len() > 10, "{seen:?}");
    Arc::into_inner(server).unwrap().end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_of_a_tenant_go_one_after_the_other_and_no_history_is_lost() {
    let server = serve([tenant("a", "a.js", &numbered(0)), tenant("b", "b.js", &numbered(0))], |_| {}).await;
    let pages: Vec<_> = (1..=6).map(numbered).collect();
    let deploys = pages.iter().enumerate().map(|(n, page)| server.deploy(["a", "b"][n % 2], "?name=n.js", page));
    for done in futures_util::future::join_all(deploys).await {
        assert_eq!(done.status(), StatusCode::CREATED, "{done:?}");
    }
    for tenant in ["a", "b"] {
        let listed = server.call("GET", &format!("/v1/tenants/{tenant}/deployments"), "", "").await;
        let numbers: Vec<_> =
            listed.body()["deployments"].as_array().unwrap().iter().map(|one| one["number"].as_u64()).collect();
        assert_eq!(numbers, [Some(4), Some(3), Some(2), Some(1)]);
        let page = server.ask(Request::get(format!("/{tenant}")).body("".into()).unwrap()).await;
        assert!(number(page.body()).is_some_and(|number| number > 0));
    }
    server.end().await;
}
