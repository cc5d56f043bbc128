//! What the lab says of a tenant's bundle: whether it would grow where its runs share a heap.

use axum::Json;
use axum::body::Body;
use dayfly::BundleId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Caller, OfTenant, bad_request};
use super::problem::Problem;
use crate::deploy::NotDeployed;
use crate::tasks::blocking;
use crate::tokens::Scope;

/// Bytes of a report.
const MOST: usize = 256 << 10;

/// What the heap held after each run: a staircase, where the app grows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeakView {
    /// The bundle's SHA-256.
    digest: String,
    /// Which run, from 1.
    runs: Vec<u32>,
    /// Live bytes after each of them.
    bytes: Vec<u64>,
    verdict: LeakVerdict,
    /// How many more each run leaves; 0 unless it grows.
    bytes_a_run: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum LeakVerdict {
    Growing,
    Bounded,
    Clean,
}

/// What the lab says of the bundle that is served
///
/// `dayfly deploy --leak-check` makes it.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/leak", tag = "deployments", security(("token" = ["read"])),
    params(OfTenant),
    responses(
        (status = 200, description = "What it says", body = LeakView),
        Problem,
    ),
)]
pub(super) async fn get_leak(caller: Caller, OfTenant(name): OfTenant) -> Result<Json<LeakView>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    let live = caller.tenant(&name)?.live.load_full();
    let shared = caller.shared.clone();
    let report = match live {
        Some(live) => blocking(move || shared.leaks.get(live.bundle)).await,
        None => None,
    };
    let view = report.and_then(|report| serde_json::from_slice(&report).ok());
    view.map(Json).ok_or_else(|| {
        let detail = "the lab has said nothing of the bundle that is served";
        Problem::new(StatusCode::NOT_FOUND, "no-leak-report", detail, "deploy it with `dayfly deploy --leak-check`")
    })
}

/// Keep what the lab says of a bundle
///
/// Of one of the tenant's deployments; it is kept as long as that is.
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/leak", tag = "deployments", security(("token" = ["deploy"])),
    params(OfTenant), request_body = LeakView,
    responses(
        (status = 204, description = "It is kept"),
        Problem,
    ),
)]
pub(super) async fn put_leak(caller: Caller, OfTenant(name): OfTenant, body: Body) -> Result<StatusCode, Problem> {
    caller.check_for(Scope::Deploy, &name)?;
    let record = caller.tenant(&name)?.kept.record();
    let bytes = axum::body::to_bytes(body, MOST).await.map_err(|error| {
        let detail = format!("a report may have {MOST} bytes, and has to come whole: {error}");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail, "let the lab weigh fewer runs")
    })?;
    let view: LeakView = serde_json::from_slice(&bytes).map_err(|error| bad_request(error.to_string()))?;
    if view.runs.len() != view.bytes.len() || !view.bytes_a_run.is_finite() {
        return Err(bad_request("there are as many runs as numbers of bytes"));
    }
    let id: Option<BundleId> = view.digest.parse().ok();
    let id = id.filter(|id| record.refers_to(*id)).ok_or(NotDeployed::NoDeployment)?;
    let shared = caller.shared.clone();
    let keep = async move {
        let kept = blocking(move || {
            shared.leaks.sweep(&shared.kept.bundles().collect());
            shared.leaks.put(id, &serde_json::to_vec(&view).expect("it is plain text and numbers"))
        });
        kept.await.map_err(|error| Problem::disk(&error))?;
        Ok(((), Some(id.to_string())))
    };
    caller.audited("leak-report", &name, keep).await?;
    Ok(StatusCode::NO_CONTENT)
}
