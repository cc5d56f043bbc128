//! Spans of requests, sent to a collector by OpenTelemetry's protocol (OTLP over HTTP, in protobuf).
//!
//! A span is made of a receipt, on a thread of its own. A collector that hangs or is away costs that thread its time and the spans
//! that find the queue full; no request waits.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dayfly::Call;
use dayfly_fetch::Client;
use http::{Request, Response, Version};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};
use tokio::runtime::Handle;
use url::Url;

use crate::config::Otlp;
use crate::exchange::exchange;
use crate::outbox::{Outbox, Pace};
use crate::receipt::Receipt;
use crate::trace::SAMPLED;

/// Sends spans, on a thread of its own.
pub(crate) struct Exporter {
    outbox: Outbox<Arc<Receipt>>,
    counts: Arc<Counts>,
    /// Of new traces those are recorded whose id's lower half is below this; all if it is `u64::MAX`.
    below: u64,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
}

impl Exporter {
    /// To be called in a runtime, which has to live for as long as spans are to be sent.
    ///
    /// # Errors
    /// If what is configured, or stands in the environment, is not as it should be: a sentence for the operator.
    pub(crate) fn start(config: &Otlp) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&config.sample) {
            return Err(format!("the share of traces that are sampled is {}, and is between 0 and 1", config.sample));
        }
        let roots = config.roots.iter().cloned();
        let client =
            Client::with_roots(roots).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
        let runtime = Handle::current();
        let client = CollectorClient { client, runtime: runtime.clone(), timeout: config.timeout };
        // They are decoded as those of the environment are.
        let headers = config.headers.iter().map(|(name, value)| (name.clone(), value.replace('%', "%25"))).collect();
        let mut builder = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_headers(headers)
            .with_timeout(config.timeout);
        if let Some(endpoint) = &config.endpoint {
            check_endpoint(endpoint)?;
            builder = builder.with_endpoint(endpoint.clone());
        }
        let mut exporter = builder.build().map_err(|error| error.to_string())?;
        exporter.set_resource(&resource());
        let counts = Arc::<Counts>::default();
        let counted = counts.clone();
        let scope = InstrumentationScope::builder("dayfly").with_version(env!("CARGO_PKG_VERSION")).build();
        let send = move |receipts: &mut Vec<Arc<Receipt>>| {
            let spans: Vec<_> = receipts.drain(..).flat_map(|receipt| spans(&receipt, &scope)).collect();
            if spans.is_empty() {
                return;
            }
            let count = spans.len() as u64;
            match runtime.block_on(exporter.export(spans)) {
                Ok(()) => counted.sent.fetch_add(count, Ordering::Relaxed),
                Err(error) => {
                    tracing::warn!("{count} spans were not sent: {error}");
                    counted.failed.fetch_add(count, Ordering::Relaxed)
                }
            };
        };
        let pace = Pace { most: config.batch.max(1) as usize, patience: config.delay };
        let outbox = Outbox::start("dayfly-otlp", config.queue as usize, pace, send)
            .map_err(|error| format!("no thread to send spans: {error}"))?;
        // The largest f64 below 2^64 is far from it, so that 1 needs a case of its own.
        let below = if config.sample >= 1.0 { u64::MAX } else { (config.sample * 2.0_f64.powi(64)) as u64 };
        Ok(Self { outbox, counts, below })
    }

    /// Whether spans of a new trace are recorded.
    pub(crate) fn samples(&self, trace: u128) -> bool {
        self.below == u64::MAX || (trace as u64) < self.below
    }

    /// Sends the request's span, and those of the calls that its app made, if the trace is recorded.
    pub(crate) fn put(&self, receipt: &Arc<Receipt>) {
        if receipt.trace.flags & SAMPLED != 0 {
            self.outbox.put(receipt.clone());
        }
    }

    /// Spans that a collector has taken.
    pub(crate) fn sent(&self) -> u64 {
        self.counts.sent.load(Ordering::Relaxed)
    }

    /// Spans that none has.
    pub(crate) fn failed(&self) -> u64 {
        self.counts.failed.load(Ordering::Relaxed)
    }

    /// Requests of which no span was made: the queue was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.outbox.lost()
    }

    /// Waits until all spans are sent, or `patience` is over. Blocks.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        self.outbox.flush(patience)
    }
}

/// That it is a URL of a collector.
pub(crate) fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let is_http = Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let wrong = || format!("{endpoint} is no URL of a collector: http://HOST:4318/v1/traces, or with https");
    is_http.then_some(()).ok_or_else(wrong)
}

/// What the spans come from: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` have the last word.
fn resource() -> Resource {
    let own = [KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|attributes| attributes.contains("service.name="));
    let builder = Resource::builder().with_attributes(own);
    if named { builder.build() } else { builder.with_service_name("dayfly").build() }
}

/// The request's span, and those of the calls that its app made.
fn spans(receipt: &Receipt, scope: &InstrumentationScope) -> Vec<SpanData> {
    let state = receipt.trace.state.as_deref().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    let context = |span: u64| {
        let id = TraceId::from(receipt.trace.id.get());
        SpanContext::new(id, SpanId::from(span), TraceFlags::new(receipt.trace.flags), false, state.clone())
    };
    let request = SpanData {
        span_context: context(receipt.trace.span.get()),
        parent_span_id: receipt.parent.map_or(SpanId::INVALID, |parent| SpanId::from(parent.get())),
        parent_span_is_remote: receipt.parent.is_some(),
        span_kind: SpanKind::Server,
        name: method(&receipt.method).0.into(),
        start_time: receipt.time,
        end_time: receipt.time + receipt.took,
        attributes: request_attributes(receipt),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        // As the conventions have it: a client's mistake is no error of the server's.
        status: if receipt.status >= 500 || receipt.is_cut() { failed(receipt) } else { Status::Unset },
        instrumentation_scope: scope.clone(),
    };
    let calls = receipt.usage.calls.iter().filter_map(|call| Some((call, call.span?)));
    let calls = calls.map(|(call, span)| {
        let start_time = receipt.time + call.began.saturating_duration_since(receipt.began);
        SpanData {
            span_context: context(span.get()),
            parent_span_id: SpanId::from(receipt.trace.span.get()),
            parent_span_is_remote: false,
            span_kind: SpanKind::Client,
            name: text_method(&call.method).0,
            start_time,
            end_time: start_time + call.time,
            attributes: call_attributes(call),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if call.error.is_some() || call.status.is_some_and(|status| status >= 400) {
                Status::error("")
            } else {
                Status::Unset
            },
            instrumentation_scope: scope.clone(),
        }
    });
    [request].into_iter().chain(calls).collect()
}

fn failed(receipt: &Receipt) -> Status {
    Status::error(receipt.failure.clone().unwrap_or_else(|| receipt.outcome.to_owned()))
}

/// The conventions of HTTP's servers (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), and what is Dayfly's own.
fn request_attributes(receipt: &Receipt) -> Vec<KeyValue> {
    let (name, original) = method(&receipt.method);
    let usage = &receipt.usage;
    let mut all = vec![
        KeyValue::new("http.request.method", name),
        KeyValue::new("url.path", receipt.path.clone()),
        KeyValue::new("url.scheme", receipt.scheme),
        KeyValue::new("http.response.status_code", i64::from(receipt.status)),
        KeyValue::new("network.protocol.version", version(receipt.version)),
        KeyValue::new("dayfly.outcome", receipt.outcome),
        KeyValue::new("dayfly.queue.duration", receipt.queued.as_secs_f64()),
        KeyValue::new("dayfly.render.duration", usage.wall.as_secs_f64()),
        KeyValue::new("dayfly.render.cpu.duration", usage.cpu.as_secs_f64()),
        KeyValue::new("dayfly.render.memory.peak", integer(usage.peak_memory)),
        KeyValue::new("dayfly.render.memory.pages", integer(usage.pages)),
        KeyValue::new("dayfly.render.console.lines", integer(receipt.console_lines)),
        KeyValue::new("http.request.size", integer(usage.request_bytes)),
        KeyValue::new("http.response.body.size", integer(usage.page_bytes)),
    ];
    let mut add = |key: &'static str, value: Option<Value>| all.extend(value.map(|value| KeyValue::new(key, value)));
    add("http.request.method_original", original.map(Value::from));
    let host = receipt.host.as_ref();
    add("server.address", host.map(|host| host.host().to_owned().into()));
    add("server.port", host.and_then(|host| host.port_u16()).map(|port| i64::from(port).into()));
    add("dayfly.tenant", receipt.tenant.as_ref().map(|tenant| tenant.as_str().to_owned().into()));
    add("dayfly.bundle", receipt.bundle.map(|bundle| bundle.to_string().into()));
    add("dayfly.render.fuel", usage.fuel.map(|fuel| integer(fuel).into()));
    let is_error = receipt.status >= 500 || receipt.is_cut();
    add(
        "error.type",
        is_error.then(|| match receipt.outcome {
            "ok" => receipt.status.to_string().into(),
            outcome => outcome.into(),
        }),
    );
    all
}

/// The conventions of HTTP's clients.
fn call_attributes(call: &Call) -> Vec<KeyValue> {
    let (name, original) = text_method(&call.method);
    let mut all = vec![
        KeyValue::new("http.request.method", name),
        KeyValue::new("url.full", call.url.clone()),
        KeyValue::new("http.request.size", integer(call.request_bytes)),
        KeyValue::new("http.response.body.size", integer(call.response_bytes)),
    ];
    let mut add = |key: &'static str, value: Option<Value>| all.extend(value.map(|value| KeyValue::new(key, value)));
    add("http.request.method_original", original.map(Value::from));
    let url = Url::parse(&call.url).ok();
    let url = url.as_ref();
    add("server.address", url.and_then(Url::host_str).map(|host| host.to_owned().into()));
    add("server.port", url.and_then(Url::port_or_known_default).map(|port| i64::from(port).into()));
    add("http.response.status_code", call.status.map(|status| i64::from(status).into()));
    add(
        "error.type",
        match (call.error, call.status) {
            (Some(error), _) => Some(error.code().into()),
            (None, Some(status)) if status >= 400 => Some(status.to_string().into()),
            _ => None,
        },
    );
    all
}

/// Protobuf has signed numbers.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const KNOWN_METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"];

/// A method as the conventions have it, one of few, and the one that was sent if that is another.
fn method(method: &http::Method) -> (&'static str, Option<String>) {
    match KNOWN_METHODS.iter().find(|known| **known == method.as_str()) {
        Some(known) => (known, None),
        None => ("_OTHER", Some(method.as_str().to_owned())),
    }
}

fn text_method(text: &str) -> (Cow<'static, str>, Option<String>) {
    match KNOWN_METHODS.iter().find(|known| **known == text) {
        Some(known) => ((*known).into(), None),
        None => ("_OTHER".into(), Some(text.to_owned())),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// What the exporter sends by: the client that makes the calls of apps.
struct CollectorClient {
    client: Client,
    runtime: Handle,
    timeout: Duration,
}

impl HttpClient for CollectorClient {
    // What the attribute `async_trait` makes of an `async fn`.
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let (timeout, client) = (self.timeout, self.client.clone());
        let sending = async move { exchange(&client, request).await };
        // A task of the runtime's ends with it, where a timer outside would panic.
        let task = self.runtime.spawn(async move { tokio::time::timeout(timeout, sending).await });
        Box::pin(async move { task.await?.map_err(|_| format!("no answer within {timeout:?}"))? })
    }
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
