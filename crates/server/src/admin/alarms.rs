//! Alarms: those that are, and those that were.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::Problem;
use crate::alarms::{Alarm, runbook};
use crate::config;
use crate::tasks::blocking;
use crate::tokens::Scope;

/// An alarm, with what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlarmView {
    #[serde(flatten)]
    alarm: Alarm,
    /// Markdown.
    runbook: &'static str,
}

impl AlarmView {
    pub(super) fn new(alarm: Alarm) -> Self {
        let runbook = runbook(&alarm.name).unwrap_or_default();
        Self { alarm, runbook }
    }
}

/// Alarms of the server and of the tenants that the token is for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlarmsView {
    /// Those that are pending or fire.
    active: Vec<AlarmView>,
    /// The last ones that fired and are over, newest first.
    history: Vec<AlarmView>,
    thresholds: Thresholds,
}

/// What memory is judged by: shares of its limit.
#[derive(Debug, Serialize, ToSchema)]
struct Thresholds {
    memory_high: f64,
    memory_critical: f64,
}

/// Alarms that are, and that were
///
/// Those of the server are for a token that is for all tenants.
#[utoipa::path(
    get, path = "/v1/alarms", tag = "alarms", security(("token" = ["read"])),
    responses(
        (status = 200, description = "Alarms", body = AlarmsView),
        Problem,
    ),
)]
pub(super) async fn alarms(caller: Caller) -> Result<Json<AlarmsView>, Problem> {
    caller.check(Scope::Read)?;
    let (shared, token) = (caller.shared.clone(), caller.token.clone());
    // They are held while the disk takes them.
    let view = blocking(move || {
        let is_seen = |alarm: &&Alarm| token.sees(alarm.tenant.as_deref());
        let view = |alarm: &Alarm| AlarmView::new(alarm.clone());
        let alarms = shared.watch.alarms();
        let active = alarms.active().iter().filter(is_seen).map(view).collect();
        let history = alarms.past().iter().filter(is_seen).map(view).collect();
        let config::Alarms { memory_high, memory_critical, .. } = shared.config.load().alarms;
        AlarmsView { active, history, thresholds: Thresholds { memory_high, memory_critical } }
    });
    Ok(Json(view.await))
}
