//! What happens now to the server as a whole, as server-sent events.

use std::convert::Infallible;

use axum::response::Sse;
use axum::response::sse::Event as Sent;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::alarms::AlarmView;
use super::caller::Caller;
use super::events::{missed, sse};
use super::history::SampleView;
use super::problem::Problem;
use crate::history::{Live, Mark};
use crate::tokens::Scope;

/// An event as it is on the wire, which is how OpenAPI describes a stream of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Sse` writes")]
struct LiveView {
    event: LiveKind,
    /// JSON: a SampleView, an AlarmView, a Mark, or how many were missed.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// What an event tells.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `Sse` writes")]
enum LiveKind {
    Sample,
    Alarm,
    Mark,
    Missed,
}

/// Samples, alarms and marks as they come
///
/// Server-sent events: `sample`, of which the data is a SampleView as JSON, for a token that is for all tenants; `alarm`, an
/// AlarmView, when one becomes pending, fires or is resolved; `mark`, a Mark; `missed`, how many a reader that is too slow was not
/// sent: `{"missed":7}`.
#[utoipa::path(
    get, path = "/v1/live", tag = "alarms", security(("token" = ["read"])),
    responses(
        (status = 200, description = "Events", body = LiveView, content_type = "text/event-stream"),
        Problem,
    ),
)]
pub(super) async fn live(caller: Caller) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    caller.check(Scope::Read)?;
    let (token, history) = (caller.token.clone(), &caller.shared.watch.history);
    let interval = history.interval;
    let shared = caller.shared.clone();
    let sent = move |live: Live| match live {
        Live::Sample(sample) => {
            let trough = || shared.watch.trough(sample.tick);
            token.is_for_all().then(|| event("sample", &SampleView::new(&sample, interval, trough())))
        }
        Live::Alarm(alarm) => token.sees(alarm.tenant.as_deref()).then(|| event("alarm", &AlarmView::new(*alarm))),
        Live::Mark(mark) => token.sees(mark.tenant.as_deref()).then(|| event::<Mark>("mark", &mark)),
    };
    let coming = unfold((history.listen(), sent), async |(mut listener, sent)| {
        loop {
            let sent_now = match listener.recv().await {
                Ok(live) => match sent(live) {
                    Some(event) => event,
                    None => continue,
                },
                Err(RecvError::Lagged(count)) => missed(count),
                Err(RecvError::Closed) => return None,
            };
            return Some((sent_now, (listener, sent)));
        }
    });
    Ok(sse(&caller, Vec::new(), Some(coming)))
}

fn event<T: Serialize>(name: &str, of: &T) -> Sent {
    Sent::default().event(name).data(serde_json::to_string(of).expect("it is plain text and numbers"))
}
