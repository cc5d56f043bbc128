//! Who asks, and what for: everything that is read of a request's head.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::problem::Problem;
use super::{Api, Phase};
use crate::audit::{Entry, now};
use crate::config::TenantName;
use crate::server::Shared;
use crate::tasks::blocking;
use crate::tenant::Tenant;
use crate::tokens::{Presented, Scope, Token};

/// Who asks: the owner of a token that is known.
pub(super) struct Caller {
    pub(super) token: Arc<Token>,
    pub(super) shared: Arc<Shared>,
    pub(super) api: Api,
}

impl Caller {
    /// Whether the token has a scope.
    pub(super) fn check(&self, scope: Scope) -> Result<(), Problem> {
        check(&self.token, scope)
    }

    /// Whether the token has a scope, and is for that tenant. Of one that it is not for it does not learn whether it is there.
    pub(super) fn check_for(&self, scope: Scope, tenant: &TenantName) -> Result<(), Problem> {
        self.check(scope)?;
        if self.token.is_for(tenant) {
            return Ok(());
        }
        let detail = format!("the token {:?} is not for the tenant {tenant}", self.token.name);
        let remedy = "use a token that is, or add the tenant to this one's in the file of tokens";
        Err(not_allowed(detail, remedy))
    }

    /// Whether the token has a scope, and is for all tenants.
    pub(super) fn check_for_all(&self, scope: Scope) -> Result<(), Problem> {
        self.check(scope)?;
        if self.token.is_for_all() {
            return Ok(());
        }
        let detail = format!("the token {:?} is for some tenants, and this tells of all", self.token.name);
        let remedy = "use a token that is for all: one without a list of tenants in the file of tokens";
        Err(not_allowed(detail, remedy))
    }

    /// A tenant that is served.
    pub(super) fn tenant(&self, name: &TenantName) -> Result<Arc<Tenant>, Problem> {
        self.shared.tenants.load().by_name.get(name).cloned().ok_or_else(Problem::no_tenant)
    }

    /// The tenants that the token is for, in the order of their names.
    pub(super) fn tenants(&self) -> Vec<Arc<Tenant>> {
        let all = self.shared.tenants.load();
        let mut tenants: Vec<_> =
            all.by_name.values().filter(|tenant| self.token.is_for(&tenant.name)).cloned().collect();
        tenants.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        tenants
    }

    /// Makes a change, with a line in the audit log before and one after it. The change goes on if the caller goes away.
    pub(super) async fn audited<T: Send + 'static>(
        &self,
        action: &'static str,
        tenant: &TenantName,
        change: impl Future<Output = Result<(T, Option<String>), Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let id = format!("{:016x}", self.shared.ids.span());
        let (token, tenant) = (self.token.name.clone(), tenant.to_string());
        let started = Entry { time: now(), id, token, action, tenant, digest: None, outcome: "started" };
        let audit = self.shared.audit.clone();
        let changing = tokio::spawn(async move {
            let (first, begun) = (audit.clone(), started.clone());
            // Without this line nothing is changed.
            blocking(move || first.write(&begun)).await.map_err(|error| Problem::disk(&error))?;
            let changed = change.await;
            let (digest, outcome) = match &changed {
                Ok((_, digest)) => (digest.clone(), "ok"),
                Err(problem) => (None, problem.code()),
            };
            let ended = Entry { time: now(), digest, outcome, ..started };
            if let Err(error) = blocking(move || audit.write(&ended)).await {
                tracing::error!(%error, "the outcome of a change could not be written to the audit log");
            }
            changed.map(|(changed, _)| changed)
        });
        changing.await.unwrap_or_else(|error| {
            let remedy = "report this as a defect; look at GET /v1/tenants for what is served";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string(), remedy))
        })
    }
}

fn check(token: &Token, scope: Scope) -> Result<(), Problem> {
    if token.has(scope) {
        return Ok(());
    }
    let detail = format!("the token {:?} does not have the scope {scope}", token.name);
    let remedy = "use a token that has it, or add it to this one's in the file of tokens";
    Err(Problem::new(StatusCode::FORBIDDEN, "scope-missing", detail, remedy)
        .authenticate(format!("Bearer realm=\"dayfly\", error=\"insufficient_scope\", scope=\"{scope}\"")))
}

fn not_allowed(detail: String, remedy: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "tenant-not-allowed", detail, remedy)
        .authenticate("Bearer realm=\"dayfly\", error=\"insufficient_scope\"")
}

/// The text of a request's bearer token, if it has one `Authorization`, and no other.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return None };
    let (scheme, presented) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| presented.trim())
}

/// The token of a request: RFC 6750, 2.1 and 3.
fn token(api: &Api, head: &Parts) -> Result<Arc<Token>, Problem> {
    let remedy = "send `Authorization: Bearer TOKEN`; one is in admin.json in the folder of state, others are made by `dayfly tenant token`";
    let Some(presented) = bearer(&head.headers) else {
        let detail = match head.headers.get_all(AUTHORIZATION).iter().count() {
            0 => "there is no token",
            1 => "the authorization is no bearer token",
            _ => {
                let detail = "there is more than one Authorization header";
                return Err(Problem::new(StatusCode::BAD_REQUEST, "authorization-malformed", detail, remedy)
                    .authenticate("Bearer realm=\"dayfly\", error=\"invalid_request\""));
            }
        };
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "token-missing", detail, remedy)
            .authenticate("Bearer realm=\"dayfly\""));
    };
    match api.inner.tokens.find(presented) {
        Presented::Known(token) => Ok(token),
        Presented::Unknown => {
            Err(Problem::new(StatusCode::UNAUTHORIZED, "token-unknown", "the token is not known", remedy)
                .authenticate("Bearer realm=\"dayfly\", error=\"invalid_token\""))
        }
        Presented::Unreadable(why) => {
            // Who has no token learns nothing of files.
            tracing::error!("{why}");
            let detail = "the server's file of tokens cannot be used";
            let remedy = "whoever runs the server mends it: `dayfly serve` says what is wrong with it when it starts";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "tokens-unreadable", detail, remedy))
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let token = token(api, head)?;
        let Some(shared) = api.inner.shared.get().cloned() else {
            let detail = "the server is starting";
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Phase::Starting.as_str(),
                detail,
                "try again soon",
            ));
        };
        Ok(Self { token, shared, api: api.clone() })
    }
}

/// The tenant that the path names.
pub(super) struct OfTenant(pub(super) TenantName);

impl FromRequestParts<Api> for OfTenant {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let name = in_path(head, api, "tenant").await?;
        name.parse().map(Self).map_err(|_| Problem::no_tenant())
    }
}

impl IntoParams for OfTenant {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tenant = ParameterBuilder::new().name("tenant").parameter_in(ParameterIn::Path).required(Required::True);
        vec![tenant.description(Some("The tenant's name")).schema(Some(tenant_name())).build()]
    }
}

/// A tenant's name, in the description: what `TenantName` takes.
pub(super) fn tenant_name() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")).build()
}

/// The digest that the path names, as it was written.
pub(super) struct OfDigest(pub(super) String);

impl FromRequestParts<Api> for OfDigest {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, api: &Api) -> Result<Self, Problem> {
        in_path(head, api, "digest").await.map(Self)
    }
}

async fn in_path(head: &mut Parts, api: &Api, name: &str) -> Result<String, Problem> {
    let path = Path::<HashMap<String, String>>::from_request_parts(head, api).await;
    let mut path = path.map_err(|error| bad_request(error.body_text()))?.0;
    path.remove(name).ok_or_else(|| bad_request(format!("the path has no {name}")))
}

/// The query's parameters.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(head, api).await;
        query.map(|Query(query)| Self(query)).map_err(|error| bad_request(error.body_text()))
    }
}

/// A body of JSON.
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Api> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let json = Json::<T>::from_request(request, api).await;
        json.map(|Json(json)| Self(json)).map_err(|error| bad_request(error.body_text()))
    }
}

pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail, "GET /openapi.json says what is right")
}
