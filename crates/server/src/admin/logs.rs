//! What a tenant's app writes to its console, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::Sse;
use axum::response::sse::{Event as Sent, KeepAlive};
use futures_util::Stream;
use futures_util::stream::{StreamExt, iter, unfold};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use utoipa::IntoParams;

use super::Phase;
use super::caller::{Asked, Caller, OfTenant};
use super::problem::{Problem, ProblemView};
use crate::logs::{LogEvent, LogLine, LogLineView, LogReader};
use crate::tokens::Scope;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// With how many of the last ones to begin. Default all that the server has in memory.
    lines: Option<usize>,
    /// Whether to go on with those that come. Default false.
    follow: Option<bool>,
}

/// What a tenant's app writes to its console
///
/// Server-sent events: `line`, of which the data is a LogLineView as JSON; `missed`, of which the data says how many lines a reader
/// that is too slow was not sent: `{"missed":7}`.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/logs", tag = "events", security(("token" = ["read"])),
    params(("tenant" = String, Path, description = "The tenant's name"), Which),
    responses(
        (status = 200, description = "Lines", body = LogLineView, content_type = "text/event-stream"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs(
    caller: Caller,
    OfTenant(name): OfTenant,
    Asked(which): Asked<Which>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    // Of a name that is nobody's there would be a stream from then on.
    if !caller.shared.tenants.load().by_name.contains_key(&name) {
        return Err(Problem::no_tenant());
    }
    let stream = caller.shared.observer.logs.of(&name);
    let most = which.lines.unwrap_or(usize::MAX);
    let (past, following) = if which.follow == Some(true) {
        let (past, reader) = stream.follow(most);
        (past, Some(Following { reader, phase: caller.api.inner.phase.subscribe() }))
    } else {
        (stream.tail(most), None)
    };
    let past = past.into_iter().map(|line| Ok(sent(&line)));
    let coming = unfold(following, async |following| {
        let mut following = following?;
        let sent = following.next().await?;
        Some((Ok(sent), Some(following)))
    });
    Ok(Sse::new(iter(past).chain(coming)).keep_alive(KeepAlive::default()))
}

/// A reader of lines that come.
struct Following {
    reader: LogReader,
    phase: watch::Receiver<Phase>,
}

impl Following {
    async fn next(&mut self) -> Option<Sent> {
        let event = tokio::select! {
            _ = self.phase.wait_for(|phase| *phase == Phase::Ended) => return None,
            event = self.reader.next() => event?,
        };
        Some(match event {
            LogEvent::Line(line) => sent(&line),
            LogEvent::Missed(missed) => Sent::default().event("missed").data(json!({ "missed": missed }).to_string()),
        })
    }
}

fn sent(line: &Arc<LogLine>) -> Sent {
    Sent::default().event("line").data(line.to_json())
}
