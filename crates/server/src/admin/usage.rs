//! What the tenants use, a page of them at a time.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller};
use super::problem::Problem;
use crate::activity::Tally;
use crate::tenant::Tenant;
use crate::tokens::Scope;

/// Tenants on a page by default, and at most.
const PAGE: [usize; 2] = [50, 1_000];

/// Which tenants, and in what order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// What to sort by, the most first, and names from the first: `memory`, the default, `cpu`, `errors`, `name` or `requests`.
    #[param(inline)]
    sort: Option<Sort>,
    /// Tenants on the page: 50 by default, 1,000 at most.
    limit: Option<usize>,
    /// How many to leave out before.
    offset: Option<usize>,
    /// What is in the names.
    find: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sort {
    #[default]
    Memory,
    Cpu,
    Errors,
    Name,
    Requests,
}

/// A page of tenants.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsageView {
    /// How many there are on all pages.
    total: usize,
    tenants: Vec<TenantUsageView>,
}

/// What a tenant does now, and what its requests came to since the start.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantUsageView {
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
    /// Those that a limit ended.
    limit_hits: u64,
    /// Microseconds in which half of its last 64 requests were answered; null before the first one.
    p50_us: Option<u64>,
    /// The same for 99 of a hundred.
    p99_us: Option<u64>,
    /// The most memory that one of these used.
    peak_memory_bytes: u64,
    memory_limit_bytes: u64,
    /// Microseconds of a processor that its renders used.
    cpu_us: u64,
}

impl TenantUsageView {
    fn new(caller: &Caller, tenant: &Tenant, tally: &Tally) -> Self {
        let load = caller.shared.admission.load_of(&tenant.name);
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self {
            name: tenant.name.to_string(),
            suspended: tenant.kept.is_suspended(),
            digest: tenant.live.load().as_ref().map(|live| live.bundle.to_string()),
            live: load.held,
            waiting: load.waiting,
            requests: tally.requests,
            failures: tally.failures,
            limit_hits: tally.limit_hits,
            p50_us: tally.percentile(50).map(us),
            p99_us: tally.percentile(99).map(us),
            peak_memory_bytes: tally.peak_memory(),
            memory_limit_bytes: tenant.config.limits.memory,
            cpu_us: us(tally.cpu),
        }
    }
}

/// What the tenants use
#[utoipa::path(
    get, path = "/v1/tenants-usage", tag = "tenants", params(Which), security(("token" = ["read"])),
    responses(
        (status = 200, description = "A page of tenants", body = UsageView),
        Problem,
    ),
)]
pub(super) async fn usage(caller: Caller, Asked(which): Asked<Which>) -> Result<Json<UsageView>, Problem> {
    caller.check(Scope::Read)?;
    let mut tenants = caller.tenants();
    if let Some(part) = &which.find {
        tenants.retain(|tenant| tenant.name.as_str().contains(part.as_str()));
    }
    // By name already, which decides where the rest is the same.
    let sort = |tenants: &mut Vec<Arc<Tenant>>, by: fn(&Tally) -> u128| {
        tenants.sort_by_cached_key(|tenant| Reverse(by(&tenant.kept.tally())));
    };
    match which.sort.unwrap_or_default() {
        Sort::Name => {}
        Sort::Memory => sort(&mut tenants, |tally| tally.peak_memory().into()),
        Sort::Cpu => sort(&mut tenants, |tally| tally.cpu.as_nanos()),
        Sort::Errors => sort(&mut tenants, |tally| tally.failures.into()),
        Sort::Requests => sort(&mut tenants, |tally| tally.requests.into()),
    }
    let total = tenants.len();
    let page = tenants.iter().skip(which.offset.unwrap_or(0)).take(which.limit.unwrap_or(PAGE[0]).clamp(1, PAGE[1]));
    let tenants = page.map(|tenant| {
        let tally = tenant.kept.tally().clone();
        TenantUsageView::new(&caller, tenant, &tally)
    });
    Ok(Json(UsageView { total, tenants: tenants.collect() }))
}
