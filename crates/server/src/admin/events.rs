//! What goes on now, as server-sent events.

use std::convert::Infallible;

use axum::response::Sse;
use axum::response::sse::{Event as Sent, KeepAlive};
use dayfly::Line;
use futures_util::Stream;
use futures_util::stream::{StreamExt, iter, unfold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::Phase;
use super::caller::{Asked, Caller, bad_request, tenant_name};
use super::problem::Problem;
use crate::activity::Answered;
use crate::config::TenantName;
use crate::receipt::ReceiptView;
use crate::tokens::Scope;

/// Of whom to hear.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// The tenant. Default all that the token is for.
    #[param(schema_with = tenant_name)]
    tenant: Option<String>,
    /// Whether to begin with the last ones that were, which the server has in memory. Default false.
    past: Option<bool>,
    /// Whether to go on with those that come. Default true.
    follow: Option<bool>,
}

/// A request that was answered: the data of an event `request`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestView<'a> {
    /// As it is in the server's events.
    #[serde(flatten)]
    receipt: ReceiptView<'a>,
    /// What the app wrote to its console.
    console: Vec<LineView<'a>>,
}

/// A line of an app's console.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineView<'a> {
    level: &'a str,
    text: &'a str,
    /// `file:line:column`.
    at: Option<String>,
}

impl<'a> RequestView<'a> {
    fn new(Answered { receipt, console }: &'a Answered) -> Self {
        Self { receipt: receipt.view(), console: console.iter().map(LineView::new).collect() }
    }
}

impl<'a> LineView<'a> {
    fn new(line: &'a Line) -> Self {
        Self { level: line.level.as_str(), text: &line.text, at: line.at.as_ref().map(ToString::to_string) }
    }
}

/// Requests as they are answered, with what apps write to their consoles
///
/// Server-sent events: `request`, of which the data is a RequestView as JSON; `missed`, of which the data says how many events of
/// all tenants a reader that is too slow was not sent: `{"missed":7}`. It goes on until the reader leaves or the server ends.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(Filter), security(("token" = ["read"])),
    responses(
        (status = 200, description = "Events", body = RequestView, content_type = "text/event-stream"),
        Problem,
    ),
)]
pub(super) async fn events(
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    caller.check(Scope::Read)?;
    let tenant = filter.tenant.as_deref().map(str::parse::<TenantName>).transpose();
    let tenant = tenant.map_err(|error| bad_request(error.to_string()))?;
    if let Some(tenant) = &tenant {
        caller.check_for(Scope::Read, tenant)?;
    }
    let token = caller.token.clone();
    let is_wanted = move |event: &Answered| match (&event.receipt.tenant, &tenant) {
        (Some(of), Some(wanted)) => of == wanted,
        (Some(of), None) => token.is_for(of),
        (None, wanted) => wanted.is_none() && token.is_for_all(),
    };
    let Some(activity) = &caller.shared.observer.activity else {
        unreachable!("there is a caller, so there is an API")
    };
    let (past, listener) = activity.listen();
    let past = if filter.past == Some(true) { past } else { Vec::new() };
    let past: Vec<_> = past.iter().filter(|event| is_wanted(event)).map(|event| request(event)).collect();
    let coming = (filter.follow != Some(false)).then(|| {
        unfold((listener, is_wanted), async |(mut listener, is_wanted)| {
            loop {
                let sent = match listener.recv().await {
                    Ok(event) if is_wanted(&event) => request(&event),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(missed)) => self::missed(missed),
                    Err(RecvError::Closed) => return None,
                };
                return Some((sent, (listener, is_wanted)));
            }
        })
    });
    Ok(sse(&caller, past, coming))
}

/// Events that were, and then those that come, until the reader leaves or the server ends.
pub(super) fn sse<C: Stream<Item = Sent> + Send + 'static>(
    caller: &Caller,
    past: Vec<Sent>,
    coming: Option<C>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<C>> {
    let mut phase = caller.api.inner.phase.subscribe();
    let ended = async move { drop(phase.wait_for(|phase| *phase == Phase::Ended).await) };
    let coming = iter(coming).flatten().take_until(ended);
    Sse::new(iter(past).chain(coming).map(Ok)).keep_alive(KeepAlive::default())
}

/// How many events a reader that is too slow was not sent.
pub(super) fn missed(missed: u64) -> Sent {
    Sent::default().event("missed").data(json!({ "missed": missed }).to_string())
}

fn request(event: &Answered) -> Sent {
    let data = serde_json::to_string(&RequestView::new(event)).expect("it is plain text and numbers");
    Sent::default().event("request").id(&event.receipt.id).data(data)
}
