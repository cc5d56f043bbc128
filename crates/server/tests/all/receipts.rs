//! What a request leaves in the file of events, and in its response.

use std::path::Path;
use std::time::Duration;

use dayfly_server::EventsTo;
use serde_json::Value;

use crate::support::{id_of, serve, tenant};

const APP: &str = r#"export default { async fetch(request) {
    const path = new URL(request.url).pathname;
    console.log("asked for", path);
    console.warn("twice");
    if (path.endsWith("throw")) throw new Error("secret of the app");
    if (path.endsWith("loop")) for (;;);
    if (path.endsWith("stream")) {
        const pieces = ["a", "b", "c"];
        return new Response(new ReadableStream({ async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            const piece = pieces.shift();
            if (piece) controller.enqueue(new TextEncoder().encode(piece)); else controller.close();
        } }));
    }
    return new Response("hello", { headers: { "server-timing": "app;dur=1" } });
} };"#;

/// The events of a file, once there are so many.
async fn events(file: &Path, count: usize) -> Vec<Value> {
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.lines().count() >= count && text.ends_with('\n') {
            return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_leaves_one_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let server =
        serve([tenant("hello", "hello.mjs", APP)], |config| config.events.to = EventsTo::File(file.clone())).await;
    let mut ids = Vec::new();
    for path in ["/hello/x?secret=1", "/hello/throw", "/hello/loop", "/hello/stream", "/nobody"] {
        ids.push(id_of(&server.get(path).await));
    }
    // All are written before the server ends.
    server.end().await;
    let mut all = events(&file, 5).await;
    assert_eq!(all.len(), 5);
    // They are written in the order in which they ended.
    all.sort_by_key(|event| ids.iter().position(|id| event["request_id"] == id.as_str()));
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let number = |event: &Value, name: &str| event[name].as_u64().unwrap_or_else(|| panic!("no {name}: {event}"));
    for (event, (outcome, status, path)) in all.iter().zip([
        ("ok", 200, "/hello/x"),
        ("app-threw", 500, "/hello/throw"),
        ("limit-cpu", 500, "/hello/loop"),
        ("ok", 200, "/hello/stream"),
        ("no-tenant", 404, "/nobody"),
    ]) {
        assert_eq!(
            (text(event, "outcome").as_str(), number(event, "status"), text(event, "path").as_str()),
            (outcome, status, path)
        );
        assert_eq!((text(event, "event").as_str(), text(event, "method").as_str()), ("request", "GET"));
        assert_eq!(event["span_id"], event["request_id"]);
        assert!(
            text(event, "trace_id").len() == 32 && event["sampled"] == false && event.get("parent_span_id").is_none()
        );
        assert!(humantime::parse_rfc3339(&text(event, "time")).is_ok(), "{event}");
        assert!(!event.to_string().contains("secret=1"), "a query may be a secret: {event}");
        let is_rendered = outcome != "no-tenant";
        assert_eq!(event.get("tenant").is_some() && text(event, "bundle").len() == 64, is_rendered, "{event}");
        assert_eq!(number(event, "console_lines"), if is_rendered { 2 } else { 0 });
        for name in ["cpu_us", "wall_us", "peak_memory_bytes", "pages", "request_bytes", "console_bytes"] {
            assert_eq!(number(event, name) > 0, is_rendered, "{name}: {event}");
        }
        assert!(
            number(event, "duration_us") >= number(event, "wall_us") && event["calls"] == Value::Array(vec![]),
            "{event}"
        );
        // In pages: what was changed is part of what there was.
        assert!(number(event, "pages") * 4096 <= number(event, "peak_memory_bytes"), "{event}");
        assert_eq!(text(event, "failure").contains("secret of the app"), outcome == "app-threw");
    }
    let bytes: Vec<_> = all.iter().map(|event| number(event, "response_bytes")).collect();
    assert_eq!(bytes, [5, 0, 0, 3, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_events_that_was_renamed_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (file, renamed) = (folder.path().join("events.jsonl"), folder.path().join("events.jsonl.1"));
    let server =
        serve([tenant("hello", "hello.mjs", APP)], |config| config.events.to = EventsTo::File(file.clone())).await;
    let first = id_of(&server.get("/hello").await);
    assert_eq!(events(&file, 1).await[0]["request_id"], first.as_str());
    std::fs::rename(&file, &renamed).unwrap();
    server.handle.reopen();
    let last = id_of(&server.get("/hello").await);
    server.end().await;
    let (old, new) = (events(&renamed, 1).await, events(&file, 1).await);
    assert_eq!((old.len(), new.len()), (1, 1));
    assert_eq!((&old[0]["request_id"], &new[0]["request_id"]), (&first.into(), &last.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_cannot_be_written_cost_no_request_and_are_counted() {
    let server =
        serve([tenant("hello", "hello.mjs", APP)], |config| config.events.to = EventsTo::File("/dev/full".into()))
            .await;
    for _ in 0..3 {
        assert_eq!(server.get("/hello").await.body(), "hello");
    }
    while !server.metrics.encode().contains("dayfly_events_dropped_total 3\n") {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_says_what_it_took_if_its_tenant_asks_for_it() {
    let page = "globalThis.render = () => '<p>page</p>';";
    let tenants = [("silent", APP), ("hello", APP)].map(|(name, text)| tenant(name, "app.mjs", text));
    let server = serve(tenants.into_iter().chain([tenant("page", "page.js", page)]), |config| {
        for name in ["hello", "page"] {
            config.tenants.get_mut(&name.parse().unwrap()).unwrap().server_timing = true;
        }
    })
    .await;
    for (path, metrics) in [
        ("/hello", &["app", "queue", "render", "cpu"][..]),
        ("/page", &["queue", "render", "cpu"]),
        ("/hello/throw", &["queue", "render", "cpu"]),
        // At the head of what is sent as it comes the processor time is not known.
        ("/hello/stream", &["queue", "render"]),
        ("/silent", &["app"]),
        ("/nobody", &[]),
    ] {
        let response = server.get(path).await;
        let values = response.headers().get_all("server-timing").iter().map(|value| value.to_str().unwrap());
        let said: Vec<_> = values.flat_map(|value| value.split(", ")).collect();
        let names: Vec<_> = said.iter().map(|metric| metric.split_once(";dur=").unwrap().0).collect();
        // A handler comes to its end a moment after its response has, and the response does not wait for that.
        let may_lack_cpu = path == "/hello" && names.last() == Some(&"render");
        let expected = if may_lack_cpu { &metrics[..metrics.len() - 1] } else { metrics };
        assert_eq!(names, expected, "{path}");
        let milliseconds = |metric: &&str| metric.split_once('=').unwrap().1.parse::<f64>().unwrap();
        assert!(said.iter().zip(names).all(|(metric, name)| milliseconds(metric) > 0.0 || name == "queue"), "{said:?}");
    }
    server.end().await;
}
