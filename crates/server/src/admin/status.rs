//! How the server is.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::Problem;
use super::{Api, Phase};
use crate::metrics::Metrics;
use crate::tasks::blocking;
use crate::tokens::Scope;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatusView {
    version: &'static str,
    /// `ready` or `draining`.
    phase: &'static str,
    uptime_ms: u64,
    renders: RendersView,
    bundles: BundlesView,
    /// Bytes of the process that are in memory.
    resident_bytes: Option<u64>,
    /// The tenants that the token is for, by name.
    tenants: Vec<LoadView>,
}

/// Renders of all tenants.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RendersView {
    /// Those that go on.
    live: u32,
    /// Those that may go on at once.
    concurrent: u32,
    /// Requests that wait for their turn.
    waiting: usize,
}

/// Bundles that are loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BundlesView {
    loaded: u64,
    memory_bytes: u64,
    /// How often one was loaded since the start.
    loads: u64,
}

/// What a tenant does now, and what its requests came to since the start.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LoadView {
    name: String,
    suspended: bool,
    /// The digest of the bundle that is served.
    digest: Option<String>,
    /// Renders that go on.
    live: u32,
    /// Requests that wait for their turn.
    waiting: usize,
    requests: u64,
    /// Those of which the outcome was not `ok`.
    failures: u64,
    /// Microseconds in which half of its last 64 requests were answered; null before the first one.
    p50_us: Option<u64>,
    /// The same for 99 of a hundred.
    p99_us: Option<u64>,
    /// The most memory that one of these used.
    peak_memory_bytes: u64,
}

/// Whether the process is alive
#[utoipa::path(get, path = "/livez", tag = "status", responses((status = 200, description = "It is", body = String)))]
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether requests should be sent here
#[utoipa::path(
    get, path = "/readyz", tag = "status",
    responses(
        (status = 200, description = "They should", body = String),
        (status = 503, description = "Not while it starts or ends", body = String),
    ),
)]
pub(super) async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    let phase = api.phase();
    let status = if phase == Phase::Ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, format!("{}\n", phase.as_str()))
}

/// How the server and its tenants are
#[utoipa::path(
    get, path = "/v1/status", tag = "status", security(("token" = ["read"])),
    responses(
        (status = 200, description = "How it is", body = StatusView),
        Problem,
    ),
)]
pub(super) async fn status(caller: Caller) -> Result<Json<StatusView>, Problem> {
    caller.check(Scope::Read)?;
    let shared = &caller.shared;
    let (load, bundles) = (shared.admission.load(), shared.bundles.stats());
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let tenants = caller.tenants().into_iter().map(|tenant| {
        let (load, tally) = (shared.admission.load_of(&tenant.name), tenant.kept.tally().clone());
        LoadView {
            name: tenant.name.to_string(),
            suspended: tenant.kept.is_suspended(),
            digest: tenant.live.load().as_ref().map(|live| live.bundle.to_string()),
            live: load.held,
            waiting: load.waiting,
            requests: tally.requests,
            failures: tally.failures,
            p50_us: tally.percentile(50).map(us),
            p99_us: tally.percentile(99).map(us),
            peak_memory_bytes: tally.peak_memory(),
        }
    });
    Ok(Json(StatusView {
        version: env!("CARGO_PKG_VERSION"),
        phase: caller.api.phase().as_str(),
        uptime_ms: us(caller.api.inner.started.elapsed()) / 1_000,
        renders: RendersView {
            live: load.held,
            concurrent: shared.config.load().renders.concurrent,
            waiting: load.waiting,
        },
        bundles: BundlesView { loaded: bundles.loaded, memory_bytes: bundles.memory, loads: bundles.loads },
        resident_bytes: shared.observer.machine.resident(),
        tenants: tenants.collect(),
    }))
}

/// Metrics, for Prometheus
///
/// In the format OpenMetrics, if `Accept` has it, or else in the older one.
#[utoipa::path(
    get, path = "/metrics", tag = "status", security(("token" = ["read"])),
    responses(
        (status = 200, description = "Metrics", content(
            (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            (String = "text/plain; version=0.0.4; charset=utf-8"),
        )),
        Problem,
    ),
)]
pub(super) async fn metrics(caller: Caller, headers: HeaderMap) -> Result<Response, Problem> {
    // They name all tenants.
    caller.check_for_all(Scope::Read)?;
    let metrics = Metrics::of(&caller.shared);
    let (kind, text) = if accepts_openmetrics(&headers) {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", blocking(move || metrics.encode()).await)
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", blocking(move || metrics.encode_text()).await)
    };
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

/// Whether who asks takes OpenMetrics; it need not be what is liked best, as Prometheus likes it best.
fn accepts_openmetrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let mut ranges = accepted.flat_map(|accept| accept.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
        is_it && !parts.any(|part| matches!(part, "q=0" | "q=0.0"))
    })
}
