//! Deployments: what answers a tenant's requests, and what did.

use axum::Json;
use axum::body::Body;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller, OfDigest, OfTenant, bad_request};
use super::problem::Problem;
use super::upload::receive;
use crate::config::TenantName;
use crate::deploy::{Done, Order};
use crate::store::{Deployment, How, Record};
use crate::tokens::Scope;

/// A deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeploymentView {
    /// Counts from 1 in each tenant.
    number: u64,
    /// The bundle's SHA-256.
    digest: String,
    /// Whether it is what is served.
    active: bool,
    /// When, as RFC 3339 has it.
    at: String,
    /// The name of the token, or `configuration`.
    by: String,
    how: How,
    /// The name of what it was made of.
    source: Option<String>,
    /// Bytes of the bundle.
    bytes: u64,
}

impl DeploymentView {
    pub(super) fn new(deployment: &Deployment, record: &Record) -> Self {
        let Deployment { number, digest, at, by, how, source, bytes, .. } = deployment.clone();
        let (digest, active) = (digest.to_string(), record.active == Some(number));
        Self { number, digest, active, at, by, how, source, bytes }
    }
}

/// What a deploy did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DoneView {
    tenant: String,
    deployment: DeploymentView,
    /// The app's response to its first request; null if that was skipped.
    smoke: Option<SmokeView>,
    /// What the app's top level did that every render sees unchanged.
    notices: Vec<String>,
}

/// The response of an app to its first request, which no client sees.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SmokeView {
    status: u16,
    /// Bytes of its body.
    bytes: u64,
    /// Microseconds.
    took_us: u64,
}

impl DoneView {
    fn new(tenant: &TenantName, done: Done) -> Self {
        let Done { deployment, smoke, notices } = done;
        let record = Record { active: Some(deployment.number), ..Record::default() };
        let smoke = smoke.map(|smoke| SmokeView {
            status: smoke.status,
            bytes: smoke.bytes,
            took_us: u64::try_from(smoke.took.as_micros()).unwrap_or(u64::MAX),
        });
        Self { tenant: tenant.to_string(), deployment: DeploymentView::new(&deployment, &record), smoke, notices }
    }
}

/// A tenant's deployments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeploymentsView {
    deployments: Vec<DeploymentView>,
}

/// How to deploy.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Way {
    /// The name of what is sent. Of JavaScript it is in stacks, and its ending says what it is: .mjs a module, .cjs CommonJS, .js
    /// either, which is the default: app.js.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^/\\\x00-\x1f\x7f-\x9f]*$")]
    name: Option<String>,
    /// Whether the app has to answer a request first. Default true.
    smoke: Option<bool>,
    /// The path and query of that request. Default /.
    #[param(schema_with = request_path)]
    path: Option<String>,
}

/// How to go back to a deployment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WayBack {
    /// Whether the app has to answer a request first. Default true, and false for a rollback.
    smoke: Option<bool>,
    /// The path and query of that request. Default /.
    #[param(schema_with = request_path)]
    path: Option<String>,
}

/// A tenant's deployments
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/deployments", tag = "deployments", security(("token" = ["read"])),
    params(OfTenant),
    responses(
        (status = 200, description = "The last ones, newest first", body = DeploymentsView),
        Problem,
    ),
)]
pub(super) async fn list_deployments(
    caller: Caller,
    OfTenant(name): OfTenant,
) -> Result<Json<DeploymentsView>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    let record = caller.tenant(&name)?.kept.record();
    let deployments = record.deployments.iter().rev().map(|one| DeploymentView::new(one, &record)).collect();
    Ok(Json(DeploymentsView { deployments }))
}

/// Deploy an app
///
/// A bundle, or one file of JavaScript, which is built here. It is checked, kept, loaded, and has to answer a request; then
/// it answers the tenant's requests from the next one on. If any of that fails, what was there before stays.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/deployments", tag = "deployments", security(("token" = ["deploy"])),
    params(
        OfTenant, Way,
        ("Repr-Digest" = Option<String>, Header, description = "The body's SHA-256, as RFC 9530 has it; Digest of RFC 3230 is read too"),
    ),
    request_body(content((Vec<u8> = "application/wasm"), (String = "text/javascript"))),
    responses(
        (status = 201, description = "It is served", body = DoneView),
        Problem,
    ),
)]
pub(super) async fn deploy(
    caller: Caller,
    OfTenant(name): OfTenant,
    Asked(way): Asked<Way>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<DoneView>), Problem> {
    caller.check_for(Scope::Deploy, &name)?;
    caller.tenant(&name)?;
    let source = way.name.as_deref().map(source_name).transpose()?;
    let smoke = smoke(way.smoke.unwrap_or(true), way.path)?;
    let upload = receive(&caller.shared, &headers, source.as_deref().unwrap_or("app.js"), body).await?;
    let (shared, by, tenant) = (caller.shared.clone(), caller.token.name.clone(), name.clone());
    let deploy = async move {
        let done = shared.deploy(&tenant, upload, Order { by, source, smoke }).await?;
        let digest = done.deployment.digest.to_string();
        Ok((done, Some(digest)))
    };
    let done = caller.audited("deploy", &name, deploy).await?;
    Ok((StatusCode::CREATED, Json(DoneView::new(&name, done))))
}

/// Serve an earlier deployment
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/deployments/{digest}/activate", tag = "deployments", security(("token" = ["deploy"])),
    params(
        OfTenant,
        ("digest" = String, Path, description = "The bundle's SHA-256, or 6 or more of its first digits"), WayBack,
    ),
    responses(
        (status = 200, description = "It is served", body = DoneView),
        Problem,
    ),
)]
pub(super) async fn activate(
    caller: Caller,
    OfTenant(name): OfTenant,
    OfDigest(digest): OfDigest,
    Asked(way): Asked<WayBack>,
) -> Result<Json<DoneView>, Problem> {
    let smoke = smoke(way.smoke.unwrap_or(true), way.path)?;
    go_back(caller, name, "activate", Some(digest), smoke).await
}

/// Serve the deployment before the one that is served; again, the one before that
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/rollback", tag = "deployments", security(("token" = ["deploy"])),
    params(OfTenant, WayBack),
    responses(
        (status = 200, description = "It is served", body = DoneView),
        Problem,
    ),
)]
pub(super) async fn rollback(
    caller: Caller,
    OfTenant(name): OfTenant,
    Asked(way): Asked<WayBack>,
) -> Result<Json<DoneView>, Problem> {
    // It was served before, and whoever rolls back is in a hurry.
    let smoke = smoke(way.smoke.unwrap_or(false), way.path)?;
    go_back(caller, name, "rollback", None, smoke).await
}

async fn go_back(
    caller: Caller,
    name: TenantName,
    action: &'static str,
    digest: Option<String>,
    smoke: Option<String>,
) -> Result<Json<DoneView>, Problem> {
    caller.check_for(Scope::Deploy, &name)?;
    let (shared, tenant) = (caller.shared.clone(), name.clone());
    let activate = async move {
        let done = shared.activate(&tenant, digest.as_deref(), smoke.as_deref()).await?;
        let digest = done.deployment.digest.to_string();
        Ok((done, Some(digest)))
    };
    let done = caller.audited(action, &name, activate).await?;
    Ok(Json(DoneView::new(&name, done)))
}

fn source_name(name: &str) -> Result<String, Problem> {
    let is_well =
        (1..=255).contains(&name.chars().count()) && !name.contains(['/', '\\']) && !name.contains(char::is_control);
    if is_well { Ok(name.into()) } else { Err(bad_request("the name is no file's: give one such as app.mjs")) }
}

/// The path and query of a request, in the description: what `smoke` takes.
fn request_path() -> Object {
    let pattern = r##"^/[^\x00-\x20#<>?`]*(\?[^\x00-\x20"#<>]*)?$"##;
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

/// The path of the smoke render's request.
fn smoke(is_wanted: bool, path: Option<String>) -> Result<Option<String>, Problem> {
    let path = path.unwrap_or_else(|| "/".into());
    let is_well = path.starts_with('/') && !path.contains('#') && path.parse::<http::uri::PathAndQuery>().is_ok();
    if !is_well {
        return Err(bad_request("the path of the first request is none: give one such as /about?x=1"));
    }
    Ok(is_wanted.then_some(path))
}
