//! What goes wrong, as RFC 9457 has it: `application/problem+json`, with a stable code and what to do.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use dayfly::Line;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::openapi::response::Response as Described;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::config::TenantName;
use crate::deploy::{NotDeployed, stack_of};
use crate::kept::NotKept;
use crate::routes::Route;

/// Why a request to the API did not do what it asked for.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    authenticate: Option<String>,
    view: Box<ProblemView>,
}

/// A problem, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemView {
    /// `urn:dayfly:problem:CODE`.
    r#type: String,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// A stable name for machines.
    code: &'static str,
    /// What is wrong.
    detail: String,
    /// What to do about it.
    remedy: String,
    /// Where the app's code was when it failed, one call a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<String>,
    /// What the app wrote to its console before it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    console: Vec<String>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let view = ProblemView {
            r#type: format!("urn:dayfly:problem:{code}"),
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            remedy: remedy.into(),
            stack: None,
            console: Vec::new(),
        };
        Self { status, authenticate: None, view: Box::new(view) }
    }

    pub(crate) fn tenant_exists(name: &str) -> Self {
        let detail = format!("there is a tenant {name} already");
        Self::new(StatusCode::CONFLICT, "tenant-exists", detail, "give the new one another name")
    }

    pub(crate) fn route_taken(route: &Route, tenant: &TenantName) -> Self {
        let detail = format!("the route {route} is the tenant {tenant}'s");
        Self::new(StatusCode::CONFLICT, "route-taken", detail, "give the new one another route")
    }

    /// With what RFC 6750 wants said of tokens.
    pub(super) fn authenticate(self, challenge: impl Into<String>) -> Self {
        Self { authenticate: Some(challenge.into()), ..self }
    }

    pub(super) fn code(&self) -> &'static str {
        self.view.code
    }

    pub(super) fn no_tenant() -> Self {
        let remedy = "look at GET /v1/tenants, or make it with POST /v1/tenants";
        Self::new(StatusCode::NOT_FOUND, "tenant-unknown", "there is no such tenant", remedy)
    }

    pub(super) fn disk(error: &std::io::Error) -> Self {
        if crate::store::is_full(error) {
            let remedy = "make room on the disk of the folder of state, and try again; what was served before still is";
            return Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk-full",
                format!("the disk is full: {error}"),
                remedy,
            );
        }
        let remedy = "look at the disk of the folder of state; what was served before still is";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "disk-failed", format!("the disk failed: {error}"), remedy)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&*self.view)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.authenticate.and_then(|challenge| challenge.try_into().ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, 1.into());
        }
        response
    }
}

/// In the description of a route: whatever else it answers is this.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let content = Content::new(Some(Ref::from_schema_name("ProblemView")));
        let response = ResponseBuilder::new().description("A problem").content("application/problem+json", content);
        BTreeMap::from([("default".into(), response.into())])
    }
}

impl From<NotKept> for Problem {
    fn from(why: NotKept) -> Self {
        match why {
            NotKept::Deleted => Self::no_tenant(),
            NotKept::Disk(error) => Self::disk(&error),
        }
    }
}

impl From<NotDeployed> for Problem {
    fn from(why: NotDeployed) -> Self {
        let code = why.code();
        let refused = |detail: String, remedy: &str| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail, remedy);
        match why {
            NotDeployed::NoTenant => Self::no_tenant(),
            NotDeployed::Disk(error) => Self::disk(&error),
            NotDeployed::NoDeployment => {
                let remedy =
                    "give the digest of one of GET …/deployments, or 6 or more of its first digits that no other has";
                Self::new(StatusCode::NOT_FOUND, code, "the tenant has no such deployment", remedy)
            }
            NotDeployed::NothingBefore => {
                let detail = "there is no deployment before the one that is served";
                Self::new(StatusCode::CONFLICT, code, detail, "name a later one by its digest, or deploy")
            }
            NotDeployed::NotBuilt { refusal: dayfly_bundler::Refusal::Imports(_), report } => {
                refused(report, "bundle it into one file first, as `dayfly deploy` does with the project's bundler")
            }
            NotDeployed::NotBuilt { report, .. } => {
                refused(report, "mend the app's code: its top level runs once, when it is built")
            }
            NotDeployed::NotABundle(error) if code == "bundle-damaged" => {
                refused(error.to_string(), "the file of that digest is damaged or gone: deploy the app again")
            }
            NotDeployed::NotABundle(error) if code == "internal" => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, error.to_string(), "look at the machine's limits")
            }
            NotDeployed::NotABundle(error) => {
                refused(error.to_string(), "send what `dayfly build` writes, or JavaScript as text/javascript")
            }
            NotDeployed::Failed { failure, console } => {
                let detail = format!("the app did not answer its first request: {failure}");
                let remedy = "mend the app; or ask for another path with ?path=, or skip this with ?smoke=false";
                let mut problem = refused(detail, remedy);
                problem.view.stack = stack_of(&failure).filter(|stack| !stack.is_empty());
                problem.view.console = console.iter().map(show).collect();
                problem
            }
            NotDeployed::Unwell { status, console } => {
                let detail = format!("the app answered its first request with the status {status}");
                let remedy = "mend the app; or ask for another path with ?path=, or skip this with ?smoke=false";
                let mut problem = refused(detail, remedy);
                problem.view.console = console.iter().map(show).collect();
                problem
            }
        }
    }
}

fn show(line: &Line) -> String {
    let at = line.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
    format!("{}: {}{at}", line.level, line.text)
}
