//! What each request leaves behind: one event.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dayfly::{BundleId, Trace, Usage};
use http::uri::Authority;
use http::{Method, Version};

use crate::config::TenantName;

/// What came of one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The request's own number, 16 digits of hexadecimal: the response's `x-request-id`, and the id of its span.
    pub id: String,
    /// The request's span of its trace: of the one that it came with, or else of a new one.
    pub trace: Trace,
    /// The span that it came from, if it came with a valid `traceparent`.
    pub parent: Option<NonZeroU64>,
    /// When its head had come.
    pub time: SystemTime,
    /// The same on the clock that measures.
    pub began: Instant,
    /// Whose request it was; `None` if nobody's.
    pub tenant: Option<TenantName>,
    /// The bundle that was to answer.
    pub bundle: Option<BundleId>,
    /// `ok`, or the code of what went wrong.
    pub outcome: &'static str,
    /// The response's status.
    pub status: u16,
    /// The request's method.
    pub method: Method,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Whom it was for: the host, and the port if it names one. `None` if that is not valid.
    pub host: Option<Authority>,
    /// The request's path, without its query.
    pub path: String,
    /// The version of HTTP.
    pub version: Version,
    /// How long it waited for its turn.
    pub queued: Duration,
    /// From its head's coming to the end of all that it made the app do.
    pub took: Duration,
    /// What the render used.
    pub usage: Usage,
    /// Lines that the app wrote to its console.
    pub console_lines: u64,
    /// What failed, for the app's author: never for who asked.
    pub failure: Option<String>,
    /// Where the app's code was when it failed, one call a line: for its author too.
    pub stack: Option<String>,
    /// `hit` or `stale` for a response that the cache had; none for one that the app made.
    pub cache: Option<&'static str>,
}

/// Takes receipts. It is called where requests are answered, so it does not block.
pub trait Sent: Send + Sync {
    /// Takes one, with what the app wrote to its console.
    fn receipt(&self, receipt: &Arc<Receipt>, console: &[dayfly::Line]);
}

impl<F: Fn(&Receipt, &[dayfly::Line]) + Send + Sync> Sent for F {
    fn receipt(&self, receipt: &Arc<Receipt>, console: &[dayfly::Line]) {
        self(receipt, console);
    }
}

/// A request that was answered, as the events of the server have it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiptView<'a> {
    /// `request`.
    event: &'static str,
    /// When its head had come: RFC 3339, UTC.
    time: String,
    /// The response's `x-request-id`.
    request_id: &'a str,
    trace_id: String,
    span_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    sampled: bool,
    /// Whose it was; not there if nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    /// `ok`, or the code of what went wrong.
    outcome: &'static str,
    /// What failed, for the app's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    /// Where the app's code was when it failed, one call a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    /// Without its query.
    path: &'a str,
    status: u16,
    /// Microseconds from its head's coming to the end of all that it made the app do.
    duration_us: u64,
    /// Microseconds of it that it waited for its turn.
    queue_us: u64,
    /// Microseconds of the render on the clock.
    wall_us: u64,
    /// Microseconds of the render on a processor.
    cpu_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    peak_memory_bytes: u64,
    /// Pages of 4 KiB of linear memory that were changed.
    pages: u64,
    request_bytes: u64,
    response_bytes: u64,
    console_lines: u64,
    console_bytes: u64,
    calls: Vec<CallView<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    calls_dropped: u64,
}

/// A call that an app made.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
struct CallView<'a> {
    method: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    request_bytes: u64,
    response_bytes: u64,
    start_us: u64,
    duration_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
}

impl<'a> CallView<'a> {
    fn new(call: &'a dayfly::Call, began: Instant) -> Self {
        Self {
            method: &call.method,
            url: &call.url,
            status: call.status,
            error: call.error.map(dayfly::FetchErrorKind::code),
            request_bytes: call.request_bytes,
            response_bytes: call.response_bytes,
            start_us: microseconds(call.began.saturating_duration_since(began)),
            duration_us: microseconds(call.time),
            span_id: call.span.map(|span| format!("{span:016x}")),
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Receipt {
    /// Whether the app failed when the response's head was on its way already, which said that all was well.
    pub(crate) fn is_cut(&self) -> bool {
        self.outcome != "ok" && self.status < 400
    }

    /// The receipt as events are written: one line of JSON, without a line break. Names and units stay; fields may come.
    ///
    /// | field | what it is |
    /// | --- | --- |
    /// | `event` | `request` |
    /// | `time` | when the request's head had come: RFC 3339, UTC |
    /// | `request_id`, `trace_id`, `span_id`, `parent_span_id`, `sampled` | its number, and its place in a distributed trace |
    /// | `tenant`, `bundle` | whose it was, and what was to answer; not there if nobody's |
    /// | `outcome`, `failure`, `stack` | `ok`, or the code of what went wrong; what failed, for the app's author, and where its code was then (`stack`). Of one without a whole response: `client-gone`, or `cut` when the time for a drain was over |
    /// | `method`, `host`, `path`, `status` | of the request, without its query, and of the response |
    /// | `duration_us` | from the head's coming to the end of all that the app did |
    /// | `queue_us` | of it, the wait for its turn |
    /// | `wall_us`, `cpu_us` | the render's time on the clock and on a processor |
    /// | `fuel` | units of fuel; not there if they are not counted |
    /// | `peak_memory_bytes`, `pages` | linear memory, and how many pages of 4 KiB of it were changed |
    /// | `request_bytes`, `response_bytes` | URL and body; the response's body as far as it was handed on |
    /// | `console_lines`, `console_bytes` | what the app wrote to its console |
    /// | `calls` | calls that the app made: `method`, `url`, `status` or `error` or both, `request_bytes`, `response_bytes`, `start_us` since the request's, `duration_us`, `span_id` |
    /// | `calls_dropped` | how many more there were; not there if none |
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.view()).expect("its names are texts, and its values too")
    }

    pub(crate) fn view(&self) -> ReceiptView<'_> {
        let usage = &self.usage;
        ReceiptView {
            event: "request",
            time: humantime::format_rfc3339_micros(self.time).to_string(),
            request_id: &self.id,
            trace_id: format!("{:032x}", self.trace.id),
            span_id: &self.id,
            parent_span_id: self.parent.map(|parent| format!("{parent:016x}")),
            sampled: self.trace.flags & crate::trace::SAMPLED != 0,
            tenant: self.tenant.as_ref().map(TenantName::as_str),
            bundle: self.bundle.map(|bundle| bundle.to_string()),
            outcome: self.outcome,
            failure: self.failure.as_deref(),
            stack: self.stack.as_deref(),
            method: self.method.as_str(),
            // What may stand before it is a password.
            host: self.host.as_ref().and_then(|host| host.as_str().rsplit('@').next()),
            path: &self.path,
            status: self.status,
            duration_us: microseconds(self.took),
            queue_us: microseconds(self.queued),
            wall_us: microseconds(usage.wall),
            cpu_us: microseconds(usage.cpu),
            fuel: usage.fuel,
            peak_memory_bytes: usage.peak_memory,
            pages: usage.pages,
            request_bytes: usage.request_bytes,
            response_bytes: usage.page_bytes,
            console_lines: self.console_lines,
            console_bytes: usage.console_bytes,
            calls: usage.calls.iter().map(|call| CallView::new(call, self.began)).collect(),
            calls_dropped: usage.calls_dropped,
        }
    }
}
