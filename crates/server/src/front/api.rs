//! The admin API of all groups.
//!
//! | route | answered by |
//! | --- | --- |
//! | `GET /livez`, `GET /readyz` | the front |
//! | `GET /metrics` | all groups, each series with the label `group`; and the front's own |
//! | `GET /v1/status`, `GET /v1/tenants`, `GET /v1/events` | all groups, put together; of one that is not there nothing is told |
//! | `POST /v1/tenants` | the group of `defaults.group`, or the one that the header `dayfly-group` names |
//! | `/v1/tenants/T/…`, `GET /v1/events?tenant=T` | the tenant's group |
//! | `GET /openapi.json` | any group |
//! | all else, and whatever has the header `dayfly-group` | that group, or refused |

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::{Bytes, BytesMut};
use futures_util::future::join_all;
use futures_util::stream::{Stream, StreamExt, select_all, unfold};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::{Value, json};

use super::worker::{NotSent, Passed, Worker};
use super::{Shared, figures};
use crate::admin::{Problem, bearer, page_size};
use crate::config::{Behind, TenantName};
use crate::routes::Route;
use crate::tokens::{Presented, Scope};

/// Names the group that is to answer.
const GROUP: HeaderName = HeaderName::from_static("dayfly-group");

/// Bytes of a new tenant.
const NEW_TENANT: usize = 1 << 20;

/// Bytes of one event.
const EVENT: usize = 4 << 20;

type Front = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/v1/status", get(status))
        .route("/v1/tenants", get(tenants).post(create))
        .route("/v1/events", get(events))
        .fallback(elsewhere)
        .method_not_allowed_fallback(elsewhere)
        .with_state(shared)
}

/// The front is, also while a group's process is started again: no other group is to notice that.
async fn readyz(State(shared): Front) -> (StatusCode, &'static str) {
    match (shared.table.load().routes.is_some(), shared.drain.is_ready()) {
        (true, true) => (StatusCode::OK, "ready\n"),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        (true, false) => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
    }
}

async fn metrics(State(shared): Front, uri: Uri, headers: HeaderMap) -> Result<Response, Response> {
    if let Some(group) = headers.get(GROUP) {
        return Ok(one(&shared, group.as_bytes(), get_of(&uri, &headers)).await);
    }
    let (kind, pages) = of_all(&shared, &uri, &headers).await?;
    let is_open_metrics = kind.as_bytes().starts_with(b"application/openmetrics");
    let own = figures::own(&shared.workers(), is_open_metrics);
    let pages: Vec<_> = pages.iter().map(|(worker, page)| (worker, String::from_utf8_lossy(page))).collect();
    let of_groups = pages.iter().map(|(worker, page)| (Some(worker.group.as_str()), &**page));
    let merged = figures::merge([(None, own.as_str())].into_iter().chain(of_groups));
    Ok(([(CONTENT_TYPE, kind)], merged).into_response())
}

async fn status(State(shared): Front, uri: Uri, headers: HeaderMap) -> Result<Response, Response> {
    if let Some(group) = headers.get(GROUP) {
        return Ok(one(&shared, group.as_bytes(), get_of(&uri, &headers)).await);
    }
    let pages: Vec<Value> = json_of_all(&shared, &uri, &headers).await?;
    let Some(mut whole) = pages.first().cloned() else { return Err(nobody()) };
    let sum = |path: &str| pages.iter().filter_map(|page| page.pointer(path)?.as_u64()).sum::<u64>();
    let all = ["/renders/live", "/renders/concurrent", "/renders/waiting", "/bundles/loaded", "/bundles/memory_bytes"];
    for path in all.into_iter().chain(["/bundles/loads", "/resident_bytes"]) {
        let sum = sum(path);
        whole.pointer_mut(path).into_iter().for_each(|value| *value = sum.into());
    }
    let phase = if shared.drain.is_ready() { "ready" } else { "draining" };
    let groups = shared.workers().into_iter().map(|worker| {
        let restarts = worker.restarts.load(std::sync::atomic::Ordering::Relaxed);
        json!({ "name": worker.group.as_str(), "ready": worker.is_ready(), "pid": worker.pid(), "restarts": restarts })
    });
    whole["phase"] = phase.into();
    whole["uptime_ms"] = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX).into();
    whole["groups"] = groups.collect();
    whole["tenants"] = by_name(&pages).into();
    Ok(Json(whole).into_response())
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
}

async fn tenants(
    State(shared): Front,
    uri: Uri,
    headers: HeaderMap,
    Query(page): Query<Page>,
) -> Result<Response, Response> {
    if let Some(group) = headers.get(GROUP) {
        return Ok(one(&shared, group.as_bytes(), get_of(&uri, &headers)).await);
    }
    let pages: Vec<Value> = json_of_all(&shared, &uri, &headers).await?;
    if pages.is_empty() {
        return Err(nobody());
    }
    let mut all = by_name(&pages);
    let most = page_size(page.limit);
    let is_cut = all.len() > most || pages.iter().any(|page| !page["next"].is_null());
    all.truncate(most);
    let next = all.last().filter(|_| is_cut).map(|last| last["name"].clone());
    Ok(Json(json!({ "tenants": all, "next": next })).into_response())
}

/// The tenants of all pages, in the order of their names.
fn by_name(pages: &[Value]) -> Vec<Value> {
    let mut all: Vec<_> = pages.iter().filter_map(|page| page["tenants"].as_array()).flatten().cloned().collect();
    all.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    all
}

/// A name and routes that another group has are refused here, which no group could do.
async fn create(State(shared): Front, request: Request<Body>) -> Response {
    let _alone = shared.changing.lock().await;
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, NEW_TENANT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let (detail, remedy) = ("the new tenant is too large", "a name and some routes are all that it has");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail, remedy).into_response();
        }
        Err(error) => {
            return Problem::new(StatusCode::BAD_REQUEST, "bad-request", error.to_string(), "send it again")
                .into_response();
        }
    };
    // Who may not make it learns nothing of others.
    if let Some(taken) = shared.taken(&body).filter(|_| shared.may_make(&head.headers)) {
        return taken.into_response();
    }
    let named = head.headers.get(GROUP).map(|group| group.as_bytes().to_vec());
    let group = named.unwrap_or_else(|| shared.config.load().defaults.group.as_str().as_bytes().to_vec());
    let request = Request::from_parts(head, Body::from(body));
    let response = one(&shared, &group, request).await;
    if response.status().is_success() {
        shared.refresh().await;
    }
    response
}

impl Shared {
    fn may_make(&self, headers: &HeaderMap) -> bool {
        let known = bearer(headers).map(|presented| self.tokens.find(presented));
        matches!(known, Some(Presented::Known(token)) if token.has(Scope::Admin) && token.is_for_all())
    }

    fn taken(&self, body: &[u8]) -> Option<Problem> {
        #[derive(Deserialize)]
        struct New {
            name: String,
            routes: Vec<String>,
        }
        let New { name, routes } = serde_json::from_slice(body).ok()?;
        let table = self.table.load();
        if table.group(&name).is_some() {
            return Some(Problem::tenant_exists(&name));
        }
        let routes: Vec<Route> = routes.iter().filter_map(|route| route.parse().ok()).collect();
        let of = |(name, (_, theirs)): (&TenantName, &(_, Vec<Route>))| {
            let route = theirs.iter().find(|route| routes.contains(route))?;
            Some(Problem::route_taken(route, name))
        };
        table.tenants.iter().find_map(of)
    }
}

#[derive(Deserialize)]
struct Whose {
    tenant: Option<String>,
}

async fn events(
    State(shared): Front,
    uri: Uri,
    headers: HeaderMap,
    Query(whose): Query<Whose>,
) -> Result<Response, Response> {
    let table = shared.table.load_full();
    let group = whose.tenant.and_then(|tenant| table.group(&tenant).map(|group| group.as_str().as_bytes().to_vec()));
    if let Some(group) = headers.get(GROUP).map(|group| group.as_bytes().to_vec()).or(group) {
        return Ok(one(&shared, &group, get_of(&uri, &headers)).await);
    }
    let responses = ask_all(&shared, &uri, &headers).await?;
    let Some((_, first)) = responses.first() else { return Err(nobody()) };
    let kind = first.headers().get(CONTENT_TYPE).cloned();
    let blocks = responses.into_iter().map(|(_, response)| blocks(response.into_body()).boxed());
    let body = Body::from_stream(select_all(blocks).map(Ok::<_, std::convert::Infallible>));
    let mut response = body.into_response();
    kind.into_iter().for_each(|kind| drop(response.headers_mut().insert(CONTENT_TYPE, kind)));
    Ok(response)
}

/// Events that come, each whole.
fn blocks(body: Passed) -> impl Stream<Item = Bytes> {
    unfold((body, BytesMut::new()), async |(mut body, mut there)| {
        loop {
            if let Some(end) = there.windows(2).position(|two| two == b"\n\n") {
                let block = there.split_to(end + 2).freeze();
                return Some((block, (body, there)));
            }
            let frame = body.frame().await?.ok()?;
            there.extend_from_slice(frame.data_ref()?);
            if there.len() > EVENT {
                return None;
            }
        }
    })
}

/// What is of one group.
async fn elsewhere(State(shared): Front, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    let table = shared.table.load_full();
    let tenant = path.strip_prefix("/v1/tenants/").map(|rest| rest.split('/').next().unwrap_or_default());
    let named = request.headers().get(GROUP).map(|group| group.as_bytes().to_vec());
    let group = match (named, tenant) {
        (Some(named), _) => named,
        (None, Some(tenant)) => match table.group(tenant) {
            Some(group) => group.as_str().as_bytes().to_vec(),
            // There is none: any group says so, to who may know.
            None => return any(&shared, request).await,
        },
        (None, None) if path == "/openapi.json" || is_of_all(&path) => return any(&shared, request).await,
        (None, None) => {
            let detail = format!("{path} is each group's own, and the groups have processes of their own");
            let remedy = "name the group in the header dayfly-group; GET /v1/status lists them";
            return Problem::new(StatusCode::NOT_IMPLEMENTED, "group-missing", detail, remedy).into_response();
        }
    };
    let is_gone = request.method() == Method::DELETE;
    let response = one(&shared, &group, request).await;
    if is_gone && response.status().is_success() {
        shared.refresh().await;
    }
    response
}

/// Whether the path is one of above, which was asked by another method: any group refuses that.
fn is_of_all(path: &str) -> bool {
    ["/livez", "/readyz", "/metrics", "/v1/status", "/v1/tenants", "/v1/events"].contains(&path)
}

async fn any(shared: &Shared, request: Request<Body>) -> Response {
    match shared.workers().into_iter().find(|worker| worker.is_ready()) {
        Some(worker) => send(&worker, request).await,
        None => nobody(),
    }
}

async fn one(shared: &Shared, group: &[u8], request: Request<Body>) -> Response {
    let named = std::str::from_utf8(group).ok().and_then(|group| group.parse().ok());
    match named.and_then(|group| shared.worker(&group)) {
        Some(worker) => send(&worker, request).await,
        None => {
            let remedy = "name one of those that GET /v1/status lists";
            Problem::new(StatusCode::NOT_FOUND, "group-unknown", "there is no such group", remedy).into_response()
        }
    }
}

async fn send(worker: &Worker, mut request: Request<Body>) -> Response {
    dayfly_http::strip_connection(request.headers_mut());
    request.headers_mut().remove(GROUP);
    *request.version_mut() = http::Version::HTTP_11;
    match worker.send(Behind::ADMIN, request).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            dayfly_http::strip_connection(response.headers_mut());
            response
        }
        Err(error) => down(worker, &error),
    }
}

fn down(worker: &Worker, error: &NotSent) -> Response {
    worker.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let detail = format!("the group {}: {error}", worker.group);
    let remedy = "try again soon: it is started anew; the server's log says why it ended";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "group-down", detail, remedy).into_response()
}

fn nobody() -> Response {
    let (detail, remedy) = ("no group's process is there", "try again soon; the server's log says why they ended");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "group-down", detail, remedy).into_response()
}

/// The same request again, which has no body.
fn get_of(uri: &Uri, headers: &HeaderMap) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers.clone();
    request
}

/// The responses of all groups that are there. If one refuses, that is the answer.
async fn ask_all(
    shared: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Vec<(Arc<Worker>, http::Response<Passed>)>, Response> {
    let asked = shared.workers().into_iter().filter(|worker| worker.is_ready()).map(async |worker| {
        let mut request = get_of(uri, headers).map(|_| Empty::<Bytes>::new());
        dayfly_http::strip_connection(request.headers_mut());
        let response = worker.send(Behind::ADMIN, request).await;
        (worker, response)
    });
    let mut answered = Vec::new();
    for (worker, response) in join_all(asked).await {
        match response {
            Ok(response) if response.status() != StatusCode::OK => return Err(response.map(Body::new)),
            Ok(response) => answered.push((worker, response)),
            // It ended meanwhile.
            Err(error) => tracing::debug!(group = worker.group.as_str(), %error, "not asked"),
        }
    }
    Ok(answered)
}

/// Their bodies, and of which type they are.
async fn of_all(
    shared: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(http::HeaderValue, Vec<(Arc<Worker>, Bytes)>), Response> {
    let (mut kind, mut pages) = (None, Vec::new());
    for (worker, response) in ask_all(shared, uri, headers).await? {
        kind = kind.or_else(|| response.headers().get(CONTENT_TYPE).cloned());
        if let Ok(body) = response.into_body().collect().await {
            pages.push((worker, body.to_bytes()));
        }
    }
    Ok((kind.ok_or_else(nobody)?, pages))
}

async fn json_of_all(shared: &Shared, uri: &Uri, headers: &HeaderMap) -> Result<Vec<Value>, Response> {
    let (_, pages) = of_all(shared, uri, headers).await?;
    Ok(pages.iter().filter_map(|(_, page)| serde_json::from_slice(page).ok()).collect())
}
