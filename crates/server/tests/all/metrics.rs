//! The figures, as those read them who know the format.

use std::process::Command;
use std::time::Duration;

use dayfly_server::{Config, EventsTo, Otlp};
use serde_json::Value;

use crate::support::{Running, id_of, serve, tenant};
use crate::tools;

const APP: &str = r#"export default { async fetch(request) {
    const path = new URL(request.url).pathname;
    console.log("line");
    if (path.endsWith("throw")) throw new Error("no");
    if (path.endsWith("memory")) { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }
    if (path.endsWith("call")) await fetch("https://not.allowed").catch(() => {});
    return new Response("hello");
} };"#;

/// A server of two tenants of whom one has series of its own, that has been asked for this and that; `change` has the last word on its
/// configuration.
pub(crate) async fn asked(folder: &std::path::Path, change: impl FnOnce(&mut Config)) -> Running {
    let server = serve([tenant("one", "one.mjs", APP), tenant("two", "two.mjs", APP)], |config| {
        config.metric_tenants = 1;
        config.events.to = EventsTo::File(folder.join("events.jsonl"));
        config.otlp =
            Some(Otlp { endpoint: Some("http://127.0.0.1:9/v1/traces".into()), sample: 0.0, ..Otlp::default() });
        let one = config.tenants.get_mut(&"one".parse().unwrap()).unwrap();
        one.limits.memory = 32 << 20;
        one.limits.cpu = Duration::from_secs(60);
        change(config);
    })
    .await;
    for path in ["/one", "/one", "/one/throw", "/one/memory", "/one/call", "/two", "/nobody"] {
        let id = id_of(&server.get(path).await);
        server.receipt(&id).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strict_parser_of_openmetrics_reads_the_figures() {
    let test = "the_strict_parser_of_openmetrics_reads_the_figures";
    let Some(python) = tokio::task::spawn_blocking(|| tools::python(test)).await.unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = asked(folder.path(), |_| {}).await;
    let text = server.metrics.encode();
    assert!(text.ends_with("# EOF\n"));
    let samples = tokio::task::spawn_blocking(move || {
        tools::run(Command::new(python).arg(tools::script("openmetrics.py")), &text)
    });
    let samples: Vec<Value> = serde_json::from_str(&samples.await.unwrap()).unwrap();
    let value = |name: &str, labels: &[(&str, &str)]| {
        let is = |sample: &&Value| {
            let all = sample[1].as_object().unwrap();
            sample[0] == name
                && all.len() == labels.len()
                && labels.iter().all(|(key, value)| all.get(*key).is_some_and(|is| is == value))
        };
        let found = samples.iter().find(is).unwrap_or_else(|| panic!("no {name} of {labels:?} in {samples:#?}"));
        found[2].as_f64().unwrap()
    };
    for (tenant, outcome, count) in [
        ("one", "ok", 3.0),
        ("one", "app-threw", 1.0),
        ("one", "limit-memory", 1.0),
        ("other", "ok", 1.0),
        ("", "no-tenant", 1.0),
    ] {
        let labels = [("tenant", tenant), ("outcome", outcome)];
        assert_eq!(value("dayfly_requests_total", &labels), count, "{labels:?}");
        if !tenant.is_empty() {
            assert_eq!(value("dayfly_renders_total", &labels), count, "{labels:?}");
        }
    }
    // The names that alerts go by.
    assert_eq!(value("dayfly_isolate_memory_limit_hits_total", &[("app", "one"), ("kind", "grow_denied")]), 1.0);
    assert_eq!(value("dayfly_isolate_memory_limit_bytes", &[("app", "one")]), f64::from(32 << 20));
    assert_eq!(value("dayfly_isolate_memory_peak_bytes_count", &[("app", "one")]), 5.0);
    assert_eq!(value("dayfly_isolate_memory_peak_bytes_bucket", &[("app", "one"), ("le", "33554432.0")]), 5.0);
    assert_eq!(value("dayfly_isolate_memory_peak_ratio_bucket", &[("app", "one"), ("le", "0.9")]), 4.0);
    assert!(
        value("dayfly_host_memory_working_set_bytes", &[]) > 0.0 && value("dayfly_host_memory_limit_bytes", &[]) > 0.0
    );
    assert!(value("process_start_time_seconds", &[]) > 1e9);

    assert_eq!(value("dayfly_limit_hits_total", &[("tenant", "one"), ("limit", "memory")]), 1.0);
    assert_eq!(value("dayfly_outgoing_calls_total", &[("tenant", "one"), ("outcome", "not-allowed")]), 1.0);
    assert_eq!(value("dayfly_request_duration_seconds_count", &[("tenant", "one")]), 5.0);
    assert!(value("dayfly_render_cpu_seconds_total", &[("tenant", "one")]) > 0.0);
    assert!(value("dayfly_render_pages_total", &[("tenant", "other")]) > 0.0);
    assert_eq!(value("dayfly_response_bytes_total", &[("tenant", "one")]), 15.0);
    assert_eq!(value("dayfly_console_lines_total", &[("tenant", "one")]), 5.0);
    assert_eq!(value("dayfly_render_queue_wait_seconds_count", &[]), 6.0);
    for (name, expected) in [
        ("dayfly_tenants", 2.0),
        ("dayfly_render_permits_held", 0.0),
        ("dayfly_render_queue_length", 0.0),
        ("dayfly_bundles_loaded", 2.0),
        ("dayfly_bundle_loads_total", 2.0),
        ("dayfly_events_dropped_total", 0.0),
        ("dayfly_console_lines_dropped_total", 0.0),
        ("dayfly_config_last_reload_successful", 1.0),
    ] {
        assert_eq!(value(name, &[]), expected, "{name}");
    }
    // Other tests render with the same engine.
    let slots = ["used", "free"].map(|state| value("dayfly_slots", &[("state", state)]));
    assert_eq!(slots[0] + slots[1], 64.0);
    for name in
        ["dayfly_slots_resident_bytes", "dayfly_bundles_memory_bytes", "dayfly_console_memory_bytes", "process_threads"]
    {
        assert!(value(name, &[]) > 0.0, "{name}");
    }
    assert_eq!(value("dayfly_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_finds_nothing_wrong() {
    let test = "promtool_finds_nothing_wrong";
    let Some(promtool) = tokio::task::spawn_blocking(|| tools::promtool(test)).await.unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = asked(folder.path(), |_| {}).await;
    let text = server.metrics.encode_text();
    assert!(text.contains("dayfly_requests_total{tenant=\"one\",outcome=\"ok\"} 3\n"), "{text}");
    let said =
        tokio::task::spawn_blocking(move || tools::run(Command::new(promtool).args(["check", "metrics"]), &text));
    assert_eq!(said.await.unwrap(), "");
    server.end().await;
}
