//! What a tenant's app writes to its console, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::Sse;
use axum::response::sse::Event as Sent;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::{Asked, Caller, OfTenant};
use super::events::{missed, sse};
use super::problem::Problem;
use crate::logs::{LogEvent, LogLine, LogLineView};
use crate::tokens::Scope;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// With how many of the last ones to begin. Default all that the server has in memory.
    #[param(maximum = 4_294_967_295_u32)]
    lines: Option<u32>,
    /// Whether to go on with those that come. Default false.
    follow: Option<bool>,
}

/// What a tenant's app writes to its console
///
/// Server-sent events: `line`, of which the data is a LogLineView as JSON; `missed`, of which the data says how many lines a reader
/// that is too slow was not sent: `{"missed":7}`.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/logs", tag = "events", security(("token" = ["read"])),
    params(OfTenant, Which),
    responses(
        (status = 200, description = "Lines", body = LogLineView, content_type = "text/event-stream"),
        Problem,
    ),
)]
pub(super) async fn logs(
    caller: Caller,
    OfTenant(name): OfTenant,
    Asked(which): Asked<Which>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    caller.check_for(Scope::Read, &name)?;
    // Of a name that is nobody's there would be a stream from then on.
    caller.tenant(&name)?;
    let stream = caller.shared.observer.logs.of(&name);
    let most = which.lines.map_or(usize::MAX, |lines| lines as usize);
    let (past, reader) = if which.follow == Some(true) {
        let (past, reader) = stream.follow(most);
        (past, Some(reader))
    } else {
        (stream.tail(most), None)
    };
    let past = past.iter().map(sent).collect::<Vec<_>>();
    let coming = reader.map(|reader| {
        unfold(reader, async |mut reader| {
            let sent = match reader.next().await? {
                LogEvent::Line(line) => sent(&line),
                LogEvent::Missed(missed) => self::missed(missed),
            };
            Some((sent, reader))
        })
    });
    Ok(sse(&caller, past, coming))
}

fn sent(line: &Arc<LogLine>) -> Sent {
    Sent::default().event("line").data(line.to_json())
}
