//! What a server that ends does not wait for.

use std::time::Duration;

use dayfly_server::Drained;
use http::{Request, StatusCode};

use crate::support::{Running, serve, tenant};
use crate::wire::Wire;

/// Answers at once, and is at its end much later; or in pieces; or much later.
const SLOW: &str = r#"export default { async fetch(request, env, ctx) {
    const late = new Promise((resolve) => setTimeout(resolve, 100_000, "late"));
    const path = new URL(request.url).pathname;
    if (path.endsWith("after")) { ctx.waitUntil(late); return new Response("before"); }
    if (path.endsWith("pieces")) {
        return new Response(new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
            pull: () => late,
        }));
    }
    return new Response(path.endsWith("fast") ? "fast" : await late);
} };"#;

async fn slow(drain: Duration) -> Running {
    let (name, mut slow) = tenant("slow", "slow.mjs", SLOW);
    slow.limits.wall = Duration::from_secs(200);
    slow.concurrent = Some(4);
    serve([(name, slow)], |config| (config.drain, config.renders.concurrent) = (drain, 8)).await
}

/// Waits until so many renders go on.
async fn renders(server: &Running, count: u32) {
    // One that has its permit may wait for a thread yet.
    let go_on = ["dayfly_render_permits_held", "dayfly_stores"].map(|name| format!("\n{name} {count}.0\n"));
    while !go_on.iter().all(|line| server.metrics.encode().contains(line)) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cut_at_the_end_of_a_drain_is_counted() {
    let server = slow(Duration::from_millis(300)).await;
    assert_eq!(server.get("/slow/fast").await.body(), "fast");
    let mut open = Vec::new();
    for path in ["late", "pieces"] {
        let mut wire = Wire::open(server.address).await;
        wire.send(format!("GET /slow/{path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await;
        open.push(wire);
    }
    assert_eq!(server.get("/slow/after").await.body(), "before");
    renders(&server, 3).await;
    let (left, metrics) = (server.left(), server.metrics.clone());
    assert_eq!(server.end().await, Drained { answered: 0, cut: 2 });
    let left = left.lock().unwrap();
    let mut outcomes: Vec<_> = left.iter().map(|(receipt, _)| (receipt.path.as_str(), receipt.outcome)).collect();
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [("/slow/after", "cut"), ("/slow/fast", "ok"), ("/slow/late", "cut"), ("/slow/pieces", "cut")]
    );
    let page = metrics.encode();
    let counted = page.lines().find(|line| line.starts_with("dayfly_renders_total") && line.contains("\"cut\""));
    assert!(counted.is_some_and(|line| line.ends_with(" 3")), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_before_the_response_leaves_a_receipt() {
    let server = slow(Duration::from_secs(30)).await;
    let request = Request::get("/slow/fast").body("".into()).unwrap();
    assert_eq!(server.ask(request).await.status(), StatusCode::OK);
    let mut wire = Wire::open(server.address).await;
    wire.send(b"GET /slow/late HTTP/1.1\r\nhost: a\r\n\r\n").await;
    renders(&server, 1).await;
    drop(wire);
    renders(&server, 0).await;
    let left = server.left();
    server.end().await;
    let left = left.lock().unwrap();
    let (receipt, _) = left.iter().find(|(receipt, _)| receipt.path == "/slow/late").unwrap();
    assert_eq!(receipt.outcome, "client-gone");
    assert!(receipt.usage.wall > Duration::ZERO);
}
