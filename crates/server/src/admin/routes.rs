//! Which route leads where, and the description of all of them.

use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Problem, ProblemView};
use super::{Api, alarms, dashboard, deployments, events, history, leak, live, logs, status, tenants, usage};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dayfly's admin API",
        description = "Tenants, deployments and limits of a server of Dayfly, and what goes on in it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemView))
)]
struct Described;

pub(super) fn router(api: Api) -> Router {
    let router = OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(status::livez))
        .routes(routes!(status::readyz))
        .routes(routes!(status::metrics))
        .routes(routes!(status::status))
        .routes(routes!(events::events))
        .routes(routes!(live::live))
        .routes(routes!(history::history))
        .routes(routes!(history::tenant_history))
        .routes(routes!(alarms::alarms))
        .routes(routes!(usage::usage))
        .routes(routes!(leak::get_leak, leak::put_leak))
        .routes(routes!(logs::logs))
        .routes(routes!(tenants::list_tenants, tenants::create_tenant))
        .routes(routes!(tenants::get_tenant, tenants::delete_tenant))
        .routes(routes!(tenants::suspend_tenant))
        .routes(routes!(tenants::resume_tenant))
        .routes(routes!(tenants::get_limits, tenants::patch_limits))
        .routes(routes!(deployments::list_deployments, deployments::deploy))
        .routes(routes!(deployments::activate))
        .routes(routes!(deployments::rollback));
    let (router, mut description) = router.split_for_parts();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = description.components.get_or_insert_default();
    components.security_schemes.insert("token".into(), SecurityScheme::Http(bearer).into());
    router
        .route("/openapi.json", get(async move || Json(description)))
        .route("/", get(dashboard::page))
        .route("/dashboard/{file}", get(dashboard::file))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .with_state(api)
}

async fn nothing(request: Request) -> impl IntoResponse {
    let detail = format!("there is no {}", request.uri().path());
    Problem::new(StatusCode::NOT_FOUND, "not-found", detail, "GET /openapi.json says what there is")
}

async fn not_allowed(request: Request) -> impl IntoResponse {
    let detail = format!("{} takes no {}", request.uri().path(), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail, "GET /openapi.json says what it takes")
}
