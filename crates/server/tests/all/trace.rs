//! Distributed traces: what comes in, what is handed on, and what a collector gets.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dayfly_server::{Config, Otlp};
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Running, id_of, serve, tenant};
use crate::tools;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Gives what it was told of the trace, and calls others if its URL says so: with a span of its own, or without.
const APP: &str = r#"export default { async fetch(request) {
    const { searchParams, pathname } = new URL(request.url);
    for (const url of searchParams.getAll("call")) {
        const headers = searchParams.has("own") ? { traceparent: searchParams.get("own") } : {};
        await fetch(url, { headers });
    }
    if (pathname.endsWith("throw")) throw new TypeError("secret of the app");
    return Response.json([request.headers.get("traceparent"), request.headers.get("tracestate")]);
} };"#;

/// A server that notes the heads of the requests that it gets.
async fn upstream() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let noted = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let status = if head.starts_with(b"GET /missing") { "404 Not Found" } else { "200 OK" };
            noted.lock().unwrap().push(String::from_utf8(head).unwrap().to_lowercase());
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok").as_bytes()).await.unwrap();
        }
    });
    (address, heads)
}

async fn traced(upstream: SocketAddr, change: impl FnOnce(&mut Config)) -> Running {
    serve([tenant("app", "app.mjs", APP)], |config| {
        let app = config.tenants.get_mut(&"app".parse().unwrap()).unwrap();
        app.allow.push(format!("http://{upstream}").parse().unwrap());
        change(config);
    })
    .await
}

/// The values of a header in the head of a request.
fn header(head: &str, name: &str) -> Vec<String> {
    let prefix = format!("{name}: ");
    head.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_through_the_server_to_the_app_and_to_whom_it_calls() {
    let (upstream, heads) = upstream().await;
    let server = traced(upstream, |_| {}).await;
    let path = format!("/app?call=http://{upstream}/one?secret=1&call=http://{upstream}/two");
    let request =
        Request::get(&path).header("traceparent", PARENT).header("tracestate", "a=1").header("tracestate", "b=2");
    let response = server.ask(request.body("".into()).unwrap()).await;
    let id = id_of(&response);
    let told: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(told, json!([format!("00-{TRACE}-{id}-01"), "a=1,b=2"]), "the app is below the request's span");
    let (receipt, _) = server.receipt(&id).await;
    assert_eq!(receipt.trace.to_string(), format!("00-{TRACE}-{id}-01"));
    assert_eq!(receipt.parent.map(|parent| format!("{parent:016x}")).as_deref(), Some("00f067aa0ba902b7"));
    let heads = heads.lock().unwrap().clone();
    let spans: Vec<_> = receipt.usage.calls.iter().map(|call| format!("{:016x}", call.span.unwrap())).collect();
    assert!(spans.len() == 2 && spans[0] != spans[1] && !spans.contains(&id), "{spans:?}");
    for (head, span) in heads.iter().zip(&spans) {
        assert_eq!(header(head, "traceparent"), [format!("00-{TRACE}-{span}-01")]);
        assert_eq!(header(head, "tracestate"), ["a=1,b=2"]);
    }
    let event: Value = serde_json::from_str(&receipt.to_json()).unwrap();
    assert_eq!((&event["trace_id"], &event["parent_span_id"]), (&json!(TRACE), &json!("00f067aa0ba902b7")));
    assert_eq!((&event["sampled"], &event["span_id"]), (&json!(true), &json!(id)));
    assert_eq!((&event["calls"][1]["span_id"], &event["calls"][0]["status"]), (&json!(spans[1]), &json!(200)));
    assert!(!event.to_string().contains("secret=1"), "{event}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_with_spans_of_its_own_is_not_overruled() {
    let (upstream, heads) = upstream().await;
    let server = traced(upstream, |_| {}).await;
    let own = "00-11111111111111111111111111111111-2222222222222222-00";
    let path = format!("/app?call=http://{upstream}/&own={own}");
    server
        .ask(Request::get(&path).header("traceparent", PARENT).header("tracestate", "a=1").body("".into()).unwrap())
        .await;
    let heads = heads.lock().unwrap().clone();
    assert_eq!((header(&heads[0], "traceparent"), header(&heads[0], "tracestate")), (vec![own.to_owned()], vec![]));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_trace_is_not_handed_on_and_the_request_has_one_of_its_own() {
    let (upstream, heads) = upstream().await;
    let server = traced(upstream, |_| {}).await;
    let mut traces = Vec::new();
    for parent in [None, Some("00-nonsense"), Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")] {
        let mut request = Request::get(format!("/app?call=http://{upstream}/")).header("tracestate", "a=1");
        if let Some(parent) = parent {
            request = request.header("traceparent", parent);
        }
        let response = server.ask(request.body("".into()).unwrap()).await;
        let (receipt, _) = server.receipt(&id_of(&response)).await;
        assert!(receipt.parent.is_none() && receipt.trace.state.is_none() && receipt.trace.flags == 0);
        assert_eq!(format!("{:016x}", receipt.trace.span), id_of(&response));
        // What we do not understand is the app's to make something of, as it is without us.
        assert_eq!(response.body(), &json!([parent, "a=1"]).to_string());
        traces.push(receipt.trace.id);
    }
    assert!(
        traces[0] != traces[1]
            && traces[1] != traces[2]
            && !traces.iter().any(|trace| format!("{trace:032x}") == TRACE)
    );
    assert!(heads.lock().unwrap().iter().all(|head| header(head, "traceparent").is_empty()));
    server.end().await;
}

/// A receiver of OTLP that decodes with OpenTelemetry's own classes.
struct Receiver {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: u16,
}

impl Receiver {
    fn start(test: &str) -> Option<Self> {
        let python = tools::python(test)?;
        let mut command = Command::new(python);
        command.arg(tools::script("otlp_receiver.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Some(Self { child, stdin, lines, port })
    }

    /// What was received, once the server that sends has ended.
    fn end(mut self) -> Vec<Value> {
        let mut stdin = self.stdin.take().unwrap();
        stdin.flush().unwrap();
        drop(stdin);
        let all = self.lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        self.child.wait().unwrap();
        all
    }
}

fn otlp(endpoint: String) -> Otlp {
    Otlp { endpoint: Some(endpoint), delay: Duration::from_millis(20), ..Otlp::default() }
}

/// Bytes in base64, as protobuf's JSON has ids, in hexadecimal.
fn hex(base64: &Value) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64.as_str().unwrap_or_default()).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    let attribute = of["attributes"].as_array()?.iter().find(|attribute| attribute["key"] == name)?;
    attribute["value"].as_object()?.values().next()
}

fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(work)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_the_requests_span_and_those_of_its_calls() {
    let test = "a_collector_gets_the_requests_span_and_those_of_its_calls";
    let Some(receiver) = blocking(|| Receiver::start(test)).await.unwrap() else { return };
    let (upstream, heads) = upstream().await;
    let server = traced(upstream, |config| {
        let mut otlp = otlp(format!("http://127.0.0.1:{}/v1/traces", receiver.port));
        otlp.headers.insert("x-key".into(), "secret key".into());
        config.otlp = Some(otlp);
    })
    .await;
    let path = format!("/app/page?call=http://{upstream}/one?secret=1&call=http://{upstream}/missing");
    let request =
        Request::get(&path).header("traceparent", PARENT).header("tracestate", "a=1").body("".into()).unwrap();
    let answered = id_of(&server.ask(request).await);
    let unsampled = Request::get("/app").header("traceparent", PARENT.replace("-01", "-00")).body("".into()).unwrap();
    let unsampled = id_of(&server.ask(unsampled).await);
    let thrown = id_of(&server.get("/app/throw").await);
    let nobody = id_of(&server.ask(Request::builder().method("BREW").uri("/nobody").body("".into()).unwrap()).await);
    // A trace that the server begins is handed on.
    let began: Value = serde_json::from_str(server.get("/app").await.body()).unwrap();
    assert!(began[0].as_str().unwrap().ends_with("-01"), "{began}");
    while !server.metrics.encode().contains("dayfly_spans_total{result=\"sent\"} 6\n") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let port = server.address.port();
    server.end().await;
    let received = blocking(move || receiver.end()).await.unwrap();
    let mut spans = Vec::new();
    for request in &received {
        assert_eq!((&request["path"], &request["unknown"]), (&json!("/v1/traces"), &json!(0)));
        let headers = request["headers"].as_object().unwrap();
        let header =
            |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        assert_eq!(header("content-type"), Some(json!("application/x-protobuf")));
        assert_eq!(header("x-key"), Some(json!("secret key")));
        for resource in request["request"]["resourceSpans"].as_array().unwrap() {
            assert_eq!(attribute(&resource["resource"], "service.name"), Some(&json!("dayfly")));
            assert_eq!(attribute(&resource["resource"], "service.version"), Some(&json!(env!("CARGO_PKG_VERSION"))));
            for scope in resource["scopeSpans"].as_array().unwrap() {
                assert_eq!(scope["scope"]["name"], "dayfly");
                spans.extend(scope["spans"].as_array().unwrap().clone());
            }
        }
    }
    let span = |id: &str| {
        spans.iter().find(|span| hex(&span["spanId"]) == id).unwrap_or_else(|| panic!("no {id}: {spans:#?}"))
    };
    assert_eq!(spans.len(), 6, "{spans:#?}");
    assert!(spans.iter().all(|span| hex(&span["spanId"]) != unsampled), "{spans:#?}");

    let request = span(&answered);
    assert_eq!((hex(&request["traceId"]), hex(&request["parentSpanId"])), (TRACE.into(), "00f067aa0ba902b7".into()));
    assert_eq!(
        (&request["kind"], &request["name"], &request["traceState"]),
        (&json!("SPAN_KIND_SERVER"), &json!("GET"), &json!("a=1"))
    );
    for (name, value) in [
        ("http.request.method", json!("GET")),
        ("http.response.status_code", json!("200")),
        ("url.path", json!("/app/page")),
        ("url.scheme", json!("http")),
        ("server.address", json!("127.0.0.1")),
        ("server.port", json!(port.to_string())),
        ("network.protocol.version", json!("1.1")),
        ("dayfly.tenant", json!("app")),
        ("dayfly.outcome", json!("ok")),
    ] {
        assert_eq!(attribute(request, name), Some(&value), "{name}: {request:#}");
    }
    assert!(attribute(request, "dayfly.render.cpu.duration").unwrap().as_f64().unwrap() > 0.0);
    assert_eq!(attribute(request, "error.type"), None);
    assert!(!spans.iter().any(|span| span.to_string().contains("secret=1")), "a query may be a secret");

    let calls: Vec<_> = spans.iter().filter(|span| span["kind"] == "SPAN_KIND_CLIENT").collect();
    assert_eq!(calls.len(), 2);
    let time = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    for (call, (path, status, failed)) in calls.iter().zip([("one", "200", None), ("missing", "404", Some("404"))]) {
        assert_eq!((hex(&call["traceId"]), hex(&call["parentSpanId"])), (TRACE.into(), answered.clone()));
        assert_eq!(attribute(call, "url.full"), Some(&json!(format!("http://{upstream}/{path}"))));
        assert_eq!(attribute(call, "server.port"), Some(&json!(upstream.port().to_string())));
        assert_eq!(attribute(call, "http.response.status_code"), Some(&json!(status)));
        assert_eq!(attribute(call, "error.type"), failed.map(|failed| json!(failed)).as_ref());
        assert_eq!(call["status"]["code"].as_str(), failed.map(|_| "STATUS_CODE_ERROR"));
        let sent = heads.lock().unwrap().iter().any(|head| head.contains(&hex(&call["spanId"])));
        assert!(sent, "the span that was called is the one that is told");
        let (start, end) = (time(call, "startTimeUnixNano"), time(call, "endTimeUnixNano"));
        assert!(start >= time(request, "startTimeUnixNano") && end >= start && end <= time(request, "endTimeUnixNano"));
    }

    let thrown = span(&thrown);
    assert_eq!(thrown["status"]["code"], "STATUS_CODE_ERROR");
    assert!(thrown["status"]["message"].as_str().unwrap().contains("TypeError: secret of the app"), "{thrown:#}");
    assert_eq!(attribute(thrown, "error.type"), Some(&json!("app-threw")));
    assert!(hex(&thrown["parentSpanId"]).is_empty(), "{thrown:#}");
    let nobody = span(&nobody);
    assert_eq!(
        (nobody["status"]["code"].as_str(), attribute(nobody, "error.type")),
        (None, None),
        "it is its client's mistake"
    );
    assert_eq!(attribute(nobody, "http.request.method"), Some(&json!("_OTHER")));
    assert_eq!(attribute(nobody, "http.request.method_original"), Some(&json!("BREW")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_hangs_holds_up_no_request_and_what_is_lost_is_counted() {
    // It takes connections, and never answers.
    let hanging = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}/v1/traces", hanging.local_addr().unwrap());
    let server = traced(hanging.local_addr().unwrap(), |config| {
        config.otlp = Some(Otlp { timeout: Duration::from_secs(3600), queue: 4, batch: 2, ..otlp(endpoint) });
    })
    .await;
    for _ in 0..20 {
        assert_eq!(server.get("/app").await.status(), 200);
    }
    let metrics = server.metrics.encode();
    let lost = sample(&metrics, "dayfly_traced_requests_dropped_total");
    // Four wait, and at most two batches are with the thread that sends.
    assert!((12.0..=16.0).contains(&lost), "{lost}");
    assert_eq!(sample(&metrics, "dayfly_spans_total{result=\"sent\"}"), 0.0);
    // Nor does it hold up the end for ever.
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_that_no_collector_takes_are_counted() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let server = traced(gone, |config| {
        config.otlp = Some(Otlp { timeout: Duration::from_millis(200), ..otlp(format!("http://{gone}/v1/traces")) });
    })
    .await;
    for _ in 0..3 {
        assert_eq!(server.get("/app").await.status(), 200);
    }
    while sample(&server.metrics.encode(), "dayfly_spans_total{result=\"failed\"}") < 3.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_new_trace_is_recorded_where_none_is_sampled() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let server = traced(gone, |config| {
        config.otlp = Some(Otlp { sample: 0.0, ..otlp(format!("http://{gone}/v1/traces")) });
    })
    .await;
    let told: Value = serde_json::from_str(server.get("/app").await.body()).unwrap();
    assert!(told[0].as_str().unwrap().ends_with("-00"), "{told}");
    server.end().await;
}

/// The value of a sample.
pub(crate) fn sample(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{metrics}")).parse().unwrap()
}
