//! Tenants: which there are, and what holds for them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller, Given, OfTenant, tenant_name};
use super::deployments::DeploymentView;
use super::problem::Problem;
use crate::audit::now;
use crate::config::TenantName;
use crate::limits::LimitsPatch;
use crate::routes::Route;
use crate::store::{Created, How, Record};
use crate::tenant::Tenant;
use crate::tokens::Scope;

/// Tenants on a page of the list by default, and at most.
const PAGE: [u32; 2] = [1_000, 10_000];

/// How many tenants a page has.
pub(crate) fn page_size(asked: Option<u32>) -> usize {
    asked.unwrap_or(PAGE[0]).clamp(1, PAGE[1]) as usize
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantView {
    name: String,
    /// Whether the configuration has it, or the API made it.
    origin: How,
    routes: Vec<String>,
    suspended: bool,
    /// What is served; null before the first deploy.
    active: Option<DeploymentView>,
    /// The limits that hold.
    limits: LimitsPatch,
}

/// A page of tenants, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantsView {
    tenants: Vec<TenantView>,
    /// What `after` is to be for the next page; null on the last one.
    next: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Begin after the tenant of this name.
    after: Option<String>,
    /// Tenants on the page: 1,000 by default, 10,000 at most.
    #[param(maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
}

/// A tenant that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// 1 to 63 of a-z, 0-9 and -, neither first nor last -.
    #[schema(schema_with = tenant_name)]
    name: String,
    /// Which requests are its own: hosts (`shop.example`, `*.shop.example`), paths (`/shop`) or both (`shop.example/eu`).
    #[schema(min_items = 1, max_items = 100)]
    routes: Vec<String>,
}

/// The limits of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsView {
    /// Those that hold.
    effective: LimitsPatch,
    /// Those that the API set.
    set: LimitsPatch,
}

fn view(caller: &Caller, tenant: &Tenant) -> TenantView {
    let record = tenant.kept.record();
    let is_configured = caller.shared.config.load().tenants.contains_key(&tenant.name);
    TenantView {
        name: tenant.name.to_string(),
        origin: if is_configured { How::Configuration } else { How::Api },
        routes: tenant.config.routes.iter().map(ToString::to_string).collect(),
        suspended: record.suspended,
        active: record.active().map(|active| DeploymentView::new(active, &record)),
        limits: LimitsPatch::of(&tenant.config),
    }
}

/// The tenants that the token is for
#[utoipa::path(
    get, path = "/v1/tenants", tag = "tenants", params(Page), security(("token" = ["read"])),
    responses(
        (status = 200, description = "A page of tenants", body = TenantsView),
        Problem,
    ),
)]
pub(super) async fn list_tenants(caller: Caller, Asked(page): Asked<Page>) -> Result<Json<TenantsView>, Problem> {
    caller.check(Scope::Read)?;
    let limit = page_size(page.limit);
    let mut tenants = caller.tenants();
    tenants.retain(|tenant| page.after.as_deref().is_none_or(|after| tenant.name.as_str() > after));
    let is_last = tenants.len() <= limit;
    tenants.truncate(limit);
    let next = tenants.last().filter(|_| !is_last).map(|last| last.name.to_string());
    let tenants = tenants.iter().map(|tenant| view(&caller, tenant)).collect();
    Ok(Json(TenantsView { tenants, next }))
}

/// One tenant
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}", tag = "tenants", security(("token" = ["read"])),
    params(OfTenant),
    responses(
        (status = 200, description = "The tenant", body = TenantView),
        Problem,
    ),
)]
pub(super) async fn get_tenant(caller: Caller, OfTenant(name): OfTenant) -> Result<Json<TenantView>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    let tenant = caller.tenant(&name)?;
    Ok(Json(view(&caller, &tenant)))
}

/// Make a tenant
///
/// It has no app before the first deploy.
#[utoipa::path(
    post, path = "/v1/tenants", tag = "tenants", request_body = NewTenant, security(("token" = ["admin"])),
    responses(
        (status = 201, description = "The tenant", body = TenantView),
        Problem,
    ),
)]
pub(super) async fn create_tenant(caller: Caller, Given(new): Given<NewTenant>) -> Result<Response, Problem> {
    caller.check(Scope::Admin)?;
    let wrong = |detail: String| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "tenant-invalid", detail, "GET /openapi.json says what is right")
    };
    let name: TenantName = new.name.parse().map_err(|error: crate::config::NotATenantName| wrong(error.to_string()))?;
    caller.check_for(Scope::Admin, &name)?;
    let routes = new.routes.iter().map(|route| route.parse::<Route>()).collect::<Result<Vec<_>, _>>();
    let routes = routes.map_err(|error| wrong(error.to_string()))?;
    if routes.is_empty() || routes.len() > 100 {
        return Err(wrong(format!("it has {} routes, and a tenant has 1 to 100", routes.len())));
    }
    let (shared, by) = (caller.shared.clone(), caller.token.name.clone());
    let made = name.clone();
    let create = async move {
        let _alone = shared.changing.lock().await;
        let tenants = shared.tenants.load_full();
        if tenants.by_name.contains_key(&made) {
            return Err(Problem::tenant_exists(made.as_str()));
        }
        let taken = tenants.by_name.values().find_map(|other| {
            let route = other.config.routes.iter().find(|route| routes.contains(route))?;
            Some(Problem::route_taken(route, &other.name))
        });
        if let Some(taken) = taken {
            return Err(taken);
        }
        let kept = shared.kept.of(&made);
        let routes = routes.iter().map(ToString::to_string).collect();
        let created = Some(Created { routes, at: now(), by });
        // What is left of a tenant of this name that the configuration had is not the new one's.
        let changed =
            kept.change(&shared.store, |record| std::mem::replace(record, Record { created, ..Record::default() }));
        let former = changed.await?;
        shared.kept.answer(&kept, None);
        shared.retire(former.deployments.iter().map(|one| one.digest).collect()).await;
        shared.refresh();
        Ok(((), None))
    };
    caller.audited("create", &name, create).await?;
    let tenant = caller.tenant(&name)?;
    let location = [(LOCATION, format!("/v1/tenants/{name}"))];
    Ok((StatusCode::CREATED, location, Json(view(&caller, &tenant))).into_response())
}

/// Delete a tenant that the API made, with its deployments
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}", tag = "tenants", security(("token" = ["admin"])),
    params(OfTenant),
    responses(
        (status = 204, description = "It is gone; requests that it has are answered still"),
        Problem,
    ),
)]
pub(super) async fn delete_tenant(caller: Caller, OfTenant(name): OfTenant) -> Result<StatusCode, Problem> {
    caller.check_for(Scope::Admin, &name)?;
    let tenant = caller.tenant(&name)?;
    let (shared, gone) = (caller.shared.clone(), name.clone());
    let delete = async move {
        let _alone = shared.changing.lock().await;
        if shared.config.load().tenants.contains_key(&gone) {
            let detail = format!("the configuration has the tenant {gone}");
            let remedy = "take it out of the configuration; or suspend it";
            return Err(Problem::new(StatusCode::CONFLICT, "tenant-configured", detail, remedy));
        }
        let record = tenant.kept.forget(&shared.store).await?;
        shared.kept.remove(&gone);
        shared.refresh();
        shared.caches.forget(&gone);
        let dropped = record.deployments.iter().map(|one| one.digest).collect();
        shared.kept.answer(&tenant.kept, None);
        shared.retire(dropped).await;
        Ok(((), None))
    };
    caller.audited("delete", &name, delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answer no more of a tenant's requests
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/suspend", tag = "tenants", security(("token" = ["admin"])),
    params(OfTenant),
    responses(
        (status = 200, description = "The tenant", body = TenantView),
        Problem,
    ),
)]
pub(super) async fn suspend_tenant(caller: Caller, OfTenant(name): OfTenant) -> Result<Json<TenantView>, Problem> {
    set_suspended(caller, name, true).await
}

/// Answer a tenant's requests again
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/resume", tag = "tenants", security(("token" = ["admin"])),
    params(OfTenant),
    responses(
        (status = 200, description = "The tenant", body = TenantView),
        Problem,
    ),
)]
pub(super) async fn resume_tenant(caller: Caller, OfTenant(name): OfTenant) -> Result<Json<TenantView>, Problem> {
    set_suspended(caller, name, false).await
}

async fn set_suspended(caller: Caller, name: TenantName, suspended: bool) -> Result<Json<TenantView>, Problem> {
    caller.check_for(Scope::Admin, &name)?;
    let tenant = caller.tenant(&name)?;
    let (shared, kept) = (caller.shared.clone(), tenant.kept.clone());
    let change = async move {
        kept.change(&shared.store, |record| record.suspended = suspended).await?;
        Ok(((), None))
    };
    caller.audited(if suspended { "suspend" } else { "resume" }, &name, change).await?;
    Ok(Json(view(&caller, &tenant)))
}

/// A tenant's limits
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/limits", tag = "tenants", security(("token" = ["read"])),
    params(OfTenant),
    responses(
        (status = 200, description = "The limits", body = LimitsView),
        Problem,
    ),
)]
pub(super) async fn get_limits(caller: Caller, OfTenant(name): OfTenant) -> Result<Json<LimitsView>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    Ok(Json(limits(&*caller.tenant(&name)?)))
}

/// Set some of a tenant's limits
///
/// A JSON merge patch (RFC 7396): null takes back what was set, and the configuration's limit holds again. It holds for
/// requests from now on, and outlives the process.
#[utoipa::path(
    patch, path = "/v1/tenants/{tenant}/limits", tag = "tenants", security(("token" = ["admin"])),
    params(OfTenant), request_body = LimitsPatch,
    responses(
        (status = 200, description = "The limits", body = LimitsView),
        Problem,
    ),
)]
pub(super) async fn patch_limits(
    caller: Caller,
    OfTenant(name): OfTenant,
    Given(patch): Given<Map<String, Value>>,
) -> Result<Json<LimitsView>, Problem> {
    caller.check_for(Scope::Admin, &name)?;
    let kept = caller.tenant(&name)?.kept.clone();
    let shared = caller.shared.clone();
    let wrong = |detail: String| {
        let remedy = "GET …/limits shows the names and what holds; null takes a limit back";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "limits-invalid", detail, remedy)
    };
    let change = async move {
        kept.record().limits.merge(&patch).map_err(wrong)?;
        // Merged again into what holds by then.
        kept.change(&shared.store, |record| {
            let merged = record.limits.merge(&patch)?;
            record.limits = merged;
            Ok(())
        })
        .await?
        .map_err(wrong)?;
        shared.refresh();
        Ok(((), None))
    };
    caller.audited("limits", &name, change).await?;
    Ok(Json(limits(&*caller.tenant(&name)?)))
}

fn limits(tenant: &Tenant) -> LimitsView {
    LimitsView { effective: LimitsPatch::of(&tenant.config), set: tenant.kept.record().limits.clone() }
}
